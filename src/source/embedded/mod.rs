//! Video files read with decoders written in Rust: nothing else has to be installed.
//!
//! A [`Demuxer`] takes coded pictures with their times out of a container, a [`VideoDecoder`]
//! turns them into frames in presentation order, and [`EmbeddedSource`] joins the two.

#[cfg(feature = "av1")]
mod av1;
mod avi;
pub(in crate::source) mod guard;
mod h264;
mod hevc;
mod matroska;
mod mjpeg;
mod mp4;
mod planes;
mod raw;
#[cfg(feature = "vp8")]
mod vp8;
mod vp9;

use std::collections::VecDeque;
use std::fs::File;

use super::probe::Format;
use super::{Encoding, Frame, FrameSource, Orientation, SourceError, VideoInfo};
use crate::source::color::ColorHint;

/// The largest picture accepted, in luma samples: the largest of H.264 level 6.2 (MaxFS of
/// 139,264 macroblocks, ITU-T H.264 table A-1) and of HEVC level 6.2. A hostile header asks for more.
const MAX_LUMA_SAMPLES: u64 = 139_264 * 256;

/// Largest coded picture accepted, in bytes: an uncompressed one of that size, and some.
const MAX_PACKET: u64 = 128 << 20;

/// What to do about a stream that the embedded decoders can't read.
const HELP_FFMPEG: &str =
    "install ffmpeg (it is used by itself when on the path), or convert the clip to H.264 in MP4";

/// What went wrong below the level that knows the file's name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// Reading failed.
    Io(String),
    /// Damaged beyond use.
    Invalid(String),
    /// Codec or feature that is not built in, and what helps.
    Unsupported { what: String, help: String },
    /// The file ends before its stream does.
    Truncated(String),
}

impl Fault {
    fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported {
            what: what.into(),
            help: HELP_FFMPEG.to_owned(),
        }
    }

    /// A decoder that this build was made without.
    #[cfg(not(all(feature = "vp8", feature = "av1")))]
    fn without_feature(what: &str, feature: &str) -> Self {
        Self::Unsupported {
            what: what.to_owned(),
            help: format!(
                "install ffmpeg (it is used by itself when on the path), or build this program with \
                 `cargo install --path . --features {feature}`"
            ),
        }
    }

    fn named(self, name: &str) -> SourceError {
        let name = name.to_owned();
        match self {
            Self::Io(cause) => SourceError::Unreadable { name, cause },
            Self::Invalid(cause) => SourceError::Invalid { name, cause },
            Self::Unsupported { what, help } => SourceError::Unsupported { name, what, help },
            Self::Truncated(cause) => SourceError::Truncated { name, cause },
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(super::open::explain_io(&error))
    }
}

/// Time of a coded picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Stamp {
    /// Position in presentation order, in ticks of the container.
    order: i64,
    /// Presentation time in s, or `None` for a picture that is decoded and not shown
    /// (an edit list starts after it, later pictures refer to it).
    pts_s: Option<f64>,
}

/// One coded picture (an access unit), as the container holds it.
#[derive(Debug, Default)]
struct Packet {
    data: Vec<u8>,
    stamp: Stamp,
}

impl Packet {
    /// Makes room for a coded picture of `size` bytes, unless no picture can be that large.
    fn resize(&mut self, size: u64) -> Result<(), Fault> {
        if size > MAX_PACKET {
            let mb = size >> 20;
            return Err(Fault::Invalid(format!("it claims a picture of {mb} MB")));
        }
        self.data.resize(size as usize, 0);
        Ok(())
    }
}

/// Takes the coded pictures of one video track out of a container.
trait Demuxer: Send {
    /// Reads the next coded picture in decoding order into `packet`; `false` at the end.
    fn read(&mut self, packet: &mut Packet) -> Result<bool, Fault>;
}

