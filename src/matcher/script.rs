//! A pattern as the scorer walks it: places in the script, and where it can go from each.

use crate::pulses::ColorSet;

use super::duration::Range;

/// Most durations of a script that are learned, and most colours it has.
pub const MOST_KNOWN: usize = 16;
pub const MOST_PAINTS: usize = 8;
/// Counts beyond this are not told apart at the start of a clip.
const MOST_START_COUNTS: u16 = 12;
/// Longest mean of one place, in s, when weighing where in a script a clip starts.
const LONGEST_PLACE_S: f64 = 10.0;

/// What is lit at a place of a script.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Paint {
    Dark,
    Lit(ColorSet),
    /// Lit in some colour, the same each time.
    Any,
    /// Anything, dark too, new each time.
    Fresh,
}

/// One of the two phases of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// Index into [`Script::paints`].
    pub paint: usize,
    pub range: Range,
    /// Index of what is learned of its duration, if the device keeps to one.
    pub known: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompiledStep {
    pub on: Phase,
    /// Absent for a step that holds.
    pub off: Option<Phase>,
    /// Flashes: least and most; `u16::MAX` is without end.
    pub least: u16,
    pub most: u16,
    /// Least and most of on and off together, in s, and the share of on-off pairs within it.
    pub period: Option<(f64, f64, f64)>,
    /// The last step of a script that stops, without upper end: nothing has to follow.
    pub terminal: bool,
}

/// Where a light is in its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Dark, before the first step.
    Before,
    At {
        step: u8,
        off: bool,
        /// Flashes of the step so far, this one included.
        count: u16,
        /// Rounds of the script so far, this one included.
        round: u16,
    },
    /// Dark, after the last step.
    After,
}

/// A pattern ready for scoring.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub steps: Vec<CompiledStep>,
    /// Rounds: least and most.
    pub rounds: (u16, u16),
    /// The first is dark.
    pub paints: Vec<Paint>,
    /// Probability that it starts in [`Place::Before`].
    pub from_start: f64,
    pub condition_ends: f64,
    /// One bit a step: those of which one must have been lit for the script to be there.
    pub shown_by: u16,
}

/// Places that follow another, with probabilities.
pub type Next = [Option<(Place, f64)>; 3];

impl Script {
    /// Seeing light at `at` shows that this script is what happens.
    pub fn shows(&self, at: Place) -> bool {
        match at {
            Place::At { step, .. } => self.shown_by & (1 << step) != 0,
            _ => false,
        }
    }

    pub fn paint(&self, at: Place) -> usize {
        self.phase(at).map_or(0, |p| p.paint)
    }

    /// What happens at `at`; nothing before and after the script.
    pub fn phase(&self, at: Place) -> Option<&Phase> {
        match at {
            Place::At { step, off, .. } => {
                let s = &self.steps[step as usize];
                if off { s.off.as_ref() } else { Some(&s.on) }
            }
            _ => None,
        }
    }

    pub fn step(&self, at: Place) -> Option<&CompiledStep> {
        match at {
            Place::At { step, .. } => Some(&self.steps[step as usize]),
            _ => None,
        }
    }

    /// Nothing has to follow `at`.
    pub fn is_terminal(&self, at: Place) -> bool {
        match at {
            Place::Before => false,
            Place::After => true,
            Place::At { step, off, .. } => {
                let s = &self.steps[step as usize];
                s.terminal && s.off.is_none() && !off
            }
        }
    }

    /// Where the script can go from `at`.
    pub fn next(&self, at: Place) -> Next {
        let mut out: Next = [None; 3];
        match at {
            Place::Before => {
                out[0] = Some((
                    Place::At {
                        step: 0,
                        off: false,
                        count: 1,
                        round: 1,
                    },
                    1.0,
                ))
            }
            Place::After => {}
            Place::At {
                step,
                off: true,
                count,
                round,
            } => {
                out[0] = Some((
                    Place::At {
                        step,
                        off: false,
                        count: count.saturating_add(1),
                        round,
                    },
                    1.0,
                ));
            }
            Place::At {
                step,
                off: false,
                count,
                round,
            } => {
                let s = &self.steps[step as usize];
                let stop = if s.off.is_none() {
                    1.0
                } else if count < s.least && s.most != u16::MAX {
                    0.0
                } else if s.most == u16::MAX {
                    self.condition_ends
                } else {
                    1.0 / f64::from(s.most.saturating_sub(count) + 1)
                };
                if stop < 1.0 {
                    out[0] = Some((
                        Place::At {
                            step,
                            off: true,
                            count,
                            round,
                        },
                        1.0 - stop,
                    ));
                }
                if stop > 0.0 {
                    self.after_step(step, round, stop, &mut out);
                }
            }
        }
        out
    }

