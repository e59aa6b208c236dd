//! The textured points of one picture, each looked for by itself in others: what goes its own way is not where the scene has it.

use std::borrow::Cow;

use super::picture::{Picture, Point, dense_points, noise};
use super::refine::refine;
use super::{Alignment, Similarity};
use crate::locate::cells::Grid;

/// Farthest in cells, to each side, that a thing is looked for from where it was a frame before: 16 px of a picture of 640 px, which
/// a hand moves in 1/30 s at 50 cm/s in a picture 70 cm wide.
const REACH: i32 = 4;
/// The same at most, of one that was lost for some frames.
const FAR: i32 = 12;
/// Misfit (0 perfect, 1 nothing fits) that a jump by one cell must save to be believed: a fiftieth of the points fit a wrong place
/// better by chance.
const JUMP_COST: f64 = 0.02;
/// Fewest points of a thing: they fix a shift with some to spare.
pub const FEWEST: usize = 12;
/// Most points of a thing that are compared: they fix a shift to hundredths of a cell.
const ENOUGH: usize = 250;
/// Share of the points that must fit for a thing to be found: of marks of which many may be of something else, and of its surface.
const SOME: f64 = 0.3;
const MOST: f64 = 0.6;
/// Share of the frames in which a point must be in the picture to be judged.
const SEEN: f64 = 0.5;
/// Steps in cells by which a shift is settled: from a cell to what lamps of some cells are measured within.
const SETTLING: [f64; 3] = [0.75, 0.5, 0.25];
/// By how much of itself the brightness of a surface changes with how it is held and what lights it.
const SHADE: f32 = 0.1;

/// Textured points of a picture, one of every two cells squared at most.
pub struct Marks {
    grid: Grid,
    picture: Picture,
    noise: f32,
    points: Vec<Point>,
}

/// A frame in which marks are looked for.
pub struct View<'a> {
    /// Its luma means.
    pub luma: Cow<'a, [u8]>,
    /// Where the picture of the marks lies in it, and its exposure against that.
    pub motion: Similarity,
    pub gain: f64,
}

/// What a thing is followed by.
pub enum Clues<'a> {
    /// Some marks, of which many may be of what it moves before: only those count that are not where the scene has them.
    Marks(&'a [usize]),
    /// All that these cells, in ascending order, show.
    Surface(&'a [usize]),
}

impl Point {
    /// Whether it is there in a picture; `None` outside.
    fn fits(&self, picture: &Picture, motion: &Similarity, gain: f64) -> Option<bool> {
        let (x, y) = motion.apply(f64::from(self.x), f64::from(self.y));
        let v = picture.sample(x, y)?;
        Some((v - gain as f32 * self.value).abs() < self.tolerance)
    }
}

impl Marks {
    /// Of the luma means `y` of a frame.
    pub fn of(y: &[u8], grid: Grid) -> Self {
        let (picture, noise) = (Picture::shrink(y, grid, 1), noise(y, None, grid));
        Self {
            grid,
            points: dense_points(&picture, noise),
            picture,
            noise,
        }
    }

    pub fn count(&self) -> usize {
        self.points.len()
    }

    /// The cell that mark `i` lies in.
    pub fn cell(&self, i: usize) -> usize {
        let p = &self.points[i];
        p.y as usize * self.grid.cols + p.x as usize
    }

    /// Of each the share of some frames in which it is not where it should be; `None` where it was hardly ever in the picture.
    pub fn missing<'a>(&self, frames: impl Iterator<Item = View<'a>>) -> Vec<Option<f64>> {
        let mut counts = vec![(0.0, 0.0); self.points.len()];
        let mut n = 0.0;
        for f in frames {
            n += 1.0;
            let picture = Picture::shrink(&f.luma, self.grid, 1);
            for (p, count) in self.points.iter().zip(&mut counts) {
                if let Some(fits) = p.fits(&picture, &f.motion, f.gain) {
                    count.0 += f64::from(u8::from(!fits));
                    count.1 += 1.0;
                }
            }
        }
        let share = |(missing, seen): (f64, f64)| {
            let judged = seen > 0.0 && seen >= SEEN * n;
            judged.then(|| missing / seen)
        };
        counts.into_iter().map(share).collect()
    }

    /// Follows a thing of this picture through frames, from the one of this picture on: where this picture lies in each as the thing
    /// has it; `None` where it was lost. Nothing if it can't be found in `fewest` frames any more.
    pub fn follow<'a>(
        &self,
        clues: &Clues,
        frames: impl ExactSizeIterator<Item = View<'a>>,
        fewest: usize,
    ) -> Option<Vec<Option<Similarity>>> {
        let (points, edges) = (self.points_of(clues), self.edges_of(clues));
        let first = points.first()?;
        let (x, y) = (f64::from(first.x), f64::from(first.y));
        // From where the scene has it, in cells.
        let mut last = (0.0, 0.0);
        let mut lost = 0;
        let least = match clues {
            Clues::Marks(_) => SOME,
            Clues::Surface(_) => MOST,
        };
        let find = |f: View<'a>| {
            let picture = Picture::shrink(&f.luma, self.grid, 1);
            let away: Vec<&Point> = match clues {
                Clues::Marks(_) => points
                    .iter()
                    .filter(|p| p.fits(&picture, &f.motion, f.gain) == Some(false))
                    .collect(),
                Clues::Surface(_) => Vec::new(),
            };
            let clues = if away.len() < FEWEST {
                points.iter().collect()
            } else {
                away
            };
            let reach = (REACH + lost).min(FAR);
            let start = Alignment {
                motion: nearest(&clues, &picture, &f, last, reach),
                gain: f.gain,
                ..Alignment::default()
            };
            let all: Vec<&Point> = clues.iter().copied().chain(&edges).collect();
            let motion = refine(all.iter().copied(), &picture, start, &start).motion;
            let motion = settle(&all, &picture, motion, f.gain);
            let fits = |p: &&&Point| p.fits(&picture, &motion, f.gain) == Some(true);
            let share = clues.iter().filter(fits).count() as f64 / clues.len() as f64;
            let found = share >= least;
            if found {
                let (here, there) = (motion.apply(x, y), f.motion.apply(x, y));
                (last, lost) = ((here.0 - there.0, here.1 - there.1), 0);
            } else {
                lost += 1;
            }
            found.then_some(motion)
        };
        let mut may_be_lost = frames.len().checked_sub(fewest)?;
        let path = frames.map(find).map(|at| {
            if at.is_none() {
                may_be_lost = may_be_lost.checked_sub(1)?;
            }
            Some(at)
        });
        path.collect()
    }

    /// The marks on a surface: what fixes a shift to parts of a cell.
    fn edges_of(&self, clues: &Clues) -> Vec<Point> {
        let Clues::Surface(cells) = clues else {
            return Vec::new();
        };
        let on_it = |i: &usize| cells.binary_search(&self.cell(*i)).is_ok();
        let edges = (0..self.points.len()).filter(on_it);
        edges.map(|i| self.points[i].clone()).collect()
    }

    fn points_of(&self, clues: &Clues) -> Vec<Point> {
        match clues {
            Clues::Marks(marks) => {
                let some = thinned(marks, ENOUGH);
                some.map(|i| self.points[i].clone()).collect()
            }
            Clues::Surface(cells) => {
                let (cols, rows) = (self.grid.cols, self.grid.rows);
                let inner = |i: usize| {
                    let (x, y) = (i % cols, i / cols);
                    (x > 0 && y > 0 && x + 1 < cols && y + 1 < rows).then_some((x, y))
                };
                let some = thinned(cells, ENOUGH);
                some.filter_map(inner)
                    .map(|(x, y)| {
                        let p = self.picture.point(x, y, self.noise);
                        Point {
                            tolerance: p.tolerance + SHADE * p.value,
                            // What is plain tells as much of where it is as what is not.
                            weight: 1.0,
                            ..p
                        }
                    })
                    .collect()
            }
        }
    }
}

