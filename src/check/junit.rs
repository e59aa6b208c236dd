//! Results as JUnit XML, which CI systems show.

use std::io::{self, Write};

use super::outcome::{CheckReport, Status};

/// Writes one test suite with one test case for each entry.
///
/// # Errors
/// What `out` reports.
pub fn write(report: &CheckReport, out: &mut dyn Write) -> io::Result<()> {
    let seconds: f64 = report.entries.iter().map(|e| e.seconds).sum();
    let not_run = report
        .entries
        .iter()
        .filter(|e| e.status == Status::NotRun)
        .count();
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites tests="{0}" failures="{1}" errors="{2}" skipped="{3}" time="{4:.3}">
<testsuite name="{5}" tests="{0}" failures="{1}" errors="{2}" skipped="{3}" time="{4:.3}">"#,
        report.entries.len(),
        report.failed,
        report.errors,
        not_run,
        seconds,
        escaped(&report.manifest)
    )?;
    for e in &report.entries {
        let differences: Vec<String> = e.differences.iter().map(ToString::to_string).collect();
        write!(
            out,
            r#"<testcase classname="blinkdx" name="{}" time="{:.3}">"#,
            escaped(&e.name),
            e.seconds
        )?;
        match e.status {
            Status::Passed | Status::Updated => {}
            Status::Failed => write!(
                out,
                r#"<failure message="{}">{}</failure>"#,
                escaped(&differences.join("; ")),
                escaped(&[&differences[..], &e.timelines[..]].concat().join("\n"))
            )?,
            Status::Error => write!(
                out,
                r#"<error message="{}"/>"#,
                escaped(e.error.as_deref().unwrap_or_default())
            )?,
            Status::NotRun => write!(out, "<skipped/>")?,
        }
        writeln!(out, "</testcase>")?;
    }
    writeln!(out, "</testsuite>\n</testsuites>")
}

/// Text for XML 1.0: markup escaped, characters that XML can't hold replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c < ' ' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Outcome;
    use super::*;
    use crate::check::Difference;

    #[test]
    fn every_entry_is_a_test_case_and_text_can_not_break_out() {
        let outcome = |name: &str, status| Outcome {
            name: name.to_owned(),
            status,
            seconds: 0.25,
            differences: Vec::new(),
            error: None,
            result: None,
            timelines: Vec::new(),
        };
        let mut failed = outcome("<b> & \"c\"\u{1}", Status::Failed);
        failed.differences.push(Difference {
            what: "state".to_owned(),
            expected: "online".to_owned(),
            measured: "off<line>".to_owned(),
        });
        let mut error = outcome("gone", Status::Error);
        error.error = Some("gone.mp4: cannot be read".to_owned());
        let entries = vec![
            outcome("a", Status::Passed),
            failed,
            error,
            outcome("d", Status::NotRun),
        ];
        let mut out = Vec::new();
        write(&CheckReport::new("m.json", entries), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            r#"tests="4" failures="1" errors="1" skipped="1" time="1.000""#,
            r#"<testcase classname="blinkdx" name="a" time="0.250"></testcase>"#,
            "name=\"&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\"",
            r#"message="state: expected online, measured off&lt;line&gt;""#,
            r#"<error message="gone.mp4: cannot be read"/>"#,
            "<skipped/>",
        ] {
            assert!(text.contains(part), "no {part} in\n{text}");
        }
        assert!(!text.contains("<b>"));
    }
}
