//! The clips of `fixtures/codecs` against what `ffmpeg` decoded from them when they were made.

use std::path::{Path, PathBuf};

use blinkdx::source::SourceError;

use crate::reference::{open_embedded, read_all};

/// A clip of `fixtures/codecs`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/codecs")
        .join(name)
}

/// The checksum of RFC 1950, as the listings have it.
fn adler32(data: &[u8]) -> u32 {
    // FFmpeg starts both sums at 0, where the RFC starts the first at 1.
    let (a, b) = data.iter().fold((0_u32, 0_u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (a + b) % 65521)
    });
    b << 16 | a
}

/// Times in µs and checksums of a listing.
fn listing(name: &str) -> Vec<(i64, u32)> {
    let text = std::fs::read_to_string(fixture(&format!("{name}.framecrc"))).expect("a listing");
    let frames = text.lines().filter(|line| !line.starts_with('#'));
    frames
        .map(|line| {
            let fields: Vec<_> = line.split(',').map(str::trim).collect();
            let checksum = fields[5].trim_start_matches("0x");
            (
                fields[2].parse().expect("a time"),
                u32::from_str_radix(checksum, 16).expect("a checksum"),
            )
        })
        .collect()
}

fn decoded(name: &str) -> Vec<(i64, u32)> {
    let mut source = open_embedded(&fixture(name)).expect("opens");
    let (pictures, error) = read_all(source.as_mut());
    assert_eq!(error, None, "{name}");
    pictures
        .iter()
        .map(|p| ((p.pts_s * 1e6).round() as i64, adler32(&p.samples)))
        .collect()
}

#[test]
fn the_exact_codecs() {
    let mut names = vec![
        "h264.mp4",
        "h264_index_last.mov",
        "h264_fragmented.mp4",
        "h264_trimmed.mp4",
        "h264_turned.mp4",
        "h264.mkv",
        "hevc.mp4",
        "vp9.webm",
    ];
    if cfg!(feature = "vp8") {
        names.push("vp8.webm");
    }
    if cfg!(feature = "av1") {
        names.push("av1.mp4");
    }
    for name in names {
        assert_eq!(decoded(name), listing(name), "{name}");
    }
}

#[test]
fn jpeg_in_avi() {
    let times = |frames: Vec<(i64, u32)>| -> Vec<i64> { frames.iter().map(|f| f.0).collect() };
    assert_eq!(times(decoded("mjpeg.avi")), times(listing("mjpeg.avi")));
}

#[test]
fn what_a_source_says_of_itself() {
    let source = open_embedded(&fixture("h264_turned.mp4")).expect("opens");
    let info = source.info();
    assert_eq!((info.coded_width, info.coded_height), (64, 48));
    assert_eq!(info.shown_size(), (48, 64));
    assert_eq!(info.format, "MP4, H.264");
    assert_eq!(info.duration_s, Some(0.4));
}

/// A codec that is left out of the build names the command that brings it in.
#[test]
fn codecs_left_out_of_this_build() {
    for (name, feature, built) in [
        ("vp8.webm", "vp8", cfg!(feature = "vp8")),
        ("av1.mp4", "av1", cfg!(feature = "av1")),
    ] {
        match open_embedded(&fixture(name)).map(|_| ()) {
            Ok(()) => assert!(built, "{name}"),
            Err(SourceError::Unsupported { help, .. }) => {
                assert!(!built, "{name}");
                let command = format!("cargo install --path . --features {feature}");
                assert!(help.contains(&command), "{help}");
                assert!(help.contains("ffmpeg"), "{help}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}
