//! Capture on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::{CameraInfo, Mode, Packet, Picture, Pictures, Queue, fault, native};
use crate::source::SourceError;
use crate::source::embedded::guard;

/// How long a camera may take to be opened. Some wake from sleep for a few seconds.
const OPENING: Duration = Duration::from_secs(10);
/// Undecoded pictures that wait at most.
const WAITING: usize = 2;
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
struct Shared {
    packets: Arc<Queue<Packet>>,
    damaged: AtomicU64,
    stop: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        Self {
            packets: Arc::new(Queue::new(WAITING)),
            damaged: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        }
    }
}

/// A running camera, whose pictures come decoded.
///
/// Dropping it lets the thread end after the picture it waits for; a thread that a stalled driver holds is left behind.
pub struct Capture {
    shared: Arc<Shared>,
    pictures: Pictures,
    /// Which of the two ways to the camera is used, for `-v`.
    how: &'static str,
}

/// What [`Capture::next`] has.
pub enum Next {
    Picture(Picture),
    /// None came in time.
    Nothing,
    /// No more will come; why, for people.
    Gone(String),
}

/// A camera that was opened, and the way there.
type Opened = (Box<dyn Grabber>, &'static str);

impl Capture {
    /// Opens `camera` in `mode` and starts it.
    ///
    /// # Errors
    /// [`SourceError::Camera`] with the cause and what to do.
    pub fn open(camera: &CameraInfo, mode: &Mode) -> Result<Self, SourceError> {
        let failed = |cause: String| SourceError::Camera {
            name: camera.title(),
            cause,
        };
        let no_thread = |e| failed(format!("no thread to capture on: {e}"));
        let encoding = mode
            .encoding()
            .ok_or_else(|| failed(format!("{} cannot be read", mode.code)))?;
        let shared = Arc::new(Shared::new());
        let (opened, outcome) = channel();
        let (theirs, camera_info, their_mode) = (shared.clone(), camera.clone(), mode.clone());
        thread::Builder::new()
            .name("camera".into())
            .spawn(move || {
                let open = || {
                    open(&camera_info, &their_mode).map_err(|e| Fault::of(&e, &camera_info.place))
                };
                let work = || {
                    let first = open();
                    // Nobody waits any more when opening took too long.
                    let _ = opened.send(first.as_ref().map(|o| o.1).map_err(|e| e.cause.clone()));
                    match first {
                        Ok((first, _)) => {
                            let explain = |e: &str| Fault::of(e, &camera_info.place);
                            let trim =
                                |data| encoding.trim(data, their_mode.width, their_mode.height);
                            run(first, &mut || Ok(open()?.0), &explain, &trim, &theirs)
                        }
                        Err(fault) => fault.cause,
                    }
                };
                // nokhwa and v4l panic where a stream can't be stopped, or on odd device files.
                let end = guard::catch(work);
                theirs
                    .packets
                    .end(end.unwrap_or_else(|_| "its driver failed".to_owned()));
            })
            .map_err(no_thread)?;
        match outcome.recv_timeout(OPENING) {
            Ok(Ok(how)) => {
                let packets = shared.packets.clone();
                let pictures = Pictures::of(packets, encoding, mode.width, mode.height);
                Ok(Self {
                    pictures: pictures.map_err(no_thread)?,
                    shared,
                    how,
                })
            }
            Ok(Err(cause)) => Err(failed(cause)),
            Err(_) => Err(failed("it does not answer; plug it in again".to_owned())),
        }
    }

    /// The next picture, or what became of the camera within `patience`.
    pub fn next(&self, patience: Duration) -> Next {
        match self.pictures.next(patience) {
            Ok(Some(picture)) => Next::Picture(picture),
            Ok(None) => Next::Nothing,
            Err(why) => Next::Gone(why),
        }
    }

    /// Pictures that came faster than they were taken, so far.
    pub fn dropped(&self) -> u64 {
        self.pictures.dropped()
    }

    /// Pictures that came damaged or in part, so far.
    pub fn damaged(&self) -> u64 {
        self.shared.damaged.load(Ordering::Relaxed) + self.pictures.undecoded()
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

/// Why a camera does not deliver.
struct Fault {
    /// For people.
    cause: String,
    /// It is no longer there: there is no use in trying again.
    gone: bool,
}

impl Fault {
    fn of(error: &str, place: &str) -> Self {
        Self {
            cause: fault::explain(error, place),
            gone: fault::is_gone(error),
        }
    }
}

/// Opens the camera the way that can.
#[cfg(target_os = "linux")]
fn open(camera: &CameraInfo, mode: &Mode) -> Result<Opened, String> {
    use super::v4l;

    v4l::prepare(camera, mode)?;
    let beneath = |how| Ok((v4l::open(camera, mode)?, how));
    if !native::can(mode) {
        return beneath("v4l, a mode that nokhwa has no word for");
    }
    match native::open(camera.number, mode) {
        Ok(grabber) => Ok((grabber, "nokhwa")),
        // Not the system's refusal but its own: of a rate that the driver tells in other terms, for example.
        Err(e) if !fault::is_systems(&e) => beneath("v4l, for nokhwa refuses the camera"),
        Err(e) => Err(e),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(camera: &CameraInfo, mode: &Mode) -> Result<Opened, String> {
    Ok((native::open(camera.number, mode)?, "nokhwa"))
}

/// Grabs until told to stop or the camera is lost, and says why it ended. `trim` cuts a buffer to its picture.
fn run(
    mut grabber: Box<dyn Grabber>,
    open: &mut dyn FnMut() -> Result<Box<dyn Grabber>, Fault>,
    explain: &dyn Fn(&str) -> Fault,
    trim: &dyn Fn(Vec<u8>) -> Result<Vec<u8>, String>,
    shared: &Shared,
) -> String {
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
            }) => match trim(data) {
                Ok(data) => {
                    attempts = 0;
                    shared.packets.push(Packet {
                        data,
                        taken,
                        stamped,
                    });
                }
                Err(_) => {
                    shared.damaged.fetch_add(1, Ordering::Relaxed);
                }
            },
            Err(error) => {
                // The old one must be gone first: it would hand its dead device to the new one.
                drop(grabber);
                let fault = explain(&error);
                if fault.gone || attempts == ATTEMPTS {
                    return fault.cause;
                }
                attempts += 1;
                thread::sleep(PAUSE);
                grabber = match open() {
                    Ok(grabber) => grabber,
                    Err(_) => return fault.cause,
                };
            }
        }
    }
    "it was closed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    /// A driver that does what the letters say: `p` a picture, `d` a damaged one, `s` a short one, `n` nothing,
    /// `e` an error, `g` it is gone; then it is stopped. It counts how many of its kind are open.
    struct Acting {
        play: std::vec::IntoIter<char>,
        open: Rc<Cell<u32>>,
        shared: Arc<Shared>,
    }

    impl Grabber for Acting {
        fn grab(&mut self) -> Result<Grab, String> {
            let picture = |n| Grab::Picture {
                data: vec![0; n],
                taken: Instant::now(),
                stamped: true,
            };
            match self.play.next() {
                Some('p') => Ok(picture(9)),
                Some('s') => Ok(picture(1)),
                Some('d') => Ok(Grab::Damaged),
                Some('n') => Ok(Grab::Nothing),
                Some('g') => Err("No such device (os error 19)".to_owned()),
                Some(_) => Err("Invalid argument (os error 22)".to_owned()),
                None => {
                    self.shared.stop.store(true, Ordering::Relaxed);
                    Ok(Grab::Nothing)
                }
            }
        }
    }

    impl Drop for Acting {
        fn drop(&mut self) {
            self.open.set(self.open.get() - 1);
        }
    }

    /// What becomes of a camera that plays the first of `plays`, and the next each time it is opened again: pictures,
    /// damaged ones, why it ended.
    fn played(plays: &[&str]) -> (usize, u64, String) {
        let shared = Arc::new(Shared {
            packets: Arc::new(Queue::new(100)),
            ..Shared::new()
        });
        let open = Rc::new(Cell::new(0));
        let mut plays = plays.iter();
        let mut opening = || {
            assert_eq!(open.get(), 0, "one is still open");
            let play: Vec<char> = plays
                .next()
                .ok_or_else(|| Fault::of("it is no more", ""))?
                .chars()
                .collect();
            open.set(1);
            Ok(Box::new(Acting {
                play: play.into_iter(),
                open: open.clone(),
                shared: shared.clone(),
            }) as Box<dyn Grabber>)
        };
        let trim = |data: Vec<u8>| match data.len() {
            9 => Ok(data),
            n => Err(format!("{n} of 9 bytes")),
        };
        let first = opening().map_err(|f: Fault| f.cause).unwrap();
        let why = run(
            first,
            &mut opening,
            &|e| Fault::of(e, "/dev/video0"),
            &trim,
            &shared,
        );
        shared.packets.end(String::new());
        let mut pictures = 0;
        while let Ok(Some(_)) = shared.packets.pop(Duration::ZERO) {
            pictures += 1;
        }
        (pictures, shared.damaged.load(Ordering::Relaxed), why)
    }

    #[test]
    fn damaged_and_short_pictures_are_counted_and_left_out() {
        let (pictures, damaged, why) = played(&["pdpnsp"]);
        assert_eq!((pictures, damaged), (3, 2));
        assert_eq!(why, "it was closed");
    }

    #[test]
    fn after_an_error_the_camera_is_closed_and_opened_again() {
        let (pictures, _, why) = played(&["ppe", "pe", "ppp"]);
        assert_eq!((pictures, why.as_str()), (6, "it was closed"));
    }

    #[test]
    fn a_camera_that_fails_again_and_again_is_given_up() {
        let (pictures, _, why) = played(&["pe", "e", "e", "e", "p"]);
        assert_eq!(pictures, 1);
        assert!(why.contains("os error 22"), "{why}");
        let (_, _, why) = played(&["pe"]);
        assert!(why.contains("os error 22"), "{why}");
    }

    #[test]
    fn one_that_went_away_is_not_opened_again() {
        let (pictures, _, why) = played(&["ppg", "p"]);
        assert_eq!(pictures, 2);
        assert!(why.contains("unplugged"), "{why}");
    }
}
