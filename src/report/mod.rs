//! What was found, written for programs and for people.

pub mod json;
pub mod timeline;

mod text;

pub use text::{diagnosis, measurement};
