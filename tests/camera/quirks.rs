//! Odd cameras, of which nokhwa 0.10.11 can't use many.

use crate::bench::{Bench, FPS, quirks};

/// Pictures that a watch took.
fn pictures(bench: &Bench, case: &str) -> u64 {
    let (_, result) = bench.watched(case);
    let run = bench.run(case);
    assert_eq!(run.status, 0, "{run:?}");
    result["source"]["frames"].as_u64().unwrap_or(0)
}

/// The number that the warning of a watch with `words` begins with; 0 without such a warning.
fn counted(bench: &Bench, case: &str, words: &str) -> u64 {
    let warnings = bench.warnings(case);
    let warning = warnings.iter().find(|w| w.contains(words));
    let number = warning.and_then(|w| w.split(' ').next()?.parse().ok());
    number.unwrap_or(0)
}

/// Enough pictures to say that it works, on a slow guest.
const SOME: u64 = 8;
/// Share of the camera's rate above which a guest kept up; of the pictures of one case a fifth are damaged.
const KEPT_UP: f64 = 0.7;

#[track_caller]
fn assert_watched(bench: &Bench, case: &str) {
    let frames = pictures(bench, case);
    assert!(frames >= SOME, "{case}: {frames} pictures");
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
    let fps = result["source"]["fps"].as_f64().unwrap();
    assert!((6.0..9.0).contains(&fps), "{fps}");
    // nokhwa fails on a camera that is at such a rate, whatever it is asked for.
    assert_watched(bench, "after_odd_rate");
}

#[test]
fn another_size_at_a_rate_that_is_not_the_cameras_own() {
    let Some(bench) = quirks() else { return };
    for case in ["large", "small"] {
        assert_watched(bench, case);
        let (_, result) = bench.watched(case);
        let fps = result["source"]["fps"].as_f64().unwrap();
        assert!(fps < 16.0, "{case}: {fps}");
    }
}

#[test]
fn encodings_that_nokhwa_has_no_word_for() {
    let Some(bench) = quirks() else { return };
    // nokhwa fails on a camera that is at one, whatever it is asked for.
    assert_watched(bench, "was_grey");
    assert_watched(bench, "grey");
    assert_watched(bench, "planar");
    assert_pairing(bench, "planar");
}

#[test]
fn jpeg_pictures_come_without_the_rest_of_their_buffers() {
    let Some(bench) = quirks() else { return };
    assert_watched(bench, "jpeg");
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
fn a_jpeg_without_its_end_is_left_out_and_gets_no_other_end() {
    let Some(bench) = quirks() else { return };
    assert!(bench.told("cut", "damaged"));
    let (whole, cut) = (
        pictures(bench, "cut"),
        counted(bench, "cut", "arrived damaged"),
    );
    // Every second one; the guest may be slow with the whole ones.
    assert!(
        whole >= SOME && cut >= whole / 2,
        "{whole} whole, {cut} cut"
    );
    let (_, live) = bench.watched("cut");
    let again = bench.run("cut_again").json();
    assert_eq!(live["source"]["frames"], again["source"]["frames"]);
}

#[test]
fn pictures_that_the_driver_calls_damaged_or_loses_are_counted_and_left_out() {
    let Some(bench) = quirks() else { return };
    assert!(bench.told("flagged", "damaged"));
    assert!(pictures(bench, "flagged") >= SOME);
    assert!(counted(bench, "flagged", "arrived damaged") > 1);
    assert!(bench.told("lost", "dropped"));
    let (seen, lost) = (
        pictures(bench, "lost"),
        counted(bench, "lost", "were left out"),
    );
    // Three of five.
    assert!(lost > seen / 2, "{seen} seen, {lost} lost");
}

#[test]
fn after_an_error_of_the_driver_the_watch_goes_on() {
    let Some(bench) = quirks() else { return };
    for case in ["inject_vidioc_qbuf_error", "inject_fatal_streaming_error"] {
        assert_watched(bench, case);
        let (_, result) = bench.watched(case);
        let seen_s = result["source"]["duration_s"].as_f64().unwrap();
        assert!(seen_s > 6.0, "{case}: {seen_s} s");
    }
}

#[test]
fn the_kernels_test_camera_is_watched() {
    let Some(bench) = quirks() else { return };
    assert_watched(bench, "vivid");
    // Its stamps are often a little ahead.
    let warnings = bench.warnings("vivid");
    assert!(
        !warnings.iter().any(|w| w.contains("arrival")),
        "{warnings:?}"
    );
    // Once it could not be started.
    assert_watched(bench, "vivid_streamon");
    assert_watched(bench, "vivid_hdmi");
    let listed = &bench.run("vivid_hdmi_listed").stdout;
    // Of its range of sizes the usual ones.
    assert!(
        listed.contains("YUYV  320x240 (60), 640x360 (60),"),
        "{listed}"
    );
}
