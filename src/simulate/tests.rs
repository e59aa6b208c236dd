//! Rendered frames against what the physics asks for.

use super::*;
use crate::pulses::{Color, ColorSet};
use crate::source::{Frame, FrameSource};

fn lit(start_s: f64, end_s: f64, color: Color) -> Segment {
    Segment {
        start_s,
        end_s,
        light: ColorSet::of(color),
    }
}

/// A plain small clip: no noise, no tone curve but sRGB, a light in the middle.
fn clean(schedule: Vec<Segment>) -> ClipSpec {
    let mut spec = ClipSpec {
        schedule,
        duration_s: 1.0,
        width: 160,
        height: 120,
        ..ClipSpec::new("lamp", "on")
    };
    spec.effects = Effects {
        place: Some([80.0, 60.0]),
        led_radius: 6.0,
        noise: 0.0,
        full_well: 1e9,
        contrast: 0.0,
        vignette: 0.0,
        rolling: 0.0,
        ..Effects::default()
    };
    spec
}

fn frames(spec: &ClipSpec) -> Vec<Frame> {
    let mut source = SimulatedSource::new(spec).unwrap();
    let mut all = Vec::new();
    let mut frame = Frame::default();
    while source.read(&mut frame).unwrap() {
        all.push(frame.clone());
    }
    all
}

/// Linear light (0..1) and chroma (Cb - 128, Cr - 128) at a pixel of a limited-range frame.
fn at(f: &Frame, x: usize, y: usize) -> (f64, [i32; 2]) {
    let v = (f64::from(f.y.row(y)[x]) - 16.0) / 219.0;
    let linear = if v <= 0.04045 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    };
    let chroma = [&f.u, &f.v].map(|p| i32::from(p.row(y / 2)[x / 2]) - 128);
    (linear, chroma)
}

#[test]
fn a_seed_is_a_clip() {
    let mut spec = clean(vec![lit(0.2, 0.6, Color::Red)]);
    spec.effects.noise = 0.01;
    spec.effects.shake = 3.0;
    spec.duration_s = 0.3;
    let planes = |spec: &ClipSpec| -> Vec<_> { frames(spec).into_iter().map(|f| f.y).collect() };
    let one = planes(&spec);
    assert!(one == planes(&spec));
    spec.seed = 1;
    assert!(one != planes(&spec));
}

#[test]
fn an_edge_within_an_exposure_gives_its_share_of_light() {
    let mut spec = clean(vec![]);
    // White keeps luma linear in light; the exposure of frame 10 is the first half of its interval.
    spec.effects.led_level = 0.3;
    spec.effects.exposure = 0.5;
    for share in [0.25, 0.5, 0.75] {
        let on = (10.0 + 0.5 * (1.0 - share)) / 30.0;
        spec.schedule = vec![lit(on, 5.0, Color::White)];
        let f = frames(&spec);
        let level = |i: usize| at(&f[i], 80, 60).0;
        let got = (level(10) - level(9)) / (level(12) - level(9));
        assert!((got - share).abs() < 0.03, "{share}: {got}");
        // The label counts from mid-exposure, half an interval after the timestamp.
        let truth = SimulatedSource::new(&spec).unwrap().truth().pulses[0].start_s;
        let wanted = (10.0 + 0.5 + 0.5 * (0.5 - share)) / 30.0;
        assert!((truth - wanted).abs() < 1e-9, "{share}: {truth} {wanted}");
    }
}

#[test]
fn a_rolling_shutter_delays_lower_rows() {
    let mut spec = clean(vec![lit(10.5 / 30.0, 5.0, Color::White)]);
    spec.effects.rolling = 1.0;
    spec.effects.exposure = 0.1;
    spec.effects.place = Some([80.0, 20.0]);
    let high = at(&frames(&spec)[10], 80, 20).0;
    spec.effects.place = Some([80.0, 100.0]);
    let low = at(&frames(&spec)[10], 80, 100).0;
    assert!(low > 3.0 * high, "{high} {low}");
}

#[test]
fn an_overexposed_core_goes_white_and_its_rim_stays_coloured() {
    let mut spec = clean(vec![lit(0.0, 5.0, Color::Blue)]);
    spec.duration_s = 0.1;
    spec.effects.led_level = 0.5;
    let (_, [cb, _]) = at(&frames(&spec)[0], 80, 60);
    assert!(cb > 60, "{cb}");
    spec.effects.led_level = 60.0;
    let f = &frames(&spec)[0];
    let (light, [cb, cr]) = at(f, 80, 60);
    assert!(
        light > 0.9 && cb.abs() < 12 && cr.abs() < 12,
        "{light} {cb} {cr}"
    );
    let (_, [rim, _]) = at(f, 80 + 14, 60);
    assert!(rim > 20, "{rim}");
}

