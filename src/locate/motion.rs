//! Where the scene of one frame lies in another: camera shake, drift, roll and zoom, and exposure.
//!
//! A coarse search by robust cost, then Gauss-Newton (Lucas and Kanade 1981) of first a shift and then a similarity
//! transform with a brightness gain, over the best-textured cells only. What moves or flashes by itself
//! is kept from being taken for camera motion by robust weights, and by the alternatives that are
//! compared at the end: no motion at all, and no motion since the last frame.

use super::cells::Grid;

/// One point per bucket of this many cells squared is compared; smaller buckets where texture is scarce.
const BUCKETS: [usize; 3] = [8, 5, 2];
/// So many points fix a shift to hundredths of a cell; fewer, and smaller buckets are tried.
const ENOUGH_POINTS: usize = 120;
/// Fewest points that say anything.
const MIN_POINTS: usize = 12;
/// Points from which roll and zoom are asked for: with fewer, a passing person bends the picture.
const SIMILARITY_POINTS: usize = 60;
/// Gauss-Newton stops here; steps shrink about tenfold each.
const MAX_STEPS: usize = 5;
/// A step smaller than this, in cells, changes no sample noticeably.
const STEP_TOLERANCE: f64 = 0.02;
/// Gradient (codes per cell) under which a cell says nothing about motion: twice the noise of a cell mean.
const MIN_GRADIENT: f32 = 2.0;
/// A point agrees if its residual is less than the noise (codes) plus what this much misplacement (cells) does.
const AGREE_NOISE: f32 = 2.0;
const AGREE_CELLS: f32 = 0.6;
/// Gradient in codes per cell above which a point's say does not grow.
const MAX_WEIGHT: f32 = 20.0;
/// Misfit that a jump of the whole picture by one cell must save to be believed.
const JUMP_COST: f64 = 0.004;
/// Standard deviations of what a hand does: roll and zoom against the reference (a few degrees over some
/// seconds), and from one frame to the next.
const TURN_SD: f64 = 0.03;
const TURN_STEP_SD: f64 = 0.001;
/// Bounds of the exposure gain against the reference: beyond, codes clip and prove nothing.
const GAINS: (f64, f64) = (0.25, 4.0);
/// Reach of the coarse search in blocks of four cells to each side: 24 cells, a tenth of the picture's width.
const REACH: i32 = 6;
/// Black in limited-range luma codes: what exposure scales about.
const BLACK: f32 = 16.0;

/// A similarity transform of cell coordinates: `x' = (1+a) x - b y + dx`, `y' = b x + (1+a) y + dy`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Similarity {
    pub a: f64,
    pub b: f64,
    pub dx: f64,
    pub dy: f64,
}

impl Similarity {
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (
            (1.0 + self.a) * x - self.b * y + self.dx,
            self.b * x + (1.0 + self.a) * y + self.dy,
        )
    }

    /// First `self`, then `next`.
    pub fn then(&self, next: &Self) -> Self {
        let (dx, dy) = next.apply(self.dx, self.dy);
        let (p, q) = (1.0 + self.a, 1.0 + next.a);
        Self {
            a: p * q - self.b * next.b - 1.0,
            b: self.b * q + p * next.b,
            dx,
            dy,
        }
    }

    pub fn inverse(&self) -> Self {
        let p = 1.0 + self.a;
        let n = p * p + self.b * self.b;
        let (ia, ib) = (p / n, -self.b / n);
        Self {
            a: ia - 1.0,
            b: ib,
            dx: -(ia * self.dx - ib * self.dy),
            dy: -(ib * self.dx + ia * self.dy),
        }
    }
}

/// The alignment of one frame.
#[derive(Debug, Clone, Copy)]
pub struct Alignment {
    /// From reference cells to cells of the frame.
    pub motion: Similarity,
    /// Codes above black as a multiple of the reference's.
    pub gain: f64,
    /// Share of tracked points that agree, 0..1; low after a cut, under motion blur, or without texture.
    pub agreement: f64,
}

impl Default for Alignment {
    fn default() -> Self {
        Self {
            motion: Similarity::default(),
            gain: 1.0,
            agreement: 0.0,
        }
    }
}

#[derive(Clone)]
struct Point {
    x: f32,
    y: f32,
    /// Code above black.
    value: f32,
    gx: f32,
    gy: f32,
    /// Residual in codes up to which it agrees.
    tolerance: f32,
    /// Its say when alignments are compared: the gradient, bounded so that no single edge decides.
    weight: f32,
}

/// A reference frame prepared for alignment.
#[derive(Clone)]
pub struct Reference {
    coarse: Vec<Point>,
    fine: Vec<Point>,
    grid: Grid,
}

