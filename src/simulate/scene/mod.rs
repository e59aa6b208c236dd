//! What is in front of the camera: surfaces, lights, moving things.

mod background;
mod body;
mod lights;
mod others;
mod photo;
mod place;
mod texture;
mod things;

use std::sync::Arc;

use crate::simulate::random::Random;

pub use texture::Texture;
pub use things::{Mover, Picture, Screen};

use super::motion::{Motion, Sway};
use super::profile::Profile;
use super::spectrum::{self, Rgb};
use super::waveform::Waveform;
use super::{ClipSpec, SimulateError};
use body::Housing;

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

/// A device that moves before the surface.
#[derive(Debug, Clone)]
pub struct Held {
    /// The surface with the device on it, where it was painted.
    pub texture: Texture,
    pub housing: Housing,
    pub sway: Sway,
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
    /// The device, if it is held before the surface rather than fixed to it.
    pub held: Option<Held>,
    /// Scene point of the device's light, px from the scene's middle.
    pub led: (f64, f64),
}

impl Scene {
    /// # Errors
    /// When the effects name a picture that can't be read.
    pub fn new(spec: &ClipSpec) -> Result<Self, SimulateError> {
        let e = &spec.effects;
        let mut rng = Random::new(spec.seed, 1);
        let led = place::light(spec, &mut rng);
        let mut motion = Motion::new(e, spec.duration_s, &mut Random::new(spec.seed, 2));
        motion.swing = e.leave.map(|during| place::swing(led, during, spec));
        let room = Room {
            ambient: e.ambient,
            flicker_hz: e.flicker_hz,
            flicker_depth: e.flicker_depth,
            phase: rng.real(0.0..std::f64::consts::TAU),
            gains: spectrum::gains(e.kelvin),
        };
        // An eighth of the picture's side is about a hand's width where a device fills the view.
        let unit = 0.12 * spec.width.min(spec.height) as f32 * rng.single(0.6..1.8);
        let size = place::surface_size(spec);
        let surface = match &e.photo {
            Some(file) => photo::surface(file, size)?,
            None => background::paint(e.background, size, unit, &mut Random::new(spec.seed, 3)),
        };
        let (shape, lenses) = lights::lenses(e, &mut rng);
        let mut scene = Self {
            surface,
            room,
            emitters: lights::device(spec, led, shape, lenses, &mut Random::new(spec.seed, 5)),
            screens: Vec::new(),
            movers: Vec::new(),
            motion,
            held: None,
            led,
        };
        let at = scene.on_surface(led);
        let bare = (e.held > 0.0).then(|| scene.surface.clone());
        let housing = body::paint(
            &mut scene.surface,
            at,
            e,
            shape,
            &lenses.map(|(x, y)| (x as f32, y as f32)),
            &mut Random::new(spec.seed, 4),
        );
        if let Some(bare) = bare {
            let mut texture = std::mem::replace(&mut scene.surface, bare);
            texture.finish(e.blur, room.gains);
            scene.held = Some(Held {
                texture,
                housing,
                sway: Sway::new(e.held, &mut Random::new(spec.seed, 9)),
            });
        }
        scene.add_others(spec, &mut Random::new(spec.seed, 6));
        scene.surface.finish(e.blur, room.gains);
        Ok(scene)
    }

    /// How far the device is from where it was painted at `t` s, in px.
    pub fn sway(&self, t: f64) -> (f64, f64) {
        self.held.as_ref().map_or((0.0, 0.0), |h| h.sway.at(t))
    }

    /// Scene point of the device's light at `t` s.
    pub fn led_at(&self, t: f64) -> (f64, f64) {
        let (dx, dy) = self.sway(t);
        (self.led.0 + dx, self.led.1 + dy)
    }

    /// Point of the surface's texture, px from its top left, of a scene point.
    fn on_surface(&self, (x, y): (f64, f64)) -> (f32, f32) {
        let half = |n: usize| 0.5 * n as f64;
        (
            (x + half(self.surface.width)) as f32,
            (y + half(self.surface.height)) as f32,
        )
    }
}
