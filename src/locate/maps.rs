//! What each place of the scene did over time: extremes, means and noise per cell, in scene coordinates.

use super::cells::{Channel, Grid};
use super::scene::{Scene, SceneFrame};

/// The channels lights are looked for in: extremes, so that a light smaller than a cell counts in full.
pub const SOUGHT: [Channel; 4] = [Channel::YMax, Channel::VMax, Channel::UMax, Channel::GMax];

/// Fixed-point scale of root steps: rounding far below a code, and no overflow in a day of video.
const ROOT_SCALE: f64 = 256.0;
/// Range of noise over the square of its mean root step: 6 standard deviations of 0.96 such squares.
const NOISE_RANGE: f32 = 6.0;

/// Scene cells around the first picture that other frames show, as a share of its size: a light that
/// leaves the first view by up to half a picture is still followed.
const MAX_MARGIN: f64 = 0.5;

/// The part of the scene that the frames show: cells `x0..x0+cols`, `y0..y0+rows` in scene coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canvas {
    pub x0: i32,
    pub y0: i32,
    pub cols: usize,
    pub rows: usize,
}

impl Canvas {
    /// The bounding box of all aligned frames.
    pub fn of(scene: &Scene) -> Self {
        let g = scene.grid;
        let (w, h) = (g.cols as f64, g.rows as f64);
        let (mut x0, mut y0, mut x1, mut y1) = (0.0f64, 0.0f64, w, h);
        for f in scene.frames.iter().filter(|f| f.aligned) {
            let back = f.motion.inverse();
            for corner in [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)] {
                let (x, y) = back.apply(corner.0, corner.1);
                x0 = x0.min(x);
                y0 = y0.min(y);
                x1 = x1.max(x);
                y1 = y1.max(y);
            }
        }
        let (x0, y0) = (
            x0.max(-MAX_MARGIN * w).floor(),
            y0.max(-MAX_MARGIN * h).floor(),
        );
        let (x1, y1) = (
            x1.min((1.0 + MAX_MARGIN) * w).ceil(),
            y1.min((1.0 + MAX_MARGIN) * h).ceil(),
        );
        Self {
            x0: x0 as i32,
            y0: y0 as i32,
            cols: (x1 - x0) as usize,
            rows: (y1 - y0) as usize,
        }
    }

    pub fn cells(&self) -> usize {
        self.cols * self.rows
    }

    /// Scene coordinates of cell `i`.
    pub fn position(&self, i: usize) -> (i32, i32) {
        (
            self.x0 + (i % self.cols) as i32,
            self.y0 + (i / self.cols) as i32,
        )
    }

    /// The up to eight neighbours of cell `i`.
    pub fn neighbours(&self, i: usize) -> impl Iterator<Item = usize> {
        let (cols, rows) = (self.cols, self.rows);
        let (x, y) = (i % cols, i / cols);
        (y.saturating_sub(1)..(y + 2).min(rows)).flat_map(move |v| {
            (x.saturating_sub(1)..(x + 2).min(cols))
                .map(move |u| v * cols + u)
                .filter(move |&j| j != i)
        })
    }
}

/// Statistics of one channel per canvas cell, brightness changes of the whole picture taken out.
#[derive(Debug, Clone)]
pub struct ChannelStats {
    pub min: Vec<u8>,
    pub max: Vec<u8>,
    sum: Vec<u32>,
    /// Sum of square roots of the absolute differences between neighbouring frames, in 1/256.
    root_step: Vec<u32>,
    last: Vec<u8>,
}

/// All maps of a scene.
#[derive(Debug, Clone)]
pub struct Maps {
    pub canvas: Canvas,
    /// In how many frames a cell was in the picture.
    pub seen: Vec<u16>,
    /// In the order of [`SOUGHT`].
    pub stats: [ChannelStats; 4],
}

impl ChannelStats {
    fn new(cells: usize) -> Self {
        Self {
            min: vec![255; cells],
            max: vec![0; cells],
            sum: vec![0; cells],
            root_step: vec![0; cells],
            last: vec![0; cells],
        }
    }
}

impl Maps {
    pub fn of(scene: &Scene) -> Self {
        let canvas = Canvas::of(scene);
        let mut maps = Self {
            canvas,
            seen: vec![0; canvas.cells()],
            stats: std::array::from_fn(|_| ChannelStats::new(canvas.cells())),
        };
        let mut index = vec![u32::MAX; canvas.cells()];
        for f in scene.frames.iter().filter(|f| f.aligned) {
            nearest_cells(&canvas, scene.grid, f, &mut index);
            maps.add(f, &index);
        }
        maps
    }

