//! Clips made and decoded by the `ffmpeg` program, for comparison.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use blinkdx::source::{DecoderChoice, Frame, FrameSource, OpenOptions, SourceError, open};

/// Whether `ffmpeg` can be run; prints why the test is skipped if not.
pub fn have_ffmpeg(test: &str) -> bool {
    let found = Command::new("ffmpeg")
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        eprintln!("skipped: {test}: no ffmpeg on the path");
    }
    found
}

/// A file in the folder that cargo keeps for this test binary.
pub fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs `ffmpeg` with arguments separated by spaces; panics with its message if it fails.
pub fn ffmpeg(args: &str, output: &Path) {
    let result = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-v", "error", "-y"])
        .args(args.split_whitespace())
        .arg(output)
        .output()
        .expect("ffmpeg runs");
    assert!(
        result.status.success(),
        "ffmpeg {args}: {}",
        String::from_utf8_lossy(&result.stderr)
    );
}

/// A decoded picture: time in s and the samples of all planes, 8 bits each.
pub struct Picture {
    pub pts_s: f64,
    pub samples: Vec<u8>,
}

/// Decodes with `ffmpeg`, neither rotating nor repeating nor dropping pictures. `bits` is the
/// depth of the stream's samples, of which the upper 8 are returned.
pub fn decode_by_ffmpeg(clip: &Path, bits: u32) -> Vec<Picture> {
    let name = clip.file_name().expect("a file").to_string_lossy();
    let (raw, times) = (
        scratch(&format!("{name}.raw")),
        scratch(&format!("{name}.crc")),
    );
    let common = "-map 0:v:0 -fps_mode passthrough -enc_time_base 1:1000000 -c:v rawvideo";
    let result = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-v",
            "error",
            "-y",
            "-noautorotate",
            "-copyts",
            "-i",
        ])
        .arg(clip)
        .args(common.split(' '))
        .args(["-f", "rawvideo"])
        .arg(&raw)
        .args(common.split(' '))
        .args(["-f", "framecrc"])
        .arg(&times)
        .output()
        .expect("ffmpeg runs");
    assert!(raw.exists(), "{}", String::from_utf8_lossy(&result.stderr));
    let raw = std::fs::read(raw).expect("raw video");
    let listing = std::fs::read_to_string(&times).expect("frame times");
    for file in [scratch(&format!("{name}.raw")), times] {
        std::fs::remove_file(file).expect("a scratch file");
    }
    let mut offset = 0;
    listing
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            // stream, dts, pts, duration, size, checksum
            let fields: Vec<_> = line.split(',').map(str::trim).collect();
            let size: usize = fields[4].parse().expect("size");
            let coded = &raw[offset..offset + size];
            offset += size;
            Picture {
                pts_s: fields[2].parse::<f64>().expect("pts") / 1e6,
                samples: match bits {
                    8 => coded.to_vec(),
                    _ => coded
                        .chunks_exact(2)
                        .map(|b| (u16::from_le_bytes([b[0], b[1]]) >> (bits - 8)) as u8)
                        .collect(),
                },
            }
        })
        .collect()
}

/// Opens with the embedded decoders.
pub fn open_embedded(clip: &Path) -> Result<Box<dyn FrameSource>, SourceError> {
    let options = OpenOptions {
        decoder: DecoderChoice::Embedded,
        ..OpenOptions::default()
    };
    open(clip.to_str().expect("UTF-8 path"), &options)
}

/// Decodes to the end or the first error, which comes back beside the pictures before it.
pub fn read_all(source: &mut dyn FrameSource) -> (Vec<Picture>, Option<SourceError>) {
    let mut pictures = Vec::new();
    let mut frame = Frame::default();
    loop {
        match source.read(&mut frame) {
            Ok(true) => {
                let planes = [&frame.y, &frame.u, &frame.v];
                let rows = planes
                    .iter()
                    .flat_map(|plane| (0..plane.height).map(|y| plane.row(y)));
                pictures.push(Picture {
                    pts_s: frame.pts_s,
                    samples: rows.flatten().copied().collect(),
                });
            }
            Ok(false) => return (pictures, None),
            Err(error) => return (pictures, Some(error)),
        }
    }
}

/// Asserts that the embedded decoder gives the pictures and times of `ffmpeg`, each sample within
/// `tolerance` levels. Returns how many pictures there were.
pub fn assert_same(clip: &Path, bits: u32, tolerance: u8) -> usize {
    compare(clip, bits, tolerance, false)
}

/// As [`assert_same`] for luma alone.
pub fn assert_same_luma(clip: &Path, tolerance: u8) -> usize {
    compare(clip, 8, tolerance, true)
}

fn compare(clip: &Path, bits: u32, tolerance: u8, luma_only: bool) -> usize {
    let wanted = decode_by_ffmpeg(clip, bits);
    let mut source = open_embedded(clip).expect("opens");
    let luma = source.info().coded_width as usize * source.info().coded_height as usize;
    let (got, error) = read_all(source.as_mut());
    assert_eq!(error, None, "{}", clip.display());
    let times = |pictures: &[Picture]| -> Vec<i64> {
        // Whole microseconds, the clock of the reference.
        let us = pictures.iter().map(|p| (p.pts_s * 1e6).round() as i64);
        us.collect()
    };
    assert_eq!(times(&got), times(&wanted), "{}: times", clip.display());
    for (i, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
        let (got, wanted) = match luma_only {
            true => (&got.samples[..luma], &wanted.samples[..luma]),
            false => (&got.samples[..], &wanted.samples[..]),
        };
        assert_eq!(got.len(), wanted.len(), "{}: picture {i}", clip.display());
        let worst = got.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(
            worst <= Some(tolerance),
            "{}: picture {i} differs by {worst:?} levels",
            clip.display()
        );
    }
    assert!(!got.is_empty());
    got.len()
}
