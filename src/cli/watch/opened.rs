//! The camera of a watch: found, opened, settled, held still, and given back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blinkdx::source::camera::{self, CameraInfo, Capture, Mode, Next, Wish};
use blinkdx::source::{Encoding, SourceError};

use super::Args;
use crate::cli::failure::Failure;

/// How long the first picture may take: some cameras wake up slowly.
const FIRST_PICTURE: Duration = Duration::from_secs(10);
/// Time for automatic exposure and white balance to settle before they are held, without which the first
/// pictures, often dark or green, would be held for good.
const SETTLING: Duration = Duration::from_millis(800);
/// How often to look around while no picture comes.
pub const TICK: Duration = Duration::from_millis(50);

/// A camera that delivers. Dropping it gives its settings back.
pub struct Opened {
    pub camera: CameraInfo,
    pub mode: Mode,
    pub encoding: Encoding,
    pub capture: Capture,
    #[cfg(target_os = "linux")]
    settings: Option<camera::Settings>,
}

/// Finds, chooses and starts the camera.
pub fn open(args: &Args) -> Result<Opened, Failure> {
    let failed = |name: &str, cause: String| SourceError::Camera {
        name: name.to_owned(),
        cause,
    };
    let cameras = camera::list().map_err(|e| failed("cameras", e))?;
    let camera = camera::find(&cameras, args.camera.as_deref()).map_err(|e| failed("camera", e))?;
    let wish = Wish {
        size: args.size,
        fps: args.fps,
    };
    let refused = |cause| failed(&camera.title(), cause);
    let mode = camera::choose(camera, &wish).map_err(refused)?;
    let encoding = mode
        .encoding()
        .ok_or_else(|| refused(format!("{} cannot be read", mode.code)))?;
    #[cfg(target_os = "linux")]
    let settings = camera::Settings::of(&camera.place).map(|mut s| {
        s.hold_rate();
        s
    });
    let capture = Capture::open(camera, mode)?;
    Ok(Opened {
        camera: camera.clone(),
        mode: mode.clone(),
        encoding,
        capture,
        #[cfg(target_os = "linux")]
        settings,
    })
}

impl Opened {
    /// Lets the picture settle.
    ///
    /// # Errors
    /// [`SourceError::Camera`] if no pictures come, or the watch is stopped before they do.
    pub fn settle(&self, stop: &AtomicBool) -> Result<(), Failure> {
        let begun = Instant::now();
        let mut first = None;
        loop {
            if first.is_some_and(|at: Instant| at.elapsed() >= SETTLING) {
                return Ok(());
            }
            match self.capture.next(TICK) {
                Next::Picture(_) => {
                    first.get_or_insert_with(Instant::now);
                }
                Next::Gone(cause) => return Err(self.lost(cause)),
                Next::Nothing if stop.load(Ordering::Relaxed) => {
                    return Err(self.lost("it was stopped before the first picture".to_owned()));
                }
                Next::Nothing if begun.elapsed() > FIRST_PICTURE => {
                    return Err(self.lost(match self.capture.damaged() {
                        0 => "it delivers no pictures; plug it in again".to_owned(),
                        n => format!(
                            "none of its {n} pictures can be decoded; choose another --size"
                        ),
                    }));
                }
                Next::Nothing => {}
            }
        }
    }

    pub fn lost(&self, cause: String) -> Failure {
        SourceError::Camera {
            name: self.camera.title(),
            cause,
        }
        .into()
    }

    /// Holds exposure and white balance where that can be done; says which.
    pub fn lock(&mut self) -> Vec<String> {
        #[cfg(target_os = "linux")]
        if let Some(settings) = &mut self.settings {
            return settings.lock().iter().map(|&s| s.to_owned()).collect();
        }
        Vec::new()
    }
}