/// Block size in cells of the coarse level.
const COARSE: usize = 4;
/// Points that are compared before it is asked whether the rest can matter.
const POINTS_BETWEEN_CHECKS: usize = 16;

/// A grey picture of codes above black.
struct Picture {
    data: Vec<f32>,
    cols: usize,
    rows: usize,
}

impl Picture {
    /// Means over blocks of `scale` squared cells.
    fn shrink(cells: &[u8], grid: Grid, scale: usize) -> Self {
        let (cols, rows) = ((grid.cols / scale).max(1), (grid.rows / scale).max(1));
        if scale == 1 {
            let data = cells.iter().map(|&v| f32::from(v) - BLACK).collect();
            return Self { data, cols, rows };
        }
        let mut data = Vec::with_capacity(cols * rows);
        for r in 0..rows {
            for c in 0..cols {
                let (mut sum, mut n) = (0u32, 0u32);
                for y in (r * scale)..((r + 1) * scale).min(grid.rows) {
                    for x in (c * scale)..((c + 1) * scale).min(grid.cols) {
                        sum += u32::from(cells[y * grid.cols + x]);
                        n += 1;
                    }
                }
                data.push(sum as f32 / n.max(1) as f32 - BLACK);
            }
        }
        Self { data, cols, rows }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        self.data[y * self.cols + x]
    }

    /// Bilinear sample, `None` outside.
    fn sample(&self, x: f64, y: f64) -> Option<f32> {
        if !(x >= 0.0 && y >= 0.0 && x < (self.cols - 1) as f64 && y < (self.rows - 1) as f64) {
            return None;
        }
        let (xi, yi) = (x as usize, y as usize);
        let (fx, fy) = ((x - xi as f64) as f32, (y - yi as f64) as f32);
        let top = self.at(xi, yi) * (1.0 - fx) + self.at(xi + 1, yi) * fx;
        let bottom = self.at(xi, yi + 1) * (1.0 - fx) + self.at(xi + 1, yi + 1) * fx;
        Some(top * (1.0 - fy) + bottom * fy)
    }
}

impl Reference {
    /// Prepares the luma means `y` of a frame.
    pub fn new(y: &[u8], grid: Grid) -> Self {
        Self {
            coarse: textured_points(&Picture::shrink(y, grid, COARSE)),
            fine: textured_points(&Picture::shrink(y, grid, 1)),
            grid,
        }
    }

    /// Nothing in it shows motion.
    pub fn is_flat(&self) -> bool {
        self.fine.len() < MIN_POINTS
    }

    /// Aligns the luma means `y` of a frame; `last` is the frame before's alignment.
    pub fn align(&self, y: &[u8], last: &Alignment) -> Alignment {
        let coarse = Picture::shrink(y, self.grid, COARSE);
        let fine = Picture::shrink(y, self.grid, 1);
        let start = Alignment {
            motion: search(&self.coarse, &coarse, last),
            ..*last
        };
        let shifted = fit(&self.fine, &fine, start, Freedom::Shift);
        let turned = if self.fine.len() >= SIMILARITY_POINTS {
            fit(&self.fine, &fine, shifted, Freedom::Similarity)
        } else {
            shifted
        };
        let still = Alignment {
            gain: shifted.gain,
            ..Alignment::default()
        };
        let kept = Alignment {
            gain: shifted.gain,
            ..*last
        };
        // In order of preference: a later one must explain clearly more. A tripod stays exactly still.
        let mut best = still;
        let (mut least, mut agreement) = cost(&self.fine, &fine, &still);
        for candidate in [kept, shifted, turned] {
            let (c, a) = cost(&self.fine, &fine, &candidate);
            if c < 0.97 * least {
                (best, least, agreement) = (candidate, c, a);
            }
        }
        Alignment { agreement, ..best }
    }
}

/// The point of steepest gradient of each textured bucket, the buckets small enough to give enough.
fn textured_points(p: &Picture) -> Vec<Point> {
    let mut points = Vec::new();
    for bucket in BUCKETS {
        points = bucket_points(p, bucket);
        if points.len() >= ENOUGH_POINTS {
            break;
        }
    }
    points
}

