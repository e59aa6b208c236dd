//! Places that may be lights: where something changed, and where something shines.
//!
//! Deliberately generous: rhythm, colour and shape are judged later, on each candidate's own signal.

use super::cells::Channel;
use super::maps::{Canvas, Maps, SOUGHT};
use super::scene::Scene;

/// Changes below this many codes are indistinguishable from what a codec does to still areas.
const MIN_CHANGE: f32 = 10.0;
/// Most candidates of each kind. A cluttered room shows some dozen; measuring one costs far less than decoding.
const MAX_CHANGING: usize = 40;
const MAX_SHINING: usize = 150;
/// A region of more than this share of the canvas is no status light (they fill a tenth at most).
const MAX_AREA: f64 = 0.2;
/// Cells whose change over time correlates less with that of the peak belong to something else.
const MIN_CORRELATION: f32 = 0.6;
/// Share of the frames in which a place must be in the picture: at a shaking border every edge seems to flash.
const MIN_SEEN: f64 = 0.3;
/// Two hills whose saddle is below this share of the lower top are looked at as two lights: noise dents means over time
/// by a few per cent. One lens that is cut in two by this is found twice, and the two trains are then alike.
const SADDLE: f32 = 0.85;
/// Regions of more cells than this are not checked cell by cell: a wide light has no close neighbour inside it.
const MAX_CHECKED: usize = 900;
/// Half widths in cells of the surrounds against which something is bright: for lights of some cells up to a ring button.
const SURROUNDS: [usize; 3] = [5, 16, 48];
/// Contrast in codes that makes a place worth measuring as a steady light.
const MIN_CONTRAST: f32 = 12.0;

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
    /// Weighted centre in scene cells.
    pub x: f64,
    pub y: f64,
    /// Radius in cells of a disc of the same area.
    pub radius: f64,
    /// Height of the peak in codes.
    pub strength: f32,
}

/// All candidates of a scene, the strongest first within each origin.
pub fn find(scene: &Scene, maps: &Maps) -> Vec<Candidate> {
    let mut found = Vec::new();
    changing(scene, maps, &mut found);
    shining(scene, maps, &mut found);
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
    let mut n = 0;
    for peak in peaks(&canvas, &score, f32::MIN_POSITIVE) {
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
            share,
            score[peak],
        ));
        n += 1;
    }
}

