//! From simulated film to what is said of the light: flicker against blinking, unseen against dark.

use super::{Eyes, Kind, Observation, ObserveOptions, observe};
use crate::devices::Segment;
use crate::pulses::{Color, ColorSet, Look};
use crate::simulate::{Background, Body, ClipSpec, SimulatedSource};
use crate::source::{Frame, FrameSource, Orientation, VideoInfo};

mod burnt_out;

/// A red light on a tripod at `fps` frames/s for 6 s, lit during `spans` (s).
fn lamp(fps: f64, spans: &[(f64, f64)]) -> ClipSpec {
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
    (spec.effects.led_radius, spec.effects.led_level) = (6.0, 1.0);
    spec
}

fn seen(spec: &ClipSpec) -> Observation {
    let mut source = SimulatedSource::new(spec).unwrap();
    observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap()
}

/// The lamp dimmed by PWM at `pwm_hz`, the shutter open for `exposure_s`.
fn film(fps: f64, pwm_hz: f64, exposure_s: f64, spans: &[(f64, f64)]) -> Observation {
    let mut spec = lamp(fps, spans);
    let e = &mut spec.effects;
    (e.pwm_hz, e.pwm_duty) = (pwm_hz, 0.45);
    e.exposure = exposure_s * fps;
    seen(&spec)
}

/// What the surest light did: `o`n, `d`ark, `u`nseen, with the times in s between.
fn looks(seen: &Observation) -> (String, Vec<f64>) {
    let spans = &seen.lights[0].train.spans;
    let letters = spans.iter().map(|s| match s.look {
        Look::Lit(_) => 'o',
        Look::Off => 'd',
        Look::Unseen => 'u',
    });
    let times = spans.iter().skip(1).map(|s| s.start_s);
    (letters.collect(), times.collect())
}

