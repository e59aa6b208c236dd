//! The eyes: from frames to lights with their pulse trains, without any device.

mod choose;
#[cfg(test)]
mod film_tests;
mod leaders;
mod reading;
mod whole;
mod windows;

use std::borrow::Cow;
use std::iter;

use serde::{Deserialize, Serialize};

use leaders::{Measured, leaders};
use reading::Gauge;
pub(crate) use windows::{Joined, WINDOW_BYTES};

use crate::locate::candidates::{self, Candidate};
use crate::locate::maps::Maps;
use crate::locate::scene::Scene;
pub use crate::pulses::Estimate;
use crate::pulses::beat::Beat;
use crate::pulses::extract::Clock;
use crate::pulses::{Color, Rhythm, Train};
use crate::signal::{Backdrop, Linearizer, Shine};
use crate::source::{Frame, FrameSource, SourceError, VideoInfo};

/// A box in px of the picture as shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    /// The boxes touch or overlap.
    pub fn meets(&self, other: &Self) -> bool {
        self.x <= other.x + other.w
            && other.x <= self.x + self.w
            && self.y <= other.y + other.h
            && other.y <= self.y + self.h
    }

    pub fn centre(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// From centre to centre, in px.
    pub fn distance(&self, other: &Self) -> f64 {
        let ((ax, ay), (bx, by)) = (self.centre(), other.centre());
        (ax - bx).hypot(ay - by)
    }

    /// The centre of `other` lies in it.
    pub fn holds_centre_of(&self, other: &Self) -> bool {
        let (x, y) = other.centre();
        (self.x..=self.x + self.w).contains(&x) && (self.y..=self.y + self.h).contains(&y)
    }
}

/// Odds by which a light is likelier the device's where the user points at it.
const POINTED_AT: f64 = 10.0;
/// Emission of a light that is worth a word of its own.
const SURE_LIGHT: f64 = 0.5;
/// Emission below which a place is no light.
const MIN_EMISSION: f64 = 0.02;
/// Two emitters of a device are of one make, and measured to a cell: one seems at most so many times as large.
pub const EMITTERS_RATIO: f64 = 4.0;

/// How a light behaves over the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Repeats with a rhythm.
    Blinking,
    /// Changes, no rhythm.
    Switching,
    Steady,
    /// Beats with the frame rate (PWM or mains), not a blink of its own.
    Flicker,
    ColorChanging,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Blinking => "blinking",
            Self::Switching => "switching",
            Self::Steady => "steady",
            Self::Flicker => "flicker",
            Self::ColorChanging => "color-changing",
        }
    }
}

/// One light that was found and measured.
#[derive(Debug, Clone)]
pub struct Light {
    /// Its box in the first frame where it is lit.
    pub place: Rect,
    pub kind: Kind,
    pub color: Color,
    pub train: Train,
    /// Probability, from looks alone, that this emits light of its own as a status LED does
    /// (compact, brighter than its surround, coloured halo), rather than being a reflection,
    /// a screen, a red object or a person passing.
    pub emission: f64,
    /// Mean linear light of the lit state above its surround: R, G, B, 0..1 each.
    pub rgb: [f64; 3],
    /// A surer reading of the same lens stands before it; this one, of another part of it, differs.
    pub second: bool,
    /// It is a ring, as round a button, of which `place` holds all.
    pub ring: bool,
    /// Radius in px of the lit lens; of a ring its outer one.
    pub radius_px: f64,
    /// How it looks while lit: what `emission` was judged from.
    pub shine: Shine,
    /// Ratio of the change between lit and dark to the noise from frame to frame.
    pub separation: f64,
    /// A strict period in its level, if it has one: a blink, or a beat with the frame rate.
    pub beat: Option<Beat>,
}

impl Light {
    /// Odds that it is a lamp.
    pub(crate) fn odds(&self) -> f64 {
        self.emission / (1.0 - self.emission).max(1e-9)
    }
}

/// What was seen in a clip.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Name and size as shown (px), frames decoded, duration in s, mean frames per s.
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub frames: u64,
    pub duration_s: f64,
    pub fps: f64,
    /// Surest first.
    pub lights: Vec<Light>,
    /// What the user should know of how the reading went, one line each.
    pub warnings: Vec<String>,
    /// CPU time of the stages, for `-v`: (stage, s).
    pub timings: Vec<(&'static str, f64)>,
}

/// How to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct ObserveOptions {
    /// Only here, in px of the picture as shown.
    pub region: Option<Rect>,
}

