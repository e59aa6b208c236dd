//! The frames of a stretch of video as cells, each aligned to the first: what candidates are found and measured in.

use std::sync::Arc;

use super::cells::{Channel, Grid, Pooler};
use super::motion::{Alignment, Reference, Similarity};
use super::packed::{self, Cells, TOGETHER};
use super::shots::same_view;
use crate::source::{ColorInfo, Frame};

/// Agreement under which a frame's alignment is not believed.
const MIN_AGREEMENT: f64 = 0.3;
/// So many frames in a row that do not align mean a new view, not a blur: a hand's jerk lasts a few frames.
const LOST_FRAMES: usize = 4;
/// Share of the picture by which the view may move before a fresh reference is taken.
const MAX_SHIFT: f64 = 0.25;

/// Cells by which the view may have moved during frames that did not align, to know where it was in between.
const BRIDGED_CELLS: f64 = 3.0;

/// Bytes of frames that are kept as they are: 10 s of 1080p at 30 frames per s. What is older is packed, which costs
/// some time, and more again where it is read.
const MAX_WHOLE_BYTES: usize = 72 << 20;

/// One stored frame.
#[derive(Debug, Clone)]
pub struct SceneFrame {
    /// Presentation time in s from the first frame.
    pub time_s: f64,
    /// Shared between the scene and its snapshots, which are many and short-lived in a live view.
    pub cells: Cells,
    /// From scene cells (those of the first frame) to cells of this frame.
    pub motion: Similarity,
    /// Exposure against the first frame: luma codes above black as a multiple.
    pub gain: f64,
    /// The alignment can be relied on.
    pub aligned: bool,
    /// Share of tracked points that agree with the alignment.
    pub agreement: f64,
    /// Number of the place that is filmed, of those that the camera shows one after the other.
    pub shot: u32,
}

impl SceneFrame {
    /// Means of Y, Cb and Cr at a point of the frame (cells), bilinear between cell means; `None` outside the picture.
    #[inline]
    pub fn between(&self, grid: Grid, x: f64, y: f64) -> Option<[f32; 3]> {
        let (cols, rows) = (grid.cols, grid.rows);
        if !(x >= -0.5 && y >= -0.5 && x < cols as f64 - 0.5 && y < rows as f64 - 0.5) {
            return None;
        }
        let (x, y) = (
            x.clamp(0.0, (cols as f64 - 1.001).max(0.0)),
            y.clamp(0.0, (rows as f64 - 1.001).max(0.0)),
        );
        // Short numbers, which take the processor a quarter of the work that long ones do; a grid has 40,000 cells at most.
        let (xi, yi) = (x as u16, y as u16);
        let (fx, fy) = ((x - f64::from(xi)) as f32, (y - f64::from(yi)) as f32);
        let i = usize::from(yi) * cols + usize::from(xi);
        let codes = |i: usize| self.cells.means(i).map(f32::from);
        // On a tripod every point is the middle of a cell.
        if fx == 0.0 && fy == 0.0 {
            return Some(codes(i));
        }
        let down = if rows > 1 { cols } else { 0 };
        let right = usize::from(cols > 1);
        let mix = |a: [f32; 3], b: [f32; 3], share: f32| -> [f32; 3] {
            std::array::from_fn(|k| a[k] * (1.0 - share) + b[k] * share)
        };
        let [above, below] = [i, i + down].map(|i| mix(codes(i), codes(i + right), fx));
        Some(mix(above, below, fy))
    }
}

/// Frames of one stretch of video in common coordinates. A clone shares the pictures.
#[derive(Clone)]
pub struct Scene {
    pub grid: Grid,
    pub color: ColorInfo,
    pub frames: Vec<SceneFrame>,
    /// How many of them, the oldest, are packed, and the bytes that those hold.
    packed: usize,
    packed_bytes: usize,
    pooler: Pooler,
    reference: Option<Reference>,
    /// From scene cells to cells of the reference, and its exposure against the scene's.
    base: Similarity,
    base_gain: f64,
    /// The last alignment to the reference: the guess for the next.
    last: Alignment,
    lost: usize,
    shot: u32,
}

impl Scene {
    pub fn new(width: usize, height: usize) -> Self {
        let grid = Grid::for_picture(width, height);
        Self {
            grid,
            color: ColorInfo::default(),
            frames: Vec::new(),
            packed: 0,
            packed_bytes: 0,
            pooler: Pooler::new(grid),
            reference: None,
            base: Similarity::default(),
            base_gain: 1.0,
            last: Alignment::default(),
            lost: 0,
            shot: 0,
        }
    }

    /// The camera moved: not every cell shows the same place in every frame.
    pub fn moves(&self) -> bool {
        let mut aligned = self.frames.iter().filter(|f| f.aligned);
        aligned.any(|f| f.motion != Similarity::default())
    }

    /// Bytes held by the stored frames.
    pub fn bytes(&self) -> usize {
        self.packed_bytes + self.whole_bytes()
    }

    /// Bytes held by those that are not packed.
    fn whole_bytes(&self) -> usize {
        // They have one size.
        let each = self.frames.last().map_or(0, |f| f.cells.bytes());
        (self.frames.len() - self.packed) * each
    }

