//! Where the scene of one frame lies in another: camera shake, drift, roll and zoom, and exposure changes.
//!
//! Gauss-Newton alignment (Lucas-Kanade) of a similarity transform on the cell means, with an affine
//! brightness model, over the best-textured cells only. Robust weights keep what moves or flashes by itself
//! from being taken for camera motion.

use super::cells::Grid;

/// One point per bucket of this many cells squared is tracked: enough of them (some hundreds) for a
/// precision of hundredths of a cell, few enough to cost less than pooling.
const BUCKET: usize = 6;
/// Gauss-Newton stops here; steps shrink about tenfold each.
const MAX_STEPS: usize = 8;
/// A step smaller than this, in cells, changes no sample noticeably.
const STEP_TOLERANCE: f64 = 0.01;
/// Gradient (codes per cell) under which a cell says nothing about motion: the noise of a cell mean.
const MIN_GRADIENT: f32 = 1.5;
/// Fewest points that fix six unknowns with something to spare.
const MIN_POINTS: usize = 12;
/// Width of the Cauchy weight in multiples of the residuals' robust standard deviation (95 % efficiency).
const CAUCHY: f64 = 2.385;
/// Residual floor in codes: quantisation of the means.
const MIN_RESIDUAL: f64 = 0.7;

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

/// How brightness and colour of a frame relate to the reference: `code = gain * reference + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Photometry {
    pub gain: f64,
    pub offset: f64,
}

impl Photometry {
    /// First `self`, then `next`.
    pub fn then(self, next: Self) -> Self {
        Self {
            gain: self.gain * next.gain,
            offset: next.gain * self.offset + next.offset,
        }
    }
}

impl Default for Photometry {
    fn default() -> Self {
        Self {
            gain: 1.0,
            offset: 0.0,
        }
    }
}

/// The alignment of one frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alignment {
    /// From reference cells to cells of the frame.
    pub motion: Similarity,
    pub photometry: Photometry,
    /// Share of tracked points that agree, 0..1; low after a cut, under motion blur, or without texture.
    pub agreement: f64,
}

struct Point {
    x: f32,
    y: f32,
    value: f32,
    gx: f32,
    gy: f32,
}

/// A reference frame prepared for alignment.
pub struct Reference {
    levels: [Level; 2],
    grid: Grid,
}

/// One resolution of the pyramid; coordinates are those of the level.
struct Level {
    scale: usize,
    points: Vec<Point>,
}

/// A grey picture of f32 codes.
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
            let data = cells.iter().map(|&v| f32::from(v)).collect();
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
                data.push(sum as f32 / n.max(1) as f32);
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

/// Block sizes of the two levels: the coarse one catches jumps of several cells.
const SCALES: [usize; 2] = [4, 1];

impl Reference {
    /// Prepares the luma means `y` of a frame.
    pub fn new(y: &[u8], grid: Grid) -> Self {
        let levels = SCALES.map(|scale| {
            let picture = Picture::shrink(y, grid, scale);
            Level {
                scale,
                points: textured_points(&picture),
            }
        });
        Self { levels, grid }
    }

    /// Nothing in it shows motion.
    pub fn is_flat(&self) -> bool {
        self.levels[1].points.len() < MIN_POINTS
    }

    /// Aligns the luma means `y` of a frame, starting from `guess`.
    pub fn align(&self, y: &[u8], guess: Similarity) -> Alignment {
        let mut motion = guess;
        let mut best = Alignment {
            motion: guess,
            ..Alignment::default()
        };
        for level in &self.levels {
            let picture = Picture::shrink(y, self.grid, level.scale);
            // Block centres: cell c of the grid lies at (c + 0.5) / scale - 0.5 in the level.
            let s = level.scale as f64;
            let shift = (0.5 - 0.5 * s) / s;
            let to_level = |m: Similarity| Similarity {
                dx: m.dx / s + shift - ((1.0 + m.a) * shift - m.b * shift),
                dy: m.dy / s + shift - (m.b * shift + (1.0 + m.a) * shift),
                ..m
            };
            let from_level = |m: Similarity| Similarity {
                dx: (m.dx - shift + ((1.0 + m.a) * shift - m.b * shift)) * s,
                dy: (m.dy - shift + (m.b * shift + (1.0 + m.a) * shift)) * s,
                ..m
            };
            let fitted = fit(&level.points, &picture, to_level(motion));
            best = Alignment {
                motion: from_level(fitted.motion),
                ..fitted
            };
            motion = best.motion;
        }
        best
    }
}

/// The point of steepest gradient of each bucket.
fn textured_points(p: &Picture) -> Vec<Point> {
    let mut points = Vec::new();
    for by in (1..p.rows.saturating_sub(1)).step_by(BUCKET) {
        for bx in (1..p.cols.saturating_sub(1)).step_by(BUCKET) {
            let mut best: Option<(f32, Point)> = None;
            for y in by..(by + BUCKET).min(p.rows - 1) {
                for x in bx..(bx + BUCKET).min(p.cols - 1) {
                    let gx = (p.at(x + 1, y) - p.at(x - 1, y)) / 2.0;
                    let gy = (p.at(x, y + 1) - p.at(x, y - 1)) / 2.0;
                    let steep = gx * gx + gy * gy;
                    if best.as_ref().is_none_or(|(s, _)| steep > *s) {
                        let (xf, yf) = (x as f32, y as f32);
                        let value = p.at(x, y);
                        best = Some((
                            steep,
                            Point {
                                x: xf,
                                y: yf,
                                value,
                                gx,
                                gy,
                            },
                        ));
                    }
                }
            }
            if let Some((steep, point)) = best
                && steep >= MIN_GRADIENT * MIN_GRADIENT
            {
                points.push(point);
            }
        }
    }
    points
}

