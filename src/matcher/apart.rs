//! How alike lights and patterns are, outside of a diagnosis.

use crate::devices::{Pattern, Schedule, State};
use crate::pulses::Train;

use super::Query;
use super::book::{Book, log_sum};
use super::params::Params;
use super::score::fit;
use super::script::Script;
use super::signal::Signal;
use super::synthetic;

/// How surely clips of `duration_s` at `fps` frames per s tell `a` from `b`: the mean probability given to the
/// right one, when it is one of the two and either as likely. From 0.5, alike, to 1.
///
/// `draws` random lights of each are measured as the eyes would.
pub fn told_apart(
    a: &State,
    b: &State,
    fps: f64,
    duration_s: f64,
    draws: u64,
    params: &Params,
) -> f64 {
    let Params {
        noise,
        priors,
        calibration,
        ..
    } = params;
    let scripts = [a, b].map(|state| {
        let compile = |p: &Pattern| (p.weight, Script::compile(p, priors));
        state.patterns.iter().map(compile).collect::<Vec<_>>()
    });
    let right = |state: &State, own: usize, seed: u64| {
        let segments = state.schedule(&Schedule::new(duration_s, seed));
        let train = synthetic::train(&segments, fps, seed);
        let signal = Signal::new(&train, noise);
        let log = |scripts: &[(f64, Script)]| {
            let logs: Vec<f64> = scripts
                .iter()
                .filter_map(|(w, s)| Some(w.ln() + fit(&signal, s, noise, priors)?.log_likelihood))
                .collect();
            log_sum(&logs)
        };
        let (own, other) = (log(&scripts[own]), log(&scripts[1 - own]));
        // A light that neither explains tells nothing.
        if !own.is_finite() && !other.is_finite() {
            return 0.5;
        }
        1.0 / (1.0 + ((other - own) / calibration.temperature).exp())
    };
    let sum: f64 = (0..draws)
        .map(|seed| right(a, 0, seed) + right(b, 1, seed))
        .sum();
    sum / (2 * draws) as f64
}

/// A light that may show some pattern.
pub struct Examined<'a> {
    signal: Signal<'a>,
    params: &'a Params,
    /// Log likelihood of it as no device's.
    bystander: f64,
}

impl<'a> Examined<'a> {
    pub fn new(train: &'a Train, params: &'a Params) -> Self {
        let signal = Signal::new(train, &params.noise);
        let nobody = Book::new(&[], &Query::default(), &params.priors);
        let strange = nobody.strange(&signal, &params.noise, &params.priors);
        Self {
            bystander: strange.bystander,
            signal,
            params,
        }
    }

    /// Log of how many times likelier this light is one that shows `pattern` than one that is no device's; minus
    /// infinity for what can't be.
    pub fn likeness(&self, pattern: &Pattern) -> f64 {
        let Params {
            noise,
            priors,
            calibration,
            ..
        } = self.params;
        let script = Script::compile(pattern, priors);
        match fit(&self.signal, &script, noise, priors) {
            Some(fit) if self.bystander.is_finite() => {
                (fit.log_likelihood - self.bystander) / calibration.temperature
            }
            _ => f64::NEG_INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Device;

    fn state(pattern: &str) -> State {
        let pattern: Pattern = pattern.parse().unwrap();
        Device::given(&pattern).states.remove(0)
    }

    fn apart(a: &str, b: &str, duration_s: f64) -> f64 {
        told_apart(&state(a), &state(b), 30.0, duration_s, 10, &Params::DEFAULT)
    }

    #[test]
    fn what_differs_is_told_apart_and_what_is_alike_is_not() {
        let blink = "red(0.5s on, 0.5s off)";
        assert!((apart(blink, blink, 10.0) - 0.5).abs() < 1e-9);
        assert!(apart(blink, "blue(0.5s on, 0.5s off)", 10.0) > 0.95);
        assert!(apart(blink, "red(0.1s on, 0.1s off)", 10.0) > 0.95);
        // One count of flashes from the next, seen whole or not.
        let (five, six) = (
            "red(0.2s on, 0.2s off) x5, off 2s",
            "red(0.2s on, 0.2s off) x6, off 2s",
        );
        let (short, long) = (apart(five, six, 1.5), apart(five, six, 12.0));
        assert!(short < 0.9 && long > 0.95, "{short} {long}");
    }

    #[test]
    fn a_light_is_most_like_its_own_pattern() {
        let own: Pattern = "red(0.2s on, 0.2s off) x3, off 2s".parse().unwrap();
        let segments = own.schedule(&Schedule::new(12.0, 1));
        let train = synthetic::train(&segments, 30.0, 1);
        let light = Examined::new(&train, &Params::DEFAULT);
        let like = |pattern: &str| light.likeness(&pattern.parse().unwrap());
        let own = light.likeness(&state("red(0.2s on, 0.2s off) x3, off 2s").patterns[0]);
        assert!(own > 3.0, "{own}");
        assert!(own > 3.0 + like("red(0.1-1s on, 0.1-3s off)"));
        assert_eq!(like("red"), f64::NEG_INFINITY);
    }
}
