//! What the camera did not show: places too short to be seen, and times when nothing was.

use super::duration::{missed, normal_below};
use super::score::Hypothesis;
use super::script::Place;
use super::walk::{Ended, Walk, gauss};

/// Most places skipped unseen at one boundary: as many as that each is likely to be missed, two in any case.
const MOST_SKIPPED: usize = 8;
const ANY_SKIPPED: usize = 2;
const LIKELY: f64 = 0.02;
/// Most places that one unseen span may hide.
const MOST_HIDDEN: usize = 10;

impl Walk<'_> {
    /// Goes on from `from`, that lasted about `sum` (mean, variance), over places that were too short to be seen.
    #[expect(clippy::too_many_arguments, reason = "a recursion over one path")]
    pub(super) fn skip(
        &self,
        h: &Hypothesis,
        from: Place,
        sum: (f64, f64),
        p: f64,
        skipped: usize,
        ends: &Ended,
        out: &mut Vec<Hypothesis>,
    ) {
        let d = ends.at_s - h.since_s;
        if skipped >= MOST_SKIPPED || (skipped >= ANY_SKIPPED && p < LIKELY) {
            return;
        }
        let look = self.script.paint(from);
        for (lost, p1) in self.script.next(from).into_iter().flatten() {
            let Some(pm) = self.missed(h, lost) else {
                continue;
            };
            let (lost_mean, lost_var) = self.moments(h, lost, false);
            for (then, p2) in self.script.next(lost).into_iter().flatten() {
                let p = p * p1 * pm * p2;
                if p < 1e-6 {
                    continue;
                }
                if self.script.paint(then) != look {
                    // Between two looks: the boundary lies within what was lost.
                    let (m, v) = (
                        sum.0 + 0.5 * lost_mean,
                        sum.1 + lost_var + ends.var + h.since_var,
                    );
                    let density = gauss(d - m, v);
                    if density > 1e-9 {
                        self.arrive(h, then, (p * density).ln(), ends, None, out);
                    }
                    continue;
                }
                if self.script.phase(then).is_none() {
                    continue;
                }
                let (m, v) = self.moments(h, then, false);
                let longer = (sum.0 + lost_mean + m, sum.1 + lost_var + v);
                let spread = (longer.1 + ends.var + h.since_var).sqrt();
                if longer.0 - 5.0 * spread > d {
                    continue;
                }
                let density = gauss(d - longer.0, longer.1 + ends.var + h.since_var);
                if density > 1e-9 {
                    for (place, p3) in self.script.next(then).into_iter().flatten() {
                        self.arrive(h, place, (p * p3 * density).ln(), ends, None, out);
                    }
                }
                self.skip(h, then, longer, p, skipped + 1, ends, out);
            }
        }
    }

    /// Probability that since `h` arrived one or two places passed unseen, and the next look is the same.
    pub(super) fn rest_skipping(&self, h: &Hypothesis, d: f64) -> f64 {
        if self.script.phase(h.place).is_none() || self.script.is_terminal(h.place) {
            return 0.0;
        }
        let look = self.script.paint(h.place);
        let mut total = 0.0;
        let mut paths = vec![(h.place, self.moments(h, h.place, h.open), 1.0)];
        for skipped in 0..MOST_SKIPPED {
            if skipped >= ANY_SKIPPED {
                paths.retain(|p| p.2 >= LIKELY);
            }
            let mut longer = Vec::new();
            for (from, (mean, var), p) in paths {
                for (lost, p1) in self.script.next(from).into_iter().flatten() {
                    let Some(pm) = self.missed(h, lost) else {
                        continue;
                    };
                    let (lm, lv) = self.moments(h, lost, false);
                    for (then, p2) in self.script.next(lost).into_iter().flatten() {
                        let p = p * p1 * pm * p2;
                        if p < 1e-6 || self.script.paint(then) != look {
                            continue;
                        }
                        let (m0, v0) = (mean + lm, var + lv + h.since_var);
                        let arrived = normal_below((d - m0) / v0.sqrt());
                        if self.script.is_terminal(then) {
                            total += p * arrived;
                            continue;
                        }
                        let (m, v) = self.moments(h, then, false);
                        let left = normal_below((d - m0 - m) / (v0 + v).sqrt());
                        total += p * (arrived - left).max(0.0);
                        longer.push((then, (m0 + m, v0 + v), p));
                    }
                }
            }
            paths = longer;
        }
        total
    }

    /// `h` through the unseen span `i`: any number of places may have passed.
    pub(super) fn hidden(&self, h: &Hypothesis, i: usize, out: &mut Vec<Hypothesis>) {
        let span = &self.signal.spans[i];
        out.push(h.clone());
        let until = span.end_s - h.since_s;
        let before = self.outlasts(h, span.start_s - h.since_s);
        let (mut mean, mut var) = self.moments(h, h.place, h.open);
        mean = mean.max(span.start_s - h.since_s);
        let mut paths = vec![(h.place, 1.0)];
        for _ in 0..MOST_HIDDEN {
            let mut further = Vec::new();
            let mut spread = (0.0, 0.0, 0.0);
            for (from, p) in paths {
                for (to, p1) in self.script.next(from).into_iter().flatten() {
                    let p = p * p1;
                    if p < 1e-4 || self.script.is_terminal(from) {
                        continue;
                    }
                    let arrived = normal_below((until - mean) / (var + h.since_var).sqrt());
                    let (m, v) = if self.script.is_terminal(to) {
                        (f64::INFINITY, 0.0)
                    } else {
                        self.moments(h, to, false)
                    };
                    let left = if m.is_finite() {
                        normal_below((until - mean - m) / (var + v + h.since_var).sqrt())
                    } else {
                        0.0
                    };
                    let p_here = p * (arrived - left).max(0.0) * before;
                    if p_here > 1e-9 {
                        let gap = span.end_s - span.start_s;
                        out.push(Hypothesis {
                            log: h.log + p_here.ln(),
                            place: to,
                            since_s: (h.since_s + mean).clamp(span.start_s, span.end_s),
                            since_var: (var + h.since_var).min(gap * gap / 12.0),
                            open: false,
                            glitch: false,
                            ..h.clone()
                        });
                    }
                    if m.is_finite() {
                        spread = (spread.0 + p * m, spread.1 + p * v, spread.2 + p);
                        further.push((to, p));
                    }
                }
            }
            if further.is_empty() || mean - 4.0 * var.sqrt() > until {
                break;
            }
            mean += spread.0 / spread.2;
            var += spread.1 / spread.2;
            paths = further;
        }
    }

    /// Probability that nothing of `place` shows; nothing for places that can't be missed.
    pub(super) fn missed(&self, h: &Hypothesis, place: Place) -> Option<f64> {
        let phase = self.script.phase(place)?;
        if self.script.is_terminal(place) {
            return None;
        }
        let chance = |d: f64| missed(d, self.signal.frame_s, self.noise);
        if let Some(d) = phase.known.and_then(|k| h.known[k].value()) {
            return Some(chance(d));
        }
        let Place::At { step, off, .. } = place else {
            return None;
        };
        // It is asked for at every boundary, and the same each time.
        let average = &self.missed[usize::from(step)][usize::from(off)];
        Some(*average.get_or_init(|| phase.range.average(chance)))
    }
}
