//! `blinkdx measure`: the lights of a clip, without any device.

use blinkdx::report::{self, csv, json, vcd};

use super::args::{Common, Reading};
use super::failure::{Failure, Status};
use super::{output, reading};

/// How the lights are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one object on standard output
    Json,
    /// One line for each span, for spreadsheets
    Csv,
    /// Logic signals, for PulseView, sigrok and GTKWave
    Vcd,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A video file, an animation, a folder of stills, or `-` for a stream on standard input
    pub source: String,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    #[command(flatten)]
    pub reading: Reading,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let seen = reading::read(&args.source, &args.reading, common, true)?;
    if args.format == Format::Text {
        output::text(|out| report::measurement(&seen.film, seen.from_s, out))?;
        return Ok(Status::Done);
    }
    let mut result = json::MeasureReport::from(&seen.film);
    if let Some(from_s) = seen.from_s {
        result.begin_at(from_s);
    }
    match args.format {
        Format::Csv => output::raw(|out| csv::write(&result, out))?,
        Format::Vcd => output::raw(|out| vcd::write(&result, out))?,
        _ => output::json(&result)?,
    }
    Ok(Status::Done)
}