#[test]
fn pwm_shows_in_short_exposures_and_vanishes_in_whole_cycles() {
    let mut spec = clean(vec![lit(-1.0, 5.0, Color::White)]);
    spec.effects.led_level = 0.2;
    spec.effects.pwm_duty = 0.5;
    let spread = |spec: &ClipSpec| {
        let levels: Vec<f64> = frames(spec).iter().map(|f| at(f, 80, 60).0).collect();
        let (low, high) = levels
            .iter()
            .fold((f64::MAX, 0f64), |(l, h), &v| (l.min(v), h.max(v)));
        (high - low) / high
    };
    // 97 Hz beats with 30 frames/s; at 0.1 of the interval the exposure is a third of its cycle.
    spec.effects.pwm_hz = 97.0;
    spec.effects.exposure = 0.1;
    assert!(spread(&spec) > 0.5);
    // Two whole cycles of 120 Hz.
    spec.effects.pwm_hz = 120.0;
    spec.effects.exposure = 0.5;
    assert!(spread(&spec) < 0.02);
}

#[test]
fn shake_moves_the_light_by_what_it_says() {
    let mut spec = clean(vec![lit(-1.0, 9.0, Color::White)]);
    spec.effects.shake = 5.0;
    spec.effects.shake_hz = 1.5;
    spec.duration_s = 4.0;
    spec.fps = 15.0;
    let centroid = |f: &Frame| {
        let (mut sum, mut x_sum) = (0.0, 0.0);
        for y in 0..120 {
            for x in 0..160 {
                // Only the light is brighter than this.
                let w = (at(f, x, y).0 - 0.8).max(0.0);
                sum += w;
                x_sum += w * (x as f64 + 0.5);
            }
        }
        x_sum / sum
    };
    let xs: Vec<f64> = frames(&spec).iter().map(centroid).collect();
    let mean = xs.iter().sum::<f64>() / xs.len() as f64;
    let sd = (xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / xs.len() as f64).sqrt();
    assert!((2.5..7.5).contains(&sd), "{sd}");
    let label = SimulatedSource::new(&spec).unwrap().truth().led.x;
    assert!((label - mean).abs() < 1.0, "{label} {mean}");
}

#[test]
fn a_light_that_is_covered_or_out_of_the_picture_is_unseen() {
    let mut spec = clean(vec![lit(-1.0, 9.0, Color::White)]);
    spec.duration_s = 3.0;
    let mut hidden = spec.clone();
    hidden.effects.occlude = Some([1.0, 2.0]);
    spec.effects.leave = Some([0.8, 2.2]);
    for (what, spec) in [("covered", &hidden), ("away", &spec)] {
        let f = frames(spec);
        let level = |i: usize| at(&f[i], 80, 60).0;
        assert!(level(3) > 0.9 && level(45) < 0.7 * level(3), "{what}");
        let truth = SimulatedSource::new(spec).unwrap().truth().clone();
        assert_eq!(truth.unseen.len(), 1, "{what}");
        let u = truth.unseen[0];
        assert!(
            (0.7..1.2).contains(&u.start_s) && (1.9..2.3).contains(&u.end_s),
            "{what} {u:?}"
        );
        assert_eq!(truth.pulses.len(), 1, "{what}: unseen is not off");
    }
}

#[test]
fn auto_exposure_darkens_the_room_when_the_light_comes_on() {
    let mut spec = clean(vec![lit(0.5, 9.0, Color::White)]);
    spec.duration_s = 2.0;
    spec.effects.led_radius = 20.0;
    spec.effects.led_level = 8.0;
    spec.effects.ae = 1.0;
    spec.effects.ae_tau = 0.2;
    let f = frames(&spec);
    assert!(at(&f[58], 5, 5).0 < 0.8 * at(&f[5], 5, 5).0);
}

#[test]
fn mains_flicker_shows_as_bands() {
    let mut spec = clean(vec![]);
    spec.duration_s = 0.05;
    spec.effects.flicker_hz = 100.0;
    spec.effects.flicker_depth = 0.5;
    spec.effects.exposure = 0.05;
    spec.effects.rolling = 1.0;
    let f = &frames(&spec)[0];
    let rows: Vec<f64> = (0..120)
        .map(|y| (0..20).map(|x| at(f, x, y).0).sum::<f64>())
        .collect();
    let (low, high) = rows
        .iter()
        .fold((f64::MAX, 0f64), |(l, h), &v| (l.min(v), h.max(v)));
    // 100 Hz has 3.3 cycles in a readout of 1/30 s.
    assert!(high > 1.8 * low, "{low} {high}");
}

