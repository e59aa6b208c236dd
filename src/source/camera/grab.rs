//! Capture on a thread of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::{CameraInfo, Mode, Packet, Picture, Pictures, Queue, driver};
use crate::source::SourceError;
use crate::source::embedded::guard;

/// How long a camera may take to be opened. Some wake from sleep for a few seconds.
const OPENING: Duration = Duration::from_secs(10);
/// Undecoded pictures that wait at most.
const WAITING: usize = 2;
/// Times that a camera is opened again in a row after an error, and the pause before.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);
/// How long the thread is waited for when the camera is no longer needed: some pictures of a slow camera.
const CLOSING: Duration = Duration::from_secs(1);

/// What a driver had.
pub enum Grab {
    Picture {
        /// The driver's buffer.
        data: Vec<u8>,
        taken: Instant,
        stamped: bool,
        /// Pictures that the driver lost before this one.
        lost: u64,
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
    lost: AtomicU64,
    stop: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        Self {
            packets: Arc::new(Queue::new(WAITING)),
            damaged: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        }
    }
}

/// A running camera, whose pictures come decoded.
///
/// Dropping it closes the camera; only where a driver holds the thread (outside Linux) is it left behind.
pub struct Capture {
    shared: Arc<Shared>,
    pictures: Pictures,
    /// Hangs up when the thread has ended and the camera is closed.
    closed: Receiver<Infallible>,
}

