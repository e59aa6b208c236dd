//! `cameras` and `watch` on a real `/dev/video0` of a real kernel, in a virtual machine (tests/camera-bench).
//!
//! The cases of each script run in one boot; each test here looks at what some of them printed.

#![cfg(all(target_os = "linux", feature = "camera"))]

mod bench;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod quirks;
mod terminal;
mod usual;
