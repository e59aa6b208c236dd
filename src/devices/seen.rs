//! What was seen, as a pattern: flashes gathered into blinks, and groups that come again.

mod gather;

use gather::{group, hold, run, segments};

use super::pattern::{Blink, Gap, Hold, Pattern, Step};
use super::range::{OpenSeconds, Seconds, Times};
use crate::pulses::{ColorSet, Train};

/// Times that differ by no more than this share are the same time of a blink.
const SAME: f64 = 0.25;
/// The same in frames, as far as it is no more than this share: all four ends lie somewhere between two frames.
const SAME_FRAMES: f64 = 4.0;
const SAME_AT_MOST: f64 = 0.45;

/// What a train did from the first light on, step by step, with every length that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Of a train that ends dark the last one is that darkness, cut by the clip's end.
    pub steps: Vec<SeenStep>,
    /// The steps come again and again.
    pub repeats: bool,
    /// Median time between frames in s.
    pub frame_s: f64,
}

/// One step of [`Seen`]: a light that stays, or one that goes on and off.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenStep {
    /// What is lit; of a blink, in its flashes.
    pub light: ColorSet,
    /// Of a blink: what is lit between the flashes.
    pub over: Option<ColorSet>,
    /// How long each flash was, or the light that stays.
    pub on: Vec<Length>,
    /// How long each time between flashes was.
    pub off: Vec<Length>,
    /// How many flashes there were, each time.
    pub flashes: Vec<Count>,
}

/// How long one look lasted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Length {
    pub s: f64,
    /// Standard error in s.
    pub sd_s: f64,
    /// An end of it was not seen: it may have been longer.
    pub cut: bool,
}

/// How many flashes came one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub n: u32,
    /// The clip's start or end was among them: there may have been more.
    pub cut: bool,
}

impl Seen {
    /// What `train` did; `None` when it was never lit.
    pub fn of(train: &Train) -> Option<Self> {
        let frame_s = train.frame_interval_s;
        let same = |a: f64, b: f64| {
            let frames_s = (SAME_FRAMES * frame_s).min(SAME_AT_MOST * a.max(b));
            (a - b).abs() <= (SAME * a.max(b)).max(frames_s)
        };
        let all = segments(train);
        let first = all.iter().position(|s| !s.light.is_dark())?;
        let all = &all[first..];
        let mut steps = Vec::new();
        let mut at = 0;
        while at < all.len() {
            let rest = &all[at..];
            let (step, length) = run(rest, same).unwrap_or_else(|| (hold(rest[0]), 1));
            steps.push(step);
            at += length;
        }
        let group = group(&steps, same);
        Some(Self {
            repeats: group.is_some(),
            steps: group.unwrap_or(steps),
            frame_s,
        })
    }

    /// The pattern, with its times in s as they were measured. Short of a clip's ends nothing is
    /// guessed: what is cut there reads "or longer".
    pub fn pattern(&self) -> Pattern {
        let last = self.steps.len() - 1;
        let mut steps: Vec<Step> = self
            .steps
            .iter()
            .enumerate()
            .map(|(i, step)| step.exactly(i == last && !self.repeats))
            .collect();
        // A pattern ends dark.
        if !self.repeats && steps.len() > 1 && self.steps[last].is_darkness() {
            steps.pop();
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

impl Pattern {
    /// The pattern of `train` as [`Seen::pattern`] has it; `None` when it was never lit.
    pub fn seen(train: &Train) -> Option<Self> {
        Some(Seen::of(train)?.pattern())
    }
}

impl SeenStep {
    pub fn is_darkness(&self) -> bool {
        self.over.is_none() && self.light.is_dark()
    }

    fn exactly(&self, last: bool) -> Step {
        let on = typical(&self.on);
        let Some(over) = self.over else {
            let Seconds { min, max } = exactly(on.s);
            return Step::Hold(Hold {
                light: self.light,
                for_s: OpenSeconds {
                    min,
                    max: (!on.cut).then_some(max),
                },
            });
        };
        let times = (!last).then(|| {
            let n = self.flashes.iter().map(|c| c.n);
            Times {
                min: n.clone().min().unwrap_or(1),
                max: n.max(),
            }
        });
        Step::Blink(Blink {
            light: self.light,
            over,
            on_s: exactly(on.s),
            gap: Gap::Off(exactly(typical(&self.off).s)),
            times,
        })
    }
}

/// The mean of those that are whole; of none the longest.
pub fn typical(lengths: &[Length]) -> Length {
    let whole: Vec<f64> = lengths.iter().filter(|l| !l.cut).map(|l| l.s).collect();
    match whole.len() {
        0 => Length {
            s: lengths.iter().map(|l| l.s).fold(0.0, f64::max),
            sd_s: 0.0,
            cut: true,
        },
        n => Length {
            s: whole.iter().sum::<f64>() / n as f64,
            sd_s: 0.0,
            cut: false,
        },
    }
}

fn exactly(s: f64) -> Seconds {
    // Finer than 10 ms is noise at the frame rates of phones.
    let s = ((s * 100.0).round() / 100.0).max(0.01);
    Seconds { min: s, max: s }
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
    fn the_last_flash_of_a_group_is_not_the_first_of_the_next() {
        let (on, off, pause) = ((RED, 0.2), (OFF, 0.2), (OFF, 1.4));
        let group = [on, off, on, off, on, pause];
        // The clip starts with one flash of a group, or two.
        for left in [1, 3] {
            let lengths = [&group[5 - left..], &group[..], &group[..], &group[..2]].concat();
            assert_eq!(seen(&lengths), "red(0.2s on, 0.2s off) x3, off 1.4s");
        }
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
