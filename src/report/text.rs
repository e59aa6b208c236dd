//! Results for people: the verdict first, then what to do, then how sure and why.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::chroma::Chroma;
use super::json::{Explanation, Report, shining};
use super::timeline;
use crate::devices::{Basis, Pattern};
use crate::matcher::{Diagnosis, Verdict};
use crate::observe::{Kind, Light, Observation};
use crate::pulses::{Color, Estimate, Rhythm, Train};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();

/// The terminal's colour for a light's.
fn style(color: Color) -> Style {
    match color {
        Color::Red => AnsiColor::Red,
        Color::Green => AnsiColor::Green,
        Color::Blue => AnsiColor::Blue,
        Color::Amber => AnsiColor::Yellow,
        Color::White => AnsiColor::White,
    }
    .on_default()
}

/// Writes a diagnosis. Styles are escape sequences; a writer of `anstream` drops them where they are not wanted.
///
/// # Errors
/// What `out` reports.
pub fn diagnosis(report: &Report, diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{FAINT}{}{FAINT:#}", report.source.name)?;
    let named = match (&report.model, &report.state) {
        (Some(model), Some(state)) => format!("{model}: {state}"),
        _ => String::new(),
    };
    match report.verdict {
        Verdict::Diagnosed => headline(&named, out)?,
        Verdict::Ambiguous => headline("More than one state looks like this", out)?,
        Verdict::NoLight => headline("No status light was seen", out)?,
        Verdict::Insufficient => headline("Too little was seen to tell", out)?,
        Verdict::UnknownPattern => headline("This light fits no known state", out)?,
    }
    if let Verdict::Ambiguous = report.verdict {
        for (models, e, confidence) in by_meaning(&report.alternatives) {
            let sure = percent(confidence);
            let models = models.join(", ");
            writeln!(out, "\n{BOLD}{models}: {}{BOLD:#}, {sure}", e.state)?;
            advice(&e.meaning, &e.action, out)?;
        }
    } else if let (Some(meaning), Some(action)) = (&report.meaning, &report.action) {
        advice(meaning, action, out)?;
        if report.verdict == Verdict::Diagnosed && !report.shared_by.is_empty() {
            let others = report.shared_by.join(", ");
            writeln!(
                out,
                "\nIt is the same on {others}: say which it is with --model."
            )?;
        }
    }
    if let Some(note) = &report.note {
        writeln!(out, "\n{note}")?;
    }
    writeln!(out)?;
    if let (Verdict::Diagnosed, Some(confidence)) = (report.verdict, report.confidence) {
        let basis = match report.basis {
            Some(Basis::Assumed) => "; that this light means this is assumed, no source says so",
            _ => "",
        };
        writeln!(out, "How sure: {}{basis}", percent(confidence))?;
        if !report.alternatives.is_empty() {
            let others: Vec<String> = report
                .alternatives
                .iter()
                .map(|a| format!("{} {} {}", a.model, a.state, percent(a.confidence)))
                .collect();
            writeln!(out, "Otherwise: {}", others.join(", "))?;
        }
    }
    if let Some(train) = &diagnosis.train {
        if let Some(pattern) = notation(train) {
            writeln!(out, "Seen: {pattern}")?;
        }
        train_rows(train, report.source.from_s, out)?;
    }
    for reason in &report.reasons {
        writeln!(out, "{FAINT}{reason}{FAINT:#}")?;
    }
    Ok(())
}

/// What can't be told apart, the models of one state with the same words together: their names, one of them, and the
/// probability of any of them; the likeliest first.
fn by_meaning(all: &[Explanation]) -> Vec<(Vec<&str>, &Explanation, f64)> {
    let mut out: Vec<(Vec<&str>, &Explanation, f64)> = Vec::new();
    for e in all {
        let same = |o: &&mut (Vec<&str>, &Explanation, f64)| {
            (&o.1.state, &o.1.meaning, &o.1.action) == (&e.state, &e.meaning, &e.action)
        };
        match out.iter_mut().find(same) {
            Some((models, _, confidence)) => {
                models.push(&e.model);
                *confidence += e.confidence;
            }
            None => out.push((vec![&e.model], e, e.confidence)),
        }
    }
    // The first holds the probability of its state on all models already.
    if let Some((first, rest)) = out.split_first_mut() {
        first.2 = first.1.confidence;
        rest.sort_by(|a, b| b.2.total_cmp(&a.2));
    }
    out
}

fn headline(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BOLD}{text}{BOLD:#}")
}

/// Meaning and numbered steps.
fn advice(meaning: &str, action: &[String], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{meaning}")?;
    for (i, step) in action.iter().enumerate() {
        writeln!(out, "  {}. {step}", i + 1)?;
    }
    Ok(())
}

/// A probability for people; never "100 %", which nothing measured can be.
pub(crate) fn percent(p: f64) -> String {
    match p {
        p if p > 0.99 => "over 99 %".to_owned(),
        p if p < 0.01 => "under 1 %".to_owned(),
        p => format!("{:.0} %", p * 100.0),
    }
}

/// The pattern that was seen, unless it has no order that words would make clearer than the timeline does.
fn notation(train: &Train) -> Option<Pattern> {
    const MOST_STEPS: usize = 5;
    Pattern::seen(train).filter(|p| p.steps.len() <= MOST_STEPS)
}

/// One timeline for each colour that was lit, and the scale under them, which begins at `from_s`.
fn train_rows(train: &Train, from_s: Option<f64>, out: &mut dyn Write) -> io::Result<()> {
    let pulses = train.pulses();
    let end_s = train.duration_s;
    for color in Color::ALL {
        if pulses.iter().any(|p| p.color == color) {
            let s = style(color);
            let row = timeline::row(train, Some(color), 0.0, end_s, timeline::WIDTH);
            writeln!(out, "  {:6}{s}{row}{s:#}", color.name())?;
        }
    }
    if !pulses.is_empty() {
        let from_s = from_s.unwrap_or(0.0);
        let scale = timeline::scale(from_s, from_s + end_s, timeline::WIDTH);
        writeln!(out, "        {FAINT}{scale}{FAINT:#}")?;
    }
    Ok(())
}

/// Writes every light with its timeline and its numbers. Styles as in [`diagnosis`]. The first frame comes at
/// `from_s` in its clip, 0 without.
///
/// # Errors
/// What `out` reports.
pub fn measurement(seen: &Observation, from_s: Option<f64>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{FAINT}{}: {}x{}, {} frames in {:.2} s, {:.2} fps{FAINT:#}",
        seen.name, seen.width, seen.height, seen.frames, seen.duration_s, seen.fps
    )?;
    if shining(seen).next().is_none() {
        writeln!(out, "{BOLD}No light was seen{BOLD:#}")?;
    }
    for (i, light) in shining(seen).enumerate() {
        let p = light.place;
        writeln!(
            out,
            "\n{BOLD}{}. {} {}{BOLD:#} at {:.0},{:.0} ({:.0}x{:.0} px)",
            i + 1,
            light.color.name(),
            kind(light.kind),
            p.x,
            p.y,
            p.w,
            p.h
        )?;
        train_rows(&light.train, from_s, out)?;
        if let Some(pattern) = notation(&light.train) {
            writeln!(out, "  pattern {pattern}")?;
        }
        numbers(light, out)?;
    }
    Ok(())
}

/// Period, lengths and colour of a light, as far as they could be measured.
fn numbers(light: &Light, out: &mut dyn Write) -> io::Result<()> {
    let rhythm = Rhythm::of(&light.train);
    if let Some(p) = rhythm.period {
        let flashes = match p.flashes {
            1 => String::new(),
            n => format!(" of {n} flashes"),
        };
        writeln!(
            out,
            "  period{flashes} {}, {:.3} Hz, duty {:.1} ± {:.1} %, jitter {:.1} ms",
            milliseconds(p.period),
            1.0 / p.period.value,
            p.duty.value * 100.0,
            p.duty.sd * 100.0,
            p.jitter_s * 1e3
        )?;
    }
    for (name, lengths) in [("on", rhythm.on), ("off", rhythm.off)] {
        let Some(l) = lengths else {
            continue;
        };
        if l.count == 1 {
            writeln!(out, "  {name:3} {}, once", milliseconds(l.mean))?;
        } else {
            writeln!(
                out,
                "  {name:3} {}, {:.0} to {:.0} ms, sd {:.1} ms, {} complete",
                milliseconds(l.mean),
                l.min_s * 1e3,
                l.max_s * 1e3,
                l.spread_s * 1e3,
                l.count
            )?;
        }
    }
    if let Some(c) = Chroma::of(light.rgb) {
        write!(out, "  colour: ")?;
        if let Some(hue) = c.hue_deg {
            write!(out, "hue {hue:.0}°, ")?;
        }
        write!(out, "saturation {:.0} %", c.saturation * 100.0)?;
        if let Some(nm) = c.wavelength_nm {
            write!(out, ", about {nm:.0} nm (a camera's estimate)")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A time with its standard error, in ms.
fn milliseconds(e: Estimate) -> String {
    format!("{:.1} ± {:.1} ms", e.value * 1e3, e.sd * 1e3)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Blinking => "blinking",
        Kind::Switching => "switching",
        Kind::Steady => "steady",
        Kind::Flicker => "flickering",
        Kind::ColorChanging => "colour-changing",
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::tests::{diagnosis as sample, report};
    use super::*;

    fn printed(verdict: Verdict, states: &[(&str, f64)]) -> String {
        let mut out = Vec::new();
        diagnosis(&report(verdict, states), &sample(verdict, states), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn the_verdict_comes_first_then_the_steps_then_why() {
        let text = printed(
            Verdict::Diagnosed,
            &[("low-battery", 0.93), ("powering-up", 0.06)],
        );
        let places: Vec<usize> = [
            "clip.mp4\n",
            "xt: low-battery\n",
            "The batteries are low.",
            "  1. Replace both batteries",
            "How sure: 93 %\n",
            "Otherwise: xt powering-up 6 %",
            "Seen: red(0.2s on, 0.2s off) x5\n",
            "  red   ······",
        ]
        .map(|part| {
            text.find(part)
                .unwrap_or_else(|| panic!("no {part:?} in\n{text}"))
        })
        .to_vec();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn what_can_not_be_told_apart_is_printed_with_the_question() {
        let text = printed(
            Verdict::Ambiguous,
            &[("low-battery", 0.55), ("powering-up", 0.44)],
        );
        for part in [
            "xt: low-battery, 55 %",
            "xt: powering-up, 44 %",
            "Replace both batteries",
            "Wait up to two minutes",
            "Were the batteries put in just now?",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }

    #[test]
    fn models_with_the_same_words_are_printed_together() {
        let mut report = report(
            Verdict::Ambiguous,
            &[
                ("low-battery", 0.55),
                ("powering-up", 0.2),
                ("powering-up", 0.1),
            ],
        );
        report.alternatives[2].model = "xt2".to_owned();
        let mut out = Vec::new();
        let sample = sample(Verdict::Ambiguous, &[("low-battery", 0.55)]);
        diagnosis(&report, &sample, &mut out).unwrap();
        let text = anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string();
        assert!(text.contains("xt, xt2: powering-up, 30 %"), "{text}");
        assert_eq!(text.matches("Wait up to two minutes").count(), 1, "{text}");
    }

    #[test]
    fn other_models_with_the_same_state_are_named() {
        let mut report = report(Verdict::Diagnosed, &[("low-battery", 0.93)]);
        report.shared_by = vec!["xt2".to_owned(), "outdoor-3".to_owned()];
        let mut out = Vec::new();
        let sample = sample(Verdict::Diagnosed, &[("low-battery", 0.93)]);
        diagnosis(&report, &sample, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("the same on xt2, outdoor-3: "), "{text}");
    }

    #[test]
    fn nothing_measured_is_certain() {
        assert_eq!(percent(0.99999), "over 99 %");
        assert_eq!(percent(0.004), "under 1 %");
        assert_eq!(percent(0.98), "98 %");
    }
}
