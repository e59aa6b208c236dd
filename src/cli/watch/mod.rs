//! `blinkdx watch`: what the light in front of a webcam means, while it blinks.

use std::path::PathBuf;
use std::time::Duration;

use blinkdx::devices::Pattern;
use blinkdx::observe::Rect;

use super::args::{self, Format};
#[cfg(not(feature = "camera"))]
use super::{
    args::Common,
    failure::{Failure, Status},
};

#[cfg(feature = "camera")]
mod opened;
#[cfg(feature = "camera")]
mod output;
#[cfg(feature = "camera")]
mod session;
#[cfg(feature = "camera")]
mod view;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which camera: its number or a part of its name, as `blinkdx cameras` lists them
    #[arg(long, value_name = "N|NAME")]
    pub camera: Option<String>,
    /// Picture size in px, instead of the one that serves best
    #[arg(long, value_name = "WxH", value_parser = args::size)]
    pub size: Option<(u32, u32)>,
    /// Frames per second, instead of the highest
    #[arg(long, value_name = "FPS", value_parser = args::rate)]
    pub fps: Option<f64>,
    /// The device that is watched; without it every known device is considered
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// In place of a device: what the light must do, for example 'red(0.2s on, 0.2s off) x5, off 2s'
    #[arg(long, value_name = "PATTERN", conflicts_with = "model")]
    pub pattern: Option<Pattern>,
    /// What is known of the situation, for example `just-powered` (may be repeated)
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub context: Vec<String>,
    /// Look only here, in px of the picture
    #[arg(long, value_name = "X,Y,W,H", value_parser = args::region, allow_hyphen_values = true)]
    pub region: Option<Rect>,
    /// Watch this long, for example 30s or 10m, also when sure; without it until sure or Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub time: Option<Duration>,
    /// Keep the pictures, with their times, in this Matroska file
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// JSON: one event a line as it happens, then the result as `analyze` prints it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[cfg(feature = "camera")]
pub use session::run;

#[cfg(not(feature = "camera"))]
pub fn run(_args: &Args, _common: &Common) -> Result<Status, Failure> {
    Err(without_cameras())
}

/// What this program says when it was built without webcams.
#[cfg(not(feature = "camera"))]
pub fn without_cameras() -> Failure {
    blinkdx::source::SourceError::Camera {
        name: "camera".to_owned(),
        cause: "this program was built without webcams; build one with them: `cargo install --path . --features camera`"
            .to_owned(),
    }
    .into()
}

/// Parses `30s`, `10m`, `1h` or a number of seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit_s) = match text.trim().char_indices().last() {
        Some((at, 's')) => (&text.trim()[..at], 1.0),
        Some((at, 'm')) => (&text.trim()[..at], 60.0),
        Some((at, 'h')) => (&text.trim()[..at], 3600.0),
        _ => (text.trim(), 1.0),
    };
    let seconds = number.trim().parse::<f64>().map(|n| n * unit_s);
    match seconds {
        // A year: longer ones are slips of the finger.
        Ok(s) if s > 0.0 && s <= 3.2e7 => Ok(Duration::from_secs_f64(s)),
        _ => Err("a time such as 30s, 10m or 1h is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        for (text, s) in [
            ("30s", 30.0),
            ("1.5m", 90.0),
            ("2h", 7200.0),
            ("12", 12.0),
            ("0.5 s", 0.5),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs_f64(s)), "{text}");
        }
        for bad in ["", "s", "-3s", "0", "nan", "inf", "1e99h", "3 weeks", "30ß"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
