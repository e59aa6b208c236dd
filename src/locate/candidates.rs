//! Places that may be lights: where something changed, and where something shines.
//!
//! Deliberately generous: rhythm, colour and shape are judged later, on each candidate's own signal.

use super::cells::Channel;
use super::hills::{MAX_CHECKED, basin, flood, peaks};
use super::maps::{Canvas, Maps, SOUGHT};
use super::scene::Scene;
use super::shining::shining;
use super::swing::by_swing;

/// Changes below this many codes are indistinguishable from what a codec does to still areas.
const MIN_CHANGE: f32 = 10.0;
/// Most candidates that change. A cluttered room from a tripod shows some dozen; in a hand every fine edge is one, and the
/// lamp was seen to come a hundredth. Measuring and matching one takes some 30 ms of a core for 600 frames.
const MAX_CHANGING: usize = 150;
/// Peaks of change that are looked at more closely: in a picture full of fine edges a thousand outdo a lamp that is not
/// bright.
const MAX_PEAKS: usize = 1500;
/// From a tripod, peaks beyond so many are mostly noise.
const MOSTLY_NOISE: usize = 150;
/// One of so many of them, the lowest, is surely noise; and by how many times more a place must change to be none: the
/// ranges of noise over hundreds of frames differ by a sixth from place to place.
const SURELY_NOISE: usize = 4;
const ABOVE_NOISE: f32 = 1.5;
/// A region of more than this share of the canvas is no status light (they fill a tenth at most).
pub(super) const MAX_AREA: f64 = 0.2;
/// Cells whose change over time correlates less with that of the peak belong to something else.
const MIN_CORRELATION: f32 = 0.6;
/// Share of the frames in which a place must be in the picture: at a shaking border every edge seems to flash.
const MIN_SEEN: f64 = 0.3;
/// Regions of more cells than this keep nearly all of their light as the picture moves by parts of a cell: that of a disc
/// of 12 cells changes by 5 % (standard deviation), of larger ones by less.
const MAX_SKIRTED: usize = 30;
/// Why a place is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Change,
    Shine,
}

/// A place in scene coordinates.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub origin: Origin,
    /// The channel it stands out in.
    pub channel: Channel,
    /// Scene cells of the region with their weight, 0..1 relative to the peak.
    pub cells: Vec<(i32, i32, f32)>,
    /// The cells round a small region that stands alone, with their weight: what of its light falls beside it as the picture
    /// moves falls there.
    pub skirt: Vec<(i32, i32, f32)>,
    /// Weighted centre in scene cells.
    pub x: f64,
    pub y: f64,
    /// Radius in cells of a disc of the same area.
    pub radius: f64,
    /// Height of the peak in codes.
    pub strength: f32,
}

impl Candidate {
    /// A place that is all of these cells, of which there is one at least, wherever they come from.
    pub fn of_cells(cells: impl IntoIterator<Item = (i32, i32)>) -> Self {
        let cells: Vec<_> = cells.into_iter().map(|(x, y)| (x, y, 1.0)).collect();
        let n = cells.len() as f64;
        Self {
            origin: Origin::Change,
            channel: Channel::YMax,
            x: cells.iter().map(|c| f64::from(c.0)).sum::<f64>() / n,
            y: cells.iter().map(|c| f64::from(c.1)).sum::<f64>() / n,
            radius: (n / std::f64::consts::PI).sqrt(),
            strength: 0.0,
            cells,
            skirt: Vec::new(),
        }
    }
}

/// All candidates of a scene, the strongest first within each origin.
pub fn find(scene: &Scene, maps: &Maps) -> Vec<Candidate> {
    let mut found = Vec::new();
    changing(scene, maps, &mut found);
    found.extend(shining(scene, maps));
    found
}

