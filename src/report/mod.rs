//! What was found, written for programs and for people.

pub mod cameras;
pub mod catalog;
mod chroma;
pub mod csv;
pub mod json;
pub(crate) mod text;
pub mod timeline;
pub mod vcd;

pub use chroma::Chroma;
pub use text::{diagnosis, measurement};
