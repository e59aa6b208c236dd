//! The JSON results: `blinkdx/1` of `analyze` and `watch`, `blinkdx-measure/1` of `measure`.
//!
//! Fields may be added; within a schema none is renamed or given another meaning.

use serde::{Deserialize, Serialize};

use crate::devices::{Basis, Device};
use crate::matcher::{Candidate, Diagnosis, Verdict};
use crate::observe::{Kind, Light, Observation, Rect};
use crate::pulses::{self, Color, Lengths, Look, Rhythm};

use super::chroma::Chroma;

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
    /// Time of one repetition in s, with its standard error; there when the light repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_s: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_sd_s: Option<f64>,
    /// Share of the time that is lit, 0..1, with its standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_sd: Option<f64>,
    /// Repetitions per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_sd_hz: Option<f64>,
    /// Flashes in one repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flashes: Option<usize>,
    /// Standard deviation of single repetitions in s, errors of measuring included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter_s: Option<f64>,
    /// Lengths of the lit and the dark spans that have both ends in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<MeasuredLengths>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<MeasuredLengths>,
    /// Hue in degrees: 0 red, 120 green, 240 blue; absent for white.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hue_deg: Option<f64>,
    /// 0 (white) .. 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saturation: Option<f64>,
    /// Dominant wavelength in nm, an estimate: a camera is no spectrometer. Absent for white and purple.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wavelength_nm: Option<f64>,
    /// Probability that it emits light of its own.
    pub emission: f64,
    /// From the first frame to the end of the last.
    pub spans: Vec<MeasuredSpan>,
}

/// How long spans of one state last, in s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeasuredLengths {
    pub count: usize,
    /// With its standard error.
    pub mean_s: f64,
    pub mean_sd_s: f64,
    pub min_s: f64,
    pub max_s: f64,
    /// Sample standard deviation from span to span.
    pub sd_s: f64,
}

/// A time during which a light did not change, in s from the first frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredSpan {
    pub start_s: f64,
    pub end_s: f64,
    pub state: SpanState,
    /// What was lit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub colors: Vec<Color>,
    /// Standard errors of the two ends; 0 where the clip cuts.
    pub start_sd_s: f64,
    pub end_sd_s: f64,
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

impl SpanState {
    pub fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unseen => "unseen",
        }
    }
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
        let rhythm = Rhythm::of(&light.train);
        let period = rhythm.period;
        let chroma = Chroma::of(light.rgb);
        Self {
            place: light.place.into(),
            color: light.color,
            kind: light.kind,
            period_s: period.map(|p| seconds(p.period.value)),
            period_sd_s: period.map(|p| seconds(p.period.sd)),
            duty: period.map(|p| round(p.duty.value, 3)),
            duty_sd: period.map(|p| round(p.duty.sd, 3)),
            rate_hz: period.map(|p| round(1.0 / p.period.value, 4)),
            // The relative error of a rate is that of its period.
            rate_sd_hz: period.map(|p| round(p.period.sd / p.period.value.powi(2), 4)),
            flashes: period.map(|p| p.flashes),
            jitter_s: period.map(|p| seconds(p.jitter_s)),
            on: rhythm.on.map(MeasuredLengths::from),
            off: rhythm.off.map(MeasuredLengths::from),
            hue_deg: chroma.and_then(|c| Some(round(c.hue_deg?, 0))),
            saturation: chroma.map(|c| round(c.saturation, 2)),
            wavelength_nm: chroma.and_then(|c| Some(round(c.wavelength_nm?, 0))),
            emission: round(light.emission, 3),
            spans: spans(light),
        }
    }
}

impl From<Lengths> for MeasuredLengths {
    fn from(l: Lengths) -> Self {
        Self {
            count: l.count,
            mean_s: seconds(l.mean.value),
            mean_sd_s: seconds(l.mean.sd),
            min_s: seconds(l.min_s),
            max_s: seconds(l.max_s),
            sd_s: seconds(l.spread_s),
        }
    }
}

