//! What was seen against what must be seen.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::manifest::{Expect, ExpectedPlace, ExpectedPulse, Timing, Tolerance};
use crate::pulses::{Lengths, Rhythm, Train};
use crate::report::json::{Pulse, Report};

/// By how much the ends of pulses may differ where the manifest does not say, in s: three frames at 30 per second.
const WITHIN_S: f64 = 0.1;

/// How far from the light's box the expected point may lie where the manifest does not say, in px.
const WITHIN_PX: f64 = 10.0;

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Difference {
    /// The field of the manifest: `state`, `red period_s`.
    pub what: String,
    pub expected: String,
    pub measured: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, measured {}",
            self.what, self.expected, self.measured
        )
    }
}

/// What a clip showed.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub report: &'a Report,
    /// The light that is judged: the device's, or the surest.
    pub train: Option<&'a Train>,
    /// Pulses are compared from the first one on, because nothing else fixes the time.
    pub live: bool,
}

/// All that differs, in the order of the manifest's fields; nothing when all is as expected.
pub fn compare(expect: &Expect, shown: Shown) -> Vec<Difference> {
    let report = shown.report;
    let mut all = Differences(Vec::new());
    if let Some(verdict) = expect.verdict
        && verdict != report.verdict
    {
        all.add(
            "verdict",
            verdict.name().to_owned(),
            report.verdict.name().to_owned(),
        );
    }
    for (what, expected, measured) in [
        ("model", &expect.model, &report.model),
        ("state", &expect.state, &report.state),
    ] {
        if expected.is_some() && expected != measured {
            let measured = measured
                .clone()
                .unwrap_or_else(|| report.verdict.name().to_owned());
            all.add(what, expected.clone().unwrap_or_default(), measured);
        }
    }
    if let Some(bounds) = expect.confidence
        && !report.confidence.is_some_and(|c| bounds.allows(c))
    {
        let measured = report
            .confidence
            .map_or_else(|| report.verdict.name().to_owned(), |c| c.to_string());
        all.add("confidence", bounds.to_string(), measured);
    }
    for state in &expect.not_states {
        let named = report
            .alternatives
            .iter()
            .filter(|_| report.verdict == crate::matcher::Verdict::Ambiguous)
            .map(|a| &a.state)
            .chain(&report.state);
        if named.into_iter().any(|s| s == state) {
            all.add("not_states", format!("anything but {state}"), state.clone());
        }
    }
    if let Some(place) = expect.light {
        compare_place(place, report, &mut all);
    }
    for timing in &expect.timing {
        compare_timing(timing, shown, &mut all);
    }
    if expect.no_other_pulses {
        let other = |p: &&Pulse| !expect.timing.iter().any(|t| t.color == p.color);
        let others: Vec<String> = report.pulses.iter().filter(other).map(told).collect();
        if !others.is_empty() {
            all.add("no_other_pulses", "none".to_owned(), few(&others));
        }
    }
    if let Some(pulses) = &expect.pulses {
        compare_pulses(pulses, expect.within_s.unwrap_or(WITHIN_S), shown, &mut all);
    }
    all.0
}

/// Gathers what differs.
struct Differences(Vec<Difference>);

impl Differences {
    fn add(&mut self, what: impl Into<String>, expected: String, measured: String) {
        self.0.push(Difference {
            what: what.into(),
            expected,
            measured,
        });
    }
}

fn compare_place(place: ExpectedPlace, report: &Report, all: &mut Differences) {
    let ExpectedPlace { x, y, within_px } = place;
    let within_px = within_px.unwrap_or(WITHIN_PX);
    let outside = |v: f64, from: f64, length: f64| (from - v).max(v - from - length).max(0.0);
    let near = report
        .light
        .is_some_and(|b| outside(x, b.x, b.w).hypot(outside(y, b.y, b.h)) <= within_px);
    if !near {
        let measured = report.light.map_or_else(
            || "no light".to_owned(),
            |b| format!("{},{} ({}x{})", b.x, b.y, b.w, b.h),
        );
        all.add(
            "light",
            format!("within {within_px} px of {x},{y}"),
            measured,
        );
    }
}

