//! The frames of a stretch of video as cells, each aligned to the first: what candidates are found and measured in.

mod area;
mod follow;
mod layers;

use std::sync::Arc;

use super::cells::{CellFrame, Grid};
use super::motion::{Alignment, Reference, Similarity};
use super::packed::{self, Cells, TOGETHER};
use crate::source::ColorInfo;
use crate::source::pool::Pooler;
pub use area::Area;

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

/// Means of Y, Cb and Cr at a point of a frame (cells), bilinear between cell means; `None` outside the picture. `means(i)` are
/// the codes of cell `i`, and a fourth, which makes one vector of them.
#[inline]
pub fn between(grid: Grid, x: f64, y: f64, means: impl Fn(usize) -> [u8; 4]) -> Option<[f32; 3]> {
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
    let codes = |i: usize| means(i).map(f32::from);
    // On a tripod every point is the middle of a cell.
    if fx == 0.0 && fy == 0.0 {
        return codes(i).first_chunk().copied();
    }
    let down = if rows > 1 { cols } else { 0 };
    let right = usize::from(cols > 1);
    let mix = |a: [f32; 4], b: [f32; 4], share: f32| -> [f32; 4] {
        std::array::from_fn(|k| a[k] * (1.0 - share) + b[k] * share)
    };
    let [above, below] = [i, i + down].map(|i| mix(codes(i), codes(i + right), fx));
    mix(above, below, fy).first_chunk().copied()
}

/// A picture, where it lies from scene cells, and its exposure against the scene's.
#[derive(Debug, Clone)]
struct View {
    cells: Arc<CellFrame>,
    motion: Similarity,
    gain: f64,
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
    /// The last picture that surely showed the place.
    view: Option<View>,
    /// What this is of, if it is a layer of another scene.
    area: Option<Area>,
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
            view: None,
            area: None,
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
        let start_s = self.frames[0].time_s;
        for f in &mut self.frames {
            f.time_s -= start_s;
        }
        self.count_from(0);
        start_s
    }

    /// The scene in which only those of the frames that are `kept` count as seen; motions and exposures count from the first
    /// of them.
    pub(super) fn only(&self, kept: impl Fn(usize) -> bool) -> Self {
        let mut scene = self.clone();
        for (i, f) in scene.frames.iter_mut().enumerate() {
            f.aligned &= kept(i);
        }
        if let Some(first) = scene.frames.iter().position(|f| f.aligned) {
            scene.count_from(first);
        }
        scene
    }

    /// Motions and exposures count from frame `i` from now on.
    fn count_from(&mut self, i: usize) {
        let (from, gain) = (self.frames[i].motion, self.frames[i].gain);
        let back = from.inverse();
        for f in &mut self.frames {
            // Rounding would make a camera on a tripod one that moves.
            f.motion = match f.motion == from {
                true => Similarity::default(),
                false => back.then(&f.motion),
            };
            f.gain /= gain;
        }
        if let Some(view) = &mut self.view {
            view.motion = back.then(&view.motion);
            view.gain /= gain;
        }
        self.base = back.then(&self.base);
        self.base_gain /= gain;
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
        self.view = next.view.as_ref().map(|v| View {
            cells: Arc::clone(&v.cells),
            motion: motion.then(&v.motion),
            gain: gain * v.gain,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::cells::Channel;
    use crate::source::Frame;

    /// A picture of grey waves that has moved by `dx` px.
    pub(in crate::locate::scene) fn frame(dx: usize) -> Frame {
        Frame::waves(dx as f64, |_, _, waves| 120.0 + 45.0 * waves)
    }

    /// Pushes these pictures, ten a second.
    pub(in crate::locate::scene) fn scene_of(frames: impl IntoIterator<Item = Frame>) -> Scene {
        let mut scene = Scene::new(320, 240);
        for (i, f) in frames.into_iter().enumerate() {
            scene.push(&f, i as f64 * 0.1);
        }
        scene
    }

    #[test]
    fn after_forgetting_all_counts_from_the_oldest_frame_kept() {
        let mut scene = scene_of((0..10).map(frame));
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
        let mut scene = scene_of((0..40).map(|i| frame(i / 5)));
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