fn bucket_points(p: &Picture, bucket: usize) -> Vec<Point> {
    let mut points = Vec::new();
    for by in (1..p.rows.saturating_sub(1)).step_by(bucket) {
        for bx in (1..p.cols.saturating_sub(1)).step_by(bucket) {
            let mut best: Option<(f32, Point)> = None;
            for y in by..(by + bucket).min(p.rows - 1) {
                for x in bx..(bx + bucket).min(p.cols - 1) {
                    let gx = (p.at(x + 1, y) - p.at(x - 1, y)) / 2.0;
                    let gy = (p.at(x, y + 1) - p.at(x, y - 1)) / 2.0;
                    let steep = gx * gx + gy * gy;
                    if best.as_ref().is_none_or(|(s, _)| steep > *s) {
                        let point = Point {
                            x: x as f32,
                            y: y as f32,
                            value: p.at(x, y),
                            gx,
                            gy,
                            tolerance: AGREE_NOISE + AGREE_CELLS * steep.sqrt(),
                            weight: steep.sqrt().min(MAX_WEIGHT),
                        };
                        best = Some((steep, point));
                    }
                }
            }
            points.extend(best.map(|(_, p)| p).filter(|p| p.weight >= MIN_GRADIENT));
        }
    }
    points
}

/// Mean robust misfit (0 perfect, 1 nothing fits) and the share of points that agree, both weighted by
/// gradient: a ramp fits almost anywhere, the edges of the one small thing before it only where they belong.
fn cost(points: &[Point], picture: &Picture, a: &Alignment) -> (f64, f64) {
    cost_below(points, picture, a, f64::INFINITY).unwrap_or((1.0, 0.0))
}

/// The same where the misfit may be less than `limit`, `None` as soon as it can't be.
fn cost_below(
    points: &[Point],
    picture: &Picture,
    a: &Alignment,
    limit: f64,
) -> Option<(f64, f64)> {
    let (mut sum, mut agree, mut weight, mut inside) = (0.0f32, 0.0f32, 0.0f32, 0usize);
    // Were all points inside, no weight could be more than this one: a sum beyond its share of it is too much already.
    // The margin is for the rounding of sums.
    let enough = if limit.is_finite() {
        let all: f32 = points.iter().map(|p| p.weight).sum();
        (1.001 * limit * f64::from(all)) as f32
    } else {
        f32::INFINITY
    };
    for block in points.chunks(POINTS_BETWEEN_CHECKS) {
        for p in block {
            let (x, y) = a.motion.apply(f64::from(p.x), f64::from(p.y));
            if let Some(v) = picture.sample(x, y) {
                let z = (v - a.gain as f32 * p.value).abs() / p.tolerance;
                inside += 1;
                weight += p.weight;
                agree += if z < 1.0 { p.weight } else { 0.0 };
                sum += p.weight * z.min(1.0);
            }
        }
        if sum > enough {
            return None;
        }
    }
    // With most of the points outside nothing can be said.
    if inside < MIN_POINTS || inside * 4 < points.len() {
        return Some((1.0, 0.0));
    }
    Some((f64::from(sum / weight), f64::from(agree / weight)))
}

