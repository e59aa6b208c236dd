//! Frames through the `ffmpeg` program: raw pictures in NUT over a pipe, with exact timestamps.
//!
//! The program is started without a shell. The file is named so that it is never taken for an
//! option or a protocol, and only demuxers of plain media files are allowed, so that a playlist
//! cannot make ffmpeg open what it names.

mod layout;
mod log;
mod nut;
mod process;

pub use process::find_program;

use super::{ColorInfo, Frame, FrameSource, Orientation, SourceError, VideoInfo, limits};
use layout::Layout;
use log::{Log, Said};
use nut::NutReader;
use process::{END_TIMEOUT, Input, OLD_SYNC_OPTION, Running, SHIFT_S};
use std::io::{self, Read};
use std::path::Path;
use std::process::ChildStdout;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, thread};

/// Time that ffmpeg gets, after the first picture began to arrive, to say what it sends. It writes both at
/// once; on a timeout the colours of the input are taken.
const SAY_TIMEOUT: Duration = Duration::from_secs(2);
/// The video of a file or stream as the `ffmpeg` program decodes it.
///
/// Their layout is 4:2:0, 4:2:2, 4:4:4 or grey, 8 bit;
/// deeper samples are rounded to 8 bit, RGB becomes BT.601 YUV.
pub struct FfmpegSource {
    info: VideoInfo,
    color: ColorInfo,
    layout: Layout,
    frames: u64,
    last_pts_s: f64,
    nut: NutReader<ChildStdout>,
    log: Log,
    child: Running,
    over: bool,
}

impl FfmpegSource {
    /// Opens `path`; `name` is what results and errors call it.
    ///
    /// With an `orientation` the pictures come as they are coded and that is how they are to be turned;
    /// without one ffmpeg turns them as the file says.
    ///
    /// # Errors
    /// `Unsupported` if there is no ffmpeg or it has no decoder for the video, `Unreadable` if the file
    /// cannot be opened, `Invalid` if there is no video in it.
    pub fn open(
        path: &Path,
        name: &str,
        orientation: Option<Orientation>,
    ) -> Result<Self, SourceError> {
        let unreadable = |cause: String| SourceError::Unreadable {
            name: name.to_owned(),
            cause,
        };
        // ffmpeg's own words for these are vague.
        fs::File::open(path).map_err(|e| unreadable(e.to_string()))?;
        if path.is_dir() {
            return Err(unreadable("it is a folder".into()));
        }
        Self::start(Input::File(path.to_owned(), orientation), name)
    }

    /// Reads a stream, for example standard input, in any container that can be read without seeking.
    ///
    /// # Errors
    /// As [`FfmpegSource::open`].
    pub fn from_stream(stream: Box<dyn Read + Send>, name: &str) -> Result<Self, SourceError> {
        Self::start(Input::Stream(stream), name)
    }

    fn start(input: Input, name: &str) -> Result<Self, SourceError> {
        let program = find_program().ok_or_else(|| SourceError::Unsupported {
            name: name.to_owned(),
            what: "reading through ffmpeg".into(),
            help: "no program `ffmpeg` on the path; install it, or use --decoder embedded".into(),
        })?;
        let unreadable = |e: io::Error| SourceError::Unreadable {
            name: name.to_owned(),
            cause: format!("{} could not be run: {e}", program.display()),
        };
        let old = OLD_SYNC_OPTION.load(Ordering::Relaxed);
        // A stream can be read once only, so the version is found out first.
        if let (Input::Stream(_), false) = (&input, old) {
            process::learn_sync_option(&program).map_err(unreadable)?;
        }
        let mut child = Running(
            process::command(&program, &input)
                .spawn()
                .map_err(unreadable)?,
        );
        let pipes = (child.0.stdout.take(), child.0.stderr.take());
        let (Some(stdout), Some(stderr)) = pipes else {
            return Err(unreadable(io::ErrorKind::BrokenPipe.into()));
        };
        let log = Log::new(stderr);
        match (input, child.0.stdin.take()) {
            (Input::Stream(mut stream), Some(mut stdin)) => {
                // Ends when the stream does, or with a broken pipe when ffmpeg does.
                thread::spawn(move || io::copy(&mut stream, &mut stdin));
                Self::begin(name, &program, stdout, log, child)
            }
            (Input::File(path, orientation), _) => {
                let result = Self::begin(name, &program, stdout, log, child);
                if result.is_err() && !old && OLD_SYNC_OPTION.load(Ordering::Relaxed) {
                    return Self::start(Input::File(path, orientation), name);
                }
                let mut source = result?;
                source.info.orientation = orientation.unwrap_or_default();
                Ok(source)
            }
            (Input::Stream(_), None) => Err(unreadable(io::ErrorKind::BrokenPipe.into())),
        }
    }