/// Reads all of `source` and measures the lights in it.
///
/// An error after the first frame ends the reading and becomes a warning.
///
/// # Errors
/// When not even one frame could be read.
pub fn observe(
    source: &mut dyn FrameSource,
    options: &ObserveOptions,
    progress: &mut dyn FnMut(f64),
) -> Result<Observation, SourceError> {
    observe_in_windows(source, options, progress, WINDOW_BYTES)
}

/// The same with other windows, of `window` bytes of pooled pictures.
pub(crate) fn observe_in_windows(
    source: &mut dyn FrameSource,
    options: &ObserveOptions,
    progress: &mut dyn FnMut(f64),
    window: usize,
) -> Result<Observation, SourceError> {
    let mut eyes = Eyes::new(source.info(), *options);
    let mut frame = Frame::default();
    let mut joined = Joined::default();
    let mut start_s = 0.0;
    source.prefer_cells();
    loop {
        match source.read(&mut frame) {
            Ok(true) => {
                eyes.push(&frame);
                eyes.pack_old();
                progress(start_s + eyes.seen_s());
                if eyes.bytes() > window {
                    joined.add(eyes.observe(), start_s);
                    start_s += eyes.forget_before(f64::INFINITY);
                }
            }
            Ok(false) => break,
            Err(e) if eyes.is_empty() => return Err(e),
            Err(e) => {
                eyes.warnings.push(e.reason());
                break;
            }
        }
    }
    eyes.warnings.extend_from_slice(source.warnings());
    if eyes.is_empty() {
        return Err(SourceError::Invalid {
            name: source.info().name.clone(),
            cause: "it holds no picture".to_owned(),
        });
    }
    let last = eyes.observe();
    joined.add(last.clone(), start_s);
    Ok(joined.done().unwrap_or(last))
}

/// Looks at frames one by one; may be asked at any time what has been seen so far. A clone shares the
/// pictures: it is a snapshot that another thread can be asked about while this one goes on.
#[derive(Clone)]
pub struct Eyes {
    info: VideoInfo,
    options: ObserveOptions,
    scene: Scene,
    first_pts_s: f64,
    warnings: Vec<String>,
    pooling_s: f64,
}

