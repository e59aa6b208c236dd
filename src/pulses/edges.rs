//! Edge times once more, by a better witness of how far the light was lit in the frames about an edge.

use super::extract::{Clock, EDGE_FRAMES, whole};
use super::{Look, Train};

/// Frames beside an edge that may be part of it, and most frames beyond that are looked at for the level there.
const BESIDE: usize = 2;
const LEVEL_FRAMES: usize = 6;

/// Moves the edges between dark and lit of `train`, read from `lit` (per frame), to where `shares` puts them: given frames
/// of the level before, frames of the level after, and the frames about the edge, it tells of each of the latter how
/// far it is from one to the other, or nothing.
pub fn refine(
    train: &mut Train,
    lit: &[Option<bool>],
    clock: Clock,
    shares: impl Fn(&[usize], &[usize], &[usize]) -> Option<Vec<f64>>,
) {
    let seen: Vec<usize> = (0..lit.len()).filter(|&i| lit[i].is_some()).collect();
    // Runs of seen frames that look alike.
    let mut cuts: Vec<usize> = (1..seen.len())
        .filter(|&k| lit[seen[k]] != lit[seen[k - 1]])
        .collect();
    cuts.insert(0, 0);
    cuts.push(seen.len());
    for w in cuts.windows(3) {
        let &[first, cut, end] = w else { continue };
        let before = &seen[first.max(cut.saturating_sub(BESIDE + LEVEL_FRAMES))..cut];
        let after = &seen[cut..end.min(cut + BESIDE + LEVEL_FRAMES)];
        // Each level needs a frame that is on no edge, at either end.
        if before.len() <= BESIDE || after.len() <= BESIDE {
            continue;
        }
        let reach = |n: usize| EDGE_FRAMES.min(n - 1);
        let at = &seen[cut - reach(before.len())..cut + reach(after.len())];
        let gap = at[at.len() - 1] - at[0] > at.len();
        let boundary = train.spans.windows(2).position(|s| {
            let looks = [&s[0].look, &s[1].look];
            let near = (s[1].start_s - clock.times[seen[cut]]).abs()
                < EDGE_FRAMES as f64 * clock.interval_s();
            near && looks.contains(&&Look::Off)
                && looks[usize::from(lit[seen[cut]] == Some(true))].is_lit()
        });
        let (Some(i), false) = (boundary, gap) else {
            continue;
        };
        let level_before = &before[..before.len() - BESIDE];
        let Some(f) = shares(level_before, &after[BESIDE..], at) else {
            continue;
        };
        let late: f64 = at
            .iter()
            .zip(f)
            .map(|(&k, f)| whole(f) * (clock.until(k) - clock.times[k]))
            .sum();
        let time = clock.until(at[at.len() - 1]) - late;
        let (start, end) = (train.spans[i].start_s, train.spans[i + 1].end_s);
        if start < time && time < end {
            train.spans[i].end_s = time;
            train.spans[i + 1].start_s = time;
        }
    }
}
