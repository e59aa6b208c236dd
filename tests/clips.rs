//! The clips of `fixtures/clips` through the real decoders and the program.

mod common;

use common::{Folder, blinkdx, command, run};

const CLIPS: &str = "fixtures/clips";
/// Clips of devices that only files describe, and those files.
const OTHERS: &str = "fixtures/devices";
const DEVICES: &str = "examples/devices";
const KNOWN_WRONG: &str = "fixtures/known-wrong";

/// Runs `check` on all clips of a folder and shows its report where something differs.
#[track_caller]
fn check_all(folder: &str, decoder: &str) {
    let run = blinkdx(&["check", folder, "--devices", DEVICES, "--decoder", decoder]);
    assert_eq!(run.status, 0, "\n{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.ends_with(" passed, 0 failed\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn every_clip_shows_what_it_must_through_the_embedded_decoders() {
    check_all(CLIPS, "embedded");
}

#[test]
fn devices_that_only_files_describe_are_diagnosed_as_well() {
    check_all(OTHERS, "embedded");
}

#[test]
#[ignore = "these clips are read wrongly: see fixtures/known-wrong/README.md"]
fn every_clip_known_to_be_wrong_is_right() {
    check_all(KNOWN_WRONG, "embedded");
}

#[test]
fn every_clip_shows_what_it_must_through_ffmpeg() {
    if blinkdx::source::ffmpeg::find_program().is_none() {
        println!("skipped: no ffmpeg on the path");
        return;
    }
    check_all(CLIPS, "ffmpeg");
}

#[test]
fn a_diagnosis_is_printed_with_its_steps() {
    let run = blinkdx(&[
        "analyze",
        "fixtures/clips/mini-offline.gif",
        "--model",
        "mini",
    ]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "fixtures/clips/mini-offline.gif");
    assert_eq!(lines[1], "mini: offline");
    assert!(lines[3].starts_with("  1. "), "{}", run.stdout);
    assert!(run.stdout.contains("How sure: "), "{}", run.stdout);
    assert!(run.stdout.contains("Seen: red"), "{}", run.stdout);
    assert!(!run.stdout.contains('\x1b'), "colours in a pipe: {run:?}");
}

#[test]
fn colours_are_printed_when_asked_for_and_not_where_they_are_unwanted() {
    let models = |variables: &[(&str, &str)]| {
        run(command().arg("models").envs(variables.iter().copied())).stdout
    };
    assert!(models(&[("CLICOLOR_FORCE", "1")]).contains('\x1b'));
    assert!(!models(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\x1b'));
}

#[test]
fn several_sources_have_each_its_result_or_its_error() {
    let run = blinkdx(&[
        "analyze",
        "fixtures/clips/mini-offline.gif",
        "no-such-clip.mp4",
        "fixtures/clips/mini-setup-ready",
        "--fps",
        "10",
        "--model",
        "mini",
        "--format",
        "json",
    ]);
    run.error(3, "no-such-clip.mp4");
    let lines: Vec<serde_json::Value> = run
        .stdout
        .lines()
        .map(|l| serde_json::from_str(l).expect("one object a line"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["state"], "offline");
    assert_eq!(lines[1]["source"]["name"], "no-such-clip.mp4");
    assert!(
        lines[1]["error"]
            .as_str()
            .is_some_and(|e| e.contains("no such file"))
    );
    assert_eq!(lines[2]["state"], "setup-ready");
}

#[test]
fn a_misspelt_model_or_context_is_named_with_the_nearest() {
    let clip = "fixtures/clips/mini-offline.gif";
    let line = blinkdx(&["analyze", clip, "--model", "mimi-2"]);
    assert!(line.error(2, "mimi-2").contains("did you mean mini-2?"));
    let line = blinkdx(&["analyze", clip, "--model", "toaster"]);
    assert!(line.error(2, "toaster").contains("`blinkdx models`"));
    let line = blinkdx(&["analyze", clip, "--context", "just-powerd"]);
    assert!(line.error(2, "just-powerd").contains("just-powered"));
    let line = blinkdx(&["models", "mimi"]);
    line.error(2, "mini");
}

#[test]
fn a_pattern_stands_in_for_a_device() {
    let analyze = |pattern: &str| {
        blinkdx(&[
            "analyze",
            "fixtures/clips/xt-offline.mov",
            "--pattern",
            pattern,
            "--format",
            "json",
        ])
    };
    let shown = analyze("red(0.05-0.4s on, every 2.5-3.5s)").json();
    assert_eq!(
        (&shown["verdict"], &shown["state"]),
        (&"diagnosed".into(), &"shown".into())
    );
    let other = analyze("blue(0.5s on, 0.5s off)").json();
    assert_ne!(other["verdict"], "diagnosed", "{other}");
    let bad = analyze("red(0.2s on, 0.2x off)");
    bad.error(2, "column 17");
}

#[test]
fn a_region_restricts_and_must_lie_in_the_picture() {
    let analyze = |region: &str| {
        let clip = "fixtures/clips/xt-offline.mov";
        blinkdx(&[
            "analyze", clip, "--model", "xt", "--region", region, "--format", "json",
        ])
    };
    analyze("400,10,20,20").error(2, "320x240");
    let elsewhere = analyze("0,0,20,20").json();
    assert_ne!(elsewhere["verdict"], "diagnosed", "{elsewhere}");
    let light = &analyze("0,0,320,240").json()["light"];
    let near = |k: &str| light[k].as_f64().unwrap() as i64 - 10;
    let there = analyze(&format!("{},{},30,30", near("x"), near("y"))).json();
    assert_eq!(there["state"], "offline", "{there}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    use std::process::Stdio;
    let mut child = command()
        .arg("models")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_device_file_is_refused_with_file_and_line() {
    let folder = Folder::new("devices");
    folder.write(
        "mine.json",
        "{\n  \"schema\": \"blinkdx-devices/1\",\n  \"famly\": 1\n}\n",
    );
    let run = blinkdx(&["models", "--devices", &folder.path("")]);
    run.error(3, "mine.json:3: ");
    let run = blinkdx(&["models", "--devices", "no-such-folder"]);
    run.error(3, "no-such-folder");
}

#[test]
fn measurements_are_written_in_every_format() {
    let measure = |format: &str| {
        let run = blinkdx(&[
            "measure",
            "fixtures/clips/xt-offline.mov",
            "--format",
            format,
        ]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
        run
    };
    let json = measure("json").json();
    assert_eq!(json["schema"], "blinkdx-measure/1");
    let light = &json["lights"][0];
    assert_eq!(
        (&light["color"], &light["kind"]),
        (&"red".into(), &"blinking".into())
    );
    let period_s = light["period_s"].as_f64().unwrap();
    assert!((2.4..3.6).contains(&period_s), "{light}");
    let spans = light["spans"].as_array().unwrap();
    assert_eq!(spans[0]["start_s"], 0.0);
    assert_eq!(spans.last().unwrap()["end_s"], json["source"]["duration_s"]);
    for pair in spans.windows(2) {
        assert_eq!(pair[0]["end_s"], pair[1]["start_s"]);
    }

    let text = measure("text").stdout;
    assert!(text.contains("1. red blinking at "), "{text}");
    let csv = measure("csv").stdout;
    assert!(csv.lines().count() > spans.len(), "{csv}");

    let vcd = measure("vcd").stdout;
    let folder = Folder::new("vcd");
    let file = folder.write("lights.vcd", &vcd);
    let sigrok = std::process::Command::new("sigrok-cli")
        .args(["-I", "vcd", "-i", &file, "-O", "csv:time=true"])
        .output();
    let Ok(sigrok) = sigrok else {
        println!("skipped: no sigrok-cli on the path");
        return;
    };
    assert!(sigrok.status.success(), "{sigrok:?}");
    let samples = String::from_utf8_lossy(&sigrok.stdout);
    // Sampled every 0.1 ms: as long as the clip, and lit as long as the spans say.
    let lines: Vec<&str> = samples
        .lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    let duration_s = json["source"]["duration_s"].as_f64().unwrap();
    assert!(
        (lines.len() as f64 - duration_s * 1e4).abs() <= 1.0,
        "{}",
        lines.len()
    );
    let lit = lines
        .iter()
        .filter(|l| l.split(',').nth(1) == Some("1"))
        .count();
    let lit_s: f64 = spans
        .iter()
        .filter(|s| s["state"] == "on")
        .map(|s| s["end_s"].as_f64().unwrap() - s["start_s"].as_f64().unwrap())
        .sum();
    assert!(
        (lit as f64 / 1e4 - lit_s).abs() < 1e-3,
        "{lit} samples, {lit_s} s"
    );
}
