//! How a watch is shown: lines of JSON, a view that is redrawn, or plain lines.

use std::io::{IsTerminal, Write};

use blinkdx::devices::Device;
use blinkdx::live::{Event, Happening, Live};
use blinkdx::matcher::Diagnosis;
use blinkdx::observe::Observation;
use blinkdx::report::{self, json};
use blinkdx::source::Frame;

use super::view::View;
use crate::cli::args::{Common, Format};
use crate::cli::failure::Failure;
use crate::cli::output;

/// Where news go.
pub enum Output {
    /// A block on standard error that is redrawn; the result on standard output.
    View(View),
    /// One event a line on standard output.
    Json,
    /// One line for each thing on standard error; the result on standard output.
    Plain { quiet: bool },
}

impl Output {
    pub fn new(format: Format, common: &Common) -> Self {
        let quiet = common.quiet;
        match format {
            Format::Json => Self::Json,
            Format::Text if quiet => Self::Plain { quiet },
            Format::Text => view().map_or(Self::Plain { quiet }, Self::View),
        }
    }

    /// Tells of an event.
    pub fn event(&mut self, event: &Event) -> Result<(), Failure> {
        match self {
            Self::Json => output::json(event)?,
            Self::View(view) => match &event.what {
                // These the view shows itself.
                Happening::Light { .. } | Happening::Verdict { .. } => {}
                Happening::Recovered { .. } => view.say(String::new()),
                _ => view.say(words(event)),
            },
            Self::Plain { quiet: false } => anstream::eprintln!("{}", line(event)),
            Self::Plain { .. } => {}
        }
        Ok(())
    }

    /// Shows how things stand; `dropped` pictures were left out so far.
    pub fn draw(&mut self, live: &Live, frame: &Frame, dropped: u64) {
        if let Self::View(view) = self
            && view.is_due()
        {
            show(&view.redraw(live, frame, dropped));
        }
    }

    /// Prints the last word.
    pub fn result(
        &mut self,
        seen: &Observation,
        diagnosis: &Diagnosis,
        devices: &[&Device],
    ) -> Result<(), Failure> {
        if let Self::View(view) = self {
            show(&view.clear());
        }
        let result = json::Report::new(seen, diagnosis, devices);
        match self {
            Self::Json => output::json(&result)?,
            _ => output::text(|out| report::diagnosis(&result, diagnosis, out))?,
        }
        Ok(())
    }
}

/// Columns that the view needs, and lines of it beside the picture.
const COLUMNS: u16 = 80;
const LINES: usize = 11;

/// A view, if standard error is a terminal on which lines can be gone back to and that is wide enough.
fn view() -> Option<View> {
    let stderr = std::io::stderr();
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let colored = anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never;
    // Consoles of Windows are told to heed what goes back together with colours.
    if !stderr.is_terminal() || dumb || cfg!(windows) && !colored {
        return None;
    }
    match terminal_size::terminal_size_of(&stderr) {
        Some((width, _)) if width.0 > 0 && width.0 < COLUMNS => None,
        Some((_, height)) if height.0 > 0 => Some(View::new(
            colored,
            usize::from(height.0).saturating_sub(LINES),
        )),
        // It does not say; most have 24 lines.
        _ => Some(View::new(colored, 24 - LINES)),
    }
}

/// Writes what goes back and clears also where colours are not wanted, which leave out all escapes otherwise.
fn show(text: &str) {
    // A terminal that is gone misses the view; the result is told where it can't be written.
    let _ = if cfg!(windows) {
        anstream::stderr().write_all(text.as_bytes())
    } else {
        std::io::stderr().write_all(text.as_bytes())
    };
}

/// An event as a line with its time.
fn line(event: &Event) -> String {
    format!("{:7.2} s  {}", event.at_s, words(event))
}

/// An event in words.
fn words(event: &Event) -> String {
    match &event.what {
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
    }
}
