//! From a source named on the command line to what was seen in it.

use std::time::{Duration, Instant};

use blinkdx::observe::{Observation, ObserveOptions, observe};
use blinkdx::source::{DecoderChoice, Frame, FrameSource, OpenOptions, SourceError, VideoInfo};

use super::args::{Common, Decoder, Reading};
use super::failure::Failure;
use super::progress::Progress;

/// Opens and reads one source, with the progress bar and the notes of `-v`.
pub fn read(name: &str, reading: &Reading, common: &Common) -> Result<Observation, Failure> {
    let mut source = open(name, reading)?;
    let info = source.info();
    if common.verbose {
        let (width, height) = info.shown_size();
        anstream::eprintln!(
            "{name}: {width}x{height}, {}; {}",
            info.format,
            info.decoder
        );
    }
    let mut progress = Progress::new(name, info.duration_s, !common.quiet);
    let options = options(name, source.as_ref(), reading)?;
    let seen = observe(source.as_mut(), &options, &mut |at_s| progress.update(at_s))?;
    drop(progress);
    if common.verbose {
        for (stage, s) in &seen.timings {
            anstream::eprintln!("{name}: {stage}: {:.1} ms", s * 1e3);
        }
    }
    if !common.quiet {
        for warning in &seen.warnings {
            anstream::eprintln!("warning: {name}: {warning}");
        }
    }
    Ok(seen)
}

/// Opens and reads one source without a word, for as long as `limit` allows. Also says whether it was enough.
pub fn read_within(
    name: &str,
    reading: &Reading,
    limit: Option<Duration>,
) -> Result<(Observation, bool), Failure> {
    let source = open(name, reading)?;
    let options = options(name, source.as_ref(), reading)?;
    let mut limited = Limited {
        name,
        source,
        until: limit.map(|l| Instant::now() + l),
        over: false,
    };
    let seen = observe(&mut limited, &options, &mut |_| {})?;
    Ok((seen, !limited.over))
}

/// How to look at `source`.
fn options(
    name: &str,
    source: &dyn FrameSource,
    reading: &Reading,
) -> Result<ObserveOptions, Failure> {
    let (width, height) = source.info().shown_size();
    if let Some(r) = reading.region
        && (r.x >= f64::from(width) || r.y >= f64::from(height))
    {
        return Err(Failure::Usage(format!(
            "{name}: --region {},{},{},{} lies outside the picture of {width}x{height} px",
            r.x, r.y, r.w, r.h
        )));
    }
    Ok(ObserveOptions {
        region: reading.region,
    })
}

/// A source that ends when its time is over.
struct Limited<'a> {
    name: &'a str,
    source: Box<dyn FrameSource>,
    until: Option<Instant>,
    over: bool,
}

impl FrameSource for Limited<'_> {
    fn info(&self) -> &VideoInfo {
        self.source.info()
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            self.over = true;
            return Err(SourceError::Truncated {
                name: self.name.to_owned(),
                cause: "its time limit is over".to_owned(),
            });
        }
        self.source.read(frame)
    }
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
