//! The things in view that are not the device.

use super::things::{Mover, Screen};
use super::{Scene, background, lights, place, texture};
use crate::simulate::random::Random;
use crate::simulate::{ClipSpec, Distractor, spectrum};

/// Reflectance of skin, linear sRGB.
const SKIN: spectrum::Rgb = [0.45, 0.25, 0.17];
/// Colour temperature of screens in K.
const SCREEN_KELVIN: f64 = 6500.0;
/// Share of walkers who pass between camera and device.
const IN_THE_WAY: f64 = 0.3;

impl Scene {
    /// Adds the clip's distractors, and the hand that covers the light.
    pub(super) fn add_others(&mut self, spec: &ClipSpec, rng: &mut Random) {
        let e = &spec.effects;
        for &d in &e.distract {
            let spot = place::elsewhere(self.led, spec, rng);
            match d {
                Distractor::RedObject => self.add_red(spot, spec, rng),
                Distractor::Screen => self.add_screen(spot, spec, rng),
                Distractor::Walker => self.add_walker(spec, rng),
                _ => lights::other(d, spec, spot, &self.room, &mut self.emitters, rng),
            }
        }
        if let Some(span) = e.occlude {
            let size = 2.0 * e.led_radius * e.pair_gap.max(2.0) + 3.0 * e.shake + 10.0;
            let skin = spectrum::raw_of_srgb(SKIN, self.room.gains);
            self.movers
                .push(Mover::hand(self.led, span, size, skin, rng));
        }
    }

    fn add_red(&mut self, spot: (f64, f64), spec: &ClipSpec, rng: &mut Random) {
        let side = spec.width.min(spec.height) as f32;
        let half = (
            side * rng.single(0.015..0.08),
            side * rng.single(0.015..0.08),
        );
        let red = [rng.single(0.25..0.6), 0.01, 0.015];
        let at = self.on_surface(spot);
        self.surface.blend(at, half, |dx, dy, _| {
            let shade = 1.0 - 0.3 * dy / half.1;
            let inside = texture::rounded_box(dx, dy, half, 0.3 * half.0);
            (inside, red.map(|c| c * shade))
        });
    }

    fn add_screen(&mut self, spot: (f64, f64), spec: &ClipSpec, rng: &mut Random) {
        let half = 0.12 * spec.width as f32 * rng.single(0.7..1.6);
        let level = rng.single(0.2..1.5);
        let white = spectrum::raw_of_srgb([level; 3], spectrum::gains(SCREEN_KELVIN));
        // 16:9.
        self.screens
            .push(Screen::new(spot, (half, 0.5625 * half), white, rng));
    }

    fn add_walker(&mut self, spec: &ClipSpec, rng: &mut Random) {
        let (w, h) = (f64::from(spec.width), f64::from(spec.height));
        let tall = h * rng.real(0.5..1.1);
        let clear = 0.15 * tall + 3.0 * spec.effects.led_radius;
        let side = 0.5 * w + 0.3 * tall;
        let way = if rng.chance(IN_THE_WAY) {
            (-side, side)
        } else if self.led.0 > 0.0 {
            (-side, self.led.0 - clear)
        } else {
            (self.led.0 + clear, side)
        };
        let cloth = spectrum::raw_of_srgb(background::tint(rng, 0.12, 0.8), self.room.gains);
        // Feet below the picture, as one sees people in a room.
        let y = 0.5 * h - 0.3 * tall;
        self.movers.push(Mover::person(way, y, tall, cloth, rng));
    }
}