    /// Packs old frames once those that are not packed hold more than some bytes.
    pub fn pack_old(&mut self) {
        if self.whole_bytes() > MAX_WHOLE_BYTES {
            self.pack();
        }
    }

    /// Packs the oldest frames that are still whole.
    fn pack(&mut self) {
        let to = (self.packed + TOGETHER).min(self.frames.len());
        let oldest = &mut self.frames[self.packed..to];
        packed::pack(oldest.iter_mut().map(|f| &mut f.cells));
        self.packed_bytes += oldest.iter().map(|f| f.cells.bytes()).sum::<usize>();
        self.packed = to;
    }

    /// Pools, aligns and stores a frame.
    pub fn push(&mut self, frame: &Frame, time_s: f64) {
        self.color = frame.color;
        let cells = match &frame.cells {
            Some(cells) => Arc::clone(cells),
            None => Arc::new(self.pooler.pool(frame)),
        };
        let luma = cells.channel(Channel::YMean);
        let reference = self
            .reference
            .get_or_insert_with(|| Reference::new(luma, None, self.grid));
        // A flat reference (a black first picture, a bare wall in the dark) shows no motion: take it as still.
        let flat = reference.is_flat();
        let alignment = reference.align(luma, &self.last);
        let aligned = flat || alignment.agreement >= MIN_AGREEMENT;
        if flat {
            self.lost = 0;
        } else if aligned {
            self.lost = 0;
            self.last = alignment;
            self.bridge(
                &self.base.then(&alignment.motion),
                self.base_gain * alignment.gain,
            );
        } else {
            self.lost += 1;
        }
        let motion = self.base.then(&self.last.motion);
        let gain = self.base_gain * self.last.gain;
        let moved = (self.last.motion.dx.abs() / self.grid.cols as f64)
            .max(self.last.motion.dy.abs() / self.grid.rows as f64);
        if flat || moved > MAX_SHIFT || self.lost > LOST_FRAMES {
            let before = match self.frames.last().map(|f| &f.cells) {
                Some(Cells::Whole(cells)) => Some(cells.channel(Channel::YMean)),
                _ => None,
            };
            if self.lost > LOST_FRAMES && self.is_elsewhere(luma) {
                self.shot += 1;
            }
            self.reference = Some(Reference::new(luma, before, self.grid));
            self.base = motion;
            self.base_gain = gain;
            self.last = self.last.afresh();
            self.lost = 0;
        }
        self.frames.push(SceneFrame {
            time_s,
            cells: Cells::Whole(cells),
            motion,
            gain,
            aligned,
            agreement: alignment.agreement,
            shot: self.shot,
        });
    }

    /// Whether the luma means `now` show another place than the last picture that could be aligned.
    fn is_elsewhere(&self, now: &[u8]) -> bool {
        let last = self.frames.iter().rev().find(|f| f.aligned);
        last.is_some_and(|f| !same_view(&f.cells.channel(Channel::YMean), now, self.grid))
    }

