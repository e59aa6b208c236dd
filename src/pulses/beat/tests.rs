//! Cameras that look at dimmed and at blinking lights.

use super::*;

/// Share of the exposure `from..to` (s) for which a wave of `hz` that is on for `duty` of each cycle is on.
fn lit(hz: f64, duty: f64, from: f64, to: f64) -> f64 {
    let integral = |t: f64| {
        let cycles = t * hz;
        cycles.floor() * duty + (cycles - cycles.floor()).min(duty)
    };
    (integral(to) - integral(from)) / (hz * (to - from))
}

/// What a camera of `fps` frames/s and `exposure_s` sees of that wave over 8 s, with noise of 2 %.
fn film(hz: f64, duty: f64, fps: f64, exposure_s: f64) -> Option<Beat> {
    let times: Vec<f64> = (0..(8.0 * fps) as usize).map(|i| i as f64 / fps).collect();
    film_at(&times, hz, duty, exposure_s)
}

fn film_at(times: &[f64], hz: f64, duty: f64, exposure_s: f64) -> Option<Beat> {
    let mut rng = fastrand::Rng::with_seed(5);
    let samples: Vec<Sample> = times
        .iter()
        .map(|&t| {
            let level = lit(hz, duty, t + 0.0113, t + 0.0113 + exposure_s) as f32;
            Sample {
                seen: true,
                rgb: [0.8 * level + 0.02 * (rng.f32() - 0.5); 3],
                ..Sample::default()
            }
        })
        .collect();
    beat(&samples, Clock::of(times), 0.1)
}

#[test]
fn pwm_and_mains_that_beat_with_the_frame_rate_are_flicker() {
    for (hz, fps, exposure_s) in [
        (100.0, 30.0, 1e-3),
        (60.0, 25.0, 4e-3),
        (50.0, 30.0, 3e-3),
        (50.0, 60.0, 2e-3),
        (100.0, 60.0, 2e-3),
        (490.0, 60.0, 0.5e-3),
    ] {
        let seen = film(hz, 0.5, fps, exposure_s);
        let p = seen.map_or(0.0, |b| b.p);
        assert!(p > 0.9, "{hz} Hz at {fps} frames/s: {seen:?}");
    }
}

#[test]
fn blinks_are_no_flicker() {
    for (hz, duty, fps) in [
        (0.5, 0.5, 30.0),
        (1.0, 0.1, 30.0),
        (1.25, 0.5, 24.0),
        (2.0, 0.5, 25.0),
        (2.5, 0.5, 30.0),
        (3.3, 0.4, 60.0),
    ] {
        let seen = film(hz, duty, fps, 0.6 / fps);
        let p = seen.map_or(0.0, |b| b.p);
        assert!(p < 0.1, "{hz} Hz at {fps} frames/s: {seen:?}");
    }
}

#[test]
fn at_this_frame_rate_it_may_be_either() {
    // 125 Hz at 30 frames/s comes and goes 5 times a second, as fast blinking does.
    for (hz, fps, exposure_s, seen_hz) in [
        (125.0, 30.0, 1e-3, 5.0),
        (5.0, 30.0, 1e-3, 5.0),
        (100.0, 24.0, 2e-3, 4.0),
        (120.0, 25.0, 1e-3, 5.0),
        (217.0, 30.0, 1e-3, 7.0),
    ] {
        let b = film(hz, 0.5, fps, exposure_s).expect("a period");
        assert!((b.hz - seen_hz).abs() < 0.05, "{hz} Hz: {b:?}");
        assert!(b.in_doubt(), "{hz} Hz: {b:?}");
    }
}

#[test]
fn uneven_frame_times_tell_the_true_rate() {
    let mut rng = fastrand::Rng::with_seed(3);
    let mut t = 0.0;
    let times: Vec<f64> = (0..200)
        .map(|_| {
            t += 0.04 * (1.0 + 0.04 * (rng.f64() - 0.5));
            t
        })
        .collect();
    let b = film_at(&times, 177.0, 0.5, 2e-3).expect("a period");
    assert!((b.hz - 177.0).abs() < 0.1 && b.p > 0.95, "{b:?}");
}

#[test]
fn a_slow_blink_at_uneven_frame_times_is_no_flicker() {
    // A webcam's times: 3 s at 15 frames/s, each up to a tenth of an interval early or late.
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let start = 1.5 * rng.f64();
        let times: Vec<f64> = (0..47)
            .map(|i| (f64::from(i) + 0.2 * (rng.f64() - 0.5)) / 15.0)
            .map(|t| t.max(0.0))
            .collect();
        let samples: Vec<Sample> = times
            .iter()
            .map(|t| Sample {
                seen: true,
                rgb: [f32::from(u8::from((t + start) % 1.487 < 0.52)) + 0.02 * rng.f32(); 3],
                ..Sample::default()
            })
            .collect();
        let seen = beat(&samples, Clock::of(&times), 0.1);
        assert!(seen.is_none_or(|b| b.p < 0.1), "{seed}: {seen:?}");
    }
}

#[test]
fn a_green_light_that_blinks_over_a_blue_one_is_no_flicker() {
    let times: Vec<f64> = (0..80).map(|i| f64::from(i) / 10.0).collect();
    let samples: Vec<Sample> = times
        .iter()
        .map(|t| Sample {
            seen: true,
            rgb: [0.05, if (t % 1.5) < 0.4 { 0.7 } else { 0.1 }, 0.6],
            ..Sample::default()
        })
        .collect();
    assert_eq!(beat(&samples, Clock::of(&times), 0.95), None);
}

#[test]
fn random_switching_has_no_period() {
    let times: Vec<f64> = (0..300).map(|i| f64::from(i) / 30.0).collect();
    let mut rng = fastrand::Rng::with_seed(9);
    let samples: Vec<Sample> = times
        .iter()
        .map(|_| Sample {
            seen: true,
            rgb: [f32::from(u8::from(rng.bool())); 3],
            ..Sample::default()
        })
        .collect();
    assert_eq!(beat(&samples, Clock::of(&times), 0.1), None);
}

#[test]
fn groups_of_flashes_are_no_beat() {
    // Three flashes, then a pause, in 2 s.
    let times: Vec<f64> = (0..300).map(|i| f64::from(i) / 30.0).collect();
    let samples: Vec<Sample> = times
        .iter()
        .map(|t| Sample {
            seen: true,
            rgb: [f32::from(u8::from((t % 2.0) < 1.2 && (t % 0.4) < 0.2)); 3],
            ..Sample::default()
        })
        .collect();
    let seen = beat(&samples, Clock::of(&times), 0.1);
    assert!(seen.is_none_or(|b| b.p < 0.1), "{seen:?}");
}
