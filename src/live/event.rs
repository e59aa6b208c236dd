//! What `watch` tells while it goes on; one line of JSON each.

use serde::{Deserialize, Serialize};

use crate::matcher::{Diagnosis, Verdict};
use crate::pulses::{Color, ColorSet};
use crate::report::json::{round, seconds};

/// Schema name of [`Event`].
pub const SCHEMA: &str = "blinkdx-watch/1";

/// One thing that happened during a watch. The last line of a watch is no event but its result (`blinkdx/1`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// Time of the picture that showed it, in s from the first.
    pub at_s: f64,
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Happening {
    /// The camera delivers.
    Camera {
        number: u32,
        name: String,
        /// In px.
        width: u32,
        height: u32,
        /// Frames per second by the camera's own account.
        fps: f64,
        /// V4L2's code of the encoding.
        format: String,
        /// What is held still: `exposure`, `white balance`.
        locked: Vec<String>,
    },
    /// The light that was found has changed.
    Light {
        /// Its colours now; none when it is dark.
        lit: Vec<Color>,
    },
    /// There is a first verdict, or another.
    Verdict {
        verdict: Verdict,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// Probability, 0..1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confidence: Option<f64>,
        /// Seconds of film in all that should suffice, when more would help.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        needed_s: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Something is wrong with the camera or its picture.
    Trouble { kind: Trouble, text: String },
    /// It is right again.
    Recovered { kind: Trouble },
}

/// What can be wrong with a camera or its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Each picture is the one before.
    Frozen,
    /// Nothing but black.
    Black,
    /// Far fewer frames per second than the camera claims, or too few for short flashes.
    Slow,
    /// This machine can't keep up: pictures were left out.
    Dropped,
    /// Pictures that can't be decoded.
    Damaged,
    /// No pictures come.
    Stalled,
    /// The camera does not say when pictures were taken: times are those of arrival.
    Unstamped,
    /// The recording can't be written.
    Record,
    /// The camera went away.
    Gone,
}

impl Event {
    pub fn new(at_s: f64, what: Happening) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            at_s: seconds(at_s),
            what,
        }
    }
}

impl Happening {
    pub(super) fn light(lit: ColorSet) -> Self {
        Self::Light {
            lit: lit.colors().collect(),
        }
    }

    pub(super) fn verdict(d: &Diagnosis) -> Self {
        let named = matches!(d.verdict, Verdict::Diagnosed | Verdict::Ambiguous);
        let first = d.candidates.first().filter(|_| named);
        Self::Verdict {
            verdict: d.verdict,
            model: first.map(|c| c.model.clone()),
            state: first.map(|c| c.state.clone()),
            confidence: first.map(|c| round(c.confidence, 4)),
            needed_s: d.needed_s.map(|s| round(s, 1)),
            note: d.note.clone(),
        }
    }
}
