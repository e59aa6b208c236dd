//! YUV4MPEG2, the uncompressed stream of mjpegtools.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{Sink, rational};
use crate::source::Frame;

/// 4:2:0, 8 bit, constant rate.
pub struct Y4m {
    out: BufWriter<File>,
    fps: f64,
    started: bool,
}

impl Y4m {
    pub fn new(path: &Path, fps: f64) -> Result<Self, String> {
        let file = File::create(path).map_err(|e| e.to_string())?;
        Ok(Self {
            out: BufWriter::new(file),
            fps,
            started: false,
        })
    }

    fn put(&mut self, frame: &Frame) -> std::io::Result<()> {
        if !self.started {
            self.started = true;
            let (num, den) = rational(self.fps);
            let range = if frame.color.full_range {
                "FULL"
            } else {
                "LIMITED"
            };
            writeln!(
                self.out,
                "YUV4MPEG2 W{} H{} F{num}:{den} Ip A1:1 C420jpeg XCOLORRANGE={range}",
                frame.y.width, frame.y.height
            )?;
        }
        self.out.write_all(b"FRAME\n")?;
        for plane in [&frame.y, &frame.u, &frame.v] {
            for y in 0..plane.height {
                self.out.write_all(plane.row(y))?;
            }
        }
        Ok(())
    }
}

impl Sink for Y4m {
    fn write(&mut self, frame: &Frame) -> Result<(), String> {
        self.put(frame).map_err(|e| e.to_string())
    }

    fn finish(&mut self) -> Result<(), String> {
        self.out.flush().map_err(|e| e.to_string())
    }
}