fn changing(scene: &Scene, maps: &Maps, found: &mut Vec<Candidate>) {
    let canvas = maps.canvas;
    let mut taken = vec![false; canvas.cells()];
    let mut score = vec![0.0f32; canvas.cells()];
    let mut channel = vec![0u8; canvas.cells()];
    // Channels (bits) in which a cell belongs to something too wide for a light.
    let mut wide = vec![0u8; canvas.cells()];
    let least_seen = least_seen(scene);
    for k in 0..SOUGHT.len() {
        for i in 0..canvas.cells() {
            if maps.seen[i] >= least_seen && maps.change(k, i) >= MIN_CHANGE {
                let s = maps.light_change(k, i);
                if s > score[i] {
                    score[i] = s;
                    channel[i] = k as u8;
                }
            }
        }
    }
    let mut peaks = peaks(&canvas, &score, f32::MIN_POSITIVE);
    peaks.truncate(MAX_PEAKS);
    if scene.moves() {
        peaks = by_swing(scene, &canvas, &peaks);
    } else {
        drop_noise(&mut peaks, &score);
    }
    let mut n = 0;
    for peak in peaks {
        if n == MAX_CHANGING {
            break;
        }
        if taken[peak] {
            continue;
        }
        let k = usize::from(channel[peak]);
        if wide[peak] & (1 << k) != 0 {
            continue;
        }
        let share = |i: usize| maps.light_change(k, i) / score[peak];
        let mut region = flood(&canvas, peak, &taken, |i| {
            maps.seen[i] >= least_seen && share(i) >= 0.5
        });
        region = basin(&canvas, peak, &region, share);
        if region.len() as f64 > MAX_AREA * canvas.cells() as f64 {
            // Something wide (a curtain, the exposure): its cells stay free for what is inside it.
            taken[peak] = true;
            // A lower peak inside it floods all of it again.
            if region.len() > MAX_CHECKED {
                for &i in &region {
                    wide[i] |= 1 << k;
                }
            }
            continue;
        }
        if region.len() > 1 && region.len() <= MAX_CHECKED {
            keep_alike(scene, &canvas, SOUGHT[k], peak, &mut region);
        }
        for &i in &region {
            taken[i] = true;
        }
        found.push(candidate(
            &canvas,
            Origin::Change,
            SOUGHT[k],
            &region,
            &taken,
            share,
            score[peak],
        ));
        n += 1;
    }
}

/// Drops the peaks, highest first, that are no higher than those of noise.
fn drop_noise(peaks: &mut Vec<usize>, score: &[f32]) {
    if peaks.len() > MOSTLY_NOISE {
        let noise = score[peaks[peaks.len() - peaks.len() / SURELY_NOISE]];
        peaks.retain(|&i| score[i] > ABOVE_NOISE * noise);
    }
}

/// Frames in which a place must be in the picture to be judged.
pub(super) fn least_seen(scene: &Scene) -> u16 {
    let aligned = scene.frames.iter().filter(|f| f.aligned).count();
    (MIN_SEEN * aligned as f64).ceil().min(f64::from(u16::MAX)) as u16
}

/// Keeps the cells that change together with the peak, and among them those connected to it.
fn keep_alike(
    scene: &Scene,
    canvas: &Canvas,
    channel: Channel,
    peak: usize,
    region: &mut Vec<usize>,
) {
    let main = standardised(&series(scene, canvas, channel, peak));
    region.retain(|&i| {
        i == peak
            || correlation(&main, &standardised(&series(scene, canvas, channel, i)))
                >= MIN_CORRELATION
    });
    let mut alike = vec![false; canvas.cells()];
    for &i in region.iter() {
        alike[i] = true;
    }
    *region = flood(canvas, peak, &[], |i| alike[i]);
}

