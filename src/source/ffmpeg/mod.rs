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

use super::cells::Grid;
use super::pool::Pooler;
use super::{ColorInfo, Frame, FrameSource, Orientation, SourceError, VideoInfo, limits};
use layout::Layout;
use log::{Log, Said};
use nut::{FrameHeader, NutReader};
use process::{END_TIMEOUT, Input, Manner, OLD_SYNC_OPTION, Pictures, Running, SHIFT_S};
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, thread};

/// Time that ffmpeg gets, after the first picture began to arrive, to say what it sends. It writes both at
/// once; on a timeout the colours of the input are taken.
const SAY_TIMEOUT: Duration = Duration::from_secs(2);

/// How many s earlier seeking is tried again where it led past the time wanted: a transport stream has no
/// index, and decoding begins at the next key picture only, which may be 10 s away.
const SEEK_EARLIER_S: [f64; 3] = [0.0, 15.0, 60.0];

/// The video of a file or stream as the `ffmpeg` program decodes it.
///
/// The pictures are 4:2:0, 4:2:2, 4:4:4 or grey, 8 bit; deeper samples are rounded to 8 bit, RGB becomes
/// BT.601 YUV.
pub struct FfmpegSource {
    info: VideoInfo,
    color: ColorInfo,
    layout: Layout,
    /// Pools the pictures as they arrive, if that is what is wanted.
    pooler: Option<Pooler>,
    /// What was started, to start it anew at another time; a stream can't be.
    started: Option<(Input, Manner)>,
    /// The header of a frame whose samples come next.
    next: Option<FrameHeader>,
    frames: u64,
    last_pts_s: f64,
    nut: NutReader<Pictures>,
    log: Log,
    child: Running,
    over: bool,
}

impl FfmpegSource {
    /// Opens `path`; `name` is what results and errors call it.
    ///
    /// With an `orientation` the pictures come as they are coded and that is how they are to be turned;
    /// without one ffmpeg turns them as the file says. `threads` are those of its decoder.
    ///
    /// # Errors
    /// `Unsupported` if there is no ffmpeg or it has no decoder for the video, `Unreadable` if the file
    /// cannot be opened, `Invalid` if there is no video in it.
    pub fn open(
        path: &Path,
        name: &str,
        orientation: Option<Orientation>,
        threads: Option<NonZeroUsize>,
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
        let input = Input::File {
            path: path.to_owned(),
            turn: orientation.is_none(),
        };
        let manner = Manner {
            threads,
            from_pts_s: None,
        };
        let mut source = Self::start(input, manner, None, name)?;
        source.info.orientation = orientation.unwrap_or_default();
        Ok(source)
    }

    /// Reads a file from a web server; `url` begins with `http://` or `https://`.
    ///
    /// # Errors
    /// As [`FfmpegSource::open`].
    pub fn from_url(url: &str, threads: Option<NonZeroUsize>) -> Result<Self, SourceError> {
        let manner = Manner {
            threads,
            from_pts_s: None,
        };
        Self::start(Input::Url(url.to_owned()), manner, None, url)
    }

    /// Reads a stream, for example standard input, in any container that can be read without seeking.
    ///
    /// # Errors
    /// As [`FfmpegSource::open`].
    pub fn from_stream(stream: Box<dyn Read + Send>, name: &str) -> Result<Self, SourceError> {
        Self::start(Input::Stream, Manner::default(), Some(stream), name)
    }

    fn start(
        input: Input,
        manner: Manner,
        stream: Option<Box<dyn Read + Send>>,
        name: &str,
    ) -> Result<Self, SourceError> {
        let program = find_program().ok_or_else(|| SourceError::Unsupported {
            name: name.to_owned(),
            what: "reading through ffmpeg".into(),
            help: "no program `ffmpeg` on the path; install it, or use --decoder embedded".into(),
        })?;
        let unreadable = |e: io::Error| SourceError::Unreadable {
            name: name.to_owned(),
            cause: format!("{} could not be run: {e}", program.display()),
        };
        let known_old = OLD_SYNC_OPTION.load(Ordering::Relaxed);
        if stream.is_some() && !known_old {
            // What else is tried a second time can be read once only here.
            process::learn_sync_option(&program).map_err(unreadable)?;
        }
        let spawned = process::spawn(process::command(&program, &input, manner));
        let (mut child, pictures) = spawned.map_err(unreadable)?;
        let Some(stderr) = child.0.stderr.take() else {
            return Err(unreadable(io::ErrorKind::BrokenPipe.into()));
        };
        if let (Some(mut stream), Some(mut stdin)) = (stream, child.0.stdin.take()) {
            // Ends when the stream does, or with a broken pipe when ffmpeg does.
            thread::spawn(move || io::copy(&mut stream, &mut stdin));
        }
        let begun = Self::begin(name, &program, pictures, Log::new(stderr), child);
        let learnt = !known_old && OLD_SYNC_OPTION.load(Ordering::Relaxed);
        let once = matches!(input, Input::Stream);
        match begun {
            Err(_) if learnt && !once => Self::start(input, manner, None, name),
            begun => Ok(Self {
                started: (!once).then_some((input, manner)),
                ..begun?
            }),
        }
    }

