//! What a cell and its neighbours did, together.
//!
//! Where the camera moves, a steady edge or glint goes to and fro between neighbours, by far more than a lamp may add.
//! Neither the brightest nor the darkest of a cell and its eight neighbours changes then. A lamp changes the brightest of
//! them or, where it stands against something brighter, the darkest.

use std::ops::Range;

use super::maps::widen;

/// Bounds over time of the brightest and of the darkest of each canvas cell and its neighbours, in codes.
#[derive(Debug, Clone)]
pub struct Around {
    most: [Vec<u8>; 2],
    least: [Vec<u8>; 2],
}

impl Around {
    pub fn new(cells: usize) -> Self {
        let bounds = || [vec![u8::MAX; cells], vec![0; cells]];
        Self {
            most: bounds(),
            least: bounds(),
        }
    }

    /// Adds the brightest codes of one frame for the cells of this range.
    pub fn add_most(&mut self, cells: Range<usize>, codes: &[u8]) {
        let [min, max] = &mut self.most;
        widen(&mut min[cells.clone()], &mut max[cells], codes);
    }

    /// The same of the darkest.
    pub fn add_least(&mut self, cells: Range<usize>, codes: &[u8]) {
        let [min, max] = &mut self.least;
        widen(&mut min[cells.clone()], &mut max[cells], codes);
    }

    /// By how much either changed at cell `i`, the more of the two.
    pub fn range(&self, i: usize) -> u8 {
        let range = |[min, max]: &[Vec<u8>; 2]| max[i].saturating_sub(min[i]);
        range(&self.most).max(range(&self.least))
    }
}

/// Largest and least code within each cell of a frame and its eight neighbours.
pub struct Extremes {
    pub most: Vec<u8>,
    pub least: Vec<u8>,
}

impl Extremes {
    /// Of a plane with rows of `cols` cells.
    pub fn of(codes: &[u8], cols: usize) -> Self {
        let spread = |pick: fn(&mut [u8], &[u8])| {
            let mut along = codes.to_vec();
            for (to, row) in along.chunks_exact_mut(cols).zip(codes.chunks_exact(cols)) {
                pick(&mut to[1..], &row[..cols - 1]);
                pick(&mut to[..cols - 1], &row[1..]);
            }
            let mut both = along.clone();
            let inner = codes.len() - cols;
            pick(&mut both[cols..], &along[..inner]);
            pick(&mut both[..inner], &along[cols..]);
            both
        };
        Self {
            most: spread(|to, other| join(to, other, Ord::max)),
            least: spread(|to, other| join(to, other, Ord::min)),
        }
    }
}

fn join(to: &mut [u8], other: &[u8], pick: impl Fn(u8, u8) -> u8) {
    for (a, &b) in to.iter_mut().zip(other) {
        *a = pick(*a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Range at the middle of 5 x 5 cells that show `frames`.
    fn range(frames: &[[u8; 25]]) -> u8 {
        let mut around = Around::new(25);
        for f in frames {
            let e = Extremes::of(f, 5);
            around.add_most(0..25, &e.most);
            around.add_least(0..25, &e.least);
        }
        around.range(12)
    }

    #[test]
    fn a_glint_that_shakes_changes_nothing_and_a_lamp_does() {
        let at = |i: usize, ground: u8, light: u8| {
            let mut f = [ground; 25];
            f[i] = light;
            f
        };
        assert_eq!(
            range(&[at(12, 40, 200), at(13, 40, 200), at(7, 40, 200)]),
            0
        );
        assert_eq!(range(&[at(12, 40, 200), [40; 25]]), 160);
        // A dark lens in a bright plate that lights up no brighter than the plate.
        assert_eq!(range(&[at(12, 220, 60), at(12, 220, 215)]), 155);
    }

    #[test]
    fn the_neighbourhood_ends_at_the_borders() {
        let mut f = [10; 25];
        f[4] = 99;
        let e = Extremes::of(&f, 5);
        assert_eq!(e.most.iter().filter(|v| **v == 99).count(), 4);
        assert_eq!(e.most[5], 10);
        assert!(e.least.iter().all(|v| *v == 10));
    }
}
