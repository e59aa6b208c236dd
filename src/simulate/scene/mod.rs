//! What is in front of the camera: surfaces, lights, moving things.

mod background;
mod body;
mod lights;
mod texture;
mod things;

use std::sync::Arc;

use crate::simulate::random::Random;

pub use texture::Texture;
pub use things::{Mover, Picture, Screen};

use super::motion::{Motion, SWING_S, Swing};
use super::profile::Profile;
use super::spectrum::{self, Rgb};
use super::waveform::Waveform;
use super::{ClipSpec, Distractor};

/// A point light or lens.
#[derive(Debug, Clone)]
pub struct Emitter {
    /// Scene point, px from the scene's middle.
    pub at: (f64, f64),
    /// For a ghost inside the camera's lens: its image is the light's image mirrored in the picture's middle, times this.
    pub ghost: Option<f64>,
    pub profile: Arc<Profile>,
    /// Raw signal at level 1.
    pub raw: Rgb,
    pub wave: Waveform,
    /// Height of its image over its width.
    pub tilt: f32,
    /// Varies with the room's mains flicker.
    pub mains: bool,
    /// Belongs to the device that is filmed.
    pub of_device: bool,
}

/// The room's light.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub ambient: f64,
    pub flicker_hz: f64,
    pub flicker_depth: f64,
    /// Phase of the flicker at 0 s, in rad.
    pub phase: f64,
    /// White-balance gains that make it neutral.
    pub gains: [f64; 3],
}

impl Room {
    /// Mean level from..to s, relative to `ambient`.
    pub fn flicker(&self, from: f64, to: f64) -> f64 {
        if self.flicker_hz == 0.0 || self.flicker_depth == 0.0 {
            return 1.0;
        }
        let w = std::f64::consts::TAU * self.flicker_hz;
        let area = (w * to + self.phase).sin() - (w * from + self.phase).sin();
        1.0 + self.flicker_depth * area / (w * (to - from))
    }
}

/// Everything in view.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Raw signal of the surfaces in light of level 1; its middle is the scene's middle.
    pub surface: Texture,
    pub room: Room,
    pub emitters: Vec<Emitter>,
    pub screens: Vec<Screen>,
    pub movers: Vec<Mover>,
    pub motion: Motion,
    /// Scene point of the device's light, px from the scene's middle.
    pub led: (f64, f64),
}

