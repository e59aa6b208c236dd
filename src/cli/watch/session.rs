//! One watch from the choice of the camera to the last word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blinkdx::devices::Device;
use blinkdx::live::{Event, Finding, Happening, Live, Trouble};
use blinkdx::matcher::Query;
use blinkdx::observe::ObserveOptions;
use blinkdx::report::json;
use blinkdx::source::camera::{self, CameraInfo, Capture, Mode, Next, Packet, Wish};
use blinkdx::source::{Encoding, Frame, Orientation, Recorder, SourceError, VideoInfo};

use super::Args;
use super::output::Output;
use crate::cli::args::{Common, Format};
use crate::cli::failure::{Failure, Status};
use crate::cli::{library, output};

/// How long the first picture may take: some cameras wake up slowly.
const FIRST_PICTURE: Duration = Duration::from_secs(10);
/// Without pictures for so long, a camera is said to stall, and after so long to be gone. Both hold for
/// cameras of one frame per second too.
const STALLED: Duration = Duration::from_secs(2);
const GIVEN_UP: Duration = Duration::from_secs(8);
/// How often to look around while no picture comes.
const TICK: Duration = Duration::from_millis(50);
/// Time for automatic exposure and white balance to settle before they are held, without which the first
/// pictures, often dark or green, would be held for good.
const SETTLING: Duration = Duration::from_millis(800);
/// Share of pictures without the driver's time above which it is said.
const UNSTAMPED: f64 = 0.5;

