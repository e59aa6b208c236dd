//! Which light is the device's, and which state it shows: one posterior over both.
//!
//! A hypothesis is a light (or two near ones of different colour) with a pattern of a state of
//! a device; or a light that is the device's and shows something unknown; or that no light is the
//! device's. What is not the device's is a bystander and does what bystanders do. All are measured
//! against "all are bystanders", so that each needs only its own light's likelihoods.

use crate::devices::{Device, Pattern, State};
use crate::observe::{Light, Observation};
use crate::pulses::Train;

use super::Query;
use super::color;
use super::nulls::{self, Null};
use super::pair;
use super::params::{Calibration, Noise, Params, Priors};
use super::score::{Fit, Signal, fit};
use super::script::{Paint, Script};

/// Lights considered, the surest ones.
const MOST_LIGHTS: usize = 40;
/// Colour readings below this probability are no reason to take a light for the device's.
const PLAUSIBLE_READING: f64 = 0.02;

/// A state's share of the posterior.
#[derive(Debug, Clone)]
pub struct Share {
    /// Index of the device in the list given.
    pub device: usize,
    /// Index of the state in the device.
    pub state: usize,
    pub p: f64,
    /// Index of its likeliest target and pattern.
    pub target: usize,
    pub pattern: usize,
    pub fit: Fit,
}

/// What may be the device's light.
#[derive(Debug, Clone)]
pub struct Target {
    /// The light; of two emitters the first, with the box and the train of both.
    pub light: Light,
    /// Shows colours that the devices can show.
    pub plausible: bool,
    /// Posterior that it is the device's light.
    pub p: f64,
}

/// The posterior over states and lights.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Likeliest first. What they lack to 1 is that no light is the device's, or that it shows something unknown.
    pub shares: Vec<Share>,
    pub targets: Vec<Target>,
}

/// Patterns of all devices, each once, with their scripts.
pub struct Book<'a> {
    patterns: Vec<(&'a Pattern, Script)>,
    /// For each device, state and pattern: the index in `patterns`.
    index: Vec<Vec<Vec<usize>>>,
    nulls: Vec<Null>,
}

impl<'a> Book<'a> {
    pub fn new(devices: &[&'a Device], priors: &Priors) -> Self {
        let mut patterns: Vec<(&Pattern, Script)> = Vec::new();
        let mut number = |p: &'a Pattern| {
            let same = |q: &Pattern| q.steps == p.steps && q.repeat == p.repeat;
            patterns
                .iter()
                .position(|(q, _)| same(q))
                .unwrap_or_else(|| {
                    patterns.push((p, Script::compile(p, priors)));
                    patterns.len() - 1
                })
        };
        let index = devices
            .iter()
            .map(|d| {
                let of = |s: &'a State, number: &mut dyn FnMut(&'a Pattern) -> usize| {
                    s.patterns.iter().map(number).collect()
                };
                d.states.iter().map(|s| of(s, &mut number)).collect()
            })
            .collect();
        Self {
            patterns,
            index,
            nulls: nulls::all(priors),
        }
    }

    /// Log likelihoods of a train as a bystander's, and as of a device in an unknown state.
    fn null(&self, signal: &Signal, noise: &Noise, priors: &Priors) -> (f64, f64) {
        let fits: Vec<(&Null, f64)> = self
            .nulls
            .iter()
            .filter_map(|n| Some((n, fit(signal, &n.script, noise, priors)?.log_likelihood)))
            .collect();
        let mix = |weight: fn(&Null) -> f64| {
            let logs: Vec<f64> = fits.iter().map(|(n, l)| weight(n).ln() + l).collect();
            log_sum(&logs)
        };
        (mix(|n| n.of_bystander), mix(|n| n.of_device))
    }

    /// Whether some script may show a light with these colours.
    fn can_show(&self, train: &Train) -> bool {
        train
            .spans
            .iter()
            .filter(|s| s.look.is_lit())
            .filter_map(|s| s.look.colors())
            .all(|seen| {
                self.patterns
                    .iter()
                    .flat_map(|(_, s)| &s.paints)
                    .any(|p| match p {
                        Paint::Lit(set) => color::confusion(*set, seen) > PLAUSIBLE_READING,
                        _ => false,
                    })
            })
    }
}

pub fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() {
        most + logs.iter().map(|l| (l - most).exp()).sum::<f64>().ln()
    } else {
        f64::NEG_INFINITY
    }
}

/// Prior of each state of each device, given the context, all summing to 1.
pub fn state_priors(devices: &[&Device], query: &Query) -> Vec<Vec<f64>> {
    let models: f64 = devices.iter().map(|d| d.prior).sum();
    devices
        .iter()
        .map(|d| {
            let raw: Vec<f64> = d
                .states
                .iter()
                .map(|s| {
                    let factors = query.context.iter().filter_map(|c| s.contexts.get(c));
                    s.prior * factors.product::<f64>()
                })
                .collect();
            let sum: f64 = raw.iter().sum();
            raw.iter().map(|p| p / sum * d.prior / models).collect()
        })
        .collect()
}

/// How many bystanders a picture has.
struct Bystanders {
    /// That emit light.
    lamps: f64,
    /// That only pass for a light.
    others: f64,
}

impl Bystanders {
    /// Lamps are as rare as they are; of the others the clip itself says how many there are.
    fn of(lights: &[&Light], priors: &Priors) -> Self {
        Self {
            lamps: priors.lamps,
            others: lights
                .iter()
                .map(|l| 1.0 - l.emission)
                .sum::<f64>()
                .max(priors.others),
        }
    }

