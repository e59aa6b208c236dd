//! Pulse trains: what a light did over time, and nothing of how it was seen.

mod color;
mod train;

pub use color::{Color, ColorSet};
pub use train::{Look, Pulse, Span, Train};
