//! Every pattern of the devices asked for, once, ready for scoring; and what bystanders do.

use crate::devices::{Device, Lens, Pattern, State};
use crate::pulses::Train;

use super::Query;
use super::color;
use super::nulls::{self, Null};
use super::params::{Noise, Priors};
use super::score::{Fit, fit};
use super::script::{Paint, Script};
use super::signal::Signal;

/// Colour readings below this probability are no reason to take a light for the device's.
const PLAUSIBLE_READING: f64 = 0.015;

/// One way in which one state of one device can look.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Index of the device in the list given, of the state in the device, of the pattern in the state.
    pub device: usize,
    pub state: usize,
    pub pattern: usize,
    /// Log prior, all entries summing to 1.
    pub log_prior: f64,
    /// The shape of the device's light.
    pub lens: Lens,
    /// Index of its script: the same for equal patterns.
    script: usize,
}

/// The patterns of some devices.
pub struct Book {
    scripts: Vec<Script>,
    pub entries: Vec<Entry>,
    nulls: Vec<Null>,
    /// Each shape of light with the share of devices that have it, by their priors.
    pub lenses: Vec<(Lens, f64)>,
}

/// Log likelihoods of a train as a bystander's, and as of a device in a state its file does not have.
#[derive(Debug, Clone, Copy)]
pub struct Strange {
    pub bystander: f64,
    pub unknown: f64,
}

impl Book {
    pub fn new(devices: &[&Device], query: &Query, priors: &Priors) -> Self {
        let mut patterns: Vec<&Pattern> = Vec::new();
        let mut entries = Vec::new();
        let models: f64 = devices.iter().map(|d| d.prior).sum();
        for (d, device) in devices.iter().enumerate() {
            let raw: Vec<f64> = device.states.iter().map(|s| in_context(s, query)).collect();
            let sum: f64 = raw.iter().sum();
            for (s, state) in device.states.iter().enumerate() {
                for (k, pattern) in state.patterns.iter().enumerate() {
                    let same = |q: &&Pattern| {
                        q.steps == pattern.steps
                            && q.repeat == pattern.repeat
                            && q.shown_by == pattern.shown_by
                    };
                    let script = patterns.iter().position(same).unwrap_or_else(|| {
                        patterns.push(pattern);
                        patterns.len() - 1
                    });
                    let prior = device.prior / models * raw[s] / sum * pattern.weight;
                    entries.push(Entry {
                        device: d,
                        state: s,
                        pattern: k,
                        log_prior: prior.ln(),
                        lens: device.lens,
                        script,
                    });
                }
            }
        }
        Self {
            scripts: patterns
                .iter()
                .map(|p| Script::compile(p, priors))
                .collect(),
            entries,
            nulls: nulls::all(priors),
            lenses: devices.iter().map(|d| (d.lens, d.prior / models)).collect(),
        }
    }

    pub fn script(&self, entry: &Entry) -> &Script {
        &self.scripts[entry.script]
    }

    /// How each entry explains a signal; with `pair`, only those that show two emitters.
    pub fn fits(
        &self,
        signal: &Signal,
        pair: bool,
        noise: &Noise,
        priors: &Priors,
    ) -> Vec<Option<Fit>> {
        let of_scripts: Vec<Option<Fit>> = self
            .scripts
            .iter()
            .map(|s| {
                let wanted = !pair || s.has_two_emitters();
                wanted.then(|| fit(signal, s, noise, priors)).flatten()
            })
            .collect();
        self.entries
            .iter()
            .map(|e| of_scripts[e.script].clone())
            .collect()
    }

    pub fn strange(&self, signal: &Signal, noise: &Noise, priors: &Priors) -> Strange {
        let fits: Vec<(&Null, f64)> = self
            .nulls
            .iter()
            .filter_map(|n| Some((n, fit(signal, &n.script, noise, priors)?.log_likelihood)))
            .collect();
        let mix = |weight: fn(&Null) -> f64| {
            let logs: Vec<f64> = fits.iter().map(|(n, l)| weight(n).ln() + l).collect();
            log_sum(&logs)
        };
        Strange {
            bystander: mix(|n| n.of_bystander),
            unknown: mix(|n| n.of_device),
        }
    }

    pub fn has_two_emitters(&self) -> bool {
        self.scripts.iter().any(Script::has_two_emitters)
    }

    /// Whether some script may show a light with these colours.
    pub fn can_show(&self, train: &Train) -> bool {
        train
            .spans
            .iter()
            .filter(|s| s.look.is_lit())
            .filter_map(|s| s.look.colors())
            .all(|seen| {
                self.scripts
                    .iter()
                    .flat_map(|s| &s.paints)
                    .any(|p| match p {
                        Paint::Lit(set) => color::confusion(*set, seen) > PLAUSIBLE_READING,
                        _ => false,
                    })
            })
    }
}

/// The prior of a state, given what the user knows.
fn in_context(state: &State, query: &Query) -> f64 {
    let factors = query.context.iter().filter_map(|c| state.contexts.get(c));
    state.prior * factors.product::<f64>()
}

/// Logarithm of the sum of exponentials.
pub fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() {
        most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln()
    } else {
        f64::NEG_INFINITY
    }
}
