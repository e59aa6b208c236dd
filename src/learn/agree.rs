//! What clips have in common, step by step.

use super::palette::{self, Palette};
use super::ranges;
use crate::devices::{
    Blink, Count, Gap, Hold, Length, OpenSeconds, Pattern, Seconds, Seen, SeenStep, Step, Times,
    typical,
};
use crate::pulses::ColorSet;

/// Times of one state on different devices differ by less than this factor; more is another pattern.
const SAME_FACTOR: f64 = 2.0;
/// Counts of flashes may differ by one ("5-6 flashes"), or by this share.
const SAME_COUNT: f64 = 0.25;
/// A light that stays on must be seen for so long in s to be known as such; longer gaps between flashes are rare.
const STEADY_S: f64 = 3.0;
/// Darkness that ends an event is told from a gap by this factor.
const DARK_GAPS: f64 = 3.0;

/// What a light of a clip did, and what its colours may be.
#[derive(Clone, Copy)]
pub struct Clip<'a> {
    pub seen: &'a Seen,
    pub palette: &'a Palette,
}

/// For each step of `a` in turn the step of `b` that is the same; `None` when they show different things.
/// Of one that repeats any step may be the first.
pub fn align(one: Clip, other: Clip) -> Option<Vec<(usize, usize)>> {
    let (a, b) = (one.seen, other.seen);
    let frame_s = a.frame_s.max(b.frame_s);
    let (n, m) = (a.steps.len(), b.steps.len());
    let pairs = |len: usize, turn_a: usize, turn_b: usize| -> Option<Vec<(usize, usize)>> {
        let pairs: Vec<_> = (0..len)
            .map(|i| ((i + turn_a) % n, (i + turn_b) % m))
            .collect();
        let fit = |&(i, j): &(usize, usize)| {
            let (a, b) = (&a.steps[i], &b.steps[j]);
            same_colors((one, a), (other, b)) && same_times(a, b, frame_s)
        };
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

fn same_colors((one, a): (Clip, &SeenStep), (other, b): (Clip, &SeenStep)) -> bool {
    let may_be = |a: ColorSet, b: ColorSet| one.palette.may_be(a, other.palette, b);
    let over = match (a.over, b.over) {
        (Some(a), Some(b)) => may_be(a, b),
        (a, b) => a == b,
    };
    over && may_be(a.light, b.light)
}

fn same_times(a: &SeenStep, b: &SeenStep, frame_s: f64) -> bool {
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
    near(&a.on, &b.on) && near(&a.off, &b.off) && counts(&a.flashes, &b.flashes)
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
pub fn gather(clips: &[Clip]) -> Gathered {
    // The one that shows most: all of it again and again, or up to the dark after it.
    let most = |c: &&Clip| (c.seen.repeats, c.seen.steps.len());
    let Some(base) = clips.iter().max_by_key(most) else {
        return Gathered {
            steps: Vec::new(),
            repeats: false,
        };
    };
    let aligned: Vec<Aligned> = clips
        .iter()
        .filter_map(|&c| Some((c, align(*base, c)?)))
        .collect();
    let step = |(i, of_base): (usize, &SeenStep)| {
        let same = same_steps(&aligned, i);
        let color = |look: &dyn Fn(&SeenStep) -> ColorSet| {
            let looks: Vec<_> = same.iter().map(|(c, s)| (c.palette, look(s))).collect();
            palette::likeliest(&looks)
        };
        Gather {
            light: color(&|s| s.light),
            over: of_base.over.map(|_| color(&|s| s.over.unwrap_or_default())),
            frame_s: same.iter().map(|(c, _)| c.seen.frame_s).collect(),
            on: same.iter().map(|(_, s)| s.on.clone()).collect(),
            off: same.iter().map(|(_, s)| s.off.clone()).collect(),
            flashes: same.iter().flat_map(|(_, s)| s.flashes.clone()).collect(),
        }
    };
    let mut steps: Vec<Gather> = base.seen.steps.iter().enumerate().map(step).collect();
    if base.seen.repeats {
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
        repeats: base.seen.repeats,
    }
}

/// A clip, with pairs of a step of the one compared with and its own.
type Aligned<'a> = (Clip<'a>, Vec<(usize, usize)>);

/// What each clip has in place of step `i`.
fn same_steps<'a>(aligned: &[Aligned<'a>], i: usize) -> Vec<(Clip<'a>, &'a SeenStep)> {
    let of_clip = |(c, pairs): &Aligned<'a>| {
        let &(_, j) = pairs.iter().find(|p| p.0 == i)?;
        Some((*c, &c.seen.steps[j]))
    };
    aligned.iter().filter_map(of_clip).collect()
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