/// At most so many of the items, evenly spread.
pub fn thinned<T: Copy>(items: &[T], most: usize) -> impl Iterator<Item = T> {
    let step = items.len().div_ceil(most).max(1);
    items.iter().copied().step_by(step)
}

/// Where the points fit best within so many cells of where they were `last`, both against the scene's motion.
fn nearest(
    points: &[&Point],
    picture: &Picture,
    view: &View,
    last: (f64, f64),
    reach: i32,
) -> Similarity {
    let shifted = |(dx, dy)| {
        view.motion.then(&Similarity {
            dx,
            dy,
            ..Similarity::default()
        })
    };
    let (mut least, mut best) = (f64::INFINITY, last);
    for (v, u) in (-reach..=reach).flat_map(|v| (-reach..=reach).map(move |u| (v, u))) {
        let (u, v) = (f64::from(u), f64::from(v));
        let at = (last.0 + u, last.1 + v);
        let jump = JUMP_COST * u.hypot(v);
        let misfit = misfit(points, picture, &shifted(at), view.gain, least - jump);
        if misfit + jump < least {
            (least, best) = (misfit + jump, at);
        }
    }
    shifted(best)
}

/// The shift near `motion` that fits best, to a quarter of a cell. A plain thing before a plain wall is bounded on each side by
/// points that fit until they leave it: only all sides together fix it, and those on the wrong side of it are no outliers.
fn settle(points: &[&Point], picture: &Picture, motion: Similarity, gain: f64) -> Similarity {
    let mut best = motion;
    let mut least = misfit(points, picture, &best, gain, f64::INFINITY);
    for step in SETTLING {
        let around = best;
        for (v, u) in (-1..=1).flat_map(|v| (-1..=1).map(move |u| (v, u))) {
            let shift = Similarity {
                dx: step * f64::from(u),
                dy: step * f64::from(v),
                ..Similarity::default()
            };
            let there = around.then(&shift);
            let misfit = misfit(points, picture, &there, gain, least);
            if misfit < least {
                (least, best) = (misfit, there);
            }
        }
    }
    best
}

/// Mean robust misfit (0 perfect, 1 nothing fits); infinite as soon as it can't be less than `limit`.
fn misfit(points: &[&Point], picture: &Picture, motion: &Similarity, gain: f64, limit: f64) -> f64 {
    let all: f32 = points.iter().map(|p| p.weight).sum();
    let (mut sum, enough) = (0.0f32, limit as f32 * all);
    for p in points {
        let (x, y) = motion.apply(f64::from(p.x), f64::from(p.y));
        let z = picture
            .sample(x, y)
            .map_or(1.0, |v| (v - gain as f32 * p.value).abs() / p.tolerance);
        sum += p.weight * z.min(1.0);
        if sum > enough {
            return f64::INFINITY;
        }
    }
    f64::from(sum / all)
}
