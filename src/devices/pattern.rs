//! What a light does over time: a short script of steps, each with ranges for its durations.
//!
//! A pattern starts from dark with its first step. After the last step it starts again if it
//! has `repeat`, otherwise the light stays dark. A step without an end (`blink` without
//! `times`, `hold` with `null`) as the last one goes on for as long as one films.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::range::{OpenSeconds, Seconds, Times};
use crate::pulses::ColorSet;

/// One way in which a state can look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "RawPattern", into = "RawPattern")]
pub struct Pattern {
    /// For people, where a state has several patterns: `after the blue light`.
    pub name: String,
    /// How often the state looks like this, relative to its other patterns.
    pub weight: f64,
    pub steps: Vec<Step>,
    /// All steps run so many times one after the other; once without it.
    pub repeat: Option<Times>,
    /// Steps, numbered from 1, of which one at least must be seen for the state to be there: the
    /// others are other states' as well. Any step when empty.
    pub shown_by: Vec<usize>,
    /// Ids of sources, where they are not those of the state.
    pub sources: Vec<String>,
}

/// One part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Hold(Hold),
    Blink(Blink),
}

impl Step {
    /// All that is lit at its brightest.
    pub fn light(&self) -> ColorSet {
        match self {
            Self::Hold(h) => h.light,
            Self::Blink(b) => b.light.union(b.over),
        }
    }
}

/// The light stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub light: ColorSet,
    pub for_s: OpenSeconds,
}

/// The light goes on and off: on, off, on, …, on. What follows the last "on" is the next step's.
///
/// The durations are drawn once and kept for the whole step: a device blinks regularly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "RawBlink", into = "RawBlink")]
pub struct Blink {
    /// All that is lit in the on phase: for green blinking beside a steady blue, `green+blue`.
    pub light: ColorSet,
    /// What is lit in between; dark when the file does not say.
    pub over: ColorSet,
    pub on_s: Seconds,
    pub gap: Gap,
    /// How many flashes; `None` is without end.
    pub times: Option<Times>,
}

/// How the time between flashes is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gap {
    /// From the end of a flash to the start of the next.
    Off(Seconds),
    /// From start to start.
    Period(Seconds),
}

impl Blink {
    /// The off time in s that is possible with any on time of the range.
    pub fn off_s(&self) -> Seconds {
        match self.gap {
            Gap::Off(off) => off,
            Gap::Period(p) => Seconds {
                min: (p.min - self.on_s.max).max(MIN_OFF_S),
                max: p.max - self.on_s.min,
            },
        }
    }
}

/// Shortest off time in s that a period may leave: below it the eye sees no blinking.
pub(super) const MIN_OFF_S: f64 = 0.05;

#[derive(Serialize, Deserialize, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawPattern {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default = "one")]
    weight: f64,
    steps: Vec<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<Times>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shown_by: Vec<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
}

fn one() -> f64 {
    1.0
}

impl From<Pattern> for RawPattern {
    fn from(p: Pattern) -> Self {
        Self {
            name: p.name,
            weight: p.weight,
            steps: p.steps,
            repeat: p.repeat,
            shown_by: p.shown_by,
            sources: p.sources,
        }
    }
}

/// Most steps of a pattern: more is no status light, and the matcher's tables stay small.
const MOST_STEPS: usize = 12;
/// Most different looks, dark included.
const MOST_LOOKS: usize = 7;

impl TryFrom<RawPattern> for Pattern {
    type Error = String;

    fn try_from(raw: RawPattern) -> Result<Self, String> {
        let pattern = Self {
            name: raw.name,
            weight: raw.weight,
            steps: raw.steps,
            repeat: raw.repeat,
            shown_by: raw.shown_by,
            sources: raw.sources,
        };
        pattern.check()?;
        Ok(pattern)
    }
}

