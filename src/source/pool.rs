//! Pooling of frames into cells: the only stage that touches every sample.

use std::mem;
use std::ops::Range;

use super::cells::{CellFrame, Grid};
use super::{Frame, Plane};

/// Bytes of luma that are pooled at once where a picture comes piece by piece: little enough to stay in the processor's
/// nearest caches, and more than a socket hands out at a time.
const STRIP_BYTES: usize = 64 << 10;

/// Pools frames into cells, keeping its buffers between frames.
#[derive(Debug, Clone)]
pub struct Pooler {
    grid: Grid,
    rows: Rows,
    /// Room for a piece of luma, and for both chroma planes.
    pieces: [Plane; 3],
}

/// The columns of one row of cells, each over the height of the cells.
#[derive(Debug, Clone, Default)]
struct Rows {
    sum: Vec<u16>,
    /// Their maxima, or their minima.
    extreme: Vec<u8>,
    /// Room for half as many.
    half: Vec<u8>,
}

impl Pooler {
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            rows: Rows::default(),
            pieces: Default::default(),
        }
    }

    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Pools `frame`; pictures without chroma get neutral chroma.
    pub fn pool(&mut self, frame: &Frame) -> CellFrame {
        let mut cells = CellFrame::neutral(self.grid);
        self.luma(&frame.y, 0, &mut cells);
        self.chroma(&frame.u, &frame.v, frame.chroma_shift, &mut cells);
        cells
    }

    /// Pools a picture of `width` x `height` px piece by piece as it comes, so that it is never stored whole. `read` fills
    /// the plane it is given with that of the picture (0 luma, 1 Cb, 2 Cr), from the row it is told on; `chroma` is the
    /// size of the last two, subsampled by `shift`.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn pool_pieces<E>(
        &mut self,
        (width, height): (usize, usize),
        chroma: (usize, usize),
        shift: (u8, u8),
        mut read: impl FnMut(usize, usize, &mut Plane) -> Result<(), E>,
    ) -> Result<CellFrame, E> {
        let size = self.grid.size;
        let mut cells = CellFrame::neutral(self.grid);
        let [mut y, mut u, mut v] = mem::take(&mut self.pieces);
        let lines = (STRIP_BYTES / (width * size)).max(1) * size;
        for top in (0..height).step_by(lines) {
            y.resize(width, lines.min(height - top));
            read(0, top, &mut y)?;
            self.luma(&y, top / size, &mut cells);
        }
        u.resize(chroma.0, chroma.1);
        v.resize(chroma.0, chroma.1);
        read(1, 0, &mut u)?;
        read(2, 0, &mut v)?;
        self.chroma(&u, &v, shift, &mut cells);
        self.pieces = [y, u, v];
        Ok(cells)
    }

    /// Pools a strip of the luma plane into the rows of cells from `row` on. It begins with those cells, and ends
    /// with some or at the end of the picture.
    fn luma(&mut self, strip: &Plane, row: usize, cells: &mut CellFrame) {
        let [mean, max, ..] = cells.channels();
        let from = (row * self.grid.cols).min(mean.len());
        let rows = (strip.height / self.grid.size).max(1);
        let to = (from + rows * self.grid.cols).min(mean.len());
        self.mean_and_max(strip, (0, 0), &mut mean[from..to], &mut max[from..to]);
    }

    /// Pools the chroma planes, subsampled by `shift`; empty ones leave chroma neutral.
    fn chroma(&mut self, u: &Plane, v: &Plane, shift: (u8, u8), cells: &mut CellFrame) {
        if u.width == 0 {
            return;
        }
        let [_, _, u_mean, v_mean, u_max, v_max, g_max] = cells.channels();
        self.mean_and_max(u, shift, u_mean, u_max);
        self.mean_and_max(v, shift, v_mean, v_max);
        self.greenness(u, v, shift, g_max);
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
        let mean_of = Mean::of((cw * ch) as u32);
        let Rows { sum, extreme, half } = &mut self.rows;
        // Pairs of columns where they don't straddle cells.
        let pairs = cw.is_multiple_of(2);
        let together = if pairs { 2 } else { 1 };
        sum.resize(used / together, 0);
        let rows = mean.chunks_exact_mut(self.grid.cols);
        for (row, (mean, max)) in rows.zip(max.chunks_exact_mut(self.grid.cols)).enumerate() {
            let lines = row * ch..((row + 1) * ch).min(plane.height);
            extreme.resize(used, 0);
            if pairs {
                add_pairs(plane, lines, sum, extreme);
            } else {
                add_columns(plane, lines, sum, extreme);
            }
            reduce(
                cw / together,
                sum,
                mean,
                |total: u32, &v| total + u32::from(v),
                |total| mean_of.total(total),
            );
            extremes(cw, extreme, half, u16::max);
            for (max, &top) in max.iter_mut().zip(&*extreme) {
                *max = top;
            }
        }
    }

    fn greenness(&mut self, u: &Plane, v: &Plane, shift: (u8, u8), out: &mut [u8]) {
        let (cw, ch) = self.cell_samples(shift);
        let used = (self.grid.cols * cw).min(u.width).min(v.width);
        let Rows { extreme, half, .. } = &mut self.rows;
        for (row, out) in out.chunks_exact_mut(self.grid.cols).enumerate() {
            let lines = row * ch..((row + 1) * ch).min(u.height).min(v.height);
            extreme.resize(used, 0);
            least_chroma(u, v, lines, extreme);
            extremes(cw, extreme, half, u16::min);
            for (out, least) in out.iter_mut().zip(&*extreme) {
                *out = 255 - least;
            }
        }
    }
}

