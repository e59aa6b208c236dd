//! Frames in which something lies over a light: what is around it no longer looks as it does.
//!
//! A light that goes off takes its own glow from its surround: each place loses some of the light's colour, no more. A
//! hand or a person before it changes the surround in other ways too: other colours, more light, another texture.

use super::Linearizer;
use super::patch::{Patch, spread};
use super::reader::{look, look_exposed};
use crate::locate::scene::Scene;
use crate::median::median;

/// Cells of the surround that are compared, and lit frames that the usual picture is taken from: both plenty for a
/// median.
const CELLS: usize = 48;
const FRAMES: usize = 16;
/// A cell looks different if it differs by this share of its light (exposure and white balance leave some 10 %), by this
/// much (linear light: what a codec smooths away in the dark, some five codes there), and by so many standard deviations of
/// what it wavers by while the light is lit.
const SHARE: f32 = 0.3;
const LEAST: f32 = 0.006;
const DEVIATIONS: f32 = 4.0;
/// A cell that keeps less than this share of its light is dark.
const DARK: f32 = 0.25;
/// Share of the cells that look different when something lies over them.
const COVERED: f64 = 0.6;
/// Frames that something over a light stays at least; and frames before and after in which it is on its way there.
const STAYS: usize = 3;
const ON_ITS_WAY: usize = 4;
/// Dark times that can be something lying over the light; if more look so, it is how its surround looks without it.
const MOST_TIMES: usize = 2;

/// Which of the frames that `lit` calls dark are covered. `color` is the light's (linear R, G, B, any scale).
pub fn covered(
    scene: &Scene,
    patch: &Patch,
    linear: &Linearizer,
    lit: &[Option<bool>],
    color: [f64; 3],
) -> Vec<bool> {
    let none = vec![false; lit.len()];
    let cells: Vec<(f64, f64)> = spread(&patch.surround, CELLS);
    let frames: Vec<usize> = (0..lit.len()).filter(|&i| lit[i] == Some(true)).collect();
    if cells.is_empty() || frames.is_empty() {
        return none;
    }
    let looks: Vec<Vec<Option<[f32; 3]>>> = spread(&frames, FRAMES)
        .into_iter()
        .map(|i| look(scene, linear, &cells, i).collect())
        .collect();
    let usual: Vec<Option<Usual>> = (0..cells.len())
        .map(|c| Usual::of(&looks.iter().filter_map(|l| l[c]).collect::<Vec<_>>()))
        .collect();
    let own = glow(color);
    // What the lamp lit, and lights no longer, may pass for a change of the exposure: strange is what is so whether the
    // exposure changed since the light was lit or not.
    let mut lit_gain = scene.frames[frames[0]].gain;
    let strange: Vec<bool> = (0..lit.len())
        .map(|i| {
            if lit[i] == Some(true) {
                lit_gain = scene.frames[i].gain;
            }
            let strange =
                |gain: f64| is_another(&usual, look_exposed(scene, linear, &cells, i, gain), own);
            let gain = scene.frames[i].gain;
            lit[i] == Some(false) && strange(gain) && (gain == lit_gain || strange(lit_gain))
        })
        .collect();
    let mut out = none;
    let mut times = 0;
    let mut i = 0;
    while i < lit.len() {
        let end = i + lit[i..].iter().take_while(|l| **l != Some(true)).count();
        let during = i..end;
        if strange[during.clone()].iter().filter(|s| **s).count() >= STAYS {
            times += 1;
            for k in during.clone().filter(|&k| strange[k]) {
                let from = k.saturating_sub(ON_ITS_WAY).max(during.start);
                out[from..(k + 1 + ON_ITS_WAY).min(during.end)].fill(true);
            }
        }
        i = end.max(i + 1);
    }
    if times > MOST_TIMES {
        out.fill(false);
    }
    out
}

/// How a cell looks while the light is lit, and how far it may be from that.
struct Usual {
    rgb: [f32; 3],
    least: f32,
}

impl Usual {
    /// Of what it was in some frames; `None` without any.
    fn of(seen: &[[f32; 3]]) -> Option<Self> {
        let middle = |values: &mut Vec<f32>| median(values, f32::total_cmp);
        let mut rgb = [0.0; 3];
        let mut widest = 0.0f32;
        for (k, value) in rgb.iter_mut().enumerate() {
            *value = middle(&mut seen.iter().map(|v| v[k]).collect())?;
            let away = middle(&mut seen.iter().map(|v| (v[k] - *value).abs()).collect())?;
            widest = widest.max(away);
        }
        // The median distance from the median is 0.674 standard deviations.
        let least = LEAST.max(DEVIATIONS * widest / 0.674);
        Some(Self { rgb, least })
    }
}

/// Whether most cells `now` differ from `usual` by more than the light's glow taken away.
fn is_another(
    usual: &[Option<Usual>],
    now: impl Iterator<Item = Option<[f32; 3]>>,
    glow: [[f32; 3]; 2],
) -> bool {
    let (mut n, mut different) = (0, 0);
    for (k, (u, c)) in usual.iter().zip(now).enumerate() {
        if let (Some(u), Some(c)) = (u, c) {
            let light = u.rgb.iter().chain(&c).copied().fold(0.0, f32::max);
            let lost: [f32; 3] = std::array::from_fn(|k| u.rgb[k] - c[k]);
            // Where the light was nearly all there was, its colour is as clipped as can be: dark is dark.
            let dark = (0..3).all(|k| c[k] < DARK * u.rgb[k] + u.least);
            n += 1;
            different += usize::from(!dark && beside(lost, glow) > SHARE * light + u.least);
        }
        // Not even if all the others differ.
        let left = usual.len() - 1 - k;
        if ((different + left) as f64) < COVERED * (n + left) as f64 {
            return false;
        }
    }
    n * 2 >= usual.len() && different as f64 >= COVERED * n as f64
}

/// Distance of `v` from what sums of the two unit vectors `by`, none of them negative, can make.
fn beside(v: [f32; 3], by: [[f32; 3]; 2]) -> f32 {
    let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let rest = |x: f32, y: f32| {
        let r: [f32; 3] = std::array::from_fn(|k| v[k] - x * by[0][k] - y * by[1][k]);
        dot(r, r).sqrt()
    };
    let (p, q, both) = (dot(v, by[0]), dot(v, by[1]), dot(by[0], by[1]));
    let one = rest(p.max(0.0), 0.0).min(rest(0.0, q.max(0.0)));
    let free = 1.0 - both * both;
    let (x, y) = ((p - both * q) / free, (q - both * p) / free);
    if free > 1e-3 && x > 0.0 && y > 0.0 {
        rest(x, y)
    } else {
        one
    }
}

/// The colour as seen, and without the white that clipping adds to it, as unit vectors.
fn glow(color: [f64; 3]) -> [[f32; 3]; 2] {
    let least = color.iter().copied().fold(f64::INFINITY, f64::min);
    let unit = |c: [f64; 3]| {
        let norm = c.iter().map(|c| c * c).sum::<f64>().sqrt();
        c.map(|c| (c / norm.max(1e-9)) as f32)
    };
    let pure = color.map(|c| c - least);
    let seen = unit(color);
    // A white light has no other colour.
    if pure.iter().sum::<f64>() < 0.05 * color.iter().sum::<f64>() {
        [seen; 2]
    } else {
        [seen, unit(pure)]
    }
}