/// On, off and unseen. Lit neighbours of different colour are one span, unless changing colour is what the light does.
fn spans(light: &Light) -> Vec<MeasuredSpan> {
    let merged;
    let spans = if light.kind == Kind::ColorChanging {
        &light.train.spans
    } else {
        merged = pulses::merged(&light.train);
        &merged
    };
    spans
        .iter()
        .map(|s| MeasuredSpan {
            start_s: seconds(s.start_s),
            end_s: seconds(s.end_s),
            state: match s.look {
                Look::Unseen => SpanState::Unseen,
                Look::Off => SpanState::Off,
                Look::Lit(_) => SpanState::On,
            },
            colors: s
                .look
                .colors()
                .map_or_else(Vec::new, |c| c.colors().collect()),
            start_sd_s: seconds(s.start_sd_s),
            end_sd_s: seconds(s.end_sd_s),
        })
        .collect()
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::pulses::{ColorSet, Span, Train};

    /// Two lights: red off, on, off and out of sight; green steady.
    pub fn measured() -> MeasureReport {
        let edge_sd_s = 0.002;
        let span = |start_s: f64, end_s: f64, look: &Look| Span {
            start_s,
            end_s,
            start_sd_s: if start_s == 0.0 { 0.0 } else { edge_sd_s },
            end_sd_s: if end_s == 3.0 { 0.0 } else { edge_sd_s },
            look: look.clone(),
        };
        let light = |x: f64, color: Color, kind: Kind, spans: Vec<Span>| Light {
            place: Rect {
                x,
                y: 20.0,
                w: 4.0,
                h: 5.0,
            },
            kind,
            color,
            train: Train {
                spans,
                duration_s: 3.0,
                frame_interval_s: 1.0 / 30.0,
            },
            emission: 0.98,
            rgb: [0.5, 0.02, 0.01],
            radius_px: 2.0,
        };
        let red = Look::lit(ColorSet::of(Color::Red));
        let green = Look::lit(ColorSet::of(Color::Green));
        let seen = Observation {
            name: "a$end.mp4".to_owned(),
            width: 640,
            height: 480,
            frames: 90,
            duration_s: 3.0,
            fps: 30.0,
            lights: vec![
                light(
                    10.0,
                    Color::Red,
                    Kind::Switching,
                    vec![
                        span(0.0, 1.0, &Look::Off),
                        span(1.0, 1.5, &red),
                        span(1.5, 2.0, &Look::Off),
                        span(2.0, 3.0, &Look::Unseen),
                    ],
                ),
                light(
                    50.0,
                    Color::Green,
                    Kind::Steady,
                    vec![span(0.0, 3.0, &green)],
                ),
            ],
            warnings: Vec::new(),
            timings: Vec::new(),
        };
        MeasureReport::from(&seen)
    }

    #[test]
    fn a_measurement_has_the_fields_of_the_contract() {
        let json = serde_json::to_value(measured()).unwrap();
        assert_eq!(json["schema"], "blinkdx-measure/1");
        assert_eq!(
            json["source"],
            serde_json::json!({"name": "a$end.mp4", "width": 640, "height": 480, "frames": 90, "duration_s": 3.0, "fps": 30.0})
        );
        let light = &json["lights"][0];
        assert_eq!((&light["x"], &light["h"]), (&10.0.into(), &5.0.into()));
        assert_eq!(
            (&light["color"], &light["kind"]),
            (&"red".into(), &"switching".into())
        );
        assert_eq!(light.get("period_s"), None);
        assert_eq!(light["on"]["count"], 1);
        let states: Vec<&str> = light["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["state"].as_str().unwrap())
            .collect();
        assert_eq!(states, ["off", "on", "off", "unseen"]);
        let back: MeasureReport = serde_json::from_value(json).unwrap();
        assert_eq!(back, measured());
    }

    #[test]
    fn rounding_keeps_no_negative_zero() {
        assert_eq!(round(-0.00001, 4).to_string(), "0");
        assert_eq!(seconds(1.23456), 1.2346);
    }
}