/// Division by the samples of a cell, as a multiplication: it is done once for each cell of each plane.
#[derive(Clone, Copy)]
struct Mean {
    half: u32,
    factor: u64,
}

impl Mean {
    /// Exact for up to 2^16 samples n of 8 bits: the factor is too large by 1 at most, the product by the total, and
    /// less than 2^8 n is less than the 2^40 / n that lead to the next quotient.
    const SHIFT: u32 = 40;

    fn of(samples: u32) -> Self {
        Self {
            half: samples / 2,
            factor: (1 << Self::SHIFT) / u64::from(samples) + 1,
        }
    }

    /// The mean of samples of this total, rounded.
    fn total(self, total: u32) -> u8 {
        ((u64::from(total + self.half) * self.factor) >> Self::SHIFT) as u8
    }
}

/// Sums of the pairs of columns over the rows `lines` of `plane`, and maxima of the columns.
///
/// Four rows at a time, so that the sums and maxima so far are fetched and stored once for them.
fn add_pairs(plane: &Plane, mut lines: Range<usize>, sum: &mut [u16], max: &mut [u8]) {
    sum.fill(0);
    max.fill(0);
    while lines.len() >= 4 {
        let y = lines.start;
        add_rows([y, y + 1, y + 2, y + 3].map(|y| plane.row(y)), sum, max);
        lines.start += 4;
    }
    for y in lines {
        add_rows([plane.row(y)], sum, max);
    }
}

/// Adds rows, of at least as many samples as `max`, to the sums of pairs of columns and the maxima of columns.
fn add_rows<const N: usize>(rows: [&[u8]; N], sum: &mut [u16], max: &mut [u8]) {
    // Slices of one length, known as such to the compiler, which makes vectors of both loops.
    let n = sum.len();
    let pairs = rows.map(|row| &row.as_chunks::<2>().0[..n]);
    for (i, s) in sum.iter_mut().enumerate() {
        for row in pairs {
            // As one number, whose halves are added: half the work.
            let both = u16::from_le_bytes(row[i]);
            *s += (both & 0xff) + (both >> 8);
        }
    }
    let n = max.len();
    let rows = rows.map(|row| &row[..n]);
    for (i, m) in max.iter_mut().enumerate() {
        for row in rows {
            *m = (*m).max(row[i]);
        }
    }
}

/// The same with the sums of single columns: for cells of an odd number of them.
fn add_columns(plane: &Plane, lines: Range<usize>, sum: &mut [u16], max: &mut [u8]) {
    sum.fill(0);
    max.fill(0);
    for y in lines {
        for ((s, m), &p) in sum.iter_mut().zip(&mut *max).zip(plane.row(y)) {
            *s += u16::from(p);
            *m = (*m).max(p);
        }
    }
}

/// Minimum of each column of the mean of `u` and `v` over the rows `lines`.
fn least_chroma(u: &Plane, v: &Plane, lines: Range<usize>, min: &mut [u8]) {
    min.fill(255);
    for y in lines {
        for (m, (&a, &b)) in min.iter_mut().zip(u.row(y).iter().zip(v.row(y))) {
            *m = (*m).min(((u16::from(a) + u16::from(b) + 1) >> 1) as u8);
        }
    }
}

/// Brings every `width` columns down to the extreme that `pick` takes of two, halving their number as long as that goes.
fn extremes(
    mut width: usize,
    columns: &mut Vec<u8>,
    half: &mut Vec<u8>,
    pick: impl Fn(u16, u16) -> u16,
) {
    while width.is_multiple_of(2) {
        half.resize(columns.len() / 2, 0);
        for (to, pair) in half.iter_mut().zip(columns.as_chunks::<2>().0) {
            // As one number, so that the compiler makes vectors of it.
            let both = u16::from_le_bytes(*pair);
            *to = pick(both & 0xff, both >> 8) as u8;
        }
        std::mem::swap(columns, half);
        width /= 2;
    }
    if width > 1 {
        for i in 0..columns.len() / width {
            let cell = columns[i * width..][..width].iter();
            columns[i] = cell.fold(columns[i * width], |a, &b| pick(a.into(), b.into()) as u8);
        }
    }
}

