//! The result of a check, for programs and for people.

use std::io::{self, Write};

use anstyle::AnsiColor;
use serde::{Deserialize, Serialize};

use super::compare::Difference;
use super::manifest::{Entry, Expect};
use crate::devices::{Blink, Device, Gap, Pattern, Schedule, Seconds, Segment, Start, Step, Times};
use crate::pulses::{Color, ColorSet, Look, Span, Train};
use crate::report::json::Report;
use crate::report::timeline;

/// Schema name of [`CheckReport`].
pub const SCHEMA: &str = "blinkdx-check/1";

/// How an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// All was as expected.
    Passed,
    /// Something differed.
    Failed,
    /// It differed, and what was measured is the new expectation.
    Updated,
    /// It could not be read.
    Error,
    /// Not run, because another failed.
    NotRun,
}

/// The result of one entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Outcome {
    pub name: String,
    pub status: Status,
    /// Real time it took, in s.
    pub seconds: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Why it could not be read: one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was seen, as `analyze` reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Report>,
    /// Expected and measured train as aligned timelines, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timelines: Vec<String>,
}

/// The result of `check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub manifest: String,
    pub passed: usize,
    pub failed: usize,
    pub errors: usize,
    /// In the order of the manifest.
    pub entries: Vec<Outcome>,
}

impl CheckReport {
    pub fn new(manifest: &str, entries: Vec<Outcome>) -> Self {
        let count = |wanted: &[Status]| {
            let has = |o: &&Outcome| wanted.contains(&o.status);
            entries.iter().filter(has).count()
        };
        Self {
            schema: SCHEMA.to_owned(),
            manifest: manifest.to_owned(),
            passed: count(&[Status::Passed, Status::Updated]),
            failed: count(&[Status::Failed]),
            errors: count(&[Status::Error]),
            entries,
        }
    }

    /// Writes the closing line.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write_summary(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.errors > 0 {
            write!(out, ", {} could not be read", self.errors)?;
        }
        let not_run = self.entries.len() - self.passed - self.failed - self.errors;
        if not_run > 0 {
            write!(out, ", {not_run} not run")?;
        }
        writeln!(out)
    }
}

impl Outcome {
    /// Writes one line, and for what differs the differences and the two timelines.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (mark, color) = match self.status {
            Status::Passed => ("ok", AnsiColor::Green),
            Status::Failed => ("FAILED", AnsiColor::Red),
            Status::Updated => ("updated", AnsiColor::Yellow),
            Status::Error => ("ERROR", AnsiColor::Red),
            Status::NotRun => ("not run", AnsiColor::BrightBlack),
        };
        let style = color.on_default();
        write!(out, "{style}{mark:7}{style:#} {}", self.name)?;
        match (&self.error, &self.result) {
            (Some(error), _) => writeln!(out, "\n        {error}")?,
            (None, Some(result)) => writeln!(out, "  ({})", result.summary())?,
            (None, None) => writeln!(out)?,
        }
        for difference in &self.differences {
            writeln!(out, "        {difference}")?;
        }
        for line in &self.timelines {
            writeln!(out, "        {line}")?;
        }
        Ok(())
    }
}

/// Expected and measured train under each other, one pair of lines for each colour, on the measured clip's time.
pub fn timelines(entry: &Entry, measured: Option<&Train>, devices: &[&Device]) -> Vec<String> {
    let Some(measured) = measured else {
        return Vec::new();
    };
    let end_s = measured.duration_s;
    let expected = expected(&entry.expect, measured, devices);
    let mut lines = Vec::new();
    for color in Color::ALL {
        let lit = |t: &Train| t.pulses().iter().any(|p| p.color == color);
        if lit(measured) || expected.as_ref().is_some_and(lit) {
            let row = |t| timeline::row(t, Some(color), 0.0, end_s, timeline::WIDTH);
            if let Some(expected) = &expected {
                lines.push(format!("{:5} expected {}", color.name(), row(expected)));
            }
            lines.push(format!("{:5} measured {}", color.name(), row(measured)));
        }
    }
    if !lines.is_empty() {
        let scale = timeline::scale(0.0, end_s, timeline::WIDTH);
        lines.push(format!("               {scale}"));
    }
    lines
}

/// A train that would be as expected: the pulses that the manifest lists, or the state's pattern with middling
/// times, or pulses of the timing it asks for; the latter two from the first pulse measured.
fn expected(expect: &Expect, measured: &Train, devices: &[&Device]) -> Option<Train> {
    if let Some(pulses) = &expect.pulses {
        let mut ends: Vec<f64> = pulses.iter().flat_map(|p| [p.start_s, p.end_s]).collect();
        ends.extend([0.0, measured.duration_s]);
        ends.sort_by(f64::total_cmp);
        let lit = |at_s: f64| -> ColorSet {
            let lit = pulses
                .iter()
                .filter(|p| p.start_s <= at_s && at_s < p.end_s);
            lit.map(|p| p.color).collect()
        };
        let segments = ends.windows(2).filter(|w| w[1] > w[0]).map(|w| Segment {
            start_s: w[0],
            end_s: w[1],
            light: lit((w[0] + w[1]) / 2.0),
        });
        return Some(train(segments, measured));
    }
    let pattern = match &expect.state {
        Some(name) => {
            let state = devices.iter().find_map(|d| d.state(name))?;
            let heavier = |a: &&Pattern, b: &&Pattern| a.weight.total_cmp(&b.weight);
            // The first of the likeliest ones.
            state.patterns.iter().rev().max_by(heavier)?.typical()
        }
        None => timed(expect)?,
    };
    let first = measured.pulses().first().map_or(0.0, |p| p.start_s);
    let how = Schedule {
        start: Start::Lead(first),
        jitter: 0.0,
        ..Schedule::new(measured.duration_s, 0)
    };
    Some(train(pattern.schedule(&how), measured))
}

/// A pattern of the first timing that says enough to draw one.
fn timed(expect: &Expect) -> Option<Pattern> {
    expect.timing.iter().find_map(|t| {
        let exactly = |s: f64| Seconds { min: s, max: s };
        let on_s = match (t.on_s, t.duty, t.period_s) {
            (Some(on), _, _) => on.value,
            (None, Some(duty), Some(period)) => duty.value * period.value,
            _ => return None,
        };
        let gap = match (t.off_s, t.period_s) {
            (Some(off), _) => Gap::Off(exactly(off.value)),
            (None, Some(period)) => Gap::Period(exactly(period.value)),
            _ => return None,
        };
        let times = t.count.and_then(|c| c.max).map(|max| Times {
            min: max as u32,
            max: Some(max as u32),
        });
        Some(Pattern::of(Step::Blink(Blink {
            light: ColorSet::of(t.color),
            over: ColorSet::NONE,
            on_s: exactly(on_s),
            gap,
            times,
        })))
    })
}

/// A train with the sampling of `like`.
fn train(segments: impl IntoIterator<Item = Segment>, like: &Train) -> Train {
    let spans = segments.into_iter().map(|s| Span {
        start_s: s.start_s,
        end_s: s.end_s,
        start_sd_s: 0.0,
        end_sd_s: 0.0,
        look: if s.light.is_dark() {
            Look::Off
        } else {
            Look::lit(s.light)
        },
    });
    Train {
        spans: spans.collect(),
        ..*like
    }
}
