//! What each place of the scene did over time: extremes, means and noise per cell, in scene coordinates.

use std::borrow::Cow;
use std::ops::Range;

use super::around::{Around, Extremes};
use super::cells::{BLACK, Channel, Grid, NEUTRAL};
use super::motion::Similarity;
use super::scene::{Area, Scene, SceneFrame};
use crate::threads;

/// The channels lights are looked for in: extremes, so that a light smaller than a cell counts in full.
pub const SOUGHT: [Channel; 4] = [Channel::YMax, Channel::VMax, Channel::UMax, Channel::GMax];

/// Fixed-point scale of root steps: rounding far below a code, and no overflow in a day of video.
const ROOT_SCALE: f64 = 256.0;
/// Range of noise over the square of its mean root step: 6 standard deviations of 0.96 such squares.
const NOISE_RANGE: f32 = 6.0;

/// Frames that are added to one row of cells before the next: the row's statistics stay in the nearest cache, and what is read of
/// the frames, up to twelve planes of 40 KB each, in the next.
const FRAMES_TOGETHER: usize = 4;

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
    /// The bounding box of all aligned frames, of a layer that of its area.
    pub fn of(scene: &Scene) -> Self {
        let g = scene.grid;
        if let Some(area) = scene.area() {
            return Self::around(area);
        }
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

    fn around(area: &Area) -> Self {
        let (mut x0, mut y0, mut x1, mut y1) = (i32::MAX, i32::MAX, i32::MIN, i32::MIN);
        for (x, y) in area.places() {
            (x0, y0) = (x0.min(x as i32), y0.min(y as i32));
            (x1, y1) = (x1.max(x as i32), y1.max(y as i32));
        }
        Self {
            x0,
            y0,
            cols: (x1 - x0 + 1) as usize,
            rows: (y1 - y0 + 1) as usize,
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
    /// `None` where the camera never moved.
    around: Option<Around>,
}

/// All maps of a scene.
#[derive(Debug, Clone)]
pub struct Maps {
    pub canvas: Canvas,
    /// In how many frames a cell was in the picture; 0 of one that is not of the layer.
    pub seen: Vec<u16>,
    /// In the order of [`SOUGHT`].
    pub stats: Vec<ChannelStats>,
}

impl ChannelStats {
    fn new(cells: usize, moves: bool) -> Self {
        Self {
            min: vec![255; cells],
            max: vec![0; cells],
            sum: vec![0; cells],
            root_step: vec![0; cells],
            last: vec![0; cells],
            around: moves.then(|| Around::new(cells)),
        }
    }

    /// Adds the codes of one frame for the cells of this range, of which each was `seen` so many times before.
    /// `roots` are those of all steps, and `steps` is room for as many as there are codes.
    fn add(
        &mut self,
        cells: Range<usize>,
        codes: &[u8],
        seen: &[u16],
        roots: &[u16; 256],
        steps: &mut [u8],
    ) {
        let (min, max) = (&mut self.min[cells.clone()], &mut self.max[cells.clone()]);
        widen(min, max, codes);
        add_to(&mut self.sum[cells.clone()], codes);
        note_steps(&mut self.last[cells.clone()], codes, seen, steps);
        for (sum, &step) in self.root_step[cells].iter_mut().zip(&*steps) {
            *sum += u32::from(roots[usize::from(step)]);
        }
    }
}

// Functions of their own, as the compiler makes vectors only of what it knows to be apart in memory: arguments.

pub(super) fn widen(min: &mut [u8], max: &mut [u8], codes: &[u8]) {
    for ((min, max), &code) in min.iter_mut().zip(max).zip(codes) {
        *min = (*min).min(code);
        *max = (*max).max(code);
    }
}

fn add_to(sum: &mut [u32], codes: &[u8]) {
    for (sum, &code) in sum.iter_mut().zip(codes) {
        *sum += u32::from(code);
    }
}

/// Steps from the last codes, none from a cell that was not `seen` before.
fn note_steps(last: &mut [u8], codes: &[u8], seen: &[u16], steps: &mut [u8]) {
    for (((last, &code), &seen), step) in last.iter_mut().zip(codes).zip(seen).zip(steps) {
        *step = if seen > 0 { code.abs_diff(*last) } else { 0 };
        *last = code;
    }
}

impl Maps {
    pub fn of(scene: &Scene) -> Self {
        let canvas = Canvas::of(scene);
        let each = SOUGHT.len().div_ceil(threads::processors());
        let shares: Vec<&[Channel]> = SOUGHT.chunks(each).collect();
        let mut shares = threads::map(&shares, |channels| add_up(scene, &canvas, channels));
        let mut seen = shares
            .first_mut()
            .map_or_else(Vec::new, |s| std::mem::take(&mut s.0));
        if let Some(area) = scene.area() {
            for (i, seen) in seen.iter_mut().enumerate() {
                let (x, y) = canvas.position(i);
                if !area.holds(f64::from(x), f64::from(y)) {
                    *seen = 0;
                }
            }
        }
        Self {
            canvas,
            seen,
            stats: shares.into_iter().flat_map(|s| s.1).collect(),
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
        let mut range = s.max[i].saturating_sub(s.min[i]);
        if let Some(around) = &s.around {
            range = range.min(around.range(i));
        }
        (f32::from(range) - NOISE_RANGE * (root * root) as f32).max(0.0)
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

/// In how many frames each cell was in the picture, and what the channels did there.
fn add_up(scene: &Scene, canvas: &Canvas, channels: &[Channel]) -> (Vec<u16>, Vec<ChannelStats>) {
    let mut times_seen = vec![0; canvas.cells()];
    let moves = scene
        .frames
        .iter()
        .any(|f| f.motion != Similarity::default());
    let mut stats: Vec<ChannelStats> = channels
        .iter()
        .map(|_| ChannelStats::new(canvas.cells(), moves))
        .collect();
    let mut pieces = Vec::new();
    let mut codes = vec![0; canvas.cols];
    let mut steps = vec![0; canvas.cols];
    let roots = std::array::from_fn(|d| ((d as f64).sqrt() * ROOT_SCALE) as u16);
    let aligned: Vec<&SceneFrame> = scene.frames.iter().filter(|f| f.aligned).collect();
    for frames in aligned.chunks(FRAMES_TOGETHER) {
        let planes: Vec<Vec<_>> = frames
            .iter()
            .map(|f| {
                let plane = |&c| {
                    let codes = compensated(c, f);
                    let extremes = moves.then(|| Extremes::of(&codes, scene.grid.cols));
                    (codes, extremes)
                };
                channels.iter().map(plane).collect()
            })
            .collect();
        for row in 0..canvas.rows {
            for (f, planes) in frames.iter().zip(&planes) {
                let seen = nearest_cells(canvas, row, scene.grid, f, &mut pieces);
                let codes = &mut codes[seen.clone()];
                let cells = row * canvas.cols + seen.start..row * canvas.cols + seen.end;
                let before = &mut times_seen[cells.clone()];
                for ((channel, extremes), stats) in planes.iter().zip(&mut stats) {
                    if let (Some(around), Some(extremes)) = (&mut stats.around, extremes) {
                        around.add_most(cells.clone(), read(&extremes.most, &pieces, codes));
                        around.add_least(cells.clone(), read(&extremes.least, &pieces, codes));
                    }
                    let codes = read(channel, &pieces, codes);
                    stats.add(cells.clone(), codes, before, &roots, &mut steps);
                }
                for n in before {
                    *n += 1;
                }
            }
        }
    }
    (times_seen, stats)
}

/// Light 0..1 of a luma code by a plain power law, near enough to compare places.
fn light(code: f32) -> f32 {
    (code / 255.0).max(0.0).powf(2.2)
}

/// The cells of a canvas row that are in the picture, and the picture's cells that show them, in pieces that stand side by side
/// in both. A row is a line through the picture, so that those seen stand together.
fn nearest_cells(
    canvas: &Canvas,
    row: usize,
    grid: Grid,
    frame: &SceneFrame,
    pieces: &mut Vec<Range<usize>>,
) -> Range<usize> {
    pieces.clear();
    let m = frame.motion;
    let (mut x, mut y) = m.apply(f64::from(canvas.x0), f64::from(canvas.y0 + row as i32));
    x += 0.5;
    y += 0.5;
    if m.a == 0.0 && m.b == 0.0 {
        // Without turn and zoom all of it is one piece of a row of the picture.
        let (x, y) = (x.floor() as i64, y.floor() as i64);
        let (cols, rows, len) = (grid.cols as i64, grid.rows as i64, canvas.cols as i64);
        let start = (-x).clamp(0, len);
        let end = (cols - x).clamp(start, len);
        if !(0..rows).contains(&y) || start == end {
            return 0..0;
        }
        let row = y * cols + x;
        pieces.push((row + start) as usize..(row + end) as usize);
        return start as usize..end as usize;
    }
    let mut seen = 0..0;
    for i in 0..canvas.cols {
        if x >= 0.0 && y >= 0.0 && (x as usize) < grid.cols && (y as usize) < grid.rows {
            let at = y as usize * grid.cols + x as usize;
            match pieces.last_mut() {
                Some(piece) if piece.end == at => piece.end += 1,
                _ => pieces.push(at..at + 1),
            }
            if seen.is_empty() {
                seen.start = i;
            }
            seen.end = i + 1;
        }
        x += 1.0 + m.a;
        y += m.b;
    }
    seen
}

/// The codes of these pieces in their order; `room` is for as many.
fn read<'a>(cells: &'a [u8], pieces: &[Range<usize>], room: &'a mut [u8]) -> &'a [u8] {
    if let [piece] = pieces {
        return &cells[piece.clone()];
    }
    let mut rest = &mut *room;
    for piece in pieces {
        let (to, after) = rest.split_at_mut(piece.len());
        to.copy_from_slice(&cells[piece.clone()]);
        rest = after;
    }
    room
}

/// A channel of a frame with its exposure taken out: codes as if exposed like the first frame.
fn compensated(channel: Channel, frame: &SceneFrame) -> Cow<'_, [u8]> {
    // Luma scales about black, chroma about its neutral code.
    let zero = f64::from(match channel {
        Channel::YMean | Channel::YMax => BLACK,
        _ => NEUTRAL,
    });
    let table: [u8; 256] = std::array::from_fn(|v| {
        (zero + (v as f64 - zero) / frame.gain)
            .round()
            .clamp(0.0, 255.0) as u8
    });
    let mut codes = frame.cells.channel(channel);
    if (0..=255).zip(&table).any(|(v, &t)| v != t) {
        for code in codes.to_mut() {
            *code = table[usize::from(*code)];
        }
    }
    codes
}
