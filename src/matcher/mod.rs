//! From pulse trains to a diagnosis: which state of which device would make this light.
//!
//! ```text
//! lights --nulls--> bystander likelihoods --+
//!    |                                      v
//!    +--scripts--> state likelihoods --> scene --> verdict
//! devices --script--^                    posterior  words
//! ```
//!
//! The model is one of probabilities throughout: a state is a script with ranges for its durations
//! ([`crate::devices::Pattern`]), a train's likelihood under it sums over what the camera may have missed,
//! merged or made up, and rivals are all other states, of all devices asked for, and what bystanders do.
//! [`params`] holds every number of it.

mod apart;
mod book;
mod color;
mod compile;
mod duration;
mod explain;
mod horizon;
mod looks;
mod nulls;
mod pair;
pub mod params;
mod scene;
mod score;
mod script;
mod signal;
pub mod synthetic;
#[cfg(test)]
mod tests;
mod unseen;
mod verdict;
mod wait;
mod walk;

use serde::{Deserialize, Serialize};

use crate::devices::Device;
use crate::observe::{Observation, Rect};
use crate::pulses::Train;

pub use apart::{Examined, told_apart};
pub use horizon::{TimeToVerdict, time_to_verdict};
use params::Params;

/// What the reader of the clip is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// One state stands out.
    Diagnosed,
    /// Two or more fit as well.
    Ambiguous,
    /// A light was measured, and it fits no state of the device.
    UnknownPattern,
    /// No light that could be the device's.
    NoLight,
    /// Clip too short or frame rate too low.
    Insufficient,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Diagnosed => "diagnosed",
            Self::Ambiguous => "ambiguous",
            Self::UnknownPattern => "unknown-pattern",
            Self::NoLight => "no-light",
            Self::Insufficient => "insufficient",
        }
    }
}

/// One state that may explain the light.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub model: String,
    pub state: String,
    /// Posterior probability, calibrated; of the first candidate: that of the state, on whichever model.
    pub confidence: f64,
    /// The pattern of the state that fits best, by name; may be empty.
    pub pattern: String,
    /// Other models that would show the same; only of the first candidate.
    pub shared_by: Vec<String>,
}

/// What the user says of the situation, for example `just-powered`.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub context: Vec<String>,
}

/// The outcome of matching one clip.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    pub verdict: Verdict,
    /// The states that explain the light, likeliest first; the first is the diagnosis when there is one.
    pub candidates: Vec<Candidate>,
    /// The light that was judged to be the device's, if any.
    pub place: Option<Rect>,
    /// Its train (of both emitters where it has two).
    pub train: Option<Train>,
    /// What would tell the candidates apart, or how long to film.
    pub note: Option<String>,
    /// Total seconds of film that should suffice, when more would help.
    pub needed_s: Option<f64>,
    /// Why, in plain words, one line each, for the text report.
    pub reasons: Vec<String>,
}

/// Which state of `devices` the lights of `seen` show.
///
/// A pure function of what was seen: a clip still being filmed may be asked about again and again, its
/// open end counts as cut.
pub fn diagnose(seen: &Observation, devices: &[&Device], query: &Query) -> Diagnosis {
    diagnose_with(seen, devices, query, &Params::DEFAULT)
}

/// The same with other numbers, for fitting them.
pub fn diagnose_with(
    seen: &Observation,
    devices: &[&Device],
    query: &Query,
    params: &Params,
) -> Diagnosis {
    let book = book::Book::new(devices, query, &params.priors);
    let scene = scene::Scene::new(seen, &book, params);
    verdict::Case {
        seen,
        devices,
        scene: &scene,
        query,
        params,
    }
    .judge()
}