pub fn run(args: &Args, common: &Common) -> Result<Status, Failure> {
    let library = library::load(common)?;
    let given = args.pattern.as_ref().map(Device::given);
    let devices: Vec<Device> = match &given {
        Some(device) => vec![device.clone()],
        None => library::choose(&library, args.model.as_deref())?
            .into_iter()
            .cloned()
            .collect(),
    };
    library::check_context(&args.context, &library)?;
    let query = Query {
        context: args.context.clone(),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let theirs = stop.clone();
    // Without a handler Ctrl-C ends the program without the last word; nothing worse.
    let _ = ctrlc::set_handler(move || theirs.store(true, Ordering::Relaxed));

    let outcome = open(args).and_then(|opened| watch(opened, args, common, &devices, query, &stop));
    match outcome {
        Err(failure @ Failure::Source(_)) if args.format == Format::Json => {
            output::json(&json::ErrorReport {
                schema: json::SCHEMA.to_owned(),
                source: json::FailedSource {
                    name: args.camera.clone().unwrap_or_else(|| "camera".to_owned()),
                },
                error: failure.to_string(),
            })?;
            Err(failure)
        }
        other => other,
    }
}

/// A camera that delivers.
struct Opened {
    camera: CameraInfo,
    mode: Mode,
    encoding: Encoding,
    capture: Capture,
    #[cfg(target_os = "linux")]
    settings: Option<camera::Settings>,
}

/// Finds, chooses and starts the camera.
fn open(args: &Args) -> Result<Opened, Failure> {
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
    let refused = |cause| failed(&name(camera), cause);
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

/// What a camera is called in results and errors.
fn name(camera: &CameraInfo) -> String {
    format!("camera {} ({})", camera.number, camera.name)
}

impl Opened {
    /// Lets the picture settle and holds it; the first picture after that, and what is held.
    fn settle(&mut self, stop: &AtomicBool) -> Result<Option<Packet>, Failure> {
        let begun = Instant::now();
        let mut first = None;
        loop {
            let settled = first.is_some_and(|at: Instant| at.elapsed() >= SETTLING);
            match self.capture.next(TICK) {
                Next::Picture(packet) if settled => return Ok(Some(packet)),
                Next::Picture(_) => {
                    first.get_or_insert_with(Instant::now);
                }
                Next::Gone(cause) => return Err(self.lost(cause)),
                Next::Nothing if stop.load(Ordering::Relaxed) => return Ok(None),
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

    fn lost(&self, cause: String) -> Failure {
        SourceError::Camera {
            name: name(&self.camera),
            cause,
        }
        .into()
    }

    /// Holds exposure and white balance where that can be done; says which.
    fn lock(&mut self) -> Vec<String> {
        #[cfg(target_os = "linux")]
        if let Some(settings) = &mut self.settings {
            return settings.lock().iter().map(|&s| s.to_owned()).collect();
        }
        Vec::new()
    }
}

/// Runs the watch to its end.
fn watch(
    mut opened: Opened,
    args: &Args,
    common: &Common,
    devices: &[Device],
    query: Query,
    stop: &AtomicBool,
) -> Result<Status, Failure> {
    let Opened { camera, mode, .. } = &opened;
    let info = VideoInfo {
        name: name(camera),
        coded_width: mode.width,
        coded_height: mode.height,
        orientation: Orientation::default(),
        duration_s: None,
        format: mode.to_string(),
        decoder: opened.capture.how().to_owned(),
    };
    if let Some(r) = args.region
        && (r.x >= f64::from(mode.width) || r.y >= f64::from(mode.height))
    {
        return Err(Failure::Usage(format!(
            "--region {},{},{},{} lies outside the picture of {}x{} px",
            r.x, r.y, r.w, r.h, mode.width, mode.height
        )));
    }
    if common.verbose {
        anstream::eprintln!("{}: {}; {}", info.name, info.format, info.decoder);
    }
    let options = ObserveOptions {
        region: args.region,
    };
    let fps = mode.rate.fps();
    let live = Live::new(&info, fps, devices.to_vec(), options, query.clone())
        .map_err(|e| opened.lost(format!("no thread to think on: {e}")))?;
    let recorder = match &args.record {
        Some(path) => Some(Recorder::create(
            path,
            opened.encoding,
            mode.width,
            mode.height,
        )?),
        None => None,
    };
    let mut out = Output::new(args.format, common);
    // What happens before the first picture counts is not watched.
    if opened.settle(stop)?.is_none() {
        return Err(opened.lost("it was stopped before the first picture".to_owned()));
    }
    let locked = opened.lock();
    out.event(&Event::new(
        0.0,
        Happening::Camera {
            number: opened.camera.number,
            name: opened.camera.name.clone(),
            width: opened.mode.width,
            height: opened.mode.height,
            fps: json::round(fps, 3),
            format: opened.mode.code.clone(),
            locked,
        },
    ))?;
    let mut session = Session {
        opened: &opened,
        live,
        recorder,
        out,
        frame: Frame::default(),
        start: None,
        last_us: 0,
        frames: 0,
        unstamped: 0,
        undecoded: 0,
        told_dropped: false,
        told_damaged: false,
    };
    let lost = session.run(args.time, stop)?;
    session.finish(lost, devices)
}

/// The watch while it runs.
struct Session<'a> {
    opened: &'a Opened,
    live: Live,
    recorder: Option<Recorder>,
    out: Output,
    frame: Frame,
    /// When the first picture was taken; time of the last from it in µs.
    start: Option<Instant>,
    last_us: u64,
    frames: u64,
    unstamped: u64,
    undecoded: u64,
    told_dropped: bool,
    told_damaged: bool,
}

impl Session<'_> {
    /// Takes pictures until it is enough; why the camera was lost, if it was.
    fn run(
        &mut self,
        time: Option<Duration>,
        stop: &AtomicBool,
    ) -> Result<Option<String>, Failure> {
        let begun = Instant::now();
        let mut last_picture = begun;
        let mut last_good = begun;
        let mut stalled = false;
        loop {
            match self.opened.capture.next(TICK) {
                Next::Picture(packet) => {
                    last_picture = Instant::now();
                    if stalled {
                        stalled = false;
                        let kind = Trouble::Stalled;
                        let event = Event::new(self.live.now_s(), Happening::Recovered { kind });
                        self.out.event(&event)?;
                    }
                    if self.take(packet)? {
                        last_good = last_picture;
                    } else if last_good.elapsed() > GIVEN_UP {
                        return Ok(Some(
                            "its pictures cannot be decoded; choose another --size, or plug it in again".to_owned(),
                        ));
                    }
                }
                Next::Nothing => {
                    let news = self.live.poll();
                    self.tell(news)?;
                    if !stalled && last_picture.elapsed() > STALLED {
                        stalled = true;
                        self.trouble(
                            Trouble::Stalled,
                            "no more pictures come from the camera".to_owned(),
                        )?;
                    }
                    if last_picture.elapsed() > GIVEN_UP {
                        return Ok(Some(format!(
                            "it has delivered no pictures for {} s; plug it in again",
                            GIVEN_UP.as_secs()
                        )));
                    }
                }
                Next::Gone(cause) => {
                    self.trouble(Trouble::Gone, cause.clone())?;
                    return Ok(Some(cause));
                }
            }
            self.count()?;
            self.out
                .draw(&self.live, &self.frame, self.opened.capture.dropped());
            let enough = match time {
                Some(time) => begun.elapsed() >= time,
                None => self.live.is_sure(),
            };
            if enough || stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
    }

    /// Decodes, records and shows one picture to the eyes; false if it can't be decoded.
    fn take(&mut self, packet: Packet) -> Result<bool, Failure> {
        let start = *self.start.get_or_insert(packet.taken);
        // Times are whole µs, as they are recorded. They only go forward, whatever a driver says.
        let us = packet.taken.saturating_duration_since(start).as_micros();
        let us = u64::try_from(us).unwrap_or(u64::MAX);
        let us = if self.frames > 0 {
            us.max(self.last_us + 1)
        } else {
            us
        };
        let Mode { width, height, .. } = self.opened.mode;
        if self
            .opened
            .encoding
            .decode(&packet.data, width, height, &mut self.frame)
            .is_err()
        {
            self.undecoded += 1;
            return Ok(false);
        }
        self.last_us = us;
        self.frames += 1;
        self.unstamped += u64::from(!packet.stamped);
        self.frame.pts_s = us as f64 * Recorder::TICK_S;
        if let Some(recorder) = &mut self.recorder
            && let Err(e) = recorder.write(us, &packet.data)
        {
            self.recorder = None;
            self.trouble(Trouble::Record, e.to_string())?;
        }
        let news = self.live.see(&self.frame);
        self.tell(news)?;
        Ok(true)
    }

    /// Tells, once each, of pictures that were lost on the way.
    fn count(&mut self) -> Result<(), Failure> {
        if !self.told_dropped && self.opened.capture.dropped() > 0 {
            self.told_dropped = true;
            self.trouble(
                Trouble::Dropped,
                "this computer is too slow for all pictures, some are left out; a smaller --size may help".to_owned(),
            )?;
        }
        if !self.told_damaged && self.damaged() > 0 {
            self.told_damaged = true;
            self.trouble(
                Trouble::Damaged,
                "pictures arrive damaged and are left out".to_owned(),
            )?;
        }
        Ok(())
    }

    fn damaged(&self) -> u64 {
        self.undecoded + self.opened.capture.damaged()
    }

    fn trouble(&mut self, kind: Trouble, text: String) -> Result<(), Failure> {
        let event = self.live.note(kind, text);
        self.tell(vec![event])
    }

    fn tell(&mut self, news: Vec<Event>) -> Result<(), Failure> {
        for event in news {
            self.out.event(&event)?;
        }
        Ok(())
    }

    /// Prints the last word and gives the status.
    fn finish(self, lost: Option<String>, devices: &[Device]) -> Result<Status, Failure> {
        let mut notes = Vec::new();
        let (dropped, damaged) = (self.opened.capture.dropped(), self.damaged());
        if dropped > 0 {
            notes.push(format!(
                "{dropped} pictures were left out, this computer was too slow for them"
            ));
        }
        if damaged > 0 {
            notes.push(format!("{damaged} pictures arrived damaged"));
        }
        if self.unstamped as f64 > UNSTAMPED * self.frames as f64 {
            notes.push(
                "the camera does not say when pictures were taken; times are those of arrival"
                    .to_owned(),
            );
        }
        let mut out = self.out;
        if let Some(mut recorder) = self.recorder {
            recorder.finish()?;
        }
        let devices: Vec<&Device> = devices.iter().collect();
        let finding = self.live.finish();
        if let Some(Finding {
            mut seen,
            diagnosis,
            ..
        }) = finding
        {
            seen.warnings.extend(notes);
            out.result(&seen, &diagnosis, &devices)?;
        }
        match lost {
            None => Ok(Status::Done),
            Some(cause) => {
                // JSON has had its result already; the error is a line on standard error and the status.
                Failure::from(SourceError::Camera {
                    name: name(&self.opened.camera),
                    cause,
                })
                .print();
                Ok(Status::Camera)
            }
        }
    }
}