/// What [`Capture::next`] has.
pub enum Next {
    Picture(Picture),
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
            name: camera.title(),
            cause,
        };
        let no_thread = |e| failed(format!("no thread to capture on: {e}"));
        let encoding = mode
            .encoding()
            .ok_or_else(|| failed(format!("{} cannot be read", mode.code)))?;
        let shared = Arc::new(Shared::new());
        let (opened, outcome) = channel();
        let (open_still, closed) = channel::<Infallible>();
        let (theirs, camera_info, their_mode) = (shared.clone(), camera.clone(), mode.clone());
        thread::Builder::new()
            .name("camera".into())
            .spawn(move || {
                let place = &camera_info.place;
                let work = || {
                    run(
                        &mut || driver::open(&camera_info, &their_mode),
                        &|e| Fault::of(e, place),
                        &|data| encoding.trim(data, their_mode.width, their_mode.height),
                        // Nobody waits any more when opening took too long.
                        &mut |outcome| drop(opened.send(outcome)),
                        &theirs,
                    )
                };
                // The crates below panic where a stream can't be stopped, or on odd device files.
                let end = guard::catch(work);
                theirs
                    .packets
                    .end(end.unwrap_or_else(|_| "its driver failed".to_owned()));
                drop(open_still);
            })
            .map_err(no_thread)?;
        match outcome.recv_timeout(OPENING) {
            Ok(Ok(())) => {
                let packets = shared.packets.clone();
                let pictures = Pictures::of(packets, encoding, mode.width, mode.height);
                Ok(Self {
                    pictures: pictures.map_err(no_thread)?,
                    shared,
                    closed,
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

    /// Pictures that came faster than they were taken, by the driver's account too, so far.
    pub fn dropped(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed) + self.pictures.dropped()
    }

    /// Pictures that came damaged or in part, so far.
    pub fn damaged(&self) -> u64 {
        self.shared.damaged.load(Ordering::Relaxed) + self.pictures.undecoded()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Who opens it next would find it in use.
        let _ = self.closed.recv_timeout(CLOSING);
    }
}

/// Opens the camera, grabs until told to stop or it is lost, and says why it ended. `opened` is told once whether it
/// could be opened; `trim` cuts a buffer to its picture.
fn run(
    open: &mut dyn FnMut() -> Result<Box<dyn Grabber>, String>,
    explain: &dyn Fn(&str) -> Fault,
    trim: &dyn Fn(Vec<u8>) -> Result<Vec<u8>, String>,
    opened: &mut dyn FnMut(Result<(), String>),
    shared: &Shared,
) -> String {
    let (mut was_open, mut failures) = (false, 0);
    loop {
        let failed = match open() {
            Ok(mut grabber) => {
                if !was_open {
                    opened(Ok(()));
                }
                was_open = true;
                // Closed before it is opened again: a driver may refuse a second user.
                grab(grabber.as_mut(), trim, shared, &mut failures)
            }
            Err(error) => Err(error),
        };
        let Err(error) = failed else {
            return "it was closed".to_owned();
        };
        let Fault { cause, lasting } = explain(&error);
        if lasting || failures == ATTEMPTS {
            if !was_open {
                opened(Err(cause.clone()));
            }
            return cause;
        }
        failures += 1;
        thread::sleep(PAUSE);
    }
}

/// Grabs until told to stop. A whole picture sets `failures` back.
///
/// # Errors
/// The driver's words; the camera is to be opened again.
fn grab(
    grabber: &mut dyn Grabber,
    trim: &dyn Fn(Vec<u8>) -> Result<Vec<u8>, String>,
    shared: &Shared,
    failures: &mut u32,
) -> Result<(), String> {
    while !shared.stop.load(Ordering::Relaxed) {
        let whole = match grabber.grab()? {
            Grab::Nothing => continue,
            Grab::Damaged => None,
            Grab::Picture {
                data,
                taken,
                stamped,
                lost,
            } => {
                shared.lost.fetch_add(lost, Ordering::Relaxed);
                trim(data).ok().map(|data| Packet {
                    data,
                    taken,
                    stamped,
                })
            }
        };
        match whole {
            Some(packet) => {
                *failures = 0;
                shared.packets.push(packet);
            }
            None => {
                shared.damaged.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    /// A driver that does what the letters say: `p` a picture, `l` one after one that was lost, `d` a damaged one, `s` a
    /// short one, `n` nothing, `e` an error, `g` it is gone; then it is stopped. It counts how many of its kind are open.
    struct Acting {
        play: std::vec::IntoIter<char>,
        open: Rc<Cell<u32>>,
        shared: Arc<Shared>,
    }

    impl Grabber for Acting {
        fn grab(&mut self) -> Result<Grab, String> {
            let picture = |n, lost| Grab::Picture {
                data: vec![0; n],
                taken: Instant::now(),
                stamped: true,
                lost,
            };
            match self.play.next() {
                Some('p') => Ok(picture(9, 0)),
                Some('l') => Ok(picture(9, 1)),
                Some('s') => Ok(picture(1, 0)),
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

    /// What became of a camera.
    #[derive(Debug)]
    struct Played {
        /// Whether it could be opened.
        opened: Result<(), String>,
        pictures: usize,
        damaged: u64,
        lost: u64,
        /// Why it ended.
        why: String,
    }

    /// A camera that plays the first of `plays`, and the next each time it is opened again; `x` can't be opened, and
    /// none is left at the end.
    fn played(plays: &[&str]) -> Played {
        let shared = Arc::new(Shared {
            packets: Arc::new(Queue::new(100)),
            ..Shared::new()
        });
        let open = Rc::new(Cell::new(0));
        let mut plays = plays.iter();
        let mut opening = || {
            assert_eq!(open.get(), 0, "one is still open");
            match plays.next() {
                None => Err("No such file or directory (os error 2)".to_owned()),
                Some(&"x") => Err("Invalid argument (os error 22)".to_owned()),
                Some(play) => {
                    open.set(1);
                    Ok(Box::new(Acting {
                        play: play.chars().collect::<Vec<_>>().into_iter(),
                        open: open.clone(),
                        shared: shared.clone(),
                    }) as Box<dyn Grabber>)
                }
            }
        };
        let trim = |data: Vec<u8>| match data.len() {
            9 => Ok(data),
            n => Err(format!("{n} of 9 bytes")),
        };
        let mut opened = Vec::new();
        let why = run(
            &mut opening,
            &|e| Fault::of(e, "/dev/video0"),
            &trim,
            &mut |outcome| opened.push(outcome),
            &shared,
        );
        shared.packets.end(String::new());
        let mut pictures = 0;
        while let Ok(Some(_)) = shared.packets.pop(Duration::ZERO) {
            pictures += 1;
        }
        assert_eq!(opened.len(), 1, "{opened:?}");
        Played {
            opened: opened.remove(0),
            pictures,
            damaged: shared.damaged.load(Ordering::Relaxed),
            lost: shared.lost.load(Ordering::Relaxed),
            why,
        }
    }

    #[test]
    fn damaged_short_and_lost_pictures_are_counted_and_left_out() {
        let played = played(&["pdlpnsp"]);
        assert_eq!((played.pictures, played.damaged), (4, 2));
        assert_eq!((played.lost, played.why.as_str()), (1, "it was closed"));
    }

    #[test]
    fn after_an_error_the_camera_is_closed_and_opened_again() {
        let played = played(&["ppe", "pe", "ppp"]);
        assert_eq!((played.pictures, played.why.as_str()), (6, "it was closed"));
    }

    #[test]
    fn a_camera_that_does_not_start_at_once_is_tried_again() {
        let late = played(&["x", "x", "pp"]);
        assert_eq!((late.opened, late.pictures), (Ok(()), 2));
        let never = played(&["x", "x", "x", "x", "pp"]);
        assert!(never.opened.unwrap_err().contains("os error 22"));
        assert_eq!(never.pictures, 0);
        let none = played(&[]);
        assert!(none.opened.unwrap_err().contains("unplugged"));
    }

    #[test]
    fn a_camera_that_fails_again_and_again_is_given_up() {
        let failing = played(&["pe", "e", "e", "e", "p"]);
        assert_eq!(failing.pictures, 1);
        assert!(failing.why.contains("os error 22"), "{failing:?}");
        // An error, and then it is found to be gone.
        let gone = played(&["pe"]);
        assert!(gone.why.contains("unplugged"), "{gone:?}");
    }

    #[test]
    fn one_that_went_away_is_not_opened_again() {
        let gone = played(&["ppg", "p"]);
        assert_eq!(gone.pictures, 2);
        assert!(gone.why.contains("unplugged"), "{gone:?}");
    }
}
