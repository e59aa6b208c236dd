//! Renders clips of blinking lights through a model of a camera, to test the analysis against known truth.
//!
//! The model works in linear light: a scene (painted surfaces, the device's housing and LED, other lights, moving things) is
//! projected by a moving camera, exposed row by row (rolling shutter), spread by the optics, cut at the sensor's saturation,
//! made noisy, white-balanced, mapped by a colour matrix and a tone curve, and coded as YUV 4:2:0. It shares no code with the
//! analysis but the types of frames and colours.
//!
//! ```
//! use blinkdx::pulses::{Color, ColorSet};
//! use blinkdx::devices::Segment;
//! use blinkdx::simulate::{ClipSpec, SimulatedSource};
//! use blinkdx::source::{Frame, FrameSource};
//!
//! let spec = ClipSpec {
//!     schedule: vec![Segment { start_s: 0.2, end_s: 0.6, light: ColorSet::of(Color::Red) }],
//!     duration_s: 1.0,
//!     ..ClipSpec::new("mini", "setup-start")
//! };
//! let mut source = SimulatedSource::new(&spec)?;
//! let mut frame = Frame::default();
//! let mut frames = 0;
//! while source.read(&mut frame)? {
//!     frames += 1;
//! }
//! assert_eq!(frames, 30);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod camera;
mod effects;
mod grade;
mod motion;
pub mod output;
mod profile;
mod random;
mod render;
mod scene;
mod spectrum;
#[cfg(test)]
mod tests;
mod timeline;
mod truth;
mod waveform;

use std::fmt;

pub use effects::{Background, Body, Distractor, Effects, Layout};
pub use grade::{Conditions, GRADES, grade_name};
pub use render::SimulatedSource;
pub use truth::{TruePlace, TruePulse, Truth, Unseen};

use crate::devices::Segment;
use crate::pulses::Color;

/// What to film, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipSpec {
    /// For the label: device, state, grade, and what a right diagnosis may be.
    pub model: String,
    pub state: String,
    pub tier: String,
    pub verdict: String,
    pub also: Vec<String>,
    /// What the light does, in s from the clip's start; spans may begin before it and end after it. Empty is dark.
    pub schedule: Vec<Segment>,
    pub duration_s: f64,
    /// Picture size in px, frames per s.
    pub width: u32,
    pub height: u32,
    pub fps: f64,
    /// The same seed gives the same clip.
    pub seed: u64,
    pub effects: Effects,
}

impl ClipSpec {
    /// A dark light of `model` in `state`, 10 s at 640 x 480 px and 30 frames/s on a tripod.
    pub fn new(model: &str, state: &str) -> Self {
        Self {
            model: model.into(),
            state: state.into(),
            tier: "tripod".into(),
            verdict: "diagnosed".into(),
            also: Vec::new(),
            schedule: Vec::new(),
            duration_s: 10.0,
            width: 640,
            height: 480,
            fps: 30.0,
            seed: 0,
            effects: Effects::default(),
        }
    }

    /// When `color` is lit: start and end in s, in order, apart.
    pub fn spans(&self, color: Color) -> Vec<(f64, f64)> {
        let mut spans: Vec<(f64, f64)> = self
            .schedule
            .iter()
            .filter(|l| l.light.contains(color) && l.end_s > l.start_s)
            .map(|l| (l.start_s, l.end_s))
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut merged: Vec<(f64, f64)> = Vec::new();
        for (a, b) in spans {
            match merged.last_mut() {
                Some(last) if a <= last.1 => last.1 = last.1.max(b),
                _ => merged.push((a, b)),
            }
        }
        merged
    }

    fn check(&self) -> Result<(), SimulateError> {
        let clip = |what: String| Err(SimulateError::Clip(what));
        // The largest sensor of a phone is about 12000 px wide.
        if !(16..=16384).contains(&self.width) || !(16..=16384).contains(&self.height) {
            return clip(format!(
                "{}x{} px: sides must be 16 to 16384",
                self.width, self.height
            ));
        }
        if !(0.1..=1000.0).contains(&self.fps) {
            return clip(format!("{} frames/s: must be 0.1 to 1000", self.fps));
        }
        if !(self.duration_s > 0.0 && self.duration_s <= 1e6) {
            return clip(format!(
                "{} s: must be above 0 and below 10^6",
                self.duration_s
            ));
        }
        if self
            .schedule
            .iter()
            .any(|l| !(l.start_s.is_finite() && l.end_s.is_finite()))
        {
            return clip("a lit span has no finite time".into());
        }
        self.effects.check()
    }
}

/// Why a clip can't be rendered or written.
#[derive(Debug)]
pub enum SimulateError {
    /// An effect (as given) and what is wrong with it.
    Effect(String, String),
    /// Size, rate or duration.
    Clip(String),
    /// The file and why it can't be written.
    Output(String, String),
}

impl fmt::Display for SimulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Effect(effect, why) => write!(f, "effect {effect}: {why}"),
            Self::Clip(why) => write!(f, "clip: {why}"),
            Self::Output(file, why) => write!(f, "{file}: {why}"),
        }
    }
}

impl std::error::Error for SimulateError {}
