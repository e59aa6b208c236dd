//! The light of a candidate over time: linear, against its surround.

mod burnt;
mod cover;
mod halo;
mod linear;
mod patch;
mod shine;

pub use burnt::burnt_out;
pub use cover::covered;
pub use halo::shares;
pub use linear::Linearizer;
pub use patch::{Patch, Sample, Signal, brightness, measure};
pub use shine::{Backdrop, Change, Shine};
