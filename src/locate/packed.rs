//! Cells of older frames, packed without loss: what a camera shows hardly changes from frame to frame.
//!
//! Codecs leave still places as they were and what is left of a sensor's noise is a few codes, so that most of a
//! clip's cells fit in half a byte over their least code of half a second, or in nothing. On clips of phones this
//! takes a half (shaken, textured, noisy) to a tenth (on a tripod). A single code is read without unpacking others.

use std::borrow::Cow;
use std::sync::Arc;

use super::cells::{CHANNELS, CellFrame, Channel};

/// Frames packed together: with more, fewer places stay as they are; with fewer, the least codes weigh more.
pub const TOGETHER: usize = 16;
/// Neighbouring cells that are packed alike.
const GROUP: usize = 8;
/// Bytes of a group in one frame, packed as half bytes.
const HALVES: usize = GROUP / 2;
/// Largest difference to the least code that half a byte holds.
const MAX_HALF: u8 = 15;

/// How a group is packed, in the two lowest bits of its head; the rest is where.
const SAME: u32 = 0;
const AS_HALVES: u32 = 1;
const AS_BYTES: u32 = 2;

/// Some frames together.
#[derive(Debug)]
pub struct Block {
    cells: usize,
    frames: usize,
    /// Of each group of each channel the cells' least codes.
    least: Box<[[u8; GROUP]]>,
    heads: Box<[u32]>,
    /// Differences to the least codes, group by group, frame by frame.
    data: Box<[u8]>,
}

impl Block {
    /// Packs at most [`TOGETHER`] frames of one size.
    pub fn of(frames: &[&CellFrame]) -> Self {
        let cells = frames.first().map_or(0, |f| f.cells());
        let mut least = Vec::with_capacity(CHANNELS * cells.div_ceil(GROUP));
        let mut heads = Vec::with_capacity(least.capacity());
        let mut data = Vec::new();
        for channel in Channel::ALL {
            let planes: Vec<&[u8]> = frames.iter().map(|f| f.channel(channel)).collect();
            for from in (0..cells).step_by(GROUP) {
                let mut codes = [[0; GROUP]; TOGETHER];
                let codes = &mut codes[..planes.len().min(TOGETHER)];
                for (row, plane) in codes.iter_mut().zip(&planes) {
                    match plane[from..].first_chunk() {
                        Some(group) => *row = *group,
                        None => row[..cells - from].copy_from_slice(&plane[from..]),
                    }
                }
                let (mut low, mut high) = ([u8::MAX; GROUP], [0; GROUP]);
                for row in &*codes {
                    low = std::array::from_fn(|j| low[j].min(row[j]));
                    high = std::array::from_fn(|j| high[j].max(row[j]));
                }
                let spread = (0..GROUP).map(|j| high[j] - low[j]).max().unwrap_or(0);
                let at = (data.len() as u32) << 2;
                let rows = codes
                    .iter()
                    .map(|row| -> [u8; GROUP] { std::array::from_fn(|j| row[j] - low[j]) });
                heads.push(match spread {
                    0 => SAME,
                    1..=MAX_HALF => {
                        data.extend(rows.flat_map(|row| -> [u8; HALVES] {
                            std::array::from_fn(|j| row[2 * j] | (row[2 * j + 1] << 4))
                        }));
                        at | AS_HALVES
                    }
                    _ => {
                        data.extend(rows.flatten());
                        at | AS_BYTES
                    }
                });
                least.push(low);
            }
        }
        Self {
            cells,
            frames: frames.len(),
            least: least.into(),
            heads: heads.into(),
            data: data.into(),
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.data.len() + self.heads.len() * (GROUP + size_of::<u32>())
    }

    /// Differences of a group to its least codes in one frame.
    fn above(&self, group: usize, frame: usize) -> [u8; GROUP] {
        let head = self.heads[group];
        let at = (head >> 2) as usize;
        match head & 3 {
            SAME => [0; GROUP],
            AS_HALVES => {
                let row = &self.data[at + frame * HALVES..][..HALVES];
                std::array::from_fn(|j| (row[j / 2] >> (4 * (j % 2))) & MAX_HALF)
            }
            _ => {
                let row = &self.data[at + frame * GROUP..][..GROUP];
                std::array::from_fn(|j| row[j])
            }
        }
    }

    #[inline(never)]
    fn code(&self, channel: Channel, i: usize, frame: usize) -> u8 {
        let group = channel as usize * self.cells.div_ceil(GROUP) + i / GROUP;
        let (head, j) = (self.heads[group], i % GROUP);
        let at = (head >> 2) as usize;
        self.least[group][j]
            + match head & 3 {
                SAME => 0,
                AS_HALVES => (self.data[at + frame * HALVES + j / 2] >> (4 * (j % 2))) & MAX_HALF,
                _ => self.data[at + frame * GROUP + j],
            }
    }

    fn channel(&self, channel: Channel, frame: usize) -> Vec<u8> {
        let groups = self.cells.div_ceil(GROUP);
        let mut out = Vec::with_capacity(groups * GROUP);
        for group in channel as usize * groups..(channel as usize + 1) * groups {
            let (least, above) = (self.least[group], self.above(group, frame));
            out.extend::<[u8; GROUP]>(std::array::from_fn(|j| least[j] + above[j]));
        }
        out.truncate(self.cells);
        out
    }
}

/// The cells of a stored frame. A clone shares them.
#[derive(Debug, Clone)]
pub enum Cells {
    Whole(Arc<CellFrame>),
    /// The frame of this number in a block.
    Packed(Arc<Block>, u8),
}

impl Cells {
    /// The code of cell `i`; panics beyond the grid. Inlined with all it calls but the rarer case: it is what candidates
    /// are measured by, some ten million times for 10 s of video.
    #[inline(always)]
    pub fn code(&self, channel: Channel, i: usize) -> u8 {
        match self {
            Self::Whole(frame) => frame.channel(channel)[i],
            Self::Packed(block, frame) => block.code(channel, i, usize::from(*frame)),
        }
    }