/// Frames in which a place must be in the picture to be judged.
fn least_seen(scene: &Scene) -> u16 {
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

/// Steady lights: brighter or more coloured than what surrounds them, at any of several sizes.
fn shining(scene: &Scene, maps: &Maps, found: &mut Vec<Candidate>) {
    let canvas = maps.canvas;
    let mut contrast = vec![0.0f32; canvas.cells()];
    let mut best = vec![(0u8, 0.0f32); canvas.cells()];
    let least_seen = least_seen(scene);
    for k in 0..SOUGHT.len() {
        let mean: Vec<f32> = (0..canvas.cells()).map(|i| maps.mean(k, i)).collect();
        let sums = Integral::of(&canvas, &mean, &maps.seen);
        for half in SURROUNDS {
            for row in 0..canvas.rows {
                for col in 0..canvas.cols {
                    let i = row * canvas.cols + col;
                    if maps.seen[i] < least_seen {
                        continue;
                    }
                    let around = sums.mean(col, row, half);
                    if mean[i] - around < MIN_CONTRAST {
                        continue;
                    }
                    let c = Maps::rise(k, around, mean[i]);
                    if c > contrast[i] {
                        contrast[i] = c;
                        best[i] = (k as u8, around);
                    }
                }
            }
        }
    }
    // A steady light beside a blinking one flickers a little with its spill: what changes does not bar what shines.
    let mut taken = vec![false; canvas.cells()];
    let mut n = 0;
    for peak in peaks(&canvas, &contrast, f32::MIN_POSITIVE) {
        if n == MAX_SHINING {
            break;
        }
        if taken[peak] {
            continue;
        }
        let (k, around) = best[peak];
        let k = usize::from(k);
        let share = |i: usize| Maps::rise(k, around, maps.mean(k, i)) / contrast[peak];
        let mut region = flood(&canvas, peak, &taken, |i| share(i) >= 0.5);
        region = basin(&canvas, peak, &region, share);
        for &i in &region {
            taken[i] = true;
        }
        if region.len() as f64 > MAX_AREA * canvas.cells() as f64 {
            continue;
        }
        found.push(candidate(
            &canvas,
            Origin::Shine,
            SOUGHT[k],
            &region,
            share,
            contrast[peak],
        ));
        n += 1;
    }
}

fn candidate(
    canvas: &Canvas,
    origin: Origin,
    channel: Channel,
    region: &[usize],
    weight: impl Fn(usize) -> f32,
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

/// Indices of the local maxima (8 neighbours) of at least `least`, highest first.
fn peaks(canvas: &Canvas, score: &[f32], least: f32) -> Vec<usize> {
    let mut out: Vec<usize> = (0..canvas.cells())
        .filter(|&i| score[i] >= least && canvas.neighbours(i).all(|j| score[j] <= score[i]))
        .collect();
    out.sort_by(|&a, &b| score[b].total_cmp(&score[a]));
    out
}

/// The cells connected to `start` that `inside` accepts and nobody has taken; empty `taken` means none.
fn flood(
    canvas: &Canvas,
    start: usize,
    taken: &[bool],
    inside: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut mark = vec![false; canvas.cells()];
    mark[start] = true;
    let mut region = vec![start];
    let mut next = 0;
    while next < region.len() {
        for j in canvas.neighbours(region[next]) {
            if !mark[j] && !taken.get(j).copied().unwrap_or(false) && inside(j) {
                mark[j] = true;
                region.push(j);
            }
        }
        next += 1;
    }
    region
}

/// The part of `region` that belongs to the hill of `peak`: hills that are parted by a dip are different lights.
fn basin(
    canvas: &Canvas,
    peak: usize,
    region: &[usize],
    height: impl Fn(usize) -> f32,
) -> Vec<usize> {
    if region.len() < 3 || region.len() > MAX_CHECKED {
        return region.to_vec();
    }
    let mut order = region.to_vec();
    order.sort_by(|&a, &b| height(b).total_cmp(&height(a)));
    // Highest first, each cell joins the hill of a neighbour; where two meet, the lower one joins if its top is
    // little above the saddle.
    let place: std::collections::HashMap<usize, usize> =
        order.iter().enumerate().map(|(k, &i)| (i, k)).collect();
    let mut parent: Vec<usize> = (0..order.len()).collect();
    fn root(parent: &mut [usize], mut k: usize) -> usize {
        while parent[k] != k {
            parent[k] = parent[parent[k]];
            k = parent[k];
        }
        k
    }
    let mut label: Vec<usize> = (0..order.len()).collect();
    for (k, &i) in order.iter().enumerate() {
        let mut hills: Vec<usize> = canvas
            .neighbours(i)
            .filter_map(|j| place.get(&j).copied())
            .filter(|&m| m < k)
            .map(|m| root(&mut parent, label[m]))
            .collect();
        // The hill of the highest top is the one of the least index.
        hills.sort_unstable();
        hills.dedup();
        let Some(&first) = hills.first() else {
            continue;
        };
        label[k] = first;
        for &other in &hills[1..] {
            if height(i) >= SADDLE * height(order[other]) {
                parent[other] = first;
            }
        }
    }
    let home = root(&mut parent, label[place[&peak]]);
    (0..order.len())
        .filter(|&k| root(&mut parent, label[k]) == home)
        .map(|k| order[k])
        .collect()
}

/// Sums over rectangles in constant time; cells never seen do not count.
struct Integral {
    cols: usize,
    rows: usize,
    sum: Vec<f64>,
    count: Vec<u32>,
}

impl Integral {
    fn of(canvas: &Canvas, values: &[f32], seen: &[u16]) -> Self {
        let stride = canvas.cols + 1;
        let mut sum = vec![0.0; stride * (canvas.rows + 1)];
        let mut count = vec![0; stride * (canvas.rows + 1)];
        for row in 0..canvas.rows {
            let (mut s, mut n) = (0.0, 0);
            for col in 0..canvas.cols {
                let i = row * canvas.cols + col;
                if seen[i] > 0 {
                    s += f64::from(values[i]);
                    n += 1;
                }
                let at = (row + 1) * stride + col + 1;
                sum[at] = sum[at - stride] + s;
                count[at] = count[at - stride] + n;
            }
        }
        Self {
            cols: canvas.cols,
            rows: canvas.rows,
            sum,
            count,
        }
    }

    /// Mean over the square of half width `half` about a cell, cut at the borders.
    fn mean(&self, col: usize, row: usize, half: usize) -> f32 {
        let (x0, y0) = (col.saturating_sub(half), row.saturating_sub(half));
        let (x1, y1) = (
            (col + half + 1).min(self.cols),
            (row + half + 1).min(self.rows),
        );
        let stride = self.cols + 1;
        let corner = |x: usize, y: usize| {
            (
                self.sum[y * stride + x],
                i64::from(self.count[y * stride + x]),
            )
        };
        let (a, b, c, d) = (
            corner(x1, y1),
            corner(x0, y1),
            corner(x1, y0),
            corner(x0, y0),
        );
        let n = (a.1 - b.1 - c.1 + d.1).max(1);
        ((a.0 - b.0 - c.0 + d.0) / n as f64) as f32
    }
}
