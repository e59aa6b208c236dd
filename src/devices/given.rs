//! A device made of one pattern, for `--pattern`.

use std::collections::BTreeMap;

use super::pattern::Pattern;
use super::range::Seconds;
use super::{Basis, Device, Lens, State};

/// Name of the device and of its state in results.
pub const GIVEN_MODEL: &str = "pattern";
pub const GIVEN_STATE: &str = "shown";

/// A time that was given as one number may differ by this share: what is written as 0.2 s is seldom measured better.
const TOLERANCE: f64 = 0.2;

impl Device {
    /// A device whose only state looks like `pattern`. Its exact times become ranges of ±20 %.
    pub fn given(pattern: &Pattern) -> Self {
        Self {
            name: GIVEN_MODEL.to_owned(),
            title: "the pattern that was given".to_owned(),
            family: "given on the command line".to_owned(),
            prior: 1.0,
            states: vec![State {
                name: GIVEN_STATE.to_owned(),
                meaning: format!("The light shows {pattern}"),
                action: Vec::new(),
                basis: Basis::Sourced,
                prior: 1.0,
                trust: 1.0,
                contexts: BTreeMap::new(),
                patterns: vec![pattern.loosened()],
                sources: Vec::new(),
                notes: Vec::new(),
            }],
            lens: Lens::default(),
            dark: None,
            contexts: BTreeMap::new(),
            tell_apart: Vec::new(),
            notes: Vec::new(),
            inherits: None,
        }
    }
}

impl Pattern {
    fn loosened(&self) -> Self {
        // To the microsecond: finer digits are those of binary fractions.
        let neat = |s: f64| (s * 1e6).round() / 1e6;
        self.with_times(|s| match s.min == s.max {
            true => Seconds {
                min: neat(s.min * (1.0 - TOLERANCE)),
                max: neat(s.max * (1.0 + TOLERANCE)),
            },
            false => s,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_times_become_ranges_and_ranges_stay() {
        let given: Pattern = "red(0.2s on, 0.1-0.3s off) x5, off 2s".parse().unwrap();
        let device = Device::given(&given);
        assert_eq!(
            device.states[0].patterns[0].to_string(),
            "red(0.16-0.24s on, 0.1-0.3s off) x5, off 1.6-2.4s"
        );
        assert_eq!(device.states[0].meaning, format!("The light shows {given}"));
    }
}
