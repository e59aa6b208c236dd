//! `cameras` and `watch` on a real `/dev/video0` of a real kernel, in a virtual machine (tests/camera-bench).
//!
//! All cases run in one boot; each test here looks at what some of them printed.

#![cfg(all(target_os = "linux", feature = "camera"))]

mod common;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use blinkdx::devices::Library;
use blinkdx::simulate::{ClipSpec, Conditions, SimulatedSource};
use blinkdx::source::{Frame, FrameSource};
use common::{Folder, Run};
use serde_json::Value;

/// Names the folder that tests/camera-bench/setup.sh has made.
const BENCH: &str = "BLINKDX_CAMERA_BENCH";
const SIZE: (u32, u32) = (320, 240);
const FPS: f64 = 15.0;

/// What the cases printed, and when the light was on in the clip that the camera plays.
struct Bench {
    runs: HashMap<String, Run>,
    pulses: Vec<(f64, f64)>,
}

impl Bench {
    fn run(&self, case: &str) -> &Run {
        self.runs
            .get(case)
            .unwrap_or_else(|| panic!("no case {case}"))
    }

    /// The lines of JSON of a watch: its events, and the result at the end.
    fn watched(&self, case: &str) -> (Vec<Value>, Value) {
        let run = self.run(case);
        let mut lines: Vec<Value> = run
            .stdout
            .lines()
            .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {run:?}")))
            .collect();
        let result = lines.pop().unwrap_or_else(|| panic!("nothing: {run:?}"));
        assert_eq!(result["schema"], "blinkdx/1", "{run:?}");
        assert!(
            lines.iter().all(|l| l["schema"] == "blinkdx-watch/1"),
            "{run:?}"
        );
        (lines, result)
    }

    /// Whether a watch told of `kind` of trouble.
    fn told(&self, case: &str, kind: &str) -> bool {
        let (events, _) = self.watched(case);
        events
            .iter()
            .any(|e| e["event"] == "trouble" && e["kind"] == kind)
    }
}

/// Runs the cases once; `None`, with the reason printed, where the bench is not there.
fn bench() -> Option<&'static Bench> {
    static RAN: OnceLock<Option<Bench>> = OnceLock::new();
    let ran = RAN.get_or_init(|| std::env::var(BENCH).ok().map(|folder| boot(&folder)));
    if ran.is_none() {
        println!(
            "skipped: {BENCH} is not set; tests/camera-bench/README.md says how a camera is simulated"
        );
    }
    ran.as_ref()
}

fn boot(bench: &str) -> Bench {
    let folder = Folder::new("camera");
    let (blink, pulses) = blinking_clip();
    let one = &blink[..blink.len() / (24 * FPS as usize)];
    let clips = [
        folder.write("blink.yuyv", &blink),
        folder.write("still.yuyv", one),
        folder.write("black.yuyv", [16, 128].repeat(one.len() / 2)),
        folder.write(
            "damaged.mjpeg",
            [&b"\xff\xd8\xff\xdb\0\x03\x09no picture\xff\xd9"[..]].concat(),
        ),
    ];
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/camera-bench");
    // Without its debug information the program fits the guest's memory.
    let program = folder.path("blinkdx");
    let stripped = Command::new("strip")
        .args(["-o", &program, env!("CARGO_BIN_EXE_blinkdx")])
        .status();
    assert!(stripped.is_ok_and(|s| s.success()), "binutils is needed");
    let output = Command::new(scripts.join("run.sh"))
        .args([bench, &program])
        .arg(scripts.join("cases.sh"))
        .args(clips)
        .output()
        .expect("bash is there");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "the guest failed: {text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let runs = text.split("=== ").skip(1).map(case).collect();
    Bench { runs, pulses }
}

/// One case as cases.sh prints it.
fn case(text: &str) -> (String, Run) {
    let (name, rest) = text.split_once('\n').expect("a name");
    let (stdout, rest) = rest.split_once("--- stderr\n").expect("standard error");
    let (stderr, rest) = rest.rsplit_once("--- status ").expect("a status");
    let run = Run {
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
        status: rest.trim().parse().expect("a number"),
    };
    (name.to_owned(), run)
}

