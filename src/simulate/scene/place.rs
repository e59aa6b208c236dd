//! Where things are: in view, apart, and in reach of the camera's motion. Scene points are px from the scene's middle.

use crate::simulate::ClipSpec;
use crate::simulate::motion::{SWING_S, Swing};
use crate::simulate::random::Random;

/// Width and height of the picture in px.
fn size(spec: &ClipSpec) -> (f64, f64) {
    (f64::from(spec.width), f64::from(spec.height))
}

/// The device's light at mid-clip: anywhere that shake and drift will not push out of the picture.
pub fn light(spec: &ClipSpec, rng: &mut Random) -> (f64, f64) {
    let e = &spec.effects;
    let (w, h) = size(spec);
    let mut along = |n: f64| {
        let margin = 1.2 * e.led_radius
            + 3.0 * (e.shake + e.held)
            + 0.5 * e.drift.abs() * spec.duration_s
            + 4.0;
        let free = (0.5 * n - margin).max(0.05 * n);
        rng.real(-free..free)
    };
    let drawn = (along(w), along(h));
    e.place.map_or(drawn, |[x, y]| (x - 0.5 * w, y - 0.5 * h))
}

/// A scene point in view that is not on the device's light.
pub fn elsewhere(led: (f64, f64), spec: &ClipSpec, rng: &mut Random) -> (f64, f64) {
    let (w, h) = size(spec);
    let clear = (4.0 * spec.effects.led_radius + 15.0).min(0.3 * w.min(h));
    let mut spot = (0.0, 0.0);
    // A picture full of the device has no free place; then the last try stands.
    for _ in 0..50 {
        spot = (w * rng.real(-0.45..0.45), h * rng.real(-0.45..0.45));
        if (spot.0 - led.0).hypot(spot.1 - led.1) > clear {
            break;
        }
    }
    spot
}

/// The shortest swing of the camera that puts the light and its halo out of view.
pub fn swing(led: (f64, f64), [from_s, to_s]: [f64; 2], spec: &ClipSpec) -> Swing {
    let e = &spec.effects;
    let (w, h) = size(spec);
    let margin = 4.0 * e.led_radius + 3.0 * e.shake + 20.0;
    let along = |at: f64, n: f64| {
        // To the nearer side.
        if at < 0.0 {
            at + 0.5 * n + margin
        } else {
            at - 0.5 * n - margin
        }
    };
    let (x, y) = (along(led.0, w), along(led.1, h));
    Swing {
        from_s: from_s + SWING_S,
        to_s: (to_s - SWING_S).max(from_s + SWING_S),
        by: if x.abs() < y.abs() {
            (x, 0.0)
        } else {
            (0.0, y)
        },
    }
}

/// Size in px of the painted surface: the picture with room for shake, drift and roll, at most half as large again.
pub fn surface_size(spec: &ClipSpec) -> (usize, usize) {
    let e = &spec.effects;
    let (w, h) = size(spec);
    let reach = 3.0 * e.shake + 0.5 * e.drift.abs() * spec.duration_s + 4.0;
    let roll = 3.0 * e.rotate.to_radians() + 3.0 * e.zoom;
    let room = (reach + 0.5 * roll * (w + h)).min(0.25 * w.min(h));
    (
        (w + 2.0 * room).ceil() as usize,
        (h + 2.0 * room).ceil() as usize,
    )
}
