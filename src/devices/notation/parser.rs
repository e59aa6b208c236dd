//! Patterns from their notation.

use super::{ANY_TIME, FOR_EVER, NotationError, ends_with_a_time};
use crate::devices::pattern::{Blink, Gap, Hold, Pattern, Step};
use crate::devices::range::{OpenSeconds, Seconds, Times};
use crate::pulses::{Color, ColorSet};

/// Reads a pattern character by character.
pub struct Parser {
    text: Vec<char>,
    at: usize,
}

impl Parser {
    pub fn of(text: &str) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
        }
    }

    pub fn pattern(&mut self) -> Result<Pattern, NotationError> {
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
