//! Edge times once more, by a better witness of how far the light was lit in the frames about an edge.

use std::ops::Range;

use super::extract::{Clock, EDGE_FRAMES, whole};
use super::{ColorSet, Look, Train};

/// Frames beside an edge that may be part of it, and most frames beyond that are looked at for the level there.
const BESIDE: usize = 2;
const LEVEL_FRAMES: usize = 6;
/// Share of a step by which flashes of one look differ, as the exposure answers or the hand shakes: a frame that far from a
/// level is not at it.
const SAME_LEVEL: f64 = 0.15;

/// Moves the edges between dark and lit of `train`, read from `lit` (per frame), to where `shares` puts them: given frames
/// of the level before, frames of the level after, and the frames about the edge, it tells of each of the latter how
/// far it is from one to the other, or nothing.
pub fn refine(
    train: &mut Train,
    lit: &[Option<bool>],
    clock: Clock,
    shares: impl Fn(&[usize], &[usize], &[usize]) -> Option<Vec<f64>>,
) {
    let runs = Runs::of(train, lit, clock);
    for r in 1..runs.ends.len() {
        let (before, after) = (runs.range(r - 1), runs.range(r));
        let (cut, seen) = (after.start, &runs.seen);
        let reach = |run: &Range<usize>| EDGE_FRAMES.min(run.len() - 1);
        let at = &seen[cut - reach(&before)..cut + reach(&after)];
        let gap = at.len() < 2 || at[at.len() - 1] - at[0] > at.len();
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
        let [Some(from), Some(to)] = [r - 1, r].map(|of| runs.level(of, cut)) else {
            continue;
        };
        let asked = [at, &seen[from.borrower.clone()], &seen[to.borrower]].concat();
        let Some(f) = shares(&from.frames, &to.frames, &asked) else {
            continue;
        };
        let (f, borrowers) = f.split_at(at.len());
        let (first, second) = borrowers.split_at(from.borrower.len());
        // A run reaches a level that it borrows, or it is no level of its own.
        let least = first.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let most = second.iter().copied().reduce(f64::max).unwrap_or(1.0);
        if least.abs() > SAME_LEVEL || (most - 1.0).abs() > SAME_LEVEL {
            continue;
        }
        let late: f64 = at
            .iter()
            .zip(f)
            .map(|(&k, &f)| whole(f) * (clock.until(k) - clock.times[k]))
            .sum();
        let time = clock.until(at[at.len() - 1]) - late;
        let (start, end) = (train.spans[i].start_s, train.spans[i + 1].end_s);
        if start < time && time < end {
            train.spans[i].end_s = time;
            train.spans[i + 1].start_s = time;
        }
    }
}

/// Runs of seen frames that are lit, or dark, alike.
struct Runs {
    /// The seen frames.
    seen: Vec<usize>,
    /// Where in `seen` each run ends.
    ends: Vec<usize>,
    /// The colours of each; none of a dark one.
    colors: Vec<ColorSet>,
    /// What lies amid the runs of each colour.
    settled: Vec<(ColorSet, Vec<usize>)>,
}

impl Runs {
    fn of(train: &Train, lit: &[Option<bool>], clock: Clock) -> Self {
        let seen: Vec<usize> = (0..lit.len()).filter(|&i| lit[i].is_some()).collect();
        let mut ends: Vec<usize> = (1..seen.len())
            .filter(|&k| lit[seen[k]] != lit[seen[k - 1]])
            .collect();
        ends.push(seen.len());
        let mut runs = Self {
            seen,
            ends,
            colors: Vec::new(),
            settled: Vec::new(),
        };
        for r in 0..runs.ends.len() {
            let (color, amid) = (runs.shown(r, train, lit, clock), runs.amid(r));
            runs.colors.push(color);
            match runs.settled.iter_mut().find(|s| s.0 == color) {
                Some((_, settled)) => settled.extend(amid),
                None => runs.settled.push((color, amid.collect())),
            }
        }
        runs
    }

    /// The colours that run `r` shows.
    fn shown(&self, r: usize, train: &Train, lit: &[Option<bool>], clock: Clock) -> ColorSet {
        let run = self.range(r);
        let middle = self.seen.get(run.start + run.len() / 2);
        let Some(&i) = middle.filter(|&&i| lit[i] == Some(true)) else {
            return ColorSet::NONE;
        };
        let time = 0.5 * (clock.times[i] + clock.until(i));
        let span = train.spans.partition_point(|s| s.end_s <= time);
        let span = train.spans.get(span);
        span.and_then(|s| s.look.colors()).unwrap_or_default()
    }

