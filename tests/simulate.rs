//! Simulated clips written to files and read back by the program's own readers.

mod common;

use std::path::PathBuf;

use blinkdx::devices::Segment;
use blinkdx::pulses::{Color, ColorSet};
use blinkdx::simulate::output::{Encoding, write};
use blinkdx::simulate::{ClipSpec, SimulatedSource};
use blinkdx::source::{Frame, FrameSource, OpenOptions, SourceError, open};
use common::{Folder, blinkdx};

fn spec() -> ClipSpec {
    let mut spec = ClipSpec {
        schedule: vec![Segment {
            start_s: 0.3,
            end_s: 0.7,
            light: ColorSet::of(Color::Red),
        }],
        duration_s: 1.0,
        width: 96,
        height: 64,
        ..ClipSpec::new("lamp", "flash")
    };
    spec.effects.led_radius = 8.0;
    spec.effects.place = Some([48.0, 32.0]);
    spec
}

fn all(source: &mut dyn FrameSource) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while source.read(&mut frame).unwrap() {
        frames.push(frame.clone());
    }
    frames
}

/// Mean difference of luma in code values, both in the range of `b`.
fn difference(a: &Frame, b: &Frame) -> f64 {
    let full = |f: &Frame, v: u8| {
        if f.color.full_range {
            f64::from(v)
        } else {
            (f64::from(v) - 16.0) * 255.0 / 219.0
        }
    };
    let sum: f64 =
        a.y.data
            .iter()
            .zip(&b.y.data)
            .map(|(&x, &y)| (full(a, x) - full(b, y)).abs())
            .sum();
    sum / (a.y.width * a.y.height) as f64
}

#[test]
fn formats_without_ffmpeg_read_back_the_same() {
    let folder = Folder::new("simulate-formats");
    let spec = spec();
    let want = all(&mut SimulatedSource::new(&spec).unwrap());
    // GIF has 256 colours, JPEG loses a little, PNG and Y4M only rounding.
    for (name, loss) in [
        ("c.y4m", 0.01),
        ("c.avi", 2.0),
        ("c.gif", 4.0),
        ("frames", 1.0),
    ] {
        let path = PathBuf::from(folder.path(name));
        let truth = write(&spec, &path, &Encoding::default(), &mut |_| {}).unwrap();
        assert_eq!((truth.frames, truth.file.as_str()), (30, name));
        let options = OpenOptions {
            fps: Some(30.0),
            ..OpenOptions::default()
        };
        let mut source = match open(path.to_str().unwrap(), &options) {
            Err(SourceError::Unsupported { help, .. }) => {
                println!("skipped: reading {name} back: {help}");
                continue;
            }
            opened => opened.unwrap(),
        };
        let got = all(&mut *source);
        assert_eq!(got.len(), want.len(), "{name}");
        for (a, b) in got.iter().zip(&want) {
            assert!(
                (a.pts_s - got[0].pts_s - b.pts_s).abs() < 0.006,
                "{name}: {}",
                a.pts_s
            );
            let off = difference(a, b);
            assert!(off < loss, "{name} at {}: {off}", b.pts_s);
        }
    }
}

#[test]
fn mp4_keeps_the_times_of_a_variable_rate() {
    if std::process::Command::new("ffmpeg")
        .arg("-version")
        .output()
        .is_err()
    {
        println!("skipped: MP4 by ffmpeg: the ffmpeg program is not installed");
        return;
    }
    let folder = Folder::new("simulate-mp4");
    let mut spec = spec();
    spec.effects.vfr = 0.5;
    spec.effects.drop = 0.1;
    let want = all(&mut SimulatedSource::new(&spec).unwrap());
    let path = PathBuf::from(folder.path("-c.mp4"));
    write(&spec, &path, &Encoding::default(), &mut |_| {}).unwrap();
    let mut source = open(path.to_str().unwrap(), &OpenOptions::default()).unwrap();
    let got = all(&mut *source);
    assert_eq!(got.len(), want.len());
    for (a, b) in got.iter().zip(&want) {
        assert!(
            (a.pts_s - got[0].pts_s - b.pts_s).abs() < 1e-3,
            "{} {}",
            a.pts_s,
            b.pts_s
        );
        assert!(difference(a, b) < 5.0);
    }
}

#[test]
fn lost_frames_are_repeated_where_the_rate_is_constant() {
    let folder = Folder::new("simulate-cfr");
    let mut spec = spec();
    spec.effects.drop = 0.3;
    spec.duration_s = 2.0;
    let path = PathBuf::from(folder.path("c.avi"));
    let truth = write(&spec, &path, &Encoding::default(), &mut |_| {}).unwrap();
    assert!((58..=60).contains(&truth.frames), "{}", truth.frames);
}

#[test]
fn the_command_writes_clip_and_label() {
    let folder = Folder::new("simulate-command");
    let clip = &folder.path("clip.y4m");
    let done = blinkdx(&[
        "simulate",
        "mini",
        "offline",
        "-o",
        clip,
        "--size",
        "96x64",
        "--duration",
        "0.5",
        "--set",
        "shake=2",
        "--seed",
        "7",
    ]);
    assert_eq!(done.status, 0, "{done:?}");
    let label = std::fs::read_to_string(format!("{clip}.json")).unwrap();
    let label: serde_json::Value = serde_json::from_str(&label).unwrap();
    assert_eq!(label["state"], "offline");
    assert_eq!(label["verdict"], "diagnosed");
    assert_eq!(label["pulses"][0]["color"], "red");
    assert_eq!(label["effects"]["shake"], 2.0);
    assert_eq!(
        (&label["width"], &label["frames"]),
        (&96.into(), &15.into())
    );
}

#[test]
fn any_pattern_can_be_filmed() {
    let folder = Folder::new("simulate-pattern");
    let clip = &folder.path("clip.y4m");
    let pattern = "amber(0.3s on, 0.4s off) x3, off 1s";
    let args = ["simulate", "mini", pattern, "-o", clip, "--size", "64x48"];
    let done = blinkdx(&[&args[..], &["--duration", "8", "--format", "json"]].concat());
    assert_eq!(done.status, 0, "{done:?}");
    let label = done.json();
    assert_eq!(label["verdict"], "unknown-pattern");
    let pulses = label["pulses"].as_array().unwrap();
    assert!(pulses.len() >= 6);
    for p in &pulses[1..pulses.len() - 1] {
        let long = p["end_s"].as_f64().unwrap() - p["start_s"].as_f64().unwrap();
        assert_eq!(p["color"], "amber");
        // Timers of the simulated device keep to some per cent.
        assert!((long - 0.3).abs() < 0.03, "{long}");
    }
}

#[test]
fn mistakes_are_told_in_one_line() {
    let folder = Folder::new("simulate-mistakes");
    let out = &folder.path("no/such/folder/clip.y4m");
    let args = |state, set| {
        [
            "simulate",
            "mini",
            state,
            "-o",
            out,
            "--duration",
            "0.1",
            "--set",
            set,
        ]
    };
    blinkdx(&args("ofline", "shake=1")).error(2, "offline");
    blinkdx(&args("red(0.3s on", "shake=1")).error(2, "column");
    blinkdx(&args("offline", "shaek=1")).error(2, "no such effect");
    blinkdx(&args("offline", "shake=1")).error(2, "clip.y4m");
}
