//! The embedded decoders: exact against `ffmpeg` where it is on the path, and bad input.

mod exact;
mod reference;
