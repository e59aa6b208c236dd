//! The device's housing around the light: what the LED sits in, and the lens beside it.

use crate::simulate::random::Random;

use super::texture::{Texture, rounded_box, value_noise};
use crate::simulate::profile::Shape;
use crate::simulate::{Body, Effects, Layout};

/// The outline of a housing: a box with round corners, px of the texture.
#[derive(Debug, Clone, Copy)]
pub struct Housing {
    mid: (f32, f32),
    half: (f32, f32),
    round: f32,
}

impl Housing {
    /// Opacity (0..1) at a point of the texture, in px.
    pub fn alpha(&self, (x, y): (f32, f32)) -> f32 {
        rounded_box(x - self.mid.0, y - self.mid.1, self.half, self.round)
    }
}

/// Paints the housing with its light at `(x, y)` px of the texture, unlit; `shape` is one lens, `places` are its copies, px from there.
pub fn paint(
    t: &mut Texture,
    (x, y): (f32, f32),
    e: &Effects,
    shape: Shape,
    places: &[(f32, f32)],
    rng: &mut Random,
) -> Housing {
    let r = e.led_radius as f32;
    // An indicator of 1.5 mm radius sits in housings of 30 to 70 mm; a ring is half as wide as its doorbell.
    let (half, at) = match e.layout {
        Layout::Ring => {
            let w = r * rng.single(1.25..1.9);
            ((w, 2.4 * w), (0.0, rng.single(0.6..1.2) * w))
        }
        _ => {
            let w = r * rng.single(6.0..22.0);
            let tall = rng.single(0.8..1.3);
            ((w, tall * w), (0.0, rng.single(-0.6..0.6) * w * tall))
        }
    };
    // A housing larger than the picture is a plain surface.
    let limit = t.width.max(t.height) as f32;
    let half = (half.0.min(limit), half.1.min(limit));
    let mid = (x - at.0, y - at.1);
    let light = match e.body {
        Body::White => 0.75,
        Body::Grey => 0.25,
        Body::Black => 0.03,
    };
    let round = rng.single(0.1..0.4) * half.0;
    let shadow = (rng.single(-0.1..0.1) * half.0, 0.06 * half.1);
    t.blend(
        (mid.0 + shadow.0, mid.1 + shadow.1),
        (1.2 * half.0, 1.2 * half.1),
        |dx, dy, _| {
            let soft = 0.1 * half.0;
            let d = rounded_box(dx / soft, dy / soft, (half.0 / soft, half.1 / soft), 3.0);
            (0.5 * d, [0.0; 3])
        },
    );
    let seed: u32 = rng.bits();
    t.blend(mid, (half.0 + 1.0, half.1 + 1.0), |dx, dy, _| {
        let shade = 1.0 - 0.25 * dy / half.1 + 0.02 * value_noise(dx, dy, seed);
        let rim = rounded_box(dx, dy, (half.0 - 2.0, half.1 - 2.0), round);
        let v = light * shade * (0.6 + 0.4 * rim);
        (rounded_box(dx, dy, half, round), [v; 3])
    });
    lens(t, (x, y), at, half, e, rng);
    for (px, py) in places {
        unlit(t, (x + px, y + py), shape, light);
    }
    Housing { mid, half, round }
}

/// The camera lens of the device: black glass with the glint of a lamp, beside the light, which is `at` px from the middle of the housing.
fn lens(
    t: &mut Texture,
    (x, y): (f32, f32),
    at: (f32, f32),
    half: (f32, f32),
    e: &Effects,
    rng: &mut Random,
) {
    let r = e.led_radius as f32;
    let (radius, away) = if e.layout == Layout::Ring {
        (0.35 * half.0, -half.1 - 0.1 * half.0)
    } else {
        // On the side with more room, touching neither the light nor, if it can, the rim.
        let room = half.1 + at.1.abs() - 4.0 * r;
        let radius = (0.35 * half.0).min(0.45 * room.max(2.0 * r));
        (radius, -at.1.signum() * (radius + 4.0 * r))
    };
    let mid = (x, y + away);
    let spot = (
        rng.single(-0.4..0.4) * radius,
        rng.single(-0.6..0.0) * radius,
    );
    let gloss = rng.single(0.3..2.5);
    t.blend(mid, (radius + 1.0, radius + 1.0), |dx, dy, _| {
        let d = dx.hypot(dy);
        let shine = 1.0 - (dx - spot.0).hypot(dy - spot.1) / (0.12 * radius).max(1.0);
        let v = 0.015 + 0.02 * (d / radius) + gloss * shine.clamp(0.0, 1.0);
        ((radius - d + 0.5).clamp(0.0, 1.0), [v; 3])
    });
}

/// The light itself when dark: milky plastic, a little paler than a dark housing.
fn unlit(t: &mut Texture, mid: (f32, f32), shape: Shape, body: f32) {
    let outer = shape.outer() as f32;
    let inner = match shape {
        Shape::Disc(_) => 0.0,
        Shape::Ring(r, w) => (r - w) as f32,
    };
    let v = 0.6 * body + 0.06;
    t.blend(mid, (outer + 1.0, outer + 1.0), |dx, dy, _| {
        let d = dx.hypot(dy);
        let inside = (outer - d + 0.5).clamp(0.0, 1.0);
        let hole = if inner > 0.0 {
            (inner - d + 0.5).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (inside - hole, [v, v, 0.95 * v])
    });
}
