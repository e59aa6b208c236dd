//! What a simulated clip truly shows, as its label file.

use serde::Serialize;

use super::scene::Scene;
use super::timeline::Timeline;
use super::{ClipSpec, Effects, Layout};
use crate::pulses::{Color, Pulse};

/// Where the light is in the picture, in px; a pair's place is the middle between its lenses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruePlace {
    pub x: f64,
    pub y: f64,
    pub radius: f64,
    pub ring: bool,
}

/// A lit span of one colour, in s.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruePulse {
    pub color: Color,
    pub start_s: f64,
    pub end_s: f64,
}

/// A time in which the light can't be seen, in s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Unseen {
    pub start_s: f64,
    pub end_s: f64,
}

/// The label of a clip.
///
/// Times are those of the clip: frame `i` shows the time from its timestamp to the next frame's. A light that switches in the
/// middle of the exposure of the row it is on switches, by this label, half a frame interval after that frame's timestamp, so that
/// neither the shutter nor the row, which no viewer can know, shifts the times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Grade of difficulty, if the effects were drawn from one.
    pub tier: String,
    pub model: String,
    pub state: String,
    /// Other states that are right too.
    pub also: Vec<String>,
    pub verdict: String,
    pub pulses: Vec<TruePulse>,
    pub unseen: Vec<Unseen>,
    pub file: String,
    pub width: u32,
    pub height: u32,
    pub fps: f64,
    pub frames: u64,
    pub seed: u64,
    pub led: TruePlace,
    pub effects: Effects,
}

impl Truth {
    /// Of the clip that `scene` and `timeline` make.
    pub(super) fn new(spec: &ClipSpec, scene: &Scene, timeline: Timeline) -> Self {
        let e = &spec.effects;
        let interval = 1.0 / spec.fps;
        let (w, h) = (f64::from(spec.width), f64::from(spec.height));
        let (mut frames, mut end_s) = (0, 0.0);
        let (mut sum, mut seen) = ((0.0, 0.0), 0.0);
        let mut unseen: Vec<Unseen> = Vec::new();
        for slot in timeline {
            frames += 1;
            end_s = slot.pts_s + interval;
            let middle_s = slot.pts_s + 0.5 * e.exposure * interval;
            let pose = scene.motion.pose(middle_s);
            let at = pose.to_image(scene.led_at(middle_s));
            let inside = at.0.abs() < 0.5 * w && at.1.abs() < 0.5 * h;
            let covered = scene.movers.iter().any(|m| {
                m.at(slot.pts_s).is_some_and(|mid| {
                    let mid = pose.to_image(mid);
                    m.alpha((at.0 - mid.0) as f32, (at.1 - mid.1) as f32) > 0.5
                })
            });
            if inside && !covered {
                sum = (sum.0 + at.0, sum.1 + at.1);
                seen += 1.0;
                continue;
            }
            match unseen.last_mut() {
                // Frames of one gap follow each other, lost ones apart.
                Some(u) if slot.pts_s - u.end_s < 1.5 * interval => u.end_s = end_s,
                _ => unseen.push(Unseen {
                    start_s: slot.pts_s,
                    end_s,
                }),
            }
        }
        let place = if seen > 0.0 {
            (sum.0 / seen + 0.5 * w, sum.1 / seen + 0.5 * h)
        } else {
            (scene.led.0 + 0.5 * w, scene.led.1 + 0.5 * h)
        };
        // From the scene's clock to the label's: see the type.
        let row = (place.1 / h).clamp(0.0, 1.0);
        let later = interval * (0.5 - 0.5 * e.exposure - e.rolling * row);
        let mut pulses: Vec<TruePulse> = Color::ALL
            .into_iter()
            .flat_map(|color| spec.spans(color).into_iter().map(move |s| (color, s)))
            .map(|(color, (a, b))| TruePulse {
                color,
                start_s: (a + later).max(0.0),
                end_s: (b + later).min(end_s),
            })
            .filter(|p| p.end_s > p.start_s)
            .collect();
        pulses.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        Self {
            tier: spec.tier.clone(),
            model: spec.model.clone(),
            state: spec.state.clone(),
            also: spec.also.clone(),
            verdict: spec.verdict.clone(),
            pulses,
            unseen,
            file: String::new(),
            width: spec.width,
            height: spec.height,
            fps: spec.fps,
            frames,
            seed: spec.seed,
            led: TruePlace {
                x: place.0,
                y: place.1,
                radius: e.led_radius,
                ring: e.layout == Layout::Ring,
            },
            effects: e.clone(),
        }
    }

    /// The pulses as the analysis would report them.
    pub fn pulses(&self) -> Vec<Pulse> {
        self.pulses
            .iter()
            .map(|p| Pulse {
                color: p.color,
                start_s: p.start_s,
                end_s: p.end_s,
            })
            .collect()
    }
}
