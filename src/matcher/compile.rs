//! From a pattern of a device file to a script.

use crate::devices::{Gap, Pattern, Step};
use crate::pulses::ColorSet;

use super::duration::Range;
use super::params::Priors;
use super::script::{CompiledStep, MOST_KNOWN, MOST_PAINTS, Paint, Phase, Script};

impl Script {
    pub fn compile(pattern: &Pattern, priors: &Priors) -> Self {
        let mut b = Builder::default();
        let rounds = pattern
            .repeat
            .map_or((1, 1), |t| (clamp(t.min), t.max.map_or(u16::MAX, clamp)));
        let repeated = rounds.1 > 1;
        let last = pattern.steps.len() - 1;
        for (i, step) in pattern.steps.iter().enumerate() {
            let terminal = i == last && !repeated;
            match step {
                Step::Hold(h) => b.hold(
                    paint(h.light),
                    Range::new(h.for_s.min, h.for_s.max),
                    repeated,
                    terminal && h.for_s.max.is_none(),
                ),
                Step::Blink(k) => {
                    let off = k.off_s();
                    let on_range = Range::new(k.on_s.min, Some(k.on_s.max));
                    let off_range = Range::new(off.min, Some(off.max));
                    let period = match k.gap {
                        Gap::Off(_) => None,
                        Gap::Period(p) => Some((
                            p.min,
                            p.max,
                            share_within(on_range, off_range, p.min, p.max),
                        )),
                    };
                    b.blink(
                        [paint(k.light), paint(k.over)],
                        [on_range, off_range],
                        k.times.map_or((1, u16::MAX), |t| {
                            (clamp(t.min), t.max.map_or(u16::MAX, clamp))
                        }),
                        true,
                    );
                    if let Some(s) = b.steps.last_mut() {
                        s.period = period;
                        s.terminal = terminal && k.times.is_none();
                    }
                }
            }
        }
        let from_start = if pattern.is_condition() {
            priors.condition_from_start
        } else {
            priors.event_from_start
        };
        let mut script = b.finish(rounds, from_start, priors);
        if !pattern.shown_by.is_empty() {
            script.shown_by = pattern.shown_by.iter().map(|n| 1 << (n - 1)).sum();
        }
        script
    }
}

fn clamp(n: u32) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX - 1)
}

fn paint(light: ColorSet) -> Paint {
    if light.is_dark() {
        Paint::Dark
    } else {
        Paint::Lit(light)
    }
}

/// Share of on-off pairs, each drawn on its own, whose sum is within the period's range.
fn share_within(on: Range, off: Range, min: f64, max: f64) -> f64 {
    on.average(|a| {
        off.average(|b| {
            if (min..=max).contains(&(a + b)) {
                1.0
            } else {
                0.0
            }
        })
    })
    .max(0.05)
}

/// Puts scripts together.
#[derive(Default)]
pub struct Builder {
    steps: Vec<CompiledStep>,
    paints: Vec<Paint>,
    known: usize,
}

impl Builder {
    fn paint(&mut self, p: Paint) -> usize {
        if self.paints.is_empty() {
            self.paints.push(Paint::Dark);
        }
        let same = |q: &&Paint| **q == p && p != Paint::Any;
        if let Some(i) = self.paints.iter().position(|q| same(&q)) {
            return i;
        }
        if self.paints.len() < MOST_PAINTS {
            self.paints.push(p);
        }
        self.paints.len() - 1
    }

    fn slot(&mut self, wanted: bool) -> Option<usize> {
        (wanted && self.known < MOST_KNOWN).then(|| {
            self.known += 1;
            self.known - 1
        })
    }

    pub fn hold(&mut self, p: Paint, range: Range, regular: bool, terminal: bool) {
        let on = Phase {
            paint: self.paint(p),
            range,
            known: self.slot(regular),
        };
        self.steps.push(CompiledStep {
            on,
            off: None,
            least: 1,
            most: 1,
            period: None,
            terminal,
        });
    }

    pub fn blink(&mut self, p: [Paint; 2], range: [Range; 2], times: (u16, u16), regular: bool) {
        let [on, off] = [0, 1].map(|i| Phase {
            paint: self.paint(p[i]),
            range: range[i],
            known: self.slot(regular),
        });
        self.steps.push(CompiledStep {
            on,
            off: Some(off),
            least: times.0,
            most: times.1,
            period: None,
            terminal: false,
        });
    }

    pub fn finish(self, rounds: (u16, u16), from_start: f64, priors: &Priors) -> Script {
        Script {
            steps: self.steps,
            rounds,
            paints: self.paints,
            from_start,
            condition_ends: priors.condition_ends,
            shown_by: u16::MAX,
        }
    }
}
