//! Flicker against blinking, from simulated film to the kind of the light.

use super::{Kind, Observation, ObserveOptions, observe};
use crate::devices::Segment;
use crate::pulses::{Color, ColorSet, Look};
use crate::simulate::{ClipSpec, SimulatedSource};

/// Films a red light at `fps` frames/s: `spans` lit (s), dimmed by PWM at `pwm_hz`, the shutter open for `exposure_s`.
fn film(fps: f64, pwm_hz: f64, exposure_s: f64, spans: &[(f64, f64)]) -> Observation {
    let mut spec = ClipSpec::new("lamp", "red");
    (spec.width, spec.height, spec.fps, spec.duration_s) = (240, 180, fps, 6.0);
    spec.seed = 4;
    spec.schedule = spans
        .iter()
        .map(|&(start_s, end_s)| Segment {
            start_s,
            end_s,
            light: ColorSet::of(Color::Red),
        })
        .collect();
    let e = &mut spec.effects;
    (e.pwm_hz, e.pwm_duty) = (pwm_hz, 0.45);
    e.exposure = exposure_s * fps;
    (e.led_radius, e.led_level) = (6.0, 1.0);
    let mut source = SimulatedSource::new(&spec).unwrap();
    observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap()
}

const STEADY: [(f64, f64); 1] = [(-1.0, 10.0)];

#[test]
fn a_steady_light_that_beats_with_the_frame_rate_is_flicker_and_lit_all_the_time() {
    for (fps, pwm_hz, exposure_s) in [
        (30.0, 100.0, 2e-3),
        (25.0, 60.0, 3e-3),
        (24.0, 250.0, 1e-3),
        (30.0, 490.0, 0.7e-3),
        (60.0, 100.0, 2e-3),
    ] {
        let seen = film(fps, pwm_hz, exposure_s, &STEADY);
        let light = &seen.lights[0];
        let case = format!("{pwm_hz} Hz at {fps} frames/s: {:?}", light.beat);
        assert_eq!(light.kind, Kind::Flicker, "{case}");
        let looks: Vec<&Look> = light.train.spans.iter().map(|s| &s.look).collect();
        assert!(matches!(looks[..], [Look::Lit(_)]), "{case} {looks:?}");
        assert_eq!(light.color, Color::Red, "{case}");
    }
}

#[test]
fn a_long_exposure_shows_no_flicker() {
    // Four periods of the PWM in each exposure.
    let seen = film(25.0, 110.0, 0.036, &STEADY);
    assert_eq!(seen.lights[0].kind, Kind::Steady);
    assert!(seen.warnings.is_empty(), "{:?}", seen.warnings);
}

#[test]
fn blinking_stays_blinking() {
    let spans: Vec<(f64, f64)> = (0..12)
        .map(|i| 0.13 + 0.5 * f64::from(i))
        .map(|t| (t, t + 0.25))
        .collect();
    let seen = film(30.0, 0.0, 5e-3, &spans);
    assert_eq!(seen.lights[0].kind, Kind::Blinking);
    assert!(seen.warnings.is_empty(), "{:?}", seen.warnings);
}

#[test]
fn what_can_not_be_told_at_this_frame_rate_is_said() {
    // 125 Hz seen 30 times a second comes and goes 5 times a second.
    let seen = film(30.0, 125.0, 2e-3, &STEADY);
    assert!(
        seen.warnings
            .iter()
            .any(|w| w.contains("5.0 times a second at 30 frames/s")),
        "{:?} {:?}",
        seen.lights[0].beat,
        seen.warnings
    );
}
