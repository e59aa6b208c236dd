//! From a source named on the command line to what was seen in it.

use std::time::{Duration, Instant};

use blinkdx::observe::{Observation, ObserveOptions, observe};
use blinkdx::source::{
    DecoderChoice, Frame, FrameSource, OpenOptions, Part, SourceError, VideoInfo,
};

use super::args::{Common, Decoder, Reading};
use super::failure::Failure;
use super::progress::Progress;

/// What was seen of a source.
pub struct Seen {
    /// Times are from the first frame that was read.
    pub film: Observation,
    /// When that frame comes, in s from the first of the clip; `None` unless a part was asked for.
    pub from_s: Option<f64>,
}

/// Opens and reads one source, with the notes of `-v` and, with `bar`, a progress bar.
pub fn read(name: &str, reading: &Reading, common: &Common, bar: bool) -> Result<Seen, Failure> {
    let begun = Instant::now();
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
    let mut progress = Progress::new(name, info.duration_s, bar && !common.quiet);
    let options = options(name, source.as_ref(), reading)?;
    let film = observe(source.as_mut(), &options, &mut |at_s| progress.update(at_s))?;
    drop(progress);
    if common.verbose {
        for (stage, s) in &film.timings {
            anstream::eprintln!("{name}: {stage}: {:.1} ms", s * 1e3);
        }
        let all_s = begun.elapsed().as_secs_f64();
        anstream::eprintln!(
            "{name}: all, with decoding: {:.1} ms, {:.3} ms for each of {} frames",
            all_s * 1e3,
            all_s * 1e3 / film.frames.max(1) as f64,
            film.frames
        );
    }
    if !common.quiet {
        for warning in &film.warnings {
            anstream::eprintln!("warning: {name}: {warning}");
        }
    }
    Ok(Seen {
        film,
        from_s: reading.from.map(|_| source.begins_s()),
    })
}

/// Reads one source without a word, for as long as `limit` allows. Also says whether it was enough.
pub fn read_within(
    name: &str,
    source: Box<dyn FrameSource>,
    reading: &Reading,
    limit: Option<Duration>,
) -> Result<(Observation, bool), Failure> {
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

    fn warnings(&self) -> &[String] {
        self.source.warnings()
    }

    fn prefer_cells(&mut self) {
        self.source.prefer_cells();
    }
}

/// Opens a clip.
pub fn open(name: &str, reading: &Reading) -> Result<Box<dyn FrameSource>, Failure> {
    if let (Some(from), Some(to)) = (reading.from, reading.to)
        && from >= to
    {
        return Err(Failure::Usage(format!(
            "--from {from} s is not before --to {to} s"
        )));
    }
    let part = Part {
        from_s: reading.from.unwrap_or(0.0),
        to_s: reading.to,
    };
    let options = OpenOptions {
        decoder: match reading.decoder {
            Decoder::Auto => DecoderChoice::Auto,
            Decoder::Embedded => DecoderChoice::Embedded,
            Decoder::Ffmpeg => DecoderChoice::Ffmpeg,
        },
        fps: reading.fps,
        part: (part != Part::default()).then_some(part),
        threads: reading.threads,
    };
    Ok(blinkdx::source::open(name, &options)?)
}
