//! What was seen, as a pattern: flashes gathered into blinks, and groups that come again.

use super::pattern::{Blink, Gap, Hold, Pattern, Step};
use super::range::{OpenSeconds, Seconds, Times};
use crate::pulses::{ColorSet, Train};

/// Times that differ by no more than this share are the same time of a blink.
const SAME: f64 = 0.25;

/// A time of one look.
#[derive(Debug, Clone, Copy)]
struct Segment {
    light: ColorSet,
    length_s: f64,
    /// An end of it was not seen: it may have been longer.
    cut: bool,
}

/// Flashes that are one blink: `segments[..length]`, light and what is between in turns.
struct Run {
    length: usize,
    light: ColorSet,
    over: ColorSet,
    on_s: f64,
    off_s: f64,
    flashes: u32,
}

impl Pattern {
    /// The pattern of `train`, with its times in s as they were measured, from the first light on;
    /// `None` when it was never lit. Short of a clip's ends nothing is guessed: what is
    /// cut there reads "or longer".
    pub fn seen(train: &Train) -> Option<Self> {
        let same =
            |a: f64, b: f64| (a - b).abs() <= (SAME * a.max(b)).max(2.0 * train.frame_interval_s);
        let all = segments(train);
        let first = all.iter().position(|s| !s.light.is_dark())?;
        let all = &all[first..];
        if let [only] = all {
            return Some(pattern(vec![hold(*only, only.cut)], None));
        }
        let mut steps = Vec::new();
        let mut at = 0;
        while at < all.len() {
            let rest = &all[at..];
            if let Some(run) = run(rest, same) {
                at += run.length;
                let times = (at < all.len()).then_some(Times {
                    min: run.flashes,
                    max: Some(run.flashes),
                });
                steps.push(Step::Blink(Blink {
                    light: run.light,
                    over: run.over,
                    on_s: exactly(run.on_s),
                    gap: Gap::Off(exactly(run.off_s)),
                    times,
                }));
            } else {
                steps.push(hold(rest[0], rest[0].cut));
                at += 1;
            }
        }
        if let Some(group) = group(&steps, same) {
            return Some(pattern(group, Some(Times { min: 1, max: None })));
        }
        // A pattern ends dark.
        if steps.len() > 1 && is_dark(&steps[steps.len() - 1]) {
            steps.pop();
        }
        Some(pattern(steps, None))
    }
}

fn pattern(steps: Vec<Step>, repeat: Option<Times>) -> Pattern {
    Pattern {
        name: String::new(),
        weight: 1.0,
        steps,
        repeat,
        shown_by: Vec::new(),
        sources: Vec::new(),
    }
}

fn exactly(s: f64) -> Seconds {
    // Finer than 10 ms is noise at the frame rates of phones.
    let s = ((s * 100.0).round() / 100.0).max(0.01);
    Seconds { min: s, max: s }
}

fn hold(s: Segment, open: bool) -> Step {
    let Seconds { min, max } = exactly(s.length_s);
    Step::Hold(Hold {
        light: s.light,
        for_s: OpenSeconds {
            min,
            max: (!open).then_some(max),
        },
    })
}

fn is_dark(step: &Step) -> bool {
    matches!(step, Step::Hold(h) if h.light.is_dark())
}

/// The looks of a train. A time out of sight between two equal looks is bridged, between others it cuts both.
fn segments(train: &Train) -> Vec<Segment> {
    let mut out: Vec<Segment> = Vec::new();
    let mut unseen_s = 0.0;
    for span in &train.spans {
        let Some(light) = span.look.colors() else {
            unseen_s += span.duration_s();
            continue;
        };
        match out.last_mut() {
            Some(last) if last.light == light => last.length_s += unseen_s + span.duration_s(),
            last => {
                if let Some(last) = last {
                    last.cut |= unseen_s > 0.0;
                }
                out.push(Segment {
                    light,
                    length_s: span.duration_s(),
                    cut: unseen_s > 0.0,
                });
            }
        }
        unseen_s = 0.0;
    }
    if let Some(first) = out.first_mut() {
        first.cut = true;
    }
    if let Some(last) = out.last_mut() {
        last.cut = true;
    }
    out
}

/// The blink that `all` starts with, if it starts with one: the same two looks in turns, each of
/// the same length every time, lit at least twice.
fn run(all: &[Segment], same: impl Fn(f64, f64) -> bool) -> Option<Run> {
    let [a, b, ..] = all else { return None };
    // Of two lit looks the one that holds the other is the flash: green beside a steady blue.
    let b_is_flash = !b.light.is_dark() && b.light.union(a.light) == b.light;
    let (light, over) = if b_is_flash {
        (b.light, a.light)
    } else {
        (a.light, b.light)
    };
    let mut lengths: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let mut length = 0;
    for (i, s) in all.iter().enumerate() {
        let turn = &mut lengths[i % 2];
        let expected = if i % 2 == 0 { a.light } else { b.light };
        let typical = turn.iter().sum::<f64>() / turn.len() as f64;
        let fits = turn.is_empty() || same(s.length_s, typical) || s.cut && s.length_s < typical;
        if s.light != expected || !fits {
            break;
        }
        if !s.cut {
            turn.push(s.length_s);
        }
        length += 1;
    }
    // What follows the last flash belongs to the next step, unless the clip ends with it.
    let ends = length == all.len();
    let flash_turn = usize::from(b_is_flash);
    if !ends && (length - 1) % 2 != flash_turn {
        length -= 1;
    }
    let flashes = (flash_turn..length).step_by(2).count();
    let mean = |turn: usize| {
        let whole = &lengths[turn];
        let cut = || all[..length].iter().skip(turn).step_by(2);
        if whole.is_empty() {
            cut().map(|s| s.length_s).fold(0.0, f64::max)
        } else {
            whole.iter().sum::<f64>() / whole.len() as f64
        }
    };
    (flashes >= 2).then(|| Run {
        length,
        light,
        over,
        on_s: mean(flash_turn),
        off_s: mean(1 - flash_turn),
        flashes: flashes as u32,
    })
}