fn compare_timing(timing: &Timing, shown: Shown, all: &mut Differences) {
    let color = timing.color;
    let what = |field: &str| format!("{} {field}", color.name());
    let of_color = |p: &&Pulse| p.color == color;
    let count = shown.report.pulses.iter().filter(of_color).count();
    match timing.count {
        Some(bounds) if !bounds.allows(count as f64) => {
            all.add(what("count"), bounds.to_string(), count.to_string());
        }
        // Without a count there must still be something to measure.
        None if count == 0 => all.add(what("pulses"), "some".to_owned(), "none".to_owned()),
        _ => {}
    }
    let rhythm = shown
        .train
        .map_or_else(Rhythm::default, |t| Rhythm::of(&t.of_color(color)));
    for (field, tolerance, lengths) in [
        ("on_s", timing.on_s, rhythm.on),
        ("off_s", timing.off_s, rhythm.off),
    ] {
        let Some(tolerance) = tolerance else { continue };
        match lengths {
            None => all.add(
                what(field),
                tolerance.to_string(),
                "none with both ends in view".to_owned(),
            ),
            Some(l) if !(tolerance.allows(l.min_s) && tolerance.allows(l.max_s)) => {
                all.add(what(field), tolerance.to_string(), range(l));
            }
            Some(_) => {}
        }
    }
    for (field, tolerance, measured) in [
        ("period_s", timing.period_s, rhythm.period.map(|p| p.period)),
        ("duty", timing.duty, rhythm.period.map(|p| p.duty)),
    ] {
        let Some(tolerance) = tolerance else { continue };
        match measured {
            None => all.add(
                what(field),
                tolerance.to_string(),
                "nothing that repeats".to_owned(),
            ),
            Some(m) if !tolerance.allows(m.value) => all.add(
                what(field),
                tolerance.to_string(),
                format!("{:.3} ± {:.3}", m.value, m.sd),
            ),
            Some(_) => {}
        }
    }
}

/// Shortest to longest.
fn range(l: Lengths) -> String {
    if l.count == 1 {
        format!("{:.3}", l.mean.value)
    } else {
        format!("{:.3} to {:.3}", l.min_s, l.max_s)
    }
}

fn compare_pulses(expected: &[ExpectedPulse], within_s: f64, shown: Shown, all: &mut Differences) {
    let measured = &shown.report.pulses;
    let first = |starts: &mut dyn Iterator<Item = f64>| starts.reduce(f64::min).unwrap_or(0.0);
    let shift_s = if shown.live {
        first(&mut measured.iter().map(|p| p.start_s))
            - first(&mut expected.iter().map(|p| p.start_s))
    } else {
        0.0
    };
    let near = |a: f64, b: f64| {
        Tolerance {
            value: b,
            within: Some(within_s),
            percent: None,
        }
        .allows(a)
    };
    let mut left: Vec<&Pulse> = measured.iter().collect();
    let mut missing = Vec::new();
    for e in expected {
        let fits = |p: &&Pulse| {
            p.color == e.color
                && near(p.start_s - shift_s, e.start_s)
                && near(p.end_s - shift_s, e.end_s)
        };
        match left.iter().position(fits) {
            Some(i) => {
                left.remove(i);
            }
            None => missing.push(told(&Pulse {
                color: e.color,
                start_s: e.start_s,
                end_s: e.end_s,
            })),
        }
    }
    if !missing.is_empty() || !left.is_empty() {
        let extra: Vec<String> = left.into_iter().map(told).collect();
        all.add("pulses", few(&missing), few(&extra));
    }
}

fn told(p: &Pulse) -> String {
    format!("{} {:.2}-{:.2} s", p.color.name(), p.start_s, p.end_s)
}

/// The first of many.
fn few(items: &[String]) -> String {
    const SHOWN: usize = 4;
    match items.len() {
        0 => "nothing there".to_owned(),
        n if n > SHOWN => format!("{} and {} more", items[..SHOWN].join(", "), n - SHOWN),
        _ => items.join(", "),
    }
}
