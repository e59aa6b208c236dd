//! How long a clip must be, by asking the matcher about lights that go on as a state's patterns say.

use crate::devices::{Device, Lens, Schedule, State};
use crate::pulses::{ColorSet, Look, Span, Train};

use super::book::Book;
use super::params::Params;
use super::scene::Scene;
use super::{Query, synthetic};

/// Lengths tried, in s.
const LENGTHS_S: [f64; 13] = [
    1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0,
];
/// Emission of the one light of these clips: half of the steady lamps that were rendered look surer.
const EMISSION: f64 = 0.98;
/// Seconds of film after which a state is recognised with the confidence that counts as sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeToVerdict {
    /// Half of the clips need no more.
    pub median_s: f64,
    /// Nine of ten need no more.
    pub most_s: f64,
    /// Share of clips that reach it within 30 s: below 1 where the state can look like another.
    pub reached: f64,
}

/// How long a clip of `state` must be at `fps` frames per s when the model is known, from `draws`
/// random lights; `None` when no length suffices. Counted from the start of filming, up to 3 s
/// before an event begins.
pub fn time_to_verdict(
    device: &Device,
    state: &State,
    fps: f64,
    draws: u64,
    params: &Params,
) -> Option<TimeToVerdict> {
    let devices = [device];
    let book = Book::new(&devices, &Query::default(), &params.priors);
    let longest = LENGTHS_S[LENGTHS_S.len() - 1];
    let mut times: Vec<f64> = (0..draws)
        .filter_map(|seed| {
            let segments = state.schedule(&Schedule::new(longest, seed));
            let train = synthetic::train(&segments, fps, seed);
            // From long to short: the time from which on the verdict stands.
            let mut from = None;
            for &t in LENGTHS_S.iter().rev() {
                let mut seen = synthetic::observation(vec![(synthetic::cut(&train, t), EMISSION)]);
                seen.lights[0].ring = device.lens == Lens::Ring;
                let p = Scene::new(&seen, &book, params).p_of(&devices, &state.name);
                if params.calibration.confidence(p) < params.decision.sure {
                    break;
                }
                from = Some(t);
            }
            from
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |q: f64| {
        times
            .get(((times.len() as f64 - 1.0) * q).ceil() as usize)
            .copied()
    };
    Some(TimeToVerdict {
        median_s: at(0.5)?,
        most_s: at(0.9)?,
        reached: times.len() as f64 / draws as f64,
    })
}

/// `train`, followed by `more`: looks and how long they last in s.
pub fn extended(train: &Train, more: &[(ColorSet, f64)]) -> Train {
    let mut out = train.clone();
    let sd = 0.3 * train.frame_interval_s;
    for &(light, duration_s) in more {
        let look = if light.is_dark() {
            Look::Off
        } else {
            Look::lit(light)
        };
        let start_s = out.duration_s;
        out.duration_s += duration_s;
        match out.spans.last_mut() {
            Some(last) if last.look.colors() == look.colors() => last.end_s = out.duration_s,
            last => {
                if let Some(last) = last {
                    last.end_sd_s = sd;
                }
                out.spans.push(Span {
                    start_s,
                    end_s: out.duration_s,
                    start_sd_s: sd,
                    end_sd_s: 0.0,
                    look,
                });
            }
        }
    }
    out
}