#[test]
fn every_distractor_changes_the_picture() {
    let mut spec = clean(vec![lit(-1.0, 9.0, Color::Red)]);
    spec.duration_s = 1.5;
    spec.seed = 3;
    let last = |spec: &ClipSpec| frames(spec).pop().unwrap().y.data;
    let plain = last(&spec);
    for d in Distractor::ALL {
        // A walker or a blinker may be away or dark in one frame, not under every seed.
        let seen = (3..9).any(|seed| {
            let mut with = spec.clone();
            with.seed = seed;
            let without = if seed == 3 {
                plain.clone()
            } else {
                last(&with)
            };
            with.effects.distract = vec![d];
            last(&with) != without
        });
        assert!(seen, "{d:?}");
    }
}

#[test]
fn what_can_not_be_filmed_is_refused() {
    let refuse = |change: &dyn Fn(&mut ClipSpec)| {
        let mut spec = clean(vec![]);
        change(&mut spec);
        SimulatedSource::new(&spec)
            .err()
            .expect("refused")
            .to_string()
    };
    assert!(refuse(&|s| s.width = 4).contains("px"));
    assert!(refuse(&|s| s.fps = 0.0).contains("frames/s"));
    assert!(refuse(&|s| s.duration_s = f64::INFINITY).contains("0 and below"));
    assert!(refuse(&|s| s.schedule = vec![lit(f64::NAN, 1.0, Color::Red)]).contains("finite"));
    assert!(refuse(&|s| s.effects.shake = -1.0).contains("shake"));
    let missing = refuse(&|s| s.effects.photo = Some("no/such.jpg".into()));
    assert!(missing.contains("no/such.jpg"), "{missing}");
}

#[test]
fn a_held_device_and_its_light_move_before_what_stays() {
    let mut spec = clean(vec![lit(-1.0, 9.0, Color::Red)]);
    (spec.width, spec.height, spec.duration_s) = (320, 240, 2.0);
    let e = &mut spec.effects;
    (e.place, e.led_radius, e.led_level, e.held) = (Some([160.0, 120.0]), 3.0, 0.5, 12.0);
    let source = SimulatedSource::new(&spec).unwrap();
    let truth = source.truth().led.clone();
    let frames = frames(&spec);
    // The reddest pixel is the light.
    let place = |f: &Frame| {
        let chroma = &f.v;
        let most = (0..chroma.data.len())
            .max_by_key(|&i| chroma.data[i])
            .unwrap();
        (
            2.0 * (most % chroma.width) as f64,
            2.0 * (most / chroma.width) as f64,
        )
    };
    let places: Vec<(f64, f64)> = frames.iter().map(place).collect();
    let n = places.len() as f64;
    let mean = places
        .iter()
        .fold((0.0, 0.0), |m, p| (m.0 + p.0 / n, m.1 + p.1 / n));
    assert!(
        (mean.0 - truth.x).abs() < 3.0 && (mean.1 - truth.y).abs() < 3.0,
        "{mean:?} {truth:?}"
    );
    let farthest = places
        .iter()
        .map(|p| (p.0 - places[0].0).hypot(p.1 - places[0].1));
    assert!(farthest.fold(0.0, f64::max) > 10.0, "{places:?}");
    // The wall in the corner.
    let corner = |f: &Frame| f.y.row(4)[..20].to_vec();
    assert!(frames.iter().all(|f| corner(f) == corner(&frames[0])));
}

#[test]
fn a_photograph_is_the_surface_behind_the_device() {
    let file = std::env::temp_dir().join(format!("blinkdx-photo-{}.png", std::process::id()));
    let half = |x: u32| image::Rgb([200, if x < 40 { 20 } else { 200 }, 20]);
    image::RgbImage::from_fn(80, 60, |x, _| half(x))
        .save(&file)
        .unwrap();
    let mut spec = clean(vec![]);
    (spec.width, spec.height, spec.duration_s) = (320, 240, 0.1);
    spec.effects.photo = Some(file.clone());
    let frame = frames(&spec).remove(0);
    std::fs::remove_file(&file).unwrap();
    // In the upper corners, away from the device: red on the left, yellow and so brighter on the right.
    let [left, right] = [4, 300].map(|x| frame.y.row(8)[x]);
    assert!(right > left + 40, "{left} {right}");
    let reds = [2, 150].map(|x| frame.v.row(4)[x]);
    assert!(reds[0] > reds[1] + 20, "{reds:?}");
}
