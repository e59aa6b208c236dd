//! From what the user named to a stream of frames: the choice of decoder.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::num::NonZeroUsize;
use std::path::Path;

use image::ImageFormat;

use super::ffmpeg::{self, FfmpegSource};
use super::held::Held;
#[cfg(feature = "ffmpeg-linked")]
use super::linked::LinkedSource;
use super::mjpeg::{self, MjpegSource};
use super::part::{Part, PartOf};
use super::prefetch::Prefetch;
use super::probe::{self, Format};
use super::stills::StillsSource;
use super::y4m::Y4mSource;
use super::{FrameSource, Orientation, SourceError, animation, embedded, open_stream, recorder};

/// Which decoder reads video files; `--decoder` of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DecoderChoice {
    /// `ffmpeg` where it is on the path, else the embedded one.
    #[default]
    Auto,
    /// The Rust decoders built into this program.
    Embedded,
    /// The `ffmpeg` program on the path.
    Ffmpeg,
}

/// How a source is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    pub decoder: DecoderChoice,
    /// Frames per second of pictures that carry no time: a folder or glob of stills, an MJPEG stream.
    pub fps: Option<f64>,
    /// The part to read; all of it without.
    pub part: Option<Part>,
    /// Threads that `ffmpeg` decodes on; without, two more than there are processors. One is the least work in all, for clips
    /// that are read side by side.
    pub threads: Option<NonZeroUsize>,
}

/// Opens `spec`: a video or animation file, a folder or glob of stills, a web address (through ffmpeg), or
/// `-` for standard input.
///
/// The format is found from the bytes. The first frame has been decoded when this returns,
/// so that a file that can't be decoded at all fails here and not in the middle of the work.
///
/// # Errors
/// [`SourceError::Unreadable`], [`SourceError::Invalid`] or [`SourceError::Unsupported`],
/// each naming the file, the cause and what would help.
pub fn open(spec: &str, options: &OpenOptions) -> Result<Box<dyn FrameSource>, SourceError> {
    let source = open_whole(spec, options)?;
    Ok(match options.part {
        Some(part) => Box::new(PartOf::new(source, part)?),
        None => source,
    })
}

fn open_whole(spec: &str, options: &OpenOptions) -> Result<Box<dyn FrameSource>, SourceError> {
    if spec == "-" {
        let with_ffmpeg =
            options.decoder != DecoderChoice::Embedded && ffmpeg::find_program().is_some();
        return open_stream(std::io::stdin(), spec, options.fps, with_ffmpeg);
    }
    let path = Path::new(spec);
    if is_url(spec) && !path.exists() {
        return by_url(spec, options);
    }
    let unreadable = |cause: String| SourceError::Unreadable {
        name: spec.to_owned(),
        cause,
    };
    let meta = match path.metadata() {
        Ok(meta) => meta,
        // A pattern with * or ? that is no file's own name stands for a series of stills.
        Err(e) if e.kind() == ErrorKind::NotFound && spec.contains(['*', '?', '[']) => {
            return Ok(Box::new(StillsSource::pattern(spec, options.fps)?));
        }
        Err(e) => return Err(unreadable(explain_io(&e))),
    };
    if meta.is_dir() {
        return Ok(Box::new(StillsSource::folder(path, spec, options.fps)?));
    }
    let mut file = File::open(path).map_err(|e| unreadable(explain_io(&e)))?;
    let mut head = Vec::with_capacity(probe::PROBE_BYTES);
    (&mut file)
        .take(probe::PROBE_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|e| unreadable(explain_io(&e)))?;
    file.rewind().map_err(|e| unreadable(explain_io(&e)))?;

    let have_ffmpeg = ffmpeg::find_program().is_some();
    let Some(format) = probe::format(&head) else {
        // ffmpeg knows rare formats; what it doesn't know either is told in our words.
        let may_try = have_ffmpeg && options.decoder != DecoderChoice::Embedded;
        let by_ffmpeg = (may_try && !head.is_empty() && !probe::is_text(&head))
            .then(|| by_ffmpeg(spec, path, None, options.threads).ok());
        return by_ffmpeg.flatten().ok_or_else(|| SourceError::Invalid {
            name: spec.to_owned(),
            cause: unknown_cause(&head).to_owned(),
        });
    };
    if format == Format::Playlist {
        return Err(SourceError::Unsupported {
            name: spec.to_owned(),
            what: "a playlist that names further files".to_owned(),
            help: "give the video file itself".to_owned(),
        });
    }
    let embedded = |file| match format.is_picture() {
        true => picture(spec, path, file, format, options.fps),
        false => embedded::open(spec, file, format).and_then(video),
    };
    let orientation = || {
        let file = File::open(path).ok()?;
        embedded::orientation(file, format)
    };
    let by_ffmpeg = || {
        let turn = orientation();
        by_linked(spec, path, || turn, options.threads)
            .unwrap_or_else(|| by_ffmpeg(spec, path, turn, options.threads))
    };
    match options.decoder {
        DecoderChoice::Ffmpeg => by_ffmpeg(),
        DecoderChoice::Embedded => embedded(file),
        // What `watch` recorded is read with the decoder that watched, so that the result is the same.
        DecoderChoice::Auto if recorder::is_recording(&head) => {
            embedded::open(spec, file, format).and_then(ahead)
        }
        DecoderChoice::Auto if format.is_picture() => embedded(file),
        DecoderChoice::Auto if !have_ffmpeg => {
            by_linked(spec, path, orientation, options.threads).unwrap_or_else(|| embedded(file))
        }
        // What this ffmpeg was built without may be read all the same. Its word on the file counts, as it knows more
        // formats; but where both find it unusable ours is more exact (of an index cut in two ffmpeg says "no video").
        DecoderChoice::Auto => by_ffmpeg().or_else(|error| {
            embedded(file).map_err(|own| match (&error, &own) {
                (SourceError::Invalid { .. }, SourceError::Invalid { .. }) => own,
                _ => error,
            })
        }),
    }
}

