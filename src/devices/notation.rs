//! The one-line notation of patterns, as it is printed and as `--pattern` reads it.
//!
//! ```text
//! red                                 steady
//! red(0.5s on, 0.5s off)              blinks for ever
//! red(150ms on, every 3s)             the same, with the period
//! red(0.2s on, 0.2s off) x5-6         five or six flashes, then dark
//! red(0.2s on, 0.2s off) x5, off 2s   groups of five flashes, again and again
//! blue 5s+, red(0.2s on, 0.2s off) x5 after a time of blue, five red flashes
//! blue+green(0.5s on, 0.5s blue)      green blinks beside a steady blue
//! ```
//!
//! A time is a number or a range with `s` or `ms`; `+` stands for "or longer", "or more". Several steps that end
//! with a time start again, as in the fifth line; `, off` at the end makes them stop. `[…] x3` says how often all of it runs.

use std::fmt;
use std::str::FromStr;

use super::pattern::{Blink, Gap, Hold, Pattern, Step};
use super::range::{OpenSeconds, Seconds, Times};
use crate::pulses::{Color, ColorSet};

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotationError {
    /// Where in the text, in characters from 1.
    pub column: usize,
    pub reason: String,
}

impl fmt::Display for NotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.reason)
    }
}

impl std::error::Error for NotationError {}

/// Again and again, as often as one films.
const FOR_EVER: Times = Times { min: 1, max: None };

impl FromStr for Pattern {
    type Err = NotationError;

    fn from_str(text: &str) -> Result<Self, NotationError> {
        let mut parser = Parser {
            text: text.chars().collect(),
            at: 0,
        };
        let pattern = parser.pattern()?;
        pattern
            .check()
            .map_err(|reason| NotationError { column: 1, reason })?;
        Ok(pattern)
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
}

impl Parser {
    fn pattern(&mut self) -> Result<Pattern, NotationError> {
        let bracketed = self.take('[');
        let mut steps = self.steps()?;
        let repeat = if bracketed {
            self.expect(']', "`,` or `]`")?;
            Some(self.times()?.unwrap_or(FOR_EVER))
        } else if steps.len() > 1 && ends_with_a_time(&steps) {
            Some(FOR_EVER)
        } else {
            None
        };
        self.skip_space();
        if self.at < self.text.len() {
            return Err(self.error("`,`, or the end"));
        }
        // After its last step a pattern is dark anyway.
        let dark =
            |s: &Step| matches!(s, Step::Hold(h) if h.light.is_dark() && h.for_s == ANY_TIME);
        if steps.len() > 1 && steps.last().is_some_and(dark) {
            steps.pop();
        }
        Ok(Pattern {
            shown_by: Vec::new(),
            name: String::new(),
            weight: 1.0,
            steps,
            repeat,
            sources: Vec::new(),
        })
    }

    fn steps(&mut self) -> Result<Vec<Step>, NotationError> {
        let mut steps = vec![self.step()?];
        while self.take(',') {
            steps.push(self.step()?);
        }
        Ok(steps)
    }

    fn step(&mut self) -> Result<Step, NotationError> {
        let light = self.light()?;
        if !self.take('(') {
            self.skip_space();
            let for_s = if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                let Seconds { min, max } = self.seconds()?;
                let max = (!self.take('+')).then_some(max);
                OpenSeconds { min, max }
            } else {
                ANY_TIME
            };
            return Ok(Step::Hold(Hold { light, for_s }));
        }
        if light.is_dark() {
            return Err(self.error("a colour before `(`"));
        }
        let on_s = self.seconds()?;
        self.word("on")?;
        self.expect(',', "`,` and the time between flashes")?;
        self.skip_space();
        let (gap, over) = if self.take_word("every") {
            let gap = Gap::Period(self.seconds()?);
            let over = if self.take_word("over") {
                self.light()?
            } else {
                ColorSet::NONE
            };
            (gap, over)
        } else {
            (Gap::Off(self.seconds()?), self.light()?)
        };
        self.expect(')', "`)`")?;
        let times = self.times()?;
        Ok(Step::Blink(Blink {
            light,
            over,
            on_s,
            gap,
            times,
        }))
    }