/// The shift near `last` that fits best on the coarse level; roll and zoom are kept.
fn search(points: &[Point], picture: &Picture, last: &Alignment) -> Similarity {
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
    let mut least = cost(points, picture, &base).0 * 0.98;
    for dy in -REACH..=REACH {
        for dx in -REACH..=REACH {
            let jump = JUMP_COST * s * f64::from(dx).hypot(f64::from(dy));
            if jump >= least {
                continue;
            }
            let mut moved = base;
            moved.motion.dx += f64::from(dx);
            moved.motion.dy += f64::from(dy);
            let Some((misfit, _)) = cost_below(points, picture, &moved, least - jump) else {
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

/// What an alignment may change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Freedom {
    Shift,
    Similarity,
}

/// Robust Gauss-Newton from `start`.
fn fit(points: &[Point], picture: &Picture, start: Alignment, freedom: Freedom) -> Alignment {
    let (cx, cy) = (picture.cols as f64 / 2.0, picture.rows as f64 / 2.0);
    let reach = cx.max(cy);
    let mut a = start;
    for _ in 0..MAX_STEPS {
        // Unknowns: dx, dy, gain, then zoom and roll about the centre, in cells at the rim.
        let mut normal = [[0.0; 5]; 5];
        let mut right = [0.0; 5];
        let mut n = 0;
        for p in points {
            let (x, y) = a.motion.apply(f64::from(p.x), f64::from(p.y));
            let Some(v) = picture.sample(x, y) else {
                continue;
            };
            n += 1;
            let r = f64::from(v) - a.gain * f64::from(p.value);
            // Tukey-like: a point twice beyond its tolerance has no say. The first steps of a shift of a whole cell
            // stay within it, as the tolerance grows with the gradient.
            let z = r / (3.0 * f64::from(p.tolerance));
            if z.abs() >= 1.0 {
                continue;
            }
            let w = (1.0 - z * z).powi(2) / f64::from(p.tolerance).powi(2);
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
        match freedom {
            // Infinitely stiff.
            Freedom::Shift => {
                for i in 3..5 {
                    normal[i] = [0.0; 5];
                    normal[i][i] = 1.0;
                    right[i] = 0.0;
                }
            }
            Freedom::Similarity => {
                for (k, (now, before)) in
                    [(a.motion.a, start.motion.a), (a.motion.b, start.motion.b)]
                        .into_iter()
                        .enumerate()
                {
                    let (whole, step) =
                        ((TURN_SD * reach).powi(-2), (TURN_STEP_SD * reach).powi(-2));
                    normal[3 + k][3 + k] += whole + step;
                    right[3 + k] -= whole * now * reach + step * (now - before) * reach;
                }
            }
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

/// Solves the symmetric system whose lower triangle is `a`, by Cholesky; `None` if singular.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    for j in 0..N {
        for k in 0..j {
            let f = a[j][k];
            for row in a.iter_mut().skip(j) {
                row[j] -= row[k] * f;
            }
        }
        if a[j][j] <= 1e-12 {
            return None;
        }
        let root = a[j][j].sqrt();
        for row in a.iter_mut().skip(j) {
            row[j] /= root;
        }
    }
    for i in 0..N {
        for k in 0..i {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for i in (0..N).rev() {
        for k in i + 1..N {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid {
        size: 4,
        cols: 160,
        rows: 120,
    };

    /// A smooth texture, seen through `m` (reference to frame) with a gain.
    fn scene(m: Similarity, gain: f64) -> Vec<u8> {
        let back = m.inverse();
        let mut out = Vec::new();
        for y in 0..GRID.rows {
            for x in 0..GRID.cols {
                let (u, v) = back.apply(x as f64, y as f64);
                let t = (u * 0.21).sin() + (v * 0.17).cos() + ((u + 2.0 * v) * 0.09).sin();
                out.push((16.0 + gain * (84.0 + 25.0 * t)).round() as u8);
            }
        }
        out
    }

    /// Aligned again and again, as over frames: roll and zoom come in by small steps.
    fn settled(reference: &Reference, frame: &[u8]) -> Alignment {
        (0..12).fold(Alignment::default(), |last, _| {
            reference.align(frame, &last)
        })
    }

    fn distance(a: &Similarity, b: &Similarity) -> f64 {
        [(20.0, 20.0), (140.0, 20.0), (80.0, 100.0)]
            .iter()
            .map(|&(x, y)| {
                let (p, q) = (a.apply(x, y), b.apply(x, y));
                (p.0 - q.0).hypot(p.1 - q.1)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn shift_roll_zoom_and_gain_are_found_to_a_tenth_of_a_cell() {
        let reference = Reference::new(&scene(Similarity::default(), 1.0), GRID);
        let truth = Similarity {
            a: 0.006,
            b: -0.008,
            dx: 3.4,
            dy: -2.3,
        };
        let found = settled(&reference, &scene(truth, 0.8));
        assert!(distance(&found.motion, &truth) < 0.1, "{found:?}");
        assert!((found.gain - 0.8).abs() < 0.02, "{found:?}");
        assert!(found.agreement > 0.8);
    }

    #[test]
    fn a_passing_block_does_not_drag_the_scene_along() {
        let still = scene(Similarity::default(), 1.0);
        let reference = Reference::new(&still, GRID);
        let mut frame = still;
        for y in 20..90 {
            for x in 60..100 {
                frame[y * GRID.cols + x] = 200;
            }
        }
        let found = settled(&reference, &frame);
        assert!(
            distance(&found.motion, &Similarity::default()) < 0.1,
            "{found:?}"
        );
    }

    #[test]
    fn without_texture_the_guess_stands() {
        let flat = vec![50u8; GRID.cells()];
        let reference = Reference::new(&flat, GRID);
        let found = reference.align(&flat, &Alignment::default());
        assert_eq!(found.motion, Similarity::default());
        assert!(reference.is_flat());
    }

    #[test]
    fn inverse_undoes() {
        let m = Similarity {
            a: 0.1,
            b: 0.2,
            dx: 5.0,
            dy: -3.0,
        };
        assert!(distance(&m.then(&m.inverse()), &Similarity::default()) < 1e-9);
        let n = Similarity {
            a: -0.05,
            b: 0.1,
            dx: 1.0,
            dy: 2.0,
        };
        let (x, y) = m.apply(3.0, 4.0);
        let want = n.apply(x, y);
        let got = m.then(&n).apply(3.0, 4.0);
        assert!((want.0 - got.0).abs() + (want.1 - got.1).abs() < 1e-9);
    }
}
