//! The light of a candidate over time: linear, against its surround.

mod blob;
mod burnt;
mod change;
mod cover;
mod disc;
mod halo;
mod linear;
mod patch;
mod reader;
mod ring;
mod sample;
mod shine;

pub use burnt::burnt_out;
pub use change::Change;
pub use cover::covered;
pub use disc::disc;
pub use halo::shares;
pub use linear::Linearizer;
pub use patch::Patch;
pub use reader::brightness;
pub use ring::{Ring, ring};
pub use sample::{Sample, Signal, measure, stays};
pub use shine::{Backdrop, Shine};
