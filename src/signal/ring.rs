//! Whether a light is a piece of a lit ring, as those round a button are.

use super::Linearizer;
use super::blob::{Moments, around, connected};
use super::patch::{Patch, spread};
use super::reader::{brightest, mean, readers, share};
use crate::locate::scene::Scene;

/// Looked at in so many lit frames, and dark ones where there are any.
const FRAMES: usize = 3;
/// Shares of the light's own brightness from which on a cell belongs to it: half, and where the ring lights up what it
/// encloses, more.
const LIT: [f32; 2] = [0.5, 0.75];
/// Gap in cells that it may have: a compressed ring is a chain of beads.
const GAP: i32 = 2;
/// More cells than a ring across a third of a picture's height has; something wider is no status light.
pub(super) const MOST_CELLS: usize = 2000;
/// Least half width in cells: a smaller one has no hole that could be seen.
const LEAST_RADIUS: f64 = 2.5;
/// Least ratio of the axes: a ring seen from more than 60 degrees aside is two lines.
const LEAST_ROUND: f64 = 0.5;
/// Most that the distances from the middle scatter, as a share of their mean, once the ellipse is made a circle: 0.35 in a
/// full disc, 0.18 where the hole is half as wide as the ring.
const MOST_SCATTER: f64 = 0.2;
/// Sectors round the middle, and how many of them the ring is seen in.
const SECTORS: usize = 16;
const LEAST_SECTORS: usize = 14;

/// A lit ring: its middle, half of its width and height, and its cells, in scene coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    pub x: f64,
    pub y: f64,
    pub half_width: f64,
    pub half_height: f64,
    pub cells: Vec<(f64, f64)>,
}

impl Ring {
    /// They are found from two pieces of one ring.
    pub fn is(&self, other: &Self) -> bool {
        let near = |a: f64, b: f64, half: f64| (a - b).abs() < 0.5 * half;
        near(self.x, other.x, self.half_width)
            && near(self.y, other.y, self.half_height)
            && near(self.half_width, other.half_width, self.half_width)
    }
}

/// The ring that the light of `patch` is a piece of. All that is lit in its colour when it is, and not when it is dark, is
/// taken together with it, as far as it is connected.
pub fn ring(
    scene: &Scene,
    linear: &Linearizer,
    patch: &Patch,
    lit: &[Option<bool>],
) -> Option<Ring> {
    let frames = |on: bool| {
        let all: Vec<usize> = (0..lit.len()).filter(|&i| lit[i] == Some(on)).collect();
        readers(scene, linear, spread(&all, FRAMES))
    };
    let (on, off) = (frames(true), frames(false));
    let ((x, y), full) = brightest(&on, patch)?;
    let ground = match off.is_empty() {
        false => mean(&off, x, y)?,
        true => {
            let around: Vec<[f32; 3]> = patch
                .surround
                .iter()
                .filter_map(|&(x, y)| mean(&on, x, y))
                .collect();
            std::array::from_fn(|k| around.iter().map(|c| c[k]).sum::<f32>() / around.len() as f32)
        }
    };
    let share = share(full, ground);
    let first = (x.round() as i32, y.round() as i32);
    LIT.iter().find_map(|&least| {
        let belongs = |x: i32, y: i32| {
            let (x, y) = (f64::from(x), f64::from(y));
            let lit = mean(&on, x, y).is_some_and(|c| share(c) >= least);
            lit && (off.is_empty() || mean(&off, x, y).is_some_and(|c| share(c) < least))
        };
        fitted(connected([first], &around(GAP), MOST_CELLS, belongs)?)
    })
}

/// The ring that these cells are, if they are one: made round by their second moments, they lie at one distance from their
/// middle, in all directions.
fn fitted(cells: Vec<(f64, f64)>) -> Option<Ring> {
    let n = cells.len() as f64;
    let moments = Moments::of(cells.iter().copied());
    let ((x, y), [long, short]) = (moments.middle, moments.along_axes());
    // Of a ring the variance along an axis is half the square of its half axis.
    if (2.0 * short).sqrt() < LEAST_RADIUS || (short / long).sqrt() < LEAST_ROUND {
        return None;
    }
    let (sin, cos) = moments.angle().sin_cos();
    let round = cells.iter().map(|c| {
        let (dx, dy) = (c.0 - x, c.1 - y);
        let (u, v) = (
            (dx * cos + dy * sin) / long.sqrt(),
            (dy * cos - dx * sin) / short.sqrt(),
        );
        (u.hypot(v), v.atan2(u))
    });
    let mut sectors = [false; SECTORS];
    let (mut sum, mut squares) = (0.0, 0.0);
    for (distance, angle) in round {
        let turn = angle / std::f64::consts::TAU + 0.5;
        sectors[(turn * SECTORS as f64) as usize % SECTORS] = true;
        sum += distance;
        squares += distance * distance;
    }
    let scatter = (n * squares / (sum * sum) - 1.0).max(0.0).sqrt();
    let seen = sectors.iter().filter(|s| **s).count();
    (scatter <= MOST_SCATTER && seen >= LEAST_SECTORS).then(|| Ring {
        x,
        y,
        half_width: (2.0 * moments.xx).sqrt() + 0.5,
        half_height: (2.0 * moments.yy).sqrt() + 0.5,
        cells,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells between two ellipses, round (50, 40), turned by 30 degrees.
    fn between(inner: f64, outer: f64, squeezed: f64) -> Vec<(f64, f64)> {
        let (sin, cos) = 30f64.to_radians().sin_cos();
        let mut cells = Vec::new();
        for y in 0..80 {
            for x in 0..100 {
                let (dx, dy) = (f64::from(x) - 50.0, f64::from(y) - 40.0);
                let d = (dx * cos + dy * sin).hypot((dy * cos - dx * sin) / squeezed);
                if (inner..=outer).contains(&d) {
                    cells.push((f64::from(x), f64::from(y)));
                }
            }
        }
        cells
    }

    #[test]
    fn a_ring_is_told_from_a_disc_an_arc_and_a_line() {
        for (inner, outer, squeezed) in [(3.0, 4.0, 1.0), (9.0, 11.0, 0.7), (6.0, 10.0, 0.9)] {
            let ring = fitted(between(inner, outer, squeezed)).expect("a ring");
            assert!(
                (ring.x - 50.0).abs() < 0.1 && (ring.y - 40.0).abs() < 0.1,
                "{ring:?}"
            );
            let width = ring.half_width;
            assert!(
                squeezed * outer - 1.0 < width && width < outer + 1.0,
                "{ring:?}"
            );
        }
        let disc = between(0.0, 9.0, 1.0);
        let small = between(1.0, 2.0, 1.0);
        let flat = between(9.0, 10.0, 0.4);
        let mut arc = between(9.0, 11.0, 1.0);
        arc.retain(|c| c.0 < 53.0);
        for cells in [disc, small, flat, arc] {
            assert_eq!(fitted(cells), None);
        }
    }
}
