//! Places that may be steady lights: what stands out of its surround.

use super::candidates::{Candidate, MAX_AREA, Origin, candidate, least_seen};
use super::cells::Channel;
use super::hills::{basin, flood, peaks};
use super::integral::Integral;
use super::maps::{Canvas, Maps, SOUGHT};
use super::scene::Scene;
use crate::threads;

/// Most candidates of each channel.
const MAX_SHINING: usize = 75;
/// Regions in two channels are one if their radii differ by less than this factor, and their centres by less than this share
/// of the smaller radius.
const SAME_SIZE: f64 = 1.4;
const SAME_CENTRE: f64 = 0.5;
/// Half widths in cells of the surrounds against which something is bright: for lights of some cells up to a ring button.
const SURROUNDS: [usize; 3] = [5, 16, 48];
/// Contrast in codes that makes a place worth measuring as a steady light.
const MIN_CONTRAST: f32 = 12.0;
/// Contrast of chroma in codes that does so where another channel has more: twice that of bricks in a wall.
const MIN_TINT: f32 = 24.0;

/// Steady lights: brighter or more coloured than what surrounds them, at any of several sizes. By the channel that stands out
/// most, and by any chroma that stands out far: a bright plate does so in luma by more than the coloured lens in it.
pub(super) fn shining(scene: &Scene, maps: &Maps) -> Vec<Candidate> {
    let least_seen = least_seen(scene);
    let channels: Vec<usize> = (0..SOUGHT.len()).collect();
    let contrasts = threads::map(&channels, |&k| Contrast::of(k, maps, least_seen));
    let each = threads::map(&channels, |&k| {
        let counts = |i: usize| {
            let own = contrasts[k].codes[i];
            let tinted = matches!(SOUGHT[k], Channel::UMax | Channel::VMax) && own >= MIN_TINT;
            tinted || contrasts.iter().all(|c| own >= c.codes[i])
        };
        shining_in(k, maps, &contrasts[k], counts)
    });
    let mut all: Vec<Candidate> = each.into_iter().flatten().collect();
    all.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    let mut found: Vec<Candidate> = Vec::new();
    for c in all {
        if !found.iter().any(|other| same_place(&c, other)) {
            found.push(c);
        }
    }
    found
}

/// Both are findings of one region in two channels.
fn same_place(a: &Candidate, b: &Candidate) -> bool {
    let (small, large) = (a.radius.min(b.radius), a.radius.max(b.radius));
    large < SAME_SIZE * small && (a.x - b.x).hypot(a.y - b.y) < SAME_CENTRE * small
}

/// By how much each cell stands out of its surround in one channel, most of several sizes of it.
struct Contrast {
    /// 0 where it does not.
    codes: Vec<f32>,
    /// The surround's mean.
    ground: Vec<f32>,
}

impl Contrast {
    fn of(k: usize, maps: &Maps, least_seen: u16) -> Self {
        let canvas = maps.canvas;
        let mean: Vec<f32> = (0..canvas.cells()).map(|i| maps.mean(k, i)).collect();
        let sums = Integral::of(&canvas, &mean, &maps.seen);
        let mut contrast = Self {
            codes: vec![0.0; canvas.cells()],
            ground: vec![0.0; canvas.cells()],
        };
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
                    if c > contrast.codes[i] {
                        contrast.codes[i] = c;
                        contrast.ground[i] = around;
                    }
                }
            }
        }
        contrast
    }
}

/// The places that stand out in channel `k` among the cells that `counts`, the strongest first.
fn shining_in(
    k: usize,
    maps: &Maps,
    contrast: &Contrast,
    counts: impl Fn(usize) -> bool,
) -> Vec<Candidate> {
    let canvas = maps.canvas;
    let codes = contrast.codes.iter().enumerate();
    let codes: Vec<f32> = codes
        .map(|(i, &c)| if counts(i) { c } else { 0.0 })
        .collect();
    // A steady light beside a blinking one flickers a little with its spill: what changes does not bar what shines.
    let mut taken = vec![false; canvas.cells()];
    let mut found = Vec::new();
    for peak in peaks(&canvas, &codes, f32::MIN_POSITIVE) {
        if found.len() == MAX_SHINING {
            break;
        }
        if taken[peak] {
            continue;
        }
        let share = |i: usize| Maps::rise(k, contrast.ground[peak], maps.mean(k, i)) / codes[peak];
        let mut region = flood(&canvas, peak, &taken, |i| share(i) >= 0.5);
        region = basin(&canvas, peak, &region, share);
        for &i in &region {
            taken[i] = true;
        }
        if box_of(&canvas, &region) as f64 > MAX_AREA * canvas.cells() as f64 {
            continue;
        }
        found.push(candidate(
            &canvas,
            Origin::Shine,
            SOUGHT[k],
            &region,
            &taken,
            share,
            codes[peak],
        ));
    }
    found
}

/// Cells of the box round a region: what is strewn over the picture is no lens, however few cells it has.
fn box_of(canvas: &Canvas, region: &[usize]) -> usize {
    let side = |along: fn(usize, usize) -> usize| {
        let places = region.iter().map(|&i| along(i, canvas.cols));
        let (least, most) = places.fold((usize::MAX, 0), |(a, b), v| (a.min(v), b.max(v)));
        (most + 1).saturating_sub(least)
    };
    side(|i, cols| i % cols) * side(|i, cols| i / cols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_strewn_over_the_picture_fills_its_box() {
        let canvas = Canvas {
            x0: -2,
            y0: 0,
            cols: 10,
            rows: 8,
        };
        assert_eq!(box_of(&canvas, &[11, 12, 21, 22]), 4);
        assert_eq!(box_of(&canvas, &[1, 78]), 8 * 8);
    }
}
