//! Sampling a candidate and its surround in every frame.

use super::Linearizer;
use super::patch::Patch;
use super::reader::Reader;
use crate::locate::packed::Laid;
use crate::locate::scene::{Scene, SceneFrame};
use crate::median::{median, median_code};
use crate::threads;

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
/// A light that keeps this near to its median, but for some frames at most, does not switch: exposure, and what lies beside
/// a lamp, make a fifth; a flash lasts longer.
const STAYS_WITHIN: f32 = 0.35;
const STRAY_FRAMES: usize = 2;

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

/// Samples the patches in every frame. All of them in one frame before the next, whose cells then come from memory once.
pub fn measure(scene: &Scene, patches: &[Patch], linear: &Linearizer) -> Vec<Signal> {
    let moves = scene.moves();
    let shares: Vec<&[SceneFrame]> = scene.frames.chunks(FRAMES_TOGETHER).collect();
    let shares = threads::map(&shares, |frames| {
        let mut ring = Default::default();
        let mut samples = Vec::with_capacity(frames.len() * patches.len());
        for f in *frames {
            if !f.aligned || patches.is_empty() {
                samples.extend(patches.iter().map(|_| Sample::default()));
                continue;
            }
            let laid = Laid::of(&f.cells);
            let reader = Reader::of_laid(scene.grid, f, &laid, linear);
            let patches = patches.iter();
            samples.extend(patches.map(|p| sample(&reader, p, linear, moves, &mut ring)));
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
            median(&mut values, f32::total_cmp).unwrap_or(0.0)
        });
    }
}

/// How far vectors point the same way: the length of their sum as a share of the sum of their lengths.
fn agreement(vectors: &[[f32; 3]]) -> f32 {
    let sum = vectors.iter().fold([0.0; 3], |sum: [f32; 3], v| {
        std::array::from_fn(|k| sum[k] + v[k])
    });
    length(&sum) / vectors.iter().map(length).sum::<f32>().max(1e-9)
}

fn sample(
    reader: &Reader,
    patch: &Patch,
    linear: &Linearizer,
    moves: bool,
    ring: &mut [Vec<f32>; 3],
) -> Sample {
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
    let ground = ring
        .each_mut()
        .map(|values| median_code(values).unwrap_or(0.0));
    let surround = light(ground);
    let above = |c: [f32; 3]| -> [f32; 3] { std::array::from_fn(|k| c[k] - surround[k]) };
    let (mut rgb, mut excess, mut weight, mut peak) = ([0.0f32; 3], [0.0f32; 3], 0.0f32, 0u8);
    let (mut inside, mut clipped) = (0usize, 0usize);
    // Codes of region and skirt above the surround's.
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
        peak = peak.max(reader.peak(x, y));
        for k in 0..3 {
            rgb[k] += w * d[k];
        }
        add_difference(&mut flux, codes, ground);
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
            add_difference(&mut flux, codes, ground);
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

/// Whether the light of region and skirt together stays as it is: what seems to change is where a lamp smaller than two
/// cells falls between them.
pub fn stays(samples: &[Sample]) -> bool {
    let seen = samples.iter().filter(|s| s.seen);
    let light: Vec<[f32; 3]> = seen.filter_map(|s| s.whole).collect();
    let middle = std::array::from_fn(|k| {
        let mut values: Vec<f32> = light.iter().map(|v| v[k]).collect();
        median(&mut values, f32::total_cmp).unwrap_or(0.0)
    });
    let most = STAYS_WITHIN * length(&middle);
    let away = light
        .iter()
        .filter(|v| length(&std::array::from_fn(|k| v[k] - middle[k])) >= most);
    !light.is_empty() && away.count() <= STRAY_FRAMES
}

/// Adds what of `d` is above its smallest channel: white, and so a burnt-out core, adds nothing.
fn add_coloured(sum: &mut [f32; 3], d: [f32; 3]) {
    let least = d[0].min(d[1]).min(d[2]);
    for k in 0..3 {
        sum[k] += d[k] - least;
    }
}

fn add_difference(sum: &mut [f32; 3], a: [f32; 3], b: [f32; 3]) {
    for k in 0..3 {
        sum[k] += a[k] - b[k];
    }
}

fn length(v: &[f32; 3]) -> f32 {
    v.iter().map(|x| x * x).sum::<f32>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::candidates::find;
    use crate::locate::maps::Maps;
    use crate::source::{ColorInfo, Frame};

    /// A grey picture with a lamp of 3 px before it, moved by `dx` px.
    fn frame(dx: f64) -> Frame {
        Frame::waves(dx, |x, y, waves| {
            // The edge of the disc lies within a pixel.
            let lamp = (2.0 - (x - 161.0).hypot(y - 121.0)).clamp(0.0, 1.0);
            let code = 60.0 + 10.0 * waves;
            code + lamp * (220.0 - code)
        })
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
        let signals = measure(&scene, &[Patch::of(lamp, &scene)], &linear);
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

    /// 60 frames of a light that is `dim` in `n` of them.
    fn light(dim: f32, n: usize) -> Vec<Sample> {
        let frame = |i| Sample {
            seen: true,
            whole: Some([if (20..20 + n).contains(&i) { dim } else { 0.8 }, 0.1, 0.1]),
            ..Sample::default()
        };
        (0..60).map(frame).collect()
    }

    #[test]
    fn a_flash_is_no_wavering() {
        assert!(stays(&light(0.65, 20)));
        assert!(stays(&light(0.0, STRAY_FRAMES)));
        assert!(!stays(&light(0.0, STRAY_FRAMES + 1)));
        assert!(!stays(&light(0.4, 20)));
        // Nothing is known of a place on a tripod, or of a piece of something larger.
        let unknown = Sample {
            seen: true,
            ..Sample::default()
        };
        assert!(!stays(&[unknown; 60]));
    }
}
