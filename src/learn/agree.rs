//! Which light of each clip it is, and what they have in common.

use super::ranges;
use super::{LearnError, Shown};
use crate::devices::{
    Blink, Count, Gap, Hold, Length, OpenSeconds, Pattern, Seconds, Seen, SeenStep, Step, Times,
    typical,
};
use crate::observe::Observation;
use crate::pulses::ColorSet;

/// Times of one state on different devices differ by less than this factor; more is another pattern.
const SAME_FACTOR: f64 = 2.0;
/// Counts of flashes may differ by one ("5-6 flashes"), or by this share.
const SAME_COUNT: f64 = 0.25;
/// Cost, in log probability, of a clip in which a light is not found: as much as looking like no light at all.
const MISSING: f64 = -5.0;
/// Cost of a light that never changes: who films a status light has others that are simply on beside it.
const STEADY: f64 = -1.0;
/// A light that stays on must be seen for so long in s to be known as such; longer gaps between flashes are rare.
const STEADY_S: f64 = 3.0;
/// Darkness that ends an event is told from a gap by this factor.
const DARK_GAPS: f64 = 3.0;

/// A light that may be the one.
struct Lamp {
    light: usize,
    seen: Seen,
    weight: f64,
}

/// Picks the light of each clip: those that do the same in most clips and look most like lights.
pub fn choose(clips: &[&Observation]) -> Result<Vec<Shown>, LearnError> {
    let lamps: Vec<Vec<Lamp>> = clips.iter().map(|c| lamps(c)).collect();
    let best_like = |seed: &Seen, clip: &[Lamp]| -> Option<(usize, f64)> {
        clip.iter()
            .enumerate()
            .filter(|(_, l)| align(seed, &l.seen).is_some())
            .map(|(i, l)| (i, l.weight))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let score = |seed: &Seen| -> f64 {
        let of_clip = |clip: &Vec<Lamp>| best_like(seed, clip).map_or(MISSING, |(_, w)| w);
        lamps.iter().map(of_clip).sum()
    };
    let seed = lamps
        .iter()
        .flatten()
        .max_by(|a, b| score(&a.seen).total_cmp(&score(&b.seen)))
        .ok_or(LearnError::NoLight)?;
    let surest = |clip: &[Lamp]| {
        let best = clip.iter().max_by(|a, b| a.weight.total_cmp(&b.weight));
        best.map(|l| l.seen.clone())
    };
    let shown: Vec<Shown> = lamps
        .iter()
        .map(|clip| match best_like(&seed.seen, clip) {
            Some((i, _)) => Shown {
                light: Some(clip[i].light),
                seen: Some(clip[i].seen.clone()),
            },
            None => Shown {
                light: None,
                seen: surest(clip),
            },
        })
        .collect();
    let agreed = shown.iter().filter(|s| s.light.is_some()).count();
    // Of two clips both; of many a few may have been misread.
    if 2 * agreed >= clips.len() && (agreed > 1 || clips.len() == 1) {
        return Ok(shown);
    }
    let named = clips.iter().zip(&lamps);
    Err(LearnError::Disagree(
        named
            .map(|(c, l)| (c.name.clone(), surest(l).map(|s| s.pattern())))
            .collect(),
    ))
}

fn lamps(clip: &Observation) -> Vec<Lamp> {
    /// Below this a probability from looks says no more.
    const LEAST: f64 = 0.01;
    let lamp = |(i, light): (usize, &crate::observe::Light)| {
        let seen = Seen::of(&light.train)?;
        let steady = matches!(&seen.steps[..], [only] if only.over.is_none());
        Some(Lamp {
            light: i,
            weight: light.emission.max(LEAST).ln() + if steady { STEADY } else { 0.0 },
            seen,
        })
    };
    clip.lights.iter().enumerate().filter_map(lamp).collect()
}

/// For each step of `a` in turn the step of `b` that is the same; `None` when they show different things.
/// Of one that repeats any step may be the first.
fn align(a: &Seen, b: &Seen) -> Option<Vec<(usize, usize)>> {
    let frame_s = a.frame_s.max(b.frame_s);
    let (n, m) = (a.steps.len(), b.steps.len());
    let pairs = |len: usize, turn_a: usize, turn_b: usize| -> Option<Vec<(usize, usize)>> {
        let pairs: Vec<_> = (0..len)
            .map(|i| ((i + turn_a) % n, (i + turn_b) % m))
            .collect();
        let fit = |&(i, j): &(usize, usize)| same_step(&a.steps[i], &b.steps[j], frame_s);
        pairs.iter().all(fit).then_some(pairs)
    };
    match (a.repeats, b.repeats) {
        (true, true) if n == m => (0..m).find_map(|turn| pairs(n, 0, turn)),
        // One time of what comes again, to the dark after it or without.
        (true, false) if m == n || m + 1 == n => (0..n).find_map(|turn| pairs(m, turn, 0)),
        (false, true) if n == m || n + 1 == m => (0..m).find_map(|turn| pairs(n, 0, turn)),
        (false, false) => {
            let lit = |s: &Seen| {
                let dark = s.steps.len() > 1 && s.steps[s.steps.len() - 1].is_darkness();
                s.steps.len() - usize::from(dark)
            };
            (lit(a) == lit(b)).then(|| pairs(n.min(m), 0, 0)).flatten()
        }
        _ => None,
    }
}

fn same_step(a: &SeenStep, b: &SeenStep, frame_s: f64) -> bool {
    let near = |a: &[Length], b: &[Length]| {
        let (a, b) = (typical(a), typical(b));
        let slack = 2.0 * frame_s;
        // What is cut may have been any longer, so it bounds nothing.
        (b.cut || a.s <= SAME_FACTOR * b.s + slack) && (a.cut || b.s <= SAME_FACTOR * a.s + slack)
    };
    let counts = |a: &[Count], b: &[Count]| {
        let whole = |c: &[Count]| c.iter().filter(|c| !c.cut).map(|c| c.n).max();
        match (whole(a), whole(b)) {
            (Some(n), Some(m)) => {
                f64::from(n.abs_diff(m)) <= (SAME_COUNT * f64::from(n.max(m))).max(1.0)
            }
            _ => true,
        }
    };
    a.light == b.light
        && a.over == b.over
        && near(&a.on, &b.on)
        && near(&a.off, &b.off)
        && counts(&a.flashes, &b.flashes)
}

/// What several clips show, step by step.
pub struct Gathered {
    steps: Vec<Gather>,
    repeats: bool,
}

/// One step, with the lengths that each clip showed.
struct Gather {
    light: ColorSet,
    over: Option<ColorSet>,
    on: Vec<Vec<Length>>,
    off: Vec<Vec<Length>>,
    flashes: Vec<Count>,
    /// Time between frames of each clip in s.
    frame_s: Vec<f64>,
}

/// Puts together what agrees with one another.
pub fn gather(clips: &[&Seen]) -> Gathered {
    // The one that shows most: all of it again and again, or up to the dark after it.
    let base = clips.iter().max_by_key(|s| (s.repeats, s.steps.len()));
    let Some(base) = base else {
        return Gathered {
            steps: Vec::new(),
            repeats: false,
        };
    };
    let mut steps: Vec<Gather> = base
        .steps
        .iter()
        .map(|s| Gather {
            light: s.light,
            over: s.over,
            on: Vec::new(),
            off: Vec::new(),
            flashes: Vec::new(),
            frame_s: Vec::new(),
        })
        .collect();
    for clip in clips {
        for (i, j) in align(base, clip).into_iter().flatten() {
            let (to, from) = (&mut steps[i], &clip.steps[j]);
            to.on.push(from.on.clone());
            to.off.push(from.off.clone());
            to.flashes.extend(&from.flashes);
            to.frame_s.push(clip.frame_s);
        }
    }
    if base.repeats {
        // The longest darkness separates one time from the next.
        let longest = (0..steps.len())
            .filter(|&i| steps[i].over.is_none() && steps[i].light.is_dark())
            .max_by(|&a, &b| steps[a].longest_s().total_cmp(&steps[b].longest_s()));
        // Where there is none, any step may be the first; always the same is easier to read.
        let first = match longest {
            Some(i) => (i + 1) % steps.len(),
            None => (0..steps.len())
                .min_by_key(|&i| steps[i].light)
                .unwrap_or(0),
        };
        steps.rotate_left(first);
    }
    Gathered {
        steps,
        repeats: base.repeats,
    }
}

impl Gather {
    fn longest_s(&self) -> f64 {
        let all = self.on.iter().map(|l| typical(l).s);
        all.fold(0.0, f64::max)
    }

    fn step(&self, endless: bool) -> Step {
        let range = |lengths: &[Vec<Length>]| ranges::range(lengths, &self.frame_s);
        let Some(over) = self.over else {
            let for_s = match range(&self.on) {
                Some(Seconds { min, max }) => OpenSeconds {
                    min,
                    max: Some(max),
                },
                None => self.open(STEADY_S),
            };
            return Step::Hold(Hold {
                light: self.light,
                for_s,
            });
        };
        // A run of two flashes that the clip cuts on both sides has no length of which both ends were seen.
        let or_seen = |lengths: &[Vec<Length>]| {
            range(lengths).unwrap_or_else(|| {
                let longest = lengths.iter().map(|l| typical(l).s).fold(0.01, f64::max);
                Seconds {
                    min: longest,
                    max: SAME_FACTOR * longest,
                }
            })
        };
        Step::Blink(Blink {
            light: self.light,
            over,
            on_s: or_seen(&self.on),
            gap: Gap::Off(or_seen(&self.off)),
            times: (!endless).then(|| self.times()),
        })
    }

    fn times(&self) -> Times {
        let whole = || self.flashes.iter().filter(|c| !c.cut).map(|c| c.n);
        let most = self.flashes.iter().map(|c| c.n).max().unwrap_or(1);
        Times {
            min: whole().min().unwrap_or(most),
            max: whole().max().map(|max| max.max(most)),
        }
    }

    /// At least so long, `least_s` at most: what was seen is only a part.
    fn open(&self, least_s: f64) -> OpenSeconds {
        let shortest = self.on.iter().map(|l| typical(l).s);
        OpenSeconds {
            min: ranges::down(shortest.fold(least_s, f64::min)),
            max: None,
        }
    }
}

impl Gathered {
    /// The pattern, with ranges.
    pub fn pattern(&self) -> Pattern {
        let last = self.steps.len().saturating_sub(1);
        let mut steps: Vec<Step> = Vec::new();
        for (i, gather) in self.steps.iter().enumerate() {
            let ends_dark = !self.repeats && i == last && i > 0 && gather.light.is_dark();
            if ends_dark && gather.over.is_none() {
                // Longer than any gap before it, so that a gap is not taken for the end.
                let gaps = steps.iter().map(|s| match s {
                    Step::Blink(b) => b.off_s().max,
                    Step::Hold(h) if h.light.is_dark() => h.for_s.max.unwrap_or(0.0),
                    Step::Hold(_) => 0.0,
                });
                let gap = gaps.fold(0.0, f64::max);
                let least_s = if gap > 0.0 { DARK_GAPS * gap } else { STEADY_S };
                steps.push(Step::Hold(Hold {
                    light: ColorSet::NONE,
                    for_s: gather.open(least_s),
                }));
            } else {
                steps.push(gather.step(!self.repeats && i == last));
            }
        }
        Pattern {
            name: String::new(),
            weight: 1.0,
            steps,
            repeat: self.repeats.then_some(Times { min: 1, max: None }),
            shown_by: Vec::new(),
            sources: Vec::new(),
        }
    }
}
