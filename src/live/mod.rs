//! A camera watched as it films: what files are read with, run again and again on the last half minute.
//!
//! ```text
//! frame -> health -> eyes ----snapshot----> thinker (its own thread): observe, diagnose
//!            |         |                       |
//!         trouble   tracker: light event    verdict event
//! ```
//!
//! The caller's thread only takes frames in, so that none waits for the matcher. Memory is bounded: the eyes
//! forget what is older than [`WINDOW_S`].

mod event;
mod health;
mod sureness;
mod thinker;
mod tracker;

use std::sync::Arc;

use crate::devices::Device;
use crate::matcher::{Diagnosis, Query, Verdict};
use crate::observe::{Eyes, Observation, ObserveOptions};
use crate::pulses::ColorSet;
use crate::source::{Frame, VideoInfo};

pub use event::{Event, Happening, SCHEMA, Trouble};
use health::Health;
use sureness::Sureness;
use thinker::Thinker;
use tracker::Tracker;

/// Length in s of what is judged: as long as the longest that any known state needs.
pub const WINDOW_S: f64 = 30.0;
/// Forgetting is done in steps of this many s.
const STEP_S: f64 = 1.0;
/// Bytes of pictures held at most; at 60 frames per second of 1080p this is less than [`WINDOW_S`].
const MAX_BYTES: usize = 320 << 20;
/// Film in s before the first look, and between two.
const FIRST_S: f64 = 1.0;
const BETWEEN_S: f64 = 0.5;

/// What a watch has found out so far.
#[derive(Debug, Clone)]
pub struct Finding {
    pub seen: Observation,
    pub diagnosis: Diagnosis,
    /// Start and end in s of what was looked at, from the first frame of the watch.
    pub from_s: f64,
    pub to_s: f64,
}

/// A watch in progress.
pub struct Live {
    eyes: Eyes,
    thinker: Thinker,
    tracker: Tracker,
    health: Health,
    sureness: Sureness,
    /// Presentation time of the first frame; time of the last from it, in s.
    first_pts_s: Option<f64>,
    now_s: f64,
    /// Time that the eyes have forgotten, in s.
    forgotten_s: f64,
    /// When the eyes were last asked about, and whether the light has changed since.
    asked_s: f64,
    changed: bool,
    finding: Option<Finding>,
    /// For the final report, each once.
    warnings: Vec<String>,
}

impl Live {
    /// A watch of a camera with pictures as `info` says, at `fps` frames per second by its own account,
    /// for `devices`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(
        info: &VideoInfo,
        fps: f64,
        devices: Vec<Device>,
        options: ObserveOptions,
        query: Query,
    ) -> std::io::Result<Self> {
        Ok(Self {
            eyes: Eyes::new(info, options),
            thinker: Thinker::new(Arc::new(devices), query)?,
            tracker: Tracker::default(),
            health: Health::new(fps),
            sureness: Sureness::default(),
            first_pts_s: None,
            now_s: 0.0,
            forgotten_s: 0.0,
            asked_s: 0.0,
            changed: false,
            finding: None,
            warnings: Vec::new(),
        })
    }

    /// Takes in a frame and says what is new.
    pub fn see(&mut self, frame: &Frame) -> Vec<Event> {
        let first = *self.first_pts_s.get_or_insert(frame.pts_s);
        self.now_s = frame.pts_s - first;
        let mut news = Vec::new();
        for happening in self.health.check(frame, self.now_s) {
            news.push(self.event(happening));
        }
        // A picture that stands still shows no light: it would be taken for one that does not blink.
        if !self.health.still() {
            self.eyes.push(frame);
            self.forget();
            if let Some(lit) = self.tracker.see(frame, self.now_s) {
                self.changed = true;
                news.push(self.event(Happening::light(lit)));
            }
        }
        news.extend(self.poll());
        news
    }

    /// Something happened to the camera itself.
    pub fn note(&mut self, trouble: Trouble, text: String) -> Event {
        self.event(Happening::Trouble {
            kind: trouble,
            text,
        })
    }

    /// Looks whether the thinker has come to a verdict, and gives it new work when it is due.
    pub fn poll(&mut self) -> Vec<Event> {
        let mut news = Vec::new();
        if let Some(thought) = self.thinker.answer() {
            self.tracker.learn(&thought);
            let changed = self.sureness.judge(&thought);
            if changed {
                news.push(self.event(Happening::verdict(&thought.diagnosis)));
            }
            self.finding = Some(thought);
        }
        let film_s = self.now_s - self.asked_s;
        let due = if self.asked_s == 0.0 {
            self.now_s >= FIRST_S
        } else {
            film_s >= BETWEEN_S || (self.changed && film_s > 0.0)
        };
        if due && self.thinker.is_free(self.sureness.is_sure()) {
            self.asked_s = self.now_s;
            self.changed = false;
            self.thinker.ask(self.eyes.clone(), self.forgotten_s);
        }
        news
    }

    fn event(&mut self, what: Happening) -> Event {
        if let Happening::Trouble { text, .. } = &what
            && !self.warnings.contains(text)
        {
            self.warnings.push(text.clone());
        }
        Event::new(self.now_s, what)
    }

    fn forget(&mut self) {
        let too_long = self.eyes.seen_s() > WINDOW_S + STEP_S;
        if too_long || self.eyes.bytes() > MAX_BYTES {
            let keep_s = if too_long {
                WINDOW_S
            } else {
                self.eyes.seen_s() - STEP_S
            };
            let before_s = self.eyes.seen_s() - keep_s;
            self.forgotten_s += self.eyes.forget_before(before_s);
        }
    }

    /// Time of the last frame in s from the first.
    pub fn now_s(&self) -> f64 {
        self.now_s
    }

    /// The last verdict, with what it was drawn from.
    pub fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// Colours that the light has now; `None` while it is not known.
    pub fn lit_now(&self) -> Option<ColorSet> {
        self.tracker.lit()
    }

    /// A look of the matcher is under way.
    pub fn is_thinking(&self) -> bool {
        self.thinker.is_thinking()
    }

    /// The verdict stands: more film would hardly change it.
    pub fn is_sure(&self) -> bool {
        self.sureness.is_sure()
    }

    /// The last word, on all that was seen and is not forgotten; `None` if there was no picture.
    pub fn finish(self) -> Option<Finding> {
        if self.eyes.is_empty() {
            return None;
        }
        let mut finding = self.thinker.finish(self.eyes, self.forgotten_s);
        finding.seen.warnings.extend(self.warnings);
        if self.forgotten_s > 0.0 {
            finding.seen.warnings.push(format!(
                "watched for {:.0} s; the verdict is of the last {:.0} s",
                self.now_s, finding.seen.duration_s
            ));
        }
        Some(finding)
    }
}

/// Whether `verdict` says what the device does.
fn is_diagnosis(verdict: Verdict) -> bool {
    verdict == Verdict::Diagnosed
}
