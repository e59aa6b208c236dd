//! Which light is the device's, and which state it shows: one posterior over both.
//!
//! A hypothesis is a light (or two near ones of different colour) with a pattern of a state of
//! a device; or a light that is the device's and shows something unknown; or that no light is the
//! device's. What is not the device's is a bystander and does what bystanders do. All are measured
//! against "all are bystanders", so that each needs only its own light's likelihoods.

use crate::devices::Device;
use crate::observe::{Light, Observation};
use crate::pulses::Train;

use super::book::{Book, log_sum};
use super::looks::Bystanders;
use super::pair;
use super::params::Params;
use super::score::Fit;
use super::signal::Signal;

/// Lights considered, the surest ones.
const MOST_LIGHTS: usize = 100;

/// What may be the device's light.
#[derive(Debug, Clone)]
pub struct Target {
    /// The light; of two emitters the first, with the box and the train of both.
    pub light: Light,
    pub pair: bool,
    /// Shows colours that the devices can show.
    pub plausible: bool,
    /// Posterior that it is the device's light.
    pub p: f64,
    /// Log odds from looks alone.
    looks: f64,
    /// Log likelihood of its train, of both trains of a pair, as bystanders'.
    null: f64,
}

/// One hypothesis that names a state.
#[derive(Debug, Clone)]
struct Guess {
    target: usize,
    entry: usize,
    log: f64,
    fit: Fit,
}

/// A state's share of the posterior.
#[derive(Debug, Clone)]
pub struct Share {
    /// Index of the device in the list given, and of the state in the device.
    pub device: usize,
    pub state: usize,
    pub p: f64,
    /// Its likeliest target, and entry of the book.
    pub target: usize,
    pub entry: usize,
    pub fit: Fit,
}

/// The posterior over states and lights.
pub struct Scene<'a> {
    pub book: &'a Book,
    params: &'a Params,
    pub targets: Vec<Target>,
    /// Likeliest first. What they lack to 1 is that no light is the device's, or that it shows something unknown.
    pub shares: Vec<Share>,
    guesses: Vec<Guess>,
    /// Log scores of "this target is the device's and shows something unknown".
    unknown: Vec<f64>,
}

impl<'a> Scene<'a> {
    /// The posterior over everything that the lights of `seen` may be.
    pub fn new(seen: &Observation, book: &'a Book, params: &'a Params) -> Self {
        let Params { noise, priors, .. } = params;
        let mut scene = Self {
            book,
            params,
            targets: Vec::new(),
            shares: Vec::new(),
            guesses: Vec::new(),
            unknown: Vec::new(),
        };
        let lights: Vec<&Light> = seen.lights.iter().take(MOST_LIGHTS).collect();
        let bystanders = Bystanders::of(&lights, seen, priors);
        let area = f64::from(seen.width) * f64::from(seen.height);
        let mut nulls = Vec::new();
        for light in &lights {
            let signal = Signal::new(&light.train, noise);
            let strange = book.strange(&signal, noise, priors);
            nulls.push(strange.bystander);
            if strange.bystander.is_finite() {
                scene.targets.push(Target {
                    light: (*light).clone(),
                    pair: false,
                    plausible: book.can_show(&light.train),
                    p: 0.0,
                    looks: bystanders.log_odds(light),
                    null: strange.bystander,
                });
                scene.score(scene.targets.len() - 1, strange.unknown);
            }
        }
        for (i, a) in lights
            .iter()
            .enumerate()
            .filter(|_| book.has_two_emitters())
        {
            for (j, b) in lights.iter().enumerate().skip(i + 1) {
                if !(nulls[i] + nulls[j]).is_finite() {
                    continue;
                }
                let Some(pair::Pair { train, p }) = pair::of(a, b) else {
                    continue;
                };
                let joint = book.strange(&Signal::new(&train, noise), noise, priors);
                let null = pair::null([nulls[i], nulls[j]], joint.bystander);
                scene.targets.push(Target {
                    light: Light {
                        place: pair::around(&a.place, &b.place),
                        train,
                        emission: a.emission.max(b.emission),
                        ..(*a).clone()
                    },
                    pair: true,
                    plausible: true,
                    p: 0.0,
                    looks: bystanders.log_odds(a)
                        + bystanders.log_odds(b)
                        + (p * priors.two_lights * pair::nearness(a, b, area)).ln(),
                    null,
                });
                scene.score(scene.targets.len() - 1, f64::NEG_INFINITY);
            }
        }
        scene.gather();
        scene
    }

