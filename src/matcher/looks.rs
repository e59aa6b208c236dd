//! What a light's looks alone say of whether it is the device's.

use crate::observe::Light;

use super::params::Priors;

/// How many bystanders a picture has.
pub struct Bystanders {
    /// That emit light.
    lamps: f64,
    /// That only pass for a light.
    others: f64,
}

impl Bystanders {
    /// Lamps are as rare as they are; of the others the clip itself says how many there are.
    pub fn of(lights: &[&Light], priors: &Priors) -> Self {
        let others: f64 = lights.iter().map(|l| 1.0 - l.emission).sum();
        Self {
            lamps: priors.lamps,
            others: others.max(priors.others),
        }
    }

    /// Log odds from looks alone that a light is the device's LED rather than one of these. Emission is
    /// a probability at even odds, so it and its complement are the likelihoods of the looks.
    pub fn log_odds(&self, light: &Light) -> f64 {
        let e = light.emission.clamp(0.005, 0.995);
        (e / (self.lamps * e + self.others * (1.0 - e))).ln()
    }
}
