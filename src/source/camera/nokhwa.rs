//! Cameras through nokhwa: AVFoundation on macOS, Media Foundation on Windows.
//!
//! What nokhwa 0.10.11 does otherwise than one would wish is met here:
//! - `frame()` waits for ever when a camera stalls: it is called on a thread of its own, and who waits for
//!   pictures has a deadline ([`super::Capture`]);
//! - its own threaded camera spins or hangs when a camera goes away: it is not used;
//! - it picks odd formats by itself: it is always asked for one exact format;
//! - buffers are longer than what is in them: [`Encoding::trim`];
//! - after an error its stream is of no use: it is dropped and opened again.
//!
//! On Linux it is compiled with the tests, so that it stays correct where it can't be run.
#![cfg_attr(
    target_os = "linux",
    expect(dead_code, reason = "compiled for the compiler's checks")
)]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use nokhwa::Camera;
use nokhwa::utils::{
    CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};

use super::fault::Fault;
use super::grab::{Grab, Grabber};
use super::{CameraInfo, Mode, Rate, clock};
use crate::source::Encoding;

/// What cameras are reached by, for `-v`.
pub const DRIVER: &str = "nokhwa";

/// The encodings that nokhwa knows, and what it calls them.
const FORMATS: [(FrameFormat, Encoding); 6] = [
    (FrameFormat::MJPEG, Encoding::Mjpeg),
    (FrameFormat::YUYV, Encoding::Yuyv),
    (FrameFormat::NV12, Encoding::Nv12),
    (FrameFormat::GRAY, Encoding::Grey),
    (FrameFormat::RAWRGB, Encoding::Rgb24),
    (FrameFormat::RAWBGR, Encoding::Bgr24),
];

/// What nokhwa calls `mode`; `None` where it has no word for it: a rate that is no whole number, or an encoding.
fn wanted(mode: &Mode) -> Option<CameraFormat> {
    let encoding = mode.encoding()?;
    let (format, _) = FORMATS.into_iter().find(|(_, e)| *e == encoding)?;
    let size = Resolution::new(mode.width, mode.height);
    Some(CameraFormat::new(size, format, mode.rate.whole()?))
}

/// A camera that is delivering.
struct Stream(Camera);

/// Opens `camera` in `mode` and starts it.
///
/// # Errors
/// nokhwa's words.
pub fn open(camera: &CameraInfo, mode: &Mode) -> Result<Box<dyn Grabber>, String> {
    let format = wanted(mode).ok_or("a format that nokhwa does not know")?;
    let exact = RequestedFormatType::Exact(format);
    let mut camera = Camera::new(
        CameraIndex::Index(camera.number),
        RequestedFormat::with_formats(exact, &[format.format()]),
    )
    .map_err(|e| e.to_string())?;
    camera.open_stream().map_err(|e| e.to_string())?;
    Ok(Box::new(Stream(camera)))
}

impl Grabber for Stream {
    fn grab(&mut self) -> Result<Grab, String> {
        let buffer = self.0.frame().map_err(|e| e.to_string())?;
        let arrived = Instant::now();
        // It tells the wall-clock time, made from the driver's age of the picture an instant before.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let (taken, stamped) = clock::taken(buffer.capture_timestamp().zip(wall.ok()), arrived);
        Ok(Grab::Picture {
            data: buffer.buffer().to_vec(),
            // It does not tell.
            lost: 0,
            taken,
            stamped,
        })
    }
}

/// The cameras of this machine, by number. Each is opened for a moment to learn its modes.
///
/// # Errors
/// Why they can't be listed.
pub fn list() -> Result<Vec<CameraInfo>, String> {
    allow()?;
    let modes = |index: &CameraIndex| {
        let all = FORMATS.map(|(format, _)| format);
        let any = RequestedFormat::with_formats(RequestedFormatType::None, &all);
        let mut camera = Camera::new(index.clone(), any)?;
        camera.compatible_camera_formats()
    };
    let code = |format: FrameFormat| {
        let known = FORMATS.into_iter().find(|(f, _)| *f == format);
        known.map_or_else(|| format.to_string(), |(_, e)| e.code().to_owned())
    };
    let found = nokhwa::query(nokhwa::utils::ApiBackend::Auto).map_err(|e| e.to_string())?;
    let mut cameras: Vec<CameraInfo> = found
        .into_iter()
        .enumerate()
        .map(|(i, info)| CameraInfo {
            number: info.index().as_index().unwrap_or(i as u32),
            name: info.human_name(),
            place: info.description().to_owned(),
            modes: modes(info.index())
                .map(|formats| {
                    let mode = |f: CameraFormat| Mode {
                        width: f.width(),
                        height: f.height(),
                        rate: Rate {
                            frames: f.frame_rate(),
                            seconds: 1,
                        },
                        code: code(f.format()),
                    };
                    formats.into_iter().map(mode).collect()
                })
                .map_err(|e| Fault::of(&e.to_string(), "").cause),
        })
        .collect();
    cameras.sort_by_key(|c| c.number);
    Ok(cameras)
}

/// Asks the user for the use of the camera where the system wants that (macOS), and waits for the answer.
fn allow() -> Result<(), String> {
    /// A person has to read the question.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
    if nokhwa::nokhwa_check() {
        return Ok(());
    }
    let (answer, answered) = std::sync::mpsc::channel();
    let answer = std::sync::Mutex::new(answer);
    nokhwa::nokhwa_initialize(move |allowed| {
        if let Ok(answer) = answer.lock() {
            // Nobody waits any more once the time is over.
            let _ = answer.send(allowed);
        }
    });
    match answered.recv_timeout(PATIENCE) {
        Ok(true) => Ok(()),
        _ => Err("the use of cameras is not allowed; allow it in System Settings > Privacy & Security > Camera".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nokhwa_has_no_word_for_is_refused() {
        let mode = |code: &str, frames, seconds| Mode {
            width: 640,
            height: 480,
            rate: Rate { frames, seconds },
            code: code.to_owned(),
        };
        let can = |mode| wanted(&mode).is_some();
        assert!(can(mode("MJPG", 30, 1)));
        assert!(can(mode("YUYV", 120, 4)));
        assert!(!can(mode("MJPG", 30_000, 1001)));
        assert!(!can(mode("YU12", 30, 1)));
    }
}
