//! JPEG pictures one after the other, as `ffmpeg -f mjpeg` and cameras write them to a pipe.

use super::{Frame, FrameSource, Orientation, SourceError, VideoInfo, jpeg, stills};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};

/// Bytes of one picture at most; at 64 Mpx and the best quality a JPEG has about as many.
const MAX_PICTURE: usize = 1 << 26;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;

/// A stream of JPEG pictures, `fps` a second.
pub struct MjpegSource<R> {
    info: VideoInfo,
    pictures: Pictures<R>,
    /// Bytes of the current picture.
    picture: Vec<u8>,
    /// The first picture, decoded to know its size.
    first: Option<Frame>,
    /// Pictures given, and those that could not be decoded (their time passes).
    shown: u64,
    damaged: u64,
    fps: f64,
    warnings: Vec<String>,
    over: bool,
}

impl<R: Read + Send> MjpegSource<R> {
    /// Decodes the first picture of `stream`.
    ///
    /// # Errors
    /// `Invalid` if there is none that can be decoded.
    pub fn new(stream: R, name: &str, fps: Option<f64>) -> Result<Self, SourceError> {
        let invalid = |cause: String| SourceError::Invalid {
            name: name.to_owned(),
            cause,
        };
        let mut pictures = Pictures {
            stream: BufReader::with_capacity(1 << 16, stream),
            started: false,
        };
        let (mut picture, mut first) = (Vec::new(), Frame::default());
        if !pictures
            .next(&mut picture)
            .map_err(|e| invalid(e.to_string()))?
        {
            return Err(invalid("there is no picture in it".into()));
        }
        jpeg::decode(&picture, &mut first).map_err(invalid)?;
        Ok(Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: first.y.width as u32,
                coded_height: first.y.height as u32,
                orientation: Orientation::default(),
                duration_s: None,
                format: "MJPEG stream".into(),
                decoder: "embedded (zune-jpeg)".into(),
            },
            pictures,
            picture,
            first: Some(first),
            shown: 0,
            damaged: 0,
            warnings: Vec::from_iter(fps.is_none().then(stills::assumed_fps_warning)),
            fps: fps.unwrap_or(stills::ASSUMED_FPS),
            over: false,
        })
    }

    fn next(&mut self, frame: &mut Frame) -> Result<bool, String> {
        if let Some(first) = self.first.take() {
            *frame = first;
        } else {
            loop {
                if !self
                    .pictures
                    .next(&mut self.picture)
                    .map_err(|e| e.to_string())?
                {
                    return Ok(false);
                }
                match jpeg::decode(&self.picture, frame) {
                    Ok(()) => break,
                    Err(_) => self.damaged += 1,
                }
            }
            if (frame.y.width, frame.y.height)
                != (
                    self.info.coded_width as usize,
                    self.info.coded_height as usize,
                )
            {
                return Err(format!(
                    "the picture size changes to {}x{} px",
                    frame.y.width, frame.y.height
                ));
            }
        }
        frame.pts_s = (self.shown + self.damaged) as f64 / self.fps;
        self.shown += 1;
        Ok(true)
    }
}

impl<R: Read + Send> FrameSource for MjpegSource<R> {
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
        if result != Ok(true) {
            self.over = true;
            if self.damaged > 0 {
                self.warnings
                    .push(format!("{} damaged pictures were left out", self.damaged));
            }
        }
        result.map_err(|cause| SourceError::Truncated {
            name: self.info.name.clone(),
            cause,
        })
    }
}

/// The first picture in `bytes`, from its start marker to its end marker; `None` if it is not whole.
pub(super) fn first_picture(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut pictures = Pictures {
        stream: BufReader::new(bytes),
        started: false,
    };
    let mut picture = Vec::new();
    matches!(pictures.next(&mut picture), Ok(true)).then_some(picture)
}

/// Whether a file that begins as a JPEG picture is a stream of them: a second one of the same size follows
/// the first at once. A photo may be followed by others too, such as a preview or a gain map, which are smaller.
/// The file is read from its start and left there.
pub(super) fn is_stream(mut file: &File) -> bool {
    let mut size_of_next = {
        let mut pictures = Pictures {
            stream: BufReader::new(file),
            started: false,
        };
        let mut picture = Vec::new();
        move || match pictures.next(&mut picture) {
            Ok(true) => jpeg::size(&picture),
            _ => None,
        }
    };
    let first = size_of_next();
    let stream = first.is_some() && first == size_of_next();
    file.rewind().is_ok() && stream
}

/// Cuts a stream into pictures at their markers. The layout of segments is that of ITU-T T.81 annex B.
struct Pictures<R> {
    stream: BufReader<R>,
    /// The start of the next picture was read already, because the last one had no end.
    started: bool,
}

