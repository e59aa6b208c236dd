//! Sampling a candidate and its surround in every frame.

use super::Linearizer;
use crate::locate::candidates::Candidate;
use crate::locate::cells::{Channel, Grid};
use crate::locate::scene::{Scene, SceneFrame};
use crate::threads;

/// Most cells of a region or surround that are sampled; more add time, not precision (with 64 looks waver).
const MAX_SAMPLED: usize = 160;
/// Cells from which on most of a region is not at its blurred edge (3 x 3).
const OPAQUE_CELLS: usize = 9;
/// Frames that one thread samples at a time.
const FRAMES_TOGETHER: usize = 32;
/// A sample needs this share of its region inside the picture.
const MIN_INSIDE: f64 = 0.6;
/// Linear light from which on a cell may have clipped samples, or samples that the tone curve flattens.
pub(super) const CLIPPED: f32 = 0.7;
/// Share of the region's cells that must be so for its rim to be the better witness.
pub(super) const BURNT_OUT: f64 = 0.25;
/// Agreement of the cells of a halo that is one light's: noise and the surround's own colour take a few per cent, green
/// beside blue a fifth.
const ALIKE: f32 = 0.92;
/// Linear light goes about with this power of the codes that a frame's exposure is given in.
const GAMMA: f64 = 2.2;

/// The cells of a candidate and around it.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Region cells with weights, scene coordinates.
    pub region: Vec<(f64, f64, f32)>,
    /// The rim just outside the region, where a burnt-out light still shows its colour.
    pub rim: Vec<(f64, f64)>,
    /// Which cells of the rim catch the rest of a small region's light as the picture moves; empty if none are known to.
    skirt: Vec<bool>,
    /// As many cells as bright as the region is on average hold the light of region and skirt.
    flux_cells: f32,
    /// Beyond the rim: what the light is seen against.
    pub surround: Vec<(f64, f64)>,
}

/// One frame of a signal. Linear light, 0..1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample {
    /// In the picture and not blurred away.
    pub seen: bool,
    /// Weighted mean of the region above its surround.
    pub rgb: [f32; 3],
    /// The same of a small region with what falls just beside it, where the picture moves: it hardly depends on where a
    /// lamp falls between cells, but takes in what is beside the lamp.
    pub whole: Option<[f32; 3]>,
    /// Coloured part (each cell's channels less its smallest) of the region, and of the rim above the surround.
    pub excess: [f32; 3],
    /// Mean light above the surround of the cells, of region and rim, that never clip: where the light burns out, what
    /// its colour is told from. 0 where it does not.
    pub halo: [f32; 3],
    /// Share of the region's cells that clip.
    pub burnt: f32,
    /// Median of the surround.
    pub surround: [f32; 3],
    /// Largest luma code in the region.
    pub peak: u8,
}

/// A candidate's light in every frame of the scene.
#[derive(Debug, Clone)]
pub struct Signal {
    pub samples: Vec<Sample>,
}

impl Patch {
    pub fn of(candidate: &Candidate) -> Self {
        let (mut x0, mut y0, mut x1, mut y1) = (i32::MAX, i32::MAX, i32::MIN, i32::MIN);
        for &(x, y, _) in &candidate.cells {
            x0 = x0.min(x);
            y0 = y0.min(y);
            x1 = x1.max(x);
            y1 = y1.max(y);
        }
        let r = candidate.radius;
        let rim = 1.0 + 0.35 * r;
        let gap = rim + 0.5 + 0.25 * r;
        let outer = gap + 2.0 + 0.35 * r;
        let margin = outer.ceil() as i32;
        let (w, h) = (
            (x1 - x0 + 1 + 2 * margin) as usize,
            (y1 - y0 + 1 + 2 * margin) as usize,
        );
        let mut inside = vec![false; w * h];
        for &(x, y, _) in &candidate.cells {
            inside[(y - y0 + margin) as usize * w + (x - x0 + margin) as usize] = true;
        }
        let distance = distances(&inside, w, h);
        let (mut rims, mut surround, mut skirt) = (Vec::new(), Vec::new(), Vec::new());
        for (i, &d) in distance.iter().enumerate() {
            let (x, y) = (x0 - margin + (i % w) as i32, y0 - margin + (i / w) as i32);
            let p = (f64::from(x), f64::from(y));
            let catches = candidate.skirt.iter().any(|c| (c.0, c.1) == (x, y));
            if d > 0.0 && (d <= rim || catches) {
                rims.push(p);
                skirt.push(catches);
            } else if d > gap && d <= outer {
                surround.push(p);
            }
        }
        if !skirt.contains(&true) {
            skirt.clear();
        }
        let region: Vec<(f64, f64, f32)> = candidate
            .cells
            .iter()
            .map(|&(x, y, w)| (f64::from(x), f64::from(y), w))
            .collect();
        let sum = |cells: &[(i32, i32, f32)]| cells.iter().map(|c| c.2).sum::<f32>();
        let squares: f32 = candidate.cells.iter().map(|c| c.2 * c.2).sum();
        let within = sum(&candidate.cells);
        Self {
            skirt: spread(&skirt, MAX_SAMPLED),
            flux_cells: (within + sum(&candidate.skirt)) * within / squares.max(1e-6),
            region: spread(&region, MAX_SAMPLED),
            rim: spread(&rims, MAX_SAMPLED),
            surround: spread(&surround, MAX_SAMPLED),
        }
    }
}

