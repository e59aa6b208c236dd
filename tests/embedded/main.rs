//! The embedded decoders: exact against `ffmpeg`, where it is on the path, and on bad input.

mod bad_input;
mod damage;
mod exact;
mod fixtures;
mod reference;
