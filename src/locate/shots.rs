//! Cuts, and swings of the camera: where the picture becomes that of another place.

use super::cells::Grid;
use super::motion::noise;
use super::relief::Relief;
use super::scene::Scene;

/// Blocks by which the view may have moved meanwhile.
const REACH: isize = 2;
/// Codes (standard deviation of the blocks' relief) under which a picture is too flat to tell, and in standard deviations of
/// what noise alone makes of it, which coding spreads.
const FLAT: f32 = 1.0;
const NOISY: f32 = 4.0;
/// Correlation of the relief of two pictures of one place, whatever lights it; of two places it is within 0.2 of zero.
const SAME: f32 = 0.35;

/// Whether the luma means `now` may show the place of `before`.
pub fn same_view(before: &[u8], now: &[u8], grid: Grid) -> bool {
    let relief = |codes| {
        let relief = Relief::of(codes, grid);
        let least = FLAT.max(NOISY * Relief::of_noise(noise(codes, None, grid)));
        (relief.deviation() >= least).then(|| relief.levelled())
    };
    let (Some(a), Some(b)) = (relief(before), relief(now)) else {
        return true;
    };
    let shifts = -REACH..=REACH;
    shifts
        .clone()
        .flat_map(|y| shifts.clone().map(move |x| (x, y)))
        .any(|(x, y)| a.correlation(&b, x, y) >= SAME)
}

impl Scene {
    /// If it shows several places one after the other, the scene in which only the longest of them counts as seen, and
    /// from when to when that was (s).
    pub fn longest_shot(&self) -> Option<(Self, [f64; 2])> {
        let shots = self.frames.chunk_by(|a, b| a.shot == b.shot);
        let span =
            |shot: &[super::scene::SceneFrame]| [shot[0].time_s, shot[shot.len() - 1].time_s];
        let longest = shots.max_by(|a, b| {
            let length = |shot| span(shot)[1] - span(shot)[0];
            length(a).total_cmp(&length(b))
        })?;
        if longest.len() == self.frames.len() {
            return None;
        }
        let (number, span) = (longest[0].shot, span(longest));
        Some((self.only(|i| self.frames[i].shot == number), span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::VGA;

    fn picture(seed: u64, light: impl Fn(usize, usize) -> f64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        // Patches of 5 x 5 cells.
        let patches: Vec<f64> = (0..32 * 24).map(|_| 20.0 + 160.0 * random.f64()).collect();
        (0..GRID.cells())
            .map(|i| {
                let (x, y) = (i % GRID.cols, i / GRID.cols);
                (patches[y / 5 * 32 + x / 5] * light(x, y)) as u8
            })
            .collect()
    }

    #[test]
    fn another_place_is_told_from_the_same_in_another_light() {
        let room = picture(1, |_, _| 1.0);
        assert!(!same_view(&room, &picture(2, |_, _| 1.0), GRID));
        // A lamp in a corner.
        let lit = picture(1, |x, y| 0.3 + 0.7 / (1.0 + 0.001 * (x * x + y * y) as f64));
        assert!(same_view(&room, &lit, GRID));
        assert!(same_view(&room, &vec![20; GRID.cells()], GRID), "dark");
    }
}
