//! What the optics make of one light: its image as a function of the distance from its centre.

use std::f64::consts::TAU;

/// Step of the tables in px; between entries they are read linearly.
const STEP: f32 = 0.25;
/// Edge of a disc blurred by less than a sixth of its radius is as straight as makes no difference.
const STRAIGHT_EDGE: f64 = 6.0;
/// How much dimmer a lens is at its rim than in the middle.
const RIM_DIMMING: f64 = 0.35;
/// Points on a circle of the source in the sum over its halo.
const HALO_POINTS: usize = 48;

/// The lit shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Radius in px.
    Disc(f64),
    /// Outer radius and width in px.
    Ring(f64, f64),
}

impl Shape {
    pub fn outer(self) -> f64 {
        match self {
            Self::Disc(r) | Self::Ring(r, _) => r,
        }
    }

    /// Radiance at distance `r` from the middle, without optics.
    fn source(self, r: f64) -> f64 {
        match self {
            Self::Disc(outer) if r <= outer => 1.0 - RIM_DIMMING * (r / outer).powi(2),
            Self::Ring(outer, width) if r <= outer && r >= outer - width => 1.0,
            _ => 0.0,
        }
    }

    fn inner(self) -> f64 {
        match self {
            Self::Disc(_) => 0.0,
            Self::Ring(outer, width) => (outer - width).max(0.0),
        }
    }
}

/// Level over distance for a source of radiance 1.
#[derive(Debug, Clone)]
pub struct Profile {
    image: Vec<f32>,
    /// Light on a white surface beside the source.
    spill: Vec<f32>,
    has_spill: bool,
}

/// How the optics spread the light.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optics {
    /// Sd of the blur in px.
    pub blur: f64,
    /// Fraction of light scattered, and the scale of that in px.
    pub halo: f64,
    pub halo_radius: f64,
    /// Level beside the source on a white surface.
    pub spill: f64,
}

/// Complementary error function, Abramowitz and Stegun 7.1.26 (error below 2e-7).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.3275911 * x.abs());
    let poly = t
        * (0.254829592
            + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    let tail = poly * (-x * x).exp();
    if x >= 0.0 { tail } else { 2.0 - tail }
}

impl Profile {
    /// Up to `reach` px from the centre.
    pub fn new(shape: Shape, optics: Optics, reach: f64) -> Self {
        let entries = (reach / f64::from(STEP)).ceil() as usize + 2;
        let radii: Vec<f64> = (0..entries).map(|i| i as f64 * f64::from(STEP)).collect();
        let core = core(shape, optics.blur, &radii);
        let halo = halo(shape, optics, &radii);
        let image = core
            .iter()
            .zip(&halo)
            .map(|(c, h)| ((1.0 - optics.halo) * c + h) as f32)
            .collect();
        // A lens on the housing lights its surround like a small lamp just above it.
        let height = 2.0 * shape.outer() + 1.0;
        let spill = radii
            .iter()
            .map(|r| (optics.spill * (1.0 + (r / height).powi(2)).powf(-1.5)) as f32)
            .collect();
        Self {
            image,
            spill,
            has_spill: optics.spill > 0.0,
        }
    }

    /// Distance in px beyond which a source of radiance `level` adds less than `floor`.
    pub fn reach(&self, level: f32, floor: f32) -> f32 {
        let last = |table: &[f32]| {
            table
                .iter()
                .rposition(|&v| v * level >= floor)
                .map_or(0, |i| i + 1)
        };
        let mut n = last(&self.image);
        if self.has_spill {
            n = n.max(last(&self.spill));
        }
        n as f32 * STEP
    }

    /// (image, spill) at the squared distance `r2` in px²; the last entry beyond the tables.
    #[inline]
    pub fn at(&self, r2: f32) -> (f32, f32) {
        let x = r2.sqrt() * (1.0 / STEP);
        let i = (x as usize).min(self.image.len() - 2);
        let f = (x - i as f32).min(1.0);
        let image = self.image[i] + f * (self.image[i + 1] - self.image[i]);
        let spill = if self.has_spill {
            self.spill[i] + f * (self.spill[i + 1] - self.spill[i])
        } else {
            0.0
        };
        (image, spill)
    }
}

