//! A frame as a grid of cells.
//!
//! A box-filtered thumbnail loses a light of 3 px; pooling by maximum keeps it. So each
//! cell keeps means, for measuring, and extremes, for finding.

/// Most cells of a grid. At 1080p this makes cells of 8 px: a lens of 3 px still fills a seventh of one,
/// and a history of 300 frames stays below 70 MB.
const MAX_CELLS: usize = 40_000;
/// Limited-range codes of black and of no colour: what exposure scales about.
pub const BLACK: f32 = 16.0;
pub const NEUTRAL: f32 = 127.5;

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

impl Channel {
    pub const ALL: [Self; CHANNELS] = [
        Self::YMean,
        Self::YMax,
        Self::UMean,
        Self::VMean,
        Self::UMax,
        Self::VMax,
        Self::GMax,
    ];
}

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

    /// Of a picture of 640 x 480 px.
    #[cfg(test)]
    pub const VGA: Self = Self {
        size: 4,
        cols: 160,
        rows: 120,
    };

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
    /// Of neutral chroma, and no light where nothing is pooled into it.
    pub fn neutral(grid: Grid) -> Self {
        let cells = grid.cells();
        let mut data = vec![128u8; CHANNELS * cells].into_boxed_slice();
        data[Channel::GMax as usize * cells..].fill(127);
        Self { data, cells }
    }

    /// The channels in their order.
    pub(super) fn channels(&mut self) -> [&mut [u8]; CHANNELS] {
        let mut rest = &mut *self.data;
        std::array::from_fn(|_| rest.split_off_mut(..self.cells).unwrap_or_default())
    }

    pub fn channel(&self, c: Channel) -> &[u8] {
        &self.data[c as usize * self.cells..][..self.cells]
    }

    /// Cells of a channel.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
