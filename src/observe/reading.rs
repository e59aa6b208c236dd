//! One candidate measured: its signal read as a train, judged by its looks, and placed.

use std::borrow::Cow;

use super::leaders::Measured;
use super::{Eyes, Kind, Light, Rect, SURE_LIGHT, kind, most};
use crate::locate::candidates::Candidate;
use crate::locate::scene::Scene;
use crate::pulses::Color;
use crate::pulses::beat::beat;
use crate::pulses::edges;
use crate::pulses::extract::{self, Base, Clock, Reading};
use crate::signal::{
    Backdrop, Change, Linearizer, Patch, Sample, Shine, Signal, brightness, burnt_out, covered,
    disc, measure, ring, shares, stays,
};
use crate::threads;

/// Probability (from looks) above which the darkest level of a changing light is taken to be lit itself, and the least
/// share of the change it must have: less is the lens in the room's light. High, as one light in six at most shows
/// several colours without a dark time between.
const LIT_AT_REST: f64 = 0.85;
const REST_SHARE: f64 = 0.3;
/// A light whose darkest level keeps this share of its brightest is steady and wavers with exposure and shake.
const STEADY_SHARE: f64 = 0.75;
/// Share of the change that must be a drop of the place's own light: else a neighbour's glow came up around it.
const OWN_DROP: f64 = 0.3;
/// Share of the clip up to which a light may be covered: who films it takes care to see it. A surround that changes more
/// is one where things move, and says nothing of the light.
const MOMENT: f64 = 0.3;
/// Spans of a train that may hold two periods of a beat.
const BEAT_SPANS: usize = 3;
/// Frames in which a light must be seen lit: one or two are a glitch of the codec or of the alignment.
const LEAST_LIT_FRAMES: usize = 3;
/// Cells of at least this share of the brightest are the lens; the rest of the region is its bloom. Near the top of the
/// camera's range (linear light) the bloom is flattened: there only what is flat with it.
const CORE_SHARE: f32 = 0.75;
const CLIPPED: f32 = 0.75;
const CLIPPED_SHARE: f32 = 0.92;

/// What the candidates of a scene are measured with.
#[derive(Clone, Copy)]
pub(super) struct Gauge<'a> {
    pub linear: &'a Linearizer,
    pub backdrop: &'a Backdrop,
    pub clock: Clock<'a>,
    /// What goes its own way before the scene.
    pub before: &'a [Scene],
    /// Probability of being a lamp below which a place is left out.
    pub least_emission: f64,
}

impl Eyes {
    /// What each candidate did, and how it looks; `None` for one that was never seen lit, or is hardly a lamp.
    pub(super) fn measure(&self, candidates: &[Candidate], gauge: &Gauge) -> Vec<Option<Measured>> {
        let patches = threads::map(candidates, |c| Patch::of(c, &self.scene));
        let mut signals = measure(&self.scene, &patches, gauge.linear);
        for (c, signal) in candidates.iter().zip(&mut signals) {
            for (i, sample) in signal.samples.iter_mut().enumerate() {
                let hides = |l: &Scene| l.hides(&self.scene, i, c.x, c.y);
                sample.seen &= !gauge.before.iter().any(hides);
            }
        }
        let signals: Vec<_> = candidates.iter().zip(&patches).zip(signals).collect();
        threads::map(&signals, |((c, patch), signal)| {
            self.judge(c, patch, signal, gauge)
        })
    }

