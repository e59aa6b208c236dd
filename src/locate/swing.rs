//! By how much the light of a place changes over a scene.

use super::cells::{BLACK, Channel, NEUTRAL};
use super::maps::{Canvas, Maps, SOUGHT};
use super::packed::Laid;
use super::scene::{Scene, between};
use crate::threads;

/// Frames at either end of a series that say nothing: one or two are a glitch.
const STRAY_FRAMES: usize = 2;

/// The peaks, those first whose light changes most: read between the cells, so that a steady edge that shakes, which
/// jumps from cell to cell in the maps, hardly changes.
pub fn by_swing(scene: &Scene, canvas: &Canvas, peaks: &[usize]) -> Vec<usize> {
    let shares: Vec<&[usize]> = peaks
        .chunks(peaks.len().div_ceil(threads::processors()).max(1))
        .collect();
    let swings = threads::map(&shares, |share| swings(scene, canvas, share));
    let mut ranked: Vec<(f32, usize)> = swings
        .into_iter()
        .flatten()
        .zip(peaks.iter().copied())
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().map(|r| r.1).collect()
}

/// By how much the light of each cell changes, in the units of [`Maps::rise`]: the most over luma and the three hues. All
/// cells in one frame before the next, which then comes from memory once.
fn swings(scene: &Scene, canvas: &Canvas, cells: &[usize]) -> Vec<f32> {
    let mut ranges = vec![[Range::default(); SOUGHT.len()]; cells.len()];
    for f in scene.frames.iter().filter(|f| f.aligned) {
        let (gain, laid) = (f.gain as f32, Laid::of(&f.cells));
        for (ranges, &i) in ranges.iter_mut().zip(cells) {
            let (x, y) = canvas.position(i);
            let at = f.motion.apply(f64::from(x), f64::from(y));
            let Some([y, u, v]) = between(scene.grid, at.0, at.1, |i| laid.means(i)) else {
                continue;
            };
            let (u, v) = ((u - NEUTRAL) / gain, (v - NEUTRAL) / gain);
            for (range, channel) in ranges.iter_mut().zip(SOUGHT) {
                range.add(match channel {
                    Channel::YMax => (y - BLACK) / gain + BLACK,
                    Channel::VMax => v,
                    Channel::UMax => u,
                    _ => -0.5 * (u + v),
                });
            }
        }
    }
    let most = |ranges: &[Range; SOUGHT.len()]| {
        let rises = ranges.iter().enumerate().filter_map(|(k, r)| {
            let (low, high) = r.ends()?;
            Some(Maps::rise(k, low, high))
        });
        rises.fold(0.0, f32::max)
    };
    ranges.iter().map(most).collect()
}

/// The least and the largest values of a series, each as many as may be glitches and one more.
#[derive(Debug, Clone, Copy)]
struct Range {
    count: usize,
    /// Ascending, and descending.
    least: [f32; STRAY_FRAMES + 1],
    largest: [f32; STRAY_FRAMES + 1],
}

impl Default for Range {
    fn default() -> Self {
        Self {
            count: 0,
            least: [f32::INFINITY; STRAY_FRAMES + 1],
            largest: [f32::NEG_INFINITY; STRAY_FRAMES + 1],
        }
    }
}

impl Range {
    fn add(&mut self, v: f32) {
        self.count += 1;
        // The one that gives way moves on to the next place.
        let mut rest = v;
        for least in &mut self.least {
            (*least, rest) = (least.min(rest), least.max(rest));
        }
        let mut rest = v;
        for largest in &mut self.largest {
            (*largest, rest) = (largest.max(rest), largest.min(rest));
        }
    }

    /// Between what values the series keeps, but for the stray ones; `None` of none.
    fn ends(&self) -> Option<(f32, f32)> {
        let cut = STRAY_FRAMES.min(self.count.checked_sub(1)? / 4);
        Some((self.least[cut], self.largest[cut]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_those_of_the_sorted_series_without_its_stray_values() {
        let mut random = fastrand::Rng::with_seed(7);
        for n in 0..40 {
            let mut series: Vec<f32> = (0..n).map(|_| random.f32()).collect();
            let mut range = Range::default();
            for &v in &series {
                range.add(v);
            }
            series.sort_by(f32::total_cmp);
            // Of few values a quarter at most is stray.
            let want = match n {
                0 => None,
                1..=4 => Some((series[0], series[n - 1])),
                5..=8 => Some((series[1], series[n - 2])),
                _ => Some((series[2], series[n - 3])),
            };
            assert_eq!(range.ends(), want, "{n}");
        }
    }
}