    /// Waits for the first picture to arrive.
    fn begin(
        name: &str,
        program: &Path,
        stdout: ChildStdout,
        log: Log,
        mut child: Running,
    ) -> Result<Self, SourceError> {
        let nut = match NutReader::new(stdout) {
            Ok(nut) => nut,
            Err(_) => {
                child.end();
                let said = log.wait(END_TIMEOUT, |_| false);
                if said.complained("fps_mode") {
                    OLD_SYNC_OPTION.store(true, Ordering::Relaxed);
                }
                return Err(no_video(name, &said));
            }
        };
        let said = log.wait(SAY_TIMEOUT, |s| s.output.is_some());
        let invalid = |cause: String| SourceError::Invalid {
            name: name.to_owned(),
            cause,
        };
        let video = nut.video();
        let (width, height) = (video.width, video.height);
        limits::check_size(width, height).map_err(invalid)?;
        let layout = Layout::of(video.fourcc)
            .ok_or_else(|| invalid("ffmpeg sends an unknown sample layout".into()))?;
        Ok(Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: width,
                coded_height: height,
                orientation: Orientation::default(),
                duration_s: said.duration_s,
                format: format_name(&said),
                decoder: format!("ffmpeg, found at {}", program.display()),
            },
            color: said.color(width.min(height)),
            layout,
            frames: 0,
            last_pts_s: 0.0,
            nut,
            log,
            child,
            over: false,
        })
    }
}

impl FrameSource for FfmpegSource {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.over {
            return Ok(false);
        }
        match self.read_picture(frame) {
            Ok(true) => {
                self.frames += 1;
                self.last_pts_s = frame.pts_s;
                Ok(true)
            }
            Ok(false) => {
                self.over = true;
                self.finish(None)
            }
            Err(e) => {
                self.over = true;
                self.finish(Some(e))
            }
        }
    }
}

impl FfmpegSource {
    fn read_picture(&mut self, frame: &mut Frame) -> io::Result<bool> {
        let Some(header) = self.nut.next_frame()? else {
            return Ok(false);
        };
        let (width, height) = (
            self.info.coded_width as usize,
            self.info.coded_height as usize,
        );
        let (chroma_width, chroma_height) = self.layout.chroma_size(width, height);
        if header.size != (width * height + 2 * chroma_width * chroma_height) as u64 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the picture size changes",
            ));
        }
        frame.y.resize(width, height);
        frame.u.resize(chroma_width, chroma_height);
        frame.v.resize(chroma_width, chroma_height);
        for plane in [&mut frame.y, &mut frame.u, &mut frame.v] {
            self.nut.samples(&mut plane.data)?;
        }
        let (num, den) = self.nut.video().time_base;
        let (num, den) = (i128::from(num), i128::from(den));
        let ticks = i128::from(header.pts) * num - i128::from(SHIFT_S) * den;
        frame.pts_s = ticks as f64 / den as f64;
        frame.chroma_shift = self.layout.chroma_shift();
        frame.color = self.color;
        Ok(true)
    }

    /// Judges how the stream ended; `error` is what broke it off, if the pipe did not just close.
    fn finish(&mut self, error: Option<io::Error>) -> Result<bool, SourceError> {
        if error.is_some() {
            // It may be waiting for us to read on.
            self.child.kill();
        }
        let said = self.log.wait(END_TIMEOUT, |_| false);
        let status = self.child.end();
        if self.frames == 0 {
            return Err(no_video(&self.info.name, &said));
        }
        let cause = match (error, said.last_complaint) {
            (Some(e), None) => e.to_string(),
            (Some(_), Some(complaint)) => complaint,
            (None, _) if said.cut_short => "the file was cut off".to_owned(),
            (None, _) if status.is_none_or(|s| s.success()) => return Ok(false),
            (None, complaint) => complaint.unwrap_or("ffmpeg failed".into()),
        };
        Err(SourceError::Truncated {
            name: self.info.name.clone(),
            cause: format!("{cause} (last picture at {:.2} s)", self.last_pts_s),
        })
    }
}

/// The error for a file of which ffmpeg gave no picture.
fn no_video(name: &str, said: &Said) -> SourceError {
    let name = name.to_owned();
    let complaint = said.complaints.first().cloned();
    if said.complained("matches no streams") {
        return SourceError::Invalid {
            name,
            cause: "there is no video track in it".into(),
        };
    }
    if said.complained("Format not on whitelist") {
        return SourceError::Unsupported {
            name,
            what: "this kind of file".into(),
            help: "it is a playlist, a list of other files or a rare format; name the video file itself"
                .into(),
        };
    }
    if said.complained("moov atom not found") {
        return SourceError::Invalid {
            name,
            cause:
                "the recording was broken off before its index was written (moov atom not found)"
                    .into(),
        };
    }
    if let Some(codec) = said
        .input
        .as_ref()
        .filter(|_| said.complained("Decoder (codec") || said.complained("Unknown decoder"))
    {
        return SourceError::Unsupported {
            name,
            what: format!("the codec {}", codec.codec),
            help: "this ffmpeg has no decoder for it; convert the clip to H.264".into(),
        };
    }
    SourceError::Invalid {
        name,
        cause: complaint.unwrap_or("ffmpeg found no picture in it".into()),
    }
}

/// Container and codec for people, for example `MP4/MOV, H.264`.
fn format_name(said: &Said) -> String {
    let container = match said.container.split(',').next().unwrap_or_default() {
        "mov" => "MP4/MOV".to_owned(),
        "matroska" => "Matroska/WebM".to_owned(),
        "mpegts" => "MPEG-TS".to_owned(),
        other => other.to_uppercase(),
    };
    let codec = said.input.as_ref().map_or("", |s| s.codec.as_str());
    let codec = match codec {
        "h264" => "H.264".to_owned(),
        "mpeg2video" => "MPEG-2".to_owned(),
        other => other.to_uppercase(),
    };
    format!("{container}, {codec}")
}