    /// Log odds from looks alone that a light is the device's LED rather than one of these. Emission is
    /// a probability at even odds, so it and its complement are the likelihoods of the looks.
    fn looks_log(&self, light: &Light) -> f64 {
        let e = light.emission.clamp(0.005, 0.995);
        (e / (self.lamps * e + self.others * (1.0 - e))).ln()
    }
}

struct Candidate {
    target: usize,
    device: usize,
    state: usize,
    pattern: usize,
    log: f64,
    fit: Fit,
}

/// The posterior over everything that the lights of `seen` may be.
pub fn posterior(
    seen: &Observation,
    devices: &[&Device],
    book: &Book,
    query: &Query,
    params: &Params,
) -> Scene {
    let Params {
        noise,
        priors,
        calibration,
        ..
    } = params;
    let lights: Vec<&Light> = seen.lights.iter().take(MOST_LIGHTS).collect();
    let nulls: Vec<(f64, f64)> = lights
        .iter()
        .map(|l| book.null(&Signal::new(&l.train, noise), noise, priors))
        .collect();
    let state_priors = state_priors(devices, query);
    let bystanders = Bystanders::of(&lights, priors);
    let mut targets = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut unknown_logs: Vec<f64> = Vec::new();
    let lit = priors.lit.ln();

    let mut consider = |target: Target, looks: f64, null: f64, unknown: Option<f64>| {
        let signal = Signal::new(&target.light.train, noise);
        let index = targets.len();
        let fits: Vec<Option<Fit>> = book
            .patterns
            .iter()
            .map(|(_, s)| {
                if unknown.is_none() && !s.has_two_emitters() {
                    return None;
                }
                fit(&signal, s, noise, priors)
            })
            .collect();
        for (d, device) in devices.iter().enumerate() {
            for (s, state) in device.states.iter().enumerate() {
                for (k, pattern) in state.patterns.iter().enumerate() {
                    let Some(fit) = &fits[book.index[d][s][k]] else {
                        continue;
                    };
                    let prior = state_priors[d][s] * pattern.weight * (1.0 - priors.unknown);
                    candidates.push(Candidate {
                        target: index,
                        device: d,
                        state: s,
                        pattern: k,
                        log: lit
                            + prior.ln()
                            + looks
                            + (fit.log_likelihood - null) / calibration.temperature,
                        fit: fit.clone(),
                    });
                }
            }
        }
        unknown_logs.push(match unknown {
            Some(l) if target.plausible => {
                lit + looks + priors.unknown.ln() + (l - null) / calibration.temperature
            }
            _ => f64::NEG_INFINITY,
        });
        targets.push(target);
    };

    for (light, &(null, unknown)) in lights.iter().zip(&nulls) {
        if Signal::new(&light.train, noise).is_empty() || !null.is_finite() {
            continue;
        }
        let target = Target {
            light: (*light).clone(),
            plausible: book.can_show(&light.train),
            p: 0.0,
        };
        consider(target, bystanders.looks_log(light), null, Some(unknown));
    }
    let two_emitters = book.patterns.iter().any(|(_, s)| s.has_two_emitters());
    for (i, a) in lights.iter().enumerate() {
        for (j, b) in lights.iter().enumerate().skip(i + 1) {
            if !two_emitters || !pair::is_possible(a, b) {
                continue;
            }
            let looks = bystanders.looks_log(a) + bystanders.looks_log(b) + priors.two_lights.ln();
            let target = Target {
                light: Light {
                    place: pair::around(&a.place, &b.place),
                    train: pair::together(&a.train, &b.train),
                    emission: a.emission.max(b.emission),
                    ..(*a).clone()
                },
                plausible: true,
                p: 0.0,
            };
            let null = nulls[i].0 + nulls[j].0;
            if null.is_finite() {
                consider(target, looks, null, None);
            }
        }
    }
    gather(
        targets,
        candidates,
        &unknown_logs,
        (1.0 - priors.lit).ln(),
        calibration,
    )
}

/// From log scores to shares.
fn gather(
    mut targets: Vec<Target>,
    candidates: Vec<Candidate>,
    unknown_logs: &[f64],
    none_log: f64,
    calibration: &Calibration,
) -> Scene {
    let mut logs: Vec<f64> = candidates.iter().map(|c| c.log).collect();
    logs.extend(unknown_logs);
    logs.push(none_log);
    let total = log_sum(&logs);
    let p = |log: f64| (log - total).exp();
    let mut shares: Vec<(Share, f64)> = Vec::new();
    for c in candidates {
        let p = p(c.log);
        targets[c.target].p += p;
        match shares
            .iter_mut()
            .find(|(s, _)| s.device == c.device && s.state == c.state)
        {
            Some((s, best)) => {
                s.p += p;
                if c.log > *best {
                    *best = c.log;
                    (s.target, s.pattern, s.fit) = (c.target, c.pattern, c.fit);
                }
            }
            None => shares.push((
                Share {
                    device: c.device,
                    state: c.state,
                    p,
                    target: c.target,
                    pattern: c.pattern,
                    fit: c.fit,
                },
                c.log,
            )),
        }
    }
    for (t, &log) in targets.iter_mut().zip(unknown_logs) {
        t.p += p(log);
    }
    let mut shares: Vec<Share> = shares.into_iter().map(|(s, _)| s).collect();
    for s in &mut shares {
        s.p *= 1.0 - calibration.unmodelled;
    }
    shares.sort_by(|a, b| b.p.total_cmp(&a.p));
    Scene { shares, targets }
}
