//! One tile: where it went by itself.

use super::picture::{Picture, Point};
use super::solve::solve;
use super::tiles::Tile;
use super::{Alignment, MAX_STEPS, STEP_TOLERANCE};

/// Fewest points of a tile that fix a shift and a gain with some to spare.
pub const MIN_TILE_POINTS: usize = 4;
/// A tile that moved farther than this, in cells, from where it was looked for has lost its texture.
const MAX_STEP: f64 = 4.0;
/// Share of a tile's points that must fit where it went: else something covers it or it changed.
const FITS: f64 = 0.5;
/// Share of a point's gradient from which on it speaks for its tile, as blur and glare leave half of it and noise has a tenth
/// of it by chance; its say (log likelihood) at most, where all of it is there, and where none is.
const LEFT: f64 = 0.5;
const SAY: f64 = 2.0;
/// What one picture says at most of whether a tile is texture (log likelihood): its points err together, by blur or by what covers
/// them.
pub const SAYS: f64 = 3.0;
/// Standard deviation of a tile's own brightness from one frame to the next, relative: shadows and lamps.
const GAIN_SD: f64 = 0.1;
/// Bounds of the exposure gain against the reference: beyond, codes clip and prove nothing.
pub const GAINS: (f64, f64) = (0.25, 4.0);
/// Standard deviation in cells by which tiles of one rigid scene move apart: a rolling shutter bends the picture.
const WOBBLE_SD: f64 = 0.12;
/// Standard deviations beyond which a tile does not agree.
pub const OUTLIER: f64 = 3.0;

/// Where a tile went.
pub struct Vote {
    pub tile: usize,
    /// Place in the frame where the start has it.
    pub x: f64,
    pub y: f64,
    /// From there, in cells, and the inverse of its covariance: xx, xy, yy.
    pub dx: f64,
    pub dy: f64,
    pub sure: [f64; 3],
    /// Its brightness as a multiple of the reference's, and the inverse variance of that.
    pub gain: f64,
    pub gain_sure: f64,
    /// It holds what it held.
    pub fits: bool,
    /// Log of how much likelier it is that the tile's texture was there than noise or something flat, within [`SAYS`].
    pub evidence: f64,
}

impl Vote {
    /// Squared standard deviations between it and a shift.
    pub fn misfit(&self, dx: f64, dy: f64) -> f64 {
        let (u, v) = (dx - self.dx, dy - self.dy);
        let [xx, xy, yy] = self.sure;
        xx * u * u + 2.0 * xy * u * v + yy * v * v
    }

    /// The same, no more than what no longer agrees.
    pub fn capped(&self, dx: f64, dy: f64) -> f64 {
        if self.fits {
            self.misfit(dx, dy).min(OUTLIER * OUTLIER)
        } else {
            OUTLIER * OUTLIER
        }
    }
}

/// Robust Gauss-Newton for the shift and gain of one tile; `None` if it left the picture.
pub fn vote(tile: &Tile, picture: &Picture, start: &Alignment) -> Option<Vote> {
    let (mut dx, mut dy, mut gain) = (0.0, 0.0, start.gain);
    let mut normal = [[0.0; 3]; 3];
    let (mut inside, mut fitting) = (0, 0);
    for step in 0..=MAX_STEPS {
        normal = [[0.0; 3]; 3];
        let mut right = [0.0; 3];
        (inside, fitting) = (0, 0);
        for p in &tile.points {
            let (x, y) = start.motion.apply(f64::from(p.x), f64::from(p.y));
            let Some(v) = picture.sample(x + dx, y + dy) else {
                continue;
            };
            inside += 1;
            let r = f64::from(v) - gain * f64::from(p.value);
            fitting += usize::from(r.abs() < f64::from(p.tolerance));
            let Some(w) = p.say(r) else { continue };
            let row = [
                gain * f64::from(p.gx),
                gain * f64::from(p.gy),
                -f64::from(p.value),
            ];
            for i in 0..3 {
                for j in 0..=i {
                    normal[i][j] += w * row[i] * row[j];
                }
                right[i] -= w * row[i] * r;
            }
        }
        if inside < MIN_TILE_POINTS || inside * 2 < tile.points.len() {
            return None;
        }
        let stiff = (GAIN_SD * start.gain).powi(-2);
        normal[2][2] += stiff;
        right[2] -= stiff * (gain - start.gain);
        if step == MAX_STEPS {
            break;
        }
        let mut damped = normal;
        // As much pull to stay as one point of the least gradient has.
        damped[0][0] += 0.5;
        damped[1][1] += 0.5;
        let Some(d) = solve(damped, right) else { break };
        dx += d[0];
        dy += d[1];
        gain = (gain + d[2]).clamp(GAINS.0, GAINS.1);
        if d[0].hypot(d[1]) < STEP_TOLERANCE {
            break;
        }
    }
    let (x, y) = start.motion.apply(tile.x, tile.y);
    let there = tile.points.iter().filter_map(|p| {
        let (x, y) = start.motion.apply(f64::from(p.x), f64::from(p.y));
        steepness(p, picture, x + dx, y + dy, gain)
    });
    let say = |share: f64| SAY * (share / LEFT - 1.0).clamp(-1.0, 1.0);
    let evidence = there.map(say).sum::<f64>().clamp(-SAYS, SAYS);
    Some(Vote {
        tile: tile.number,
        x,
        y,
        dx,
        dy,
        sure: certainty(&normal),
        gain,
        gain_sure: normal[2][2],
        fits: fitting as f64 >= FITS * inside as f64 && dx.hypot(dy) < MAX_STEP,
        evidence,
    })
}

/// Inverse covariance (xx, xy, yy) of the shift whatever the gain, with the wobble of tiles in it.
fn certainty(normal: &[[f64; 3]; 3]) -> [f64; 3] {
    let c = normal[2][2].max(1e-9);
    let xx = normal[0][0] - normal[2][0].powi(2) / c;
    let xy = normal[1][0] - normal[2][0] * normal[2][1] / c;
    let yy = normal[1][1] - normal[2][1].powi(2) / c;
    // N (1 + s N)^-1 for the variance s.
    let s = WOBBLE_SD * WOBBLE_SD;
    let det = xx * yy - xy * xy;
    let n = 1.0 + s * (xx + yy) + s * s * det;
    [(xx + s * det) / n, xy / n, (yy + s * det) / n]
}

/// The gradient at a place as a multiple of a point's, along it; `None` outside.
fn steepness(p: &Point, picture: &Picture, x: f64, y: f64, gain: f64) -> Option<f64> {
    let at = |dx: f64, dy: f64| picture.sample(x + dx, y + dy).map(f64::from);
    let gx = (at(1.0, 0.0)? - at(-1.0, 0.0)?) / 2.0;
    let gy = (at(0.0, 1.0)? - at(0.0, -1.0)?) / 2.0;
    let (px, py) = (f64::from(p.gx), f64::from(p.gy));
    Some((gx * px + gy * py) / (gain * (px * px + py * py)))
}
