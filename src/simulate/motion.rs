//! The camera's path: shake, roll, magnification, drift, swinging away.

use std::f64::consts::TAU;

use crate::simulate::random::Random;

/// Where the camera points: image = centre + zoom * rotation * (scene - centre - shift).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Point of the scene in the picture's middle, from the scene's own middle, in px.
    pub shift: (f64, f64),
    pub cos: f64,
    pub sin: f64,
    pub zoom: f64,
}

impl Pose {
    /// Scene point (px from the scene's middle) to image point (px from the picture's middle).
    pub fn to_image(self, (x, y): (f64, f64)) -> (f64, f64) {
        let (x, y) = (x - self.shift.0, y - self.shift.1);
        (
            self.zoom * (self.cos * x - self.sin * y),
            self.zoom * (self.sin * x + self.cos * y),
        )
    }

    /// The inverse of [`Pose::to_image`].
    pub fn to_scene(self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            (self.cos * x + self.sin * y) / self.zoom + self.shift.0,
            (self.cos * y - self.sin * x) / self.zoom + self.shift.1,
        )
    }

    /// The pose `f` (0..1) of the way to `other`; for poses milliseconds apart.
    pub fn toward(&self, other: &Self, f: f64) -> Self {
        let mix = |a: f64, b: f64| a + f * (b - a);
        Self {
            shift: (
                mix(self.shift.0, other.shift.0),
                mix(self.shift.1, other.shift.1),
            ),
            cos: mix(self.cos, other.cos),
            sin: mix(self.sin, other.sin),
            zoom: mix(self.zoom, other.zoom),
        }
    }
}

/// A random smooth function of time with mean 0 and sd 1: a sum of sinusoids, so that a clip of any length needs no memory.
#[derive(Debug, Clone)]
struct Wander {
    /// Amplitude, rate in rad/s, phase in rad.
    waves: Vec<(f64, f64, f64)>,
}

impl Wander {
    /// Around `hz`, three octaves wide, amplitudes falling with the rate as those of hand-held film do;
    /// `tremor` is the share of the 7 to 11 Hz of muscles.
    fn new(rng: &mut Random, hz: f64, tremor: f64) -> Self {
        let mut waves: Vec<(f64, f64, f64)> = (0..9)
            .map(|i| {
                let octave = (f64::from(i) + rng.real(0.0..1.0)) / 3.0 - 1.5;
                let rate = hz * octave.exp2();
                ((-0.7 * octave).exp2(), TAU * rate, rng.real(0.0..TAU))
            })
            .collect();
        let scale = |waves: &mut [(f64, f64, f64)], to: f64| {
            let power: f64 = waves.iter().map(|w| 0.5 * w.0 * w.0).sum();
            for w in waves {
                w.0 *= to / power.sqrt();
            }
        };
        scale(&mut waves, (1.0 - tremor * tremor).sqrt());
        let mut fast: Vec<_> = (0..3)
            .map(|_| {
                let rate = TAU * rng.real(7.0..11.0);
                (1.0, rate, rng.real(0.0..TAU))
            })
            .collect();
        scale(&mut fast, tremor);
        waves.extend(fast);
        Self { waves }
    }

    fn at(&self, t: f64) -> f64 {
        self.waves
            .iter()
            .map(|&(a, w, p)| a * (w * t + p).sin())
            .sum()
    }
}

/// A swing of the camera to another view and back.
#[derive(Debug, Clone, Copy)]
pub struct Swing {
    /// When the other view is reached and left, in s.
    pub from_s: f64,
    pub to_s: f64,
    /// Where to, in px of the scene.
    pub by: (f64, f64),
}

/// Time a hand needs to swing a phone to another view, in s.
pub const SWING_S: f64 = 0.35;

/// The camera's path over time.
#[derive(Debug, Clone)]
pub struct Motion {
    x: Wander,
    y: Wander,
    roll: Wander,
    breath: Wander,
    /// Sd in px, rad and relative.
    shake: f64,
    rotate: f64,
    zoom: f64,
    /// px/s, and the time in s at which it passes the middle.
    drift: (f64, f64),
    middle_s: f64,
    pub swing: Option<Swing>,
}

