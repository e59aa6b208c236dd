//! One watch from the choice of the camera to the last word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blinkdx::devices::Device;
use blinkdx::live::{Event, Finding, Happening, Live, Trouble};
use blinkdx::matcher::Query;
use blinkdx::observe::ObserveOptions;
use blinkdx::report::json;
use blinkdx::source::camera::{DRIVER, Next, Picture};
use blinkdx::source::{Orientation, Recorder, SourceError, VideoInfo};

use super::Args;
use super::opened::{Opened, TICK, open};
use super::output::Output;
use crate::cli::args::{Common, Format};
use crate::cli::failure::{Failure, Status};
use crate::cli::{library, output};

/// Without pictures for so long, a camera is said to stall, and after so long to be gone. Both hold for
/// cameras of one frame per second too.
const STALLED: Duration = Duration::from_secs(2);
const GIVEN_UP: Duration = Duration::from_secs(8);
/// Share of pictures without the driver's time above which it is said.
const UNSTAMPED: f64 = 0.5;
/// What shells say of a program that was ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// What Ctrl-C asks for.
#[derive(Default)]
struct Interrupt {
    /// The watch is to end.
    stop: AtomicBool,
    /// The camera was given back: a second Ctrl-C may end the program while it thinks about the last word.
    released: AtomicBool,
}

