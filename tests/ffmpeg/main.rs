//! The `ffmpeg` route on real files. Without the program every test says that it skipped.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod formats;
#[cfg(feature = "ffmpeg-linked")]
mod linked;
mod streams;
mod tools;
