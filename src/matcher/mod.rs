//! From pulse trains to a diagnosis: which state of which device would make this light.

use serde::{Deserialize, Serialize};

use crate::devices::Device;
use crate::observe::{Light, Observation, Rect};
use crate::pulses::Train;

/// What the reader of the clip is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Posterior probability, calibrated.
    pub confidence: f64,
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
pub fn diagnose(seen: &Observation, devices: &[&Device], query: &Query) -> Diagnosis {
    let _: &[Light] = &seen.lights;
    let _ = (devices, query);
    unimplemented!("matcher")
}
