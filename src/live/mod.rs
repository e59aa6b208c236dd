//! A camera watched as it films: what files are read with, run again and again on the last half minute.
//!
//! ```text
//! frame -> health -> tracker -> memory ----snapshot----> thinker (its own thread): observe, diagnose
//!            |          |                                   |
//!         trouble    light event                         verdict event
//! ```
//!
//! The caller's thread only takes frames in, so that none waits for the matcher. Memory is bounded: `memory.rs` says how.

mod event;
mod health;
mod memory;
mod quiet;
mod sureness;
mod thinker;
mod tracker;

use std::sync::Arc;

use crate::devices::Device;
use crate::matcher::{Diagnosis, Query, Verdict};
use crate::observe::{Observation, ObserveOptions, WINDOW_BYTES};
use crate::pulses::ColorSet;
use crate::source::{Frame, VideoInfo};

pub use event::{Event, Happening, SCHEMA, Trouble};
use health::Health;
use memory::Memory;
pub use memory::RECENT_S;
use sureness::Sureness;
use thinker::Thinker;
use tracker::Tracker;

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
    memory: Memory,
    thinker: Thinker,
    tracker: Tracker,
    health: Health,
    sureness: Sureness,
    /// Presentation time of the first frame; time of the last from it, in s.
    first_pts_s: Option<f64>,
    now_s: f64,
    /// When the thinker was last asked, and whether the light has changed since.
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
            memory: Memory::new(info, options, WINDOW_BYTES),
            thinker: Thinker::new(Arc::new(devices), query)?,
            tracker: Tracker::default(),
            health: Health::new(fps),
            sureness: Sureness::default(),
            first_pts_s: None,
            now_s: 0.0,
            asked_s: 0.0,
            changed: false,
            finding: None,
            warnings: Vec::new(),
        })
    }

    /// Takes in a frame and tells what is new, the light's changes before what takes longer. False if the frame was not
    /// kept, for the picture stands still: it shows no light, and would be taken for one that does not blink.
    pub fn see(&mut self, frame: &Frame, tell: &mut dyn FnMut(Event)) -> bool {
        let first = *self.first_pts_s.get_or_insert(frame.pts_s);
        self.now_s = frame.pts_s - first;
        for happening in self.health.check(frame, self.now_s) {
            tell(self.event(happening));
        }
        let kept = !self.health.still();
        if kept {
            if let Some(lit) = self.tracker.see(frame, self.now_s) {
                self.changed = true;
                tell(self.event(Happening::light(lit)));
            }
            self.memory.push(frame);
        }
        self.poll(tell);
        kept
    }

    /// Something happened to the camera itself.
    pub fn note(&mut self, trouble: Trouble, text: String) -> Event {
        self.event(Happening::Trouble {
            kind: trouble,
            text,
        })
    }

    /// Looks whether the thinker has come to a verdict, and gives it new work when it is due.
    pub fn poll(&mut self, tell: &mut dyn FnMut(Event)) {
        if let Some(thought) = self.thinker.answer() {
            self.tracker.learn(&thought);
            let changed = self.sureness.judge(&thought);
            if changed {
                tell(self.event(Happening::verdict(&thought.diagnosis)));
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
            let (eyes, from_s) = self.memory.recent();
            self.thinker.ask(eyes, from_s);
        }
    }

    fn event(&mut self, what: Happening) -> Event {
        if let Happening::Trouble { text, .. } = &what
            && !self.warnings.contains(text)
        {
            self.warnings.push(text.clone());
        }
        Event::new(self.now_s, what)
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

    /// The last word, on all that was seen; `None` if there was no picture.
    pub fn finish(self) -> Option<Finding> {
        if self.memory.is_empty() {
            return None;
        }
        let (mut seen, from_s) = self.memory.all();
        let diagnosis = self.thinker.finish(&seen);
        let to_s = from_s + seen.duration_s;
        seen.warnings.extend(self.warnings);
        Some(Finding {
            seen,
            diagnosis,
            from_s,
            to_s,
        })
    }
}

/// Whether `verdict` says what the device does.
fn is_diagnosis(verdict: Verdict) -> bool {
    verdict == Verdict::Diagnosed
}