    /// `off`, or colours joined by `+`.
    fn light(&mut self) -> Result<ColorSet, NotationError> {
        self.skip_space();
        if self.take_word("off") || self.take_word("dark") {
            return Ok(ColorSet::NONE);
        }
        let mut light = ColorSet::NONE;
        loop {
            self.skip_space();
            let color = Color::ALL.into_iter().find(|c| self.take_word(c.name()));
            let Some(color) = color else {
                return Err(self.error("red, green, blue, amber, white or off"));
            };
            light = light.with(color);
            if !self.take('+') {
                return Ok(light);
            }
        }
    }

    /// `0.2s`, `200ms`, `0.1-0.3s`.
    fn seconds(&mut self) -> Result<Seconds, NotationError> {
        self.skip_space();
        let start = self.at;
        let min = self.number("a time such as 0.2s")?;
        let max = if self.take('-') {
            self.number("the longer time of the range")?
        } else {
            min
        };
        let unit = if self.take_word("ms") {
            1e-3
        } else if self.take_word("s") {
            1.0
        } else {
            return Err(self.error("`s` or `ms` after the number"));
        };
        Seconds::try_from([min * unit, max * unit]).map_err(|reason| NotationError {
            column: start + 1,
            reason,
        })
    }

    /// `x5`, `x5-6`, `x2+`, or nothing.
    fn times(&mut self) -> Result<Option<Times>, NotationError> {
        self.skip_space();
        let start = self.at;
        if !self.take('x') {
            return Ok(None);
        }
        let whole = |parser: &mut Self| {
            let at = parser.at;
            let n = parser.number("how many times, such as x5")?;
            if n.fract() == 0.0 && n <= f64::from(u32::MAX) {
                Ok(n as u32)
            } else {
                parser.at = at;
                Err(parser.error("a whole number of times"))
            }
        };
        let min = whole(self)?;
        let max = if self.take('-') {
            Some(whole(self)?)
        } else if self.take('+') {
            None
        } else {
            Some(min)
        };
        Times::try_from((min, max))
            .map(Some)
            .map_err(|reason| NotationError {
                column: start + 1,
                reason,
            })
    }

    fn number(&mut self, what: &str) -> Result<f64, NotationError> {
        self.skip_space();
        let digits: String = self.text[self.at..]
            .iter()
            .take_while(|c| c.is_ascii_digit() || **c == '.')
            .collect();
        match digits.parse() {
            Ok(n) => {
                self.at += digits.len();
                Ok(n)
            }
            Err(_) => Err(self.error(what)),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, c: char) -> bool {
        self.skip_space();
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    /// Takes `word` where it stands as a whole.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let end = self.at + word.len();
        let there = self.text[self.at..]
            .iter()
            .take(word.len())
            .copied()
            .eq(word.chars())
            && !self.text.get(end).is_some_and(|c| c.is_alphabetic());
        if there {
            self.at = end;
        }
        there
    }

    fn word(&mut self, word: &str) -> Result<(), NotationError> {
        if self.take_word(word) {
            Ok(())
        } else {
            Err(self.error(&format!("`{word}`")))
        }
    }

    fn expect(&mut self, c: char, what: &str) -> Result<(), NotationError> {
        if self.take(c) {
            Ok(())
        } else {
            Err(self.error(what))
        }
    }

    /// What was expected here, and what is there instead.
    fn error(&self, expected: &str) -> NotationError {
        let there: String = self.text[self.at.min(self.text.len())..]
            .iter()
            .take_while(|c| c.is_alphanumeric())
            .take(20)
            .collect();
        let there = match (there.as_str(), self.peek()) {
            (_, None) => "the end".to_owned(),
            ("", Some(c)) => format!("`{c}`"),
            (word, _) => format!("`{word}`"),
        };
        NotationError {
            column: self.at + 1,
            reason: format!("{expected} expected, not {there}"),
        }
    }
}

/// As long as it is filmed.
const ANY_TIME: OpenSeconds = OpenSeconds {
    min: 0.0,
    max: None,
};

fn ends_with_a_time(steps: &[Step]) -> bool {
    matches!(steps.last(), Some(Step::Hold(h)) if h.for_s.max.is_some())
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.steps.len() > 1;
        let starts_again = several && ends_with_a_time(&self.steps);
        let bracketed = self
            .repeat
            .filter(|&times| !(starts_again && times == FOR_EVER));
        if bracketed.is_some() {
            f.write_str("[")?;
        }
        for (i, step) in self.steps.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{step}")?;
        }
        match bracketed {
            Some(FOR_EVER) => f.write_str("]"),
            Some(times) => write!(f, "] {times}"),
            None if starts_again && self.repeat.is_none() => f.write_str(", off"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold(h) if h.for_s == ANY_TIME => f.write_str(&name(h.light)),
            Self::Hold(h) => write!(f, "{} {}", name(h.light), h.for_s),
            Self::Blink(b) => {
                write!(f, "{}({} on, ", name(b.light), b.on_s)?;
                match b.gap {
                    Gap::Off(s) => write!(f, "{s} {}", name(b.over))?,
                    Gap::Period(s) if b.over.is_dark() => write!(f, "every {s}")?,
                    Gap::Period(s) => write!(f, "every {s} over {}", name(b.over))?,
                }
                f.write_str(")")?;
                b.times.map_or(Ok(()), |times| write!(f, " {times}"))
            }
        }
    }
}

