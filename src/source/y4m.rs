//! YUV4MPEG2, the uncompressed stream of mjpegtools (`man 5 yuv4mpeg`), as `ffmpeg -f yuv4mpegpipe` writes it.

use super::color::untagged;
use super::{ColorInfo, Frame, FrameSource, Orientation, SourceError, Transfer, VideoInfo};
use super::{limits, stills};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of a header line at most; real ones have less than 200.
const MAX_LINE: u64 = 1024;

/// A stream of raw pictures.
pub struct Y4mSource<R> {
    info: VideoInfo,
    stream: BufReader<R>,
    layout: Layout,
    color: ColorInfo,
    /// Pictures per second.
    fps: f64,
    /// Samples of a plane deeper than 8 bit, two bytes each.
    deep: Vec<u8>,
    shown: u64,
    warnings: Vec<String>,
    over: bool,
}

impl<R: Read + Send> Y4mSource<R> {
    /// Reads the header of `stream`. `fps` is used where the header has no rate.
    ///
    /// # Errors
    /// `Invalid` if it is no YUV4MPEG2 stream, `Unsupported` for a layout other than grey, 4:2:0,
    /// 4:2:2 or 4:4:4 of 8 to 16 bit.
    pub fn new(stream: R, name: &str, fps: Option<f64>) -> Result<Self, SourceError> {
        let invalid = |cause: String| SourceError::Invalid {
            name: name.to_owned(),
            cause,
        };
        let mut stream = BufReader::new(stream);
        let line = read_line(&mut stream)
            .map_err(|e| invalid(e.to_string()))?
            .ok_or_else(|| invalid("it is empty".into()))?;
        let header = Header::parse(&line).map_err(invalid)?;
        let layout = Layout::parse(&header.colorspace).ok_or_else(|| SourceError::Unsupported {
            name: name.to_owned(),
            what: format!("the Y4M sample layout {}", header.colorspace),
            help: "write the stream as 4:2:0, for example with -pix_fmt yuv420p".into(),
        })?;
        let known = header.fps.or(fps);
        Ok(Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: header.width,
                coded_height: header.height,
                orientation: Orientation::default(),
                duration_s: None,
                format: "Y4M stream".into(),
                decoder: "embedded".into(),
            },
            stream,
            layout,
            color: ColorInfo {
                // This format names no matrix.
                matrix: untagged(header.width.min(header.height) as usize),
                transfer: Transfer::Sdr,
                full_range: header.full_range,
            },
            fps: known.unwrap_or(stills::ASSUMED_FPS),
            deep: Vec::new(),
            shown: 0,
            warnings: Vec::from_iter(known.is_none().then(stills::assumed_fps_warning)),
            over: false,
        })
    }

    fn next(&mut self, frame: &mut Frame) -> io::Result<bool> {
        let Some(line) = read_line(&mut self.stream)? else {
            return Ok(false);
        };
        if !line.starts_with("FRAME") {
            return Err(bad("a picture does not begin with FRAME"));
        }
        let (width, height) = (
            self.info.coded_width as usize,
            self.info.coded_height as usize,
        );
        let (chroma_width, chroma_height) = self.layout.chroma_size(width, height);
        frame.y.resize(width, height);
        frame.u.resize(chroma_width, chroma_height);
        frame.v.resize(chroma_width, chroma_height);
        for plane in [&mut frame.y, &mut frame.u, &mut frame.v] {
            if self.layout.depth == 8 {
                self.stream.read_exact(&mut plane.data)?;
                continue;
            }
            self.deep.resize(2 * plane.data.len(), 0);
            self.stream.read_exact(&mut self.deep)?;
            let shift = self.layout.depth - 8;
            for (sample, pair) in plane.data.iter_mut().zip(self.deep.chunks_exact(2)) {
                *sample = (u16::from_le_bytes([pair[0], pair[1]]) >> shift).min(255) as u8;
            }
        }
        frame.chroma_shift = self.layout.chroma_shift;
        frame.color = self.color;
        frame.pts_s = self.shown as f64 / self.fps;
        self.shown += 1;
        Ok(true)
    }
}

impl<R: Read + Send> FrameSource for Y4mSource<R> {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.over {
            return Ok(false);
        }
        let result = self.next(frame);
        self.over = !matches!(result, Ok(true));
        result.map_err(|e| SourceError::Truncated {
            name: self.info.name.clone(),
            cause: if e.kind() == io::ErrorKind::UnexpectedEof {
                "the last picture is cut off".into()
            } else {
                e.to_string()
            },
        })
    }
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A line without its end, or `None` at the end of the stream.
fn read_line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => String::from_utf8(line)
            .map(Some)
            .map_err(|_| bad("a header that is no text")),
        Some(_) if line.len() as u64 + 1 == MAX_LINE => Err(bad("a header without an end")),
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// The stream header, as far as it matters here.
struct Header {
    width: u32,
    height: u32,
    /// Pictures per second; `None` where the header says unknown.
    fps: Option<f64>,
    colorspace: String,
    full_range: bool,
}

