//! Clips written to files, with the truth beside them.

mod avi;
mod ffmpeg;
mod picture;
mod stills;
mod y4m;

use std::path::{Path, PathBuf};

use super::{ClipSpec, SimulateError, SimulatedSource, Truth};
use crate::source::{Frame, FrameSource};

/// How to compress, for the formats that leave a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// `ffmpeg`'s encoder (`-c:v`), for example `libx264`, `libx265`, `libvpx-vp9`.
    pub codec: String,
    /// Its constant quality: 18 is fine, 35 coarse (x264).
    pub crf: u32,
    /// Further options for `ffmpeg`'s output.
    pub options: Vec<String>,
    /// Quality of the JPEG pictures in an AVI file, 1..=100.
    pub jpeg_quality: u8,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            codec: "libx264".into(),
            crf: 24,
            options: Vec::new(),
            jpeg_quality: 90,
        }
    }
}

/// Where frames go; files of constant rate get the same frame again where one is missing.
trait Sink {
    fn write(&mut self, frame: &Frame) -> Result<(), String>;
    /// `frame` once more, as cheaply as the format allows.
    fn again(&mut self, frame: &Frame) -> Result<(), String> {
        self.write(frame)
    }
    fn finish(&mut self) -> Result<(), String>;
}

/// Renders `spec` to `path`, in the format of its name: `.gif`, `.y4m`, `.avi` (Motion JPEG), a folder of PNG pictures
/// when the name has no extension, and whatever the `ffmpeg` program writes for any other. The label goes to `path` + `.json`.
///
/// `progress` gets the fraction done, 0..1.
///
/// # Errors
/// When the specification is out of range, the file can't be written, or `ffmpeg` is needed and missing or fails.
pub fn write(
    spec: &ClipSpec,
    path: &Path,
    encoding: &Encoding,
    progress: &mut dyn FnMut(f64),
) -> Result<Truth, SimulateError> {
    let mut source = SimulatedSource::new(spec)?;
    let fail = |why: String| SimulateError::Output(path.display().to_string(), why);
    let extension = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    let interval_s = 1.0 / spec.fps;
    let (mut sink, constant_rate): (Box<dyn Sink>, bool) = match extension.as_str() {
        "gif" => (
            Box::new(stills::Gif::new(path, interval_s).map_err(fail)?),
            false,
        ),
        "y4m" => (Box::new(y4m::Y4m::new(path, spec.fps).map_err(fail)?), true),
        "avi" => {
            let quality = encoding.jpeg_quality;
            (
                Box::new(avi::Avi::new(path, spec.fps, quality).map_err(fail)?),
                true,
            )
        }
        "" => (Box::new(stills::Folder::new(path).map_err(fail)?), true),
        _ => (
            Box::new(ffmpeg::Ffmpeg::new(path, encoding).map_err(fail)?),
            false,
        ),
    };

    let mut frames = 0u64;
    let mut frame = Frame::default();
    let mut shown: Option<Frame> = None;
    while source.read(&mut frame).map_err(|e| fail(e.to_string()))? {
        progress(frame.pts_s / spec.duration_s);
        if !constant_rate {
            sink.write(&frame).map_err(fail)?;
            frames += 1;
            continue;
        }
        // The slot that is nearest to the frame's time; slots before it show what was shown last.
        let slot = (frame.pts_s / interval_s).round() as u64;
        if let Some(last) = &shown {
            while frames < slot {
                sink.again(last).map_err(fail)?;
                frames += 1;
            }
        }
        if frames == slot {
            sink.write(&frame).map_err(fail)?;
            frames += 1;
            shown.get_or_insert_default().clone_from(&frame);
        }
    }
    sink.finish().map_err(fail)?;
    progress(1.0);

    let mut truth = Truth::clone(source.truth());
    truth.frames = frames;
    truth.file = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let label = label_path(path);
    let text = serde_json::to_string_pretty(&truth).map_err(|e| fail(e.to_string()))?;
    std::fs::write(&label, text + "\n")
        .map_err(|e| SimulateError::Output(label.display().to_string(), e.to_string()))?;
    Ok(truth)
}

/// The label's path: that of the clip with `.json` appended.
pub fn label_path(clip: &Path) -> PathBuf {
    let mut name = clip.file_name().unwrap_or_default().to_os_string();
    name.push(".json");
    clip.with_file_name(name)
}

/// Frame rate as a fraction; the 1000/1001 rates of television are recognised.
fn rational(fps: f64) -> (u32, u32) {
    let ntsc = (fps * 1.001).round();
    if (ntsc / 1.001 - fps).abs() < 1e-2 && (fps - fps.round()).abs() > 1e-3 {
        ((ntsc * 1000.0) as u32, 1001)
    } else {
        ((fps * 1000.0).round() as u32, 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn television_rates_are_exact() {
        assert_eq!(rational(29.97), (30000, 1001));
        assert_eq!(rational(30.0), (30000, 1000));
        assert_eq!(rational(24.0), (24000, 1000));
        assert_eq!(rational(12.5), (12500, 1000));
    }

    #[test]
    fn the_label_lies_beside_the_clip() {
        assert_eq!(label_path(Path::new("a/b.mp4")), Path::new("a/b.mp4.json"));
        assert_eq!(label_path(Path::new("a/b/")), Path::new("a/b.json"));
    }
}
