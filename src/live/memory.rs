//! What was seen: the last half minute, for the verdict now, and all of it, for the last word.
//!
//! A long watch is seen in the windows in which a recording of it is read, so that both give the same.
//!
//! ```text
//! frames -> eyes of the present window --when full--> observed on a thread of its own -> windows
//!              \ with what the last windows ended with: the recent half minute
//! ```

use std::collections::VecDeque;
use std::thread::{self, JoinHandle};

use super::quiet;
use crate::observe::{Eyes, Joined, Observation, ObserveOptions};
use crate::source::{Frame, VideoInfo};

/// Length in s of what is judged while it goes on: as long as the longest that any known state needs.
pub const RECENT_S: f64 = 30.0;
/// Forgetting is done in steps of this many s.
const STEP_S: f64 = 1.0;
/// Bytes of the recent pictures held at most; where they can't be packed, at 60 frames per second of 1080p, this is less than [`RECENT_S`].
const RECENT_BYTES: usize = 320 << 20;
/// Length in s of what the last word is of: longer, and the list of what was seen would grow without end.
const ALL_S: f64 = 3600.0;

/// A window that is over.
enum Window {
    Seeing(JoinHandle<Observation>),
    Seen(Observation),
}

impl Window {
    /// Waits until it is seen; `None` if that failed, which is a fault of this program.
    fn seen(self) -> Option<Observation> {
        match self {
            Self::Seeing(thread) => thread.join().ok(),
            Self::Seen(seen) => Some(seen),
        }
    }
}

pub struct Memory {
    /// The present window, when it began in s of the watch, and its bytes at most.
    eyes: Eyes,
    start_s: f64,
    window: usize,
    /// The end of what was before, as far as it is recent, and when that began.
    before: Option<(Eyes, f64)>,
    /// The windows before, and when each began.
    windows: VecDeque<(f64, Window)>,
    all_s: f64,
    /// Of each that was forgotten some part of the watch is missing from the last word.
    forgotten: bool,
}

