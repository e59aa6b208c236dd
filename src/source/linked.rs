//! Frames from FFmpeg's libraries inside this program (feature `ffmpeg-linked`): what the `ffmpeg` program decodes, without
//! the way between two programs, which costs an eighth of the decoder's time.
//!
//! Only where nothing has to be converted: MP4 and MOV with planar pictures of 8 bit. All else, and every file in which
//! something is wrong, is left to the program, whose words on it are known.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use ffmpeg_the_third as av;

use av::codec::{Id, threading};
use av::color::Range;
use av::ffi::{AVColorSpace, AVColorTransferCharacteristic};
use av::format::Pixel;
use av::format::stream::Disposition;
use av::util::frame::Video;

use super::cells::Grid;
use super::color::ColorHint;
use super::pool::Pooler;
use super::prefetch::LocalSource;
use super::{ColorInfo, Frame, Orientation, Plane, SourceError, VideoInfo, limits};

/// Codecs whose decoders give planes as they are stored here, top line first.
const CODECS: [(Id, &str); 3] = [
    (Id::H264, "H.264"),
    (Id::HEVC, "HEVC"),
    (Id::MPEG4, "MPEG4"),
];

/// A file whose pictures end this much before its index says, in s, was cut off.
const CUT_S: f64 = 1.0;

/// The video of an MP4 or MOV file.
pub(super) struct LinkedSource {
    info: VideoInfo,
    input: av::format::context::Input,
    stream: usize,
    decoder: av::codec::decoder::Video,
    /// s per tick of the stream's times.
    tick_s: f64,
    /// Where the index says that the pictures end, in s.
    end_s: Option<f64>,
    /// Pools the pictures, if that is what is wanted.
    pooler: Option<Pooler>,
    /// The first picture, which opening has decoded.
    first: Option<Video>,
    last_pts_s: f64,
    /// What broke the reading off.
    broken: Option<av::Error>,
    drained: bool,
}

impl LinkedSource {
    /// Opens `path`; `name` is what results and errors call it, `orientation` how its pictures are to be turned, and
    /// `threads` are those of the decoder, as many as there are cores without. `None` is for the program to read.
    pub fn open(
        path: &Path,
        name: &str,
        orientation: Orientation,
        threads: Option<NonZeroUsize>,
    ) -> Option<Self> {
        // What it would complain of is told by the program, or in our words.
        av::util::log::set_level(av::util::log::Level::Quiet);
        // `file:` makes the rest a plain file name; the lists keep a file from naming others.
        let mut url = OsString::from("file:");
        url.push(path);
        let mut options = av::Dictionary::new();
        options.set("protocol_whitelist", "file");
        options.set("format_whitelist", "mov");
        let input = av::format::input_with_dictionary(url, options).ok()?;
        let attached = Disposition::ATTACHED_PIC;
        let video = input.streams().find(|s| {
            s.parameters().medium() == av::media::Type::Video && !s.disposition().contains(attached)
        })?;
        // A fragmented file has no index that would tell that it was cut off.
        if video.frames() == 0 {
            return None;
        }
        let (_, codec) = CODECS.iter().find(|c| c.0 == video.parameters().id())?;
        let mut context = av::codec::Context::from_parameters(video.parameters()).ok()?;
        context.set_threading(threading::Config {
            kind: threading::Type::Frame,
            count: threads.map_or(0, NonZeroUsize::get),
            ..Default::default()
        });
        let decoder = context.decoder().video().ok()?;
        let tick_s = f64::from(video.time_base());
        let seconds = |t: i64| (t != av::ffi::AV_NOPTS_VALUE).then_some(t as f64 * tick_s);
        let start_s = seconds(video.start_time()).unwrap_or(0.0);
        let length_s = seconds(video.duration());
        let stream = video.index();
        let mut source = Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: 0,
                coded_height: 0,
                orientation,
                duration_s: length_s,
                format: format!("MP4/MOV, {codec}"),
                decoder: "FFmpeg, built in".to_owned(),
            },
            input,
            stream,
            decoder,
            tick_s,
            end_s: length_s.map(|length_s| start_s + length_s),
            pooler: None,
            first: None,
            last_pts_s: start_s,
            broken: None,
            drained: false,
        };
        let first = source.next().filter(|f| chroma_shift(f).is_some())?;
        (source.info.coded_width, source.info.coded_height) = (first.width(), first.height());
        limits::check_size(first.width(), first.height()).ok()?;
        source.first = Some(first);
        Some(source)
    }

    /// The next picture in the order of presentation.
    fn next(&mut self) -> Option<Video> {
        let mut picture = Video::empty();
        while self.decoder.receive_frame(&mut picture).is_err() {
            if self.drained {
                return None;
            }
            // A damaged packet is passed over, as the program does.
            let _ = match self.packet() {
                Some(packet) => self.decoder.send_packet(&packet),
                None => {
                    self.drained = true;
                    self.decoder.send_eof()
                }
            };
        }
        Some(picture)
    }

    /// The next coded picture.
    fn packet(&mut self) -> Option<av::Packet> {
        loop {
            match self.input.packets().next()? {
                Ok((stream, packet)) if stream.index() == self.stream => return Some(packet),
                Ok(_) => {}
                Err(e) => {
                    self.broken = Some(e);
                    return None;
                }
            }
        }
    }

    /// Judges how the file ended.
    fn finish(&self) -> Result<bool, SourceError> {
        let short = self.end_s.is_some_and(|e| self.last_pts_s < e - CUT_S);
        match self.broken {
            Some(e) => Err(self.broke_off(&e.to_string())),
            None if short => Err(self.broke_off("the file was cut off")),
            None => Ok(false),
        }
    }

    fn broke_off(&self, cause: &str) -> SourceError {
        SourceError::broken_off(&self.info.name, cause, self.last_pts_s)
    }

    /// Puts the samples of `picture` into `frame`, or their cells.
    fn fill(&mut self, picture: &Video, frame: &mut Frame) -> Result<(), &'static str> {
        let size = (self.info.coded_width, self.info.coded_height);
        let shift = chroma_shift(picture)
            .filter(|_| size == (picture.width(), picture.height()))
            .ok_or("the picture size or its layout changes")?;
        let area = |index| {
            let area = (picture.plane_width(index), picture.plane_height(index));
            (area.0 as usize, area.1 as usize)
        };
        let colored = picture.planes() > 1;
        let chroma = if colored { area(1) } else { (0, 0) };
        if let Some(pooler) = &mut self.pooler {
            let copy = |plane, top, to: &mut Plane| copy(picture, plane, top, to);
            let cells = pooler.pool_pieces(area(0), chroma, shift, copy)?;
            *frame = Frame {
                cells: Some(Arc::new(cells)),
                ..Frame::default()
            };
        } else {
            let planes = [&mut frame.y, &mut frame.u, &mut frame.v];
            for (index, to) in planes.into_iter().enumerate() {
                let (width, height) = if index == 0 { area(0) } else { chroma };
                to.resize(width, height);
                copy(picture, index, 0, to)?;
            }
        }
        frame.chroma_shift = shift;
        frame.color = color(picture);
        Ok(())
    }
}

