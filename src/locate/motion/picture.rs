//! A grey picture of cells, and the points of it that show motion.

use crate::locate::cells::{BLACK, Grid};

/// One point per bucket of this many cells squared is compared; smaller buckets where texture is scarce.
const BUCKETS: [usize; 3] = [8, 5, 2];
/// So many points fix a shift to hundredths of a cell; fewer, and smaller buckets are tried.
const ENOUGH_POINTS: usize = 120;
/// Gradient (codes per cell) under which a cell says nothing about motion, at least, and in standard deviations of the
/// noise: the steepest of the 64 cells of a bucket has 1.8 by noise alone.
const MIN_GRADIENT: f32 = 2.0;
const NOISE_GRADIENT: f32 = 3.0;
/// A point agrees if its residual is less than the noise (codes, at least) plus what this much misplacement (cells) does.
const AGREE_NOISE: f32 = 2.0;
const AGREE_CELLS: f32 = 0.6;
/// Gradient in codes per cell above which a point's say does not grow.
const MAX_WEIGHT: f32 = 20.0;

/// A textured place of the reference.
#[derive(Clone)]
pub struct Point {
    pub x: f32,
    pub y: f32,
    /// Code above black.
    pub value: f32,
    /// Codes per cell.
    pub gx: f32,
    pub gy: f32,
    /// Residual in codes up to which it agrees.
    pub tolerance: f32,
    /// Its say when alignments are compared: the gradient, bounded so that no single edge decides.
    pub weight: f32,
}

impl Point {
    /// Its say in a fit that leaves `residual` (codes): Tukey's biweight, none thrice beyond its tolerance. The first steps
    /// of a shift of a whole cell stay within that, as the tolerance grows with the gradient.
    pub fn say(&self, residual: f64) -> Option<f64> {
        let tolerance = f64::from(self.tolerance);
        let z = residual / (3.0 * tolerance);
        (z.abs() < 1.0).then(|| (1.0 - z * z).powi(2) / tolerance.powi(2))
    }
}

/// A grey picture of codes above black.
pub struct Picture {
    data: Vec<f32>,
    pub cols: usize,
    pub rows: usize,
}

impl Picture {
    /// Means over blocks of `scale` squared cells.
    pub fn shrink(cells: &[u8], grid: Grid, scale: usize) -> Self {
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

    /// Code above black at a cell.
    pub fn at(&self, x: usize, y: usize) -> f32 {
        self.data[y * self.cols + x]
    }

    /// Codes per cell; not at the rim.
    fn gradient(&self, x: usize, y: usize) -> (f32, f32) {
        (
            (self.at(x + 1, y) - self.at(x - 1, y)) / 2.0,
            (self.at(x, y + 1) - self.at(x, y - 1)) / 2.0,
        )
    }

    /// A cell, not at the rim, as a point of a picture with so much noise (standard deviation in codes).
    pub fn point(&self, x: usize, y: usize, noise: f32) -> Point {
        let (gx, gy) = self.gradient(x, y);
        let steep = (gx * gx + gy * gy).sqrt();
        Point {
            x: x as f32,
            y: y as f32,
            value: self.at(x, y),
            gx,
            gy,
            tolerance: AGREE_NOISE.max(2.0 * noise) + AGREE_CELLS * steep,
            weight: steep.min(MAX_WEIGHT),
        }
    }

    /// Bilinear sample, `None` outside.
    pub fn sample(&self, x: f64, y: f64) -> Option<f32> {
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

/// Noise beyond this (codes) is not believed: it is texture everywhere.
const MAX_NOISE: f32 = 8.0;

/// Standard deviation in codes of the noise of luma means `y`: from their fine structure (Immerkaer 1996) where there is
/// least of it, or from what changed since the frame `before`, whichever is less.
pub fn noise(y: &[u8], before: Option<&[u8]>, grid: Grid) -> f32 {
    let (cols, rows) = (grid.cols, grid.rows);
    let code = |x: usize, y_: usize| i32::from(y[y_ * cols + x]);
    let mut fine = Vec::new();
    for v in 1..rows.saturating_sub(1) {
        for u in 1..cols.saturating_sub(1) {
            let row = |v: usize| code(u - 1, v) - 2 * code(u, v) + code(u + 1, v);
            fine.push((row(v - 1) - 2 * row(v) + row(v + 1)).unsigned_abs());
        }
    }
    // The squares of the mask's weights sum to 36, those of a difference to 2.
    let spatial = lower_half(fine) / 6.0;
    let temporal = before.map_or(f32::INFINITY, |before| {
        let steps = y.iter().zip(before).map(|(a, b)| u32::from(a.abs_diff(*b)));
        lower_half(steps.collect()) / std::f32::consts::SQRT_2
    });
    spatial.min(temporal).min(MAX_NOISE)
}

/// Standard deviation of Gaussian noise of which these are absolute values, from the smaller half of them, whose mean is
/// 0.33 of it; the rest may be texture or movement.
fn lower_half(mut values: Vec<u32>) -> f32 {
    let half = values.len() / 2;
    if half == 0 {
        return 0.0;
    }
    values.select_nth_unstable(half);
    values[..half].iter().sum::<u32>() as f32 / half as f32 / 0.33
}

/// The point of steepest gradient of each textured bucket, the buckets small enough to give enough, where the values have
/// `noise` (standard deviation in codes).
pub fn textured_points(p: &Picture, noise: f32) -> Vec<Point> {
    let mut points = Vec::new();
    for bucket in BUCKETS {
        points = bucket_points(p, bucket, noise);
        if points.len() >= ENOUGH_POINTS {
            break;
        }
    }
    points
}

/// As many of them as there are.
pub fn dense_points(p: &Picture, noise: f32) -> Vec<Point> {
    bucket_points(p, BUCKETS[2], noise)
}

fn bucket_points(p: &Picture, bucket: usize, noise: f32) -> Vec<Point> {
    let least = MIN_GRADIENT.max(NOISE_GRADIENT * noise);
    let mut points = Vec::new();
    for by in (1..p.rows.saturating_sub(1)).step_by(bucket) {
        for bx in (1..p.cols.saturating_sub(1)).step_by(bucket) {
            let mut best: Option<(f32, usize, usize)> = None;
            for y in by..(by + bucket).min(p.rows - 1) {
                for x in bx..(bx + bucket).min(p.cols - 1) {
                    let (gx, gy) = p.gradient(x, y);
                    let steep = gx * gx + gy * gy;
                    if best.is_none_or(|(most, ..)| steep > most) {
                        best = Some((steep, x, y));
                    }
                }
            }
            let steep = best.filter(|(steep, ..)| steep.sqrt() >= least);
            points.extend(steep.map(|(_, x, y)| p.point(x, y, noise)));
        }
    }
    points
}
