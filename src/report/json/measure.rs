//! The result of `measure`.

use serde::{Deserialize, Serialize};

use super::super::chroma::Chroma;
use super::{Box, MEASURE_SCHEMA, Source, round, seconds};
use crate::observe::{Kind, Light, Observation};
use crate::pulses::{self, Color, Lengths, Look, Rhythm};

/// Lights below this probability of emitting light of their own are likelier reflections, screens or coloured things.
const SHINES: f64 = 0.5;

/// What `measure` reports of `seen`: the lights that more likely than not are lights, each lens once, the surest first.
pub fn shining(seen: &Observation) -> impl Iterator<Item = &Light> {
    seen.lights
        .iter()
        .filter(|l| l.emission >= SHINES && !l.second)
}

/// The result of `measure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// A time during which a light did not change, in s from the first frame of the clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

impl MeasureReport {
    /// Says that the first frame read comes at `from_s` (s from the first of the clip): times become the clip's.
    pub fn begin_at(&mut self, from_s: f64) {
        self.source.from_s = Some(seconds(from_s));
        for span in self.lights.iter_mut().flat_map(|l| &mut l.spans) {
            span.start_s = seconds(span.start_s + from_s);
            span.end_s = seconds(span.end_s + from_s);
        }
    }
}

impl From<&Observation> for MeasureReport {
    fn from(seen: &Observation) -> Self {
        Self {
            schema: MEASURE_SCHEMA.to_owned(),
            source: seen.into(),
            lights: shining(seen).map(MeasuredLight::from).collect(),
            warnings: seen.warnings.clone(),
        }
    }
}
