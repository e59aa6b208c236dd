//! Motion JPEG in AVI (Microsoft's RIFF AVI, one video stream, `idx1` index).

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;

use super::picture::rgb;
use super::{Sink, rational};
use crate::source::Frame;

/// RIFF sizes are 32 bits; a file is ended before it passes 2 GiB, which every reader takes.
const MAX_BYTES: u64 = 0x7FFF_0000;
/// `AVIF_HASINDEX` of the main header, `AVIIF_KEYFRAME` of index entries.
const HAS_INDEX: u32 = 0x10;
const KEYFRAME: u32 = 0x10;

/// A file being written; sizes in its head are filled in at the end.
pub struct Avi {
    out: BufWriter<File>,
    fps: f64,
    quality: u8,
    /// Offset from the `movi` tag and size of each frame.
    index: Vec<(u32, u32)>,
    /// Offset of the `movi` tag in the file.
    movi: u64,
    at: u64,
}

impl Avi {
    pub fn new(path: &Path, fps: f64, quality: u8) -> Result<Self, String> {
        let file = File::create(path).map_err(|e| e.to_string())?;
        Ok(Self {
            out: BufWriter::new(file),
            fps,
            quality: quality.clamp(1, 100),
            index: Vec::new(),
            movi: 0,
            at: 0,
        })
    }

    /// Everything before the frames; `frames` is patched when known.
    fn head(&self, width: u32, height: u32, frames: u32) -> Vec<u8> {
        let (num, den) = rational(self.fps);
        let words = |v: &[u32]| v.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        let chunk = |tag: &[u8; 4], body: &[u8]| {
            [tag.as_slice(), &(body.len() as u32).to_le_bytes(), body].concat()
        };
        let micros = (1e6 / self.fps) as u32;
        let avih = words(&[
            micros, 0, 0, HAS_INDEX, frames, 0, 1, 0, width, height, 0, 0, 0, 0,
        ]);
        let mut strh = b"vidsMJPG".to_vec();
        // Flags, priority and language, initial frames, scale, rate, start, length, buffer, quality, sample size.
        strh.extend(words(&[0, 0, 0, den, num, 0, frames, 0, u32::MAX, 0]));
        for side in [0, 0, width, height] {
            strh.extend((side as u16).to_le_bytes());
        }
        // BITMAPINFOHEADER: 1 plane, 24 bits.
        let mut strf = words(&[40, width, height, 1 | 24 << 16]);
        strf.extend(b"MJPG");
        strf.extend(words(&[width * height * 3, 0, 0, 0, 0]));
        let strl = [
            b"strl".to_vec(),
            chunk(b"strh", &strh),
            chunk(b"strf", &strf),
        ]
        .concat();
        let hdrl = [
            b"hdrl".to_vec(),
            chunk(b"avih", &avih),
            chunk(b"LIST", &strl),
        ]
        .concat();
        [b"AVI ".to_vec(), chunk(b"LIST", &hdrl)].concat()
    }

    fn put(&mut self, frame: &Frame, jpeg: &[u8]) -> io::Result<()> {
        if self.index.is_empty() {
            let head = self.head(frame.y.width as u32, frame.y.height as u32, 0);
            self.out.write_all(b"RIFF\0\0\0\0")?;
            self.out.write_all(&head)?;
            self.out.write_all(b"LIST\0\0\0\0movi")?;
            self.movi = 8 + head.len() as u64 + 8;
            self.at = self.movi + 4;
        }
        self.index
            .push(((self.at - self.movi) as u32, jpeg.len() as u32));
        self.out.write_all(b"00dc")?;
        self.out.write_all(&(jpeg.len() as u32).to_le_bytes())?;
        self.out.write_all(jpeg)?;
        let pad = jpeg.len() % 2;
        self.out.write_all(&[0u8][..pad])?;
        self.at += 8 + (jpeg.len() + pad) as u64;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let movi_end = self.at;
        self.out.write_all(b"idx1")?;
        self.out
            .write_all(&(16 * self.index.len() as u32).to_le_bytes())?;
        for &(offset, size) in &self.index {
            self.out.write_all(b"00dc")?;
            for word in [KEYFRAME, offset, size] {
                self.out.write_all(&word.to_le_bytes())?;
            }
        }
        let end = movi_end + 8 + 16 * self.index.len() as u64;
        let frames = self.index.len() as u32;
        // The frame counts: in `avih` after RIFF, `AVI `, LIST, `hdrl` and its own head; in `strh` likewise.
        const AVIH_FRAMES: u64 = 12 + 12 + 8 + 16;
        const STRH_FRAMES: u64 = 12 + 12 + 64 + 12 + 8 + 8 + 24;
        for (at, value) in [
            (4, (end - 8) as u32),
            (self.movi - 4, (movi_end - self.movi) as u32),
            (AVIH_FRAMES, frames),
            (STRH_FRAMES, frames),
        ] {
            self.out.seek(SeekFrom::Start(at))?;
            self.out.write_all(&value.to_le_bytes())?;
        }
        self.out.flush()
    }
}

impl Sink for Avi {
    fn write(&mut self, frame: &Frame) -> Result<(), String> {
        if self.at > MAX_BYTES {
            return Err("AVI files end at 2 GB; render a shorter clip or another format".into());
        }
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, self.quality)
            .encode_image(&rgb(frame))
            .map_err(|e| e.to_string())?;
        self.put(frame, &jpeg).map_err(|e| e.to_string())
    }

    /// An empty chunk repeats the frame before.
    fn again(&mut self, frame: &Frame) -> Result<(), String> {
        self.put(frame, &[]).map_err(|e| e.to_string())
    }

    fn finish(&mut self) -> Result<(), String> {
        if self.index.is_empty() {
            return Err("the clip has no frames".into());
        }
        self.close().map_err(|e| e.to_string())
    }
}
