//! Cameras of Linux by the `v4l` crate, which is what lies beneath nokhwa there and tells what nokhwa 0.10.11 keeps to
//! itself: how much of a buffer is picture, whether the driver calls it damaged, which pictures it lost, and when none
//! came for a while. nokhwa also lists metadata nodes, leaves out rates such as 29.97 and encodings it has no word for,
//! refuses cameras that *are* at such a rate or encoding, walks ranges of sizes one by one, and panics where /dev
//! holds a `video` without a number.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::libc::POLLIN;
use nix::time::{ClockId, clock_gettime};
use v4l::buffer::{Flags, Type};
use v4l::capability::Flags as Capability;
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::traits::{CaptureStream, Stream as _};
use v4l::prelude::MmapStream;
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, FourCC, Fraction};

use super::fault::Fault;
use super::grab::{Grab, Grabber};
use super::{CameraInfo, Mode, Rate, clock};

/// Sizes in px that are asked about where a driver names a range.
const SIZES: [(u32, u32); 6] = [
    (320, 240),
    (640, 360),
    (640, 480),
    (1280, 720),
    (1920, 1080),
    (3840, 2160),
];
/// Rates in frames per second that are offered where a driver names a range.
const RATES: [u32; 6] = [5, 10, 15, 25, 30, 60];
/// Most modes of one camera; the kernel's own test driver has some 2,000.
const MAX_MODES: usize = 4096;
/// How long to wait for a picture before looking whether it is still wanted.
const PATIENCE: Duration = Duration::from_millis(200);
/// Buffers shared with the driver: one is read, one is filled, two bridge a delay of our thread.
const BUFFERS: u32 = 4;
/// Pictures lost in a row beyond which a driver has rather begun to count anew: ten minutes at 30 frames/s.
const MOST_LOST: u32 = 18_000;

/// What cameras are reached by, for `-v`.
pub const DRIVER: &str = "V4L2";

/// Cameras by number, from the kernel's own list.
pub fn list() -> Result<Vec<CameraInfo>, String> {
    let folder = Path::new("/sys/class/video4linux");
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // No video driver was ever loaded.
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(format!("{}: {e}", folder.display())),
    };
    let mut cameras: Vec<CameraInfo> = entries
        .filter_map(Result::ok)
        .filter_map(|e| {
            let file = e.file_name();
            let number = file.to_str()?.strip_prefix("video")?.parse().ok()?;
            let read = |name: &str| fs::read_to_string(e.path().join(name)).ok();
            let name = read("name").map_or_else(String::new, |n| n.trim().to_owned());
            // The first node of a device is its picture, the others are metadata and the like.
            let first = read("index").is_none_or(|i| i.trim() == "0");
            camera(number, name, first)
        })
        .collect();
    cameras.sort_by_key(|c| c.number);
    Ok(cameras)
}

/// What node `number` is; `None` if it gives no pictures.
fn camera(number: u32, name: String, first: bool) -> Option<CameraInfo> {
    let place = format!("/dev/video{number}");
    let modes = match Device::with_path(&place) {
        Ok(device) => {
            let caps = device.query_caps().ok()?;
            let needed = Capability::VIDEO_CAPTURE | Capability::STREAMING;
            if !caps.capabilities.contains(needed) {
                return None;
            }
            modes(&device).map_err(|e| Fault::of(&e.to_string(), &place).cause)
        }
        Err(_) if !first => return None,
        Err(e) => Err(Fault::of(&e.to_string(), &place).cause),
    };
    // The metadata node of a camera claims the camera's capabilities and has no formats.
    if modes.as_ref().is_ok_and(Vec::is_empty) {
        return None;
    }
    Some(CameraInfo {
        number,
        name,
        place,
        modes,
    })
}

