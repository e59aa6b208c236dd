//! What a picture shows, whatever lights it.

use super::cells::Grid;
use super::motion::Picture;
use crate::median::median;

/// Cells along a block of the pictures that are compared: large enough that noise averages out.
const BLOCK: usize = 4;
/// Relief in medians of its size, twice the standard deviation of a normal one, from which on it counts no more.
const STRONG: f32 = 3.0;
/// Relief in codes that counts in full however flat the rest is: what is below may be noise.
const FAINT: f32 = 2.0;

/// Blocks of a picture less the mean of their neighbours: what stays when the light changes.
pub struct Relief {
    data: Vec<f32>,
    cols: usize,
    rows: usize,
}

impl Relief {
    /// Of the luma means `codes`.
    pub fn of(codes: &[u8], grid: Grid) -> Self {
        let means = Picture::shrink(codes, grid, BLOCK);
        let (cols, rows) = (means.cols, means.rows);
        let mut data = Vec::new();
        for y in 1..rows.saturating_sub(1) {
            for x in 1..cols.saturating_sub(1) {
                let across = means.at(x - 1, y) + means.at(x + 1, y);
                let around = across + means.at(x, y - 1) + means.at(x, y + 1);
                data.push(means.at(x, y) - around / 4.0);
            }
        }
        Self {
            data,
            cols: cols.saturating_sub(2),
            rows: rows.saturating_sub(2),
        }
    }

    /// Standard deviation in codes that cells of so much noise each give it: of a block less the mean of four others.
    pub fn of_noise(noise: f32) -> f32 {
        noise / BLOCK as f32 * 1.25f32.sqrt()
    }

    /// The same with no block above some medians of its size or [`FAINT`]: a few strong edges, or a lamp, say no more than
    /// the rest.
    pub fn levelled(mut self) -> Self {
        let mut sizes: Vec<f32> = self.data.iter().map(|v| v.abs()).collect();
        let median = median(&mut sizes, f32::total_cmp).unwrap_or(0.0);
        let most = (STRONG * median).max(FAINT);
        self.data.iter_mut().for_each(|v| *v = v.clamp(-most, most));
        self
    }

    /// Mean of its size in codes.
    pub fn size(&self) -> f32 {
        self.data.iter().map(|v| v.abs()).sum::<f32>() / self.data.len().max(1) as f32
    }

    /// Standard deviation in codes.
    pub fn deviation(&self) -> f32 {
        let n = self.data.len().max(1) as f32;
        (self.data.iter().map(|v| v * v).sum::<f32>() / n).sqrt()
    }

    /// Of this picture with the other, moved by so many blocks.
    pub fn correlation(&self, other: &Self, dx: isize, dy: isize) -> f32 {
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for y in 0..self.rows {
            for x in 0..self.cols {
                let (u, v) = (x as isize + dx, y as isize + dy);
                if u < 0 || v < 0 || u as usize >= other.cols || v as usize >= other.rows {
                    continue;
                }
                let a = self.data[y * self.cols + x];
                let b = other.data[v as usize * other.cols + u as usize];
                ab += a * b;
                aa += a * a;
                bb += b * b;
            }
        }
        ab / (aa * bb).sqrt().max(1e-6)
    }
}
