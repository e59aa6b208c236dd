//! What was measured as the new expectation.

use super::compare::{Difference, Shown};
use super::manifest::{Bounds, Entry, ExpectedPulse, Tolerance};
use crate::pulses::Rhythm;

/// `entry` with what differed replaced by what was measured, and verdict, state and pulses added where it expected nothing.
///
/// Tolerances stay as they are; what was not looked at stays out.
pub fn updated(entry: &Entry, shown: Shown, differences: &[Difference]) -> Entry {
    let report = shown.report;
    let mut new = entry.clone();
    let expect = &mut new.expect;
    let empty = *expect == Default::default();
    let differs = |what: &str| differences.iter().any(|d| d.what == what);
    if empty || differs("verdict") || differs("state") {
        expect.verdict = Some(report.verdict);
        expect.state = report.state.clone();
    }
    if differs("model") {
        expect.model = report.model.clone();
    }
    if differs("confidence") {
        expect.confidence = report.confidence.map(|c| Bounds {
            // Room for the last decimals, which differ between decoders.
            min: Some((c * 20.0).floor() / 20.0),
            max: None,
        });
    }
    if let Some(state) = &report.state {
        expect.not_states.retain(|s| s != state);
    }
    if let (true, Some(place), Some(b)) = (differs("light"), &mut expect.light, report.light) {
        (place.x, place.y) = (b.x + b.w / 2.0, b.y + b.h / 2.0);
    }
    for timing in &mut expect.timing {
        let of_color = |p: &&_| -> bool {
            let p: &crate::report::json::Pulse = p;
            p.color == timing.color
        };
        let count = report.pulses.iter().filter(of_color).count() as f64;
        let rhythm = shown
            .train
            .map_or_else(Rhythm::default, |t| Rhythm::of(&t.of_color(timing.color)));
        let around = |old: Option<Tolerance>, value: Option<f64>| {
            let old = old?;
            let value = value?;
            Some(if old.allows(value) {
                old
            } else {
                let value = (value * 1000.0).round() / 1000.0;
                Tolerance { value, ..old }
            })
        };
        timing.count = timing.count.map(|old| match old.allows(count) {
            true => old,
            false => Bounds {
                min: Some(count),
                max: Some(count),
            },
        });
        timing.on_s = around(timing.on_s, rhythm.on.map(|l| l.mean.value));
        timing.off_s = around(timing.off_s, rhythm.off.map(|l| l.mean.value));
        timing.period_s = around(timing.period_s, rhythm.period.map(|p| p.period.value));
        timing.duty = around(timing.duty, rhythm.period.map(|p| p.duty.value));
    }
    if differs("no_other_pulses") {
        expect.no_other_pulses = false;
    }
    if empty || differs("pulses") {
        let pulse = |p: &crate::report::json::Pulse| ExpectedPulse {
            color: p.color,
            start_s: p.start_s,
            end_s: p.end_s,
        };
        expect.pulses = Some(report.pulses.iter().map(pulse).collect());
    }
    new
}
