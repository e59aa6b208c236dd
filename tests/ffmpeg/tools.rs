//! Clips made with the `ffmpeg` program, and what came out of them.

use blinkdx::source::ffmpeg::{FfmpegSource, find_program};
use blinkdx::source::{Frame, FrameSource, SourceError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

/// Whether ffmpeg is there; says so if not.
pub fn have_ffmpeg() -> bool {
    let there = find_program().is_some();
    if !there {
        eprintln!("skipped: no ffmpeg on the path");
    }
    there
}

/// A folder of its own for each test, removed with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path = env::temp_dir().join(format!("blinkdx-{test}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes `name` from ffmpeg's arguments; `false`, with a word, if this ffmpeg lacks the encoder.
    pub fn make(&self, name: &str, args: &str) -> bool {
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-y"])
            .args(args.split_whitespace())
            .arg(name)
            .current_dir(&self.0)
            .status()
            .unwrap();
        if !status.success() {
            eprintln!("skipped: {name}: this ffmpeg cannot make it");
        }
        status.success()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All frames of a source, without their chroma if they are many, and how it ended.
pub struct Seen {
    pub pts_s: Vec<f64>,
    /// Mean of the luma samples of each frame.
    pub luma: Vec<f64>,
    pub last: Frame,
    pub end: Result<(), SourceError>,
}

pub fn read_all(source: &mut dyn FrameSource) -> Seen {
    let mut seen = Seen {
        pts_s: Vec::new(),
        luma: Vec::new(),
        last: Frame::default(),
        end: Ok(()),
    };
    loop {
        match source.read(&mut seen.last) {
            Ok(true) => {
                let y = &seen.last.y.data;
                let sum: u64 = y.iter().map(|&y| u64::from(y)).sum();
                seen.luma.push(sum as f64 / y.len() as f64);
                seen.pts_s.push(seen.last.pts_s);
            }
            Ok(false) => return seen,
            Err(e) => {
                seen.end = Err(e);
                return seen;
            }
        }
    }
}

pub fn open(path: &Path) -> Result<FfmpegSource, SourceError> {
    FfmpegSource::open(path, &path.to_string_lossy(), None, None)
}

/// Times of the shown pictures as ffprobe gives them, or `None` with a word if it is not there.
pub fn probe_times(path: &Path) -> Option<Vec<f64>> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0"])
        .args(["-show_entries", "frame=pts_time", "-of", "csv=p=0"])
        .arg(path)
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: no ffprobe on the path");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    Some(
        text.split([',', '\n'])
            .filter_map(|t| t.trim().parse().ok())
            .collect(),
    )
}