    fn judge(
        &self,
        candidate: &Candidate,
        patch: &Patch,
        signal: &Signal,
        gauge: &Gauge,
    ) -> Option<Measured> {
        let &Gauge {
            linear,
            backdrop,
            clock,
            least_emission,
            ..
        } = gauge;
        let look = |lit: &[Option<bool>]| Shine::of(&self.scene, patch, linear, backdrop, lit);
        let radius_px = candidate.radius * self.scene.grid.size as f64;
        // Whatever changes is first taken to be switched off at its darkest.
        let mut samples = Cow::from(&signal.samples);
        let mut reading: Reading = extract::read(&samples, clock, Base::Dark);
        let hidden = covered(&self.scene, patch, linear, &reading.lit, reading.lit_rgb);
        let often = hidden.iter().filter(|h| **h).count() as f64 > MOMENT * hidden.len() as f64;
        if hidden.contains(&true) && !often {
            for (sample, hidden) in samples.to_mut().iter_mut().zip(hidden) {
                sample.seen &= !hidden;
            }
            reading = extract::read(&samples, clock, Base::Dark);
        }
        let dark: Vec<Option<bool>> = reading.lit.iter().map(|l| l.map(|lit| !lit)).collect();
        let swing = most(reading.lit_rgb);
        let changes =
            swing > 0.0 && reading.lit.contains(&Some(true)) && dark.contains(&Some(true));
        let rest = if changes {
            look(&dark)
        } else {
            look(&vec![Some(true); dark.len()])
        };
        let moved = changes && stays(&samples);
        if moved {
            for s in samples.to_mut() {
                s.rgb = s.whole.unwrap_or(s.rgb);
            }
        }
        let wavers = moved
            || rest.light > STEADY_SHARE * (rest.light + swing)
            || drop_in_light(&samples, &reading.lit) < OWN_DROP * swing;
        let shines_at_rest = rest.emission(radius_px, None, None);
        let several = shines_at_rest > LIT_AT_REST && rest.light > REST_SHARE * swing;
        // Where a level changes with every frame no two levels are found: it may still be in step with something.
        let beat = (!changes || reading.train.spans.len() > BEAT_SPANS)
            .then(|| beat(&samples, clock, shines_at_rest))
            .flatten();
        let flickers = beat.is_some_and(|b| b.p > 0.5);
        if flickers {
            reading = extract::read(&samples, clock, Base::Flicker);
        } else if !changes || wavers || several {
            reading = extract::read(&samples, clock, Base::Lit);
        }
        let first = reading.lit.iter().position(|l| *l == Some(true))?;
        let lit_frames = reading.lit.iter().filter(|l| **l == Some(true)).count();
        if lit_frames < LEAST_LIT_FRAMES.min(reading.lit.len()) {
            return None;
        }
        let shine = look(&reading.lit);
        let swing = most(reading.lit_rgb);
        let switches = reading.lit.contains(&Some(false));
        let change =
            switches.then(|| Change::of(&self.scene, patch, linear, backdrop, &reading.lit));
        let color = reading
            .train
            .spans
            .iter()
            .filter_map(|s| s.look.colors())
            .find(|c| !c.is_dark())?
            .colors()
            .next()?;
        let emission = shine.emission(radius_px, primary(color), change);
        if emission < least_emission {
            return None;
        }
        edges::refine(&mut reading.train, &reading.lit, clock, |a, b, at| {
            shares(&self.scene, patch, linear, a, b, at)
        });
        let place = self.place(patch, linear, &reading.lit, first);
        if self
            .options
            .region
            .is_some_and(|r| !r.holds_centre_of(&place))
        {
            return None;
        }
        let kind = kind(&reading.train, flickers);
        let may_be_wider = matches!(kind, Kind::Steady | Kind::Flicker) && emission >= SURE_LIGHT;
        Some(Measured {
            light: Light {
                place,
                kind,
                color,
                emission,
                rgb: reading.lit_rgb,
                second: false,
                ring: false,
                radius_px,
                shine,
                separation: reading.separation,
                beat,
                train: reading.train,
            },
            ring: ring(&self.scene, linear, patch, &reading.lit),
            lens: may_be_wider
                .then(|| disc(&self.scene, linear, patch))
                .flatten(),
            lit: reading.lit,
            swing,
        })
    }

    /// The box of a patch in frame `i`, in px as shown.
    fn place(&self, patch: &Patch, linear: &Linearizer, lit: &[Option<bool>], i: usize) -> Rect {
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
        let mut bright: Vec<(f64, f64)> = patch
            .region
            .iter()
            .zip(&lights)
            .filter(|(_, l)| **l >= least)
            .map(|(c, _)| (c.0, c.1))
            .collect();
        if top >= CLIPPED
            && let Some(blob) = burnt_out(&self.scene, linear, &bright, lit, least)
        {
            bright = blob;
        }
        let extent = |along: fn(&(f64, f64)) -> f64| {
            let mut v: Vec<f64> = bright.iter().map(along).collect();
            v.sort_by(f64::total_cmp);
            // A stray cell does not move the box.
            let cut = v.len() / 20;
            match v.len() {
                0 => [0.0; 2],
                n => [v[cut] - 0.5, v[n - 1 - cut] + 0.5],
            }
        };
        self.shown(extent(|c| c.0), extent(|c| c.1), i)
    }

    /// The box from `x[0]` to `x[1]` and `y[0]` to `y[1]`, in cells of the scene, in px of frame `i` as shown.
    pub(super) fn shown(&self, x: [f64; 2], y: [f64; 2], i: usize) -> Rect {
        let size = self.scene.grid.size as f64;
        let (w, h) = (
            f64::from(self.info.coded_width),
            f64::from(self.info.coded_height),
        );
        let motion = self.scene.frames[i].motion;
        let (mut x0, mut y0, mut x1, mut y1) = (f64::INFINITY, f64::INFINITY, 0.0f64, 0.0f64);
        for (x, y) in [(x[0], y[0]), (x[1], y[0]), (x[0], y[1]), (x[1], y[1])] {
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

/// The channel of a colour that is one of the primaries.
fn primary(color: Color) -> Option<usize> {
    match color {
        Color::Red => Some(0),
        Color::Green => Some(1),
        Color::Blue => Some(2),
        Color::Amber | Color::White => None,
    }
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
