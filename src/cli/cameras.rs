//! `blinkdx cameras`: the webcams of this machine.

use super::args::Format;
use super::failure::{Failure, Status};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[cfg(not(feature = "camera"))]
pub fn run(_args: &Args) -> Result<Status, Failure> {
    Err(super::watch::without_cameras())
}

#[cfg(feature = "camera")]
pub fn run(args: &Args) -> Result<Status, Failure> {
    use super::output;
    use blinkdx::report::cameras;
    use blinkdx::source::{SourceError, camera};

    let failed = |cause: String| SourceError::Camera {
        name: "cameras".to_owned(),
        cause,
    };
    let cameras = camera::list().map_err(failed)?;
    match args.format {
        Format::Json => output::json(&cameras::Cameras::of(&cameras))?,
        Format::Text => output::text(|out| cameras::list(&cameras, out))?,
    }
    if cameras.is_empty() {
        return Err(failed(
            "none was found; plug one in, or allow its use to this program".to_owned(),
        )
        .into());
    }
    Ok(Status::Done)
}