impl LocalSource for LinkedSource {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        &[]
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        let Some(picture) = self.first.take().or_else(|| self.next()) else {
            return self.finish();
        };
        let Some(ticks) = picture.timestamp() else {
            return Err(self.broke_off("a picture has no time"));
        };
        if let Err(cause) = self.fill(&picture, frame) {
            return Err(self.broke_off(cause));
        }
        frame.pts_s = ticks as f64 * self.tick_s;
        self.last_pts_s = frame.pts_s;
        Ok(true)
    }

    fn prefer_cells(&mut self) {
        let (width, height) = (self.info.coded_width, self.info.coded_height);
        let grid = Grid::for_picture(width as usize, height as usize);
        self.pooler = Some(Pooler::new(grid));
    }

    fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
        let at = (pts_s * f64::from(av::ffi::AV_TIME_BASE)) as i64;
        if self.input.seek(at, ..=at).is_err() {
            return Ok(false);
        }
        self.decoder.flush();
        (self.first, self.drained, self.broken) = (None, false, None);
        Ok(true)
    }
}

/// Copies the rows of a plane from `top` on, as many as `to` has.
fn copy(picture: &Video, plane: usize, top: usize, to: &mut Plane) -> Result<(), &'static str> {
    if to.data.is_empty() {
        return Ok(());
    }
    let (stride, width) = (picture.stride(plane), to.width);
    let rows = picture.data(plane).chunks(stride).skip(top);
    for (to, from) in to.data.chunks_exact_mut(width).zip(rows) {
        to.copy_from_slice(from.get(..width).ok_or("a row is cut off")?);
    }
    Ok(())
}

/// Its chroma subsampling, if its samples are planes of 8 bit.
fn chroma_shift(picture: &Video) -> Option<(u8, u8)> {
    Some(match picture.format() {
        Pixel::YUV420P | Pixel::YUVJ420P => (1, 1),
        Pixel::YUV422P | Pixel::YUVJ422P => (1, 0),
        Pixel::YUV444P | Pixel::YUVJ444P | Pixel::GRAY8 => (0, 0),
        _ => return None,
    })
}

/// How its codes map to light; FFmpeg's numbers are the code points of ITU-T H.273.
fn color(picture: &Video) -> ColorInfo {
    let matrix = AVColorSpace::from(picture.color_space()).0;
    let transfer = AVColorTransferCharacteristic::from(picture.color_transfer_characteristic()).0;
    let full_range = picture.color_range() == Range::JPEG
        || matches!(
            picture.format(),
            Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P
        );
    ColorHint::from_code_points(matrix as u16, transfer as u16, Some(full_range))
        .resolve(picture.width().min(picture.height()) as usize)
}
