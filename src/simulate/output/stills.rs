//! A folder of PNG pictures, and animated GIF, by the `image` crate.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use image::codecs::gif::GifEncoder;
use image::{Delay, DynamicImage};

use super::Sink;
use super::picture::rgb;
use crate::source::Frame;

/// Effort of the palette search, 1 (best) to 30; 10 is the encoder's own middle way.
const GIF_SPEED: i32 = 10;
/// Time unit of GIF delays in s.
const GIF_TICK: f64 = 0.01;

/// Pictures `frame-00000.png`, `frame-00001.png`, ...
pub struct Folder {
    path: PathBuf,
    count: u32,
}

impl Folder {
    pub fn new(path: &Path) -> Result<Self, String> {
        fs::create_dir_all(path).map_err(|e| e.to_string())?;
        let old = fs::read_dir(path)
            .map_err(|e| e.to_string())?
            .flatten()
            .any(|f| f.file_name().to_string_lossy().starts_with("frame-"));
        if old {
            return Err("holds frames of another clip; name a new folder".into());
        }
        Ok(Self {
            path: path.to_owned(),
            count: 0,
        })
    }
}

impl Sink for Folder {
    fn write(&mut self, frame: &Frame) -> Result<(), String> {
        let name = self.path.join(format!("frame-{:05}.png", self.count));
        self.count += 1;
        rgb(frame).save(&name).map_err(|e| e.to_string())
    }

    fn finish(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// An animated GIF; times are rounded to its 10 ms without drifting.
pub struct Gif {
    encoder: GifEncoder<BufWriter<File>>,
    /// A frame whose duration is not known yet.
    pending: Option<Frame>,
    interval_s: f64,
    /// End of what was written, in 10 ms.
    ticks: u32,
}

impl Gif {
    pub fn new(path: &Path, interval_s: f64) -> Result<Self, String> {
        let file = File::create(path).map_err(|e| e.to_string())?;
        Ok(Self {
            encoder: GifEncoder::new_with_speed(BufWriter::new(file), GIF_SPEED),
            pending: None,
            interval_s,
            ticks: 0,
        })
    }

    fn emit(&mut self, frame: &Frame, end_s: f64) -> Result<(), String> {
        let end = (end_s / GIF_TICK).round() as u32;
        // Many viewers take delays below 20 ms for "as slow as you like", but the file says what is true.
        let ticks = end.saturating_sub(self.ticks).max(1);
        self.ticks += ticks;
        let delay = Delay::from_numer_denom_ms(ticks * 10, 1);
        let picture = DynamicImage::from(rgb(frame)).into_rgba8();
        self.encoder
            .encode_frame(image::Frame::from_parts(picture, 0, 0, delay))
            .map_err(|e| e.to_string())
    }
}

impl Sink for Gif {
    fn write(&mut self, frame: &Frame) -> Result<(), String> {
        if let Some(last) = self.pending.take() {
            self.emit(&last, frame.pts_s)?;
        }
        self.pending = Some(frame.clone());
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        match self.pending.take() {
            Some(last) => self.emit(&last, last.pts_s + self.interval_s),
            None => Ok(()),
        }
    }
}
