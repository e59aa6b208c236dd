//! `blinkdx simulate`: a clip of a device in a state, with its truth beside it.

use std::path::PathBuf;

use blinkdx::devices::{Device, Pattern, State};
use blinkdx::simulate::output::{Encoding, label_path, write};
use blinkdx::simulate::{ClipSpec, Conditions, GRADES};

use super::args::{self, Common, Format};
use super::failure::{Failure, Status};
use super::progress::Progress;
use super::{library, output};

/// The word for a light that stays dark, which is no state.
const DARK: &str = "dark";
/// The verdict on a pattern that no state of the device has.
const UNKNOWN: &str = "unknown-pattern";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The device, for example mini-2
    pub model: String,
    /// Its state, for example offline; `dark` for no light; or any pattern, as `red(0.2s on, 0.2s off) x5, off 2s`
    pub state: String,
    /// Where to: .gif, .y4m, .avi, a folder of PNG pictures (no extension), or what ffmpeg can write (.mp4, .mkv, ...)
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Another number, another clip
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How hard to see, 0 to 1, or tripod (0), handheld (0.4), cluttered (0.7), extreme (1)
    #[arg(long, default_value = "tripod", value_parser = difficulty)]
    pub difficulty: f64,
    /// Set one viewing condition, for example shake=5 or distract=["screen"] (may be repeated)
    #[arg(long = "set", value_name = "EFFECT=VALUE")]
    pub effects: Vec<String>,
    /// Length in s; without it, long enough to tell the state
    #[arg(long, value_name = "S")]
    pub duration: Option<f64>,
    /// Picture size in px
    #[arg(long, value_name = "WxH", value_parser = args::size)]
    pub size: Option<(u32, u32)>,
    /// Frames per second
    #[arg(long)]
    pub fps: Option<f64>,
    /// Video encoder of ffmpeg
    #[arg(long, default_value = "libx264")]
    pub codec: String,
    /// Compression of that encoder: higher is coarser
    #[arg(long, default_value_t = 24)]
    pub crf: u32,
    /// JSON: the truth, as in the file beside the clip
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let usage = |e: &dyn std::fmt::Display| Failure::Usage(e.to_string());
    let library = library::load(common)?;
    let device = library::choose(&library, Some(&args.model))?[0];
    let given = args.state.parse::<Pattern>();
    let state = match (device.state(&args.state), &given) {
        (Some(state), _) => Some(state.clone()),
        (None, _) if args.state == DARK => None,
        (None, Ok(pattern)) => Some(State {
            name: args.state.clone(),
            patterns: vec![pattern.clone()],
            ..Device::given(pattern).states.remove(0)
        }),
        // Who writes brackets means a pattern.
        (None, Err(e)) if args.state.contains('(') => return Err(usage(e)),
        (None, Err(_)) => {
            let known: Vec<&str> = device.states.iter().map(|s| s.name.as_str()).collect();
            return Err(Failure::Usage(format!(
                "{} has no state {:?}; it has {}, {DARK}",
                device.name,
                args.state,
                known.join(", ")
            )));
        }
    };
    let mut spec = ClipSpec::draw(
        device,
        state.as_ref(),
        &Conditions {
            difficulty: args.difficulty,
            seed: args.seed,
            size: args.size,
            fps: args.fps,
            duration_s: args.duration,
        },
    );
    if device.state(&spec.state).is_none() && spec.state != DARK {
        spec.verdict = UNKNOWN.into();
    }
    for effect in &args.effects {
        spec.effects.set(effect).map_err(|e| usage(&e))?;
    }
    let encoding = Encoding {
        codec: args.codec.clone(),
        crf: args.crf,
        ..Encoding::default()
    };
    let name = args.output.display().to_string();
    let mut bar = Progress::new(&name, Some(spec.duration_s), !common.quiet);
    let truth = write(&spec, &args.output, &encoding, &mut |done| {
        bar.update(done * spec.duration_s);
    })
    .map_err(|e| usage(&e))?;
    drop(bar);
    if args.format == Format::Json {
        output::json(&truth)?;
    } else if !common.quiet {
        output::text(|out| {
            writeln!(
                out,
                "{name}: {} {}, {:.1} s, {} frames of {} x {} px; truth in {}",
                truth.model,
                truth.state,
                spec.duration_s,
                truth.frames,
                truth.width,
                truth.height,
                label_path(&args.output).display()
            )
        })?;
    }
    Ok(Status::Done)
}

/// Parses a difficulty 0..1 or the name of a grade.
fn difficulty(text: &str) -> Result<f64, String> {
    if let Some((_, d)) = GRADES.iter().find(|g| g.0 == text) {
        return Ok(*d);
    }
    match text.parse::<f64>() {
        Ok(d) if (0.0..=1.0).contains(&d) => Ok(d),
        _ => Err("a number 0 to 1, tripod, handheld, cluttered or extreme is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difficulty_is_a_number_or_a_grade() {
        assert_eq!(difficulty("0.25"), Ok(0.25));
        assert_eq!(difficulty("extreme"), Ok(1.0));
        for bad in ["2", "-1", "NaN", "hard"] {
            assert!(difficulty(bad).is_err(), "{bad}");
        }
    }
}