/// Folds every `width` columns to one cell. The widths of common pictures are known to the compiler, which unrolls them.
fn reduce<T, A: Default>(
    width: usize,
    columns: &[T],
    out: &mut [u8],
    add: impl Fn(A, &T) -> A + Copy,
    done: impl Fn(A) -> u8 + Copy,
) {
    fn fixed<const W: usize, T, A: Default>(
        columns: &[T],
        out: &mut [u8],
        add: impl Fn(A, &T) -> A,
        done: impl Fn(A) -> u8,
    ) {
        for (out, cell) in out.iter_mut().zip(columns.as_chunks::<W>().0) {
            *out = done(cell.iter().fold(A::default(), &add));
        }
    }
    match width {
        2 => fixed::<2, _, _>(columns, out, add, done),
        3 => fixed::<3, _, _>(columns, out, add, done),
        4 => fixed::<4, _, _>(columns, out, add, done),
        6 => fixed::<6, _, _>(columns, out, add, done),
        8 => fixed::<8, _, _>(columns, out, add, done),
        16 => fixed::<16, _, _>(columns, out, add, done),
        _ => {
            for (out, cell) in out.iter_mut().zip(columns.chunks_exact(width)) {
                *out = done(cell.iter().fold(A::default(), add));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cells::Channel;

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
    fn means_are_rounded_as_by_division() {
        for samples in [1, 6, 9, 16, 36, 64, 256, 10_000, 65_535] {
            let mean = Mean::of(samples);
            for value in 0..255 {
                // Just below and at the next code.
                let half_up = value * samples + samples.div_ceil(2);
                for total in [value * samples, half_up - 1, half_up] {
                    let want = (total + samples / 2) / samples;
                    assert_eq!(u32::from(mean.total(total)), want, "{total} / {samples}");
                }
            }
        }
    }

    #[test]
    fn pieces_pool_to_what_the_whole_does() {
        // Cells of 2, 4, 6 and 8 px: chroma of odd and even widths; partial cells at both edges.
        for (width, height) in [(301, 203), (641, 479), (1281, 721), (1923, 1085)] {
            let mut random = fastrand::Rng::with_seed(1);
            let mut frame = Frame {
                chroma_shift: (1, 1),
                ..Frame::default()
            };
            frame.y.resize(width, height);
            frame.u.resize(width.div_ceil(2), height.div_ceil(2));
            frame.v.resize(width.div_ceil(2), height.div_ceil(2));
            for plane in [&mut frame.y, &mut frame.u, &mut frame.v] {
                plane.data.fill_with(|| random.u8(..));
            }
            let grid = Grid::for_picture(width, height);
            let mut pooler = Pooler::new(grid);
            let whole = pooler.pool(&frame);
            let planes = [&frame.y, &frame.u, &frame.v];
            let chroma = (frame.u.width, frame.u.height);
            let piece = |plane: usize, top: usize, to: &mut Plane| {
                let rows = planes[plane].data.chunks_exact(to.width).skip(top);
                let to = to.data.chunks_exact_mut(to.width);
                to.zip(rows).for_each(|(to, row)| to.copy_from_slice(row));
                Ok::<(), ()>(())
            };
            let size = (width, height);
            let cells = pooler.pool_pieces(size, chroma, frame.chroma_shift, piece);
            let cells = cells.unwrap();
            for c in Channel::ALL {
                let mut both = cells.channel(c).iter().zip(whole.channel(c));
                let other = both.position(|(a, b)| a != b);
                assert_eq!(other, None, "{width}x{height} {grid:?} {c:?}");
            }
            let (x, y) = (grid.cols - 1, grid.rows - 1);
            let samples = (0..grid.size * grid.size).map(|i| {
                let (dx, dy) = (i % grid.size, i / grid.size);
                u32::from(frame.y.row(y * grid.size + dy)[x * grid.size + dx])
            });
            let (n, last) = (samples.len() as u32, grid.cells() - 1);
            assert_eq!(
                u32::from(whole.channel(Channel::YMean)[last]),
                (samples.clone().sum::<u32>() + n / 2) / n
            );
            assert_eq!(
                Some(u32::from(whole.channel(Channel::YMax)[last])),
                samples.max()
            );
        }
    }
}
