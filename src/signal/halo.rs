//! How far a burnt-out light was lit in the frame of an edge: from its halo, and from the channels of its core that do not clip
//! (a red one's green, by crosstalk), as those that do look full at any share.

use super::Linearizer;
use super::patch::Patch;
use super::reader::look;
use super::sample::CLIPPED;
use crate::locate::scene::Scene;

/// Sum of squares of what the halo gains (linear light) from which on cell noise of 0.02 leaves 0.1 of the share.
const LEAST_POWER: f32 = 0.04;

/// For each frame of `at` how far it is from the look of the frames `before` (0) to that of `after` (1), by least
/// squares over what does not clip; `None` if nothing of the light clips, or that is too weak to tell.
pub fn shares(
    scene: &Scene,
    patch: &Patch,
    linear: &Linearizer,
    before: &[usize],
    after: &[usize],
    at: &[usize],
) -> Option<Vec<f64>> {
    let region = patch.region.iter().map(|c| (c.0, c.1));
    let cells: Vec<(f64, f64)> = region
        .chain(patch.rim.iter().copied())
        .chain(patch.surround.iter().copied())
        .collect();
    let from = mean(scene, linear, &cells, before);
    let to = mean(scene, linear, &cells, after);
    let (mut burns, mut power) = (false, 0.0);
    let gains: Vec<Option<[f32; 3]>> = from
        .iter()
        .zip(&to)
        .enumerate()
        .map(|(i, (a, b))| {
            let (a, b) = (((*a)?), ((*b)?));
            let clips: [bool; 3] = std::array::from_fn(|k| a[k].max(b[k]) >= CLIPPED);
            burns |= i < patch.region.len() && clips.contains(&true);
            if clips == [true; 3] {
                return None;
            }
            let gain = std::array::from_fn(|k| if clips[k] { 0.0 } else { b[k] - a[k] });
            power += gain.iter().map(|g| g * g).sum::<f32>();
            Some(gain)
        })
        .collect();
    if !burns || power < LEAST_POWER {
        return None;
    }
    let share = |i: usize| {
        let now = look(scene, linear, &cells, i);
        let terms = gains.iter().zip(&from).zip(now).filter_map(|((g, a), c)| {
            let (g, a, c) = ((*g)?, (*a)?, c?);
            Some((0..3).map(|k| g[k] * (c[k] - a[k])).sum::<f32>())
        });
        f64::from(terms.sum::<f32>() / power)
    };
    Some(at.iter().map(|&i| share(i)).collect())
}

/// Mean light of the cells over `frames`; `None` for cells outside the picture in one of them.
fn mean(
    scene: &Scene,
    linear: &Linearizer,
    cells: &[(f64, f64)],
    frames: &[usize],
) -> Vec<Option<[f32; 3]>> {
    let mut sum = vec![Some([0.0; 3]); cells.len()];
    for &i in frames {
        for (s, c) in sum.iter_mut().zip(look(scene, linear, cells, i)) {
            *s = s.zip(c).map(|(s, c)| std::array::from_fn(|k| s[k] + c[k]));
        }
    }
    let n = frames.len().max(1) as f32;
    sum.into_iter()
        .map(|s| s.map(|s| s.map(|v| v / n)))
        .collect()
}
