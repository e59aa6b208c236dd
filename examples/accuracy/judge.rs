//! One clip through the whole program, against its truth.

use std::path::Path;
use std::{fmt, fs};

use blinkdx::devices::{Device, Library};
use blinkdx::matcher::{Diagnosis, Query, Verdict, diagnose};
use blinkdx::observe::{Kind, Light, Observation, ObserveOptions, Rect, observe};
use blinkdx::pulses::{Look, Pulse};
use blinkdx::simulate::output::{label_path, write};
use blinkdx::simulate::{SimulatedSource, Truth};
use blinkdx::source::{OpenOptions, SourceError, open};

use serde::{Deserialize, Serialize};

use super::conditions::Clip;

/// Pulses match within this many frames at both ends.
const TOLERANCE_FRAMES: f64 = 1.5;
/// A diagnosis above this confidence is one that a user acts on.
pub const SURE: f64 = 0.8;

/// What came of a clip.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Outcome {
    pub verdict: Option<Verdict>,
    pub state: String,
    /// Probability given to `state`; `None` where none was named.
    pub confidence: Option<f64>,
    /// The state, or the silence, is right.
    pub right: bool,
    /// The first state named is one of the true ones (for calibration).
    pub hit: bool,
    /// The same without being told the model.
    pub blind: Option<(f64, bool)>,
    /// F1 of pulses; `None` where there are none.
    pub f1: Option<f64>,
    /// Errors of matched edges in frames, reported less true.
    pub edges: Vec<f64>,
    pub place: Option<bool>,
    pub color: Option<bool>,
    pub steady: bool,
    /// The gap is reported as unseen for its greater part; `None` without gap.
    pub gap: Option<bool>,
    pub problem: Option<String>,
}

impl Outcome {
    /// A sure diagnosis of a wrong state.
    pub fn wrong(&self) -> bool {
        !self.right
            && self.verdict == Some(Verdict::Diagnosed)
            && self.confidence.is_some_and(|c| c >= SURE)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(p) = &self.problem {
            return f.write_str(p);
        }
        let verdict = self.verdict.map_or("none", Verdict::name);
        write!(
            f,
            "{verdict} {} {:.2} f1 {:.2}",
            self.state,
            self.confidence.unwrap_or(0.0),
            self.f1.unwrap_or(f64::NAN)
        )
    }
}

/// The devices of `library`, their descriptions beyond doubt: the clips are rendered from them.
pub fn trusted(library: &Library) -> Vec<Device> {
    let mut devices = library.devices().to_vec();
    for state in devices.iter_mut().flat_map(|d| &mut d.states) {
        state.trust = 1.0;
    }
    devices
}

/// Films, looks, diagnoses and compares. The film is kept at `path`, or taken from there.
pub fn judge(devices: &[Device], clip: &Clip, path: Option<&Path>) -> Outcome {
    let none = |problem: String| Outcome {
        verdict: None,
        state: String::new(),
        confidence: None,
        right: false,
        hit: false,
        blind: None,
        f1: None,
        edges: Vec::new(),
        place: None,
        color: None,
        steady: false,
        gap: None,
        problem: Some(problem),
    };
    let (truth, seen) = match look(clip, path) {
        Ok(done) => done,
        Err(e) => return none(e),
    };
    let given: Vec<_> = devices.iter().filter(|d| d.name == truth.model).collect();
    let all: Vec<_> = devices.iter().collect();
    let light = nearest(&seen, &truth);
    if given.is_empty() {
        // A lamp, not a device: only what was seen of it counts.
        let color = light.is_some_and(|l| l.color.name() == truth.state);
        return Outcome {
            right: color,
            color: Some(color),
            place: Some(light.is_some()),
            problem: None,
            ..none(String::new())
        };
    }
    let d = diagnose(&seen, &given, &Query::default());
    let blind = diagnose(&seen, &all, &Query::default());
    let reported: Vec<Pulse> = d.train.as_ref().map(|t| t.pulses()).unwrap_or_default();
    let true_pulses = truth.pulses();
    let (f1, edges) = compare(&true_pulses, &reported, &truth);
    let top = d.candidates.first();
    Outcome {
        right: right(&d, &truth),
        hit: top.is_some_and(|c| names(&truth, &c.state)),
        blind: blind.candidates.first().filter(|_| named(&blind)).map(|c| {
            let model = c.model == truth.model || c.shared_by.contains(&truth.model);
            (c.confidence, model && names(&truth, &c.state))
        }),
        verdict: Some(d.verdict),
        state: top.map_or_else(String::new, |c| c.state.clone()),
        confidence: top.filter(|_| named(&d)).map(|c| c.confidence),
        f1: (!true_pulses.is_empty()).then_some(f1),
        edges,
        place: (!true_pulses.is_empty()).then(|| d.place.is_some_and(|p| covers(&p, &truth))),
        color: (!true_pulses.is_empty()).then(|| {
            let colors = |p: &[Pulse]| {
                let mut c: Vec<_> = p.iter().map(|p| p.color).collect();
                c.sort();
                c.dedup();
                c
            };
            colors(&reported) == colors(&true_pulses)
        }),
        steady: light.is_some_and(|l| matches!(l.kind, Kind::Steady | Kind::Flicker)),
        gap: gap(&d, &truth),
        problem: None,
    }
}

/// A state was named.
fn named(d: &Diagnosis) -> bool {
    matches!(d.verdict, Verdict::Diagnosed | Verdict::Ambiguous)
}

