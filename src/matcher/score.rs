//! The likelihood of a train under a script: what the light truly did is summed over, by a
//! beam of hypotheses that walk the train's spans and the script side by side.
//!
//! A hypothesis says at which place of the script the light is, since when, and what durations
//! this device keeps to. At each boundary of two spans it either goes on to the next place, whose
//! probability is the density of the duration that ended; or skips places that were too short to be
//! seen; or stays, when the span to come is none of the device's (a glitch). Unseen spans may hide
//! any number of places. Both ends of the clip cut: a first span is the rest of a duration, a last
//! one its beginning.

use crate::pulses::{ColorSet, Look, Train};

use super::color;
use super::duration::{Known, missed, normal_below};
use super::params::{Noise, Priors};
use super::script::{MOST_KNOWN, MOST_PAINTS, Paint, Place, Script};

/// Hypotheses kept at each boundary.
const BEAM: usize = 24;
/// Log likelihood below the best at which a hypothesis is dropped, in nats.
const PRUNE: f64 = 14.0;
/// Most places skipped unseen at one boundary: as many as that each is likely to be missed, two in any case.
const MOST_SKIPPED: usize = 8;
const ANY_SKIPPED: usize = 2;
const LIKELY: f64 = 0.02;
/// Most places that one unseen span may hide.
const MOST_HIDDEN: usize = 10;
/// Spans that may be none of the device's: so many, or one in so many. With more the script explains nothing.
const FEW_GLITCHES: usize = 2;
const GLITCHED_SHARE: usize = 6;
/// Spans scored, the last ones of longer trains: what the light does now is asked for.
const MOST_SPANS: usize = 240;

/// A train prepared for scoring. Times in s.
pub struct Signal<'a> {
    spans: Vec<Seen<'a>>,
    frame_s: f64,
}

struct Seen<'a> {
    start_s: f64,
    end_s: f64,
    /// Variance of the end's time.
    end_var: f64,
    look: &'a Look,
}

impl<'a> Signal<'a> {
    pub fn new(train: &'a Train, noise: &Noise) -> Self {
        let spans = &train.spans;
        let seen = |s: &&crate::pulses::Span| s.look != Look::Unseen;
        // What was not seen at the ends says nothing: the clip is that much shorter.
        let first = spans.iter().position(|s| seen(&s)).unwrap_or(spans.len());
        let last = spans
            .iter()
            .rposition(|s| seen(&s))
            .map_or(first, |i| i + 1);
        let first = first.max(last.saturating_sub(MOST_SPANS));
        let frame_s = train.frame_interval_s.max(1e-4);
        let floor = (noise.edge_frames * frame_s).powi(2);
        let spans = (first..last)
            .map(|i| {
                let next_sd = spans.get(i + 1).map_or(0.0, |n| n.start_sd_s);
                Seen {
                    start_s: spans[i].start_s,
                    end_s: spans[i].end_s,
                    end_var: spans[i].end_sd_s.max(next_sd).powi(2) + floor,
                    look: &spans[i].look,
                }
            })
            .collect();
        Self { spans, frame_s }
    }

    /// Nothing was ever seen.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }
}

/// How well a script explains a train.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Log likelihood; densities are per s.
    pub log_likelihood: f64,
    /// Where the best hypothesis ends.
    pub place: Place,
    /// For how long it has been there at the end, in s.
    pub there_s: f64,
    /// The durations in s that it learned, by [`super::script::Phase::known`].
    pub learned: [Option<f64>; MOST_KNOWN],
}

#[derive(Clone)]
struct Hypothesis {
    log: f64,
    place: Place,
    since_s: f64,
    since_var: f64,
    /// It was there before the clip.
    open: bool,
    /// The next span is none of the device's.
    glitch: bool,
    /// Spans so far that are none of the device's.
    glitches: u16,
    /// Light was seen that is this script's.
    shown: bool,
    /// One bit a step whose period was checked.
    checked: u16,
    known: [Known; MOST_KNOWN],
    /// What each paint was read as, 0 before it was seen.
    read_as: [u8; MOST_PAINTS],
}

