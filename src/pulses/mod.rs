//! Pulse trains: what a light did over time, and nothing of how it was seen.

pub mod beat;
mod color;
pub mod edges;
pub mod extract;
mod hue;
mod joined;
mod levels;
mod rhythm;
pub mod segment;
mod train;

pub use color::{Color, ColorSet};
pub use rhythm::{Lengths, Period, Rhythm, merged};
pub use train::{Look, Pulse, Span, Train};

/// A value with its standard error, in the unit its field names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub sd: f64,
}