fn by_ffmpeg(
    spec: &str,
    path: &Path,
    orientation: Option<Orientation>,
    threads: Option<NonZeroUsize>,
) -> Result<Box<dyn FrameSource>, SourceError> {
    let source = FfmpegSource::open(path, spec, orientation, threads)?;
    video(Box::new(source))
}

/// `None` for what only the program reads, and in builds without FFmpeg's libraries, which do not ask for `orientation`.
#[cfg_attr(not(feature = "ffmpeg-linked"), expect(unused_variables))]
fn by_linked(
    spec: &str,
    path: &Path,
    orientation: impl FnOnce() -> Option<Orientation>,
    threads: Option<NonZeroUsize>,
) -> Option<Result<Box<dyn FrameSource>, SourceError>> {
    #[cfg(feature = "ffmpeg-linked")]
    if let Some(source) = orientation().and_then(|o| LinkedSource::open(path, spec, o, threads)) {
        let ahead = Prefetch::spawn(spec, move || Ok(Held::new(source)));
        return Some(ahead.map(|s| Box::new(s) as Box<dyn FrameSource>));
    }
    None
}

fn is_url(spec: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| spec.starts_with(scheme))
}

fn by_url(url: &str, options: &OpenOptions) -> Result<Box<dyn FrameSource>, SourceError> {
    if options.decoder == DecoderChoice::Embedded {
        return Err(SourceError::Unsupported {
            name: url.to_owned(),
            what: "reading from the network with the embedded decoder".to_owned(),
            help: "download the clip first, or allow ffmpeg".to_owned(),
        });
    }
    video(Box::new(FfmpegSource::from_url(url, options.threads)?))
}

/// What has the times of its pictures from a container, decoded ahead, those that stand for several as often as that.
pub(super) fn video(source: Box<dyn FrameSource>) -> Result<Box<dyn FrameSource>, SourceError> {
    let name = source.info().name.clone();
    Ok(Box::new(Prefetch::spawn(&name, move || {
        Ok(Held::new(source))
    })?))
}

/// Has the frames decoded while the ones before are looked at.
pub(super) fn ahead(source: Box<dyn FrameSource>) -> Result<Box<dyn FrameSource>, SourceError> {
    Ok(Box::new(Prefetch::new(source)?))
}

/// What the `image` crate reads, and streams of pictures that were saved to a file.
fn picture(
    spec: &str,
    path: &Path,
    file: File,
    format: Format,
    fps: Option<f64>,
) -> Result<Box<dyn FrameSource>, SourceError> {
    let animated = match format {
        Format::Y4m => return ahead(Box::new(Y4mSource::new(file, spec, fps)?)),
        Format::Jpeg if mjpeg::is_stream(&file) => {
            return ahead(Box::new(MjpegSource::new(file, spec, fps)?));
        }
        Format::Gif => ImageFormat::Gif,
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
        _ => return Ok(Box::new(StillsSource::single(path, spec)?)),
    };
    match animation::is_animated(&file, animated) {
        Ok(true) => Ok(Box::new(animation::open(spec, file, animated)?)),
        Ok(false) => Ok(Box::new(StillsSource::single(path, spec)?)),
        Err(e) => Err(SourceError::Invalid {
            name: spec.to_owned(),
            cause: e.to_string(),
        }),
    }
}

fn unknown_cause(head: &[u8]) -> &'static str {
    if head.is_empty() {
        "the file is empty"
    } else if probe::is_text(head) {
        "it is a text file; give a video or a picture"
    } else {
        "its first bytes are of no video or picture format known; give an MP4, MOV, MKV, WebM, AVI, GIF, PNG or WebP file"
    }
}

/// An I/O error in plain words with what to do.
pub(super) fn explain_io(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "no such file; check the name".to_owned(),
        ErrorKind::PermissionDenied => {
            "permission denied; make it readable for this user".to_owned()
        }
        _ => error.to_string(),
    }
}
