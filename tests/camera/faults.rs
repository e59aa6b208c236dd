//! Cameras that can't be had, that go away, and that show nothing.

use serde_json::Value;

use crate::bench::usual;

#[test]
fn a_camera_that_cannot_be_had_is_status_4_with_what_to_do() {
    let Some(bench) = usual() else { return };
    bench.run("refused").error(4, "320x240 at 15 frames/s");
    for (case, words) in [
        ("refuses_format", "it refuses 160x120 at 15 frames/s, YUYV"),
        ("refuses_start", "it does not start 160x120"),
        ("refuses_size", "makes 320x240 YUYV of it"),
    ] {
        bench.run(case).error(4, words);
    }
    bench.run("forbidden").error(4, "usermod -aG video");
    bench.run("busy").error(4, "another program is using it");
}

#[test]
fn unplugged_or_stalled_what_was_seen_is_diagnosed() {
    let Some(bench) = usual() else { return };
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

/// The outcomes of the entries of a check.
fn outcomes(report: &Value) -> Vec<&str> {
    let entries = report["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|e| e["status"].as_str().unwrap())
        .collect()
}

#[test]
fn a_lost_or_stalled_camera_is_let_go_of_and_can_be_used_again() {
    let Some(bench) = usual() else { return };
    let report = bench.run("replugged").json();
    // What was seen of the lost one is diagnosed.
    let warnings = &report["entries"][0]["result"]["warnings"];
    assert!(warnings.to_string().contains("unplugged"), "{report}");
    assert_eq!(
        outcomes(&report),
        ["passed", "passed", "passed"],
        "{report}"
    );
    let report = bench.run("reused").json();
    let warnings = &report["entries"][0]["result"]["warnings"];
    assert!(warnings.to_string().contains("no pictures"), "{report}");
    assert_eq!(outcomes(&report), ["passed", "passed"], "{report}");
}

#[test]
fn a_camera_that_pauses_is_told_of_and_watched_on() {
    let Some(bench) = usual() else { return };
    let (events, _) = bench.watched("paused");
    assert_eq!(bench.run("paused").status, 0);
    let stalled: Vec<_> = events.iter().filter(|e| e["kind"] == "stalled").collect();
    assert_eq!(stalled.len(), 2, "{events:?}");
    assert_eq!(stalled[0]["event"], "trouble");
    assert_eq!(stalled[1]["event"], "recovered");
}

#[test]
fn a_picture_that_tells_nothing_is_told_of() {
    let Some(bench) = usual() else { return };
    for case in ["slow", "frozen", "black"] {
        assert!(bench.told(case, case), "{case}");
        assert_eq!(bench.run(case).status, 0, "{case}");
    }
    let (_, frozen) = bench.watched("frozen");
    assert_eq!(frozen["verdict"], "insufficient", "{frozen}");
}
