//! Bits flipped at random, with seeds that repeat.

use std::fs;

use blinkdx::source::SourceError;

use crate::fixtures::fixture;
use crate::reference::{open_embedded, read_all, scratch};

/// Damaged copies of each clip; enough to reach every parser, few enough to be quick.
const COPIES: u64 = 30;

/// Any outcome will do but a panic, which the thread that decodes ahead would report as a failed decoder.
fn survives(name: &str, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut clip = fs::read(fixture(name)).expect("a fixture");
    for _ in 0..random.usize(1..=20) {
        let at = random.usize(0..clip.len());
        clip[at] ^= 1 << random.u32(0..8);
    }
    let path = scratch(&format!("damaged_{name}"));
    fs::write(&path, clip).expect("a scratch file");
    let error = match open_embedded(&path) {
        Ok(mut source) => read_all(source.as_mut()).1,
        Err(error) => Some(error),
    };
    if let Some(SourceError::Invalid { cause, .. }) = error {
        assert!(
            !cause.contains("decoder failed"),
            "{name}, seed {seed}: {cause}"
        );
    }
}

#[test]
fn flipped_bits_are_survived() {
    let mut names = vec![
        "h264.mp4",
        "h264_fragmented.mp4",
        "h264_index_last.mov",
        "h264.mkv",
        "hevc.mp4",
        "vp9.webm",
        "mjpeg.avi",
    ];
    if cfg!(feature = "vp8") {
        names.push("vp8.webm");
    }
    // A panic within the AV1 decoder ends the program: it lies behind an interface of C, even in Rust.
    for name in names {
        for seed in 0..COPIES {
            survives(name, seed);
        }
    }
}