    /// Run `r`, as indices of `seen`.
    fn range(&self, r: usize) -> Range<usize> {
        let start = r.checked_sub(1).map_or(0, |b| self.ends[b]);
        start..self.ends[r]
    }

    /// What of run `r` is not next to its ends.
    fn amid(&self, r: usize) -> Range<usize> {
        let run = self.range(r);
        (run.start + 1)..run.end.max(run.start + 2) - 1
    }

    /// Frames of what run `r` shows, none of them on an edge, the nearest to `cut`: its own, or if it is too short to have
    /// any, those of runs that show the same.
    fn level(&self, r: usize, cut: usize) -> Option<Level> {
        let away = |k: usize| if k < cut { cut - 1 - k } else { k - cut };
        let own = self.amid(r).filter(|&k| away(k) >= BESIDE);
        let mut frames: Vec<usize> = own.collect();
        let mut borrower = 0..0;
        if frames.is_empty() {
            borrower = self.range(r);
            let same = self.settled.iter().find(|s| s.0 == self.colors[r]);
            let same = same.map_or(&[][..], |s| &s.1);
            let i = same.partition_point(|&k| k < cut);
            let near = i.saturating_sub(LEVEL_FRAMES)..same.len().min(i + LEVEL_FRAMES);
            frames.extend(&same[near]);
        }
        frames.sort_by_key(|&k| away(k));
        frames.truncate(LEVEL_FRAMES);
        (!frames.is_empty()).then(|| Level {
            frames: frames.into_iter().map(|k| self.seen[k]).collect(),
            borrower,
        })
    }
}

/// Frames that show what a run shows.
struct Level {
    frames: Vec<usize>,
    /// The run itself where the frames are those of others; else empty. Indices of [`Runs::seen`].
    borrower: Range<usize>,
}

#[cfg(test)]
mod tests {
    use super::super::{Color, Span};
    use super::*;

    #[test]
    fn flashes_with_no_frame_off_an_edge_borrow_their_level_from_longer_ones() {
        // Switched at these times in frames, one frame per s: flashes of two frames and a part of one, pauses of one and a
        // part of one, after and before a flash of five.
        let switched: [f64; 10] = [
            6.25, 11.5, 14.75, 16.5, 18.75, 20.5, 22.75, 24.5, 27.25, 32.0,
        ];
        let light = |i: usize| {
            let (from, to) = (i as f64, i as f64 + 1.0);
            let flashes = switched.chunks(2);
            flashes
                .map(|f| (f[1].min(to) - f[0].max(from)).max(0.0))
                .sum::<f64>()
        };
        let lit: Vec<Option<bool>> = (0..40).map(|i| Some(light(i) >= 0.5)).collect();
        let times: Vec<f64> = (0..40).map(f64::from).collect();
        let clock = Clock::of(&times);
        let mut train = Train {
            spans: Vec::new(),
            duration_s: 40.0,
            frame_interval_s: 1.0,
        };
        // As read from frames that look full at a small share.
        let red = Look::Lit(vec![(ColorSet::of(Color::Red), 1.0)]);
        let bounds = [&[0.0], &switched[..], &[40.0]].concat();
        for (i, w) in bounds.windows(2).enumerate() {
            train.spans.push(Span {
                start_s: w[0],
                end_s: w[1],
                start_sd_s: 0.2,
                end_sd_s: 0.2,
                look: if i % 2 == 0 { Look::Off } else { red.clone() },
            });
        }
        for i in 0..switched.len() {
            let early = if i % 2 == 0 { -0.4 } else { 0.4 };
            train.spans[i].end_s += early;
            train.spans[i + 1].start_s += early;
        }
        refine(&mut train, &lit, clock, |before, after, at| {
            let mean = |frames: &[usize]| {
                frames.iter().map(|&i| light(i)).sum::<f64>() / frames.len() as f64
            };
            let (from, to) = (mean(before), mean(after));
            Some(
                at.iter()
                    .map(|&i| (light(i) - from) / (to - from))
                    .collect(),
            )
        });
        for (span, time) in train.spans.iter().zip(switched) {
            assert!(
                (span.end_s - time).abs() < 0.01,
                "{} for {time}",
                span.end_s
            );
        }
    }
}