/// 24 s of a doorbell in pairing mode as packed 4:2:2, and when its light is on, in s.
fn blinking_clip() -> (Vec<u8>, Vec<(f64, f64)>) {
    let device = Library::built_in().get("video-doorbell").unwrap();
    let spec = ClipSpec::draw(
        device,
        device.state("pairing"),
        &Conditions {
            difficulty: 0.0,
            seed: 0,
            size: Some(SIZE),
            fps: Some(FPS),
            duration_s: Some(24.0),
        },
    );
    let mut source = SimulatedSource::new(&spec).unwrap();
    let (mut frame, mut out) = (Frame::default(), Vec::new());
    while source.read(&mut frame).unwrap() {
        let shift = usize::from(frame.chroma_shift.1);
        for y in 0..frame.y.height {
            let (u, v) = (frame.u.row(y >> shift), frame.v.row(y >> shift));
            for (x, pair) in frame.y.row(y).chunks_exact(2).enumerate() {
                out.extend([pair[0], u[x], pair[1], v[x]]);
            }
        }
    }
    let pulses = source.truth().pulses.iter().map(|p| (p.start_s, p.end_s));
    (out, pulses.collect())
}

/// Lit spans of a result, all colours as one, without those that the watch cuts.
fn lit(result: &Value) -> Vec<(f64, f64)> {
    let end_s = result["source"]["duration_s"].as_f64().unwrap();
    let mut spans: Vec<(f64, f64)> = result["pulses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["start_s"].as_f64().unwrap(), p["end_s"].as_f64().unwrap()))
        .filter(|(from, to)| *from > 0.0 && *to < end_s - 1e-3)
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 + 1e-9 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}

#[test]
fn cameras_are_listed_without_their_metadata_nodes() {
    let Some(bench) = bench() else { return };
    let run = bench.run("listed");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout
            .starts_with("0  Simulated UVC camera  /dev/video0\n"),
        "{run:?}"
    );
    assert!(run.stdout.contains("YUYV  320x240 (15, 7.50)"), "{run:?}");
    assert!(!run.stdout.contains("/dev/video1"), "{run:?}");
    let json = bench.run("listed_json").json();
    assert_eq!(json["cameras"][0]["chosen"]["fps"], 15.0);
    bench.run("none_listed").error(4, "none was found");
    bench.run("none_watched");
    assert_eq!(bench.run("none_watched").status, 4);
}

#[test]
fn the_state_is_told_and_pulses_are_within_two_frames_even_if_the_clock_jumps() {
    let Some(bench) = bench() else { return };
    let (events, result) = bench.watched("watched");
    assert_eq!(bench.run("watched").status, 0);
    assert_eq!(
        (&result["verdict"], &result["state"]),
        (&"diagnosed".into(), &"pairing".into()),
        "{result}"
    );
    // A first verdict came while the camera ran, not only at the end.
    let verdict = events
        .iter()
        .find(|e| e["event"] == "verdict" && e["state"] == "pairing");
    assert!(verdict.is_some(), "{events:?}");
    assert!(events.iter().any(|e| e["event"] == "light"), "{events:?}");
    let seen = lit(&result);
    assert!(seen.len() >= 5, "{result}");
    // The watch began somewhere in the clip: find where by the first edge.
    let error = |shift: f64| {
        let off = |&(from, to): &(f64, f64)| {
            let near = bench
                .pulses
                .iter()
                .map(|(a, b)| (a - shift - from).abs().max((b - shift - to).abs()));
            near.fold(f64::INFINITY, f64::min)
        };
        seen.iter().map(off).fold(0.0, f64::max)
    };
    let shifts = bench.pulses.iter().map(|p| p.0 - seen[0].0);
    let worst_s = shifts.map(error).fold(f64::INFINITY, f64::min);
    assert!(
        worst_s <= 2.0 / FPS,
        "{worst_s} s off: {seen:?}, {:?}",
        bench.pulses
    );
}