impl Memory {
    /// With windows of `window` bytes.
    pub fn new(info: &VideoInfo, options: ObserveOptions, window: usize) -> Self {
        Self {
            eyes: Eyes::new(info, options),
            start_s: 0.0,
            window,
            before: None,
            windows: VecDeque::new(),
            all_s: ALL_S,
            forgotten: false,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.eyes.is_empty()
    }

    /// Takes in the next frame.
    pub fn push(&mut self, frame: &Frame) {
        self.eyes.push(frame);
        self.eyes.pack_old();
        if self.eyes.bytes() > self.window {
            self.close();
        }
        self.forget();
    }

    /// Begins another window, with the last frame of this one, as [`crate::observe::observe`] does.
    fn close(&mut self) {
        // Where this machine can't see windows as fast as they come, frames wait here, and are dropped where they come from.
        if let Some((_, window)) = self.windows.back_mut()
            && let Window::Seeing(_) = window
        {
            let (start_s, window) = self.windows.pop_back().expect("there is one");
            if let Some(seen) = window.seen() {
                self.windows.push_back((start_s, Window::Seen(seen)));
            }
        }
        self.before = Some(self.recent());
        let full = self.eyes.clone();
        let seeing = thread::Builder::new().name("windows".into());
        let window = seeing.spawn(move || {
            quiet::yield_to_others();
            full.observe()
        });
        // Without a thread it has to be seen here.
        let window = window.map_or_else(|_| Window::Seen(self.eyes.observe()), Window::Seeing);
        self.windows.push_back((self.start_s, window));
        self.start_s += self.eyes.forget_before(f64::INFINITY);
    }

    /// Forgets what is neither recent nor of the present window, and windows that are too long ago.
    fn forget(&mut self) {
        let now_s = self.start_s + self.eyes.seen_s();
        if let Some((before, from_s)) = &mut self.before {
            let bytes = before.bytes() + self.eyes.bytes();
            if self.start_s <= now_s - RECENT_S || self.eyes.bytes() > RECENT_BYTES {
                self.before = None;
            } else if *from_s < now_s - RECENT_S - STEP_S || bytes > RECENT_BYTES {
                *from_s += before.forget_before(STEP_S);
            }
        }
        while self.windows.len() > 1 && self.windows[1].0 < now_s - self.all_s {
            self.windows.pop_front();
            self.forgotten = true;
        }
    }

    /// What was seen in the last [`RECENT_S`], and when that began in s of the watch. It shares the pictures.
    pub fn recent(&self) -> (Eyes, f64) {
        let (mut eyes, mut from_s) = match &self.before {
            Some((before, from_s)) => (before.clone().followed_by(&self.eyes), *from_s),
            None => (self.eyes.clone(), self.start_s),
        };
        let seen_s = eyes.seen_s();
        if seen_s > RECENT_S {
            from_s += eyes.forget_before(seen_s - RECENT_S);
        }
        (eyes, from_s)
    }

    /// All that was seen, and when that began in s of the watch: 0, but after a very long one.
    pub fn all(self) -> (Observation, f64) {
        let first_s = self.windows.front().map_or(self.start_s, |w| w.0);
        let mut joined = Joined::default();
        for (start_s, window) in self.windows {
            if let Some(seen) = window.seen() {
                joined.add(seen, start_s - first_s);
            }
        }
        let last = self.eyes.observe();
        joined.add(last.clone(), self.start_s - first_s);
        let mut all = joined.done().unwrap_or(last);
        if self.forgotten {
            all.warnings.push(format!(
                "watched for {:.0} min; the verdict is of the last {:.0} min",
                (first_s + all.duration_s) / 60.0,
                all.duration_s / 60.0
            ));
        }
        (all, first_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Library;
    use crate::observe::{Kind, observe_in_windows};
    use crate::simulate::{ClipSpec, Conditions, SimulatedSource};
    use crate::source::FrameSource;

    /// 14 s of a light that flashes every 3 s.
    fn clip() -> SimulatedSource {
        let device = Library::built_in().get("xt").unwrap();
        let conditions = Conditions {
            difficulty: 0.0,
            seed: 3,
            size: Some((320, 240)),
            duration_s: Some(14.0),
            ..Conditions::default()
        };
        let spec = ClipSpec::draw(device, device.state("offline"), &conditions);
        SimulatedSource::new(&spec).unwrap()
    }

    /// Some 5 s of it.
    const WINDOW: usize = 20 << 20;

    fn remembered(all_s: f64) -> Memory {
        let mut source = clip();
        let mut memory = Memory::new(source.info(), ObserveOptions::default(), WINDOW);
        memory.all_s = all_s;
        let mut frame = Frame::default();
        while source.read(&mut frame).unwrap() {
            memory.push(&frame);
        }
        memory
    }

    #[test]
    fn all_that_was_seen_is_what_a_recording_shows() {
        let memory = remembered(ALL_S);
        assert!(memory.windows.len() >= 2, "{}", memory.windows.len());
        let (all, from_s) = memory.all();
        let options = ObserveOptions::default();
        let read = observe_in_windows(&mut clip(), &options, &mut |_| {}, WINDOW).unwrap();
        assert_eq!(from_s, 0.0);
        assert_eq!(all.frames, read.frames);
        assert_eq!(all.duration_s, read.duration_s);
        assert_eq!(all.warnings, read.warnings);
        assert_eq!(all.lights.len(), read.lights.len());
        for (a, b) in all.lights.iter().zip(&read.lights) {
            assert_eq!(a.train.spans, b.train.spans);
            assert_eq!((a.place, a.emission), (b.place, b.emission));
        }
        assert!(all.lights[0].train.pulses().len() >= 4);
    }

    #[test]
    fn what_is_recent_goes_on_over_windows() {
        let memory = remembered(ALL_S);
        let (recent, from_s) = memory.recent();
        assert_eq!(from_s, 0.0);
        // Bricks of the wall behind may look surer than the lamp.
        let flashes = |seen: &Observation| {
            let mut lights = seen.lights.iter();
            let lamp = lights.find(|l| l.kind == Kind::Blinking).unwrap();
            lamp.train.pulses().len()
        };
        assert_eq!(flashes(&recent.observe()), flashes(&memory.all().0));
        assert!((recent.seen_s() - 14.0).abs() < 0.1, "{}", recent.seen_s());
    }

    #[test]
    fn what_is_too_long_ago_is_forgotten_and_told() {
        let memory = remembered(6.0);
        let (all, from_s) = memory.all();
        assert!(from_s > 0.0 && all.duration_s < 14.0, "{from_s}");
        assert!((from_s + all.duration_s - 14.0).abs() < 0.1);
        assert!(
            all.warnings[0].contains("of the last"),
            "{:?}",
            all.warnings
        );
    }
}
