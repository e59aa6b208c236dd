//! How suddenly a light switches: a lamp within a frame, a shadow or a passing thing over many.

use super::extract::Reading;
use crate::signal::Sample;

/// Frames on each side of a switch that are looked at. The one next to it may show both states.
const SIDE: usize = 3;

/// Share of the light's swing that comes within a few frames of a switch, the median over all switches; about 1 for a
/// lamp. 0 if it never switches.
pub fn abruptness(samples: &[Sample], reading: &Reading) -> f64 {
    let (rgb, lit) = (reading.lit_rgb, &reading.lit);
    // The light along its own colour.
    let level = |i: usize| {
        let s = samples[i];
        let along = s.rgb.iter().zip(rgb).map(|(v, c)| f64::from(*v) * c);
        s.seen.then(|| along.sum::<f64>())
    };
    let overall = |on: bool| {
        mean(
            (0..lit.len())
                .filter(|&i| lit[i] == Some(on))
                .filter_map(level),
        )
    };
    let swing = overall(true) - overall(false);
    let near = |frames: &mut dyn Iterator<Item = usize>, on: bool| {
        let levels: Vec<f64> = frames
            .take(SIDE)
            .take_while(|&i| lit[i] == Some(on))
            .filter_map(level)
            .collect();
        let settled = if levels.len() > 1 {
            &levels[1..]
        } else {
            &levels
        };
        mean(settled.iter().copied())
    };
    let mut shares: Vec<f64> = (1..lit.len())
        .filter_map(|i| match (lit[i - 1], lit[i]) {
            (Some(from), Some(to)) if from != to => {
                let rise = near(&mut (i..lit.len()), to) - near(&mut (0..i).rev(), from);
                Some(if to { rise } else { -rise } / swing)
            }
            _ => None,
        })
        .filter(|share| share.is_finite())
        .collect();
    shares.sort_by(f64::total_cmp);
    shares.get(shares.len() / 2).copied().unwrap_or(0.0)
}

/// NaN of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    sum / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulses::extract::{Base, Clock, read};

    /// Of a light that takes so many frames to come and to go.
    fn of(frames: usize) -> f64 {
        let samples: Vec<Sample> = (0..120)
            .map(|i| {
                // Up, a second lit, down, a second dark.
                let t = i % 60;
                let up = (t as f32 / frames as f32).min(1.0);
                let down =
                    ((60 - t) as f32 / frames as f32 - 30.0 / frames as f32 + 1.0).clamp(0.0, 1.0);
                let wobble = 0.002 * ((i * 7919) % 5) as f32;
                Sample {
                    seen: true,
                    rgb: [0.5 * up.min(down) + wobble, 0.02, 0.01],
                    ..Sample::default()
                }
            })
            .collect();
        let times: Vec<f64> = (0..120).map(|i| f64::from(i) / 30.0).collect();
        let reading = read(&samples, Clock::of(&times), Base::Dark);
        abruptness(&samples, &reading)
    }

    #[test]
    fn a_lamp_switches_at_once_and_a_shadow_does_not() {
        assert!((0.9..1.1).contains(&of(1)), "{}", of(1));
        assert!(of(24) < 0.5, "{}", of(24));
    }
}