impl Pattern {
    /// Whether what the steps say can be made into a light.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            return Err(format!("weight {} is not above 0", self.weight));
        }
        if self.steps.is_empty() || self.steps.len() > MOST_STEPS {
            return Err(format!("a pattern has 1 to {MOST_STEPS} steps"));
        }
        if self.steps[0].look().is_dark() {
            return Err("a pattern starts with light: the dark before it is understood".to_owned());
        }
        if let Some(n) = self
            .shown_by
            .iter()
            .find(|n| !(1..=self.steps.len()).contains(*n))
        {
            return Err(format!(
                "shown_by names step {n}; steps are numbered from 1"
            ));
        }
        let looks = self
            .steps
            .iter()
            .flat_map(|s| [Some(s.look()), s.between()]);
        if looks.flatten().collect::<BTreeSet<_>>().len() > MOST_LOOKS {
            return Err(format!(
                "a pattern has at most {MOST_LOOKS} different looks"
            ));
        }
        let last = self.steps.len() - 1;
        for (i, step) in self.steps.iter().enumerate() {
            let next = match self.steps.get(i + 1) {
                Some(next) => next.look(),
                None if self.repeat.is_some() => self.steps[0].look(),
                None => {
                    if matches!(step, Step::Hold(h) if h.light.is_dark() && h.for_s.max.is_some()) {
                        return Err("a last step of darkness has no end: write null".to_owned());
                    }
                    continue;
                }
            };
            if step.is_endless() && (i < last || self.repeat.is_some()) && !step.may_end() {
                return Err(format!("step {} never ends, so nothing can follow", i + 1));
            }
            if step.look() == next {
                return Err(format!(
                    "step {} and what follows it look alike ({next})",
                    i + 1
                ));
            }
        }
        Ok(())
    }

    /// A pattern of one step.
    pub fn of(step: Step) -> Self {
        Self {
            name: String::new(),
            weight: 1.0,
            steps: vec![step],
            repeat: None,
            shown_by: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// The same with every range of times passed through `change`; what has no upper end stays as it is.
    pub(crate) fn with_times(&self, change: impl Fn(Seconds) -> Seconds) -> Self {
        let steps = self.steps.iter().map(|step| match *step {
            Step::Hold(h) => Step::Hold(Hold {
                for_s: h.for_s.max.map_or(h.for_s, |max| {
                    let Seconds { min, max } = change(Seconds {
                        min: h.for_s.min,
                        max,
                    });
                    OpenSeconds {
                        min,
                        max: Some(max),
                    }
                }),
                ..h
            }),
            Step::Blink(b) => Step::Blink(Blink {
                on_s: change(b.on_s),
                gap: match b.gap {
                    Gap::Off(s) => Gap::Off(change(s)),
                    Gap::Period(s) => Gap::Period(change(s)),
                },
                ..b
            }),
        });
        Self {
            steps: steps.collect(),
            ..self.clone()
        }
    }

    /// The same with every time in the middle of its range, and as often as it is at least.
    pub fn typical(&self) -> Self {
        let mut out = self.with_times(|s| {
            let m = (s.min + s.max) / 2.0;
            Seconds { min: m, max: m }
        });
        for step in &mut out.steps {
            if let Step::Blink(Blink {
                times: Some(times), ..
            }) = step
            {
                times.max = times.max.map(|_| times.min);
            }
        }
        out
    }

    /// Goes on for as long as one films, from the first step on: a condition rather than an event.
    pub fn is_condition(&self) -> bool {
        (self.steps.len() == 1 && self.steps[0].is_endless()) || self.repeat.is_some()
    }
}

impl Step {
    /// The look at both ends of the step.
    pub(crate) fn look(&self) -> ColorSet {
        match self {
            Self::Hold(h) => h.light,
            Self::Blink(b) => b.light,
        }
    }

    /// What is lit between the flashes of a blink.
    fn between(&self) -> Option<ColorSet> {
        match self {
            Self::Hold(_) => None,
            Self::Blink(b) => Some(b.over),
        }
    }

    /// Has no upper end.
    pub(crate) fn is_endless(&self) -> bool {
        match self {
            Self::Hold(h) => h.for_s.max.is_none(),
            Self::Blink(b) => b.times.is_none(),
        }
    }

    /// Has no upper end but may end: a recording of unknown length.
    fn may_end(&self) -> bool {
        matches!(self, Self::Hold(_))
    }
}

#[derive(Serialize, Deserialize, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct RawBlink {
    light: ColorSet,
    #[serde(default, skip_serializing_if = "is_dark")]
    over: ColorSet,
    on_s: Seconds,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    off_s: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    period_s: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<Times>,
}

fn is_dark(light: &ColorSet) -> bool {
    light.is_dark()
}

impl TryFrom<RawBlink> for Blink {
    type Error = String;

    fn try_from(raw: RawBlink) -> Result<Self, String> {
        let gap = match (raw.off_s, raw.period_s) {
            (Some(off), None) => Gap::Off(off),
            (None, Some(period)) => Gap::Period(period),
            _ => return Err("a blink has either off_s or period_s".to_owned()),
        };
        if let Gap::Period(p) = gap
            && p.max < raw.on_s.min + MIN_OFF_S
        {
            return Err(format!(
                "a period of {} s leaves no gap after {} s of light",
                p.max, raw.on_s.min
            ));
        }
        if raw.light == raw.over {
            return Err(format!("a blink of {} over itself", raw.light));
        }
        Ok(Self {
            light: raw.light,
            over: raw.over,
            on_s: raw.on_s,
            gap,
            times: raw.times,
        })
    }
}

impl From<Blink> for RawBlink {
    fn from(b: Blink) -> Self {
        let (off_s, period_s) = match b.gap {
            Gap::Off(s) => (Some(s), None),
            Gap::Period(s) => (None, Some(s)),
        };
        Self {
            light: b.light,
            over: b.over,
            on_s: b.on_s,
            off_s,
            period_s,
            times: b.times,
        }
    }
}
