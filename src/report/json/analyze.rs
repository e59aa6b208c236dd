//! The result of `analyze` and `watch`.

use serde::{Deserialize, Serialize};

use super::{Box, SCHEMA, Source, round, seconds};
use crate::devices::{Basis, Device};
use crate::matcher::{Candidate, Diagnosis, Verdict};
use crate::observe::Observation;
use crate::pulses::Color;

/// Alternatives below this probability are left out of a clear diagnosis: they would not be printed as 1 %.
const MENTIONED: f64 = 0.005;

/// One lit span of one colour, in s from the first frame of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Pulse {
    pub color: Color,
    pub start_s: f64,
    pub end_s: f64,
}

/// A state that explains the light.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub source: Source,
    pub verdict: Verdict,
    /// The diagnosis: all six are there for `diagnosed` and `ambiguous`. For `no-light` there are
    /// model, meaning, action and basis where one device was asked for and its file knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Probability, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Steps for the user, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Other models that would show the same light for the same state, where several are considered; `confidence`
    /// counts them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_by: Vec<String>,
    /// Diagnosed: the states that were not chosen. Ambiguous: all that fit, the diagnosis first.
    pub alternatives: Vec<Explanation>,
    /// The light that was judged to be the device's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<Box>,
    pub pulses: Vec<Pulse>,
    /// What would tell the candidates apart, or how long a clip is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Seconds of film that should suffice, when more would help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_s: Option<f64>,
    /// Why, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What went wrong in the reading, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Report {
    /// The result for `seen`, with what `devices` say of the states found.
    pub fn new(seen: &Observation, diagnosis: &Diagnosis, devices: &[&Device]) -> Self {
        let all: Vec<Explanation> = diagnosis
            .candidates
            .iter()
            .filter_map(|c| explain(c, devices))
            .collect();
        let first = match diagnosis.verdict {
            Verdict::Diagnosed | Verdict::Ambiguous => all.first().cloned(),
            _ => None,
        };
        let shared_by = match (&first, diagnosis.candidates.first()) {
            (Some(_), Some(candidate)) => candidate.shared_by.clone(),
            _ => Vec::new(),
        };
        let alternatives = match diagnosis.verdict {
            Verdict::Ambiguous => all,
            _ => {
                // The same state of a model that shares it is no other explanation.
                let chosen = |e: &Explanation| {
                    first.as_ref().is_some_and(|f| {
                        e.state == f.state && (e.model == f.model || shared_by.contains(&e.model))
                    })
                };
                let others = all.into_iter().filter(|e| !chosen(e));
                others.filter(|e| e.confidence >= MENTIONED).collect()
            }
        };
        let dark = match devices {
            [device] if diagnosis.verdict == Verdict::NoLight => {
                device.dark.as_ref().map(|dark| (&device.name, dark))
            }
            _ => None,
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
            model: first
                .as_ref()
                .map(|e| &e.model)
                .or(dark.map(|(name, _)| name))
                .cloned(),
            state: first.as_ref().map(|e| e.state.clone()),
            confidence: first.as_ref().map(|e| e.confidence),
            meaning: first
                .as_ref()
                .map(|e| &e.meaning)
                .or(dark.map(|(_, d)| &d.meaning))
                .cloned(),
            action: first
                .as_ref()
                .map(|e| &e.action)
                .or(dark.map(|(_, d)| &d.action))
                .cloned(),
            basis: first
                .as_ref()
                .map(|e| e.basis)
                .or(dark.map(|(_, d)| d.basis)),
            shared_by,
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

impl Report {
    /// Says that the first frame read comes at `from_s` (s from the first of the clip): times become the clip's.
    pub fn begin_at(&mut self, from_s: f64) {
        self.source.from_s = Some(seconds(from_s));
        for pulse in &mut self.pulses {
            pulse.start_s = seconds(pulse.start_s + from_s);
            pulse.end_s = seconds(pulse.end_s + from_s);
        }
    }

    /// The verdict in a few words: `mini: offline, 0.98`.
    pub fn summary(&self) -> String {
        match (self.verdict, &self.model, &self.state, self.confidence) {
            (Verdict::Diagnosed, Some(model), Some(state), Some(confidence)) => {
                format!("{model}: {state}, {confidence:.2}")
            }
            (Verdict::Ambiguous, ..) => {
                // Of models that share a state the likeliest one.
                let mut states: Vec<&str> = Vec::new();
                let mut named: Vec<String> = Vec::new();
                for a in &self.alternatives {
                    if !states.contains(&a.state.as_str()) {
                        states.push(&a.state);
                        named.push(format!("{}: {}", a.model, a.state));
                    }
                }
                format!("ambiguous: {}", named.join(" or "))
            }
            (verdict, ..) => verdict.name().to_owned(),
        }
    }
}

/// The words of the device file for a candidate.
fn explain(candidate: &Candidate, devices: &[&Device]) -> Option<Explanation> {
    let device = devices.iter().find(|d| d.name == candidate.model)?;
    let state = device.state(&candidate.state)?;
    Some(Explanation {
        model: candidate.model.clone(),
        state: candidate.state.clone(),
        confidence: round(candidate.confidence, 4),
        meaning: state.meaning.clone(),
        action: state.action.clone(),
        basis: state.basis,
    })
}
