//! Device files: what each state of a device's light looks like, means and asks for.
//!
//! A family of devices is one JSON file ([`DeviceFile`]). The files in `src/devices/data` are
//! compiled in; [`Library::with_dirs`] adds more. Nothing else in the program knows a device.

mod check;
mod file;
mod given;
mod library;
mod notation;
mod pattern;
mod range;
mod resolve;
mod schedule;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pulses::ColorSet;

pub use file::{AdviceEntry, DeviceFile, Inherit, Model, SCHEMA, StateEntry};
pub use given::{GIVEN_MODEL, GIVEN_STATE};
pub use library::{DeviceError, Library};
pub use notation::NotationError;
pub use pattern::{Blink, Gap, Hold, Pattern, Step};
pub use range::{OpenSeconds, Seconds, Times};
pub use schedule::{Schedule, Segment, Start};
pub use seen::{Count, Length, Seen, SeenStep, typical};

/// One model of device, with all that its file and its relatives' files say.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// The name of the command line, for example `mini-2`.
    pub name: String,
    /// The name on the box.
    pub title: String,
    /// What it has in common with its relatives.
    pub family: String,
    /// How often it is filmed, relative to other models.
    pub prior: f64,
    /// Likeliest first.
    pub states: Vec<State>,
    /// What a dark light says; `None` where the file does not know.
    pub dark: Option<Advice>,
    /// Context flags that its states know, with what they say.
    pub contexts: BTreeMap<String, String>,
    pub tell_apart: Vec<TellApart>,
    pub notes: Vec<String>,
    /// The shape of its light.
    pub lens: Lens,
    /// The model that states are taken over from.
    pub inherits: Option<String>,
}

/// The shape of a device's light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Lens {
    /// One small lens, or two side by side.
    #[default]
    Spot,
    /// A ring, for example around a button.
    Ring,
}

/// One state of a device's light.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub name: String,
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
    /// How often it is filmed: the states of a device sum to 1.
    pub prior: f64,
    /// Probability that this device really has the state; below 1 for what is taken over from another.
    pub trust: f64,
    /// By how much a context flag multiplies the prior.
    pub contexts: BTreeMap<String, f64>,
    /// The ways it can look; their weights sum to 1.
    pub patterns: Vec<Pattern>,
    /// Where this comes from.
    pub sources: Vec<Source>,
    pub notes: Vec<String>,
}

/// What to tell the user when there is no light to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
    /// Where this comes from.
    pub sources: Vec<Source>,
}

/// A document that facts come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub title: String,
    /// Web address, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub grade: Grade,
}

/// How far a source is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// The maker's own.
    Official,
    /// The document that the device file started from; not the maker's.
    Seed,
    /// Someone else's, that agrees with another independent one.
    Agreeing,
    /// Someone else's, that stands alone, is generic or contradicts itself.
    Alone,
}

/// A question whose answer tells apart states that can look alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TellApart {
    pub states: Vec<String>,
    /// For the user: `Were the batteries put in just now? If so, …`
    pub ask: String,
}

/// Whether a source says so or it is an engineering assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    Sourced,
    Assumed,
}

impl Device {
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|s| s.name == name)
    }

    /// All colours that its states show.
    pub fn colors(&self) -> ColorSet {
        self.states
            .iter()
            .flat_map(|s| &s.patterns)
            .flat_map(|p| &p.steps)
            .fold(ColorSet::NONE, |all, step| all.union(step.light()))
    }

    /// What tells the states of `names` apart, where the file knows.
    pub fn question(&self, names: &[&str]) -> Option<&str> {
        self.tell_apart
            .iter()
            .find(|t| names.iter().all(|n| t.states.iter().any(|s| s == n)))
            .map(|t| t.ask.as_str())
    }
}
