//! Lights as comma-separated values (RFC 4180): one line for each span, for spreadsheets and data frames.

use std::io::{self, Write};

use super::json::MeasureReport;

/// The column names. A light's own values repeat on each of its lines.
const HEADER: &str = "source,light,x,y,w,h,color,kind,period_s,duty,state,colors,start_s,end_s,duration_s,start_sd_s,end_sd_s";

/// Writes the spans of every light in order; a clip without lights has the header alone.
///
/// # Errors
/// What `out` reports.
pub fn write(report: &MeasureReport, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{HEADER}\r\n")?;
    let source = quoted(&report.source.name);
    for (i, light) in report.lights.iter().enumerate() {
        let p = light.place;
        let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
        for span in &light.spans {
            let colors: Vec<&str> = span.colors.iter().map(|c| c.name()).collect();
            write!(
                out,
                "{source},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
                i + 1,
                p.x,
                p.y,
                p.w,
                p.h,
                light.color.name(),
                light.kind.name(),
                number(light.period_s),
                number(light.duty),
                span.state.name(),
                colors.join("+"),
                span.start_s,
                span.end_s,
                super::json::seconds(span.end_s - span.start_s),
                span.start_sd_s,
                span.end_sd_s
            )?;
        }
    }
    Ok(())
}

/// A text field, in quotes where RFC 4180 asks for them.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::tests::measured;
    use super::*;

    #[test]
    fn every_span_is_a_line_of_as_many_fields_as_the_header() {
        let mut report = measured();
        report.source.name = "a,\"b\".mp4".to_owned();
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 1 + 5);
        let rest = lines[2].strip_prefix("\"a,\"\"b\"\".mp4\",").unwrap();
        assert_eq!(
            rest,
            "1,10,20,4,5,red,switching,,,on,red,1,1.5,0.5,0.002,0.002"
        );
        assert_eq!(rest.split(',').count() + 1, HEADER.split(',').count());
    }
}
