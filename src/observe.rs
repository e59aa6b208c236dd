//! The eyes: from frames to lights with their pulse trains, without any device.

mod leaders;

use serde::{Deserialize, Serialize};

use leaders::{Measured, leaders};

use crate::locate::candidates::{self, Candidate, Origin};
use crate::locate::maps::Maps;
use crate::locate::scene::Scene;
pub use crate::pulses::Estimate;
use crate::pulses::extract::{self, Base, Clock, Reading};
use crate::pulses::{Color, Rhythm, Train};
use crate::signal::{Backdrop, Linearizer, Patch, Sample, Shine, Signal, brightness, measure};
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

    /// The centre of `other` lies in it.
    pub fn holds_centre_of(&self, other: &Self) -> bool {
        let (x, y) = (other.x + other.w / 2.0, other.y + other.h / 2.0);
        (self.x..=self.x + self.w).contains(&x) && (self.y..=self.y + self.h).contains(&y)
    }
}

/// Probability (from looks) above which the darkest level of a changing light is taken to be lit itself, and the least
/// share of the change it must have: less is the lens in the room's light. High, as one light in six at most shows
/// several colours without a dark time between.
const LIT_AT_REST: f64 = 0.85;
const REST_SHARE: f64 = 0.3;
/// A light whose darkest level keeps this share of its brightest is steady and wavers with exposure and shake.
const STEADY_SHARE: f64 = 0.75;
/// Share of the change that must be a drop of the place's own light: else a neighbour's glow came up around it.
const OWN_DROP: f64 = 0.3;
/// Frames in which a light must be seen lit: one or two are a glitch of the codec or of the alignment.
const LEAST_LIT_FRAMES: usize = 3;
/// Cells of at least this share of the brightest are the lens; the rest of the region is its bloom. Near the top of the
/// camera's range (linear light) the bloom is flattened: there only what is flat with it.
const CORE_SHARE: f32 = 0.75;
const CLIPPED: f32 = 0.75;
const CLIPPED_SHARE: f32 = 0.92;
/// Most steady places that are measured.
const MAX_SHINING: usize = 30;

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
    /// Radius in px of the lit lens.
    pub radius_px: f64,
    /// How it looks while lit: what `emission` was judged from.
    pub shine: Shine,
    /// Ratio of the change between lit and dark to the noise from frame to frame.
    pub separation: f64,
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
    let mut eyes = Eyes::new(source.info(), *options);
    let mut frame = Frame::default();
    loop {
        match source.read(&mut frame) {
            Ok(true) => {
                eyes.push(&frame);
                progress(eyes.seen_s());
            }
            Ok(false) => break,
            Err(e) if eyes.is_empty() => return Err(e),
            Err(e) => {
                eyes.warnings.push(e.to_string());
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
    Ok(eyes.observe())
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

    /// Bytes held by the frames.
    pub fn bytes(&self) -> usize {
        self.scene.bytes()
    }

    /// All lights seen so far.
    pub fn observe(&self) -> Observation {
        let begun = std::time::Instant::now();
        let scene = &self.scene;
        let times: Vec<f64> = scene.frames.iter().map(|f| f.time_s).collect();
        let clock = Clock::of(&times);
        let maps = Maps::of(scene);
        let found = candidates::find(scene, &maps);
        let located_s = begun.elapsed().as_secs_f64();
        let linear = Linearizer::new(scene.color);
        let backdrop = Backdrop::of(scene, &linear);
        let found = self.promising(found, &linear, &backdrop);
        let measured: Vec<Measured> = found
            .iter()
            .filter_map(|c| self.measure(c, &linear, &backdrop, clock))
            .collect();
        let lights = leaders(measured);
        let (width, height) = self.info.shown_size();
        Observation {
            name: self.info.name.clone(),
            width,
            height,
            frames: times.len() as u64,
            duration_s: clock.end_s,
            fps: times.len() as f64 / clock.end_s.max(1e-9),
            lights,
            warnings: self.warnings.clone(),
            timings: vec![
                ("pool and align", self.pooling_s),
                ("locate", located_s),
                ("measure", begun.elapsed().as_secs_f64() - located_s),
            ],
        }
    }

    /// All that change, and of those that only shine the ones that look most like lamps: a picture full of highlights
    /// has hundreds, and measuring one costs ten times as much as a look.
    fn promising(
        &self,
        found: Vec<Candidate>,
        linear: &Linearizer,
        backdrop: &Backdrop,
    ) -> Vec<Candidate> {
        let always = vec![Some(true); self.scene.frames.len()];
        let (mut shining, mut kept): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|c| c.origin == Origin::Shine);
        if shining.len() > MAX_SHINING {
            let size = self.scene.grid.size as f64;
            let mut ranked: Vec<(f64, Candidate)> = shining
                .into_iter()
                .map(|c| {
                    let look = Shine::of(&self.scene, &Patch::of(&c), linear, backdrop, &always);
                    (look.emission(c.radius * size, None), c)
                })
                .collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
            ranked.truncate(MAX_SHINING);
            shining = ranked.into_iter().map(|r| r.1).collect();
        }
        kept.append(&mut shining);
        kept
    }

    fn measure(
        &self,
        candidate: &Candidate,
        linear: &Linearizer,
        backdrop: &Backdrop,
        clock: Clock,
    ) -> Option<Measured> {
        let patch = Patch::of(candidate);
        let signal: Signal = measure(&self.scene, &patch, linear, &[]);
        let look = |lit: &[Option<bool>]| Shine::of(&self.scene, &patch, linear, backdrop, lit);
        let radius_px = candidate.radius * self.scene.grid.size as f64;
        // Whatever changes is first taken to be switched off at its darkest.
        let mut reading: Reading = extract::read(&signal.samples, clock, Base::Dark);
        let dark: Vec<Option<bool>> = reading.lit.iter().map(|l| l.map(|lit| !lit)).collect();
        let swing = most(reading.lit_rgb);
        let changes =
            swing > 0.0 && reading.lit.contains(&Some(true)) && dark.contains(&Some(true));
        let rest = if changes {
            look(&dark)
        } else {
            look(&vec![Some(true); dark.len()])
        };
        let wavers = rest.light > STEADY_SHARE * (rest.light + swing)
            || drop_in_light(&signal.samples, &reading.lit) < OWN_DROP * swing;
        let several =
            rest.emission(radius_px, None) > LIT_AT_REST && rest.light > REST_SHARE * swing;
        if !changes || wavers || several {
            reading = extract::read(&signal.samples, clock, Base::Lit);
        }
        let shine = look(&reading.lit);
        let first = reading.lit.iter().position(|l| *l == Some(true))?;
        let lit_frames = reading.lit.iter().filter(|l| **l == Some(true)).count();
        if lit_frames < LEAST_LIT_FRAMES.min(reading.lit.len()) {
            return None;
        }
        let color = reading
            .train
            .spans
            .iter()
            .filter_map(|s| s.look.colors())
            .find(|c| !c.is_dark())?
            .colors()
            .next()?;
        let place = self.place(&patch, linear, &reading.lit, first);
        if self
            .options
            .region
            .is_some_and(|r| !r.holds_centre_of(&place))
        {
            return None;
        }
        let swing = most(reading.lit_rgb);
        let changes = reading.lit.contains(&Some(false)).then_some(swing);
        Some(Measured {
            light: Light {
                place,
                kind: kind(&reading.train),
                color,
                emission: shine.emission(radius_px, changes),
                rgb: reading.lit_rgb,
                second: false,
                radius_px,
                shine,
                separation: reading.separation,
                train: reading.train,
            },
            lit: reading.lit,
            swing,
        })
    }

    /// The box of a patch in frame `i`, in px as shown.
    fn place(&self, patch: &Patch, linear: &Linearizer, lit: &[Option<bool>], i: usize) -> Rect {
        let size = self.scene.grid.size as f64;
        let (w, h) = (
            f64::from(self.info.coded_width),
            f64::from(self.info.coded_height),
        );
        let motion = self.scene.frames[i].motion;
        // The lens is what shines brightest when fully lit: amid the first lit time, past the shutter's and codec's edge.
        let long = lit[i..].iter().take_while(|l| **l == Some(true)).count();
        let lights = brightness(&self.scene, patch, linear, i + long / 2);
        let top = lights.iter().copied().fold(0.0, f32::max);
        let least = top
            * if top >= CLIPPED {
                CLIPPED_SHARE
            } else {
                CORE_SHARE
            };
        let extent = |along: fn(&(f64, f64, f32)) -> f64| {
            let bright = patch
                .region
                .iter()
                .zip(&lights)
                .filter(|(_, l)| **l >= least);
            let mut v: Vec<f64> = bright.map(|(c, _)| along(c)).collect();
            v.sort_by(f64::total_cmp);
            // A stray cell does not move the box.
            let cut = v.len() / 20;
            match v.len() {
                0 => (0.0, 0.0),
                n => (v[cut] - 0.5, v[n - 1 - cut] + 0.5),
            }
        };
        let (left, right) = extent(|c| c.0);
        let (top, bottom) = extent(|c| c.1);
        let (mut x0, mut y0, mut x1, mut y1) = (f64::INFINITY, f64::INFINITY, 0.0f64, 0.0f64);
        for (x, y) in [(left, top), (right, top), (left, bottom), (right, bottom)] {
            let (u, v) = motion.apply(x, y);
            let (u, v) = self
                .info
                .orientation
                .to_shown(((u + 0.5) * size, (v + 0.5) * size), w, h);
            x0 = x0.min(u);
            y0 = y0.min(v);
            x1 = x1.max(u);
            y1 = y1.max(v);
        }
        Rect {
            x: x0.max(0.0),
            y: y0.max(0.0),
            w: x1 - x0.max(0.0),
            h: y1 - y0.max(0.0),
        }
    }
}

fn most(c: [f64; 3]) -> f64 {
    c[0].max(c[1]).max(c[2])
}

/// By how much the place itself, its surround not taken off, is brighter when lit than when dark: most over the
/// channels, linear light.
fn drop_in_light(samples: &[Sample], lit: &[Option<bool>]) -> f64 {
    let mut sums = [[0.0f64; 4]; 2];
    for (s, l) in samples.iter().zip(lit) {
        if let Some(l) = l {
            let sum = &mut sums[usize::from(*l)];
            for (total, (above, around)) in sum.iter_mut().zip(s.rgb.iter().zip(&s.surround)) {
                *total += f64::from(above + around);
            }
            sum[3] += 1.0;
        }
    }
    let mean = |on: usize, k: usize| sums[on][k] / f64::max(sums[on][3], 1.0);
    most(std::array::from_fn(|k| mean(1, k) - mean(0, k)))
}

fn kind(train: &Train) -> Kind {
    let lit: Vec<_> = train.spans.iter().filter(|s| s.look.is_lit()).collect();
    let dark = train
        .spans
        .iter()
        .any(|s| s.look == crate::pulses::Look::Off);
    let first = lit.first().and_then(|s| s.look.colors());
    let several = lit.iter().any(|s| s.look.colors() != first);
    match (dark, several) {
        (false, false) => Kind::Steady,
        (_, true) => Kind::ColorChanging,
        _ if Rhythm::of(train).period.is_some() => Kind::Blinking,
        _ => Kind::Switching,
    }
}
