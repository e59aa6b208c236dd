//! The pictures of a scene at places of it, in linear light.

use super::Linearizer;
use super::patch::Patch;
use crate::locate::cells::{Channel, Grid};
use crate::locate::packed::Laid;
use crate::locate::scene::{Scene, SceneFrame, between};

/// Linear light goes about with this power of the codes that a frame's exposure is given in.
const GAMMA: f64 = 2.2;

/// Reads a frame at scene coordinates.
pub(super) struct Reader<'a> {
    grid: Grid,
    frame: &'a SceneFrame,
    laid: Option<&'a Laid>,
    linear: &'a Linearizer,
}

impl<'a> Reader<'a> {
    pub(super) fn new(grid: Grid, frame: &'a SceneFrame, linear: &'a Linearizer) -> Self {
        Self {
            grid,
            frame,
            laid: None,
            linear,
        }
    }

    /// Of a frame whose cells are `laid` out, too: for many places of it.
    pub(super) fn of_laid(
        grid: Grid,
        frame: &'a SceneFrame,
        laid: &'a Laid,
        linear: &'a Linearizer,
    ) -> Self {
        Self {
            laid: Some(laid),
            ..Self::new(grid, frame, linear)
        }
    }

    /// Y, Cb, Cr at a scene point, bilinear between cell means; `None` outside the picture.
    pub(super) fn codes(&self, x: f64, y: f64) -> Option<[f32; 3]> {
        let (x, y) = self.frame.motion.apply(x, y);
        match self.laid {
            Some(laid) => between(self.grid, x, y, |i| laid.means(i)),
            None => between(self.grid, x, y, |i| self.frame.cells.means(i)),
        }
    }

    /// Linear light at a scene point, bilinear between cell means; `None` outside the picture.
    pub(super) fn rgb(&self, x: f64, y: f64) -> Option<[f32; 3]> {
        let [y, u, v] = self.codes(x, y)?;
        Some(self.linear.rgb(y, u, v))
    }

    /// The largest luma code of the cell nearest to a scene point, 0 outside.
    pub(super) fn peak(&self, x: f64, y: f64) -> u8 {
        let (x, y) = self.frame.motion.apply(x, y);
        let (x, y) = (x + 0.5, y + 0.5);
        if x < 0.0 || y < 0.0 || x >= self.grid.cols as f64 || y >= self.grid.rows as f64 {
            return 0;
        }
        let i = usize::from(y as u16) * self.grid.cols + usize::from(x as u16);
        match self.laid {
            Some(laid) => laid.peak(i),
            None => self.frame.cells.code(Channel::YMax, i),
        }
    }
}

/// Brightest channel of each region cell in frame `i`, linear; 0 outside the picture.
pub fn brightness(scene: &Scene, patch: &Patch, linear: &Linearizer, i: usize) -> Vec<f32> {
    let reader = Reader::new(scene.grid, &scene.frames[i], linear);
    patch
        .region
        .iter()
        .map(|&(x, y, _)| {
            reader
                .rgb(x, y)
                .map_or(0.0, |c| c.into_iter().fold(0.0, f32::max))
        })
        .collect()
}

/// Readers of some frames.
pub(super) fn readers<'a>(
    scene: &'a Scene,
    linear: &'a Linearizer,
    frames: Vec<usize>,
) -> Vec<Reader<'a>> {
    let frames = frames.into_iter().map(|i| &scene.frames[i]);
    frames.map(|f| Reader::new(scene.grid, f, linear)).collect()
}

/// Mean light of a place over frames; `None` outside the picture.
pub(super) fn mean(readers: &[Reader], x: f64, y: f64) -> Option<[f32; 3]> {
    let mut sum = [0.0; 3];
    for reader in readers {
        let c = reader.rgb(x, y)?;
        for k in 0..3 {
            sum[k] += c[k] / readers.len() as f32;
        }
    }
    Some(sum)
}

/// The brightest place of a region over frames, and its light.
pub(super) fn brightest(readers: &[Reader], patch: &Patch) -> Option<((f64, f64), [f32; 3])> {
    let most = |c: [f32; 3]| c.into_iter().fold(0.0, f32::max);
    let cells = patch.region.iter();
    cells
        .filter_map(|&(x, y, _)| Some(((x, y), mean(readers, x, y)?)))
        .max_by(|a, b| most(a.1).total_cmp(&most(b.1)))
}

/// How much of what `full` has over `ground` a colour has.
pub(super) fn share(full: [f32; 3], ground: [f32; 3]) -> impl Fn([f32; 3]) -> f32 {
    let own: [f32; 3] = std::array::from_fn(|k| full[k] - ground[k]);
    let power: f32 = own.iter().map(|v| v * v).sum();
    move |c| (0..3).map(|k| own[k] * (c[k] - ground[k])).sum::<f32>() / power
}

/// Light of the cells in frame `i`, as if exposed like the first; `None` outside the picture.
pub(super) fn look<'a>(
    scene: &'a Scene,
    linear: &'a Linearizer,
    cells: &'a [(f64, f64)],
    i: usize,
) -> impl Iterator<Item = Option<[f32; 3]>> + 'a {
    look_exposed(scene, linear, cells, i, scene.frames[i].gain)
}

/// The same if the frame is exposed by `gain` (codes) more than the first.
pub(super) fn look_exposed<'a>(
    scene: &'a Scene,
    linear: &'a Linearizer,
    cells: &'a [(f64, f64)],
    i: usize,
    gain: f64,
) -> impl Iterator<Item = Option<[f32; 3]>> + 'a {
    let gain = gain.powf(GAMMA).max(1e-3) as f32;
    let reader = Reader::new(scene.grid, &scene.frames[i], linear);
    cells
        .iter()
        .map(move |&(x, y)| reader.rgb(x, y).map(|c| c.map(|v| v / gain)))
}
