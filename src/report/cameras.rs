//! The webcams of a machine, for people and programs.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::json::round;
use super::text::{BOLD, FAINT};
use crate::source::camera::{CameraInfo, Mode, Wish, choose};

/// Schema name of [`Cameras`].
pub const SCHEMA: &str = "blinkdx-cameras/1";

/// The result of `cameras`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cameras {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub cameras: Vec<Camera>,
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Camera {
    /// As `watch --camera` takes it.
    pub number: u32,
    pub name: String,
    /// Device file or driver.
    pub place: String,
    pub modes: Vec<CameraMode>,
    /// The one of `modes` that `watch` takes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<CameraMode>,
    /// Why its modes are not known, or why none can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One way in which a camera can deliver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CameraMode {
    /// In px.
    pub width: u32,
    pub height: u32,
    pub fps: f64,
    /// V4L2's code of the encoding.
    pub format: String,
    /// The encoding can be read.
    pub readable: bool,
}

impl From<&Mode> for CameraMode {
    fn from(m: &Mode) -> Self {
        Self {
            width: m.width,
            height: m.height,
            fps: round(m.rate.fps(), 3),
            format: m.code.clone(),
            readable: m.encoding().is_some(),
        }
    }
}

impl Cameras {
    pub fn of(cameras: &[CameraInfo]) -> Self {
        let camera = |c: &CameraInfo| {
            let chosen = choose(c, &Wish::default());
            Camera {
                number: c.number,
                name: c.name.clone(),
                place: c.place.clone(),
                modes: c.modes.iter().flatten().map(CameraMode::from).collect(),
                error: chosen.as_ref().err().cloned(),
                chosen: chosen.ok().map(CameraMode::from),
            }
        };
        Self {
            schema: SCHEMA.to_owned(),
            cameras: cameras.iter().map(camera).collect(),
        }
    }
}

/// Writes one block for each camera: sizes with their rates, an encoding a line.
///
/// # Errors
/// What `out` reports.
pub fn list(cameras: &[CameraInfo], out: &mut dyn Write) -> io::Result<()> {
    for camera in cameras {
        let CameraInfo {
            number,
            name,
            place,
            modes,
        } = camera;
        writeln!(
            out,
            "{BOLD}{number}  {name}{BOLD:#}  {FAINT}{place}{FAINT:#}"
        )?;
        for (code, sizes) in grouped(modes.iter().flatten()) {
            writeln!(out, "   {code:4}  {}", sizes.join(", "))?;
        }
        match choose(camera, &Wish::default()) {
            Ok(mode) => writeln!(out, "   {FAINT}watch takes {mode}{FAINT:#}")?,
            Err(error) => writeln!(out, "   {error}")?,
        }
    }
    Ok(())
}

/// Sizes of one encoding with their rates.
type Sizes = Vec<((u32, u32), Vec<String>)>;

/// For each encoding, as the driver lists them, its sizes with their rates: `640x480 (30, 15)`.
fn grouped<'a>(modes: impl Iterator<Item = &'a Mode>) -> Vec<(&'a str, Vec<String>)> {
    let mut codes: Vec<(&str, Sizes)> = Vec::new();
    for m in modes {
        let at = codes.iter().position(|(code, _)| *code == m.code);
        let at = at.unwrap_or_else(|| {
            codes.push((&m.code, Vec::new()));
            codes.len() - 1
        });
        let sizes = &mut codes[at].1;
        let (size, rate) = ((m.width, m.height), m.rate.to_string());
        match sizes.iter_mut().find(|(s, _)| *s == size) {
            Some((_, rates)) => rates.push(rate),
            None => sizes.push((size, vec![rate])),
        }
    }
    let text =
        |((w, h), rates): ((u32, u32), Vec<String>)| format!("{w}x{h} ({})", rates.join(", "));
    let line = |(code, sizes): (_, Vec<_>)| (code, sizes.into_iter().map(text).collect());
    codes.into_iter().map(line).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::source::camera::Rate;

    pub(crate) fn sample() -> Vec<CameraInfo> {
        let mode = |width, height, frames, code: &str| Mode {
            width,
            height,
            rate: Rate { frames, seconds: 1 },
            code: code.to_owned(),
        };
        vec![
            CameraInfo {
                number: 0,
                name: "Webcam".to_owned(),
                place: "/dev/video0".to_owned(),
                modes: Ok(vec![
                    mode(640, 480, 30, "YUYV"),
                    mode(640, 480, 15, "YUYV"),
                    mode(1280, 720, 30, "MJPG"),
                    mode(1280, 720, 30, "H264"),
                ]),
            },
            CameraInfo {
                number: 2,
                name: "Other".to_owned(),
                place: "/dev/video2".to_owned(),
                modes: Err("another program is using it".to_owned()),
            },
        ]
    }

    #[test]
    fn a_camera_is_a_block_of_encodings_with_sizes_and_rates() {
        let mut out = Vec::new();
        list(&sample(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "0  Webcam  /dev/video0
   YUYV  640x480 (30, 15)
   MJPG  1280x720 (30)
   H264  1280x720 (30)
   watch takes 1280x720 at 30 frames/s, MJPG
2  Other  /dev/video2
   another program is using it
"
        );
    }

    #[test]
    fn json_says_what_would_be_taken_and_what_is_wrong() {
        let all = Cameras::of(&sample());
        assert_eq!(all.cameras[0].chosen.as_ref().unwrap().format, "MJPG");
        assert!(!all.cameras[0].modes[3].readable);
        assert_eq!(
            all.cameras[1].error.as_deref(),
            Some("another program is using it")
        );
    }
}