impl Interrupt {
    fn listen() -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let theirs = interrupt.clone();
        // Without a handler Ctrl-C ends the program without the last word; nothing worse.
        let _ = ctrlc::set_handler(move || {
            if theirs.stop.swap(true, Ordering::Relaxed) && theirs.released.load(Ordering::Relaxed)
            {
                std::process::exit(INTERRUPTED);
            }
        });
        interrupt
    }
}

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
    let interrupt = Interrupt::listen();
    let watched =
        open(args).and_then(|opened| watch(opened, args, common, &devices, query, &interrupt));
    match watched {
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

/// Runs the watch to its end.
fn watch(
    mut opened: Opened,
    args: &Args,
    common: &Common,
    devices: &[Device],
    query: Query,
    interrupt: &Interrupt,
) -> Result<Status, Failure> {
    let mode = &opened.mode;
    let info = VideoInfo {
        name: opened.camera.title(),
        coded_width: mode.width,
        coded_height: mode.height,
        orientation: Orientation::default(),
        duration_s: None,
        format: mode.to_string(),
        decoder: DRIVER.to_owned(),
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
    let live = Live::new(&info, fps, devices.to_vec(), options, query)
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
    // What happens before the picture has settled is not watched.
    opened.settle(&interrupt.stop)?;
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
        dropped_before: opened.capture.dropped(),
        live,
        recorder,
        out,
        shown: None,
        start: None,
        last_us: 0,
        frames: 0,
        unstamped: 0,
        told_dropped: false,
        told_damaged: false,
        opened,
    };
    let lost = session.run(args.time, &interrupt.stop)?;
    session.finish(lost, devices, interrupt)
}

/// The watch while it runs.
struct Session {
    opened: Opened,
    live: Live,
    recorder: Option<Recorder>,
    out: Output,
    /// The last picture.
    shown: Option<Picture>,
    /// When the first picture was taken; time of the last from it in µs.
    start: Option<Instant>,
    last_us: u64,
    frames: u64,
    unstamped: u64,
    /// Pictures that were left out before the watch began, while the camera was set.
    dropped_before: u64,
    told_dropped: bool,
    told_damaged: bool,
}

impl Session {
    /// Takes pictures until it is enough; why the camera was lost, if it was.
    fn run(
        &mut self,
        time: Option<Duration>,
        stop: &AtomicBool,
    ) -> Result<Option<String>, Failure> {
        let begun = Instant::now();
        // When the last picture came, of any kind, and the last that could be decoded.
        let (mut last, mut last_good) = (begun, begun);
        let mut damaged = self.opened.capture.damaged();
        let mut stalled = false;
        loop {
            let next = self.opened.capture.next(TICK);
            let now_damaged = self.opened.capture.damaged();
            if matches!(next, Next::Picture(_)) || now_damaged > damaged {
                last = Instant::now();
                damaged = now_damaged;
                if stalled {
                    stalled = false;
                    let kind = Trouble::Stalled;
                    let event = Event::new(self.live.now_s(), Happening::Recovered { kind });
                    self.out.event(&event)?;
                }
            }
            match next {
                Next::Picture(picture) => {
                    last_good = last;
                    self.take(picture)?;
                }
                Next::Nothing => {
                    let Self { live, out, .. } = self;
                    telling(out, |tell| live.poll(tell))?;
                    if !stalled && last.elapsed() > STALLED {
                        stalled = true;
                        self.trouble(
                            Trouble::Stalled,
                            "no more pictures come from the camera".to_owned(),
                        )?;
                    }
                    if last.elapsed() > GIVEN_UP {
                        return Ok(Some(format!(
                            "it has delivered no pictures for {} s; plug it in again",
                            GIVEN_UP.as_secs()
                        )));
                    }
                    if last_good.elapsed() > GIVEN_UP {
                        return Ok(Some(
                            "its pictures cannot be decoded; choose another --size, or plug it in again".to_owned(),
                        ));
                    }
                }
                Next::Gone(cause) => {
                    self.trouble(Trouble::Gone, cause.clone())?;
                    return Ok(Some(cause));
                }
            }
            self.count()?;
            if let Some(picture) = &self.shown {
                let dropped = self.dropped();
                self.out.draw(&self.live, &picture.frame, dropped);
            }
            let enough = match time {
                Some(time) => begun.elapsed() >= time,
                None => self.live.is_sure(),
            };
            if enough || stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
        }
    }

    /// Shows one picture to the eyes and records it.
    fn take(&mut self, mut picture: Picture) -> Result<(), Failure> {
        let taken = picture.packet.taken;
        let start = *self.start.get_or_insert(taken);
        // Times are whole µs, as they are recorded. They only go forward, whatever a driver says.
        let us = taken.saturating_duration_since(start).as_micros();
        let us = u64::try_from(us).unwrap_or(u64::MAX);
        let us = if self.frames > 0 {
            us.max(self.last_us + 1)
        } else {
            us
        };
        self.last_us = us;
        self.frames += 1;
        self.unstamped += u64::from(!picture.packet.stamped);
        picture.frame.pts_s = us as f64 * Recorder::TICK_S;
        let Self { live, out, .. } = self;
        let kept = telling(out, |tell| live.see(&picture.frame, tell))?;
        // What the eyes did not take is not recorded: analysed again, it must give the same.
        if kept
            && let Some(recorder) = &mut self.recorder
            && let Err(e) = recorder.write(us, &picture.packet.data)
        {
            self.recorder = None;
            self.trouble(Trouble::Record, e.to_string())?;
        }
        self.shown = Some(picture);
        Ok(())
    }

    /// Tells, once each, of pictures that were lost on the way.
    fn count(&mut self) -> Result<(), Failure> {
        if !self.told_dropped && self.dropped() > 0 {
            self.told_dropped = true;
            self.trouble(
                Trouble::Dropped,
                "pictures are left out, this computer or the USB does not keep up; a smaller --size may help".to_owned(),
            )?;
        }
        if !self.told_damaged && self.opened.capture.damaged() > 0 {
            self.told_damaged = true;
            self.trouble(
                Trouble::Damaged,
                "pictures arrive damaged and are left out".to_owned(),
            )?;
        }
        Ok(())
    }

    /// Pictures that were left out of the watch so far.
    fn dropped(&self) -> u64 {
        self.opened.capture.dropped() - self.dropped_before
    }

    fn trouble(&mut self, kind: Trouble, text: String) -> Result<(), Failure> {
        let event = self.live.note(kind, text);
        self.out.event(&event)
    }

    /// Gives the camera back, prints the last word and gives the status.
    fn finish(
        mut self,
        lost: Option<String>,
        devices: &[Device],
        interrupt: &Interrupt,
    ) -> Result<Status, Failure> {
        let notes = self.notes();
        let name = self.opened.camera.title();
        drop(self.opened);
        interrupt.released.store(true, Ordering::Relaxed);
        let devices: Vec<&Device> = devices.iter().collect();
        if let Some(Finding {
            mut seen,
            diagnosis,
            ..
        }) = self.live.finish()
        {
            seen.warnings.extend(notes);
            self.out.result(&seen, &diagnosis, &devices)?;
        }
        match lost {
            None => Ok(Status::Done),
            Some(cause) => {
                // JSON has had its result already; the error is a line on standard error and the status.
                Failure::from(SourceError::Camera { name, cause }).print();
                Ok(Status::Camera)
            }
        }
    }

    /// What the reader of the result should know of how the pictures came.
    fn notes(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        let (dropped, damaged) = (self.dropped(), self.opened.capture.damaged());
        if dropped > 0 {
            notes.push(format!(
                "{dropped} pictures were left out, this computer or the USB did not keep up"
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
        if let Some(Err(e)) = self.recorder.as_mut().map(Recorder::finish) {
            notes.push(e.to_string());
        }
        notes
    }
}

/// Runs `work`, whose news are printed as they come.
fn telling<T>(
    out: &mut Output,
    work: impl FnOnce(&mut dyn FnMut(Event)) -> T,
) -> Result<T, Failure> {
    let mut told = Ok(());
    let done = work(&mut |event| {
        if told.is_ok() {
            told = out.event(&event);
        }
    });
    told.map(|()| done)
}