/// The log likelihood of `signal` under `script`; `None` when the script can't make it.
pub fn fit(signal: &Signal, script: &Script, noise: &Noise, priors: &Priors) -> Option<Fit> {
    let first = signal.spans.first()?;
    let walk = Walk {
        signal,
        script,
        noise,
        priors,
    };
    let mut beam: Vec<Hypothesis> = script
        .starts()
        .into_iter()
        .filter(|s| s.1 > 0.0)
        .map(|(place, p)| Hypothesis {
            log: p.ln(),
            place,
            since_s: first.start_s,
            since_var: 0.0,
            open: true,
            glitch: false,
            glitches: 0,
            shown: false,
            checked: 0,
            known: [Known::NOTHING; MOST_KNOWN],
            read_as: [0; MOST_PAINTS],
        })
        .collect();
    let mut next: Vec<Hypothesis> = Vec::new();
    for i in 0..signal.spans.len() {
        next.clear();
        for h in &beam {
            walk.span(h, i, &mut next);
        }
        if i + 1 < signal.spans.len() {
            beam.clear();
            for h in &next {
                walk.boundary(h, i, &mut beam);
            }
        } else {
            std::mem::swap(&mut beam, &mut next);
        }
        prune(&mut beam);
        if beam.is_empty() {
            return None;
        }
    }
    // What never showed is not there: a script that waits for its start explains nothing.
    let lit = signal.spans.iter().any(|s| s.look.is_lit());
    beam.retain(|h| h.shown || !lit);
    for h in &mut beam {
        h.log += walk.rest(h).max(1e-300).ln();
    }
    let best = beam.iter().max_by(|a, b| a.log.total_cmp(&b.log))?;
    let sum: f64 = beam.iter().map(|h| (h.log - best.log).exp()).sum();
    let end_s = signal.spans.last()?.end_s;
    let log_likelihood = best.log + sum.ln();
    log_likelihood.is_finite().then(|| Fit {
        log_likelihood,
        place: best.place,
        there_s: end_s - best.since_s,
        learned: best.known.map(Known::value),
    })
}

/// Keeps the likeliest; of several at the same place since the same time, one with their sum.
fn prune(beam: &mut Vec<Hypothesis>) {
    beam.sort_by(|a, b| b.log.total_cmp(&a.log));
    let Some(best) = beam.first().map(|h| h.log) else {
        return;
    };
    if !best.is_finite() {
        beam.clear();
        return;
    }
    let mut kept: usize = 0;
    for i in 0..beam.len() {
        if beam[i].log < best - PRUNE {
            break;
        }
        let twin = (0..kept).find(|&k| {
            let (a, b) = (&beam[k], &beam[i]);
            a.place == b.place
                && a.glitch == b.glitch
                && a.open == b.open
                && a.shown == b.shown
                && (a.since_s - b.since_s).abs() < 1e-6
        });
        match twin {
            Some(k) => beam[k].log += (beam[i].log - beam[k].log).exp().ln_1p(),
            None if kept < BEAM => {
                beam.swap(kept, i);
                kept += 1;
            }
            None => {}
        }
    }
    beam.truncate(kept);
}

struct Walk<'a> {
    signal: &'a Signal<'a>,
    script: &'a Script,
    noise: &'a Noise,
    priors: &'a Priors,
}