/// At most `most` of the items, evenly spread.
pub(super) fn spread<T: Copy>(items: &[T], most: usize) -> Vec<T> {
    let n = items.len().min(most);
    (0..n).map(|k| items[k * items.len() / n]).collect()
}

/// Distance in cells to the nearest marked cell, to about 5 % (chamfer 3-4: Borgefors 1986).
fn distances(marked: &[bool], w: usize, h: usize) -> Vec<f64> {
    let far = u32::MAX / 2;
    let mut d: Vec<u32> = marked.iter().map(|&m| if m { 0 } else { far }).collect();
    let mut relax = |i: usize, x: usize, y: usize, steps: [(isize, isize, u32); 4]| {
        for (dx, dy, cost) in steps {
            let (u, v) = (x as isize + dx, y as isize + dy);
            if u >= 0 && v >= 0 && (u as usize) < w && (v as usize) < h {
                d[i] = d[i].min(d[v as usize * w + u as usize] + cost);
            }
        }
    };
    for i in 0..w * h {
        relax(
            i,
            i % w,
            i / w,
            [(-1, 0, 3), (0, -1, 3), (-1, -1, 4), (1, -1, 4)],
        );
    }
    for i in (0..w * h).rev() {
        relax(
            i,
            i % w,
            i / w,
            [(1, 0, 3), (0, 1, 3), (1, 1, 4), (-1, 1, 4)],
        );
    }
    d.into_iter().map(|v| f64::from(v) / 3.0).collect()
}

/// Samples the patches in every frame. All of them in one frame before the next, whose cells then come from memory once.
pub fn measure(scene: &Scene, patches: &[Patch], linear: &Linearizer) -> Vec<Signal> {
    let moves = scene.moves();
    let shares: Vec<&[SceneFrame]> = scene.frames.chunks(FRAMES_TOGETHER).collect();
    let shares = threads::map(&shares, |frames| {
        let mut ring = Default::default();
        let mut samples = Vec::with_capacity(frames.len() * patches.len());
        for f in *frames {
            samples.extend(
                patches
                    .iter()
                    .map(|patch| sample(scene.grid, f, patch, linear, moves, &mut ring)),
            );
        }
        samples
    });
    let frames = scene.frames.iter();
    let readers: Vec<Reader> = frames.map(|f| Reader::new(scene.grid, f, linear)).collect();
    let numbers: Vec<usize> = (0..patches.len()).collect();
    threads::map(&numbers, |&k| {
        let samples = shares
            .iter()
            .flat_map(|share| share.iter().skip(k).step_by(patches.len()).copied());
        let mut samples: Vec<Sample> = samples.collect();
        if samples.iter().any(|s| f64::from(s.burnt) >= BURNT_OUT) {
            add_halo(&patches[k], &readers, &mut samples);
        }
        Signal { samples }
    })
}

/// What the light adds where it never clips: the median over such cells, if they agree in its colour. Beside another
/// lamp half of them show that one's.
fn add_halo(patch: &Patch, readers: &[Reader], samples: &mut [Sample]) {
    let cells = patch.region.iter().map(|c| (c.0, c.1));
    let series: Vec<Vec<Option<[f32; 3]>>> = cells
        .chain(patch.rim.iter().copied())
        .map(|(x, y)| {
            let seen = readers.iter().zip(&*samples);
            seen.map(|(r, s)| s.seen.then(|| r.rgb(x, y)).flatten())
                .collect()
        })
        .filter(|series: &Vec<Option<[f32; 3]>>| {
            series.iter().flatten().flatten().all(|v| *v < CLIPPED)
        })
        .collect();
    // What each cell has while the light burns out.
    let lit: Vec<[f32; 3]> = series
        .iter()
        .map(|c| {
            let burning = c
                .iter()
                .zip(&*samples)
                .filter(|(_, s)| f64::from(s.burnt) >= BURNT_OUT);
            burning.fold([0.0; 3], |sum, (c, s)| match c {
                Some(c) => std::array::from_fn(|k| sum[k] + c[k] - s.surround[k]),
                None => sum,
            })
        })
        .collect();
    if agreement(&lit) < ALIKE {
        return;
    }
    let mut values = Vec::with_capacity(series.len());
    for (t, s) in samples.iter_mut().enumerate() {
        s.halo = std::array::from_fn(|k| {
            values.clear();
            values.extend(series.iter().filter_map(|c| Some(c[t]?[k] - s.surround[k])));
            median(&mut values)
        });
    }
}

