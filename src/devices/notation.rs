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

mod parser;

use std::fmt;
use std::str::FromStr;

use parser::Parser;

use super::pattern::{Gap, Pattern, Step};
use super::range::{OpenSeconds, Seconds, Times};
use crate::pulses::ColorSet;

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
        let pattern = Parser::of(text).pattern()?;
        pattern
            .check()
            .map_err(|reason| NotationError { column: 1, reason })?;
        Ok(pattern)
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