    fn after_step(&self, step: u8, round: u16, p: f64, out: &mut Next) {
        let start = |step, round| Place::At {
            step,
            off: false,
            count: 1,
            round,
        };
        if usize::from(step) + 1 < self.steps.len() {
            out[1] = Some((start(step + 1, round), p));
            return;
        }
        let again = if round < self.rounds.0 {
            1.0
        } else if round >= self.rounds.1 {
            0.0
        } else {
            0.95
        };
        if again > 0.0 {
            out[1] = Some((start(0, round.saturating_add(1)), p * again));
        }
        if again < 1.0 {
            out[2] = Some((Place::After, p * (1.0 - again)));
        }
    }

    /// Where a clip may start, with probabilities that sum to 1; the time spent at each place decides.
    pub fn starts(&self) -> Vec<(Place, f64)> {
        let mut out = Vec::new();
        for (i, s) in self.steps.iter().enumerate() {
            // In a script that repeats, how many rounds went before is unknown: enough.
            let round = if self.rounds.1 > 1 { self.rounds.0 } else { 1 };
            let at = |off, count| Place::At {
                step: i as u8,
                off,
                count,
                round,
            };
            let counts = if s.most == u16::MAX {
                1
            } else {
                s.most.min(MOST_START_COUNTS)
            };
            // A step without end would outweigh all before it; a clip of an event is filmed for the event.
            for count in 1..=counts {
                out.push((at(false, count), s.on.range.mean().min(LONGEST_PLACE_S)));
                if let Some(off) = &s.off
                    && (count < s.most)
                {
                    out.push((at(true, count), off.range.mean().min(LONGEST_PLACE_S)));
                }
            }
        }
        // The dark of a last step that never ends is no start: nothing would be seen.
        out.retain(|&(p, _)| !(self.is_terminal(p) && self.paints[self.paint(p)] == Paint::Dark));
        let total: f64 = out.iter().map(|o| o.1).sum();
        for o in &mut out {
            o.1 *= (1.0 - self.from_start) / total.max(1e-9);
        }
        out.push((Place::Before, self.from_start));
        out
    }

    /// The steps that come once, before the one of `at`.
    pub fn steps_before(&self, at: Place) -> &[CompiledStep] {
        match at {
            Place::At { step, .. } if self.rounds.1 <= 1 => &self.steps[..usize::from(step)],
            _ => &[],
        }
    }

    /// The phases that come again and again at `at`: those of a blink without end, or of all steps
    /// of a script that repeats; none of an event.
    pub fn rhythm(&self, at: Place) -> impl Iterator<Item = &Phase> {
        let own = match at {
            Place::At { step, .. } => usize::from(step),
            _ => 0,
        };
        let repeats = self.rounds.1 > 1;
        self.steps
            .iter()
            .enumerate()
            .filter(move |(i, s)| repeats || (*i == own && s.off.is_some() && s.most == u16::MAX))
            .flat_map(|(_, s)| [Some(&s.on), s.off.as_ref()])
            .flatten()
    }

    /// What follows in the next `duration_s` s when everything goes as is likeliest: looks and
    /// how long they last, from `place`, where the light has been for `there_s`.
    pub fn go_on(
        &self,
        mut place: Place,
        there_s: f64,
        learned: &[Option<f64>; MOST_KNOWN],
        duration_s: f64,
    ) -> Vec<(ColorSet, f64)> {
        /// Shortest time in s for which a look that is overdue goes on.
        const OVERDUE_S: f64 = 0.1;
        let mut out = Vec::new();
        let (mut now_s, mut been_s) = (0.0, there_s);
        while now_s < duration_s {
            let look = match self.paints[self.paint(place)] {
                Paint::Lit(set) => set,
                _ => ColorSet::NONE,
            };
            let next = self
                .next(place)
                .into_iter()
                .flatten()
                .max_by(|a, b| a.1.total_cmp(&b.1));
            let left_s = match (self.phase(place), next) {
                (Some(phase), Some(_)) if !self.is_terminal(place) => {
                    let usual = phase
                        .known
                        .and_then(|k| learned[k])
                        .unwrap_or_else(|| phase.range.mean());
                    (usual - been_s).max(OVERDUE_S)
                }
                _ => f64::INFINITY,
            };
            out.push((look, left_s.min(duration_s - now_s)));
            now_s += left_s;
            been_s = 0.0;
            place = next.map_or(place, |n| n.0);
        }
        out
    }

    /// Shows more than one colour at once: two emitters.
    pub fn has_two_emitters(&self) -> bool {
        self.paints
            .iter()
            .any(|p| matches!(p, Paint::Lit(set) if set.colors().count() > 1))
    }
}
