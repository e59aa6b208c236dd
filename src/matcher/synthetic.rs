//! Trains as the eyes would measure them from a light schedule: for tests of the matcher and for
//! asking it how long a clip must be.

use crate::devices::Segment;
use crate::observe::{Kind, Light, Observation, Rect};
use crate::pulses::{Color, Look, Span, Train};
use crate::signal::Shine;

/// Brightest error of an edge in frames that a synthetic train has.
const EDGE_FRAMES: f64 = 0.5;

/// The train that a camera of `fps` frames per s measures of `segments`: edges on frame times,
/// off by up to half a frame, and what is shorter than a frame sometimes lost.
pub fn train(segments: &[Segment], fps: f64, seed: u64) -> Train {
    let mut rng = fastrand::Rng::with_seed(seed);
    let frame_s = 1.0 / fps;
    let duration_s = segments.last().map_or(0.0, |s| s.end_s);
    // The light as each frame shows it, at a random phase of the frame clock.
    let phase = rng.f64() * frame_s;
    let frames = (duration_s / frame_s).floor() as usize;
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0;
    for i in 0..frames {
        let t = i as f64 * frame_s + phase;
        while at + 1 < segments.len() && segments[at].end_s <= t {
            at += 1;
        }
        let light = segments[at].light;
        let look = if light.is_dark() {
            Look::Off
        } else {
            Look::lit(light)
        };
        match spans.last_mut() {
            Some(last) if last.look == look => last.end_s = (i + 1) as f64 * frame_s,
            _ => spans.push(Span {
                start_s: i as f64 * frame_s,
                end_s: (i + 1) as f64 * frame_s,
                start_sd_s: 0.0,
                end_sd_s: 0.0,
                look,
            }),
        }
    }
    // Edges finer than a frame, with their error.
    for i in 1..spans.len() {
        let error = (2.0 * rng.f64() - 1.0) * EDGE_FRAMES * frame_s;
        let room = 0.4
            * (spans[i].end_s - spans[i].start_s).min(spans[i - 1].end_s - spans[i - 1].start_s);
        let edge = spans[i].start_s + error.clamp(-room, room);
        let sd = EDGE_FRAMES * frame_s / 3f64.sqrt();
        (spans[i].start_s, spans[i].start_sd_s) = (edge, sd);
        (spans[i - 1].end_s, spans[i - 1].end_sd_s) = (edge, sd);
    }
    Train {
        spans,
        duration_s: frames as f64 * frame_s,
        frame_interval_s: frame_s,
    }
}

/// The first `duration_s` of a train.
pub fn cut(train: &Train, duration_s: f64) -> Train {
    let mut out = train.clone();
    out.duration_s = duration_s.min(train.duration_s);
    out.spans.retain(|s| s.start_s < out.duration_s);
    if let Some(last) = out.spans.last_mut()
        && last.end_s > out.duration_s
    {
        (last.end_s, last.end_sd_s) = (out.duration_s, 0.0);
    }
    out
}

/// A clip with these lights, side by side in a picture of 1280 x 720 px.
pub fn observation(lights: Vec<(Train, f64)>) -> Observation {
    let (duration_s, frame_s) = lights.first().map_or((0.0, 1.0 / 30.0), |(t, _)| {
        (t.duration_s, t.frame_interval_s)
    });
    Observation {
        name: "synthetic".to_owned(),
        width: 1280,
        height: 720,
        frames: (duration_s / frame_s).round() as u64,
        duration_s,
        fps: 1.0 / frame_s,
        lights: lights
            .into_iter()
            .enumerate()
            .map(|(i, (train, emission))| Light {
                place: Rect {
                    x: 100.0 + 200.0 * i as f64,
                    y: 300.0,
                    w: 10.0,
                    h: 10.0,
                },
                kind: Kind::Switching,
                color: Color::Red,
                train,
                emission,
                rgb: [0.5, 0.0, 0.0],
                second: false,
                ring: false,
                radius_px: 5.0,
                shine: Shine::default(),
                separation: 50.0,
                beat: None,
            })
            .collect(),
        warnings: Vec::new(),
        timings: Vec::new(),
    }
}