/// The source blurred by a Gaussian of sd `blur`.
fn core(shape: Shape, blur: f64, radii: &[f64]) -> Vec<f64> {
    let (inner, outer) = (shape.inner(), shape.outer());
    let reach = outer + 6.0 * blur;
    if outer - inner > STRAIGHT_EDGE * blur && (inner == 0.0 || inner > STRAIGHT_EDGE * blur) {
        let edge = |r: f64| 0.5 * erfc(r / (std::f64::consts::SQRT_2 * blur));
        return radii
            .iter()
            .map(|&r| {
                let hole = if inner > 0.0 { edge(r - inner) } else { 0.0 };
                (edge(r - outer) - hole) * shape.source(r.clamp(inner, outer))
            })
            .collect();
    }
    // Sum over points of the source, at least three per sd of the blur.
    let rings = (3.0 * (outer - inner) / blur).ceil().max(6.0) as usize;
    let mut points = Vec::new();
    for i in 0..rings {
        let r = inner + (outer - inner) * (i as f64 + 0.5) / rings as f64;
        let around = (TAU * r * 3.0 / blur).ceil().max(6.0) as usize;
        let area = TAU * r * (outer - inner) / rings as f64 / around as f64;
        for k in 0..around {
            let (sin, cos) = (TAU * k as f64 / around as f64).sin_cos();
            points.push((r * cos, r * sin, area * shape.source(r)));
        }
    }
    let norm = 1.0 / (TAU * blur * blur);
    radii
        .iter()
        .map(|&r| {
            if r > reach {
                return 0.0;
            }
            points
                .iter()
                .map(|&(x, y, w)| {
                    let d2 = (x - r).powi(2) + y * y;
                    w * norm * (-0.5 * d2 / (blur * blur)).exp()
                })
                .sum()
        })
        .collect()
}

/// The scattered light: the source spread by 1/(2 pi s²) (1 + r²/s²)^(-3/2), whose integral is 1.
fn halo(shape: Shape, optics: Optics, radii: &[f64]) -> Vec<f64> {
    if optics.halo == 0.0 {
        return vec![0.0; radii.len()];
    }
    let (inner, outer) = (shape.inner(), shape.outer());
    // Circles half a source width apart are smoothed by the halo's own scale.
    let s = optics.halo_radius + 0.25 * (outer - inner);
    let area = TAU * 0.5 * (outer * outer - inner * inner);
    let circles = [0.2, 0.5, 0.8].map(|f: f64| {
        // Equal areas.
        (inner * inner + f * (outer * outer - inner * inner)).sqrt()
    });
    let share = optics.halo * area / (circles.len() * HALO_POINTS) as f64 / (TAU * s * s);
    radii
        .iter()
        .map(|&r| {
            let mut sum = 0.0;
            for c in circles {
                for k in 0..HALO_POINTS {
                    let cos = (TAU * (k as f64 + 0.5) / HALO_POINTS as f64).cos();
                    let d2 = r * r + c * c - 2.0 * r * c * cos;
                    let q = 1.0 + d2 / (s * s);
                    sum += 1.0 / (q * q.sqrt());
                }
            }
            share * sum
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTICS: Optics = Optics {
        blur: 0.8,
        halo: 0.1,
        halo_radius: 3.0,
        spill: 0.0,
    };

    /// Integral over the plane.
    fn flux(p: &Profile, reach: f64) -> f64 {
        let n = (reach * 10.0) as usize;
        (0..n)
            .map(|i| {
                let r = (i as f64 + 0.5) * 0.1;
                f64::from(p.at((r * r) as f32).0) * TAU * r * 0.1
            })
            .sum()
    }

    #[test]
    fn the_optics_keep_the_light() {
        for r in [0.8, 3.0, 20.0] {
            let p = Profile::new(Shape::Disc(r), OPTICS, 900.0);
            let source = 0.5 * TAU * r * r * (1.0 - 0.5 * RIM_DIMMING);
            let got = flux(&p, 900.0) / source;
            // The halo is laid out as if the lens were even; a little of it lies beyond the tables.
            assert!((0.95..1.04).contains(&got), "radius {r}: {got}");
        }
    }

    #[test]
    fn a_ring_is_dark_in_the_middle() {
        let p = Profile::new(Shape::Ring(40.0, 8.0), OPTICS, 200.0);
        assert!(p.at(0.0).0 < 0.1 * p.at(36.0 * 36.0).0);
        assert!(p.at(36.0 * 36.0).0 > 0.9);
    }

    #[test]
    fn reach_bounds_what_is_left_out() {
        let p = Profile::new(Shape::Disc(4.0), OPTICS, 400.0);
        let r = p.reach(5.0, 1e-3);
        assert!(r > 4.0 && p.at((r + 1.0).powi(2)).0 * 5.0 < 1e-3);
    }

    #[test]
    fn erfc_is_right() {
        for (x, want) in [
            (0.0, 1.0),
            (0.5, 0.4795001),
            (-1.0, 1.8427008),
            (3.0, 2.209e-5),
        ] {
            assert!((erfc(x) - want).abs() < 1e-6);
        }
    }
}