/// A look as the notation names it.
fn name(look: ColorSet) -> String {
    if look.is_dark() {
        "off".to_owned()
    } else {
        look.to_string()
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            write!(f, "{}s", self.min)
        } else {
            write!(f, "{}-{}s", self.min, self.max)
        }
    }
}

impl fmt::Display for OpenSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            None => write!(f, "{}s+", self.min),
            Some(max) => Seconds { min: self.min, max }.fmt(f),
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            None => write!(f, "x{}+", self.min),
            Some(max) if max == self.min => write!(f, "x{max}"),
            Some(max) => write!(f, "x{}-{max}", self.min),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Library;
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        for text in [
            "red",
            "blue+green",
            "red 3s+",
            "red 0.1-2.9s",
            "red(0.5s on, 0.5s off)",
            "red(0.15s on, every 3s)",
            "red(0.2s on, 0.2s off) x5-6",
            "red(0.2s on, 0.2s off) x5, off 2s",
            "[red(0.2s on, 0.2s off) x5, off 2s] x3",
            "blue 5s+, red(0.2s on, 0.2s off) x5",
            "green+blue(0.5s on, 0.5s blue)",
            "green+blue(0.5s on, every 1s over blue) x4+",
            "red 1s, blue 1s",
            "red 1s, blue 1s, off",
        ] {
            let pattern: Pattern = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            let normal = text.replace("blue+green", "green+blue");
            assert_eq!(pattern.to_string(), normal);
        }
        for device in Library::built_in().devices() {
            for pattern in device.states.iter().flat_map(|s| &s.patterns) {
                let text = pattern.to_string();
                let back: Pattern = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
                assert_eq!(
                    (&back.steps, back.repeat),
                    (&pattern.steps, pattern.repeat),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn space_and_units_are_free() {
        let a: Pattern = "  red ( 200 ms on,200ms off )x5 ,off 2 s ".parse().unwrap();
        let b: Pattern = "red(0.2s on, 0.2s off) x5, off 2s".parse().unwrap();
        assert_eq!(a, b);
        assert_eq!(b.repeat, Some(FOR_EVER));
    }

    #[test]
    fn errors_point_at_their_column() {
        for (text, column, about) in [
            ("", 1, "red, green, blue"),
            ("rot", 1, "not `rot`"),
            ("red(0.2 on, 0.2s off)", 9, "`s` or `ms`"),
            ("red(0.2s, 0.2s off)", 9, "`on`"),
            ("red(0.2s on 0.2s off)", 13, "`,`"),
            ("red(0.2s on, 0.2s of)", 19, "not `of`"),
            ("red(0.2s on, 0.2s off", 22, "not the end"),
            ("red(0.2s on, 0.2s off) x", 25, "x5"),
            ("red(0.2s on, 0.2s off) x0", 24, "times"),
            ("red(0.2s on, 0.2s off) x2.5", 25, "whole"),
            ("red(0.3-0.2s on, 0.2s off)", 5, "least"),
            ("off(0.2s on, 0.2s off)", 5, "colour before"),
            ("red blue", 5, "the end"),
            ("red(0.2s on, 0.2s off), blue", 1, "never ends"),
            ("[red 1s, off 1s", 16, "`]`"),
            ("red(1e9s on, 1s off)", 6, "`s` or `ms`"),
            ("rouge é", 1, "rouge"),
        ] {
            let e = text.parse::<Pattern>().expect_err(text);
            assert_eq!(e.column, column, "{text}: {e}");
            assert!(e.reason.contains(about), "{text}: {e}");
        }
    }
}
