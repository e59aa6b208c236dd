//! Things in view besides the light and its housing: people, hands, screens.

use crate::simulate::random::Random;

use super::texture::{rounded_box, value_noise};
use crate::simulate::spectrum::Rgb;

/// Time a hand needs to cover the light or clear it, in s.
const HAND_S: f64 = 0.12;

/// What an opaque moving thing is.
#[derive(Debug, Clone)]
enum Path {
    /// Walks to and fro between two scene abscissas at this many px/s, from this phase of the way (0..1).
    Walk {
        from: f64,
        to: f64,
        speed: f64,
        phase: f64,
    },
    /// Lies over a scene point from..to (s), comes from and goes away by `away` px.
    Cover {
        from_s: f64,
        to_s: f64,
        away: (f64, f64),
    },
}

/// Something opaque that moves in front of the scene.
#[derive(Debug, Clone)]
pub struct Mover {
    path: Path,
    /// Scene point the path is relative to, px.
    base: (f64, f64),
    /// Half size in px.
    pub half: (f32, f32),
    /// Raw reflectance.
    pub albedo: Rgb,
    seed: u32,
}

impl Mover {
    /// A person who walks between scene abscissas `from` and `to` (px), `tall` px high.
    pub fn person(
        (from, to): (f64, f64),
        y: f64,
        tall: f64,
        albedo: Rgb,
        rng: &mut Random,
    ) -> Self {
        // People are about a quarter as wide as tall and pass a room's width in some seconds.
        Self {
            path: Path::Walk {
                from,
                to,
                speed: tall * rng.real(0.3..0.8),
                phase: rng.real(0.0..1.0),
            },
            base: (0.0, y),
            half: ((0.14 * tall) as f32, (0.5 * tall) as f32),
            albedo,
            seed: rng.bits(),
        }
    }

    /// A hand over the point `at` from..to (s), `size` px in radius.
    pub fn hand(
        at: (f64, f64),
        [from_s, to_s]: [f64; 2],
        size: f64,
        albedo: Rgb,
        rng: &mut Random,
    ) -> Self {
        let (sin, cos) = rng.real(0.0..std::f64::consts::TAU).sin_cos();
        Self {
            path: Path::Cover {
                from_s,
                to_s,
                away: (3.0 * size * cos, 3.0 * size * sin),
            },
            base: at,
            half: (size as f32, size as f32),
            albedo,
            seed: rng.bits(),
        }
    }

    /// Scene point of its middle at `t` s, `None` when it is away.
    pub fn at(&self, t: f64) -> Option<(f64, f64)> {
        match self.path {
            Path::Walk {
                from,
                to,
                speed,
                phase,
            } => {
                let way = (to - from).max(1.0);
                let turn = (2.0 * phase + t * speed / way).rem_euclid(2.0);
                let x = from + way * if turn < 1.0 { turn } else { 2.0 - turn };
                // Two steps a second lift a walker by a hundredth of the height.
                let bob = 0.02 * f64::from(self.half.1) * (12.6 * t).sin();
                Some((x, self.base.1 + bob))
            }
            Path::Cover { from_s, to_s, away } => {
                let late = ((from_s - t) / HAND_S).max((t - to_s) / HAND_S).max(0.0);
                (late < 1.0).then_some((self.base.0 + late * away.0, self.base.1 + late * away.1))
            }
        }
    }

    /// Opacity at a point (px from its middle).
    pub fn alpha(&self, dx: f32, dy: f32) -> f32 {
        let (w, h) = self.half;
        match self.path {
            Path::Walk { .. } => {
                let head = 0.5 * w - dx.hypot(dy + h - 0.5 * w);
                let body = rounded_box(dx, dy - 0.5 * w, (w, h - 0.5 * w), 0.6 * w);
                (head + 0.5).clamp(0.0, 1.0).max(body)
            }
            Path::Cover { .. } => rounded_box(dx, dy, (w, h), 0.6 * w),
        }
    }

    /// Relative shade of its surface.
    pub fn shade(&self, dx: f32, dy: f32) -> f32 {
        let scale = 4.0 / self.half.0;
        0.6 + 0.6 * value_noise(dx * scale, dy * scale, self.seed)
    }
}

