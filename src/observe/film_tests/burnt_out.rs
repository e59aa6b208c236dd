//! Place, shape and edges of lights that burn out, or stand on what is bright.

use super::*;
use crate::simulate::Layout;

#[test]
fn edges_of_a_burnt_out_light_with_little_halo_are_told_by_what_does_not_clip() {
    let mut off = Vec::new();
    for (seed, level) in [(1, 1.8), (2, 3.0), (3, 5.0)] {
        let uneven = (0..11).map(|i| 0.13 + 0.517 * f64::from(i));
        let mut spec = lamp(30.0, &uneven.map(|t| (t, t + 0.23)).collect::<Vec<_>>());
        let e = &mut spec.effects;
        (e.led_level, e.exposure, e.halo, e.spill) = (level, 0.9, 0.005, 0.0);
        (e.crosstalk, e.blur) = (0.05, 0.5);
        spec.seed = seed;
        let mut source = SimulatedSource::new(&spec).unwrap();
        let truth = source.truth().pulses();
        let seen = observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap();
        let pulses = seen.lights[0].train.pulses();
        for (p, t) in pulses.iter().zip(&truth).skip(1).take(10) {
            off.extend([30.0 * (p.start_s - t.start_s), 30.0 * (p.end_s - t.end_s)]);
        }
    }
    let rms = (off.iter().map(|d| d * d).sum::<f64>() / off.len() as f64).sqrt();
    assert!(off.len() == 60 && rms < 0.17, "{rms:.2} frames: {off:.2?}");
}

#[test]
fn a_ring_is_one_light_with_all_of_it_as_its_place() {
    for spans in [STEADY.to_vec(), blinks()] {
        let mut spec = lamp(30.0, &spans);
        (spec.effects.layout, spec.effects.led_radius) = (Layout::Ring, 30.0);
        let mut source = SimulatedSource::new(&spec).unwrap();
        let led = source.truth().led.clone();
        let seen = observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap();
        let rings = seen.lights.iter().filter(|l| l.ring);
        let places: Vec<_> = rings.map(|l| l.place).collect();
        let [place] = places[..] else {
            panic!("{places:?} are rings");
        };
        assert!(seen.lights[0].ring, "the surest is a piece");
        let (x, y) = place.centre();
        assert!((x - led.x).hypot(y - led.y) < 4.0, "{place:?}");
        for size in [place.w, place.h] {
            assert!((50.0..72.0).contains(&size), "{place:?}");
        }
        // A disc of the same size is none.
        spec.effects.layout = Layout::Single;
        assert!(self::seen(&spec).lights.iter().all(|l| !l.ring));
    }
}

#[test]
fn edges_of_a_burnt_out_light_are_known_to_a_quarter_of_a_frame() {
    // A fifteenth of an exposure clips the core of such a light: only its halo tells the share.
    let spans: Vec<(f64, f64)> = (0..9)
        .map(|i| 0.3 + 0.611 * f64::from(i))
        .map(|t| (t, t + 0.287))
        .collect();
    let mut spec = lamp(30.0, &spans);
    (spec.effects.led_level, spec.effects.exposure) = (15.0, 0.8);
    let mut source = SimulatedSource::new(&spec).unwrap();
    let truth = source.truth().pulses();
    let seen = observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap();
    let pulses = seen.lights[0].train.pulses();
    assert_eq!(pulses.len(), truth.len(), "{pulses:?}");
    let errors: Vec<f64> = pulses
        .iter()
        .zip(&truth)
        .flat_map(|(p, t)| [p.start_s - t.start_s, p.end_s - t.end_s])
        .map(|e| e * 30.0)
        .collect();
    let rms = (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt();
    assert!(rms < 0.25, "{rms:.3} {errors:.2?}");
}

#[test]
fn a_light_that_burns_out_far_around_is_placed_by_its_middle() {
    let mut spec = lamp(30.0, &blinks());
    (
        spec.effects.led_level,
        spec.effects.halo,
        spec.effects.exposure,
    ) = (60.0, 0.3, 0.5);
    let mut source = SimulatedSource::new(&spec).unwrap();
    let led = source.truth().led.clone();
    let seen = observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap();
    let place = seen.lights[0].place;
    let (x, y) = place.centre();
    assert!(
        (x - led.x).hypot(y - led.y) < 4.0,
        "{place:?} at {:.0},{:.0}",
        led.x,
        led.y
    );
}

#[test]
fn a_coloured_lens_on_a_bright_plate_is_one_light() {
    let mut spec = lamp(30.0, &STEADY);
    let e = &mut spec.effects;
    (e.body, e.background) = (Body::White, Background::Fabric);
    (e.ambient, e.led_radius, e.led_level) = (0.9, 12.0, 1.5);
    let mut source = SimulatedSource::new(&spec).unwrap();
    let truth = source.truth().led.clone();
    let seen = observe(&mut source, &ObserveOptions::default(), &mut |_| {}).unwrap();
    let there = seen.lights.iter().filter(|l| {
        let (x, y) = l.place.centre();
        (x - truth.x).hypot(y - truth.y) < 1.5 * truth.radius
    });
    let radii: Vec<f64> = there.map(|l| l.radius_px).collect();
    assert!(matches!(radii[..], [r] if r > 8.0), "{radii:?}");
}