/// Lit for half of every half second, from 0.1 s on.
fn blinks() -> Vec<(f64, f64)> {
    (0..12)
        .map(|i| 0.13 + 0.5 * f64::from(i))
        .map(|t| (t, t + 0.25))
        .collect()
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
    let seen = film(30.0, 0.0, 5e-3, &blinks());
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

#[test]
fn a_light_that_is_covered_is_unseen_and_not_dark() {
    for spans in [STEADY.to_vec(), blinks()] {
        let mut spec = lamp(30.0, &spans);
        spec.effects.occlude = Some([2.0, 3.2]);
        let seen = seen(&spec);
        let train = &seen.lights[0].train;
        let hidden: Vec<(f64, f64)> = train
            .spans
            .iter()
            .filter(|s| s.look == Look::Unseen)
            .map(|s| (s.start_s, s.end_s))
            .collect();
        let [(from, to)] = hidden[..] else {
            panic!("{hidden:?} {:?}", train.spans)
        };
        // The hand needs 0.12 s to come and to go.
        assert!(
            (1.85..2.05).contains(&from) && (3.15..3.4).contains(&to),
            "{hidden:?}"
        );
        if spans.len() == 1 {
            assert_eq!(looks(&seen).0, "ouo");
        }
    }
}

#[test]
fn a_light_out_of_the_picture_is_unseen_and_not_dark() {
    let mut spec = lamp(30.0, &STEADY);
    spec.effects.leave = Some([2.0, 4.0]);
    let (looks, times) = looks(&seen(&spec));
    assert_eq!(looks, "ouo", "{times:?}");
    assert!(
        (2.0..2.5).contains(&times[0]) && (3.5..4.0).contains(&times[1]),
        "{times:?}"
    );
}

#[test]
fn a_light_that_is_switched_off_is_dark_though_its_glow_goes_too() {
    let mut spec = lamp(30.0, &[(-1.0, 2.0), (3.2, 9.0)]);
    // In a dark room the lamp is most of the light there is.
    spec.effects.ambient = 0.02;
    (
        spec.effects.led_level,
        spec.effects.spill,
        spec.effects.halo,
    ) = (8.0, 0.05, 0.1);
    let (looks, times) = looks(&seen(&spec));
    assert_eq!(looks, "odo", "{times:?}");
}

/// The film with `before` and `after` pictures of the luma code `code` at its ends; `fade`: it comes and goes over so many
/// frames.
fn seen_amid(spec: &ClipSpec, code: u8, before: usize, after: usize, fade: usize) -> Observation {
    let mut source = SimulatedSource::new(spec).unwrap();
    let (mut frame, mut frames) = (Frame::default(), Vec::new());
    while source.read(&mut frame).unwrap() {
        frames.push(frame.clone());
    }
    let dimmed = |f: &Frame, share: f64| {
        let mut f = f.clone();
        let planes = [
            (&mut f.y, f64::from(code)),
            (&mut f.u, 128.0),
            (&mut f.v, 128.0),
        ];
        for (plane, empty) in planes {
            for v in &mut plane.data {
                *v = (empty + share * (f64::from(*v) - empty)).round() as u8;
            }
        }
        f
    };
    let n = frames.len();
    for (i, f) in frames.iter_mut().enumerate() {
        let step = (i.min(n - 1 - i) + 1) as f64 / (fade + 1) as f64;
        if step < 1.0 {
            *f = dimmed(f, step);
        }
    }
    let empty = dimmed(&frames[0], 0.0);
    let all = std::iter::repeat_n(&empty, before)
        .chain(&frames)
        .chain(std::iter::repeat_n(&empty, after));
    let mut eyes = Eyes::new(source.info(), ObserveOptions::default());
    for (i, f) in all.enumerate() {
        let mut f = f.clone();
        f.pts_s = i as f64 / spec.fps;
        eyes.push(&f);
    }
    eyes.observe()
}

#[test]
fn pictures_of_nothing_at_the_ends_say_nothing_of_the_light() {
    let mut spec = lamp(30.0, &STEADY);
    for (code, before, after, fade) in [
        (16, 1, 0, 0),
        (16, 20, 9, 0),
        (235, 5, 5, 0),
        (16, 3, 3, 15),
    ] {
        let seen = seen_amid(&spec, code, before, after, fade);
        let (looks, times) = looks(&seen);
        assert_eq!(looks.trim_matches('u'), "o", "{code} {before} {times:?}");
        // One frame is no span of its own.
        assert_eq!(looks.starts_with('u'), before > 1, "{looks}");
        assert_eq!(looks.ends_with('u'), after > 1, "{looks}");
        let first_s = (before + fade) as f64 / 30.0;
        assert!(before < 2 || times[0] <= first_s + 0.05, "{times:?}");
    }
    spec.schedule = lamp(30.0, &blinks()).schedule;
    let seen = seen_amid(&spec, 16, 12, 0, 0);
    assert_eq!(seen.lights[0].kind, Kind::Blinking);
    let pulses = seen.lights[0].train.pulses();
    assert_eq!(pulses.len(), 12, "{pulses:?}");
    assert!((pulses[0].start_s - 0.53).abs() < 0.04, "{pulses:?}");
}

#[test]
fn in_the_dark_a_lamp_that_lights_the_room_is_off_where_all_is_black() {
    // Off at both ends, and between.
    let mut spec = lamp(30.0, &[(1.0, 2.0), (3.0, 4.0), (4.5, 5.2)]);
    spec.effects.ambient = 0.0;
    (
        spec.effects.led_level,
        spec.effects.spill,
        spec.effects.halo,
    ) = (8.0, 0.3, 0.1);
    let (looks, times) = looks(&seen(&spec));
    assert!(
        looks.starts_with("do") && looks.ends_with("od"),
        "{looks} {times:?}"
    );
}

#[test]
fn a_lamp_of_a_device_in_a_hand_blinks_where_the_device_is() {
    // Up to 30 px from where it began, before a wall, 1 s lit and 1 s dark.
    let held = |t: f64| (26.0 * (2.7 * t).sin(), 15.0 * (4.1 * t).sin());
    let mut eyes = Eyes::new(&of_waves(), ObserveOptions::default());
    for i in 0..240 {
        let t = f64::from(i) / 30.0;
        let mut frame = Frame::waves(0.0, |x, y, waves| {
            let (u, v) = (x - 150.0 - held(t).0, y - 120.0 - held(t).1);
            // The edge of the lens lies within a pixel.
            let lens = (5.0 - (u - 15.0).hypot(v)).clamp(0.0, 1.0);
            let lit = if t % 2.0 < 1.0 { 235.0 } else { 60.0 };
            // Its camera's eye and a label.
            let eye = (u + 18.0).hypot(v + 8.0) < 9.0;
            let label = (-30.0..-4.0).contains(&u) && (12.0..20.0).contains(&v);
            let plain = if label { 110.0 } else { 50.0 };
            let device = if eye { 20.0 } else { plain };
            let inside = u.abs() < 40.0 && v.abs() < 30.0;
            let body = if inside {
                device
            } else {
                Frame::bricks(x, y, waves)
            };
            body + lens * (lit - body)
        });
        frame.pts_s = t;
        eyes.push(&frame);
    }
    let seen = eyes.observe();
    let light = &seen.lights[0];
    let pulses = light.train.pulses();
    assert_eq!(pulses.len(), 4, "{pulses:?}");
    for (p, k) in pulses.iter().zip(0..) {
        let (from, to) = (2.0 * f64::from(k), 2.0 * f64::from(k) + 1.0);
        assert!(
            (p.start_s - from).abs() < 0.05 && (p.end_s - to).abs() < 0.05,
            "{p:?}"
        );
    }
    let (x, y) = light.place.centre();
    assert!((x - 165.0).hypot(y - 120.0) < 5.0, "{:?}", light.place);
}

#[test]
fn before_a_bare_wall_a_lamp_of_any_size_blinks_where_it_is() {
    // Also one that is drawn darker than the wall, and one that fills a twelfth of the picture.
    for (radius, lamp) in [(9.0, 230.0), (9.0, 60.0), (45.0, 230.0)] {
        let mut eyes = Eyes::new(&of_waves(), ObserveOptions::default());
        for i in 0..270 {
            let t = f64::from(i) / 30.0;
            let mut frame = Frame::waves(0.0, |x, y, _| {
                let lens = (radius - (x - 160.0).hypot(y - 100.0)).clamp(0.0, 1.0);
                let lit = if t % 3.0 < 0.3 { lamp } else { 120.0 };
                120.0 + lens * (lit - 120.0)
            });
            frame.pts_s = t;
            eyes.push(&frame);
        }
        let seen = eyes.observe();
        let (looks, times) = looks(&seen);
        let expected = if lamp > 120.0 { "ododod" } else { "dododo" };
        assert_eq!(looks, expected, "{radius} {lamp}");
        for (time, switch) in times.iter().zip([0.3, 3.0, 3.3, 6.0, 6.3]) {
            assert!((time - switch).abs() < 0.05, "{radius} {lamp} {times:?}");
        }
        let (x, y) = seen.lights[0].place.centre();
        assert!((x - 160.0).hypot(y - 100.0) < 5.0, "{radius} {lamp}");
    }
}

/// Of pictures as [`Frame::waves`] makes them.
fn of_waves() -> VideoInfo {
    VideoInfo {
        name: "waves".into(),
        coded_width: 320,
        coded_height: 240,
        orientation: Orientation::default(),
        duration_s: None,
        format: "test".into(),
        decoder: "none".into(),
    }
}