impl Header {
    fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split(' ');
        if words.next() != Some("YUV4MPEG2") {
            return Err("no YUV4MPEG2 header".into());
        }
        let mut header = Self {
            width: 0,
            height: 0,
            fps: None,
            colorspace: "420".into(),
            full_range: false,
        };
        for word in words {
            let number = |text: &str| -> Result<u32, String> {
                text.parse()
                    .map_err(|_| format!("a damaged header field `{word}`"))
            };
            if let Some(value) = word.strip_prefix('W') {
                header.width = number(value)?;
            } else if let Some(value) = word.strip_prefix('H') {
                header.height = number(value)?;
            } else if let Some(value) = word.strip_prefix('F') {
                let (n, d) = value.split_once(':').unwrap_or((value, "1"));
                let (n, d) = (number(n)?, number(d)?);
                // 0:0 means unknown.
                header.fps = (n > 0 && d > 0).then(|| f64::from(n) / f64::from(d));
            } else if let Some(value) = word.strip_prefix('C') {
                header.colorspace = value.to_owned();
            } else if word == "XCOLORRANGE=FULL" {
                header.full_range = true;
            }
        }
        limits::check_size(header.width, header.height)?;
        Ok(header)
    }
}

/// Arrangement of the samples of a picture: planes one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    grey: bool,
    chroma_shift: (u8, u8),
    /// Bits of a sample; above 8 it takes two bytes, the lower first.
    depth: u32,
}

impl Layout {
    /// From the value of the header field `C`, such as `420jpeg` or `422p10`.
    fn parse(colorspace: &str) -> Option<Self> {
        let kinds = [
            ("mono", true, (0, 0)),
            ("420", false, (1, 1)),
            ("422", false, (1, 0)),
            ("444", false, (0, 0)),
        ];
        let (rest, grey, chroma_shift) = kinds.iter().find_map(|&(prefix, grey, shift)| {
            Some((colorspace.strip_prefix(prefix)?, grey, shift))
        })?;
        let depth = match rest {
            // The three ways differ in where chroma lies within a quarter of a pixel.
            "" | "jpeg" | "mpeg2" | "paldv" => 8,
            deeper => deeper.trim_start_matches('p').parse().ok()?,
        };
        (8..=16).contains(&depth).then_some(Self {
            grey,
            chroma_shift,
            depth,
        })
    }

    /// Width and height in px of each chroma plane.
    fn chroma_size(self, width: usize, height: usize) -> (usize, usize) {
        if self.grey {
            return (0, 0);
        }
        let (x, y) = self.chroma_shift;
        (width.div_ceil(1 << x), height.div_ceil(1 << y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(stream: &[u8]) -> (Vec<Frame>, Option<SourceError>) {
        let mut source = Y4mSource::new(stream, "-", None).unwrap();
        let mut frames = Vec::new();
        loop {
            let mut frame = Frame::default();
            match source.read(&mut frame) {
                Ok(true) => frames.push(frame),
                Ok(false) => return (frames, None),
                Err(e) => return (frames, Some(e)),
            }
        }
    }

    #[test]
    fn odd_sizes_round_chroma_up() {
        let mut stream = b"YUV4MPEG2 W3 H3 F30000:1001 Ip C420jpeg XCOLORRANGE=FULL\n".to_vec();
        for n in [10, 20] {
            stream.extend(b"FRAME\n");
            stream.extend([n; 9 + 4 + 4]);
        }
        let (frames, error) = read_all(&stream);
        assert_eq!(error, None);
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[0].u.width, frames[0].u.height), (2, 2));
        assert_eq!(frames[1].y.data, [20; 9]);
        assert!((frames[1].pts_s - 1001.0 / 30000.0).abs() < 1e-12);
        assert!(frames[0].color.full_range);
    }

    #[test]
    fn ten_bits_are_rounded_down_to_eight() {
        let mut stream = b"YUV4MPEG2 W2 H1 F25:1 Cmono10\nFRAME Ip\n".to_vec();
        stream.extend([0xff, 0x03, 0x40, 0x00]);
        let (frames, error) = read_all(&stream);
        assert_eq!(error, None);
        assert_eq!(frames[0].y.data, [255, 16]);
        assert!(frames[0].u.data.is_empty());
    }

    #[test]
    fn a_cut_stream_gives_what_came_and_says_so() {
        let mut stream = b"YUV4MPEG2 W2 H2 F25:1\nFRAME\n".to_vec();
        stream.extend([7; 6]);
        stream.extend(b"FRAME\n\x01");
        let (frames, error) = read_all(&stream);
        assert_eq!(frames.len(), 1);
        assert!(matches!(error, Some(SourceError::Truncated { .. })));
    }

    #[test]
    fn hostile_headers_are_errors() {
        for header in [
            "YUV4MPEG2 W99999 H99999 F25:1\n",
            "YUV4MPEG2 W-1 H4 F25:1\n",
            "YUV4MPEG2 F25:1\n",
            "YUV4MPEG2 W4 H4 C411\n",
            "YUV4MPEG2 W4 H4",
            "P6 4 4\n",
            "",
        ] {
            assert!(
                Y4mSource::new(header.as_bytes(), "-", None).is_err(),
                "{header}"
            );
        }
        assert!(Y4mSource::new(&[b' '; 5000][..], "-", None).is_err());
    }

    #[test]
    fn an_unknown_rate_is_warned_of() {
        let stream = &b"YUV4MPEG2 W2 H2 F0:0\n"[..];
        let source = Y4mSource::new(stream, "-", None).unwrap();
        assert_eq!(source.warnings().len(), 1);
        assert_eq!(Y4mSource::new(stream, "-", Some(60.0)).unwrap().fps, 60.0);
    }
}