impl<R: Read> Pictures<R> {
    /// Reads the next picture, from its SOI marker to its EOI marker, into `picture`; false at the end.
    /// What stands between pictures (the part headers of a multipart stream) is passed over.
    fn next(&mut self, picture: &mut Vec<u8>) -> io::Result<bool> {
        picture.clear();
        while !self.started {
            if self.stream.skip_until(0xff)? == 0 {
                return Ok(false);
            }
            match self.stream.fill_buf()? {
                [] => return Ok(false),
                [SOI, ..] => {
                    self.stream.consume(1);
                    self.started = true;
                }
                _ => {}
            }
        }
        self.started = false;
        picture.extend([0xff, SOI]);
        loop {
            match self.marker(picture)? {
                EOI => return Ok(true),
                // The end was lost: the start of the next picture stands in its place.
                SOI => {
                    self.started = true;
                    picture.pop();
                    picture.push(EOI);
                    return Ok(true);
                }
                // Stuffed data, fill bytes, TEM and the restart markers have no segment.
                0x00 | 0x01 | 0xd0..=0xd7 => {}
                _ => {
                    self.copy(picture, 2)?;
                    let length = picture
                        .last_chunk()
                        .map_or(2, |&length| u16::from_be_bytes(length));
                    self.copy(picture, usize::from(length.saturating_sub(2)))?;
                }
            }
        }
    }

    /// Copies up to and with the next marker and gives its second byte.
    fn marker(&mut self, picture: &mut Vec<u8>) -> io::Result<u8> {
        let room = MAX_PICTURE.saturating_sub(picture.len()) as u64;
        (&mut self.stream).take(room).read_until(0xff, picture)?;
        // Fill bytes may stand before the marker's own.
        while picture.last() == Some(&0xff) {
            self.copy(picture, 1)?;
            if let Some(&byte) = picture.last()
                && byte != 0xff
            {
                return Ok(byte);
            }
        }
        Err(unfinished(picture))
    }

    fn copy(&mut self, picture: &mut Vec<u8>, n: usize) -> io::Result<()> {
        let room = MAX_PICTURE.saturating_sub(picture.len()).min(n);
        let copied = (&mut self.stream).take(room as u64).read_to_end(picture)?;
        if copied < n {
            return Err(unfinished(picture));
        }
        Ok(())
    }
}

fn unfinished(picture: &[u8]) -> io::Error {
    if picture.len() >= MAX_PICTURE {
        io::Error::new(io::ErrorKind::InvalidData, "a picture without an end")
    } else {
        io::Error::new(io::ErrorKind::UnexpectedEof, "the last picture is cut off")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{Rgb, RgbImage};

    fn picture(grey: u8) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let image = RgbImage::from_pixel(24, 16, Rgb([grey; 3]));
        image
            .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 95))
            .unwrap();
        jpeg
    }

    fn brightness(stream: Vec<u8>) -> (Vec<(f64, u8)>, Option<SourceError>) {
        let mut source = MjpegSource::new(io::Cursor::new(stream), "-", Some(10.0)).unwrap();
        let (mut frame, mut seen) = (Frame::default(), Vec::new());
        loop {
            match source.read(&mut frame) {
                Ok(true) => seen.push((frame.pts_s, frame.y.data[0])),
                Ok(false) => return (seen, None),
                Err(e) => return (seen, Some(e)),
            }
        }
    }

    #[test]
    fn pictures_come_one_by_one_past_part_headers() {
        let mut stream = picture(50);
        stream.extend(b"\r\n--boundary\r\nContent-Type: image/jpeg\r\n\r\n");
        stream.extend(picture(200));
        let (seen, error) = brightness(stream);
        assert_eq!(seen, [(0.0, 50), (0.1, 200)]);
        assert_eq!(error, None);
    }

    #[test]
    fn a_damaged_picture_takes_its_time_with_it() {
        let mut stream = picture(50);
        stream.extend([0xff, SOI, 0xff, EOI]);
        stream.extend(picture(200));
        assert_eq!(brightness(stream).0, [(0.0, 50), (0.2, 200)]);
    }

    #[test]
    fn a_lost_end_does_not_swallow_the_next_picture() {
        let mut stream = picture(50);
        stream.truncate(stream.len() - 2);
        stream.extend(picture(200));
        assert_eq!(brightness(stream).0, [(0.0, 50), (0.1, 200)]);
    }

    #[test]
    fn a_cut_stream_gives_what_came_and_says_so() {
        let mut stream = picture(50);
        stream.extend(&picture(200)[..100]);
        let (seen, error) = brightness(stream);
        assert_eq!(seen, [(0.0, 50)]);
        assert!(matches!(error, Some(SourceError::Truncated { .. })));
    }

    #[test]
    fn flipped_bits_never_panic() {
        let stream = picture(50).repeat(3);
        for at in 0..stream.len() {
            let mut damaged = stream.clone();
            damaged[at] ^= 1 << (at % 8);
            if let Ok(mut source) = MjpegSource::new(io::Cursor::new(damaged), "-", None) {
                let (mut frame, mut frames) = (Frame::default(), 0);
                while source.read(&mut frame) == Ok(true) {
                    frames += 1;
                }
                assert!(frames <= stream.len() / 4);
            }
        }
    }

    #[test]
    fn no_picture_is_an_error() {
        let source = MjpegSource::new(io::Cursor::new(b"\xff\xd8\xff".to_vec()), "-", None);
        assert!(matches!(source.err(), Some(SourceError::Invalid { .. })));
    }
}
