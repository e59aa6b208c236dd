//! The JSON results: `blinkdx/1` of `analyze` and `watch`, `blinkdx-measure/1` of `measure`.
//!
//! Fields may be added; within a schema none is renamed or given another meaning.

use serde::{Deserialize, Serialize};

use crate::devices::{Basis, Device};
use crate::matcher::{Candidate, Diagnosis, Verdict};
use crate::observe::{Kind, Light, Observation, Rect};
use crate::pulses::{Color, Look};

/// Schema name of [`Report`].
pub const SCHEMA: &str = "blinkdx/1";
/// Schema name of [`MeasureReport`].
pub const MEASURE_SCHEMA: &str = "blinkdx-measure/1";

/// Alternatives below this probability are left out of a clear diagnosis: they would not be printed as 1 %.
const MENTIONED: f64 = 0.005;

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

/// A box in px of the picture as shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Box {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// One lit span of one colour, in s from the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pulse {
    pub color: Color,
    pub start_s: f64,
    pub end_s: f64,
}

/// A state that explains the light.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub model: String,
    pub state: String,
    /// Probability, 0..1.
    pub confidence: f64,
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
}

/// The result of `analyze` and `watch` for one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub source: Source,
    pub verdict: Verdict,
    /// The diagnosis; there for `diagnosed` and `ambiguous`.
    #[serde(flatten)]
    pub diagnosis: Option<Explanation>,
    /// Diagnosed: the states that were not chosen. Ambiguous: all that fit, the diagnosis first.
    pub alternatives: Vec<Explanation>,
    /// The light that was judged to be the device's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light: Option<Box>,
    pub pulses: Vec<Pulse>,
    /// What would tell the candidates apart, or how long a clip is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Seconds of film that should suffice, when more would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_s: Option<f64>,
    /// Why, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What went wrong in the reading, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// In place of a [`Report`] or [`MeasureReport`] for a source that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// The schema that the result would have had.
    pub schema: String,
    pub source: FailedSource,
    /// One line: file, cause, remedy.
    pub error: String,
}

/// A source of which nothing but the name is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedSource {
    pub name: String,
}

/// The result of `measure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasureReport {
    /// Always [`MEASURE_SCHEMA`].
    pub schema: String,
    pub source: Source,
    /// What emits light of its own, the surest first.
    pub lights: Vec<MeasuredLight>,
    /// What went wrong in the reading, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// One light and what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredLight {
    #[serde(flatten)]
    pub place: Box,
    pub color: Color,
    pub kind: Kind,
    /// From the first frame to the end of the last.
    pub spans: Vec<MeasuredSpan>,
}

/// A time during which a light did not change, in s from the first frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredSpan {
    pub start_s: f64,
    pub end_s: f64,
    pub state: SpanState,
}

/// What a light was during a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanState {
    On,
    Off,
    /// Out of the picture, covered, or too blurred to tell.
    Unseen,
}

/// Rounds to `digits` decimals: the finer ones are noise, and make results hard to compare.
pub(crate) fn round(value: f64, digits: i32) -> f64 {
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
        }
    }
}

impl From<&Light> for MeasuredLight {
    fn from(light: &Light) -> Self {
        Self {
            place: light.place.into(),
            color: light.color,
            kind: light.kind,
            spans: spans(light),
        }
    }
}

/// On, off and unseen; neighbours that differ only in colour are one.
fn spans(light: &Light) -> Vec<MeasuredSpan> {
    let mut out: Vec<MeasuredSpan> = Vec::new();
    for s in &light.train.spans {
        let state = match s.look {
            Look::Unseen => SpanState::Unseen,
            Look::Off => SpanState::Off,
            Look::Lit(_) => SpanState::On,
        };
        match out.last_mut() {
            Some(last) if last.state == state => last.end_s = seconds(s.end_s),
            _ => out.push(MeasuredSpan {
                start_s: seconds(s.start_s),
                end_s: seconds(s.end_s),
                state,
            }),
        }
    }
    out
}

impl From<&Observation> for MeasureReport {
    fn from(seen: &Observation) -> Self {
        Self {
            schema: MEASURE_SCHEMA.to_owned(),
            source: seen.into(),
            lights: seen.lights.iter().map(MeasuredLight::from).collect(),
            warnings: seen.warnings.clone(),
        }
    }
}

impl Report {
    /// The result for `seen`, with what `devices` say of the states found.
    pub fn new(seen: &Observation, diagnosis: &Diagnosis, devices: &[&Device]) -> Self {
        let mut found = diagnosis
            .candidates
            .iter()
            .filter_map(|c| explain(c, devices));
        let (first, alternatives) = match diagnosis.verdict {
            Verdict::Diagnosed => (
                found.next(),
                found.filter(|e| e.confidence >= MENTIONED).collect(),
            ),
            Verdict::Ambiguous => {
                let all: Vec<Explanation> = found.collect();
                (all.first().cloned(), all)
            }
            _ => (None, found.filter(|e| e.confidence >= MENTIONED).collect()),
        };
        let pulses = diagnosis.train.as_ref().map_or_else(Vec::new, |train| {
            let pulse = |p: crate::pulses::Pulse| Pulse {
                color: p.color,
                start_s: seconds(p.start_s),
                end_s: seconds(p.end_s),
            };
            train.pulses().into_iter().map(pulse).collect()
        });
        Self {
            schema: SCHEMA.to_owned(),
            source: seen.into(),
            verdict: diagnosis.verdict,
            diagnosis: first,
            alternatives,
            light: diagnosis.place.map(Box::from),
            pulses,
            note: diagnosis.note.clone(),
            needed_s: diagnosis.needed_s.map(|s| round(s, 1)),
            reasons: diagnosis.reasons.clone(),
            warnings: seen.warnings.clone(),
        }
    }
}

/// The words of the device file for a candidate.
fn explain(candidate: &Candidate, devices: &[&Device]) -> Option<Explanation> {
    let device = devices.iter().find(|d| d.name == candidate.model)?;
    let state = device.states.iter().find(|s| s.name == candidate.state)?;
    Some(Explanation {
        model: candidate.model.clone(),
        state: candidate.state.clone(),
        confidence: round(candidate.confidence, 4),
        meaning: state.meaning.clone(),
        action: state.action.clone(),
        basis: state.basis,
    })
}
