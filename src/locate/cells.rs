//! A frame pooled to a grid of cells: the only stage that touches every sample.
//!
//! A box-filtered thumbnail loses a light of 3 px; pooling by maximum keeps it. So each
//! cell keeps means, for measuring, and extremes, for finding.

use crate::source::{Frame, Plane};

/// Most cells of a grid. At 1080p this makes cells of 8 px: a lens of 3 px still fills a seventh of one,
/// and a history of 300 frames stays below 70 MB.
const MAX_CELLS: usize = 40_000;

/// The pooled channels of a cell, in storage order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Channel {
    /// Mean and maximum of luma.
    YMean,
    YMax,
    /// Means of Cb and Cr.
    UMean,
    VMean,
    /// Maximum of Cb (blueness), of Cr (redness), and of 255 - (Cb+Cr)/2 (greenness).
    UMax,
    VMax,
    GMax,
}

pub const CHANNELS: usize = 7;

/// Geometry of the grid: cells of `size` x `size` luma px, `cols` x `rows`, a partial cell at the far edges left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    pub size: usize,
    pub cols: usize,
    pub rows: usize,
}

impl Grid {
    /// The finest grid of at most [`MAX_CELLS`] whose cells hold whole chroma samples.
    pub fn for_picture(width: usize, height: usize) -> Self {
        let mut size = 2;
        while (width / size) * (height / size) > MAX_CELLS {
            size += 2;
        }
        Self {
            size,
            cols: (width / size).max(1),
            rows: (height / size).max(1),
        }
    }

    pub fn cells(&self) -> usize {
        self.cols * self.rows
    }
}

/// One frame as cells: [`CHANNELS`] planes of `cols * rows` bytes each.
#[derive(Debug, Clone)]
pub struct CellFrame {
    data: Box<[u8]>,
    cells: usize,
}

impl CellFrame {
    pub fn channel(&self, c: Channel) -> &[u8] {
        &self.data[c as usize * self.cells..][..self.cells]
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }
}

/// Pools frames into cells, keeping its row buffers between frames.
#[derive(Debug, Clone)]
pub struct Pooler {
    grid: Grid,
    sum: Vec<u16>,
    max: Vec<u8>,
    green: Vec<u8>,
}

impl Pooler {
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            sum: Vec::new(),
            max: Vec::new(),
            green: Vec::new(),
        }
    }

    /// Pools `frame`; pictures without chroma get neutral chroma.
    pub fn pool(&mut self, frame: &Frame) -> CellFrame {
        let cells = self.grid.cells();
        let mut data = vec![128u8; CHANNELS * cells].into_boxed_slice();
        let mut planes = data.chunks_exact_mut(cells);
        let mut next = || planes.next().expect("one chunk per channel");
        let (y_mean, y_max) = (next(), next());
        let (u_mean, v_mean, u_max, v_max, g_max) = (next(), next(), next(), next(), next());
        self.mean_and_max(&frame.y, (0, 0), y_mean, y_max);
        if frame.u.width > 0 {
            self.mean_and_max(&frame.u, frame.chroma_shift, u_mean, u_max);
            self.mean_and_max(&frame.v, frame.chroma_shift, v_mean, v_max);
            self.greenness(&frame.u, &frame.v, frame.chroma_shift, g_max);
        } else {
            g_max.fill(127);
        }
        CellFrame { data, cells }
    }

    /// Cell width and height in samples of a plane subsampled by `shift`.
    fn cell_samples(&self, shift: (u8, u8)) -> (usize, usize) {
        (
            (self.grid.size >> shift.0).max(1),
            (self.grid.size >> shift.1).max(1),
        )
    }

    fn mean_and_max(&mut self, plane: &Plane, shift: (u8, u8), mean: &mut [u8], max: &mut [u8]) {
        let (cw, ch) = self.cell_samples(shift);
        let used = (self.grid.cols * cw).min(plane.width);
        let area = (cw * ch) as u32;
        for row in 0..self.grid.rows {
            self.sum.clear();
            self.sum.resize(used, 0);
            self.max.clear();
            self.max.resize(used, 0);
            // Columns first: both loops run over contiguous bytes and vectorise for any cell size.
            for dy in 0..ch {
                let Some(line) = line(plane, row * ch + dy, used) else {
                    break;
                };
                for (s, &p) in self.sum.iter_mut().zip(line) {
                    *s += u16::from(p);
                }
                for (m, &p) in self.max.iter_mut().zip(line) {
                    *m = (*m).max(p);
                }
            }
            let out = row * self.grid.cols;
            for (col, (s, m)) in self
                .sum
                .chunks_exact(cw)
                .zip(self.max.chunks_exact(cw))
                .enumerate()
            {
                let total: u32 = s.iter().map(|&v| u32::from(v)).sum();
                mean[out + col] = ((total + area / 2) / area) as u8;
                max[out + col] = m.iter().copied().max().unwrap_or(0);
            }
        }
    }

    fn greenness(&mut self, u: &Plane, v: &Plane, shift: (u8, u8), out: &mut [u8]) {
        let (cw, ch) = self.cell_samples(shift);
        let used = (self.grid.cols * cw).min(u.width).min(v.width);
        for row in 0..self.grid.rows {
            self.green.clear();
            self.green.resize(used, 255);
            for dy in 0..ch {
                let y = row * ch + dy;
                let (Some(lu), Some(lv)) = (line(u, y, used), line(v, y, used)) else {
                    break;
                };
                for ((g, &a), &b) in self.green.iter_mut().zip(lu).zip(lv) {
                    *g = (*g).min(((u16::from(a) + u16::from(b) + 1) >> 1) as u8);
                }
            }
            let at = row * self.grid.cols;
            for (col, g) in self.green.chunks_exact(cw).enumerate() {
                out[at + col] = 255 - g.iter().copied().min().unwrap_or(128);
            }
        }
    }
}

/// The first `width` samples of row `y`, if the plane has it.
fn line(plane: &Plane, y: usize, width: usize) -> Option<&[u8]> {
    (y < plane.height).then(|| &plane.row(y)[..width])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_bright_sample_survives_in_the_maximum() {
        let grid = Grid {
            size: 4,
            cols: 2,
            rows: 2,
        };
        let mut frame = Frame {
            chroma_shift: (1, 1),
            ..Frame::default()
        };
        frame.y.resize(9, 8);
        frame.y.data.fill(16);
        frame.y.data[5 * 9 + 6] = 240;
        frame.u.resize(5, 4);
        frame.v.resize(5, 4);
        frame.u.data.fill(128);
        frame.v.data.fill(128);
        frame.v.data[3 * 5 + 3] = 200;
        let cells = Pooler::new(grid).pool(&frame);
        assert_eq!(cells.channel(Channel::YMax), [16, 16, 16, 240]);
        assert_eq!(cells.channel(Channel::YMean), [16, 16, 16, 30]);
        assert_eq!(cells.channel(Channel::VMax), [128, 128, 128, 200]);
        assert_eq!(cells.channel(Channel::VMean), [128, 128, 128, 146]);
        assert_eq!(cells.channel(Channel::GMax), [127; 4]);
    }

    #[test]
    fn grids_keep_to_the_limit_and_cover_the_picture() {
        for (w, h) in [
            (2, 2),
            (384, 216),
            (540, 960),
            (1280, 720),
            (1920, 1080),
            (3840, 2160),
            (10_000, 40),
        ] {
            let g = Grid::for_picture(w, h);
            assert!(g.cells() <= MAX_CELLS);
            assert!(g.cols * g.size <= w && (g.cols + 1) * g.size > w);
        }
    }
}
