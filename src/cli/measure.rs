//! `blinkdx measure`: the lights of a clip, without any device.

use std::io::Write;

use blinkdx::report::{self, json};

use super::args::{Common, Format, Reading};
use super::failure::{Failure, Status};
use super::reading;

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
    let seen = reading::read(&args.source, &args.reading, common)?;
    let mut out = anstream::stdout().lock();
    match args.format {
        Format::Text => report::measurement(&seen, &mut out)?,
        Format::Json => {
            serde_json::to_writer(&mut out, &json::MeasureReport::from(&seen))
                .map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(Status::Done)
}
