//! The JSON results: `blinkdx/1` of `analyze` and `watch`, `blinkdx-measure/1` of `measure`.
//!
//! Fields may be added; within a schema none is renamed or given another meaning.

mod analyze;
mod measure;

use serde::{Deserialize, Serialize};

use crate::observe::{Observation, Rect};

pub use analyze::{Explanation, Pulse, Report};
pub use measure::{
    MeasureReport, MeasuredLengths, MeasuredLight, MeasuredSpan, SpanState, shining,
};

/// Schema name of [`Report`].
pub const SCHEMA: &str = "blinkdx/1";
/// Schema name of [`MeasureReport`].
pub const MEASURE_SCHEMA: &str = "blinkdx-measure/1";

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// The source as it was named on the command line.
    pub name: String,
    /// Size in px of the picture as shown (after rotation).
    pub width: u32,
    pub height: u32,
    /// Frames decoded.
    pub frames: u64,
    /// From the first frame to the end of the last, in s.
    pub duration_s: f64,
    /// Mean frames per second.
    pub fps: f64,
    /// Where only a part of the clip was read: when its first frame comes, in s from the first of the clip.
    /// Times of the result count from the latter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_s: Option<f64>,
}

/// A box in px of the picture as shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Box {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// In place of a [`Report`] or [`MeasureReport`] for a source that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ErrorReport {
    /// The schema that the result would have had.
    pub schema: String,
    pub source: FailedSource,
    /// One line: file, cause, remedy.
    pub error: String,
}

/// A source of which nothing but the name is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FailedSource {
    pub name: String,
}

/// Rounds to `digits` decimals: the finer ones are noise, and make results hard to compare.
pub fn round(value: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    let rounded = (value * scale).round() / scale;
    // No "-0.0" in the output.
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Times are kept to 0.1 ms, a tenth of what the best edge is known to.
pub(crate) fn seconds(s: f64) -> f64 {
    round(s, 4)
}

impl From<Rect> for Box {
    fn from(r: Rect) -> Self {
        Self {
            x: round(r.x, 1),
            y: round(r.y, 1),
            w: round(r.w, 1),
            h: round(r.h, 1),
        }
    }
}

impl From<&Observation> for Source {
    fn from(seen: &Observation) -> Self {
        Self {
            name: seen.name.clone(),
            width: seen.width,
            height: seen.height,
            frames: seen.frames,
            duration_s: seconds(seen.duration_s),
            fps: round(seen.fps, 3),
            from_s: None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