/// Robust Gauss-Newton in coordinates of the picture's level.
fn fit(points: &[Point], picture: &Picture, guess: Similarity) -> Alignment {
    let (cx, cy) = (picture.cols as f64 / 2.0, picture.rows as f64 / 2.0);
    let reach = cx.max(cy);
    let mut m = guess;
    let mut photometry = Photometry::default();
    let mut agreement = 0.0;
    let mut samples: Vec<(usize, f64)> = Vec::with_capacity(points.len());
    for step in 0..MAX_STEPS {
        samples.clear();
        for (i, p) in points.iter().enumerate() {
            let (x, y) = m.apply(f64::from(p.x), f64::from(p.y));
            if let Some(v) = picture.sample(x, y) {
                samples.push((i, f64::from(v)));
            }
        }
        // Too few points in common: nothing can be said.
        if samples.len() < MIN_POINTS {
            return Alignment {
                motion: m,
                photometry,
                agreement: 0.0,
            };
        }
        if step == 0 {
            photometry = brightness(points, &samples);
        }
        let residual = |&(i, v): &(usize, f64)| {
            v - photometry.gain * f64::from(points[i].value) - photometry.offset
        };
        let mut sizes: Vec<f64> = samples.iter().map(|s| residual(s).abs()).collect();
        let middle = sizes.len() / 2;
        let (_, &mut mad, _) = sizes.select_nth_unstable_by(middle, f64::total_cmp);
        let sigma = (1.4826 * mad).max(MIN_RESIDUAL);
        // Unknowns: dx, dy, zoom, roll (about the centre, scaled to cells at the rim), gain, offset.
        let mut normal = [[0.0; 6]; 6];
        let mut right = [0.0; 6];
        let mut agree = 0usize;
        for s in &samples {
            let r = residual(s);
            let z = r / (CAUCHY * sigma);
            let w = 1.0 / (1.0 + z * z);
            agree += usize::from(r.abs() < 3.0 * sigma.min(6.0 * MIN_RESIDUAL));
            let p = &points[s.0];
            // The reference's gradient stands for the frame's (scaled by the gain): inverse compositional.
            let (gx, gy) = (
                photometry.gain * f64::from(p.gx),
                photometry.gain * f64::from(p.gy),
            );
            let (ux, uy) = ((f64::from(p.x) - cx) / reach, (f64::from(p.y) - cy) / reach);
            let row = [
                gx,
                gy,
                gx * ux + gy * uy,
                gy * ux - gx * uy,
                -f64::from(p.value),
                -1.0,
            ];
            for i in 0..6 {
                for j in 0..=i {
                    normal[i][j] += w * row[i] * row[j];
                }
                right[i] -= w * row[i] * r;
            }
        }
        agreement = agree as f64 / points.len().max(1) as f64;
        // A weak pull towards "no further change" keeps what the texture does not determine at its guess:
        // as much information as one point of the least gradient.
        let ridge = f64::from(MIN_GRADIENT * MIN_GRADIENT);
        for (i, r) in normal.iter_mut().enumerate().take(4) {
            r[i] += ridge * if i < 2 { 1.0 } else { 4.0 };
        }
        normal[4][4] += 1.0;
        normal[5][5] += 1e-3;
        let Some(d) = solve(normal, right) else { break };
        let (da, db) = (d[2] / reach, d[3] / reach);
        let delta = Similarity {
            a: da,
            b: db,
            dx: d[0] - da * cx + db * cy,
            dy: d[1] - db * cx - da * cy,
        };
        m = delta.then(&m);
        photometry.gain += d[4];
        photometry.offset += d[5];
        if d[..4].iter().all(|v| v.abs() < STEP_TOLERANCE) {
            break;
        }
    }
    Alignment {
        motion: m,
        photometry,
        agreement,
    }
}

/// Gain from the ratio of medians: exposure scales codes about their black level.
fn brightness(points: &[Point], samples: &[(usize, f64)]) -> Photometry {
    let mut ratios: Vec<f64> = samples
        .iter()
        .map(|&(i, v)| v / f64::from(points[i].value).max(1.0))
        .collect();
    let middle = ratios.len() / 2;
    let (_, &mut gain, _) = ratios.select_nth_unstable_by(middle, f64::total_cmp);
    Photometry {
        gain: gain.clamp(0.1, 10.0),
        offset: 0.0,
    }
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
                out.push((gain * (100.0 + 25.0 * t)).round() as u8);
            }
        }
        out
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
            a: 0.02,
            b: -0.015,
            dx: 3.4,
            dy: -2.3,
        };
        let found = reference.align(&scene(truth, 0.8), Similarity::default());
        assert!(distance(&found.motion, &truth) < 0.1, "{found:?}");
        assert!((found.photometry.gain - 0.8).abs() < 0.02, "{found:?}");
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
        let found = reference.align(&frame, Similarity::default());
        assert!(
            distance(&found.motion, &Similarity::default()) < 0.1,
            "{found:?}"
        );
    }

    #[test]
    fn without_texture_the_guess_stands() {
        let flat = vec![50u8; GRID.cells()];
        let found = Reference::new(&flat, GRID).align(&flat, Similarity::default());
        assert_eq!(found.motion, Similarity::default());
        assert_eq!(found.agreement, 0.0);
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
