//! The light of a candidate over time: linear, against its surround.

mod linear;
mod patch;
mod shine;

pub use linear::Linearizer;
pub use patch::{Patch, Sample, Signal, measure};
pub use shine::{Backdrop, Shine};
