//! A camera that works.

use serde_json::Value;

use crate::bench::{FPS, lit, usual};

#[test]
fn cameras_are_listed_without_their_metadata_nodes() {
    let Some(bench) = usual() else { return };
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
    let none = bench.run("none_watched");
    assert_eq!(none.status, 4);
    assert!(none.stderr.contains("there is no camera"), "{none:?}");
}

#[test]
fn the_state_is_told_and_pulses_are_within_two_frames_even_if_the_clock_jumps() {
    let Some(bench) = usual() else { return };
    let (events, result) = bench.watched("watched");
    assert_eq!(bench.run("watched").status, 0);
    assert_eq!(
        (&result["verdict"], &result["state"]),
        (&"diagnosed".into(), &"pairing".into()),
        "{result}"
    );
    // Times are the driver's, not those of arrival.
    let warnings = bench.warnings("watched");
    assert!(
        !warnings.iter().any(|w| w.contains("arrival")),
        "{warnings:?}"
    );
    // A first verdict came while the camera ran, not only at the end.
    let verdict = events
        .iter()
        .find(|e| e["event"] == "verdict" && e["state"] == "pairing");
    assert!(verdict.is_some(), "{events:?}");
    assert!(events.iter().any(|e| e["event"] == "light"), "{events:?}");
    let seen = lit(&result);
    assert!(seen.len() >= 5, "{result}");
    // The watch began somewhere in the clip: where the edges fit best.
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
    let shifts = bench.pulses.iter().flat_map(|p| {
        let by_edges = |s: &(f64, f64)| [p.0 - s.0, p.1 - s.1];
        seen.iter().flat_map(by_edges)
    });
    let worst_s = shifts.map(error).fold(f64::INFINITY, f64::min);
    assert!(
        worst_s <= 2.0 / FPS,
        "{worst_s} s off: {seen:?}, {:?}",
        bench.pulses
    );
}

#[test]
fn a_recording_gives_the_same_result_again() {
    let Some(bench) = usual() else { return };
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
    let Some(bench) = usual() else { return };
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
    let Some(bench) = usual() else { return };
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
    let Some(bench) = usual() else { return };
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
fn ctrl_c_prints_the_last_word_and_gives_the_settings_back() {
    let Some(bench) = usual() else { return };
    let (_, result) = bench.watched("interrupted");
    assert_eq!(bench.run("interrupted").status, 0);
    assert_eq!(result["state"], "pairing", "{result}");
    let held = &bench.run("interrupted_locked").stdout;
    assert!(held.contains("white_balance_automatic: 0"), "{held}");
    assert!(held.contains("auto_exposure: 1"), "{held}");
    let after = &bench.run("interrupted_unlocked").stdout;
    assert!(after.contains("white_balance_automatic: 1"), "{after}");
    assert!(after.contains("auto_exposure: 3"), "{after}");
}