    /// Frames that did not align between two that did, at nearly the same view: the view did not leave, its light
    /// changed (a lamp that floods the picture, the exposure's answer). They lie where the view was.
    fn bridge(&mut self, now: &Similarity, gain: f64) {
        let lost = self.frames.iter().rev().take_while(|f| !f.aligned).count();
        if lost == 0 || lost > LOST_FRAMES || lost == self.frames.len() {
            return;
        }
        let first = self.frames.len() - lost;
        let before = self.frames[first - 1].motion;
        let (w, h) = (self.grid.cols as f64, self.grid.rows as f64);
        let moved = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)]
            .into_iter()
            .map(|(x, y)| {
                let (a, b) = (before.apply(x, y), now.apply(x, y));
                (a.0 - b.0).hypot(a.1 - b.1)
            })
            .fold(0.0, f64::max);
        if moved > BRIDGED_CELLS {
            return;
        }
        for (k, f) in self.frames[first..].iter_mut().enumerate() {
            let share = (k + 1) as f64 / (lost + 1) as f64;
            let mix = |a: f64, b: f64| a + share * (b - a);
            f.motion = Similarity {
                a: mix(before.a, now.a),
                b: mix(before.b, now.b),
                dx: mix(before.dx, now.dx),
                dy: mix(before.dy, now.dy),
            };
            f.gain = gain;
            f.aligned = true;
        }
    }

    /// Forgets the frames before `time_s`, but never the last. The oldest frame that stays becomes the
    /// first: times, motions and exposures count from it. Returns by how many s the times went back.
    pub fn forget_before(&mut self, time_s: f64) -> f64 {
        let keep = self.frames.partition_point(|f| f.time_s < time_s);
        let keep = keep.min(self.frames.len().saturating_sub(1));
        if keep == 0 {
            return 0.0;
        }
        self.frames.drain(..keep);
        self.packed = self.packed.saturating_sub(keep);
        let packed = &self.frames[..self.packed];
        self.packed_bytes = packed.iter().map(|f| f.cells.bytes()).sum();
        let first = &self.frames[0];
        let (start_s, gain) = (first.time_s, first.gain);
        let back = first.motion.inverse();
        for f in &mut self.frames {
            f.time_s -= start_s;
            f.motion = back.then(&f.motion);
            f.gain /= gain;
        }
        self.base = back.then(&self.base);
        self.base_gain /= gain;
        start_s
    }

    /// Adds the frames of `next`, whose first frame is the last of this one. What is pushed afterwards is aligned as if to `next`.
    pub fn append(&mut self, next: &Self) {
        let Some(joint) = self.frames.last() else {
            *self = next.clone();
            return;
        };
        let (time_s, motion, gain) = (joint.time_s, joint.motion, joint.gain);
        let frames = next.frames.iter().skip(1).map(|f| SceneFrame {
            time_s: time_s + f.time_s,
            cells: f.cells.clone(),
            motion: motion.then(&f.motion),
            gain: gain * f.gain,
            ..*f
        });
        self.frames.extend(frames);
        // Whole and packed ones alternate now: none is packed any more, and all are counted one by one.
        self.packed = self.frames.len();
        self.packed_bytes = self.frames.iter().map(|f| f.cells.bytes()).sum();
        self.color = next.color;
        self.reference.clone_from(&next.reference);
        self.base = motion.then(&next.base);
        self.base_gain = gain * next.base_gain;
        self.last = next.last;
        self.lost = next.lost;
        self.shot = next.shot;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of grey waves that has moved by `dx` px.
    fn frame(dx: usize) -> Frame {
        Frame::waves(dx as f64, |_, _, waves| 120.0 + 45.0 * waves)
    }

    #[test]
    fn after_forgetting_all_counts_from_the_oldest_frame_kept() {
        let mut scene = Scene::new(320, 240);
        for i in 0..10 {
            scene.push(&frame(i), i as f64 * 0.1);
        }
        let whole = scene.clone();
        assert_eq!(scene.forget_before(0.35), whole.frames[4].time_s);
        assert_eq!(scene.frames.len(), 6);
        scene.push(&frame(10), 0.6);
        let first = &scene.frames[0];
        assert_eq!(first.time_s, 0.0);
        assert!(first.motion.dx.abs() < 1e-9 && (first.gain - 1.0).abs() < 1e-9);
        for (k, f) in scene.frames.iter().enumerate() {
            assert!((f.time_s - 0.1 * k as f64).abs() < 1e-9, "{}", f.time_s);
            // One px a frame, in cells.
            let moved = k as f64 / scene.grid.size as f64;
            assert!((f.motion.dx - moved).abs() < 0.1, "{k}: {}", f.motion.dx);
        }
    }

    #[test]
    fn packed_frames_show_the_same_and_are_forgotten_like_others() {
        let mut scene = Scene::new(320, 240);
        for i in 0..40 {
            scene.push(&frame(i / 5), f64::from(i as u8) * 0.1);
        }
        let whole = scene.clone();
        scene.pack();
        scene.pack();
        assert_eq!(scene.packed, 2 * TOGETHER);
        assert!(scene.bytes() < whole.bytes() / 2, "{}", scene.bytes());
        // In the midst of a block.
        scene.forget_before(1.95);
        assert_eq!(scene.packed, 2 * TOGETHER - 20);
        for (f, before) in scene.frames.iter().zip(&whole.frames[20..]) {
            for c in Channel::ALL {
                assert_eq!(f.cells.channel(c), before.cells.channel(c));
            }
        }
        // Times count from frame 20 now.
        scene.forget_before(1.55);
        assert_eq!((scene.packed, scene.packed_bytes), (0, 0));
        assert_eq!(scene.bytes(), whole.bytes() / 40 * 4);
    }

    #[test]
    fn what_was_forgotten_and_what_came_after_make_the_whole() {
        let (mut whole, mut before) = (Scene::new(320, 240), Scene::new(320, 240));
        for i in 0..5 {
            whole.push(&frame(i), i as f64 * 0.1);
            before.push(&frame(i), i as f64 * 0.1);
        }
        let mut after = before.clone();
        after.forget_before(f64::INFINITY);
        for i in 5..9 {
            whole.push(&frame(i), i as f64 * 0.1);
            after.push(&frame(i), (i - 4) as f64 * 0.1);
        }
        before.append(&after);
        assert_eq!(before.frames.len(), whole.frames.len());
        whole.push(&frame(9), 0.9);
        before.push(&frame(9), 0.9);
        for (a, b) in before.frames.iter().zip(&whole.frames) {
            assert!((a.time_s - b.time_s).abs() < 1e-9);
            assert!((a.motion.dx - b.motion.dx).abs() < 1e-6, "{}", a.time_s);
            assert!((a.gain - b.gain).abs() < 1e-6, "{}", a.time_s);
        }
    }

    #[test]
    fn the_last_frame_is_never_forgotten() {
        let mut scene = Scene::new(320, 240);
        assert_eq!(scene.forget_before(5.0), 0.0);
        scene.push(&frame(0), 0.0);
        scene.push(&frame(0), 0.1);
        assert_eq!(scene.forget_before(5.0), 0.1);
        assert_eq!(scene.frames.len(), 1);
    }
}
