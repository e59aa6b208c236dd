//! Where the scene of one frame lies in another: camera shake, drift, roll and zoom, and exposure.
//!
//! The picture is cut into tiles. Each finds by itself where its textured points went and how sure it is of that, along
//! and across its edges (Lucas and Kanade 1981, with a gain of its own). Then the tiles vote: the motion that most of them
//! agree with is the camera's, whatever the others do. A passing person, a screen or a parrot before the lens outweighs
//! the background in points and in contrast, but not in tiles that all moved alike.

mod marks;
mod picture;
mod refine;
mod search;
mod solve;
mod tiles;
mod vote;

use super::cells::Grid;
pub use marks::{Clues, FEWEST as FEWEST_MARKS, Marks, View, thinned};
pub(super) use picture::{Picture, noise};
use picture::{Point, textured_points};
use refine::refine;
use search::search;
use tiles::{IN_HAND, Tile, Votes};

/// Fewest points that say anything.
const MIN_POINTS: usize = 12;
/// Gauss-Newton stops here; steps shrink about tenfold each.
const MAX_STEPS: usize = 5;
/// A step smaller than this, in cells, changes no sample noticeably.
const STEP_TOLERANCE: f64 = 0.02;
/// Block size in cells of the coarse level.
const COARSE: usize = 4;
/// Misfit (squared standard deviations) that a jump must save: as much as the best of the search's 169 places saves by luck,
/// 2 ln 169.
const LUCK: f64 = 10.0;
/// With this share of the tiles in agreement near the last frame's alignment no farther one is looked for.
const SETTLED: f64 = 0.7;

/// A similarity transform of cell coordinates: `x' = (1+a) x - b y + dx`, `y' = b x + (1+a) y + dy`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Similarity {
    pub a: f64,
    pub b: f64,
    pub dx: f64,
    pub dy: f64,
}

impl Similarity {
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (
            (1.0 + self.a) * x - self.b * y + self.dx,
            self.b * x + (1.0 + self.a) * y + self.dy,
        )
    }

    /// First `self`, then `next`.
    pub fn then(&self, next: &Self) -> Self {
        let (dx, dy) = next.apply(self.dx, self.dy);
        let (p, q) = (1.0 + self.a, 1.0 + next.a);
        Self {
            a: p * q - self.b * next.b - 1.0,
            b: self.b * q + p * next.b,
            dx,
            dy,
        }
    }

    pub fn inverse(&self) -> Self {
        let p = 1.0 + self.a;
        let n = p * p + self.b * self.b;
        let (ia, ib) = (p / n, -self.b / n);
        Self {
            a: ia - 1.0,
            b: ib,
            dx: -(ia * self.dx - ib * self.dy),
            dy: -(ib * self.dx + ia * self.dy),
        }
    }
}

/// The alignment of one frame.
#[derive(Debug, Clone, Copy)]
pub struct Alignment {
    /// From reference cells to cells of the frame.
    pub motion: Similarity,
    /// Codes above black as a multiple of the reference's.
    pub gain: f64,
    /// Share of the textured tiles that agree, 0..1; low after a cut, under motion blur, or without texture.
    pub agreement: f64,
    /// Evidence so far that the camera moves, in squared standard deviations beyond chance.
    pub movement: f64,
}

impl Alignment {
    /// To a reference that is this very frame.
    pub fn afresh(&self) -> Self {
        Self {
            movement: self.movement,
            ..Self::default()
        }
    }
}

impl Default for Alignment {
    fn default() -> Self {
        Self {
            motion: Similarity::default(),
            gain: 1.0,
            agreement: 0.0,
            movement: 0.0,
        }
    }
}

/// A reference frame prepared for alignment.
#[derive(Clone)]
pub struct Reference {
    coarse: Vec<Point>,
    tiles: Vec<Tile>,
    grid: Grid,
}

impl Reference {
    /// Prepares the luma means `y` of a frame; `before` are those of the frame before, if there is one.
    pub fn new(y: &[u8], before: Option<&[u8]>, grid: Grid) -> Self {
        let noise = noise(y, before, grid);
        let coarse = Picture::shrink(y, grid, COARSE);
        Self {
            coarse: tiles::balanced(textured_points(&coarse, noise / COARSE as f32), &coarse),
            tiles: tiles::cut(&Picture::shrink(y, grid, 1), noise),
            grid,
        }
    }

    /// Nothing in it shows motion.
    pub fn is_flat(&self) -> bool {
        let tiles = self.tiles.iter().filter(|t| t.may_vote());
        tiles.map(|t| t.points.len()).sum::<usize>() < MIN_POINTS
    }

    /// Aligns the luma means `y` of a frame; `last` is the frame before's alignment.
    pub fn align(&self, y: &[u8], last: &Alignment) -> Alignment {
        self.look(y, last).0
    }