    /// Waits for the first picture to arrive.
    fn begin(
        name: &str,
        program: &Path,
        pictures: Pictures,
        log: Log,
        mut child: Running,
    ) -> Result<Self, SourceError> {
        let nut = match NutReader::new(pictures) {
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
            pooler: None,
            started: None,
            next: None,
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

    fn prefer_cells(&mut self) {
        let grid = Grid::for_picture(
            self.info.coded_width as usize,
            self.info.coded_height as usize,
        );
        self.pooler = Some(Pooler::new(grid));
    }

    fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
        let Some((input, manner)) = &self.started else {
            return Ok(false);
        };
        let from = SEEK_EARLIER_S.map(|earlier| Some(pts_s - earlier));
        // At the latest the beginning itself is early enough.
        for from_pts_s in from.into_iter().chain([None]) {
            let manner = Manner {
                from_pts_s,
                ..*manner
            };
            let Ok(mut there) = Self::start(input.clone(), manner, None, &self.info.name) else {
                continue;
            };
            there.next = there.nut.next_frame().unwrap_or_default();
            if from_pts_s.is_none() || there.next.is_some_and(|h| there.seconds(h.pts) <= pts_s) {
                there.info = self.info.clone();
                there.pooler = self.pooler.take();
                *self = there;
                return Ok(true);
            }
        }
        Err(SourceError::Unreadable {
            name: self.info.name.clone(),
            cause: "it can't be opened a second time, to go to another place in it".into(),
        })
    }
}

impl FfmpegSource {
    fn read_picture(&mut self, frame: &mut Frame) -> io::Result<bool> {
        let header = match self.next.take() {
            Some(header) => header,
            None => match self.nut.next_frame()? {
                Some(header) => header,
                None => return Ok(false),
            },
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
        let chroma_shift = self.layout.chroma_shift();
        if let Some(pooler) = &mut self.pooler {
            let nut = &mut self.nut;
            let cells = pooler.pool_pieces(
                (width, height),
                (chroma_width, chroma_height),
                chroma_shift,
                |_, _, plane| nut.samples(&mut plane.data),
            )?;
            *frame = Frame {
                cells: Some(Arc::new(cells)),
                ..Frame::default()
            };
        } else {
            frame.y.resize(width, height);
            frame.u.resize(chroma_width, chroma_height);
            frame.v.resize(chroma_width, chroma_height);
            for plane in [&mut frame.y, &mut frame.u, &mut frame.v] {
                self.nut.samples(&mut plane.data)?;
            }
        }
        frame.pts_s = self.seconds(header.pts);
        frame.chroma_shift = chroma_shift;
        frame.color = self.color;
        Ok(true)
    }

    /// A time of the pipe in s on the stream's own clock.
    fn seconds(&self, pts: i64) -> f64 {
        let (num, den) = self.nut.video().time_base;
        let (num, den) = (i128::from(num), i128::from(den));
        let ticks = i128::from(pts) * num - i128::from(SHIFT_S) * den;
        ticks as f64 / den as f64
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
            // Where ffmpeg itself broke off it says why.
            (Some(e), Some(complaint)) if e.kind() == io::ErrorKind::UnexpectedEof => complaint,
            (Some(e), _) => e.to_string(),
            (None, _) if said.cut_short => "the file was cut off".to_owned(),
            (None, _) if status.is_none_or(|s| s.success()) => return Ok(false),
            (None, complaint) => complaint.unwrap_or("ffmpeg failed".into()),
        };
        Err(SourceError::broken_off(
            &self.info.name,
            &cause,
            self.last_pts_s,
        ))
    }
}

/// The error for a file of which ffmpeg gave no picture.
fn no_video(name: &str, said: &Said) -> SourceError {
    let name = name.to_owned();
    let invalid = |name, cause: &str| SourceError::Invalid {
        name,
        cause: cause.to_owned(),
    };
    if said.complained("matches no streams") {
        return invalid(name, "there is no video track in it");
    }
    if said.complained("not on whitelist") {
        return SourceError::Unsupported {
            name,
            what: "a playlist, a list of other files or a rare format".into(),
            help: "name the video file itself".into(),
        };
    }
    if said.complained("moov atom not found") {
        return invalid(
            name,
            "its index (moov) is missing: the file is cut off or its recording was not closed; \
             copy it again from the phone or camera",
        );
    }
    let no_decoder = said.complained("Decoder (codec") || said.complained("Unknown decoder");
    if let (true, Some(input)) = (no_decoder, &said.input) {
        return SourceError::Unsupported {
            name,
            what: format!("the codec {}", input.codec),
            help: "this ffmpeg has no decoder for it; convert the clip to H.264".into(),
        };
    }
    if said.cut_short {
        return invalid(
            name,
            "it is cut off before its first picture, or its index stands last, where a pipe, or a \
             server that sends no parts of files, can't jump to: save it and name the file itself",
        );
    }
    // `file:NAME: cause`, `http://...: cause` or the cause alone.
    let cause = said.complaints.first().map(|complaint| {
        let named = ["file:", "http", "pipe:"]
            .iter()
            .any(|p| complaint.starts_with(p));
        complaint
            .rsplit_once(": ")
            .filter(|_| named)
            .map_or(&**complaint, |(_, cause)| cause)
    });
    match cause {
        Some("Invalid data found when processing input") => {
            invalid(name, "it is damaged, or no video; ffmpeg finds none in it")
        }
        Some(cause) if said.container.is_empty() => SourceError::Unreadable {
            name,
            cause: cause.to_owned(),
        },
        cause => invalid(name, cause.unwrap_or("ffmpeg finds no picture in it")),
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
