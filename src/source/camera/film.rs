//! A camera as a source of frames that ends: so many seconds of what it sees.

use std::time::{Duration, Instant};

use super::{Capture, DRIVER, Next, Picture, Wish, choose, find, list};
use crate::source::{Frame, FrameSource, Orientation, SourceError, VideoInfo};

/// How long the first picture may take, and how long the camera may pause after it.
const FIRST_PICTURE: Duration = Duration::from_secs(10);
const GIVEN_UP: Duration = Duration::from_secs(8);
/// How often to look around while no picture comes.
const TICK: Duration = Duration::from_millis(50);
/// Time for automatic exposure and white balance to settle before pictures count.
const SETTLING: Duration = Duration::from_millis(800);

/// What a camera sees for some time.
pub struct Film {
    info: VideoInfo,
    capture: Capture,
    length: Duration,
    /// When the camera was opened, when its first picture came, and when the first that counts was taken.
    opened: Instant,
    settling: Option<Instant>,
    start: Option<Instant>,
    last_picture: Instant,
    last_s: f64,
}

impl Film {
    /// Starts the camera that is meant by `wish` (number or part of its name), for `length` from the first picture that counts.
    ///
    /// # Errors
    /// [`SourceError::Camera`] with the cause and what to do.
    pub fn open(wish: &str, length: Duration) -> Result<Self, SourceError> {
        let failed = |name: &str, cause: String| SourceError::Camera {
            name: name.to_owned(),
            cause,
        };
        let cameras = list().map_err(|e| failed("cameras", e))?;
        let camera = find(&cameras, Some(wish)).map_err(|e| failed(wish, e))?;
        let name = camera.title();
        let mode = choose(camera, &Wish::default()).map_err(|e| failed(&name, e))?;
        let capture = Capture::open(camera, mode)?;
        let now = Instant::now();
        Ok(Self {
            info: VideoInfo {
                name,
                coded_width: mode.width,
                coded_height: mode.height,
                orientation: Orientation::default(),
                duration_s: Some(length.as_secs_f64()),
                format: mode.to_string(),
                decoder: DRIVER.to_owned(),
            },
            capture,
            length,
            opened: now,
            settling: None,
            start: None,
            last_picture: now,
            last_s: 0.0,
        })
    }

    fn lost(&self, cause: String) -> SourceError {
        SourceError::Camera {
            name: self.info.name.clone(),
            cause,
        }
    }

    /// Whether the pictures count by now.
    fn is_settled(&mut self) -> bool {
        let first = *self.settling.get_or_insert_with(Instant::now);
        first.elapsed() >= SETTLING
    }

    /// Hands over a picture with its time.
    fn take(&mut self, mut picture: Picture, frame: &mut Frame) {
        // The old one goes back to be filled again.
        std::mem::swap(frame, &mut picture.frame);
        let taken = picture.packet.taken;
        let first = self.start.is_none();
        let start = *self.start.get_or_insert(taken);
        let at_s = taken.saturating_duration_since(start).as_secs_f64();
        // Times only go forward, whatever a driver says.
        const TICK_S: f64 = 1e-6;
        frame.pts_s = if first {
            0.0
        } else {
            at_s.max(self.last_s + TICK_S)
        };
        self.last_s = frame.pts_s;
    }
}

impl FrameSource for Film {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        loop {
            if self.last_s >= self.length.as_secs_f64() {
                return Ok(false);
            }
            match self.capture.next(TICK) {
                Next::Picture(picture) => {
                    self.last_picture = Instant::now();
                    if self.is_settled() {
                        self.take(picture, frame);
                        return Ok(true);
                    }
                }
                Next::Gone(cause) => return Err(self.lost(cause)),
                Next::Nothing => {}
            }
            // Damaged pictures are no pictures.
            let waited = match self.start {
                Some(_) => self.last_picture.elapsed() > GIVEN_UP,
                None => self.opened.elapsed() > FIRST_PICTURE,
            };
            if waited {
                let cause = "it delivers no pictures that can be read; plug it in again";
                return Err(self.lost(cause.to_owned()));
            }
        }
    }
}
