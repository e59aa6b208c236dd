//! The embedded decoders: exact against `ffmpeg`, where it is on the path, and on bad input.

mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod damage;
mod exact;
mod fixtures;
mod reference;
