//! A long recording as someone would log it: what the light showed, and from when on.
//!
//! A night of blinking is one line, not ten thousand: spans that blink in one rhythm and one colour are one
//! episode, and an event is where one episode ends and another begins.

mod split;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::devices::{Device, Pattern};
use crate::matcher::{Diagnosis, Query, Verdict, diagnose};
use crate::observe::{Light, Observation};
use crate::pulses::Color;
use crate::report::json::{FailedSource, round, seconds};
pub use split::{Episode, Shows, split};

/// Schema name of [`Event`].
pub const SCHEMA: &str = "blinkdx-event/1";

/// The light shows something else from now on; one line of JSON each, before the result of its clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Event {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub source: FailedSource,
    /// From when to when, in s from the first frame of the clip.
    pub at_s: f64,
    pub until_s: f64,
    pub shows: Shows,
    /// What is lit; none when it is dark or not seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub colors: Vec<Color>,
    /// Flashes counted, of a light that blinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flashes: Option<usize>,
    /// The rhythm in the notation of device files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The state of the device that this much alone shows, where one stands out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Probability, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// What the diagnosed light of `seen` did, event by event; nothing where no light was found. The first frame
/// comes at `from_s` in its clip.
pub fn events(
    seen: &Observation,
    diagnosis: &Diagnosis,
    devices: &[&Device],
    query: &Query,
    from_s: f64,
) -> Vec<Event> {
    let Some(train) = &diagnosis.train else {
        return Vec::new();
    };
    // The light whose train it is lends its looks and its place to each episode.
    let light = seen
        .lights
        .iter()
        .find(|l| diagnosis.place.is_some_and(|p| p.meets(&l.place)));
    split(train)
        .into_iter()
        .map(|episode| {
            let part = episode.cut(train);
            let pattern = match episode.shows {
                Shows::Blinking => Pattern::seen(&part).map(|p| p.to_string()),
                _ => None,
            };
            let named = light
                .filter(|_| matches!(episode.shows, Shows::Blinking | Shows::Steady))
                .map(|light| {
                    let mut light = light.clone();
                    light.train = part;
                    diagnose(&alone(seen, light), devices, query)
                })
                .filter(|d| d.verdict == Verdict::Diagnosed)
                .and_then(|d| d.candidates.into_iter().next());
            Event {
                schema: SCHEMA.to_owned(),
                source: FailedSource {
                    name: seen.name.clone(),
                },
                at_s: seconds(from_s + episode.start_s),
                until_s: seconds(from_s + episode.end_s),
                shows: episode.shows,
                colors: episode.light.colors().collect(),
                flashes: (episode.shows == Shows::Blinking).then_some(episode.flashes),
                pattern,
                model: named.as_ref().map(|c| c.model.clone()),
                state: named.as_ref().map(|c| c.state.clone()),
                confidence: named.as_ref().map(|c| round(c.confidence, 4)),
            }
        })
        .collect()
}

/// `seen` with nothing in it but `light`, for as long as its train is.
fn alone(seen: &Observation, light: Light) -> Observation {
    Observation {
        name: seen.name.clone(),
        width: seen.width,
        height: seen.height,
        frames: (light.train.duration_s * seen.fps).round() as u64,
        duration_s: light.train.duration_s,
        fps: seen.fps,
        lights: vec![light],
        warnings: Vec::new(),
        timings: Vec::new(),
    }
}

impl Event {
    /// The event in words, as a line of a log: `0:14:20.3  blinking red 12 times, red(0.1s on, 2.9s off)`.
    pub fn line(&self) -> String {
        let names: Vec<&str> = self.colors.iter().map(|c| c.name()).collect();
        let names = names.join(" and ");
        let mut text = match (self.shows, self.flashes) {
            (Shows::Dark, _) => "dark".to_owned(),
            (Shows::Unseen, _) => "not in view".to_owned(),
            (Shows::Steady, _) => format!("steady {names}"),
            (Shows::Blinking, Some(1)) => format!("one {names} flash"),
            (Shows::Blinking, n) => format!("blinking {names}, {} flashes", n.unwrap_or(0)),
        };
        if let Some(pattern) = &self.pattern {
            text += &format!(": {pattern}");
        }
        if let (Some(model), Some(state)) = (&self.model, &self.state) {
            text += &format!("  [{model}: {state}]");
        }
        format!("{}  {text}", clock(self.at_s))
    }
}

/// Seconds as `h:mm:ss.s`, which sorts and lines up over a night.
fn clock(s: f64) -> String {
    let tenths = (s.max(0.0) * 10.0).round() as u64;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    format!("{h}:{m:02}:{s:02}.{tenth}")
}
