//! The frames of a stretch of video as cells, each aligned to the first: what candidates are found and measured in.

use super::cells::{CellFrame, Channel, Grid, Pooler};
use super::motion::{Alignment, Reference, Similarity};
use crate::source::{ColorInfo, Frame};

/// Agreement under which a frame's alignment is not believed (half of the textured points moved otherwise).
const MIN_AGREEMENT: f64 = 0.45;
/// So many frames in a row that do not align mean a new view, not a blur: a hand's jerk lasts a few frames.
const LOST_FRAMES: usize = 4;
/// Share of the picture by which the view may move before a fresh reference is taken.
const MAX_SHIFT: f64 = 0.25;

/// One stored frame.
#[derive(Debug, Clone)]
pub struct SceneFrame {
    /// Presentation time in s from the first frame.
    pub time_s: f64,
    pub cells: CellFrame,
    /// From scene cells (those of the first frame) to cells of this frame.
    pub motion: Similarity,
    /// Exposure against the first frame: luma codes above black as a multiple.
    pub gain: f64,
    /// The alignment can be relied on.
    pub aligned: bool,
    /// Share of tracked points that agree with the alignment.
    pub agreement: f64,
}

/// Frames of one stretch of video in common coordinates.
pub struct Scene {
    pub grid: Grid,
    pub color: ColorInfo,
    pub frames: Vec<SceneFrame>,
    pooler: Pooler,
    reference: Option<Reference>,
    /// From scene cells to cells of the reference, and its exposure against the scene's.
    base: Similarity,
    base_gain: f64,
    /// The last alignment to the reference: the guess for the next.
    last: Alignment,
    lost: usize,
}

impl Scene {
    pub fn new(width: usize, height: usize) -> Self {
        let grid = Grid::for_picture(width, height);
        Self {
            grid,
            color: ColorInfo::default(),
            frames: Vec::new(),
            pooler: Pooler::new(grid),
            reference: None,
            base: Similarity::default(),
            base_gain: 1.0,
            last: Alignment::default(),
            lost: 0,
        }
    }

    /// Bytes held by the stored frames.
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(|f| f.cells.bytes()).sum()
    }

    /// Pools, aligns and stores a frame.
    pub fn push(&mut self, frame: &Frame, time_s: f64) {
        self.color = frame.color;
        let cells = self.pooler.pool(frame);
        let luma = cells.channel(Channel::YMean);
        let reference = self
            .reference
            .get_or_insert_with(|| Reference::new(luma, self.grid));
        // A flat reference (a black first picture, a bare wall in the dark) shows no motion: take it as still.
        let flat = reference.is_flat();
        let alignment = reference.align(luma, &self.last);
        let aligned = flat || alignment.agreement >= MIN_AGREEMENT;
        if flat {
            self.lost = 0;
        } else if aligned {
            self.lost = 0;
            self.last = alignment;
        } else {
            self.lost += 1;
        }
        let motion = self.base.then(&self.last.motion);
        let gain = self.base_gain * self.last.gain;
        let moved = (self.last.motion.dx.abs() / self.grid.cols as f64)
            .max(self.last.motion.dy.abs() / self.grid.rows as f64);
        if flat || moved > MAX_SHIFT || self.lost > LOST_FRAMES {
            self.reference = Some(Reference::new(luma, self.grid));
            self.base = motion;
            self.base_gain = gain;
            self.last = Alignment::default();
            self.lost = 0;
        }
        self.frames.push(SceneFrame {
            time_s,
            cells,
            motion,
            gain,
            aligned,
            agreement: alignment.agreement,
        });
    }
}
