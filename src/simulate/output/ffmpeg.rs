//! Everything else through the `ffmpeg` program: frames go in by a pipe, timestamps kept.

use std::ffi::OsString;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use super::{Encoding, Sink};
use crate::source::Frame;
use crate::source::mkv_writer::{Track, cluster, head};

/// How much of what `ffmpeg` says is kept, in bytes.
const SAID: u64 = 4096;

/// Times are written in units of this many ns.
const TICK_NS: u64 = 10_000;

/// A running encoder.
pub struct Ffmpeg {
    child: Child,
    pipe: Option<BufWriter<ChildStdin>>,
    said: Option<JoinHandle<String>>,
    started: bool,
}

fn listen(stderr: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        let mut stderr = stderr;
        // What can't be read as text is not worth showing; the rest is drained so that the program never blocks.
        let _ = stderr.by_ref().take(SAID).read_to_string(&mut text);
        let _ = std::io::copy(&mut stderr, &mut std::io::sink());
        text
    })
}

impl Ffmpeg {
    pub fn new(path: &Path, encoding: &Encoding) -> Result<Self, String> {
        // `file:` keeps a name from being taken for an option or a protocol.
        let mut target = OsString::from("file:");
        target.push(path);
        let mut child = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-f", "matroska", "-i", "pipe:0", "-an"])
            .args(["-c:v", &encoding.codec, "-crf", &encoding.crf.to_string()])
            .args(["-pix_fmt", "yuv420p", "-fps_mode", "passthrough"])
            // The encoder's clock must not round times to the frame rate.
            .args(["-enc_time_base", "1:90000", "-video_track_timescale", "90000"])
            .args(&encoding.options)
            .arg("-y")
            .arg(target)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| {
                format!("this format needs the ffmpeg program, which can't be started ({e}); .gif, .y4m, .avi or a folder work without")
            })?;
        Ok(Self {
            pipe: child.stdin.take().map(BufWriter::new),
            said: child.stderr.take().map(listen),
            child,
            started: false,
        })
    }

    /// Why it stopped, in one line.
    fn cause(&mut self) -> String {
        drop(self.pipe.take());
        let _ = self.child.wait();
        let said = self.said.take().and_then(|s| s.join().ok());
        let line = said.as_deref().and_then(|s| s.trim().lines().next_back());
        format!("ffmpeg failed: {}", line.unwrap_or("it gave no reason"))
    }
}

impl Sink for Ffmpeg {
    fn write(&mut self, frame: &Frame) -> Result<(), String> {
        let Some(pipe) = &mut self.pipe else {
            return Err("ffmpeg has ended".into());
        };
        let mut done = Ok(());
        if !self.started {
            self.started = true;
            done = pipe.write_all(&head(&Track {
                codec: "V_UNCOMPRESSED",
                fourcc: Some("I420"),
                setup: &[],
                width: frame.y.width as u32,
                height: frame.y.height as u32,
                tick_ns: TICK_NS,
                color: Some(frame.color),
            }));
        }
        let planes = [&frame.y, &frame.u, &frame.v];
        let bytes = planes.iter().map(|p| p.width * p.height).sum();
        let ticks = (frame.pts_s * 1e9 / TICK_NS as f64).round().max(0.0) as u64;
        done.and_then(|()| {
            cluster(pipe, ticks, bytes, |out| {
                planes
                    .iter()
                    .flat_map(|p| (0..p.height).map(|y| p.row(y)))
                    .try_for_each(|row| out.write_all(row))
            })
        })
        .map_err(|_| self.cause())
    }

    fn finish(&mut self) -> Result<(), String> {
        let flushed = self.pipe.take().is_none_or(|mut p| p.flush().is_ok());
        let ended = self.child.wait().is_ok_and(|s| s.success());
        if flushed && ended {
            Ok(())
        } else {
            Err(self.cause())
        }
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        // After an error elsewhere the program would wait for frames for ever.
        drop(self.pipe.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