/// The codes of a canvas cell over all aligned frames, `NaN` where it is outside the picture.
fn series(scene: &Scene, canvas: &Canvas, channel: Channel, i: usize) -> Vec<f32> {
    let (x, y) = canvas.position(i);
    let g = scene.grid;
    scene
        .frames
        .iter()
        .filter(|f| f.aligned)
        .map(|f| {
            let (u, v) = f.motion.apply(f64::from(x), f64::from(y));
            let (u, v) = (u + 0.5, v + 0.5);
            if u >= 0.0 && v >= 0.0 && (u as usize) < g.cols && (v as usize) < g.rows {
                f32::from(f.cells.code(channel, v as usize * g.cols + u as usize))
            } else {
                f32::NAN
            }
        })
        .collect()
}

fn standardised(series: &[f32]) -> Vec<f32> {
    let seen = || series.iter().copied().filter(|v| !v.is_nan());
    let n = seen().count().max(1) as f32;
    let mean = seen().sum::<f32>() / n;
    let norm = seen()
        .map(|v| (v - mean).powi(2))
        .sum::<f32>()
        .sqrt()
        .max(1e-6);
    series
        .iter()
        .map(|v| if v.is_nan() { 0.0 } else { (v - mean) / norm })
        .collect()
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The region of a peak of height `strength` as a candidate.
pub(super) fn candidate(
    canvas: &Canvas,
    origin: Origin,
    channel: Channel,
    region: &[usize],
    taken: &[bool],
    weight: impl Fn(usize) -> f32 + Copy,
    strength: f32,
) -> Candidate {
    let cells: Vec<(i32, i32, f32)> = region
        .iter()
        .map(|&i| {
            let (x, y) = canvas.position(i);
            (x, y, weight(i).clamp(0.0, 1.0))
        })
        .collect();
    let total: f64 = cells.iter().map(|c| f64::from(c.2)).sum::<f64>().max(1e-9);
    Candidate {
        origin,
        channel,
        skirt: skirt(canvas, region, taken, weight),
        x: cells
            .iter()
            .map(|c| f64::from(c.0) * f64::from(c.2))
            .sum::<f64>()
            / total,
        y: cells
            .iter()
            .map(|c| f64::from(c.1) * f64::from(c.2))
            .sum::<f64>()
            / total,
        radius: (cells.len() as f64 / std::f64::consts::PI).sqrt(),
        cells,
        strength,
    }
}

/// The neighbours of a small region, if it falls off to all of them: a piece of something larger does not.
fn skirt(
    canvas: &Canvas,
    region: &[usize],
    taken: &[bool],
    height: impl Fn(usize) -> f32,
) -> Vec<(i32, i32, f32)> {
    if region.len() > MAX_SKIRTED {
        return Vec::new();
    }
    let neighbours = region.iter().flat_map(|&i| canvas.neighbours(i));
    let mut beside: Vec<usize> = neighbours.filter(|j| !region.contains(j)).collect();
    beside.sort_unstable();
    beside.dedup();
    let falls = |j: usize| {
        let mut home = canvas.neighbours(j).filter(|i| region.contains(i));
        !taken[j] && home.any(|i| height(i) >= height(j))
    };
    if !beside.iter().all(|&j| falls(j)) {
        return Vec::new();
    }
    let cell = |j: usize| {
        let (x, y) = canvas.position(j);
        (x, y, height(j).clamp(0.0, 1.0))
    };
    beside.into_iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_peaks_those_of_noise_are_dropped() {
        // Two lamps among noise between 12 and 14 codes.
        let mut score: Vec<f32> = (0..400).map(|i| 12.0 + 0.005 * i as f32).collect();
        score[17] = 60.0;
        score[230] = 25.0;
        let mut all: Vec<usize> = (0..score.len()).collect();
        all.sort_by(|&a, &b| score[b].total_cmp(&score[a]));
        let mut peaks = all.clone();
        drop_noise(&mut peaks, &score);
        assert_eq!(peaks, [17, 230]);
        // Few peaks may all be lamps.
        all.truncate(100);
        let mut peaks = all.clone();
        drop_noise(&mut peaks, &score);
        assert_eq!(peaks, all);
    }
}