    /// The same of another picture than the reference's own, and learns which of the tiles are texture.
    pub fn learn(&mut self, y: &[u8], last: &Alignment) -> Alignment {
        let (found, votes) = self.look(y, last);
        votes.tell(&mut self.tiles);
        found
    }

    fn look(&self, y: &[u8], last: &Alignment) -> (Alignment, Votes) {
        let fine = Picture::shrink(y, self.grid, 1);
        let near = Votes::cast(&self.tiles, &fine, last);
        let (found, misfit) = near.count(last);
        if found.agreement < SETTLED {
            let coarse = Picture::shrink(y, self.grid, COARSE);
            let start = Alignment {
                motion: search(&self.coarse, &coarse, last),
                ..*last
            };
            if start.motion != last.motion {
                let far = Votes::cast(&self.tiles, &fine, &start);
                let (farther, other) = far.count(last);
                if other + LUCK < misfit {
                    return (self.refined(&fine, &far, farther, last), far);
                }
            }
        }
        (self.refined(&fine, &near, found, last), near)
    }

    /// Of a camera in a hand, with the points of all tiles but those that moved by themselves.
    fn refined(
        &self,
        fine: &Picture,
        votes: &Votes,
        found: Alignment,
        last: &Alignment,
    ) -> Alignment {
        if found.movement < IN_HAND {
            return found;
        }
        let against = votes.against(&found.motion);
        let points = self
            .tiles
            .iter()
            .filter(|t| t.is_texture(0.0) && !against.contains(&t.number))
            .flat_map(|t| &t.points);
        refine(points, fine, found, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid::VGA;

    /// A smooth texture, seen through `m` (reference to frame) with a gain.
    fn scene(m: Similarity, gain: f64) -> Vec<u8> {
        let back = m.inverse();
        let mut out = Vec::new();
        for y in 0..GRID.rows {
            for x in 0..GRID.cols {
                let (u, v) = back.apply(x as f64, y as f64);
                let t = (u * 0.21).sin() + (v * 0.17).cos() + ((u + 2.0 * v) * 0.09).sin();
                out.push((16.0 + gain * (84.0 + 25.0 * t)).round() as u8);
            }
        }
        out
    }

    /// Aligned again and again, as over frames: roll and zoom come in by small steps.
    fn settled(reference: &Reference, frame: &[u8]) -> Alignment {
        (0..12).fold(Alignment::default(), |last, _| {
            reference.align(frame, &last)
        })
    }

    fn distance(a: &Similarity, b: &Similarity) -> f64 {
        [(20.0, 20.0), (140.0, 20.0), (80.0, 100.0)]
            .iter()
            .map(|&(x, y)| {
                let (p, q) = (a.apply(x, y), b.apply(x, y));
                (p.0 - q.0).hypot(p.1 - q.1)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn shift_roll_zoom_and_gain_are_found_to_a_tenth_of_a_cell() {
        let reference = Reference::new(&scene(Similarity::default(), 1.0), None, GRID);
        let truth = Similarity {
            a: 0.006,
            b: -0.008,
            dx: 3.4,
            dy: -2.3,
        };
        let found = settled(&reference, &scene(truth, 0.8));
        assert!(distance(&found.motion, &truth) < 0.1, "{found:?}");
        assert!((found.gain - 0.8).abs() < 0.02, "{found:?}");
        assert!(found.agreement > 0.8);
    }

    #[test]
    fn a_passing_block_does_not_drag_the_scene_along() {
        let still = scene(Similarity::default(), 1.0);
        let reference = Reference::new(&still, None, GRID);
        let mut frame = still;
        for y in 20..90 {
            for x in 60..100 {
                frame[y * GRID.cols + x] = 200;
            }
        }
        let found = settled(&reference, &frame);
        assert!(
            distance(&found.motion, &Similarity::default()) < 0.1,
            "{found:?}"
        );
    }

    #[test]
    fn without_texture_the_guess_stands() {
        let flat = vec![50u8; GRID.cells()];
        let reference = Reference::new(&flat, None, GRID);
        let found = reference.align(&flat, &Alignment::default());
        assert_eq!(found.motion, Similarity::default());
        assert!(reference.is_flat());
    }

    #[test]
    fn inverse_undoes() {
        let m = Similarity {
            a: 0.1,
            b: 0.2,
            dx: 5.0,
            dy: -3.0,
        };
        assert!(distance(&m.then(&m.inverse()), &Similarity::default()) < 1e-9);
        let n = Similarity {
            a: -0.05,
            b: 0.1,
            dx: 1.0,
            dy: 2.0,
        };
        let (x, y) = m.apply(3.0, 4.0);
        let want = n.apply(x, y);
        let got = m.then(&n).apply(3.0, 4.0);
        assert!((want.0 - got.0).abs() + (want.1 - got.1).abs() < 1e-9);
    }
}