impl Motion {
    /// From the effects of a clip of `duration_s`; the drift is centred on the clip.
    pub fn new(e: &super::Effects, duration_s: f64, rng: &mut Random) -> Self {
        // A tenth of hand motion is tremor; roll and distance change more slowly than direction.
        let (sin, cos) = e.drift_deg.to_radians().sin_cos();
        Self {
            x: Wander::new(rng, e.shake_hz, 0.1),
            y: Wander::new(rng, e.shake_hz, 0.1),
            roll: Wander::new(rng, 0.6 * e.shake_hz, 0.05),
            breath: Wander::new(rng, 0.3 * e.shake_hz, 0.0),
            shake: e.shake,
            rotate: e.rotate.to_radians(),
            zoom: e.zoom,
            drift: (e.drift * cos, e.drift * sin),
            middle_s: 0.5 * duration_s,
            swing: None,
        }
    }

    pub fn pose(&self, t: f64) -> Pose {
        let away = self.swing.map_or(0.0, |s| {
            let ramp = |x: f64| {
                let x = x.clamp(0.0, 1.0);
                x * x * (3.0 - 2.0 * x)
            };
            ramp((t - s.from_s) / SWING_S + 1.0).min(ramp((s.to_s - t) / SWING_S + 1.0))
        });
        let by = self.swing.map_or((0.0, 0.0), |s| s.by);
        let drift_s = t - self.middle_s;
        let (sin, cos) = (self.rotate * self.roll.at(t)).sin_cos();
        Pose {
            shift: (
                self.shake * self.x.at(t) + self.drift.0 * drift_s + away * by.0,
                self.shake * self.y.at(t) + self.drift.1 * drift_s + away * by.1,
            ),
            cos,
            sin,
            zoom: (self.zoom * self.breath.at(t)).exp(),
        }
    }
}

/// Rate in Hz of the sway of an arm that holds something before a camera, and the share of tremor in it.
const SWAY_HZ: f64 = 0.4;
const SWAY_TREMOR: f64 = 0.05;

/// The path of a device that is held before the background.
#[derive(Debug, Clone)]
pub struct Sway {
    x: Wander,
    y: Wander,
    /// Sd per axis in px.
    sd: f64,
}

impl Sway {
    pub fn new(sd: f64, rng: &mut Random) -> Self {
        Self {
            x: Wander::new(rng, SWAY_HZ, SWAY_TREMOR),
            y: Wander::new(rng, SWAY_HZ, SWAY_TREMOR),
            sd,
        }
    }

    /// How far it is from its place in the scene at `t` s, in px.
    pub fn at(&self, t: f64) -> (f64, f64) {
        (self.sd * self.x.at(t), self.sd * self.y.at(t))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Effects;
    use super::*;

    #[test]
    fn a_pose_and_its_inverse_agree() {
        let (sin, cos) = 0.3f64.sin_cos();
        let p = Pose {
            shift: (4.0, -7.0),
            cos,
            sin,
            zoom: 1.1,
        };
        let (x, y) = p.to_scene(p.to_image((12.0, 34.0)));
        assert!((x - 12.0).abs() < 1e-9 && (y - 34.0).abs() < 1e-9);
    }

    #[test]
    fn shake_has_the_size_that_was_asked_for() {
        let e = Effects {
            shake: 6.0,
            ..Effects::default()
        };
        let mut rng = Random::new(0, 1);
        let m = Motion::new(&e, 0.0, &mut rng);
        let n = 60_000;
        let power: f64 = (0..n)
            .map(|i| m.pose(f64::from(i) * 0.01).shift.0.powi(2))
            .sum();
        let sd = (power / f64::from(n)).sqrt();
        assert!((sd - 6.0).abs() < 0.3, "{sd}");
    }
}
