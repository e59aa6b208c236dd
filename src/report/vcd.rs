//! Lights as logic signals in a Value Change Dump (IEEE 1364-2005, clause 18), for PulseView, sigrok and GTKWave.

use std::io::{self, Write};

use super::json::{MeasureReport, MeasuredLight, SpanState};

/// One tick: 0.1 ms, to which the times of results are rounded.
const TICKS_PER_S: f64 = 10_000.0;

/// Writes one wire for each light: 1 on, 0 off, x unseen.
///
/// # Errors
/// What `out` reports.
pub fn write(report: &MeasureReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "$version blinkdx {} $end", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "$comment {} $end", plain(&report.source.name))?;
    writeln!(out, "$timescale 100 us $end")?;
    writeln!(out, "$scope module lights $end")?;
    for (i, light) in report.lights.iter().enumerate() {
        let (id, name) = (identifier(i), name(i, light));
        writeln!(out, "$var wire 1 {id} {name} $end")?;
    }
    writeln!(out, "$upscope $end")?;
    writeln!(out, "$enddefinitions $end")?;

    let mut changes: Vec<(u64, usize, char)> = Vec::new();
    for (i, light) in report.lights.iter().enumerate() {
        let mut before = None;
        for span in &light.spans {
            if before != Some(span.state) {
                before = Some(span.state);
                changes.push((ticks(span.start_s), i, value(span.state)));
            }
        }
    }
    changes.sort_unstable_by_key(|&(at, i, _)| (at, i));
    let mut now = None;
    for (at, i, value) in changes {
        if now != Some(at) {
            now = Some(at);
            writeln!(out, "#{at}")?;
        }
        writeln!(out, "{value}{}", identifier(i))?;
    }
    let source = &report.source;
    let end = ticks(source.from_s.unwrap_or(0.0) + source.duration_s);
    if now.is_none_or(|at| at < end) {
        writeln!(out, "#{end}")?;
    }
    Ok(())
}

fn ticks(s: f64) -> u64 {
    (s * TICKS_PER_S).round().max(0.0) as u64
}

fn value(state: SpanState) -> char {
    match state {
        SpanState::On => '1',
        SpanState::Off => '0',
        SpanState::Unseen => 'x',
    }
}

/// `light1_red_612_300`: number, colour, and place so that it can be told from others.
fn name(i: usize, light: &MeasuredLight) -> String {
    let (x, y) = (light.place.x.max(0.0), light.place.y.max(0.0));
    format!("light{}_{}_{x:.0}_{y:.0}", i + 1, light.color.name())
}

/// Identifier codes are strings of the printable characters `!` to `~`.
fn identifier(mut i: usize) -> String {
    let mut code = String::new();
    loop {
        code.push((b'!' + (i % 94) as u8) as char);
        i /= 94;
        if i == 0 {
            return code;
        }
    }
}

/// A name that can't end the comment it stands in.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() || c == '$' { '_' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::json::tests::measured;
    use super::*;

    #[test]
    fn changes_are_in_order_and_end_with_the_clip() {
        let mut out = Vec::new();
        write(&measured(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let changes = text.split("$enddefinitions $end\n").nth(1).unwrap();
        assert_eq!(
            changes,
            "#0\n0!\n1\"\n#10000\n1!\n#15000\n0!\n#20000\nx!\n#30000\n"
        );
        assert!(
            text.contains("$var wire 1 ! light1_red_10_20 $end"),
            "{text}"
        );
        assert!(text.contains("$comment a_end.mp4 $end"), "{text}");
    }

    #[test]
    fn identifiers_are_distinct_and_printable() {
        let all: std::collections::BTreeSet<String> = (0..20_000).map(identifier).collect();
        assert_eq!(all.len(), 20_000);
        assert!(
            all.iter()
                .all(|c| c.bytes().all(|b| (b'!'..=b'~').contains(&b)))
        );
    }
}
