//! A coarse search for jumps that are too far for a local fit.

use super::picture::{Picture, Point};
use super::{Alignment, COARSE, MIN_POINTS, Similarity};

/// Misfit that a jump of the whole picture by one cell must save to be believed.
const JUMP_COST: f64 = 0.004;
/// Reach of the search in blocks to each side: 24 cells, a tenth of the picture's width.
const REACH: i32 = 6;

/// Points that are compared before it is asked whether the rest can matter.
const POINTS_BETWEEN_CHECKS: usize = 16;

/// Mean robust misfit (0 perfect, 1 nothing fits), weighted by gradient: a ramp fits almost anywhere, the edges of the one
/// small thing before it only where they belong. `None` as soon as it can't be less than `limit`.
fn cost_below(points: &[Point], picture: &Picture, a: &Alignment, limit: f64) -> Option<f64> {
    let (mut sum, mut weight, mut inside) = (0.0f32, 0.0f32, 0usize);
    // Were all points inside, no weight could be more than this one: a sum beyond its share of it is too much already.
    // The margin is for the rounding of sums.
    let all: f32 = points.iter().map(|p| p.weight).sum();
    let enough = (1.001 * limit * f64::from(all)) as f32;
    for block in points.chunks(POINTS_BETWEEN_CHECKS) {
        for p in block {
            let (x, y) = a.motion.apply(f64::from(p.x), f64::from(p.y));
            if let Some(v) = picture.sample(x, y) {
                let z = (v - a.gain as f32 * p.value).abs() / p.tolerance;
                inside += 1;
                weight += p.weight;
                sum += p.weight * z.min(1.0);
            }
        }
        if sum > enough {
            return None;
        }
    }
    // With most of the points outside nothing can be said.
    if inside < MIN_POINTS || inside * 4 < points.len() {
        return Some(1.0);
    }
    Some(f64::from(sum / weight))
}

/// The shift near `last` that fits best on the coarse level; roll and zoom are kept.
pub fn search(points: &[Point], picture: &Picture, last: &Alignment) -> Similarity {
    if points.len() < MIN_POINTS {
        return last.motion;
    }
    let s = COARSE as f64;
    // Block b covers cells b*s .. (b+1)*s: its centre lies at cell b*s + (s-1)/2.
    let centre = (s - 1.0) / 2.0;
    let m = last.motion;
    let to_coarse = |m: Similarity| {
        let (x, y) = m.apply(centre, centre);
        Similarity {
            dx: (x - centre) / s,
            dy: (y - centre) / s,
            ..m
        }
    };
    let base = Alignment {
        motion: to_coarse(m),
        ..*last
    };
    let mut best = (0.0, 0.0);
    let mut least = cost_below(points, picture, &base, f64::INFINITY).unwrap_or(1.0) * 0.98;
    for dy in -REACH..=REACH {
        for dx in -REACH..=REACH {
            let jump = JUMP_COST * s * f64::from(dx).hypot(f64::from(dy));
            if jump >= least {
                continue;
            }
            let mut moved = base;
            moved.motion.dx += f64::from(dx);
            moved.motion.dy += f64::from(dy);
            let Some(misfit) = cost_below(points, picture, &moved, least - jump) else {
                continue;
            };
            let c = misfit + jump;
            if c < least {
                least = c;
                best = (f64::from(dx) * s, f64::from(dy) * s);
            }
        }
    }
    Similarity {
        dx: m.dx + best.0,
        dy: m.dy + best.1,
        ..m
    }
}
