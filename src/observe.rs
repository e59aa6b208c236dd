//! The eyes: from frames to lights with their pulse trains, without any device.

use serde::{Deserialize, Serialize};

pub use crate::pulses::Estimate;
use crate::pulses::{Color, Train};
use crate::source::{FrameSource, SourceError};

/// A box in px of the picture as shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// How a light behaves over the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Repeats with a rhythm.
    Blinking,
    /// Changes, no rhythm.
    Switching,
    Steady,
    /// Beats with the frame rate (PWM or mains), not a blink of its own.
    Flicker,
    ColorChanging,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Blinking => "blinking",
            Self::Switching => "switching",
            Self::Steady => "steady",
            Self::Flicker => "flicker",
            Self::ColorChanging => "color-changing",
        }
    }
}

/// One light that was found and measured.
#[derive(Debug, Clone)]
pub struct Light {
    /// Its box in the first frame where it is lit.
    pub place: Rect,
    pub kind: Kind,
    pub color: Color,
    pub train: Train,
    /// Probability, from looks alone, that this emits light of its own as a status LED does
    /// (compact, brighter than its surround, coloured halo), rather than being a reflection,
    /// a screen, a red object or a person passing.
    pub emission: f64,
    /// Mean linear light of the lit state above its surround: R, G, B, 0..1 each.
    pub rgb: [f64; 3],
    /// Radius in px of the lit lens.
    pub radius_px: f64,
}

/// What was seen in a clip.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Name and size as shown (px), frames decoded, duration in s, mean frames per s.
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub frames: u64,
    pub duration_s: f64,
    pub fps: f64,
    /// Surest first.
    pub lights: Vec<Light>,
    /// What the user should know of how the reading went, one line each.
    pub warnings: Vec<String>,
    /// CPU time of the stages, for `-v`: (stage, s).
    pub timings: Vec<(&'static str, f64)>,
}

/// How to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct ObserveOptions {
    /// Only here, in px of the picture as shown.
    pub region: Option<Rect>,
}

/// Reads all of `source` and measures the lights in it.
///
/// An error after the first frame ends the reading and becomes a warning.
///
/// # Errors
/// When not even one frame could be read.
pub fn observe(
    source: &mut dyn FrameSource,
    options: &ObserveOptions,
    progress: &mut dyn FnMut(f64),
) -> Result<Observation, SourceError> {
    let _ = (source, options, progress);
    unimplemented!("eyes")
}