impl Walk<'_> {
    /// `h` through span `i`.
    fn span(&self, h: &Hypothesis, i: usize, out: &mut Vec<Hypothesis>) {
        let span = &self.signal.spans[i];
        if *span.look == Look::Unseen {
            self.hidden(h, i, out);
            return;
        }
        if !h.glitch
            && let Some((p, read)) = self.looks_right(h, span.look)
        {
            let mut fits = h.clone();
            fits.log += p.ln();
            fits.read_as[self.script.paint(h.place)] = read;
            fits.shown |= span.look.is_lit() && self.script.shows(h.place);
            out.push(fits);
        }
        let most = FEW_GLITCHES.max(self.signal.spans.len() / GLITCHED_SHARE);
        if usize::from(h.glitches) < most && self.may_be_glitch(h, span.look) {
            let mut g = h.clone();
            g.log += self.glitch_log(span);
            g.glitch = true;
            g.glitches += 1;
            out.push(g);
        }
    }

    /// Probability of this look at the place of `h`, and as what its colour is read.
    fn looks_right(&self, h: &Hypothesis, look: &Look) -> Option<(f64, u8)> {
        let at = self.script.paint(h.place);
        let paint = self.script.paints[at];
        match (paint, look) {
            (Paint::Fresh, _) => Some((1.0 / 9.0, 0)),
            (Paint::Dark, Look::Off) => Some((1.0, 0)),
            (Paint::Lit(_) | Paint::Any, Look::Lit(beliefs)) => {
                let first = match paint {
                    Paint::Lit(set) => color::likelihood(set, beliefs),
                    _ => color::likelihood_of_any(beliefs),
                };
                let before = h.read_as[at];
                if before == 0 {
                    return Some((first.0.max(1e-6), first.1.bits()));
                }
                let same = color::belief(beliefs, ColorSet::from_bits(before));
                let slip = self.noise.color_slip;
                Some((((1.0 - slip) * same + slip * first.0).max(1e-6), before))
            }
            _ => None,
        }
    }

    /// Whether `look` would differ from what is truly lit.
    fn may_be_glitch(&self, h: &Hypothesis, look: &Look) -> bool {
        match (self.script.paints[self.script.paint(h.place)], look) {
            (Paint::Fresh, _) | (Paint::Dark, Look::Off) => false,
            (Paint::Lit(_) | Paint::Any, Look::Lit(_)) => {
                h.read_as[self.script.paint(h.place)] != 0 || !h.open
            }
            _ => true,
        }
    }

    /// A span that the device did not make: its rate, and the density of its duration.
    fn glitch_log(&self, span: &Seen) -> f64 {
        let n = self.noise;
        let d = span.end_s - span.start_s;
        let short = n.glitch_frames * self.signal.frame_s;
        let density = (1.0 - n.glitch_long) * (-d / short).exp() / short
            + n.glitch_long * (-d / n.glitch_long_s).exp() / n.glitch_long_s;
        let look = if span.look.is_lit() { color::ANY } else { 1.0 };
        (n.glitch_rate * density * look).max(1e-300).ln()
    }

    /// `h` over the boundary at the end of span `i`.
    fn boundary(&self, h: &Hypothesis, i: usize, out: &mut Vec<Hypothesis>) {
        let spans = &self.signal.spans;
        if *spans[i].look == Look::Unseen {
            // What it hid was dealt with there.
            out.push(h.clone());
            return;
        }
        if *spans[i + 1].look == Look::Unseen {
            out.push(Hypothesis {
                glitch: false,
                ..h.clone()
            });
            return;
        }
        // Stay: back from a glitch, or into one.
        if h.glitch {
            out.push(Hypothesis {
                glitch: false,
                ..h.clone()
            });
            out.push(h.clone());
        } else {
            out.push(Hypothesis {
                glitch: true,
                ..h.clone()
            });
        }
        let ends = Ended {
            at_s: spans[i].end_s,
            var: spans[i].end_var,
        };
        self.go_on(h, &ends, out);
    }

    /// `h` to the places that may follow at `ends`, some of them unseen.
    fn go_on(&self, h: &Hypothesis, ends: &Ended, out: &mut Vec<Hypothesis>) {
        let d = ends.at_s - h.since_s;
        let var = ends.var + h.since_var;
        let single = self.density(h, d, var);
        for (place, p) in self.script.next(h.place).into_iter().flatten() {
            if single > 0.0 {
                self.arrive(h, place, (p * single).ln(), ends, Some((d, var)), out);
            }
        }
        if self.script.phase(h.place).is_some() || h.place == Place::Before {
            let sum = self.moments(h, h.place, h.open);
            self.skip(h, h.place, sum, 1.0, 0, ends, out);
        }
    }

    /// Goes on from `from`, that lasted about `sum` (mean, variance), over places that were too short to be seen.
    #[expect(clippy::too_many_arguments, reason = "a recursion over one path")]
    fn skip(
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

    /// Adds `h` at `place` from `ends` on; `lasted` is what was measured of the place before.
    fn arrive(
        &self,
        h: &Hypothesis,
        place: Place,
        log: f64,
        ends: &Ended,
        lasted: Option<(f64, f64)>,
        out: &mut Vec<Hypothesis>,
    ) {
        let mut to = Hypothesis {
            log: h.log + log,
            place,
            since_s: ends.at_s,
            since_var: ends.var,
            open: false,
            glitch: false,
            ..h.clone()
        };
        if let Some((d, var)) = lasted
            && let Some(k) = self.script.phase(h.place).and_then(|p| p.known)
        {
            if h.open {
                to.known[k].learn_least(d);
            } else {
                to.known[k].learn(d, var, self.noise);
                self.check_period(&mut to, h.place);
            }
        }
        out.push(to);
    }

    /// Once both durations of a blink are known, its period must be within its range.
    fn check_period(&self, h: &mut Hypothesis, at: Place) {
        let (Place::At { step, .. }, Some(s)) = (at, self.script.step(at)) else {
            return;
        };
        let Some((min, max, share)) = s.period else {
            return;
        };
        let value = |k: Option<usize>| k.and_then(|k| h.known[k].value());
        let (Some(on), Some(off)) = (value(s.on.known), value(s.off.and_then(|o| o.known))) else {
            return;
        };
        let bit = 1 << step;
        if h.checked & bit != 0 {
            return;
        }
        h.checked |= bit;
        let soft = self.noise.range_edge;
        let period = on + off;
        let inside = normal_below((max - period) / (soft * max))
            - normal_below((min - period) / (soft * min));
        h.log += (inside / share).max(1e-12).ln();
    }

    /// Density of `h`'s place ending after `d`.
    fn density(&self, h: &Hypothesis, d: f64, var: f64) -> f64 {
        let Some(phase) = self.script.phase(h.place) else {
            return match h.place {
                Place::Before => self.lead_density(d),
                _ => 0.0,
            };
        };
        if self.script.is_terminal(h.place) {
            if self.script.paints[phase.paint] == Paint::Dark {
                return 0.0;
            }
            // A lasting light that goes out while one films.
            let long_enough = if h.open {
                1.0
            } else {
                1.0 - phase.range.outlasts(d).min(1.0 - 1e-3)
            };
            return self.script.condition_ends * long_enough.max(1e-3);
        }
        if h.open {
            return phase.range.rest_density(d);
        }
        match phase.known {
            Some(k) => h.known[k].density(phase.range, d, var, self.noise),
            None => phase.range.density(d, var, self.noise),
        }
    }

    /// Probability of what `h` says of the time after the last boundary.
    fn rest(&self, h: &Hypothesis) -> f64 {
        let Some(end) = self.signal.spans.last() else {
            return 1.0;
        };
        let d = end.end_s - h.since_s;
        self.outlasts(h, d) + self.rest_skipping(h, d)
    }

    /// Probability that the place of `h` lasts beyond `d`.
    fn outlasts(&self, h: &Hypothesis, d: f64) -> f64 {
        if self.script.is_terminal(h.place) {
            return 1.0;
        }
        let Some(phase) = self.script.phase(h.place) else {
            return self.lead_outlasts(d);
        };
        if h.open {
            return phase.range.rest_outlasts(d);
        }
        match phase.known {
            Some(k) => h.known[k].outlasts(phase.range, d, h.since_var, self.noise),
            None => phase.range.outlasts(d),
        }
    }

    /// Probability that since `h` arrived one or two places passed unseen, and the next look is the same.
    fn rest_skipping(&self, h: &Hypothesis, d: f64) -> f64 {
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
    fn hidden(&self, h: &Hypothesis, i: usize, out: &mut Vec<Hypothesis>) {
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

    /// Mean and variance of the time at `place`; of the rest of it when it was there before the clip.
    fn moments(&self, h: &Hypothesis, place: Place, open: bool) -> (f64, f64) {
        let Some(phase) = self.script.phase(place) else {
            return match place {
                Place::Before => (self.priors.lead_s, self.priors.lead_s.powi(2)),
                _ => (f64::MAX.sqrt(), 1.0),
            };
        };
        let (mean, var) = match phase.known {
            Some(k) => h.known[k].moments(phase.range, self.noise),
            None => (phase.range.mean(), phase.range.var()),
        };
        if open {
            (0.5 * mean, var + mean * mean / 12.0)
        } else {
            (mean, var)
        }
    }

    /// Probability that nothing of `place` shows; nothing for places that can't be missed.
    fn missed(&self, h: &Hypothesis, place: Place) -> Option<f64> {
        let phase = self.script.phase(place)?;
        if self.script.is_terminal(place) {
            return None;
        }
        let known = phase.known.and_then(|k| h.known[k].value());
        let chance = |d: f64| missed(d, self.signal.frame_s, self.noise);
        Some(known.map_or_else(|| phase.range.average(chance), chance))
    }

    /// The time from the start of filming to the first light: short, or long when one waits for it.
    fn lead_density(&self, d: f64) -> f64 {
        let p = self.priors;
        (1.0 - p.long_lead) * (-d / p.lead_s).exp() / p.lead_s
            + p.long_lead * (-d / p.long_lead_s).exp() / p.long_lead_s
    }

    fn lead_outlasts(&self, d: f64) -> f64 {
        let p = self.priors;
        (1.0 - p.long_lead) * (-d / p.lead_s).exp() + p.long_lead * (-d / p.long_lead_s).exp()
    }
}

/// The time at which a place ended, with its variance.
struct Ended {
    at_s: f64,
    var: f64,
}

fn gauss(x: f64, var: f64) -> f64 {
    (-0.5 * x * x / var).exp() / (std::f64::consts::TAU * var).sqrt()
}