/// Every mode, each once, in the driver's order of encodings.
fn modes(device: &Device) -> std::io::Result<Vec<Mode>> {
    let mut out = Vec::new();
    for format in device.enum_formats()? {
        let Ok(code) = format.fourcc.str() else {
            continue;
        };
        for (width, height) in sizes(device, format.fourcc) {
            for rate in rates(device, format.fourcc, width, height) {
                let mode = Mode {
                    width,
                    height,
                    rate,
                    code: code.trim_end().to_owned(),
                };
                if out.len() == MAX_MODES {
                    return Ok(out);
                }
                if !out.contains(&mode) {
                    out.push(mode);
                }
            }
        }
    }
    Ok(out)
}

fn sizes(device: &Device, code: FourCC) -> BTreeSet<(u32, u32)> {
    let listed = device.enum_framesizes(code).unwrap_or_default();
    let sizes = listed.into_iter().flat_map(|size| match size.size {
        FrameSizeEnum::Discrete(s) => vec![(s.width, s.height)],
        FrameSizeEnum::Stepwise(s) => {
            let fits = |x: u32, min: u32, max: u32, step: u32| {
                (min..=max).contains(&x) && (x - min).is_multiple_of(step.max(1))
            };
            let both = |&(w, h): &(u32, u32)| {
                fits(w, s.min_width, s.max_width, s.step_width)
                    && fits(h, s.min_height, s.max_height, s.step_height)
            };
            let usual = SIZES.into_iter().filter(both);
            usual.chain([(s.max_width, s.max_height)]).collect()
        }
    });
    sizes.collect()
}

fn rates(device: &Device, code: FourCC, width: u32, height: u32) -> Vec<Rate> {
    let listed = device
        .enum_frameintervals(code, width, height)
        .unwrap_or_default();
    let rates = listed.into_iter().flat_map(|i| match i.interval {
        FrameIntervalEnum::Discrete(i) => vec![rate(i)],
        FrameIntervalEnum::Stepwise(s) => {
            let (fast, slow) = (rate(s.min).fps(), rate(s.max).fps());
            let usual = RATES.map(|frames| Rate { frames, seconds: 1 });
            let within = usual
                .into_iter()
                .filter(|r| (slow..=fast).contains(&r.fps()));
            within.collect()
        }
    });
    rates.filter(|r| r.frames > 0).collect()
}

/// The rate of an interval in s.
fn rate(interval: Fraction) -> Rate {
    let (mut a, mut b) = (interval.numerator, interval.denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let common = a.max(1);
    Rate {
        frames: interval.denominator / common,
        seconds: (interval.numerator / common).max(1),
    }
}

/// Puts `device` into `mode`.
///
/// # Errors
/// The system's words, or what the driver made of the request.
fn set(device: &Device, mode: &Mode) -> Result<(), String> {
    let mut code = [b' '; 4];
    for (to, from) in code.iter_mut().zip(mode.code.bytes()) {
        *to = from;
    }
    let format = Format::new(mode.width, mode.height, FourCC::new(&code));
    let got = device
        .set_format(&format)
        .map_err(|e| format!("it refuses {mode}: {e}"))?;
    if (got.width, got.height, got.fourcc) != (mode.width, mode.height, format.fourcc) {
        return Err(format!(
            "it was asked for {mode} and makes {}x{} {} of it",
            got.width, got.height, got.fourcc
        ));
    }
    let interval = Fraction::new(mode.rate.seconds, mode.rate.frames);
    // A driver that can't set the rate has one only.
    let _ = device.set_params(&Parameters::new(interval));
    Ok(())
}

/// A camera that is delivering.
struct Stream {
    stream: MmapStream<'static>,
    /// The driver's number of the last picture.
    last: Option<u32>,
    /// Pictures lost since the last that was handed out.
    lost: u64,
}

/// Opens `camera` in `mode` and starts it.
///
/// # Errors
/// The system's words.
pub fn open(camera: &CameraInfo, mode: &Mode) -> Result<Box<dyn Grabber>, String> {
    let device = Device::with_path(&camera.place).map_err(|e| e.to_string())?;
    set(&device, mode)?;
    let stream = start(&device).map_err(|e| format!("it does not start {mode}: {e}"))?;
    Ok(Box::new(Stream {
        stream,
        last: None,
        lost: 0,
    }))
}

/// Starts `device` with all buffers but the first in its hands: [`MmapStream::next`] gives it the one that it gave last.
fn start(device: &Device) -> std::io::Result<MmapStream<'static>> {
    let mut stream = MmapStream::with_buffers(device, Type::VideoCapture, BUFFERS)?;
    stream.set_timeout(PATIENCE);
    for index in 1..BUFFERS as usize {
        match CaptureStream::queue(&mut stream, index) {
            Ok(()) => {}
            // Two are needed; a driver may have allowed fewer than were asked for.
            Err(_) if index > 1 => break,
            Err(e) => return Err(e),
        }
    }
    stream.start()?;
    Ok(stream)
}