/// How far vectors point the same way: the length of their sum as a share of the sum of their lengths.
fn agreement(vectors: &[[f32; 3]]) -> f32 {
    let length = |v: &[f32; 3]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let sum = vectors.iter().fold([0.0; 3], |sum: [f32; 3], v| {
        std::array::from_fn(|k| sum[k] + v[k])
    });
    length(&sum) / vectors.iter().map(length).sum::<f32>().max(1e-9)
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

fn sample(
    grid: Grid,
    frame: &SceneFrame,
    patch: &Patch,
    linear: &Linearizer,
    moves: bool,
    ring: &mut [Vec<f32>; 3],
) -> Sample {
    if !frame.aligned {
        return Sample::default();
    }
    let reader = Reader::new(grid, frame, linear);
    let light = |c: [f32; 3]| linear.rgb(c[0], c[1], c[2]);
    ring.iter_mut().for_each(Vec::clear);
    for c in patch
        .surround
        .iter()
        .filter_map(|&(x, y)| reader.codes(x, y))
    {
        for (values, v) in ring.iter_mut().zip(c) {
            values.push(v);
        }
    }
    let around = ring[0].len();
    let ground = ring.each_mut().map(|values| median(values));
    let surround = light(ground);
    let above = |c: [f32; 3]| -> [f32; 3] { std::array::from_fn(|k| c[k] - surround[k]) };
    let (mut rgb, mut excess, mut weight, mut peak) = ([0.0f32; 3], [0.0f32; 3], 0.0f32, 0u8);
    let (mut inside, mut clipped) = (0usize, 0usize);
    // Codes of region and skirt above the surround's, and how many cells they are of.
    let mut flux = [0.0f32; 3];
    // A lens of some cells hides what is behind it: its colour is its own. A smaller one is mixed with it.
    let opaque = patch.region.len() >= OPAQUE_CELLS;
    for &(x, y, w) in &patch.region {
        let Some(codes) = reader.codes(x, y) else {
            continue;
        };
        let c = light(codes);
        let d = above(c);
        inside += 1;
        clipped += usize::from(c.iter().any(|v| *v >= CLIPPED));
        weight += w;
        peak = peak.max(reader.code(Channel::YMax, x, y));
        for k in 0..3 {
            rgb[k] += w * d[k];
            flux[k] += codes[k] - ground[k];
        }
        add_coloured(&mut excess, if opaque { c } else { d });
    }
    if (inside as f64) < MIN_INSIDE * patch.region.len() as f64
        || around * 4 < patch.surround.len()
        || around == 0
    {
        return Sample::default();
    }
    for (i, &(x, y)) in patch.rim.iter().enumerate() {
        let Some(codes) = reader.codes(x, y) else {
            continue;
        };
        add_coloured(&mut excess, above(light(codes)));
        if patch.skirt.get(i) == Some(&true) {
            for k in 0..3 {
                flux[k] += codes[k] - ground[k];
            }
        }
    }
    let n = weight.max(1e-6);
    Sample {
        seen: true,
        rgb: rgb.map(|v| v / n),
        // What a picture's shift by part of a cell takes from one cell it gives to the next, in codes. Light made of each
        // cell's mean would be least where a lamp falls between four cells.
        whole: (moves && !patch.skirt.is_empty()).then(|| {
            above(light(std::array::from_fn(|k| {
                ground[k] + flux[k] / patch.flux_cells
            })))
        }),
        excess: excess.map(|v| v / n),
        halo: [0.0; 3],
        burnt: clipped as f32 / inside as f32,
        surround,
        peak,
    }
}

/// Adds what of `d` is above its smallest channel: white, and so a burnt-out core, adds nothing.
fn add_coloured(sum: &mut [f32; 3], d: [f32; 3]) {
    let least = d[0].min(d[1]).min(d[2]);
    for k in 0..3 {
        sum[k] += d[k] - least;
    }
}

pub(super) fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Reads a frame at scene coordinates.
pub(super) struct Reader<'a> {
    grid: Grid,
    frame: &'a SceneFrame,
    linear: &'a Linearizer,
}

