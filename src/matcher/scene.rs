//! Which light is the device's, and which state it shows: one posterior over both.
//!
//! A hypothesis is a light (or two near ones of different colour) with a pattern of a state of
//! a device; or a light that is the device's and shows something unknown; or that no light is the
//! device's. What is not the device's is a bystander and does what bystanders do. All are measured
//! against "all are bystanders", so that each needs only its own light's likelihoods.

use crate::devices::Device;
use crate::observe::{Light, Observation};
use crate::pulses::Train;

use super::book::{Book, Strange, log_sum};
use super::looks::{self, Bystanders};
use super::pair;
use super::params::Params;
use super::score::Fit;
use super::signal::Signal;
use crate::threads;

/// Lights considered, the surest ones.
const MOST_LIGHTS: usize = 100;

/// What may be the device's light.
#[derive(Debug, Clone)]
pub struct Target {
    /// The light; of two emitters the first, with the box and the train of both.
    pub light: Light,
    pub pair: bool,
    by_turns: bool,
    /// Shows colours that the devices can show.
    pub plausible: bool,
    /// Posterior that it is the device's light.
    pub p: f64,
    /// Log odds from looks alone.
    looks: f64,
    /// Log likelihood of its train, of both trains of a pair, as bystanders'; and of its train, of both together, as that
    /// of one.
    null: f64,
    null_of_one: f64,
    /// Log likelihood ratio of being the device's only light to being one of two that are one signal; 0 at most.
    alone: f64,
}

/// How a train may have come about.
struct Explained {
    strange: Strange,
    /// By each entry of the book.
    fits: Vec<Option<Fit>>,
}

impl Explained {
    fn of(train: &Train, pair: bool, book: &Book, params: &Params) -> Self {
        let Params { noise, priors, .. } = params;
        let signal = Signal::new(train, noise);
        let strange = book.strange(&signal, noise, priors);
        // Of what not even a bystander does there is no target.
        let fits = if pair || strange.bystander.is_finite() {
            book.fits(&signal, pair, noise, priors)
        } else {
            Vec::new()
        };
        Self { strange, fits }
    }
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
        let priors = &params.priors;
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
        let single = threads::map(&lights, |l| Explained::of(&l.train, false, book, params));
        let nulls: Vec<f64> = single.iter().map(|e| e.strange.bystander).collect();
        let two_emitters = book.has_two_emitters();
        let mut pairs = Vec::new();
        for (i, a) in lights.iter().enumerate() {
            for (j, b) in lights.iter().enumerate().skip(i + 1) {
                if (nulls[i] + nulls[j]).is_finite()
                    && let Some(pair) = pair::of(a, b, &params.noise)
                    && (two_emitters || pair.by_turns)
                {
                    pairs.push((i, j, pair));
                }
            }
        }
        let joint = threads::map(&pairs, |p| Explained::of(&p.2.train, true, book, params));
        let mut alone = vec![0.0f64; lights.len()];
        for ((i, j, pair), joint) in pairs.iter().zip(&joint) {
            if pair.by_turns {
                let ratio = joint.strange.bystander + pair.together - nulls[*i] - nulls[*j];
                let log = pair::alone(ratio / params.calibration.temperature);
                for k in [*i, *j] {
                    alone[k] = alone[k].min(log);
                }
            }
        }
        for ((light, explained), alone) in lights.iter().zip(single).zip(alone) {
            let null = explained.strange.bystander;
            if null.is_finite() {
                let target = Target {
                    light: (*light).clone(),
                    pair: false,
                    by_turns: false,
                    plausible: book.can_show(&light.train),
                    p: 0.0,
                    looks: bystanders.log_odds(light),
                    null,
                    null_of_one: null,
                    alone,
                };
                scene.add(target, explained);
            }
        }
        let joint = pairs.into_iter().zip(joint);
        for ((i, j, pair), joint) in joint.filter(|_| two_emitters) {
            let (a, b) = (lights[i], lights[j]);
            let looks = (pair.p * priors.two_lights * pair::nearness(a, b, area)).ln();
            let target = Target {
                light: Light {
                    place: pair::around(&a.place, &b.place),
                    train: pair.train,
                    emission: a.emission.max(b.emission),
                    ..a.clone()
                },
                pair: true,
                by_turns: pair.by_turns,
                plausible: true,
                p: 0.0,
                looks: bystanders.log_odds(a) + bystanders.log_odds(b) + looks,
                // Both trains against that of both, which lacks what their common edges say twice.
                null: pair::null(
                    [nulls[i], nulls[j]],
                    joint.strange.bystander + pair.together,
                ) - pair.together,
                null_of_one: joint.strange.bystander,
                alone: 0.0,
            };
            scene.add(target, joint);
        }
        scene.gather();
        scene
    }

    fn add(&mut self, target: Target, explained: Explained) {
        self.targets.push(target);
        self.score(self.targets.len() - 1, explained);
    }

    /// What target `t` may be, given how its train may have come about.
    fn score(&mut self, t: usize, Explained { strange, fits }: Explained) {
        let Params {
            priors,
            calibration,
            ..
        } = self.params;
        let target = &self.targets[t];
        let base = priors.lit.ln() + target.looks;
        let tempered = |l: f64| (l - target.null) / calibration.temperature;
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
                    + looks::shape(&target.light, self.book.entries[entry].lens).ln()
                    + known
                    + target.alone
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
        // What two lights show that do not take turns is either a state or chance.
        let strange_device = (!target.pair || target.by_turns) && strange.unknown.is_finite();
        let unknown = if strange_device {
            let shapes = self.book.lenses.iter();
            let shape: f64 = shapes
                .map(|(lens, share)| share * looks::shape(&target.light, *lens))
                .sum();
            base + shape.ln() + priors.unknown.ln() + tempered(strange.unknown)
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
        self.shares.sort_by(|a, b| b.p.total_cmp(&a.p));
    }

    /// The same scene in which target `t` shows `train`; all else as it was.
    pub fn with_train(&self, t: usize, train: Train) -> Self {
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
        let target = &mut scene.targets[t];
        let after = Explained::of(&train, target.pair, self.book, self.params);
        // Of a pair, what both trains add is taken from the train of both.
        target.null += after.strange.bystander - target.null_of_one;
        target.null_of_one = after.strange.bystander;
        target.light.train = train;
        scene.score(t, after);
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
