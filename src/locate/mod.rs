//! Finding the places that may be lights, in coordinates that stay with the scene.

mod around;
mod blank;
pub mod candidates;
mod hills;
mod integral;
pub mod maps;
pub mod motion;
pub mod packed;
mod relief;
pub mod scene;
mod shining;
mod shots;
mod swing;

pub use crate::source::cells;