/// Turns coded pictures into frames.
trait VideoDecoder: Send {
    /// Decodes one access unit and appends what became ready, in presentation order.
    ///
    /// A damaged picture is an [`Fault::Invalid`], after which decoding goes on with the next.
    fn decode(&mut self, data: &[u8], stamp: Stamp, out: &mut VecDeque<Frame>)
    -> Result<(), Fault>;

    /// Appends what is still held at the end of the stream.
    fn flush(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Fault>;
}

/// A video codec, by what the container calls it, with its set-up data.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Codec {
    /// `avcC` record, ISO/IEC 14496-15 5.3.3.
    H264 {
        avcc: Vec<u8>,
    },
    /// `hvcC` record, ISO/IEC 14496-15 8.3.3.
    Hevc {
        hvcc: Vec<u8>,
    },
    Vp8,
    Vp9,
    Av1,
    Mjpeg,
    /// Pictures as they are, of this size in px.
    Raw {
        encoding: Encoding,
        width: u32,
        height: u32,
    },
    /// None that is built in; its name for people.
    Other(String),
}

impl Codec {
    fn name(&self) -> &str {
        match self {
            Self::H264 { .. } => "H.264",
            Self::Hevc { .. } => "HEVC",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::Mjpeg => "MJPEG",
            Self::Raw { .. } => "raw pictures",
            Self::Other(name) => name,
        }
    }
}

/// The video track of a container, ready to be read.
struct Track {
    codec: Codec,
    color: ColorHint,
    orientation: Orientation,
    duration_s: Option<f64>,
    demuxer: Box<dyn Demuxer>,
}

/// Opens a file of the given container format and decodes its first frame.
pub(super) fn open(
    name: &str,
    file: File,
    format: Format,
) -> Result<Box<dyn FrameSource>, SourceError> {
    let track = match format {
        Format::Mp4 => mp4::open(file),
        Format::Matroska => matroska::open(file),
        Format::Avi => avi::open(file),
        other => Err(Fault::unsupported(other.name())),
    }
    .map_err(|fault| fault.named(name))?;
    EmbeddedSource::start(name, format, track)
        .map(|source| Box::new(source) as Box<dyn FrameSource>)
        .map_err(|fault| fault.named(name))
}

/// How the pictures of a file are turned, where its container is known to say so. ffmpeg can be spared
/// turning them: it costs a tenth of decoding.
pub(super) fn orientation(file: File, format: Format) -> Option<Orientation> {
    match format {
        Format::Mp4 => mp4::open(file).ok().map(|track| track.orientation),
        _ => None,
    }
}

fn decoder_for(codec: &Codec, hint: ColorHint) -> Result<Box<dyn VideoDecoder>, Fault> {
    match codec {
        Codec::H264 { avcc } => Ok(Box::new(h264::H264::new(avcc, hint)?)),
        Codec::Hevc { hvcc } => Ok(Box::new(hevc::Hevc::new(hvcc, hint)?)),
        Codec::Mjpeg => Ok(Box::new(mjpeg::Mjpeg)),
        &Codec::Raw {
            encoding,
            width,
            height,
        } => Ok(Box::new(raw::Raw {
            encoding,
            width,
            height,
        })),
        Codec::Vp9 => Ok(Box::new(vp9::Vp9::new(hint))),
        #[cfg(feature = "vp8")]
        Codec::Vp8 => Ok(Box::new(vp8::Vp8::new(hint)?)),
        #[cfg(not(feature = "vp8"))]
        Codec::Vp8 => Err(Fault::without_feature("VP8 video", "vp8")),
        #[cfg(feature = "av1")]
        Codec::Av1 => Ok(Box::new(av1::Av1::new(hint)?)),
        #[cfg(not(feature = "av1"))]
        Codec::Av1 => Err(Fault::without_feature("AV1 video", "av1")),
        Codec::Other(name) => Err(Fault::unsupported(format!("{name} video"))),
    }
}

