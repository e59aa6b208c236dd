//! Webcams: which there are, in which mode to run one, and its pictures as they come.
//!
//! ```text
//! list -> choose -> Capture: driver -> thread -> queue -> decoder (its thread) -> queue -> the caller
//! ```
//!
//! Both queues are short, and the newest pictures win.
//!
//! [`nokhwa`](https://docs.rs/nokhwa) is the way to cameras, but on Linux, where the `v4l` crate beneath it is used
//! itself; `v4l.rs` says why.

mod choose;
#[cfg(feature = "camera")]
mod clock;
#[cfg(feature = "camera")]
mod fault;
#[cfg(feature = "camera")]
mod film;
#[cfg(feature = "camera")]
mod grab;
#[cfg(all(feature = "camera", any(not(target_os = "linux"), test)))]
mod nokhwa;
mod pictures;
mod queue;
#[cfg(all(feature = "camera", target_os = "linux"))]
mod settings;
#[cfg(all(feature = "camera", target_os = "linux"))]
mod v4l;

use std::fmt;
use std::time::Instant;

#[cfg(all(feature = "camera", not(target_os = "linux")))]
use self::nokhwa as driver;
#[cfg(all(feature = "camera", target_os = "linux"))]
use self::v4l as driver;
use super::Encoding;

pub use choose::{Wish, choose};
#[cfg(feature = "camera")]
pub use driver::{DRIVER, list};
#[cfg(feature = "camera")]
pub use film::Film;
#[cfg(feature = "camera")]
pub use grab::{Capture, Next};
pub use pictures::{Picture, Pictures};
pub use queue::Queue;
#[cfg(all(feature = "camera", target_os = "linux"))]
pub use settings::Settings;

/// Frames per second as the driver says it, a fraction: 30/1, 30000/1001, 15/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub frames: u32,
    /// In this many s; never 0.
    pub seconds: u32,
}

impl Rate {
    /// In frames per second.
    pub fn fps(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds.max(1))
    }

    /// The rate as a whole number of frames per second, if it is one.
    pub fn whole(self) -> Option<u32> {
        self.frames
            .is_multiple_of(self.seconds.max(1))
            .then(|| self.frames / self.seconds.max(1))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole() {
            Some(whole) => whole.fmt(f),
            None => write!(f, "{:.2}", self.fps()),
        }
    }
}

/// One way in which a camera can deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mode {
    /// In px.
    pub width: u32,
    pub height: u32,
    pub rate: Rate,
    /// The driver's code for the encoding, for example `MJPG`.
    pub code: String,
}

impl Mode {
    /// How to read the pictures; `None` where this program can't.
    pub fn encoding(&self) -> Option<Encoding> {
        Encoding::from_code(&self.code)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            rate,
            code,
        } = self;
        write!(f, "{width}x{height} at {rate} frames/s, {code}")
    }
}

/// A camera of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraInfo {
    /// Its number, as `--camera` takes it.
    pub number: u32,
    /// Its name, as `--camera` takes it in full or in part.
    pub name: String,
    /// Where it is, for people: its device file, or the driver.
    pub place: String,
    /// What it can do; or why that could not be asked: it is busy, or its use is not allowed.
    pub modes: Result<Vec<Mode>, String>,
}

impl CameraInfo {
    /// What it is called in results and errors.
    pub fn title(&self) -> String {
        format!("camera {} ({})", self.number, self.name)
    }
}

/// Finds the camera that the user means: by number, or by a part of its name in any case; the first without a wish.
///
/// # Errors
/// One line that says which cameras there are.
pub fn find<'a>(cameras: &'a [CameraInfo], wish: Option<&str>) -> Result<&'a CameraInfo, String> {
    let all = || {
        let named = cameras.iter().map(|c| format!("{} ({})", c.number, c.name));
        named.collect::<Vec<_>>().join(", ")
    };
    if cameras.is_empty() {
        return Err(
            "there is no camera; plug one in, `blinkdx cameras` lists those that are found"
                .to_owned(),
        );
    }
    let Some(wish) = wish else {
        // One that can be opened, if there is any.
        return Ok(cameras
            .iter()
            .find(|c| c.modes.is_ok())
            .unwrap_or(&cameras[0]));
    };
    if let Ok(number) = wish.parse::<u32>() {
        return cameras
            .iter()
            .find(|c| c.number == number)
            .ok_or_else(|| format!("there is no camera {number}; there are {}", all()));
    }
    let wanted = wish.to_lowercase();
    let exact = |c: &&CameraInfo| c.name.to_lowercase() == wanted;
    let part = |c: &&CameraInfo| c.name.to_lowercase().contains(&wanted) || c.place == wish;
    cameras
        .iter()
        .find(exact)
        .or_else(|| cameras.iter().find(part))
        .ok_or_else(|| format!("there is no camera called {wish:?}; there are {}", all()))
}

/// One picture as the camera gave it.
#[derive(Debug, Clone)]
pub struct Packet {
    /// Its bytes, in the mode's encoding, without what a longer buffer held behind them.
    pub data: Vec<u8>,
    /// When it was taken, on the monotonic clock.
    pub taken: Instant,
    /// `taken` is the driver's word, not the time of arrival.
    pub stamped: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(number: u32, name: &str, modes: Result<Vec<Mode>, String>) -> CameraInfo {
        CameraInfo {
            number,
            name: name.to_owned(),
            place: format!("/dev/video{number}"),
            modes,
        }
    }

    #[test]
    fn a_camera_is_found_by_number_name_or_part_of_it() {
        let cameras = [
            camera(0, "Integrated Webcam", Err("no permission".to_owned())),
            camera(2, "HD Pro Webcam C920", Ok(Vec::new())),
        ];
        for (wish, number) in [
            (Some("0"), 0),
            (Some("c920"), 2),
            (Some("webcam"), 0),
            (Some("hd pro webcam c920"), 2),
            (Some("/dev/video2"), 2),
            (None, 2),
        ] {
            assert_eq!(find(&cameras, wish).unwrap().number, number, "{wish:?}");
        }
        let error = find(&cameras, Some("1")).unwrap_err();
        assert!(error.contains("2 (HD Pro Webcam C920)"), "{error}");
        assert!(find(&[], None).unwrap_err().contains("no camera"));
    }

    #[test]
    fn a_rate_is_a_fraction() {
        let rate = |frames, seconds| Rate { frames, seconds };
        assert_eq!(rate(60, 2).to_string(), "30");
        assert_eq!(rate(30_000, 1001).to_string(), "29.97");
        assert_eq!(rate(30_000, 1001).whole(), None);
    }
}
