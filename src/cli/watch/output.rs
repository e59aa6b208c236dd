//! How a watch is shown: lines of JSON, a view that is redrawn, or plain lines.

use blinkdx::devices::Device;
use blinkdx::live::{Event, Happening, Live};
use blinkdx::matcher::Diagnosis;
use blinkdx::observe::Observation;
use blinkdx::report::{self, json};
use blinkdx::source::Frame;

use crate::cli::args::{Common, Format};
use crate::cli::failure::Failure;
use crate::cli::output;

/// Where news go.
pub enum Output {
    /// One event a line on standard output.
    Json,
    /// One line for each thing on standard error; the result on standard output.
    Plain { quiet: bool },
}

impl Output {
    pub fn new(format: Format, common: &Common, _name: &str) -> Self {
        let quiet = common.quiet;
        match format {
            Format::Json => Self::Json,
            Format::Text => Self::Plain { quiet },
        }
    }

    /// Tells of an event.
    pub fn event(&mut self, event: &Event) -> Result<(), Failure> {
        match self {
            Self::Json => output::json(event)?,
            Self::Plain { quiet: false } => anstream::eprintln!("{}", line(event)),
            Self::Plain { .. } => {}
        }
        Ok(())
    }

    /// Shows how things stand; `dropped` pictures were left out so far.
    pub fn draw(&mut self, _live: &Live, _frame: &Frame, _dropped: u64) -> Result<(), Failure> {
        Ok(())
    }

    /// Prints the last word.
    pub fn result(
        &mut self,
        seen: &Observation,
        diagnosis: &Diagnosis,
        devices: &[&Device],
    ) -> Result<(), Failure> {
        let result = json::Report::new(seen, diagnosis, devices);
        match self {
            Self::Json => output::json(&result)?,
            _ => output::text(|out| report::diagnosis(&result, diagnosis, out))?,
        }
        Ok(())
    }
}

/// An event in words.
fn line(event: &Event) -> String {
    let text = match &event.what {
        Happening::Camera {
            name,
            width,
            height,
            fps,
            format,
            locked,
            ..
        } => {
            let locked = match locked.is_empty() {
                true => String::new(),
                false => format!("; {} held still", locked.join(" and ")),
            };
            format!("{name}: {width}x{height} at {fps} frames/s, {format}{locked}")
        }
        Happening::Light { lit } if lit.is_empty() => "light off".to_owned(),
        Happening::Light { lit } => {
            let names: Vec<&str> = lit.iter().map(|c| c.name()).collect();
            format!("light {}", names.join(" and "))
        }
        Happening::Verdict {
            verdict,
            model,
            state,
            confidence,
            ..
        } => match (model, state, confidence) {
            (Some(model), Some(state), Some(sure)) => {
                format!(
                    "{}: {model}: {state}, {:.0} %",
                    verdict.name(),
                    sure * 100.0
                )
            }
            _ => verdict.name().to_owned(),
        },
        Happening::Trouble { text, .. } => format!("warning: {text}"),
        Happening::Recovered { kind } => format!("no longer {kind:?}").to_lowercase(),
    };
    format!("{:7.2} s  {text}", event.at_s)
}
