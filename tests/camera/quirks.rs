//! Odd cameras, and what nokhwa 0.10.11 makes of them.

use crate::bench::{Bench, FPS, quirks};

/// Pictures that a watch took, and how they were captured: the word after the mode in what `-v` prints.
fn pictures(bench: &Bench, case: &str) -> (u64, String) {
    let (_, result) = bench.watched(case);
    let run = bench.run(case);
    assert_eq!(run.status, 0, "{run:?}");
    let line = run.stderr.lines().next().unwrap_or_default();
    let how = line.rsplit("; ").next().unwrap_or_default();
    let how = how.split(',').next().unwrap_or_default();
    (
        result["source"]["frames"].as_u64().unwrap_or(0),
        how.to_owned(),
    )
}

/// Enough pictures to say that it works, on a slow guest.
const SOME: u64 = 8;
/// Share of the camera's rate above which a guest kept up; of the pictures of one case a fifth are damaged.
const KEPT_UP: f64 = 0.7;

#[track_caller]
fn assert_watched(bench: &Bench, case: &str, by: &str) {
    let (frames, how) = pictures(bench, case);
    assert!(frames >= SOME, "{case}: {frames} pictures");
    assert_eq!(how, by, "{case}");
}

/// The red light was seen, and what it means where the guest kept up with the camera.
#[track_caller]
fn assert_pairing(bench: &Bench, case: &str) {
    let (_, result) = bench.watched(case);
    let pulses = result["pulses"].as_array().unwrap();
    assert!(pulses.iter().any(|p| p["color"] == "red"), "{result}");
    let fps = result["source"]["fps"].as_f64().unwrap();
    if fps < KEPT_UP * FPS {
        println!("skipped: the state of {case}: only {fps} frames/s on this machine");
    } else {
        assert_eq!(result["state"], "pairing", "{result}");
    }
}

#[test]
fn a_rate_that_nokhwa_has_no_word_for_is_watched_all_the_same() {
    let Some(bench) = quirks() else { return };
    let (_, result) = bench.watched("odd_rate");
    assert!(bench.run("odd_rate").stderr.contains("v4l"));
    let fps = result["source"]["fps"].as_f64().unwrap();
    assert!((6.0..9.0).contains(&fps), "{fps}");
    // It fails on a camera that is at such a rate, whatever it is asked for.
    assert_watched(bench, "after_odd_rate", "nokhwa");
}

#[test]
fn another_size_at_a_rate_that_is_not_the_cameras_own() {
    let Some(bench) = quirks() else { return };
    for case in ["large", "small"] {
        assert_watched(bench, case, "nokhwa");
        let (_, result) = bench.watched(case);
        let fps = result["source"]["fps"].as_f64().unwrap();
        assert!(fps < 16.0, "{case}: {fps}");
    }
}

#[test]
fn encodings_that_nokhwa_has_no_word_for() {
    let Some(bench) = quirks() else { return };
    // It fails on a camera that is at one, whatever it is asked for.
    assert_watched(bench, "was_grey", "nokhwa");
    assert_watched(bench, "grey", "v4l");
    assert_watched(bench, "planar", "v4l");
    assert_pairing(bench, "planar");
}

#[test]
fn jpeg_pictures_come_without_the_rest_of_their_buffers() {
    let Some(bench) = quirks() else { return };
    assert_watched(bench, "jpeg", "nokhwa");
    let (_, live) = bench.watched("jpeg");
    assert_pairing(bench, "jpeg");
    let again = bench.run("jpeg_again").json();
    for field in ["verdict", "state", "confidence", "pulses"] {
        assert_eq!(live[field], again[field], "{field}");
    }
    // The driver's buffers have room for an uncompressed picture.
    let bytes: u64 = bench.run("jpeg_size").stdout.trim().parse().unwrap();
    let frames = live["source"]["frames"].as_u64().unwrap();
    assert!(
        bytes / frames < 320 * 240,
        "{bytes} bytes, {frames} pictures"
    );
}

#[test]
fn pictures_that_cannot_be_decoded_are_left_out() {
    let Some(bench) = quirks() else { return };
    assert!(bench.told("some_damaged", "damaged"));
    assert_pairing(bench, "some_damaged");
    assert_eq!(bench.run("some_damaged").status, 0);
    let damaged = bench.run("damaged");
    assert_eq!(damaged.status, 4, "{damaged:?}");
    assert!(damaged.stderr.contains("can be decoded"), "{damaged:?}");
}

#[test]
fn the_kernels_test_camera_is_watched() {
    let Some(bench) = quirks() else { return };
    assert_watched(bench, "vivid", "nokhwa");
    // Once it could not be started.
    assert_watched(bench, "vivid_streamon", "nokhwa");
    let (frames, _) = pictures(bench, "vivid_hdmi");
    assert!(frames >= SOME, "{frames}");
    let listed = &bench.run("vivid_hdmi_listed").stdout;
    // Of its range of sizes the usual ones.
    assert!(
        listed.contains("YUYV  320x240 (60), 640x360 (60),"),
        "{listed}"
    );
}
