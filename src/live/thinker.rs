//! The matcher on a thread of its own: one question at a time, never a queue of them.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Finding, quiet};
use crate::devices::Device;
use crate::matcher::{Diagnosis, Query, diagnose};
use crate::observe::{Eyes, Observation};

/// Rest after an answer as a multiple of the time it took: none while the verdict is open; three quarters of
/// the time once it stands, when a change can wait and the processor is better left alone.
const REST_WHEN_SURE: u32 = 3;

struct Question {
    eyes: Eyes,
    from_s: f64,
}

/// Asks the eyes and the matcher.
pub struct Thinker {
    devices: Arc<Vec<Device>>,
    query: Query,
    questions: Sender<Question>,
    answers: Receiver<Finding>,
    /// When the question that is being thought about was asked.
    asked: Option<Instant>,
    /// When the last answer came and how long it took.
    answered: Option<(Instant, Duration)>,
}

fn think(question: &Question, devices: &[Device], query: &Query) -> Finding {
    let devices: Vec<&Device> = devices.iter().collect();
    let seen = question.eyes.observe();
    let diagnosis = diagnose(&seen, &devices, query);
    Finding {
        from_s: question.from_s,
        to_s: question.from_s + question.eyes.seen_s(),
        seen,
        diagnosis,
    }
}

impl Thinker {
    pub fn new(devices: Arc<Vec<Device>>, query: Query) -> io::Result<Self> {
        let (questions, asked) = channel::<Question>();
        let (answer, answers) = channel();
        let (their_devices, their_query) = (devices.clone(), query.clone());
        thread::Builder::new()
            .name("matcher".into())
            .spawn(move || {
                quiet::yield_to_others();
                for question in asked {
                    let finding = think(&question, &their_devices, &their_query);
                    // The pictures go back before the answer is known, so that the eyes' next push finds memory.
                    drop(question);
                    if answer.send(finding).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            devices,
            query,
            questions,
            answers,
            asked: None,
            answered: None,
        })
    }

    /// Whether a question may be asked now; `sure` that the last verdict stands.
    pub fn is_free(&self, sure: bool) -> bool {
        let rested = self.answered.is_none_or(|(at, took)| {
            let rest = if sure {
                took * REST_WHEN_SURE
            } else {
                Duration::ZERO
            };
            at.elapsed() >= rest
        });
        self.asked.is_none() && rested
    }

    /// Whether a question is open.
    pub fn is_thinking(&self) -> bool {
        self.asked.is_some()
    }

    /// Asks what `eyes` see, whose first frame is at `from_s` of the watch.
    pub fn ask(&mut self, eyes: Eyes, from_s: f64) {
        self.asked = Some(Instant::now());
        // The thread lives as long as this sender, unless it panicked; then there are no more answers.
        let _ = self.questions.send(Question { eyes, from_s });
    }

    /// The answer, if it is there.
    pub fn answer(&mut self) -> Option<Finding> {
        let finding = self.answers.try_recv().ok()?;
        if let Some(asked) = self.asked.take() {
            self.answered = Some((Instant::now(), asked.elapsed()));
        }
        Some(finding)
    }

    /// What `seen` means, here and now.
    pub fn finish(self, seen: &Observation) -> Diagnosis {
        let devices: Vec<&Device> = self.devices.iter().collect();
        diagnose(seen, &devices, &self.query)
    }
}
