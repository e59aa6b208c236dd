//! What lights do that are no device's: the rivals called "none of these".

use super::compile::Builder;
use super::duration::Range;
use super::params::Priors;
use super::script::{Paint, Script};
use crate::pulses::{Color, ColorSet};

/// Shortest and longest duration in s of what blinks by itself, and of what does so fast.
const LEAST_S: f64 = 0.03;
const MOST_S: f64 = 20.0;
const FAST_S: f64 = 1.0;
/// Shortest and longest span in s of a light that is to be noticed: signals flash 0.4 to 2.8 times per s (IEC 60073), on for a
/// quarter to three quarters of it.
const LEAST_NOTICED_S: f64 = 0.1;
const MOST_NOTICED_S: f64 = 2.0;

/// What a light may do that no device file describes.
pub struct Null {
    pub script: Script,
    /// How often a bystander does it: most are steady (standby lights, red things); some are switched
    /// once (a person passing, a reflection), some blink, some change at random (traffic lights of a
    /// router), a few in all colours (screens). These sum to 1. None is 0 where `of_device` is not: what noise alone
    /// does would be the device's beyond doubt.
    pub of_bystander: f64,
    /// How often a device's light does it in a state that its file does not have: it would signal
    /// something, by a rhythm more often than not. These sum to 1.
    pub of_device: f64,
}

/// All of them.
pub fn all(priors: &Priors) -> Vec<Null> {
    let any = Range::new(LEAST_S, Some(MOST_S));
    let open = Range::new(LEAST_S, None);
    let steady = |paint| {
        let mut b = Builder::default();
        b.hold(paint, open, false, true);
        b.finish((1, 1), 0.0, priors)
    };
    // A poster's turquoise whose colours part at its shaking edges.
    let two = Paint::Lit(ColorSet::of(Color::Green).with(Color::Blue));
    let once = {
        let mut b = Builder::default();
        b.hold(Paint::Any, open, false, false);
        b.finish((1, 1), 0.5, priors)
    };
    let fast = Range::new(LEAST_S, Some(FAST_S));
    let noticed = Range::new(LEAST_NOTICED_S, Some(MOST_NOTICED_S));
    let blinks = |paints: [Paint; 2], range: Range, regular: bool| {
        let mut b = Builder::default();
        b.blink(paints, [range, range], (1, u16::MAX), regular);
        b.finish((1, 1), priors.condition_from_start, priors)
    };
    let null = |of_bystander, of_device, script| Null {
        script,
        of_bystander,
        of_device,
    };
    let [a, d, f] = [Paint::Any, Paint::Dark, Paint::Fresh];
    vec![
        null(0.33, 0.2, steady(a)),
        null(0.05, 0.0, steady(two)),
        null(0.2, 0.15, once),
        null(0.06, 0.1, blinks([a, d], any, true)),
        null(0.04, 0.25, blinks([a, d], noticed, true)),
        null(0.03, 0.05, blinks([a, a], any, true)),
        null(0.02, 0.1, blinks([a, a], noticed, true)),
        null(0.1, 0.05, blinks([a, d], any, false)),
        null(0.07, 0.06, blinks([a, d], fast, false)),
        // A steady light whose colour wavers as the codec smears its chroma.
        null(0.04, 0.02, blinks([a, a], fast, false)),
        null(0.03, 0.01, blinks([f, f], any, false)),
        null(0.03, 0.01, blinks([f, f], fast, false)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bystanders_may_do_all_that_a_device_may_and_shares_sum_to_one() {
        let nulls = all(&Priors::DEFAULT);
        assert!(
            nulls
                .iter()
                .all(|n| n.of_device == 0.0 || n.of_bystander > 0.0)
        );
        let sum = |share: fn(&Null) -> f64| nulls.iter().map(share).sum::<f64>();
        assert!((sum(|n| n.of_bystander) - 1.0).abs() < 1e-9);
        assert!((sum(|n| n.of_device) - 1.0).abs() < 1e-9);
    }
}