    /// The codes of the means of Y, Cb and Cr, and 0, which makes one vector of them; panics beyond the grid.
    #[inline(always)]
    pub fn means(&self, i: usize) -> [u8; 4] {
        [
            self.code(Channel::YMean, i),
            self.code(Channel::UMean, i),
            self.code(Channel::VMean, i),
            0,
        ]
    }

    /// All codes of a channel.
    pub fn channel(&self, channel: Channel) -> Cow<'_, [u8]> {
        match self {
            Self::Whole(frame) => frame.channel(channel).into(),
            Self::Packed(block, frame) => block.channel(channel, usize::from(*frame)).into(),
        }
    }

    /// Bytes held, of a block the frame's share.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Whole(frame) => frame.bytes(),
            Self::Packed(block, _) => block.bytes().div_ceil(block.frames),
        }
    }
}

/// Of each cell of a frame the means of Y, Cb and Cr and the largest Y, side by side. To lay them out takes as long as to read
/// a few thousand cells from where they are kept, and each of those comes from memory in one piece then.
pub struct Laid(Vec<[u8; 4]>);

impl Laid {
    pub fn of(cells: &Cells) -> Self {
        let [y, u, v, peak] = [
            Channel::YMean,
            Channel::UMean,
            Channel::VMean,
            Channel::YMax,
        ]
        .map(|c| cells.channel(c));
        let planes = y.iter().zip(&*u).zip(v.iter().zip(&*peak));
        Self(planes.map(|((&y, &u), (&v, &p))| [y, u, v, p]).collect())
    }

    /// The codes of the means of cell `i`, and one that is none.
    pub fn means(&self, i: usize) -> [u8; 4] {
        self.0[i]
    }

    /// The largest luma code of cell `i`.
    pub fn peak(&self, i: usize) -> u8 {
        self.0[i][3]
    }
}

/// Packs the frames, in order, that are still whole.
pub fn pack<'a>(frames: impl Iterator<Item = &'a mut Cells>) {
    let (mut places, whole): (Vec<_>, Vec<_>) = frames
        .filter_map(|place| match place {
            Cells::Whole(frame) => {
                let frame = Arc::clone(frame);
                Some((place, frame))
            }
            Cells::Packed(..) => None,
        })
        .unzip();
    for (places, whole) in places.chunks_mut(TOGETHER).zip(whole.chunks(TOGETHER)) {
        let whole: Vec<&CellFrame> = whole.iter().map(|f| &**f).collect();
        let block = Arc::new(Block::of(&whole));
        for (place, n) in places.iter_mut().zip(0..) {
            **place = Cells::Packed(Arc::clone(&block), n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Frame;
    use crate::source::cells::Grid;
    use crate::source::pool::Pooler;

    /// A noisy picture whose left third is still, its middle third noisy, and its right third anything.
    fn frames(n: usize) -> Vec<Arc<CellFrame>> {
        let mut random = fastrand::Rng::with_seed(4);
        let (width, height) = (102, 30);
        let mut pooler = Pooler::new(Grid::for_picture(width, height));
        (0..n)
            .map(|_| {
                let mut frame = Frame::default();
                for plane in [&mut frame.y, &mut frame.u, &mut frame.v] {
                    plane.resize(width, height);
                    for (i, v) in plane.data.iter_mut().enumerate() {
                        *v = match 3 * (i % width) / width {
                            0 => 90,
                            1 => random.u8(100..110),
                            _ => random.u8(..),
                        };
                    }
                }
                Arc::new(pooler.pool(&frame))
            })
            .collect()
    }

    #[test]
    fn nothing_is_lost_and_a_good_part_is_saved() {
        // One block and a part of another.
        let whole = frames(TOGETHER + 5);
        let mut stored: Vec<Cells> = whole.iter().cloned().map(Cells::Whole).collect();
        pack(stored.iter_mut());
        for (frame, cells) in whole.iter().zip(&stored) {
            assert!(matches!(cells, Cells::Packed(..)));
            for channel in Channel::ALL {
                assert_eq!(cells.channel(channel), frame.channel(channel));
                for (i, &code) in frame.channel(channel).iter().enumerate() {
                    assert_eq!(cells.code(channel, i), code);
                }
            }
        }
        let bytes = |cells: &[Cells]| cells[..TOGETHER].iter().map(Cells::bytes).sum::<usize>();
        let before: Vec<Cells> = whole.into_iter().map(Cells::Whole).collect();
        assert!(
            bytes(&stored) < bytes(&before) * 8 / 10,
            "{}",
            bytes(&stored)
        );
    }
}