/// Looks at the film of `clip`, which is kept at `path` where one is given, and made where it is not there yet.
fn look(clip: &Clip, path: Option<&Path>) -> Result<(Truth, Observation), String> {
    let own = std::env::temp_dir().join(format!(
        "blinkdx-accuracy-{}-{}-{}.mp4",
        std::process::id(),
        clip.spec.seed,
        clip.crf
    ));
    let film = path.unwrap_or(&own);
    let truth = if film.exists() {
        let source = SimulatedSource::new(&clip.spec).map_err(|e| e.to_string())?;
        Truth::clone(source.truth())
    } else {
        make(clip, film)?
    };
    let seen = watch(film);
    if path.is_none() {
        // It lies among what the system clears away, if this fails.
        let _ = fs::remove_file(film);
    }
    Ok((truth, seen?))
}

/// Writes the film of `clip`: under its name only when it is whole, as a run may be stopped.
fn make(clip: &Clip, film: &Path) -> Result<Truth, String> {
    let part = film.with_extension("part.mp4");
    let made = write(&clip.spec, &part, &clip.encoding(), &mut |_| {})
        .map_err(|e| e.to_string())
        .and_then(|truth| match fs::rename(&part, film) {
            Ok(()) => Ok(truth),
            Err(e) => Err(format!("{}: {e}", film.display())),
        });
    for file in [&part, &label_path(&part)] {
        // What was not written, or has its name by now, can't be removed.
        let _ = fs::remove_file(file);
    }
    made
}

fn watch(path: &Path) -> Result<Observation, String> {
    let mut source =
        open(&path.display().to_string(), &OpenOptions::default()).map_err(|e| e.to_string())?;
    observe(&mut *source, &ObserveOptions::default(), &mut |_| {})
        .map_err(|e: SourceError| e.to_string())
}

/// Whether `state` is a right name for what the clip shows. Where a label holds two meanings of one light, only the one drawn.
fn names(truth: &Truth, state: &str) -> bool {
    state == truth.state || truth.verdict == "diagnosed" && truth.also.iter().any(|s| s == state)
}

/// The rule that clips with labels are scored by.
fn right(d: &Diagnosis, truth: &Truth) -> bool {
    let top = d.candidates.first();
    let good = |s: &String| *s == truth.state || truth.also.contains(s);
    match truth.verdict.as_str() {
        "no-light" => !named(d),
        "ambiguous" => {
            let listed = |s: &String| d.candidates.iter().any(|c| c.state == *s);
            let both = listed(&truth.state) && truth.also.iter().all(listed);
            d.verdict == Verdict::Ambiguous && both
                || d.verdict == Verdict::Diagnosed
                    && top.is_some_and(|c| good(&c.state) && c.confidence < 0.9)
        }
        _ => d.verdict == Verdict::Diagnosed && top.is_some_and(|c| good(&c.state)),
    }
}

/// How far from the label's place a box may lie, in px: the label is the mean over the clip.
fn slack(truth: &Truth) -> f64 {
    let e = &truth.effects;
    let drift = e.drift.abs() * truth.frames as f64 / truth.fps / 2.0;
    (2.5 * truth.led.radius).max(6.0) + 3.0 * (e.shake + e.held) + drift
}

fn covers(p: &Rect, truth: &Truth) -> bool {
    let pad = slack(truth);
    let inside = |at: f64, from: f64, long: f64| (from - pad..=from + long + pad).contains(&at);
    inside(truth.led.x, p.x, p.w) && inside(truth.led.y, p.y, p.h)
}

/// The surest light at the true place.
fn nearest<'a>(seen: &'a Observation, truth: &Truth) -> Option<&'a Light> {
    seen.lights.iter().find(|l| covers(&l.place, truth))
}

/// F1 of pulses matched by colour, and the errors of their edges that the clip does not cut, in frames.
fn compare(truth: &[Pulse], got: &[Pulse], label: &Truth) -> (f64, Vec<f64>) {
    let near = |a: f64, b: f64| (a - b).abs() * label.fps <= TOLERANCE_FRAMES;
    let end_s = got.iter().map(|p| p.end_s).fold(0.0, f64::max);
    let mut used = vec![false; got.len()];
    let mut edges = Vec::new();
    let mut matched = 0;
    for t in truth {
        let found = got.iter().position(|g| {
            g.color == t.color && near(g.start_s, t.start_s) && near(g.end_s, t.end_s)
        });
        let Some(i) = found.filter(|&i| !used[i]) else {
            continue;
        };
        used[i] = true;
        matched += 1;
        let frames = |error: f64| error * label.fps;
        // What the clip cuts has no edge there.
        if t.start_s > 1.0 / label.fps {
            edges.push(frames(got[i].start_s - t.start_s));
        }
        if t.end_s < end_s.max(label.frames as f64 / label.fps) - 1.0 / label.fps {
            edges.push(frames(got[i].end_s - t.end_s));
        }
    }
    let all = truth.len() + got.len();
    let f1 = if all == 0 {
        1.0
    } else {
        2.0 * f64::from(matched) / all as f64
    };
    (f1, edges)
}

/// Whether the greater part of the truly unseen time is reported as unseen or as what was before; never mostly as dark
/// while the light was on.
fn gap(d: &Diagnosis, truth: &Truth) -> Option<bool> {
    let (mut total, mut dark) = (0.0, 0.0);
    for u in &truth.unseen {
        for p in &truth.pulses {
            let (from, to) = (u.start_s.max(p.start_s), u.end_s.min(p.end_s));
            if to - from < 0.2 {
                continue;
            }
            total += to - from;
            let Some(train) = &d.train else {
                dark += to - from;
                continue;
            };
            dark += train
                .spans
                .iter()
                .filter(|s| s.look == Look::Off)
                .map(|s| (s.end_s.min(to) - s.start_s.max(from)).max(0.0))
                .sum::<f64>();
        }
    }
    (total > 0.0).then_some(dark < 0.5 * total)
}
