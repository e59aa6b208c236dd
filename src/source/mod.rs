//! Frames with presentation timestamps, from files, streams and cameras.

pub mod animation;
pub mod camera;
pub mod cells;
mod color;
mod embedded;
mod error;
pub mod ffmpeg;
mod folder;
mod frame;
mod held;
mod jpeg;
mod limits;
#[cfg(feature = "ffmpeg-linked")]
mod linked;
pub mod mjpeg;
pub(crate) mod mkv_writer;
mod open;
mod part;
pub mod pool;
pub mod prefetch;
pub mod probe;
mod raw;
mod recorder;
mod rgb;
pub mod stills;
mod stream;
pub mod y4m;

pub use error::SourceError;
pub use folder::clips_below;
pub use frame::{ColorInfo, Frame, Matrix, Orientation, Plane, Transfer};
pub use open::{DecoderChoice, OpenOptions, open};
pub use part::Part;
pub use raw::Encoding;
pub use recorder::Recorder;
pub use stream::open_stream;

/// What is known of a video before its frames are read.
#[derive(Debug, Clone)]
pub struct VideoInfo {
    /// What the user called it, shown in results and errors.
    pub name: String,
    /// Width and height of the coded picture in px, before [`Orientation`] is applied.
    pub coded_width: u32,
    pub coded_height: u32,
    /// How the coded picture is turned for display.
    pub orientation: Orientation,
    /// Duration in s, where the container says it; for progress only.
    pub duration_s: Option<f64>,
    /// Container and codec for people, for example `MP4, H.264`.
    pub format: String,
    /// Which decoder reads it and why, for `-v`.
    pub decoder: String,
}

impl VideoInfo {
    /// Width and height in px of the picture as shown.
    pub fn shown_size(&self) -> (u32, u32) {
        self.orientation
            .shown_size(self.coded_width, self.coded_height)
    }
}

/// A stream of frames in presentation order.
///
/// Implementations hold a bounded number of frames, never the whole file.
pub trait FrameSource: Send {
    fn info(&self) -> &VideoInfo;

    /// What the user should know of how well it can be read, one line each. It may grow while frames are read.
    fn warnings(&self) -> &[String] {
        &[]
    }

    /// Reads the next frame into `frame`, whose buffers are reused.
    ///
    /// Returns `false` at the end of the stream. After an error the stream is over;
    /// the frames before it stay valid, so that a file cut short is still diagnosed.
    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError>;

    /// Has the frames come as [`Frame::cells`] alone, their planes empty, where the source can pool a picture while it
    /// arrives: one that is still in the processor's cache costs half, and is not stored. Frames that were read ahead
    /// may still come with their planes.
    fn prefer_cells(&mut self) {}

    /// When the first frame that is handed out comes, in s from the first of the clip.
    fn begins_s(&self) -> f64 {
        0.0
    }

    /// Goes to a frame at or before `pts_s` (s on the stream's own clock), so that the frames before it need
    /// not be read; `false` and no change where the source can't.
    ///
    /// # Errors
    /// Those of opening the source, where it had to be opened anew.
    fn seek(&mut self, _pts_s: f64) -> Result<bool, SourceError> {
        Ok(false)
    }
}
