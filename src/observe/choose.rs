//! Which candidates are measured.

use super::{Eyes, Rect};
use crate::locate::candidates::{Candidate, Origin};
use crate::signal::{Backdrop, Linearizer, Patch, Shine};
use crate::threads;

/// Most places that are measured because they shine, and of those where something changes: the shape of a light that
/// blinks is often clearer from its light than from its change.
const MAX_SHINING: usize = 30;
const MAX_SHINING_THERE: usize = 30;

impl Eyes {
    /// The cells of the first picture within `region` (px as shown) as a candidate.
    pub(super) fn given(&self, region: Rect) -> Option<Candidate> {
        let grid = self.scene.grid;
        let size = grid.size as f64;
        let (w, h) = (
            f64::from(self.info.coded_width),
            f64::from(self.info.coded_height),
        );
        let cells: Vec<(i32, i32)> = (0..grid.cells())
            .map(|i| (i % grid.cols, i / grid.cols))
            .filter(|&(x, y)| {
                let middle = ((x as f64 + 0.5) * size, (y as f64 + 0.5) * size);
                let (u, v) = self.info.orientation.to_shown(middle, w, h);
                let cell = Rect {
                    x: u - 0.5 * size,
                    y: v - 0.5 * size,
                    w: size,
                    h: size,
                };
                region.holds_centre_of(&cell) || cell.holds_centre_of(&region)
            })
            .map(|(x, y)| (x as i32, y as i32))
            .collect();
        (!cells.is_empty()).then(|| Candidate::of_cells(cells))
    }

    /// All that change, what shines at such places, and of those that only shine the ones that look most like lamps: a
    /// picture full of highlights has hundreds, and measuring one costs ten times as much as a look.
    pub(super) fn promising(
        &self,
        found: Vec<Candidate>,
        linear: &Linearizer,
        backdrop: &Backdrop,
    ) -> Vec<Candidate> {
        let always = vec![Some(true); self.scene.frames.len()];
        let changing: Vec<(f64, f64, f64)> = found
            .iter()
            .filter(|c| c.origin == Origin::Change)
            .map(|c| (c.x, c.y, c.radius))
            .collect();
        let changes = |c: &Candidate| {
            changing
                .iter()
                .any(|&(x, y, r)| (x - c.x).hypot(y - c.y) < r.max(c.radius) + 1.0)
        };
        let size = self.scene.grid.size as f64;
        let best = |shining: Vec<Candidate>, most: usize| {
            if shining.len() <= most {
                return shining;
            }
            let emissions = threads::map(&shining, |c| {
                let look = Shine::of(
                    &self.scene,
                    &Patch::of(c, &self.scene),
                    linear,
                    backdrop,
                    &always,
                );
                look.emission(c.radius * size, None, None)
            });
            let mut ranked: Vec<(f64, Candidate)> = emissions.into_iter().zip(shining).collect();
            ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
            ranked.truncate(most);
            ranked.into_iter().map(|r| r.1).collect()
        };
        let (shining, mut kept): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|c| c.origin == Origin::Shine);
        let (there, elsewhere) = shining.into_iter().partition(changes);
        kept.extend(best(there, MAX_SHINING_THERE));
        kept.extend(best(elsewhere, MAX_SHINING));
        kept
    }
}
