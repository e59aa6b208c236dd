//! Cuts, and swings of the camera: where the picture becomes that of another place.

use super::cells::Grid;
use super::motion::Picture;
use super::scene::Scene;

/// Cells along a block of the pictures that are compared: large enough that noise averages out.
const BLOCK: usize = 4;
/// Blocks by which the view may have moved meanwhile.
const REACH: isize = 2;
/// Codes (standard deviation of the blocks' relief) under which a picture is too flat to tell.
const FLAT: f32 = 2.0;
/// Correlation of the relief of two pictures of one place, whatever lights it; of two places it is within 0.2 of zero.
const SAME: f32 = 0.35;

/// Whether the luma means `now` may show the place of `before`.
pub fn same_view(before: &[u8], now: &[u8], grid: Grid) -> bool {
    let (a, b) = (Relief::of(before, grid), Relief::of(now, grid));
    if a.deviation() < FLAT || b.deviation() < FLAT {
        return true;
    }
    let shifts = -REACH..=REACH;
    shifts
        .clone()
        .flat_map(|y| shifts.clone().map(move |x| (x, y)))
        .any(|(x, y)| a.correlation(&b, x, y) >= SAME)
}

/// Blocks of a picture less the mean of their neighbours: what stays when the light changes.
struct Relief {
    data: Vec<f32>,
    cols: usize,
    rows: usize,
}

impl Relief {
    fn of(codes: &[u8], grid: Grid) -> Self {
        let means = Picture::shrink(codes, grid, BLOCK);
        let (cols, rows) = (means.cols, means.rows);
        let mut data = Vec::new();
        for y in 1..rows.saturating_sub(1) {
            for x in 1..cols.saturating_sub(1) {
                let across = means.at(x - 1, y) + means.at(x + 1, y);
                let around = across + means.at(x, y - 1) + means.at(x, y + 1);
                data.push(means.at(x, y) - around / 4.0);
            }
        }
        Self {
            data,
            cols: cols.saturating_sub(2),
            rows: rows.saturating_sub(2),
        }
    }

    fn deviation(&self) -> f32 {
        let n = self.data.len().max(1) as f32;
        (self.data.iter().map(|v| v * v).sum::<f32>() / n).sqrt()
    }

    /// Of this picture with the other, moved by so many blocks.
    fn correlation(&self, other: &Self, dx: isize, dy: isize) -> f32 {
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for y in 0..self.rows {
            for x in 0..self.cols {
                let (u, v) = (x as isize + dx, y as isize + dy);
                if u < 0 || v < 0 || u as usize >= other.cols || v as usize >= other.rows {
                    continue;
                }
                let a = self.data[y * self.cols + x];
                let b = other.data[v as usize * other.cols + u as usize];
                ab += a * b;
                aa += a * a;
                bb += b * b;
            }
        }
        ab / (aa * bb).sqrt().max(1e-6)
    }
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
        let mut scene = self.clone();
        for f in scene.frames.iter_mut().filter(|f| f.shot != number) {
            f.aligned = false;
        }
        Some((scene, span))
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