    /// Adds what target `t` may be, given its log likelihood as a device in an unknown state.
    fn score(&mut self, t: usize, unknown: f64) {
        let Params {
            noise,
            priors,
            calibration,
            ..
        } = self.params;
        let target = &self.targets[t];
        let base = priors.lit.ln() + target.looks;
        let tempered = |l: f64| (l - target.null) / calibration.temperature;
        let signal = Signal::new(&target.light.train, noise);
        let fits = self.book.fits(&signal, target.pair, noise, priors);
        let known = (1.0 - priors.unknown).ln();
        // What a bystander may do by chance bounds how much a rhythm proves, however well it fits.
        let lights = if target.pair { 2.0 } else { 1.0 };
        let best = fits
            .iter()
            .flatten()
            .map(|f| tempered(f.log_likelihood))
            .fold(f64::NEG_INFINITY, f64::max);
        let like_a_state =
            priors.thing_like_a_state + target.light.emission * priors.lamp_like_a_state;
        let base = base - (best + lights * like_a_state.ln()).max(0.0);
        for (entry, fit) in fits.into_iter().enumerate() {
            if let Some(fit) = fit {
                let log = base
                    + known
                    + self.book.entries[entry].log_prior
                    + tempered(fit.log_likelihood);
                self.guesses.push(Guess {
                    target: t,
                    entry,
                    log,
                    fit,
                });
            }
        }
        let unknown = if self.targets[t].plausible && unknown.is_finite() {
            base + priors.unknown.ln() + tempered(unknown)
        } else {
            f64::NEG_INFINITY
        };
        self.unknown.resize(self.targets.len(), f64::NEG_INFINITY);
        self.unknown[t] = unknown;
    }

    /// From log scores to shares.
    fn gather(&mut self) {
        let none = (1.0 - self.params.priors.lit).ln();
        let mut logs: Vec<f64> = self.guesses.iter().map(|g| g.log).collect();
        logs.extend(&self.unknown);
        logs.push(none);
        let total = log_sum(&logs);
        let p = |log: f64| (log - total).exp();
        for (t, &log) in self.targets.iter_mut().zip(&self.unknown) {
            t.p = p(log);
        }
        let mut shares: Vec<(Share, f64)> = Vec::new();
        for g in &self.guesses {
            let entry = &self.book.entries[g.entry];
            self.targets[g.target].p += p(g.log);
            let same =
                |s: &&mut (Share, f64)| s.0.device == entry.device && s.0.state == entry.state;
            match shares.iter_mut().find(same) {
                Some((s, best)) => {
                    s.p += p(g.log);
                    if g.log > *best {
                        *best = g.log;
                        (s.target, s.entry, s.fit) = (g.target, g.entry, g.fit.clone());
                    }
                }
                None => shares.push((
                    Share {
                        device: entry.device,
                        state: entry.state,
                        p: p(g.log),
                        target: g.target,
                        entry: g.entry,
                        fit: g.fit.clone(),
                    },
                    g.log,
                )),
            }
        }
        self.shares = shares.into_iter().map(|(s, _)| s).collect();
        for s in &mut self.shares {
            s.p *= 1.0 - self.params.calibration.unmodelled;
        }
        self.shares.sort_by(|a, b| b.p.total_cmp(&a.p));
    }

    /// The same scene in which target `t` shows `train`; all else as it was.
    pub fn with_train(&self, t: usize, train: Train) -> Self {
        let Params { noise, priors, .. } = self.params;
        let mut scene = Self {
            targets: self.targets.clone(),
            shares: Vec::new(),
            guesses: self
                .guesses
                .iter()
                .filter(|g| g.target != t)
                .cloned()
                .collect(),
            unknown: self.unknown.clone(),
            ..*self
        };
        let strange = |t: &Train| self.book.strange(&Signal::new(t, noise), noise, priors);
        let target = &mut scene.targets[t];
        let after = strange(&train);
        // Of a pair, what both trains add is taken from the train of both.
        target.null += after.bystander - strange(&target.light.train).bystander;
        target.light.train = train;
        let unknown = if target.pair {
            f64::NEG_INFINITY
        } else {
            after.unknown
        };
        scene.score(t, unknown);
        scene.gather();
        scene
    }

    /// Posterior of all states of one name.
    pub fn p_of(&self, devices: &[&Device], state: &str) -> f64 {
        self.shares
            .iter()
            .filter(|s| devices[s.device].states[s.state].name == state)
            .map(|s| s.p)
            .sum()
    }
}
