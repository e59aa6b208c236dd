//! Random true light schedules of a pattern: what a simulator renders and what tests match.

use super::State;
use super::pattern::{Blink, Gap, MIN_OFF_S, Pattern, Step};
use super::range::Seconds;
use crate::pulses::ColorSet;

/// A time during which the light truly does not change, in s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub start_s: f64,
    pub end_s: f64,
    /// All that is lit; dark when empty.
    pub light: ColorSet,
}

/// Where in the pattern the clip starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// So many seconds of dark before the first light.
    Lead(f64),
    /// Anywhere: a condition at a random phase, an event after 0.5 to 3 s of dark.
    Natural,
    /// At a random moment of the pattern's first 20 s, also in the middle of an event.
    Anywhere,
}

/// How to draw a schedule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    pub duration_s: f64,
    pub start: Start,
    /// Standard deviation of each duration around the one drawn for its step, relative to it.
    pub jitter: f64,
    pub seed: u64,
}

impl Schedule {
    /// A clip of `duration_s` that starts naturally, with timers that keep to 1 %.
    pub fn new(duration_s: f64, seed: u64) -> Self {
        Self {
            duration_s,
            start: Start::Natural,
            jitter: 0.01,
            seed,
        }
    }
}

/// Longest of a step without upper end, in s, unless it is the last: a recording of unknown length ends while one films.
const OPEN_HOLD_S: f64 = 8.0;
/// Most segments of a schedule, against patterns of 1 ms in clips of hours.
const MOST_SEGMENTS: usize = 1_000_000;

impl State {
    /// A schedule of one of the state's patterns, drawn by weight: contiguous segments from 0 to the duration, neighbours of different light.
    pub fn schedule(&self, how: &Schedule) -> Vec<Segment> {
        let mut rng = fastrand::Rng::with_seed(how.seed);
        let mut left = rng.f64() * self.patterns.iter().map(|p| p.weight).sum::<f64>();
        let chosen = self.patterns.iter().find(|p| {
            left -= p.weight;
            left <= 0.0
        });
        match chosen.or(self.patterns.last()) {
            Some(p) => p.draw(how, &mut rng),
            None => Vec::new(),
        }
    }
}

impl Pattern {
    /// A schedule of this pattern: contiguous segments from 0 to the duration, neighbours of different light.
    pub fn schedule(&self, how: &Schedule) -> Vec<Segment> {
        self.draw(how, &mut fastrand::Rng::with_seed(how.seed))
    }

    fn draw(&self, how: &Schedule, rng: &mut fastrand::Rng) -> Vec<Segment> {
        let lead_s = match how.start {
            Start::Lead(s) => s,
            Start::Natural if self.is_condition() => -rng.f64() * 20.0,
            Start::Natural => 0.5 + 2.5 * rng.f64(),
            Start::Anywhere => -rng.f64() * 20.0,
        };
        let mut out = Track {
            now_s: (-lead_s).min(0.0),
            from_s: -lead_s,
            length_s: how.duration_s,
            segments: Vec::new(),
        };
        out.push(lead_s.max(0.0), ColorSet::NONE);
        out.now_s = 0.0;
        let drawn: Vec<Drawn> = self
            .steps
            .iter()
            .enumerate()
            .map(|(i, step)| {
                Drawn::new(
                    step,
                    i + 1 == self.steps.len() && self.repeat.is_none(),
                    rng,
                )
            })
            .collect();
        let rounds = match self.repeat {
            None => 1,
            Some(t) => t.max.map_or(u32::MAX, |max| rng.u32(t.min..=max)),
        };
        let mut round = 0;
        while round < rounds && !out.done() {
            for (step, d) in self.steps.iter().zip(&drawn) {
                d.play(step, how.jitter, rng, &mut out);
            }
            round += 1;
        }
        out.push(f64::INFINITY, ColorSet::NONE);
        out.segments
    }
}

/// The durations drawn for one step, in s.
struct Drawn {
    on_s: f64,
    off_s: f64,
    times: u32,
}

impl Drawn {
    fn new(step: &Step, last: bool, rng: &mut fastrand::Rng) -> Self {
        match step {
            Step::Hold(h) => Self {
                on_s: match h.for_s.max {
                    Some(max) => log_uniform(h.for_s.min, max, rng),
                    None if last => f64::INFINITY,
                    None => log_uniform(h.for_s.min, OPEN_HOLD_S.max(2.0 * h.for_s.min), rng),
                },
                off_s: 0.0,
                times: 1,
            },
            Step::Blink(b) => {
                let (on_s, off_s) = blink(b, rng);
                Self {
                    on_s,
                    off_s,
                    times: match b.times {
                        None => u32::MAX,
                        Some(t) => rng.u32(t.min..=t.max.unwrap_or(2 * t.min + 4)),
                    },
                }
            }
        }
    }

    fn play(&self, step: &Step, jitter: f64, rng: &mut fastrand::Rng, out: &mut Track) {
        let mut around = |s: f64| (s * (1.0 + jitter * normal(rng))).max(0.5 * s);
        match step {
            Step::Hold(h) => out.push(around(self.on_s), h.light),
            Step::Blink(b) => {
                for i in 0..self.times {
                    if i > 0 {
                        out.push(around(self.off_s), b.over);
                    }
                    out.push(around(self.on_s), b.light);
                    if out.done() {
                        break;
                    }
                }
            }
        }
    }
}

/// On and off time of a blink in s.
fn blink(b: &Blink, rng: &mut fastrand::Rng) -> (f64, f64) {
    let draw = |s: Seconds, rng: &mut fastrand::Rng| log_uniform(s.min, s.max, rng);
    match b.gap {
        Gap::Off(off) => (draw(b.on_s, rng), draw(off, rng)),
        Gap::Period(period) => {
            let period_s = draw(
                Seconds {
                    min: period.min.max(b.on_s.min + MIN_OFF_S),
                    max: period.max,
                },
                rng,
            );
            let on_s = draw(
                Seconds {
                    min: b.on_s.min,
                    max: b.on_s.max.min(period_s - MIN_OFF_S),
                },
                rng,
            );
            (on_s, period_s - on_s)
        }
    }
}

/// Uniform on the logarithm; a least of 0 counts as 20 ms, below which a camera sees nothing.
fn log_uniform(min: f64, max: f64, rng: &mut fastrand::Rng) -> f64 {
    let min = min.max(0.02).min(max);
    min * (max / min).powf(rng.f64())
}

/// A standard normal number (Box and Muller).
fn normal(rng: &mut fastrand::Rng) -> f64 {
    (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (std::f64::consts::TAU * rng.f64()).cos()
}

/// Segments from a time of the pattern on, shifted so that the clip starts at 0.
struct Track {
    now_s: f64,
    from_s: f64,
    length_s: f64,
    segments: Vec<Segment>,
}

impl Track {
    fn done(&self) -> bool {
        self.now_s - self.from_s >= self.length_s || self.segments.len() >= MOST_SEGMENTS
    }

    fn push(&mut self, duration_s: f64, light: ColorSet) {
        let start_s = self.now_s.max(self.from_s) - self.from_s;
        let end_s = (self.now_s + duration_s - self.from_s).min(self.length_s);
        self.now_s += duration_s;
        if end_s <= start_s {
            return;
        }
        match self.segments.last_mut() {
            Some(last) if last.light == light => last.end_s = end_s,
            _ => self.segments.push(Segment {
                start_s,
                end_s,
                light,
            }),
        }
    }
}
