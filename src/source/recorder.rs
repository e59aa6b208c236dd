//! What a camera delivered, in a Matroska file (RFC 9559): the very bytes with the very times, so that reading it again
//! gives what was seen live.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::mkv_writer::{Track, WRITER, cluster, head};
use super::{Encoding, SourceError};

/// A recording in progress.
pub struct Recorder {
    name: String,
    out: BufWriter<File>,
}

impl Recorder {
    /// Unit of recorded times in ns, and in s as [`super::open`] computes it from that.
    const TICK_NS: u64 = 1000;
    pub const TICK_S: f64 = Self::TICK_NS as f64 / 1e9;

    /// Begins a recording of pictures of `width` x `height` px at `path`.
    ///
    /// # Errors
    /// `Unreadable` if the file can't be made.
    pub fn create(
        path: &Path,
        encoding: Encoding,
        width: u32,
        height: u32,
    ) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let file = File::create(path).map_err(|e| failed(&name, &e))?;
        let mut out = BufWriter::new(file);
        let setup = bitmap_info(encoding, width, height);
        let (codec, setup) = match encoding {
            Encoding::Mjpeg => ("V_MJPEG", &[][..]),
            _ => ("V_MS/VFW/FOURCC", &setup[..]),
        };
        let track = Track {
            codec,
            fourcc: None,
            setup,
            width,
            height,
            tick_ns: Self::TICK_NS,
            color: None,
        };
        out.write_all(&head(&track))
            .map_err(|e| failed(&name, &e))?;
        Ok(Self { name, out })
    }

    /// Adds one picture, taken `ticks` after the first in [`Self::TICK_S`].
    ///
    /// # Errors
    /// `Unreadable` if the file can't be written.
    pub fn write(&mut self, ticks: u64, data: &[u8]) -> Result<(), SourceError> {
        cluster(&mut self.out, ticks, data.len(), |out| out.write_all(data))
            .map_err(|e| failed(&self.name, &e))
    }

    /// Writes what is still held.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn finish(&mut self) -> Result<(), SourceError> {
        self.out.flush().map_err(|e| failed(&self.name, &e))
    }
}

/// Whether a file that begins with `head` was made by a [`Recorder`] of this version.
pub(super) fn is_recording(head: &[u8]) -> bool {
    let writer = WRITER.as_bytes();
    head.windows(writer.len()).any(|w| w == writer)
}

/// The layout of raw pictures as Windows' `BITMAPINFOHEADER`, which Matroska takes over for `V_MS/VFW/FOURCC`.
fn bitmap_info(encoding: Encoding, width: u32, height: u32) -> [u8; 40] {
    let mut head = [0; 40];
    head[..4].copy_from_slice(&40u32.to_le_bytes());
    head[4..8].copy_from_slice(&width.to_le_bytes());
    head[8..12].copy_from_slice(&height.to_le_bytes());
    // One plane; bits per pixel go unread for these codes.
    head[12] = 1;
    head[14] = 24;
    head[16..20].copy_from_slice(encoding.fourcc());
    head
}

fn failed(name: &str, e: &std::io::Error) -> SourceError {
    SourceError::Unreadable {
        name: name.to_owned(),
        cause: format!("the recording cannot be written: {e}; choose another folder, or make room"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DecoderChoice, Frame, OpenOptions, open};
    use super::*;

    /// Writes pictures of 16 x 8 px at odd times and reads them again; their times in ticks and luma at the first pixel.
    fn read_again(
        encoding: Encoding,
        pictures: &[(u64, Vec<u8>)],
        decoder: DecoderChoice,
    ) -> Vec<(f64, u8)> {
        let path = std::env::temp_dir().join(format!(
            "blinkdx-recorder-{}-{}-{decoder:?}.mkv",
            encoding.code(),
            std::process::id()
        ));
        let mut recorder = Recorder::create(&path, encoding, 16, 8).unwrap();
        for (ticks, data) in pictures {
            recorder.write(*ticks, data).unwrap();
        }
        recorder.finish().unwrap();
        let options = OpenOptions {
            decoder,
            ..OpenOptions::default()
        };
        let mut source = open(&path.display().to_string(), &options).unwrap();
        assert_eq!(source.info().shown_size(), (16, 8));
        let (mut frame, mut out) = (Frame::default(), Vec::new());
        while source.read(&mut frame).unwrap() {
            out.push((frame.pts_s, frame.y.data[0]));
        }
        std::fs::remove_file(&path).unwrap();
        out
    }

    #[test]
    fn pictures_and_times_come_back_exactly() {
        let ticks = [0, 33_367, 66_668, 5_100_001];
        for encoding in [
            Encoding::Yuyv,
            Encoding::Nv12,
            Encoding::Grey,
            Encoding::Bgr24,
        ] {
            let n = encoding.bytes(16, 8).unwrap();
            let data = |i: usize| vec![60 + 20 * i as u8; n];
            let pictures: Vec<(u64, Vec<u8>)> = ticks
                .iter()
                .enumerate()
                .map(|(i, t)| (*t, data(i)))
                .collect();
            for decoder in [DecoderChoice::Auto, DecoderChoice::Embedded] {
                let got = read_again(encoding, &pictures, decoder);
                let expected: Vec<(f64, u8)> = ticks
                    .iter()
                    .enumerate()
                    .map(|(i, t)| (*t as f64 * Recorder::TICK_S, 60 + 20 * i as u8))
                    .collect();
                // To the last bit: a live result is repeated only then.
                assert_eq!(got, expected, "{encoding:?} {decoder:?}");
            }
        }
    }

    #[test]
    fn jpeg_pictures_go_in_and_out_as_they_are() {
        let grey = image::GrayImage::from_pixel(16, 8, image::Luma([120]));
        let mut jpeg = std::io::Cursor::new(Vec::new());
        grey.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        let pictures = [
            (0, jpeg.get_ref().clone()),
            (40_001, jpeg.get_ref().clone()),
        ];
        let got = read_again(Encoding::Mjpeg, &pictures, DecoderChoice::Auto);
        assert_eq!(got, [(0.0, 120), (40_001.0 * Recorder::TICK_S, 120)]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told() {
        let error = Recorder::create(Path::new("/no/such/folder/a.mkv"), Encoding::Grey, 16, 8);
        let text = error.err().unwrap().to_string();
        assert!(
            text.contains("/no/such/folder/a.mkv") && text.contains("recording"),
            "{text}"
        );
    }
}