impl Scene {
    pub fn new(spec: &ClipSpec) -> Self {
        let e = &spec.effects;
        let (w, h) = (f64::from(spec.width), f64::from(spec.height));
        let mut rng = Random::new(spec.seed, 1);
        let led = place_led(spec, &mut rng);
        let mut motion = Motion::new(e, spec.duration_s, &mut Random::new(spec.seed, 2));
        if let Some([from, to]) = e.leave {
            // By the nearest side, far enough that the halo leaves as well.
            let margin = 4.0 * e.led_radius + 3.0 * e.shake + 20.0;
            let ways = [
                (led.0 + 0.5 * w + margin, 0.0),
                (led.0 - 0.5 * w - margin, 0.0),
                (0.0, led.1 + 0.5 * h + margin),
                (0.0, led.1 - 0.5 * h - margin),
            ];
            let length = |v: &(f64, f64)| v.0.hypot(v.1);
            let by = ways
                .into_iter()
                .min_by(|a, b| length(a).total_cmp(&length(b)));
            motion.swing = by.map(|by| Swing {
                from_s: from + SWING_S,
                to_s: (to - SWING_S).max(from + SWING_S),
                by,
            });
        }
        let room = Room {
            ambient: e.ambient,
            flicker_hz: e.flicker_hz,
            flicker_depth: e.flicker_depth,
            phase: rng.real(0.0..std::f64::consts::TAU),
            gains: spectrum::gains(e.kelvin),
        };

        // Room for shake and drift; what lies beyond is mirrored.
        let reach = 3.0 * e.shake + 0.5 * e.drift.abs() * spec.duration_s + 4.0;
        let roll = 3.0 * e.rotate.to_radians() + 3.0 * e.zoom;
        let size = |n: f64, other: f64| n + 2.0 * (reach + 0.5 * roll * (n + other)).min(0.25 * n);
        let size = (size(w, h).ceil() as usize, size(h, w).ceil() as usize);
        let unit = (0.12 * w.min(h)) as f32 * rng.single(0.6..1.8);
        let mut surface =
            background::paint(e.background, size, unit, &mut Random::new(spec.seed, 3));
        let on_surface = |p: (f64, f64)| {
            (
                (p.0 + 0.5 * size.0 as f64) as f32,
                (p.1 + 0.5 * size.1 as f64) as f32,
            )
        };
        let (shape, places) = lights::lenses(e, &mut rng);
        body::paint(
            &mut surface,
            on_surface(led),
            e,
            shape,
            &places.map(|(x, y)| (x as f32, y as f32)),
            &mut Random::new(spec.seed, 4),
        );
        let mut emitters = lights::device(spec, led, shape, places, &mut Random::new(spec.seed, 5));

        let mut screens = Vec::new();
        let mut movers = Vec::new();
        let mut others = Random::new(spec.seed, 6);
        let skin = spectrum::raw_of_srgb([0.45, 0.25, 0.17], room.gains);
        for &d in &e.distract {
            let spot = away_from(led, spec, &mut others);
            match d {
                Distractor::RedObject => {
                    let half = rng_half(w.min(h), &mut others);
                    let red = [others.single(0.25..0.6), 0.01, 0.015];
                    surface.blend(on_surface(spot), half, |dx, dy, _| {
                        let shade = 1.0 - 0.3 * dy / half.1;
                        let a = texture::rounded_box(dx, dy, half, 0.3 * half.0);
                        (a, red.map(|c| c * shade))
                    });
                }
                Distractor::Screen => {
                    let half = (0.12 * w) as f32 * others.single(0.7..1.6);
                    let level = others.single(0.2..1.5);
                    // Screens are bluish white.
                    let white =
                        spectrum::raw_of_srgb([level, level, 1.1 * level], spectrum::gains(6500.0));
                    let half = (half, 0.5625 * half);
                    screens.push(Screen::new(spot, half, white, &mut others));
                }
                Distractor::Walker => {
                    let tall = h * others.real(0.5..1.1);
                    // Most people keep out of the way; some walk between camera and device.
                    let clear = 0.15 * tall + 3.0 * e.led_radius;
                    let side = 0.5 * w + 0.3 * tall;
                    let way = match others.whole(0..10) {
                        0..3 => (-side, side),
                        _ if led.0 > 0.0 => (-side, led.0 - clear),
                        _ => (led.0 + clear, side),
                    };
                    let cloth = background::tint(&mut others, 0.12, 0.8);
                    let cloth = spectrum::raw_of_srgb(cloth, room.gains);
                    let y = 0.5 * h - 0.3 * tall;
                    movers.push(Mover::person(way, y, tall, cloth, &mut others));
                }
                _ => lights::other(d, spec, spot, &room, &mut emitters, &mut others),
            }
        }
        if let Some(span) = e.occlude {
            let size = 2.0 * e.led_radius * e.pair_gap.max(2.0) + 3.0 * e.shake + 10.0;
            movers.push(Mover::hand(led, span, size, skin, &mut others));
        }
        // Brightness of paint is no brighter under a blurred lens; blur comes last.
        surface.blur(e.blur);
        surface.map(|c| spectrum::raw_of_srgb(c, room.gains));
        Self {
            surface,
            room,
            emitters,
            screens,
            movers,
            motion,
            led,
        }
    }
}

/// Half size in px of a medium thing in a picture whose smaller side is `side` px.
fn rng_half(side: f64, rng: &mut Random) -> (f32, f32) {
    let mut one = || (side * rng.real(0.015..0.08)) as f32;
    (one(), one())
}

/// Where the light is at mid-clip: anywhere that shake and drift will not push out of the picture.
fn place_led(spec: &ClipSpec, rng: &mut Random) -> (f64, f64) {
    let e = &spec.effects;
    let (w, h) = (f64::from(spec.width), f64::from(spec.height));
    let mut along = |n: f64| {
        let margin =
            1.2 * e.led_radius + 3.0 * e.shake + 0.5 * e.drift.abs() * spec.duration_s + 4.0;
        let free = (0.5 * n - margin).max(0.05 * n);
        rng.real(-free..free)
    };
    let drawn = (along(w), along(h));
    e.place.map_or(drawn, |[x, y]| (x - 0.5 * w, y - 0.5 * h))
}

/// A scene point in view that is not on the device's light.
fn away_from(led: (f64, f64), spec: &ClipSpec, rng: &mut Random) -> (f64, f64) {
    let e = &spec.effects;
    let (w, h) = (f64::from(spec.width), f64::from(spec.height));
    let clear = (4.0 * e.led_radius + 15.0).min(0.3 * w.min(h));
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
