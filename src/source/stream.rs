//! Video from standard input or another stream that can be read once only.

use super::ffmpeg::FfmpegSource;
use super::mjpeg::MjpegSource;
use super::open::{ahead, video};
use super::y4m::Y4mSource;
use super::{FrameSource, SourceError};
use std::io::{Cursor, Read};

/// Bytes looked at to tell the format: the longest signature below.
const PROBE_BYTES: usize = 9;

/// Opens a Y4M or MJPEG stream, told by its first bytes, or any other through the `ffmpeg` program if
/// `with_ffmpeg`. `fps` is the rate of pictures that carry no time.
///
/// # Errors
/// `Unreadable` if reading fails, `Unsupported` if the format needs ffmpeg and it is not there or not
/// wanted, `Invalid` if there is no video in it.
pub fn open_stream(
    mut stream: impl Read + Send + 'static,
    name: &str,
    fps: Option<f64>,
    with_ffmpeg: bool,
) -> Result<Box<dyn FrameSource>, SourceError> {
    let mut head = Vec::with_capacity(PROBE_BYTES);
    (&mut stream)
        .take(PROBE_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|e| SourceError::Unreadable {
            name: name.to_owned(),
            cause: e.to_string(),
        })?;
    let (is_y4m, is_jpeg) = (
        head.starts_with(b"YUV4MPEG2"),
        head.starts_with(b"\xff\xd8\xff"),
    );
    if head.is_empty() {
        return Err(SourceError::Invalid {
            name: name.to_owned(),
            cause: "the stream is empty".into(),
        });
    }
    let whole = Cursor::new(head).chain(stream);
    if is_y4m {
        ahead(Box::new(Y4mSource::new(whole, name, fps)?))
    } else if is_jpeg {
        ahead(Box::new(MjpegSource::new(whole, name, fps)?))
    } else if with_ffmpeg {
        video(Box::new(FfmpegSource::from_stream(Box::new(whole), name)?))
    } else {
        Err(SourceError::Unsupported {
            name: name.to_owned(),
            what: "a stream that is neither Y4M nor MJPEG".into(),
            help: "install ffmpeg, or save it to a file and name that".into(),
        })
    }
}
