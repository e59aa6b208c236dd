//! Means over squares of a canvas, at a cost that does not grow with their size.

use super::maps::Canvas;

/// Sums over rectangles in constant time; cells never seen do not count.
pub struct Integral {
    cols: usize,
    rows: usize,
    sum: Vec<f64>,
    count: Vec<u32>,
}

impl Integral {
    pub fn of(canvas: &Canvas, values: &[f32], seen: &[u16]) -> Self {
        let stride = canvas.cols + 1;
        let mut sum = vec![0.0; stride * (canvas.rows + 1)];
        let mut count = vec![0; stride * (canvas.rows + 1)];
        for row in 0..canvas.rows {
            let (mut s, mut n) = (0.0, 0);
            for col in 0..canvas.cols {
                let i = row * canvas.cols + col;
                if seen[i] > 0 {
                    s += f64::from(values[i]);
                    n += 1;
                }
                let at = (row + 1) * stride + col + 1;
                sum[at] = sum[at - stride] + s;
                count[at] = count[at - stride] + n;
            }
        }
        Self {
            cols: canvas.cols,
            rows: canvas.rows,
            sum,
            count,
        }
    }

    /// Mean over the square of half width `half` about a cell, cut at the borders.
    pub fn mean(&self, col: usize, row: usize, half: usize) -> f32 {
        let (x0, y0) = (col.saturating_sub(half), row.saturating_sub(half));
        let (x1, y1) = (
            (col + half + 1).min(self.cols),
            (row + half + 1).min(self.rows),
        );
        let stride = self.cols + 1;
        let corner = |x: usize, y: usize| {
            (
                self.sum[y * stride + x],
                i64::from(self.count[y * stride + x]),
            )
        };
        let (a, b, c, d) = (
            corner(x1, y1),
            corner(x0, y1),
            corner(x1, y0),
            corner(x0, y0),
        );
        let n = (a.1 - b.1 - c.1 + d.1).max(1);
        ((a.0 - b.0 - c.0 + d.0) / n as f64) as f32
    }
}
