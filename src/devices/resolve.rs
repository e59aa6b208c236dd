//! From files to devices: shared states, and states taken over from other models.

use std::collections::BTreeSet;

use super::file::{Inherit, StateEntry};
use super::library::{DeviceError, Parsed};
use super::{Advice, Device, Source, State};

impl Parsed {
    pub(super) fn own_states(&self, model: &str) -> Vec<State> {
        self.file
            .states
            .iter()
            .filter(|s| {
                s.models
                    .as_ref()
                    .is_none_or(|m| m.iter().any(|n| n == model))
            })
            .map(|s| self.state(s, model))
            .collect()
    }

    fn state(&self, s: &StateEntry, model: &str) -> State {
        let total: f64 = s.patterns.iter().map(|p| p.weight).sum();
        let mut patterns = s.patterns.clone();
        for p in &mut patterns {
            p.weight /= total;
        }
        let ids: BTreeSet<&String> = s
            .sources
            .iter()
            .chain(s.patterns.iter().flat_map(|p| &p.sources))
            .collect();
        let mut notes = s.notes.clone();
        notes.extend(s.model_notes.get(model).cloned());
        State {
            name: s.name.clone(),
            meaning: s.meaning.clone(),
            action: s.action.clone(),
            basis: s.basis,
            prior: s.prior,
            trust: 1.0,
            contexts: s.contexts.clone(),
            patterns,
            sources: ids.into_iter().map(|id| self.source(id)).collect(),
            notes,
        }
    }

    fn source(&self, id: &str) -> Source {
        self.file.sources[id].clone()
    }
}

pub(super) fn resolve(files: &[Parsed]) -> Result<Vec<Device>, DeviceError> {
    let mut devices: Vec<Device> = Vec::new();
    let mut waiting: Vec<(&Parsed, &Inherit, Device)> = Vec::new();
    for p in files {
        p.check()?;
        for m in &p.file.models {
            if let Some(other) = files.iter().find(|q| {
                q.file
                    .models
                    .iter()
                    .any(|n| n.name == m.name && !std::ptr::eq(n, m))
            }) {
                return Err(p.refuse(
                    &m.name,
                    format!("model `{}` is also in {}", m.name, other.name.display()),
                ));
            }
            p.check_names(&m.name)?;
            let device = Device {
                name: m.name.clone(),
                title: m.title.clone(),
                family: p.file.family.clone(),
                prior: m.prior,
                states: p.own_states(&m.name),
                dark: m.dark.as_ref().or(p.file.dark.as_ref()).map(|d| Advice {
                    meaning: d.meaning.clone(),
                    action: d.action.clone(),
                    basis: d.basis,
                    sources: d.sources.iter().map(|id| p.source(id)).collect(),
                }),
                contexts: p.file.contexts.clone(),
                tell_apart: p.file.tell_apart.clone(),
                notes: m.notes.clone(),
                lens: p.file.lens,
                inherits: m.inherit.as_ref().map(|i| i.from.clone()),
            };
            match &m.inherit {
                None => devices.push(device),
                Some(i) => waiting.push((p, i, device)),
            }
        }
    }
    // A model may take over from one that itself takes over: go round until none is left.
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut still = Vec::new();
        for (p, inherit, mut device) in waiting {
            match devices.iter().find(|d| d.name == inherit.from) {
                Some(from) => {
                    take_over(p, &mut device, from, inherit)?;
                    devices.push(device);
                }
                None => still.push((p, inherit, device)),
            }
        }
        if still.len() == before {
            let (p, i, device) = &still[0];
            return Err(p.refuse(
                &device.name,
                format!(
                    "model `{}` takes over from `{}`, which does not exist or takes over from this one",
                    device.name, i.from
                ),
            ));
        }
        waiting = still;
    }
    let order: Vec<&str> = files
        .iter()
        .flat_map(|p| p.file.models.iter().map(|m| m.name.as_str()))
        .collect();
    devices.sort_by_key(|d| order.iter().position(|n| *n == d.name));
    for d in &mut devices {
        if d.states.is_empty() {
            let p = files
                .iter()
                .find(|p| p.file.models.iter().any(|m| m.name == d.name))
                .expect("every device comes from a file");
            return Err(p.refuse(&d.name, format!("model `{}` has no state", d.name)));
        }
        let total: f64 = d.states.iter().map(|s| s.prior).sum();
        for s in &mut d.states {
            s.prior /= total;
        }
        d.states.sort_by(|a, b| b.prior.total_cmp(&a.prior));
    }
    Ok(devices)
}

/// Gives `device` the states of `from` that it lacks.
fn take_over(
    p: &Parsed,
    device: &mut Device,
    from: &Device,
    inherit: &Inherit,
) -> Result<(), DeviceError> {
    for name in inherit.states.iter().flatten() {
        if from.state(name).is_none() {
            return Err(p.refuse(
                &device.name,
                format!(
                    "model `{}` takes over `{name}`, which `{}` does not have",
                    device.name, from.name
                ),
            ));
        }
    }
    for s in &from.states {
        let wanted = inherit
            .states
            .as_ref()
            .is_none_or(|names| names.contains(&s.name));
        if wanted && device.state(&s.name).is_none() {
            let mut s = s.clone();
            s.trust *= inherit.trust;
            s.basis = inherit.basis;
            s.notes.push(inherit.note.clone());
            device.states.push(s);
        }
    }
    if device.dark.is_none() {
        device.dark.clone_from(&from.dark);
    }
    for (flag, says) in &from.contexts {
        device
            .contexts
            .entry(flag.clone())
            .or_insert_with(|| says.clone());
    }
    for t in &from.tell_apart {
        if t.states.iter().all(|s| device.state(s).is_some()) {
            device.tell_apart.push(t.clone());
        }
    }
    Ok(())
}
