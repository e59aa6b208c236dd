//! From what the user named to a stream of frames: the choice of decoder.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::Path;

use super::ffmpeg::{self, FfmpegSource};
use super::probe::{self, Format};
use super::{FrameSource, SourceError, embedded};

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
    /// Frames per second of a folder or glob of stills, which carry no time; unused elsewhere.
    pub fps: Option<f64>,
}

/// Opens `spec`: a video or animation file, a folder or glob of stills, or `-` for standard input.
///
/// The format is found from the bytes. The first frame has been decoded when this returns,
/// so that a file that can't be decoded at all fails here and not in the middle of the work.
///
/// # Errors
/// [`SourceError::Unreadable`], [`SourceError::Invalid`] or [`SourceError::Unsupported`],
/// each naming the file, the cause and what would help.
pub fn open(spec: &str, options: &OpenOptions) -> Result<Box<dyn FrameSource>, SourceError> {
    if spec == "-" {
        return Err(pending(spec, "standard input"));
    }
    let path = Path::new(spec);
    let unreadable = |cause: String| SourceError::Unreadable {
        name: spec.to_owned(),
        cause,
    };
    let meta = match path.metadata() {
        Ok(meta) => meta,
        // A pattern with * or ? that is no file's own name stands for a series of stills.
        Err(e) if e.kind() == ErrorKind::NotFound && spec.contains(['*', '?', '[']) => {
            return Err(pending(spec, "a glob of stills"));
        }
        Err(e) => return Err(unreadable(explain_io(&e))),
    };
    if meta.is_dir() {
        return Err(pending(spec, "a folder of stills"));
    }
    let mut file = File::open(path).map_err(|e| unreadable(explain_io(&e)))?;
    let mut head = Vec::with_capacity(probe::PROBE_BYTES);
    (&mut file)
        .take(probe::PROBE_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|e| unreadable(explain_io(&e)))?;
    file.rewind().map_err(|e| unreadable(explain_io(&e)))?;

    let Some(format) = probe::format(&head) else {
        return Err(SourceError::Invalid {
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
    match options.decoder {
        DecoderChoice::Ffmpeg => by_ffmpeg(spec, path),
        DecoderChoice::Embedded => embedded(spec, file, format),
        DecoderChoice::Auto if format.is_picture() => embedded(spec, file, format),
        DecoderChoice::Auto if ffmpeg::find_program().is_none() => embedded(spec, file, format),
        // What this ffmpeg was built without may be read all the same. Its word on the file counts:
        // it knows more formats.
        DecoderChoice::Auto => {
            by_ffmpeg(spec, path).or_else(|error| embedded(spec, file, format).or(Err(error)))
        }
    }
}

fn by_ffmpeg(spec: &str, path: &Path) -> Result<Box<dyn FrameSource>, SourceError> {
    Ok(Box::new(FfmpegSource::open(path, spec)?))
}

fn embedded(spec: &str, file: File, format: Format) -> Result<Box<dyn FrameSource>, SourceError> {
    if format.is_picture() {
        return Err(pending(spec, format.name()));
    }
    embedded::open(spec, file, format)
}

/// A route that is not built yet.
fn pending(spec: &str, what: &str) -> SourceError {
    SourceError::Unsupported {
        name: spec.to_owned(),
        what: what.to_owned(),
        help: "use an MP4 file".to_owned(),
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