/// A television or monitor that shows moving pictures with cuts.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Scene point of its middle and half size, px.
    pub at: (f64, f64),
    pub half: (f32, f32),
    /// Raw signal of white.
    pub white: Rgb,
    seed: u32,
    /// Mean time between cuts in s.
    cut_s: f64,
}

/// What a screen shows during one frame.
#[derive(Debug, Clone, Copy)]
pub struct Picture {
    /// Raw signal at the corners: top left, top right, bottom left, bottom right.
    corners: [Rgb; 4],
    /// A thing that moves over it: place relative to half the screen, and raw signal.
    spot: (f32, f32),
    spot_rgb: Rgb,
    /// Mean over the screen.
    pub mean: Rgb,
}

impl Screen {
    pub fn new(at: (f64, f64), half: (f32, f32), white: Rgb, rng: &mut Random) -> Self {
        Self {
            at,
            half,
            white,
            seed: rng.bits(),
            cut_s: rng.real(0.6..4.0),
        }
    }

    /// What it shows at `t` s.
    pub fn picture(&self, t: f64) -> Picture {
        let t = t as f32;
        // A cut is where this slowly jittered clock passes a whole number.
        let clock = t / self.cut_s as f32;
        let shot = (clock + 0.8 * value_noise(0.5 * clock, 0.0, self.seed)).floor();
        let draw = |what: f32, rate: f32| value_noise(shot * 7.7 + what * 3.3, t * rate, self.seed);
        // Shots differ in brightness as much as in colour; squares make dark and vivid ones common.
        let bright = draw(1.0, 0.3).powi(2) + 0.05;
        let color = |what: f32| {
            [0, 1, 2].map(|c| {
                let v = draw(what + 0.3 * c as f32, 0.6);
                self.white[c] * bright * v * v * 2.0
            })
        };
        let corners = [color(2.0), color(4.0), color(6.0), color(8.0)];
        let mean = [0, 1, 2].map(|c| 0.25 * corners.iter().map(|k| k[c]).sum::<f32>());
        let spot_rgb = color(10.0).map(|c| 2.0 * c);
        Picture {
            corners,
            spot: (2.0 * draw(12.0, 0.9) - 1.0, 2.0 * draw(14.0, 0.9) - 1.0),
            spot_rgb,
            mean,
        }
    }
}

impl Picture {
    /// Raw signal at a point relative to half the screen (-1..1 each).
    pub fn at(&self, x: f32, y: f32) -> Rgb {
        if (x - self.spot.0).powi(2) + (y - self.spot.1).powi(2) < 0.06 {
            return self.spot_rgb;
        }
        let (fx, fy) = (0.5 * (x + 1.0), 0.5 * (y + 1.0));
        [0, 1, 2].map(|c| {
            let k = |i: usize| self.corners[i][c];
            let top = k(0) + fx * (k(1) - k(0));
            let low = k(2) + fx * (k(3) - k(2));
            top + fy * (low - top)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_covers_the_light_for_its_time_only() {
        let mut rng = Random::new(0, 2);
        let m = Mover::hand((50.0, 20.0), [2.0, 3.0], 30.0, [0.1; 3], &mut rng);
        let covered = |t| {
            m.at(t)
                .map_or(0.0, |(x, y)| m.alpha((50.0 - x) as f32, (20.0 - y) as f32))
        };
        assert_eq!(covered(1.0), 0.0);
        assert_eq!(covered(2.5), 1.0);
        assert_eq!(covered(3.5), 0.0);
    }

    #[test]
    fn a_screen_changes_over_time() {
        let mut rng = Random::new(0, 2);
        let s = Screen::new((0.0, 0.0), (50.0, 30.0), [1.0; 3], &mut rng);
        let means: Vec<f32> = (0..200)
            .map(|i| s.picture(f64::from(i) * 0.1).mean[1])
            .collect();
        let (low, high) = means
            .iter()
            .fold((f32::MAX, 0f32), |(l, h), &m| (l.min(m), h.max(m)));
        assert!(high > 2.0 * low && high > 0.05, "{low}..{high}");
    }
}
