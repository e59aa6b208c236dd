//! `blinkdx models`: the known devices, what their lights mean, and who says so.

use blinkdx::report::catalog;

use super::args::{Common, Format};
use super::failure::{Failure, Status};
use super::{library, output};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this device, with its states in full
    pub model: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let library = library::load(common)?;
    let devices = library::choose(&library, args.model.as_deref())?;
    match args.format {
        Format::Json => output::json(&catalog::Catalog::of(&devices))?,
        Format::Text if args.model.is_some() => {
            output::text(|out| catalog::device(devices[0], out))?;
        }
        Format::Text => output::text(|out| catalog::list(&devices, out))?,
    }
    Ok(Status::Done)
}
