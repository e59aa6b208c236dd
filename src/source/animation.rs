//! Animated GIF, PNG and WebP, with the times that a viewer shows.

use super::prefetch::{LocalSource, Prefetch};
use super::{Frame, Orientation, SourceError, VideoInfo, limits, rgb};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Delay, Frames, ImageDecoder, ImageError, ImageFormat, ImageResult};
use std::fs::File;
use std::io::{self, BufReader, Seek};

/// Delays up to this, in ms, are not shown as they stand: browsers and ffmpeg show
/// [`DEFAULT_DELAY_MS`] instead, because old encoders wrote 0 or 1 without meaning it
/// (ffmpeg: `min_delay` and `default_delay` in libavformat/gifdec.c; WebKit bug 36082, which Chromium
/// and Firefox share, for PNG and WebP too).
const MAX_UNMEANT_DELAY_MS: f64 = 10.0;
const DEFAULT_DELAY_MS: f64 = 100.0;

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
    /// The picture that comes next, decoded when the file was opened.
    first: Option<image::Frame>,
    /// `None` after the last picture or an error.
    rest: Option<Frames<'static>>,
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
        let first = rest.next().transpose()?.ok_or_else(|| {
            let text = "there is no picture in it";
            ImageError::IoError(io::Error::new(io::ErrorKind::UnexpectedEof, text))
        })?;
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
            first: Some(first),
            rest: Some(rest),
            next_pts_s: 0.0,
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
        let next = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => self.rest.as_mut().and_then(Iterator::next),
        };
        let picture = match next {
            Some(Ok(picture)) => picture,
            Some(Err(e)) => {
                self.rest = None;
                return Err(SourceError::Truncated {
                    name: self.info.name.clone(),
                    cause: e.to_string(),
                });
            }
            None => return Ok(false),
        };
        let buffer = picture.buffer();
        let (width, height) = (buffer.width() as usize, buffer.height() as usize);
        rgb::fill(frame, width, height, 4, buffer.as_raw());
        frame.pts_s = self.next_pts_s;
        self.next_pts_s += shown_ms(picture.delay()) / 1000.0;
        Ok(true)
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

/// How long a viewer shows a picture with this delay, in ms.
fn shown_ms(delay: Delay) -> f64 {
    let (numerator, denominator) = delay.numer_denom_ms();
    let ms = f64::from(numerator) / f64::from(denominator.max(1));
    if ms <= MAX_UNMEANT_DELAY_MS {
        DEFAULT_DELAY_MS
    } else {
        ms
    }
}