#[test]
fn a_recording_gives_the_same_result_again() {
    let Some(bench) = bench() else { return };
    let (_, live) = bench.watched("watched");
    let again = bench.run("again").json();
    for field in [
        "verdict",
        "model",
        "state",
        "confidence",
        "pulses",
        "light",
        "alternatives",
    ] {
        assert_eq!(live[field], again[field], "{field}");
    }
    assert_eq!(live["source"]["frames"], again["source"]["frames"]);
}

#[test]
fn exposure_and_white_balance_are_held_and_given_back() {
    let Some(bench) = bench() else { return };
    let (held, after) = (&bench.run("locked").stdout, &bench.run("unlocked").stdout);
    assert!(held.contains("white_balance_automatic: 0"), "{held}");
    assert!(held.contains("auto_exposure: 1"), "{held}");
    assert!(after.contains("white_balance_automatic: 1"), "{after}");
    assert!(after.contains("auto_exposure: 3"), "{after}");
    let time = |text: &str| {
        text.lines()
            .find(|l| l.starts_with("exposure_time"))
            .map(str::to_owned)
    };
    assert_eq!(time(held), time(after));
}

#[test]
fn without_a_time_it_ends_when_sure() {
    let Some(bench) = bench() else { return };
    let run = bench.run("until_sure");
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.contains("video-doorbell: pairing\n"), "{run:?}");
    assert!(
        run.stderr.contains("exposure and white balance held still"),
        "{run:?}"
    );
}

#[test]
fn a_check_looks_through_a_camera_as_long_as_it_says() {
    let Some(bench) = bench() else { return };
    let run = bench.run("checked");
    let report = run.json();
    assert_eq!(run.status, 1, "{run:?}");
    let entries = report["entries"].as_array().unwrap();
    let statuses: Vec<&Value> = entries.iter().map(|e| &e["status"]).collect();
    assert_eq!(statuses, ["passed", "failed"], "{report}");
    let seen_s = entries[0]["result"]["source"]["duration_s"].as_f64();
    assert!(seen_s.is_some_and(|s| (9.5..11.0).contains(&s)), "{report}");
}

#[test]
fn a_rate_that_nokhwa_has_no_word_for_is_watched_all_the_same() {
    let Some(bench) = bench() else { return };
    let (_, result) = bench.watched("odd_rate");
    assert!(bench.run("odd_rate").stderr.contains("v4l"));
    let fps = result["source"]["fps"].as_f64().unwrap();
    assert!((6.0..9.0).contains(&fps), "{fps}");
}

#[test]
fn a_camera_that_cannot_be_had_is_status_4_with_what_to_do() {
    let Some(bench) = bench() else { return };
    bench.run("refused").error(4, "320x240 at 15 frames/s");
    bench.run("forbidden").error(4, "usermod -aG video");
    bench.run("busy").error(4, "another program is using it");
}

#[test]
fn unplugged_or_stalled_what_was_seen_is_diagnosed() {
    let Some(bench) = bench() else { return };
    for (case, kind, words) in [
        ("unplugged", "gone", "unplugged"),
        ("stalled", "stalled", "no pictures for 8 s"),
    ] {
        let (_, result) = bench.watched(case);
        bench.run(case).error(4, words);
        assert!(bench.told(case, kind), "{case}");
        assert_eq!(result["state"], "pairing", "{case}: {result}");
    }
}

#[test]
fn a_picture_that_tells_nothing_is_told_of() {
    let Some(bench) = bench() else { return };
    for case in ["slow", "frozen", "black"] {
        assert!(bench.told(case, case), "{case}");
        assert_eq!(bench.run(case).status, 0, "{case}");
    }
    let (_, frozen) = bench.watched("frozen");
    assert_eq!(frozen["verdict"], "insufficient", "{frozen}");
    let damaged = bench.run("damaged");
    assert_eq!(damaged.status, 4, "{damaged:?}");
    assert!(damaged.stderr.contains("cannot be decoded"), "{damaged:?}");
}
