//! What a light burns out.

use super::Linearizer;
use super::blob::{BESIDE, connected};
use super::patch::spread;
use super::reader::Reader;
use super::shine::Shape;
use crate::locate::scene::Scene;

/// A light that burns out more than this share of the picture has no middle there.
const MAX_BURNT: f64 = 0.2;

/// Ratio of the axes below which two lights burn into each other, and that of a few cells, which tell nothing.
const MIN_ROUND: f64 = 0.6;
const UNDECIDED: f64 = 0.5;
/// Looked at in so many lit and dark frames: another light beside it is then seen to switch at other times.
const FRAMES: usize = 8;

/// The cells (scene coordinates) as bright as `least` (linear) whenever the light is lit and never while it is dark, and
/// connected to those of `core`: of a light that burns out, all that it burns out, whatever lay there. `None` if it is
/// never dark, or if that is too wide or too long for one light.
pub fn burnt_out(
    scene: &Scene,
    linear: &Linearizer,
    core: &[(f64, f64)],
    lit: &[Option<bool>],
    least: f32,
) -> Option<Vec<(f64, f64)>> {
    // Next to a switch the shutter or the codec shows both.
    let amid = |on: bool| {
        let frames: Vec<usize> = (1..lit.len().saturating_sub(1))
            .filter(|&i| lit[i - 1..=i + 1] == [Some(on); 3])
            .collect();
        spread(&frames, FRAMES)
    };
    let (on, off) = (amid(true), amid(false));
    if on.is_empty() || off.is_empty() {
        return None;
    }
    let bright = |i: usize, x: f64, y: f64| {
        let c = Reader::new(scene.grid, &scene.frames[i], linear).rgb(x, y);
        c.map(|c| c.into_iter().fold(0.0, f32::max) >= least)
    };
    let burns = |x: i32, y: i32| {
        let (x, y) = (f64::from(x), f64::from(y));
        on.iter().all(|&i| bright(i, x, y) != Some(false))
            && off.iter().all(|&i| bright(i, x, y) == Some(false))
    };
    let core = core.iter().map(|c| (c.0 as i32, c.1 as i32));
    let most = (MAX_BURNT * scene.grid.cells() as f64) as usize;
    let blob = connected(core, &BESIDE, most, burns)?;
    let roundness = Shape::of(blob.iter().copied()).roundness(UNDECIDED);
    (roundness >= MIN_ROUND).then_some(blob)
}
