//! Capture on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::{CameraInfo, Mode, Packet, Queue, fault, native};
use crate::source::SourceError;
use crate::source::embedded::guard;

/// How long a camera may take to be opened. Some wake from sleep for a few seconds.
const OPENING: Duration = Duration::from_secs(10);
/// Times that a camera is opened again in a row after an error, and the pause before.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);

/// What a driver had.
pub enum Grab {
    Picture {
        /// The driver's buffer.
        data: Vec<u8>,
        taken: Instant,
        stamped: bool,
    },
    /// The driver says itself that the picture is damaged.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only V4L2 says so")
    )]
    Damaged,
    /// None came for a while.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only V4L2 has a deadline")
    )]
    Nothing,
}

/// A camera that is delivering, on the thread that opened it.
pub trait Grabber {
    /// Waits for the next picture. After an error it is of no use and is to be dropped.
    fn grab(&mut self) -> Result<Grab, String>;
}

/// What the thread shares with its maker.
#[derive(Default)]
struct Shared {
    queue: Queue,
    damaged: AtomicU64,
    stop: AtomicBool,
}

/// A running camera.
///
/// Dropping it lets the thread end after the picture it waits for; a thread that a stalled driver holds is left behind.
pub struct Capture {
    shared: Arc<Shared>,
    /// Which of the two ways to the camera is used, for `-v`.
    how: &'static str,
}

/// What [`Capture::next`] has.
pub enum Next {
    Picture(Packet),
    /// None came in time.
    Nothing,
    /// No more will come; why, for people.
    Gone(String),
}

impl Capture {
    /// Opens `camera` in `mode` and starts it.
    ///
    /// # Errors
    /// [`SourceError::Camera`] with the cause and what to do.
    pub fn open(camera: &CameraInfo, mode: &Mode) -> Result<Self, SourceError> {
        let failed = |cause: String| SourceError::Camera {
            name: format!("camera {} ({})", camera.number, camera.name),
            cause,
        };
        let shared = Arc::new(Shared::default());
        let (opened, outcome) = channel();
        let (theirs, their_camera, their_mode) = (shared.clone(), camera.clone(), mode.clone());
        thread::Builder::new()
            .name("camera".into())
            .spawn(move || {
                let work = || {
                    let first = open(&their_camera, &their_mode);
                    // Nobody waits any more when opening took too long.
                    let _ = opened.send(first.as_ref().map(|_| ()).map_err(Clone::clone));
                    if let Ok(first) = first {
                        run(first, &their_camera, &their_mode, &theirs)
                    } else {
                        String::new()
                    }
                };
                // nokhwa and v4l panic where a stream can't be stopped, or on odd device files.
                let end = guard::catch(work);
                theirs
                    .queue
                    .end(end.unwrap_or_else(|_| "its driver failed".to_owned()));
            })
            .map_err(|e| failed(format!("no thread to capture on: {e}")))?;
        match outcome.recv_timeout(OPENING) {
            Ok(Ok(())) => Ok(Self {
                shared,
                how: how(mode),
            }),
            Ok(Err(cause)) => Err(failed(cause)),
            Err(_) => Err(failed("it does not answer; plug it in again".to_owned())),
        }
    }

    /// The next picture, or what became of the camera within `patience`.
    pub fn next(&self, patience: Duration) -> Next {
        match self.shared.queue.pop(patience) {
            Ok(Some(packet)) => Next::Picture(packet),
            Ok(None) => Next::Nothing,
            Err(why) => Next::Gone(why),
        }
    }

    /// Pictures that came faster than they were taken, so far.
    pub fn dropped(&self) -> u64 {
        self.shared.queue.dropped()
    }

    /// Pictures that the driver gave damaged or in part, so far.
    pub fn damaged(&self) -> u64 {
        self.shared.damaged.load(Ordering::Relaxed)
    }

    pub fn how(&self) -> &'static str {
        self.how
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

fn how(mode: &Mode) -> &'static str {
    if native::can(mode) {
        "nokhwa"
    } else {
        "v4l, a mode that nokhwa has no word for"
    }
}

/// Opens the camera the way that can.
#[cfg(target_os = "linux")]
fn open(camera: &CameraInfo, mode: &Mode) -> Result<Box<dyn Grabber>, String> {
    use super::v4l;

    let opened = v4l::prepare(camera, mode).and_then(|()| {
        if native::can(mode) {
            native::open(camera.number, mode)
        } else {
            v4l::open(camera, mode)
        }
    });
    opened.map_err(|e| fault::explain(&e, &camera.place))
}

#[cfg(not(target_os = "linux"))]
fn open(camera: &CameraInfo, mode: &Mode) -> Result<Box<dyn Grabber>, String> {
    native::open(camera.number, mode).map_err(|e| fault::explain(&e, &camera.place))
}

/// Grabs until told to stop or the camera is lost, and says why it ended.
fn run(mut grabber: Box<dyn Grabber>, camera: &CameraInfo, mode: &Mode, shared: &Shared) -> String {
    let mut attempts = 0;
    while !shared.stop.load(Ordering::Relaxed) {
        match grabber.grab() {
            Ok(Grab::Nothing) => {}
            Ok(Grab::Damaged) => {
                shared.damaged.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Grab::Picture {
                data,
                taken,
                stamped,
            }) => {
                let encoding = mode.encoding().expect("checked when it was opened");
                match encoding.trim(data, mode.width, mode.height) {
                    Ok(data) => {
                        attempts = 0;
                        shared.queue.push(Packet {
                            data,
                            taken,
                            stamped,
                        });
                    }
                    Err(_) => {
                        shared.damaged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            Err(error) => {
                // The old one must be gone first: it would hand its dead device to the new one.
                drop(grabber);
                let cause = fault::explain(&error, &camera.place);
                if fault::is_gone(&error) || attempts == ATTEMPTS {
                    return cause;
                }
                attempts += 1;
                thread::sleep(PAUSE);
                grabber = match open(camera, mode) {
                    Ok(grabber) => grabber,
                    Err(_) => return cause,
                };
            }
        }
    }
    "it was closed".to_owned()
}
