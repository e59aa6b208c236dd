//! How far what was learned can be relied on: clips that it was not learned from, and states that look alike.

use super::Lineup;
use crate::devices::{Basis, Device, Pattern, State};
use crate::matcher::params::Params;
use crate::matcher::{Query, Verdict, diagnose, told_apart};

/// A clip, diagnosed by what the other clips taught.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// `None` when the others alone teach nothing.
    pub verdict: Option<Verdict>,
    /// The diagnosis, or the likelier one of several.
    pub state: Option<String>,
    pub confidence: Option<f64>,
}

impl LeftOut {
    /// The state was found.
    pub fn is_right(&self, state: &str) -> bool {
        self.verdict == Some(Verdict::Diagnosed) && self.state.as_deref() == Some(state)
    }
}

/// Diagnoses each clip as `device` with its state `state` learned from the others; none for a single clip,
/// which leaves nothing to learn from. The state may be new to the device.
pub fn leave_one_out(lineup: &Lineup, device: &Device, state: &str) -> Vec<LeftOut> {
    if lineup.clips().len() < 2 {
        return Vec::new();
    }
    let clips = lineup.clips().iter().enumerate();
    clips
        .map(|(i, clip)| {
            let Ok(lesson) = lineup.learn_without(Some(i)) else {
                return LeftOut {
                    verdict: None,
                    state: None,
                    confidence: None,
                };
            };
            let device = with_state(device, state, &lesson.pattern);
            let found = diagnose(clip, &[&device], &Query::default());
            let first = match found.verdict {
                Verdict::Diagnosed | Verdict::Ambiguous => found.candidates.first(),
                _ => None,
            };
            LeftOut {
                verdict: Some(found.verdict),
                state: first.map(|c| c.state.clone()),
                confidence: first.map(|c| c.confidence),
            }
        })
        .collect()
}

/// `device` with one state looking like `pattern`, and only so.
fn with_state(device: &Device, state: &str, pattern: &Pattern) -> Device {
    let mut device = device.clone();
    match device.states.iter_mut().find(|s| s.name == state) {
        Some(s) => s.patterns = vec![pattern.clone()],
        None => device.states.push(State {
            name: state.to_owned(),
            ..only(pattern)
        }),
    }
    device
}

/// A state that looks like `pattern`.
fn only(pattern: &Pattern) -> State {
    State {
        name: String::new(),
        meaning: String::new(),
        action: Vec::new(),
        basis: Basis::Assumed,
        prior: 1.0,
        trust: 1.0,
        contexts: Default::default(),
        patterns: vec![pattern.clone()],
        sources: Vec::new(),
        notes: Vec::new(),
    }
}

/// A state that can be taken for the one that was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// The models whose state of this name looks like that.
    pub models: Vec<String>,
    pub state: String,
    /// How surely clips of [`Rival::SHORT_S`] and of [`Rival::LONG_S`] tell which of the two it is: 0.5 (alike) to 1.
    pub short: f64,
    pub long: f64,
}

impl Rival {
    /// Lengths of clips that are compared, in s: what one films without being asked, and with patience.
    pub const SHORT_S: f64 = 10.0;
    pub const LONG_S: f64 = 30.0;
    /// What is told apart more surely is no rival.
    const TOLD_APART: f64 = 0.99;
}

/// The states of `devices` that clips at `fps` frames per s do not surely tell from `pattern`, the most alike first.
pub fn rivals(pattern: &Pattern, devices: &[&Device], fps: f64) -> Vec<Rival> {
    /// Random lights of each state: few for a first look.
    const FIRST_DRAWS: u64 = 4;
    const DRAWS: u64 = 16;
    let new = only(pattern);
    let params = Params::DEFAULT;
    let apart = |state: &State, duration_s: f64, draws: u64| {
        told_apart(&new, state, fps, duration_s, draws, &params)
    };
    let mut out: Vec<(Rival, &[Pattern])> = Vec::new();
    for device in devices {
        for state in &device.states {
            let same = |(r, p): &&mut (Rival, &[Pattern])| {
                r.state == state.name && *p == state.patterns.as_slice()
            };
            if let Some((rival, _)) = out.iter_mut().find(same) {
                rival.models.push(device.name.clone());
                continue;
            }
            if apart(state, Rival::SHORT_S, FIRST_DRAWS) > Rival::TOLD_APART {
                continue;
            }
            let rival = Rival {
                models: vec![device.name.clone()],
                state: state.name.clone(),
                short: apart(state, Rival::SHORT_S, DRAWS),
                long: apart(state, Rival::LONG_S, DRAWS),
            };
            out.push((rival, &state.patterns));
        }
    }
    let mut out: Vec<Rival> = out.into_iter().map(|(r, _)| r).collect();
    out.retain(|r| r.short <= Rival::TOLD_APART);
    out.sort_by(|a, b| a.short.total_cmp(&b.short));
    out
}