impl Eyes {
    pub fn new(info: &VideoInfo, options: ObserveOptions) -> Self {
        Self {
            info: info.clone(),
            options,
            scene: Scene::new(info.coded_width as usize, info.coded_height as usize),
            first_pts_s: 0.0,
            warnings: Vec::new(),
            pooling_s: 0.0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.scene.frames.is_empty()
    }

    /// Time of the last frame in s from the first.
    pub fn seen_s(&self) -> f64 {
        self.scene.frames.last().map_or(0.0, |f| f.time_s)
    }

    /// Takes in the next frame.
    pub fn push(&mut self, frame: &Frame) {
        let begun = std::time::Instant::now();
        if self.is_empty() {
            self.first_pts_s = frame.pts_s;
        }
        self.scene.push(frame, frame.pts_s - self.first_pts_s);
        self.pooling_s += begun.elapsed().as_secs_f64();
    }

    /// Forgets all before `time_s` (in s from the first frame), so that memory stays flat over a long watch.
    /// Times count from the oldest frame kept from then on; returns by how many s they went back.
    pub fn forget_before(&mut self, time_s: f64) -> f64 {
        let back_s = self.scene.forget_before(time_s);
        self.first_pts_s += back_s;
        back_s
    }

    /// Packs old frames where there are many: less memory, and slower to look at again.
    pub fn pack_old(&mut self) {
        self.scene.pack_old();
    }

    /// What these have seen and then `next`, which began with the last frame of these.
    pub(crate) fn followed_by(mut self, next: &Self) -> Self {
        self.scene.append(&next.scene);
        self.warnings.clone_from(&next.warnings);
        self.pooling_s = next.pooling_s;
        self
    }

    /// Bytes held by the frames.
    pub fn bytes(&self) -> usize {
        self.scene.bytes()
    }

    /// These on a layer of what they see.
    fn turned_to(&self, layer: &Scene) -> Self {
        Self {
            info: self.info.clone(),
            scene: layer.clone(),
            warnings: Vec::new(),
            ..*self
        }
    }

    /// All lights seen so far.
    pub fn observe(&self) -> Observation {
        let mut eyes = Cow::Borrowed(self);
        if let Some((scene, [from_s, to_s])) = eyes.scene.longest_shot() {
            let eyes = eyes.to_mut();
            eyes.scene = scene;
            eyes.warnings.push(format!(
                "the picture changes altogether (a cut, or the camera turned away): only {from_s:.1} s to {to_s:.1} s of \
                 it is judged"
            ));
        }
        if let Some(scene) = eyes.scene.without_faint_ends() {
            eyes.to_mut().scene = scene;
        }
        eyes.look()
    }

    /// All lights of the one place that is seen, and of what goes its own way before it.
    fn look(&self) -> Observation {
        let begun = std::time::Instant::now();
        let times: Vec<f64> = self.scene.frames.iter().map(|f| f.time_s).collect();
        let clock = Clock::of(&times);
        let linear = Linearizer::new(self.scene.color);
        let layers = self.scene.layers();
        let of_layers = layers.iter().map(|l| Cow::Owned(self.turned_to(l)));
        let eyes: Vec<_> = iter::once(Cow::Borrowed(self)).chain(of_layers).collect();
        let backdrops: Vec<Backdrop> = eyes
            .iter()
            .map(|e| Backdrop::of(&e.scene, &linear))
            .collect();
        let found = eyes.iter().zip(&backdrops).map(|(e, backdrop)| {
            let found = candidates::find(&e.scene, &Maps::of(&e.scene));
            e.promising(found, &linear, backdrop)
        });
        let found: Vec<Vec<Candidate>> = found.collect();
        let located_s = begun.elapsed().as_secs_f64();
        let gauge = |k: usize| Gauge {
            linear: &linear,
            backdrop: &backdrops[k],
            clock,
            before: if k == 0 { &layers } else { &[] },
            least_emission: MIN_EMISSION,
        };
        let measured = eyes.iter().zip(&found).enumerate();
        let measured = measured.flat_map(|(k, (e, found))| {
            let lights = e.measure(found, &gauge(k)).into_iter().flatten();
            e.with_whole(lights.collect(), &gauge(k))
        });
        let measured: Vec<Measured> = measured.collect();
        let mut lights = leaders(measured);
        if let Some(region) = self.options.region {
            if lights.is_empty() {
                // Nothing stands out where the user points: the whole of it is the light.
                let given = self.given(region);
                let gauge = Gauge {
                    least_emission: 0.0,
                    ..gauge(0)
                };
                let measured = self.measure(given.as_slice(), &gauge);
                lights.extend(measured.into_iter().flatten().map(|m| m.light));
            }
            for l in &mut lights {
                let odds = POINTED_AT * l.odds();
                l.emission = odds / (1.0 + odds);
            }
        }
        let mut warnings = self.warnings.clone();
        warnings.extend(lights.iter().filter_map(|l| in_doubt(l, clock)));
        let (width, height) = self.info.shown_size();
        Observation {
            name: self.info.name.clone(),
            width,
            height,
            frames: times.len() as u64,
            duration_s: clock.end_s,
            fps: times.len() as f64 / clock.end_s.max(1e-9),
            lights,
            warnings,
            timings: vec![
                ("pool and align", self.pooling_s),
                ("locate", located_s),
                ("measure", begun.elapsed().as_secs_f64() - located_s),
            ],
        }
    }
}

/// What to say of a light that may blink or be steady and flicker.
fn in_doubt(light: &Light, clock: Clock) -> Option<String> {
    let beat = light.beat.filter(Beat::in_doubt)?;
    let (x, y) = (light.place.x, light.place.y);
    (light.emission >= SURE_LIGHT && !light.second).then(|| {
        format!(
            "the light at {x:.0},{y:.0} comes and goes {:.1} times a second at {:.0} frames/s: it may blink, or shine \
             steadily and flicker (dimming, mains); another frame rate or a longer exposure would tell",
            beat.hz,
            1.0 / clock.interval_s()
        )
    })
}

fn most(c: [f64; 3]) -> f64 {
    c[0].max(c[1]).max(c[2])
}

/// What `train` shows; `flickers`: a steady light seen to beat with the frame rate.
fn kind(train: &Train, flickers: bool) -> Kind {
    let dark = train
        .spans
        .iter()
        .any(|s| s.look == crate::pulses::Look::Off);
    match (dark, train.has_several_looks()) {
        (false, false) if flickers => Kind::Flicker,
        (false, false) => Kind::Steady,
        (_, true) => Kind::ColorChanging,
        _ if Rhythm::of(train).period.is_some() => Kind::Blinking,
        _ => Kind::Switching,
    }
}
