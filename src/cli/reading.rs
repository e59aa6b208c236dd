//! From a source named on the command line to what was seen in it.

use blinkdx::observe::{Observation, ObserveOptions, observe};
use blinkdx::source::{DecoderChoice, FrameSource, OpenOptions, SourceError};

use super::args::{Common, Decoder, Reading};
use super::failure::Failure;
use super::progress::Progress;

/// Opens and reads one source, with the progress bar and the notes of `-v`.
pub fn read(name: &str, reading: &Reading, common: &Common) -> Result<Observation, Failure> {
    let mut source = open(name, reading)?;
    let info = source.info();
    let (width, height) = info.shown_size();
    if common.verbose {
        anstream::eprintln!(
            "{name}: {width}x{height}, {}; {}",
            info.format,
            info.decoder
        );
    }
    if let Some(r) = reading.region
        && (r.x >= f64::from(width) || r.y >= f64::from(height))
    {
        return Err(Failure::Usage(format!(
            "{name}: --region {},{},{},{} lies outside the picture of {width}x{height} px",
            r.x, r.y, r.w, r.h
        )));
    }
    let options = ObserveOptions {
        region: reading.region,
    };
    let mut progress = Progress::new(name, info.duration_s, !common.quiet);
    let seen = observe(source.as_mut(), &options, &mut |at_s| progress.update(at_s))?;
    drop(progress);
    if common.verbose {
        for (stage, s) in &seen.timings {
            anstream::eprintln!("{name}: {stage}: {:.1} ms", s * 1e3);
        }
    }
    if !common.quiet {
        for warning in &seen.warnings {
            anstream::eprintln!("{name}: {warning}");
        }
    }
    Ok(seen)
}

fn open(name: &str, reading: &Reading) -> Result<Box<dyn FrameSource>, SourceError> {
    let options = OpenOptions {
        decoder: match reading.decoder {
            Decoder::Auto => DecoderChoice::Auto,
            Decoder::Embedded => DecoderChoice::Embedded,
            Decoder::Ffmpeg => DecoderChoice::Ffmpeg,
        },
        fps: reading.fps,
    };
    blinkdx::source::open(name, &options)
}