/// Refuses a picture size that no real stream has, before anything is allocated for it.
fn check_size(width: u32, height: u32) -> Result<(), Fault> {
    if width == 0 || height == 0 {
        return Err(Fault::Invalid("the picture has no size".to_owned()));
    }
    if u64::from(width) * u64::from(height) > MAX_LUMA_SAMPLES {
        return Err(Fault::unsupported(format!(
            "a picture of {width}x{height} px"
        )));
    }
    Ok(())
}

struct EmbeddedSource {
    info: VideoInfo,
    demuxer: Box<dyn Demuxer>,
    decoder: Box<dyn VideoDecoder>,
    packet: Packet,
    ready: VecDeque<Frame>,
    /// How the stream ended, once it has.
    end: Option<Result<(), Fault>>,
    /// The last damage met, for the message if nothing at all could be decoded.
    damage: Option<Fault>,
    /// Packets that were damaged.
    damaged: usize,
    warnings: Vec<String>,
}

impl EmbeddedSource {
    /// Decodes as far as the first frame, whose size is the stream's.
    fn start(name: &str, format: Format, track: Track) -> Result<Self, Fault> {
        let codec = track.codec.name().to_owned();
        let mut source = Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: 0,
                coded_height: 0,
                orientation: track.orientation,
                duration_s: track.duration_s,
                format: format!("{}, {codec}", format.name()),
                decoder: format!("embedded {codec} decoder"),
            },
            decoder: decoder_for(&track.codec, track.color)?,
            demuxer: track.demuxer,
            packet: Packet::default(),
            ready: VecDeque::new(),
            end: None,
            damage: None,
            damaged: 0,
            warnings: Vec::new(),
        };
        source.fill();
        let Some(first) = source.ready.front() else {
            let end = source.end.unwrap_or(Ok(()));
            return Err(match (end, source.damage) {
                (Err(fault), _) | (Ok(()), Some(fault)) => fault,
                (Ok(()), None) => Fault::Invalid("it holds no picture".to_owned()),
            });
        };
        source.info.coded_width = first.y.width as u32;
        source.info.coded_height = first.y.height as u32;
        Ok(source)
    }

    /// Decodes until a frame is ready or the stream has ended.
    fn fill(&mut self) {
        while self.ready.is_empty() && self.end.is_none() {
            let outcome = match self.demuxer.read(&mut self.packet) {
                Ok(true) => {
                    self.decoder
                        .decode(&self.packet.data, self.packet.stamp, &mut self.ready)
                }
                Ok(false) => {
                    self.end = Some(Ok(()));
                    self.decoder.flush(&mut self.ready)
                }
                Err(fault) => {
                    self.end = Some(Err(fault));
                    self.decoder.flush(&mut self.ready)
                }
            };
            match outcome {
                Ok(()) => {}
                // A damaged picture is lost, the ones after it are not.
                Err(fault @ Fault::Invalid(_)) => {
                    self.damage = Some(fault);
                    self.damaged += 1;
                    self.warnings = vec![format!(
                        "damaged pictures: {}; what they show may be wrong or missing",
                        self.damaged
                    )];
                }
                Err(fault) => self.end = Some(Err(fault)),
            }
        }
    }
}

impl FrameSource for EmbeddedSource {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        self.fill();
        let Some(next) = self.ready.pop_front() else {
            return match &self.end {
                Some(Err(fault)) => Err(fault.clone().named(&self.info.name)),
                _ => Ok(false),
            };
        };
        let (width, height) = (next.y.width as u32, next.y.height as u32);
        if (width, height) != (self.info.coded_width, self.info.coded_height) {
            self.ready.clear();
            let fault = Fault::unsupported(format!(
                "a picture size that changes from {}x{} to {width}x{height} px on the way",
                self.info.coded_width, self.info.coded_height
            ));
            self.end = Some(Err(fault.clone()));
            return Err(fault.named(&self.info.name));
        }
        *frame = next;
        Ok(true)
    }
}
