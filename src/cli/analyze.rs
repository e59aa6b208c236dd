//! `blinkdx analyze`: what the light of each clip means.

use blinkdx::devices::{Device, Pattern};
use blinkdx::matcher::{Query, diagnose};
use blinkdx::report::{self, json};

use super::args::{Common, Format, Reading};
use super::failure::{Failure, Status};
use super::{library, output, reading};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Video files, animations, folders of stills, or `-` for a stream on standard input
    #[arg(required = true)]
    pub sources: Vec<String>,
    /// The device that was filmed; without it every known device is considered
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// In place of a device: what the light must do, for example 'red(0.2s on, 0.2s off) x5, off 2s'
    #[arg(long, value_name = "PATTERN", conflicts_with = "model")]
    pub pattern: Option<Pattern>,
    /// What is known of the situation, for example `just-powered` (may be repeated)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub context: Vec<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    #[command(flatten)]
    pub reading: Reading,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let library = library::load(common)?;
    let given = args.pattern.as_ref().map(Device::given);
    let devices = match &given {
        Some(device) => vec![device],
        None => library::choose(&library, args.model.as_deref())?,
    };
    library::check_context(&args.context, &library)?;
    let query = Query {
        context: args.context.clone(),
    };
    let mut worst = Status::Done;
    for (i, name) in args.sources.iter().enumerate() {
        if i > 0 && args.format == Format::Text {
            output::text(|out| writeln!(out))?;
        }
        if let Err(failure) = one(name, args, common, &devices, &query) {
            if let Failure::Output(_) = failure {
                return Err(failure);
            }
            failure.print();
            if args.format == Format::Json {
                output::json(&json::ErrorReport {
                    schema: json::SCHEMA.to_owned(),
                    source: json::FailedSource { name: name.clone() },
                    error: failure.to_string(),
                })?;
            }
            worst = worst.max(failure.status());
        }
    }
    Ok(worst)
}

/// Reads, matches and prints one source.
fn one(
    name: &str,
    args: &Args,
    common: &Common,
    devices: &[&Device],
    query: &Query,
) -> Result<(), Failure> {
    let seen = reading::read(name, &args.reading, common)?;
    let diagnosis = diagnose(&seen, devices, query);
    let result = json::Report::new(&seen, &diagnosis, devices);
    match args.format {
        Format::Json => output::json(&result)?,
        Format::Text => {
            output::text(|out| report::diagnosis(&result, &diagnosis, out))?;
        }
    }
    Ok(())
}
