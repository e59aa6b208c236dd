//! The last hundredths of a cell.

use super::picture::{Picture, Point};
use super::solve::solve;
use super::tiles::{TURN_SD, TURN_STEP_SD};
use super::vote::GAINS;
use super::{Alignment, MAX_STEPS, MIN_POINTS, STEP_TOLERANCE, Similarity};

/// Robust Gauss-Newton for shift, gain, zoom and roll from `start` with all points at once: finer than the vote of tiles
/// where light is scarce. `last` is the frame before's: roll and zoom change slowly.
pub fn refine<'a>(
    points: impl Iterator<Item = &'a Point> + Clone,
    picture: &Picture,
    start: Alignment,
    last: &Alignment,
) -> Alignment {
    let (cx, cy) = (picture.cols as f64 / 2.0, picture.rows as f64 / 2.0);
    let reach = cx.max(cy);
    let mut a = start;
    for _ in 0..MAX_STEPS {
        // Unknowns: dx, dy, gain, then zoom and roll about the centre, in cells at the rim.
        let mut normal = [[0.0; 5]; 5];
        let mut right = [0.0; 5];
        let mut n = 0;
        for p in points.clone() {
            let (x, y) = a.motion.apply(f64::from(p.x), f64::from(p.y));
            let Some(v) = picture.sample(x, y) else {
                continue;
            };
            n += 1;
            let r = f64::from(v) - a.gain * f64::from(p.value);
            let Some(w) = p.say(r) else { continue };
            let (gx, gy) = (a.gain * f64::from(p.gx), a.gain * f64::from(p.gy));
            let (ux, uy) = ((f64::from(p.x) - cx) / reach, (f64::from(p.y) - cy) / reach);
            let row = [
                gx,
                gy,
                -f64::from(p.value),
                gx * ux + gy * uy,
                gy * ux - gx * uy,
            ];
            for i in 0..5 {
                for j in 0..=i {
                    normal[i][j] += w * row[i] * row[j];
                }
                right[i] -= w * row[i] * r;
            }
        }
        if n < MIN_POINTS {
            return a;
        }
        // As much pull to stay as one point of the least gradient has.
        normal[0][0] += 0.5;
        normal[1][1] += 0.5;
        normal[2][2] += 1.0;
        for (k, (now, before)) in [(a.motion.a, last.motion.a), (a.motion.b, last.motion.b)]
            .into_iter()
            .enumerate()
        {
            let (whole, step) = ((TURN_SD * reach).powi(-2), (TURN_STEP_SD * reach).powi(-2));
            normal[3 + k][3 + k] += whole + step;
            right[3 + k] -= whole * now * reach + step * (now - before) * reach;
        }
        let Some(d) = solve(normal, right) else { break };
        let (da, db) = (d[3] / reach, d[4] / reach);
        let delta = Similarity {
            a: da,
            b: db,
            dx: d[0] - da * cx + db * cy,
            dy: d[1] - db * cx - da * cy,
        };
        a.motion = delta.then(&a.motion);
        a.gain = (a.gain + d[2]).clamp(GAINS.0, GAINS.1);
        if [d[0], d[1], d[3], d[4]]
            .iter()
            .all(|v| v.abs() < STEP_TOLERANCE)
        {
            break;
        }
    }
    a
}
