//! Animated GIF, PNG and WebP, with the times that a viewer shows. A picture that stands for several, as nothing changed
//! meanwhile, comes as often.

use super::held::{AHEAD_BYTES, LONGEST_S, STEP_S, copies};
use super::prefetch::{LocalSource, Prefetch};
use super::{Frame, Orientation, SourceError, VideoInfo, limits, rgb};
use crate::median::median;
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Delay, Frames, ImageDecoder, ImageError, ImageFormat, ImageResult};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Seek};

/// Delays up to this, in ms, are not shown as they stand: browsers and ffmpeg show
/// [`DEFAULT_DELAY_MS`] instead, because old encoders wrote 0 or 1 without meaning it
/// (ffmpeg: `min_delay` and `default_delay` in libavformat/gifdec.c; WebKit bug 36082, which Chromium
/// and Firefox share, for PNG and WebP too).
const MAX_UNMEANT_DELAY_MS: f64 = 10.0;
const DEFAULT_DELAY_MS: f64 = 100.0;

/// A picture shown at least so many times as long as is usual stands for several: encoders write what does not change once.
const HELD: f64 = 2.0;
/// Delays within this factor of their median are alike, the share of those that make a series a regular one, and its
/// median no longer than that of a camera: what blinks evenly is regular too.
const ALIKE: f64 = 1.5;
const REGULAR: f64 = 0.75;
/// Pictures that are looked at for what is usual, at most.
const AHEAD: usize = 64;

/// Whether `file` holds more than one picture, or may; it is read from its start.
pub fn is_animated(file: &File, format: ImageFormat) -> ImageResult<bool> {
    let mut reader = BufReader::new(file);
    reader.rewind()?;
    Ok(match format {
        ImageFormat::Gif => true,
        ImageFormat::Png => PngDecoder::new(reader)?.is_apng()?,
        ImageFormat::WebP => WebPDecoder::new(reader)?.has_animation(),
        _ => false,
    })
}

/// Opens a GIF, or an animated PNG or WebP, and decodes its first picture.
///
/// # Errors
/// `Invalid` if that fails or the picture is too large.
pub fn open(name: &str, file: File, format: ImageFormat) -> Result<Prefetch, SourceError> {
    let owned = name.to_owned();
    // The decoders of the `image` crate can't move between threads.
    Prefetch::spawn(name, move || {
        Animation::open(&owned, file, format).map_err(|e| SourceError::Invalid {
            name: owned,
            cause: e.to_string(),
        })
    })
}

struct Animation {
    info: VideoInfo,
    /// What was decoded to learn how long a picture is shown.
    ahead: VecDeque<ImageResult<image::Frame>>,
    /// `None` after an error.
    rest: Option<Frames<'static>>,
    usual_s: f64,
    /// What is shown, how often it is yet to be handed out, and for how long each.
    shown: Option<image::Frame>,
    left: usize,
    step_s: f64,
    next_pts_s: f64,
}

impl Animation {
    fn open(name: &str, file: File, format: ImageFormat) -> ImageResult<Self> {
        let mut reader = BufReader::new(file);
        reader.rewind()?;
        let (size, kind, mut rest) = match format {
            ImageFormat::Gif => {
                let mut decoder = GifDecoder::new(reader)?;
                (limit(&mut decoder)?, "GIF", decoder.into_frames())
            }
            ImageFormat::WebP => {
                let mut decoder = WebPDecoder::new(reader)?;
                (limit(&mut decoder)?, "WebP", decoder.into_frames())
            }
            _ => {
                let mut decoder = PngDecoder::new(reader)?;
                (limit(&mut decoder)?, "PNG", decoder.apng()?.into_frames())
            }
        };
        let bytes = 4 * size.0 as usize * size.1 as usize;
        let most = (AHEAD_BYTES / bytes.max(1)).clamp(1, AHEAD);
        let mut ahead: VecDeque<_> = rest.by_ref().take(most).collect();
        let first = ahead.pop_front().transpose()?.ok_or_else(|| {
            let text = "there is no picture in it";
            ImageError::IoError(io::Error::new(io::ErrorKind::UnexpectedEof, text))
        })?;
        ahead.push_front(Ok(first));
        let delays = ahead.iter().flatten().map(|p| shown_s(p.delay()));
        Ok(Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: size.0,
                coded_height: size.1,
                orientation: Orientation::default(),
                duration_s: None,
                format: format!("animated {kind}"),
                decoder: "embedded (image)".into(),
            },
            usual_s: usual_s(delays.collect()),
            ahead,
            rest: Some(rest),
            shown: None,
            left: 0,
            step_s: 0.0,
            next_pts_s: 0.0,
        })
    }

    /// The next picture of the file.
    fn decode(&mut self) -> Result<Option<image::Frame>, SourceError> {
        let from_file = || self.rest.as_mut().and_then(Iterator::next);
        let next = self.ahead.pop_front().or_else(from_file).transpose();
        next.map_err(|e| {
            self.ahead.clear();
            self.rest = None;
            SourceError::Truncated {
                name: self.info.name.clone(),
                cause: e.to_string(),
            }
        })
    }
}

impl LocalSource for Animation {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        &[]
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.left == 0 {
            self.shown = self.decode()?;
            if let Some(picture) = &self.shown {
                let delay_s = shown_s(picture.delay());
                self.left = match delay_s / self.usual_s >= HELD {
                    true => copies(delay_s, self.usual_s),
                    false => 1,
                };
                self.step_s = delay_s / self.left as f64;
            }
        }
        let Some(picture) = &self.shown else {
            return Ok(false);
        };
        let buffer = picture.buffer();
        let (width, height) = (buffer.width() as usize, buffer.height() as usize);
        rgb::fill(frame, width, height, 4, buffer.as_raw());
        frame.pts_s = self.next_pts_s;
        self.next_pts_s += self.step_s;
        self.left -= 1;
        Ok(true)
    }
}

/// How long one picture stands for itself, in s, given how long some are shown.
fn usual_s(mut delays: Vec<f64>) -> f64 {
    let Some(median) = median(&mut delays, f64::total_cmp) else {
        return STEP_S;
    };
    let alike = |d: &&f64| **d <= ALIKE * median && median <= ALIKE * **d;
    let regular = delays.iter().filter(alike).count() as f64 >= REGULAR * delays.len() as f64;
    if regular && median <= LONGEST_S {
        median
    } else {
        STEP_S
    }
}

/// Bounds what the decoder may allocate and gives the size of its picture in px.
fn limit(decoder: &mut impl ImageDecoder) -> ImageResult<(u32, u32)> {
    let (width, height) = decoder.dimensions();
    limits::check_size(width, height)
        .map_err(|e| ImageError::IoError(io::Error::new(io::ErrorKind::InvalidData, e)))?;
    decoder.set_limits(limits::of_decoder())?;
    Ok((width, height))
}

/// How long a viewer shows a picture with this delay, in s.
fn shown_s(delay: Delay) -> f64 {
    let (numerator, denominator) = delay.numer_denom_ms();
    let ms = f64::from(numerator) / f64::from(denominator.max(1));
    if ms <= MAX_UNMEANT_DELAY_MS {
        DEFAULT_DELAY_MS / 1000.0
    } else {
        ms / 1000.0
    }
}