impl Grabber for Stream {
    fn grab(&mut self) -> Result<Grab, String> {
        // `next` gives a buffer back before it waits; after a vain wait it would give the same one back again.
        let patience_ms = PATIENCE.as_millis() as i32;
        match self.stream.handle().poll(POLLIN, patience_ms) {
            Ok(0) => return Ok(Grab::Nothing),
            Ok(_) => {}
            // By Ctrl-C, for one.
            Err(e) if e.kind() == ErrorKind::Interrupted => return Ok(Grab::Nothing),
            Err(e) => return Err(e.to_string()),
        }
        let (data, meta) = self.stream.next().map_err(|e| e.to_string())?;
        let arrived = Instant::now();
        self.lost += self
            .last
            .map_or(0, |last| lost_between(last, meta.sequence));
        self.last = Some(meta.sequence);
        if meta.flags.contains(Flags::ERROR) {
            return Ok(Grab::Damaged);
        }
        let stamp = meta
            .flags
            .contains(Flags::TIMESTAMP_MONOTONIC)
            .then_some(meta.timestamp)
            .and_then(|t| {
                let (s, us) = (u64::try_from(t.sec).ok()?, u64::try_from(t.usec).ok()?);
                Duration::from_secs(s).checked_add(Duration::from_micros(us))
            });
        // `Instant` is this clock on Linux, without a way to say so.
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).ok();
        let (taken, stamped) = clock::taken(stamp.zip(now.map(Duration::from)), arrived);
        let length = data.len().min(meta.bytesused as usize);
        Ok(Grab::Picture {
            data: data[..length].to_vec(),
            taken,
            stamped,
            lost: std::mem::take(&mut self.lost),
        })
    }
}

/// Pictures that the driver counted and did not hand over between those numbered `last` and `now`.
fn lost_between(last: u32, now: u32) -> u64 {
    match now.wrapping_sub(last) {
        // Some drivers do not count.
        0 => 0,
        step if step > MOST_LOST => 0,
        step => u64::from(step - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_rate_in_lowest_terms() {
        // What vivid calls 60 frames per second.
        assert_eq!(
            rate(Fraction::new(12_375, 742_500)),
            Rate {
                frames: 60,
                seconds: 1
            }
        );
        assert_eq!(
            rate(Fraction::new(1001, 30_000)),
            Rate {
                frames: 30_000,
                seconds: 1001
            }
        );
        assert_eq!(
            rate(Fraction::new(0, 0)),
            Rate {
                frames: 0,
                seconds: 1
            }
        );
    }

    #[test]
    fn pictures_that_the_driver_lost_are_counted_if_it_counts() {
        for (last, now, lost) in [
            (7, 8, 0),
            (7, 11, 3),
            (u32::MAX, 1, 1),
            (0, 0, 0),
            (500, 0, 0),
        ] {
            assert_eq!(lost_between(last, now), lost, "{last}, {now}");
        }
    }

    #[test]
    fn a_machine_without_cameras_has_an_empty_list() {
        // Whatever this machine has, it is listed without an error and in order.
        let cameras = list().unwrap();
        assert!(cameras.is_sorted_by_key(|c| c.number));
    }
}