impl<'a> Reader<'a> {
    pub(super) fn new(grid: Grid, frame: &'a SceneFrame, linear: &'a Linearizer) -> Self {
        Self {
            grid,
            frame,
            linear,
        }
    }

    /// Y, Cb, Cr at a scene point, bilinear between cell means; `None` outside the picture.
    fn codes(&self, x: f64, y: f64) -> Option<[f32; 3]> {
        let (x, y) = self.frame.motion.apply(x, y);
        self.frame.between(self.grid, x, y)
    }

    /// Linear light at a scene point, bilinear between cell means; `None` outside the picture.
    pub(super) fn rgb(&self, x: f64, y: f64) -> Option<[f32; 3]> {
        let [y, u, v] = self.codes(x, y)?;
        Some(self.linear.rgb(y, u, v))
    }

    /// The code of the cell nearest to a scene point, 0 outside.
    pub(super) fn code(&self, c: Channel, x: f64, y: f64) -> u8 {
        let (x, y) = self.frame.motion.apply(x, y);
        let (x, y) = (x + 0.5, y + 0.5);
        if x < 0.0 || y < 0.0 || x >= self.grid.cols as f64 || y >= self.grid.rows as f64 {
            return 0;
        }
        let i = usize::from(y as u16) * self.grid.cols + usize::from(x as u16);
        self.frame.cells.code(c, i)
    }
}

/// Light of the cells in frame `i`, as if exposed like the first; `None` outside the picture.
pub(super) fn look(
    scene: &Scene,
    linear: &Linearizer,
    cells: &[(f64, f64)],
    i: usize,
) -> Vec<Option<[f32; 3]>> {
    look_exposed(scene, linear, cells, i, scene.frames[i].gain)
}

/// The same if the frame is exposed by `gain` (codes) more than the first.
pub(super) fn look_exposed(
    scene: &Scene,
    linear: &Linearizer,
    cells: &[(f64, f64)],
    i: usize,
    gain: f64,
) -> Vec<Option<[f32; 3]>> {
    let gain = gain.powf(GAMMA).max(1e-3) as f32;
    let reader = Reader::new(scene.grid, &scene.frames[i], linear);
    cells
        .iter()
        .map(|&(x, y)| reader.rgb(x, y).map(|c| c.map(|v| v / gain)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::candidates::find;
    use crate::locate::maps::Maps;
    use crate::source::{ColorInfo, Frame};

    /// A grey picture with a lamp of 3 px before it, moved by `dx` px.
    fn frame(dx: f64) -> Frame {
        let mut frame = Frame::default();
        frame.y.resize(320, 240);
        for y in 0..240 {
            for x in 0..320 {
                let (u, v) = (x as f64 - dx, y as f64);
                let waves = (0.11 * u + 0.05 * v).sin() + (0.07 * u - 0.13 * v).sin();
                let off = (u - 161.0).hypot(v - 121.0);
                // The edge of the disc lies within a pixel.
                let lamp = (2.0 - off).clamp(0.0, 1.0);
                let code = 60.0 + 10.0 * waves;
                frame.y.data[y * 320 + x] = (code + lamp * (220.0 - code)) as u8;
            }
        }
        frame
    }

    #[test]
    fn region_and_skirt_of_a_small_lamp_hold_its_light_wherever_it_falls_between_cells() {
        let mut scene = Scene::new(320, 240);
        for i in 0..20 {
            scene.push(&frame(0.5 * f64::from(i)), 0.1 * f64::from(i));
        }
        let found = find(&scene, &Maps::of(&scene));
        let size = scene.grid.size as f64;
        let lamp = found
            .iter()
            .find(|c| (c.x * size - 161.0).hypot(c.y * size - 121.0) < 4.0 && !c.skirt.is_empty())
            .unwrap();
        let linear = Linearizer::new(ColorInfo::default());
        let signals = measure(&scene, &[Patch::of(lamp)], &linear);
        let spread = |of: fn(&Sample) -> f32| {
            let light: Vec<f32> = signals[0].samples.iter().map(of).collect();
            let most = light.iter().copied().fold(f32::MIN, f32::max);
            let least = light.iter().copied().fold(f32::MAX, f32::min);
            (most - least) / most
        };
        let whole = spread(|s| s.whole.unwrap()[0]);
        assert!(whole < 0.15, "{whole}");
        let alone = spread(|s| s.rgb[0]);
        assert!(alone > 2.0 * whole, "{alone} {whole}");
    }
}