    fn add(&mut self, frame: &SceneFrame, index: &[u32]) {
        let roots: [u16; 256] = std::array::from_fn(|d| ((d as f64).sqrt() * ROOT_SCALE) as u16);
        for (k, channel) in SOUGHT.into_iter().enumerate() {
            let table = compensation(channel, frame);
            let cells = frame.cells.channel(channel);
            let s = &mut self.stats[k];
            for (i, &at) in index.iter().enumerate() {
                if at == u32::MAX {
                    continue;
                }
                let v = table[usize::from(cells[at as usize])];
                s.min[i] = s.min[i].min(v);
                s.max[i] = s.max[i].max(v);
                s.sum[i] += u32::from(v);
                if self.seen[i] > 0 {
                    s.root_step[i] += u32::from(roots[usize::from(v.abs_diff(s.last[i]))]);
                }
                s.last[i] = v;
            }
        }
        for (n, &at) in self.seen.iter_mut().zip(index) {
            *n += u16::from(at != u32::MAX);
        }
    }

    /// Largest change of cell `i` in channel `k` of [`SOUGHT`] beyond its frame-to-frame noise, in codes.
    pub fn change(&self, k: usize, i: usize) -> f32 {
        let s = &self.stats[k];
        let n = self.seen[i];
        if n < 2 {
            return 0.0;
        }
        // The square of the mean root of the steps hardly feels the few frames in which a light toggles (a share p of
        // them adds p squared of its swing). Of Gaussian noise it is 0.96 standard deviations, whose range is some 6
        // over hundreds of frames; at a shaking edge steps are as wide as the range.
        let root = f64::from(s.root_step[i]) / ROOT_SCALE / f64::from(n - 1);
        (f32::from(s.max[i].saturating_sub(s.min[i])) - NOISE_RANGE * (root * root) as f32).max(0.0)
    }

    /// The change of [`Maps::change`] as light rather than as code, scaled to 0..255: what a lamp adds stands out
    /// from the wide glow and from what it only lights.
    pub fn light_change(&self, k: usize, i: usize) -> f32 {
        let max = f32::from(self.stats[k].max[i]);
        Self::rise(k, max - self.change(k, i), max)
    }

    /// How far a code stands above another in channel `k` of [`SOUGHT`], as light scaled to 0..255.
    pub fn rise(k: usize, low: f32, high: f32) -> f32 {
        match SOUGHT[k] {
            Channel::YMax => 255.0 * (light(high) - light(low)),
            _ => high - low,
        }
    }

    /// Mean over time of cell `i` in channel `k` of [`SOUGHT`], in codes; 0 where never seen.
    pub fn mean(&self, k: usize, i: usize) -> f32 {
        match self.seen[i] {
            0 => 0.0,
            n => self.stats[k].sum[i] as f32 / f32::from(n),
        }
    }
}

/// Light 0..1 of a luma code by a plain power law, near enough to compare places.
fn light(code: f32) -> f32 {
    (code / 255.0).max(0.0).powf(2.2)
}

/// For each canvas cell the index of the frame's cell that shows it, `u32::MAX` if outside.
fn nearest_cells(canvas: &Canvas, grid: Grid, frame: &SceneFrame, index: &mut [u32]) {
    let m = frame.motion;
    for (row, out) in index.chunks_exact_mut(canvas.cols).enumerate() {
        let (mut x, mut y) = m.apply(f64::from(canvas.x0), f64::from(canvas.y0 + row as i32));
        x += 0.5;
        y += 0.5;
        for at in out {
            *at = if x >= 0.0 && y >= 0.0 && (x as usize) < grid.cols && (y as usize) < grid.rows {
                (y as usize * grid.cols + x as usize) as u32
            } else {
                u32::MAX
            };
            x += 1.0 + m.a;
            y += m.b;
        }
    }
}

/// Takes the frame's exposure out of a channel: codes as if exposed like the first frame.
fn compensation(channel: Channel, frame: &SceneFrame) -> [u8; 256] {
    // Luma scales about black, chroma about its neutral code.
    let zero = match channel {
        Channel::YMean | Channel::YMax => 16.0,
        _ => 127.5,
    };
    std::array::from_fn(|v| {
        (zero + (v as f64 - zero) / frame.gain)
            .round()
            .clamp(0.0, 255.0) as u8
    })
}