/// The steps that come again and again, if all of `steps` is made of them. The first and the last of all may be cut.
fn group(steps: &[Step], same: impl Fn(f64, f64) -> bool) -> Option<Vec<Step>> {
    let n = steps.len();
    (2..=n.div_ceil(2)).find_map(|size| {
        let alike = (0..n - size).all(|i| {
            // The last of all may be one flash and the dark that the clip ends in.
            let cut = i == 0 || i + size + 2 >= n;
            similar(&steps[i], &steps[i + size], cut, &same)
        });
        // One that the clip does not cut, where there is one.
        let whole = |k: usize| {
            let places = || (k..n).step_by(size);
            let inside = places().find(|&i| i > 0 && i + 2 < n);
            let ended = places().find(|&i| !steps[i].is_endless());
            inside.or(ended).or(places().next())
        };
        if !alike || n < 2 * size - 1 {
            return None;
        }
        let steps: Vec<Step> = (0..size).filter_map(|k| Some(steps[whole(k)?])).collect();
        let ends = matches!(steps.last(), Some(Step::Hold(h)) if h.for_s.max.is_some());
        ends.then_some(steps)
    })
}

/// Whether two steps are the same one of a group; with `cut` one of them may be a part.
fn similar(a: &Step, b: &Step, cut: bool, same: &impl Fn(f64, f64) -> bool) -> bool {
    match (a, b) {
        (Step::Hold(a), Step::Hold(b)) => {
            a.light == b.light && (cut || same(a.for_s.min, b.for_s.min))
        }
        (Step::Blink(a), Step::Blink(b)) => {
            (a.light, a.over) == (b.light, b.over)
                && same(a.on_s.min, b.on_s.min)
                && same(a.off_s().min, b.off_s().min)
                && (cut || a.times == b.times)
        }
        // Only one flash of a blink is in the clip.
        _ => cut && a.look() == b.look(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulses::{Color, Look, Span};

    const RED: ColorSet = ColorSet::of(Color::Red);
    const BLUE: ColorSet = ColorSet::of(Color::Blue);
    const OFF: ColorSet = ColorSet::NONE;

    fn seen(spans: &[(ColorSet, f64)]) -> String {
        let mut at = 0.0;
        let spans: Vec<Span> = spans
            .iter()
            .map(|&(light, length_s)| {
                let start_s = at;
                at += length_s;
                Span {
                    start_s,
                    end_s: at,
                    start_sd_s: 0.0,
                    end_sd_s: 0.0,
                    look: if light.is_dark() {
                        Look::Off
                    } else {
                        Look::lit(light)
                    },
                }
            })
            .collect();
        let train = Train {
            spans,
            duration_s: at,
            frame_interval_s: 1.0 / 30.0,
        };
        Pattern::seen(&train).map_or("never lit".to_owned(), |p| {
            let text = p.to_string();
            assert_eq!(text.parse::<Pattern>().as_ref(), Ok(&p), "{text}");
            text
        })
    }

    #[test]
    fn steady_and_dark() {
        assert_eq!(seen(&[(OFF, 5.0)]), "never lit");
        assert_eq!(seen(&[(RED, 5.0)]), "red 5s+");
        assert_eq!(seen(&[(OFF, 5.0), (RED, 1.0), (OFF, 4.0)]), "red 1s");
    }

    #[test]
    fn flashes_become_a_blink() {
        let (on, off) = ((RED, 0.21), (OFF, 0.19));
        assert_eq!(
            seen(&[
                (OFF, 1.0),
                on,
                off,
                on,
                off,
                on,
                off,
                on,
                off,
                on,
                (OFF, 3.0)
            ]),
            "red(0.21s on, 0.19s off) x5"
        );
        // Cut at both ends.
        assert_eq!(
            seen(&[(RED, 0.1), off, on, off, on, off, on, (OFF, 0.1)]),
            "red(0.21s on, 0.19s off)"
        );
    }

    #[test]
    fn groups_that_come_again_are_said_once() {
        let (on, off, pause) = ((RED, 0.2), (OFF, 0.2), (OFF, 2.0));
        let group = [on, off, on, off, on, pause];
        let lengths = [&[(OFF, 0.5)], &group[..], &group[..], &group[..5]].concat();
        assert_eq!(seen(&lengths), "red(0.2s on, 0.2s off) x3, off 2s");
        // Cut within the first and within the last group.
        let lengths = [&group[2..], &group[..], &group[..2]].concat();
        assert_eq!(seen(&lengths), "red(0.2s on, 0.2s off) x3, off 2s");
    }

    #[test]
    fn one_thing_after_another() {
        let (on, off) = ((RED, 0.2), (OFF, 0.2));
        assert_eq!(
            seen(&[
                (OFF, 1.0),
                (BLUE, 5.0),
                (OFF, 0.6),
                on,
                off,
                on,
                off,
                on,
                (OFF, 3.0)
            ]),
            "blue 5s, off 0.6s, red(0.2s on, 0.2s off) x3"
        );
    }

    #[test]
    fn one_colour_blinks_beside_another() {
        let both = BLUE.with(Color::Green);
        let turn = [(BLUE, 0.5), (both, 0.5)];
        assert_eq!(
            seen(&[&turn[..], &turn[..], &turn[..]].concat()),
            "green+blue(0.5s on, 0.5s blue)"
        );
    }
}
