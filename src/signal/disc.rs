//! The whole of a steady lens, of which a piece was found: where the picture shakes, the edge of a wide flat light stands out
//! in more places than its middle.

use super::Linearizer;
use super::blob::{Moments, around, connected, full_area};
use super::patch::{Patch, spread};
use super::reader::{Reader, brightest, mean, readers, share};
use super::ring::MOST_CELLS;
use crate::locate::scene::Scene;
use crate::median::median;

/// Looked at in so many frames.
const FRAMES: usize = 3;
/// Half sizes in cells of the boxes in which a lens is looked for, so that their rims show what it is seen against.
const BOXES: [i32; 4] = [4, 8, 16, 32];
/// Samples of each side of a box.
const SIDE: i32 = 8;
/// Share of the light's brightness over that from which on a cell belongs to it.
const LIT: f32 = 0.5;
/// Least light over what is around, linear: less is noise.
const LEAST: f32 = 0.02;
/// Times as large as the piece: else that is all of it.
const LARGER: f64 = 1.5;
/// Cells below which its shape can't be told.
const LEAST_CELLS: f64 = 12.0;
/// Least ratio of the axes of a lens seen from aside, and of its area to that of an ellipse of these axes: a square has 0.95
/// of it, a cross or a letter less than 0.8.
const LEAST_ROUND: f64 = 0.5;
const LEAST_FILL: f64 = 0.85;

/// The cells (scene coordinates) of the lens that `patch` is a piece of, lit all the time; `None` if it is no piece, or of
/// nothing round.
pub fn disc(scene: &Scene, linear: &Linearizer, patch: &Patch) -> Option<Vec<(f64, f64)>> {
    let frames: Vec<usize> = (0..scene.frames.len()).collect();
    let on = readers(scene, linear, spread(&frames, FRAMES));
    let ((x, y), full) = brightest(&on, patch)?;
    let middle = (x.round() as i32, y.round() as i32);
    BOXES.iter().find_map(|&half| {
        let ground = rim(&on, middle, half)?;
        if (0..3).all(|k| full[k] - ground[k] < LEAST) {
            return None;
        }
        let share = share(full, ground);
        let away = |x: i32, y: i32| (x - middle.0).abs().max((y - middle.1).abs());
        let belongs = |x: i32, y: i32| {
            let near = away(x, y) <= half;
            let light = || mean(&on, f64::from(x), f64::from(y));
            near && light().is_some_and(|c| share(c) >= LIT)
        };
        let cells = connected([middle], &around(1), MOST_CELLS, belongs)?;
        // What goes on beyond the rim is no lens before it.
        if cells.iter().any(|c| away(c.0 as i32, c.1 as i32) == half) {
            return None;
        }
        let axes = Moments::of(cells.iter().copied()).along_axes();
        let n = cells.len() as f64;
        let whole = n >= (LARGER * patch.region.len() as f64).max(LEAST_CELLS)
            && (axes[1] / axes[0]).sqrt() >= LEAST_ROUND
            && n >= LEAST_FILL * full_area(axes);
        whole.then_some(cells)
    })
}

/// Median light of the rim of a box; `None` where half of it is outside the picture.
fn rim(readers: &[Reader], (x, y): (i32, i32), half: i32) -> Option<[f32; 3]> {
    let along = (0..SIDE).map(|k| (2 * k - SIDE) * half / SIDE);
    let at = along.flat_map(|d| [(d, -half), (half, d), (-d, half), (-half, -d)]);
    let seen: Vec<[f32; 3]> = at
        .filter_map(|(dx, dy)| mean(readers, f64::from(x + dx), f64::from(y + dy)))
        .collect();
    if seen.len() < 2 * SIDE as usize {
        return None;
    }
    let mut values: Vec<f32> = Vec::with_capacity(seen.len());
    Some(std::array::from_fn(|k| {
        values.clear();
        values.extend(seen.iter().map(|c| c[k]));
        median(&mut values, f32::total_cmp).unwrap_or(0.0)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{ColorInfo, Frame};

    /// Middle of what is lit, in px.
    const AT: (f64, f64) = (200.0, 140.0);

    /// How many cells of a picture of 400 x 300 px that is lit where `shines` says are the lens of the piece at `from`.
    fn found(from: (f64, f64), shines: impl Fn(f64, f64) -> bool) -> Option<usize> {
        let mut scene = Scene::new(400, 300);
        let mut frame = Frame::default();
        frame.y.resize(400, 300);
        for (i, v) in frame.y.data.iter_mut().enumerate() {
            let (x, y) = ((i % 400) as f64 - AT.0, (i / 400) as f64 - AT.1);
            *v = if shines(x, y) {
                200
            } else {
                60 + (i / 3 % 5) as u8
            };
        }
        for i in 0..6 {
            scene.push(&frame, f64::from(i) / 30.0);
        }
        let piece = Patch::at((AT.0 + from.0, AT.1 + from.1), &scene);
        let cells = disc(&scene, &Linearizer::new(ColorInfo::default()), &piece)?;
        let size = scene.grid.size as f64;
        Some((cells.len() as f64 * size * size) as usize)
    }

    #[test]
    fn the_whole_of_a_lens_is_found_from_its_edge() {
        for radius in [14.0, 25.0, 35.0] {
            let area = found((0.7 * radius, 0.0), |x, y| x.hypot(1.2 * y) < radius);
            let want = std::f64::consts::PI * radius * radius / 1.2;
            let area = area.expect("a lens") as f64;
            assert!(
                (0.85..1.15).contains(&(area / want)),
                "{area} px, not {want}"
            );
        }
    }

    #[test]
    fn what_is_long_hollow_or_no_larger_than_the_piece_is_no_lens_of_it() {
        let bar = |x: f64, y: f64| x.abs() < 40.0 && y.abs() < 10.0;
        let cross = |x: f64, y: f64| x.abs().min(y.abs()) < 8.0 && x.abs().max(y.abs()) < 40.0;
        let small = |x: f64, y: f64| x.hypot(y) < 4.0;
        assert_eq!(found((30.0, 0.0), bar), None);
        assert_eq!(found((30.0, 0.0), cross), None);
        assert_eq!(found((0.0, 0.0), small), None);
        assert_eq!(found((0.0, 0.0), |_, _| true), None);
    }
}
