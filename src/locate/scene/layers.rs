//! Things that go their own way (layers of motion: Wang and Adelson 1994): a device that is held before the camera.
//!
//! Textured points of the first picture that are elsewhere in many frames show that there is such a thing. Those of one group are
//! followed; those that prove to go with it, and leave where they were when it does, give its outline; then all that is within
//! that is followed together.

use std::collections::BTreeSet;

use super::area::Area;
use super::{Scene, SceneFrame};
use crate::locate::cells::Channel;
use crate::locate::motion::{Clues, FEWEST_MARKS, Marks, Similarity, View, thinned};

/// Frames that are looked at, evenly spread, to see whether anything is elsewhere, and then what: a share of a third is known to a
/// tenth, and to a thirtieth.
const GLANCES: usize = 24;
const LOOKS: usize = 160;
/// Share of these in which a point must be elsewhere to be followed: who walks past hides it for less.
const ELSEWHERE: f64 = 0.3;
/// Share of the frames in which a thing must be found at first, and when it is followed by all of it; and share of those in which a
/// point of it may be missed: blurred, in a hand's shadow. What blinks where it is, is missed in more.
const HOLDS: f64 = 0.5;
const HOLDS_ALL: f64 = 0.9;
const STRAYS: f64 = 0.3;
/// Cells (root mean square over the frames) by which it must be away from the scene: what is within that is one lamp in both.
const OWN_WAY: f64 = 1.0;
/// Cells by which it must be away in a frame for its texture to be so, too; and the share of such frames in which a point of it must be
/// missed where the scene has it. What lies beside it is covered in fewer, when it comes that way.
const AWAY: f64 = 2.0;
const LEAVES: f64 = 0.6;
/// Cells within which points that are elsewhere are of one thing, and within which those are that go with it: plain surface lies
/// between them.
const NEAR: usize = 3;
const SPARSE: usize = 9;
/// Cells per s that what is followed moves at most: half the picture's width. What leaps is found here and there by chance: things in
/// a hand that one films sway by a tenth of that.
const FASTEST: f64 = 75.0;
/// Share of its points that must be found again when it is followed by its surface.
const CONFIRMED: f64 = 0.7;
/// A thing that fills more of the picture than this is the scene before which another moves.
const MOST_OF_PICTURE: f64 = 0.5;
/// Most groups of points that are tried, times that one is followed, and layers that are looked at: each costs about as much as the
/// first look at the scene.
const MOST_TRIED: usize = 6;
const MOST_TIMES: usize = 5;
const MOST_LAYERS: usize = 3;

impl Scene {
    /// Whether a place belongs to what this scene shows.
    pub fn holds(&self, x: f64, y: f64) -> bool {
        self.area.as_ref().is_none_or(|a| a.holds(x, y))
    }

    /// What this is of, if it is a layer of another scene.
    pub fn area(&self) -> Option<&Area> {
        self.area.as_ref()
    }

    /// Whether this layer of `scene` lies over a place of that in frame `i`.
    pub fn hides(&self, scene: &Self, i: usize, x: f64, y: f64) -> bool {
        let (u, v) = scene.frames[i].motion.apply(x, y);
        let (u, v) = self.frames[i].motion.inverse().apply(u, v);
        self.frames[i].aligned && self.holds(u, v)
    }

    /// The scene again, once for each thing that goes its own way, as that thing sees it.
    pub fn layers(&self) -> Vec<Self> {
        let first = self.frames.iter().find(|f| f.aligned);
        // Its cells are the scene's.
        let Some(first) = first.filter(|f| f.motion == Similarity::default()) else {
            return Vec::new();
        };
        let search = Search {
            scene: self,
            marks: Marks::of(&first.cells.channel(Channel::YMean), self.grid),
        };
        if search
            .largest_group(&search.elsewhere(GLANCES), NEAR)
            .is_none()
        {
            return Vec::new();
        }
        let mut left = search.elsewhere(LOOKS);
        let mut layers = Vec::new();
        for _ in 0..MOST_TRIED {
            if layers.len() == MOST_LAYERS {
                break;
            }
            let Some(group) = search.largest_group(&left, NEAR) else {
                break;
            };
            let found = search.layer(&group, &left);
            left.retain(|i| !group.contains(i));
            if let Some((layer, marks)) = found {
                left.retain(|i| !marks.contains(i));
                layers.push(layer);
            }
        }
        layers
    }
}

impl SceneFrame {
    fn view(&self) -> View<'_> {
        View {
            luma: self.cells.channel(Channel::YMean),
            motion: self.motion,
            gain: self.gain,
        }
    }
}

struct Search<'a> {
    scene: &'a Scene,
    marks: Marks,
}

impl Search<'_> {
    /// The marks that are elsewhere in many of the frames, of which so many are looked at.
    fn elsewhere(&self, looks: usize) -> BTreeSet<usize> {
        let missing = self.missing(self.scene, looks);
        (0..self.marks.count())
            .filter(|&i| missing[i].is_some_and(|m| m >= ELSEWHERE))
            .collect()
    }

    /// In which share of the frames each mark is not where `scene` has it.
    fn missing(&self, scene: &Scene, looks: usize) -> Vec<Option<f64>> {
        let aligned: Vec<&SceneFrame> = scene.frames.iter().filter(|f| f.aligned).collect();
        self.marks
            .missing(thinned(&aligned, looks).map(SceneFrame::view))
    }

    /// The same of the frames in which `layer` has a cell away from there.
    fn left_behind(&self, layer: &Scene, cell: usize) -> Vec<Option<f64>> {
        let away = self.shifts(layer, cell);
        let away = away.filter(|(_, (dx, dy))| dx.hypot(*dy) >= AWAY);
        let away: Vec<&SceneFrame> = away.map(|(here, _)| here).collect();
        self.marks
            .missing(thinned(&away, LOOKS).map(SceneFrame::view))
    }

    /// The scene's frames in which both are aligned, and how far in cells from there a layer has a cell.
    fn shifts<'a>(
        &'a self,
        layer: &'a Scene,
        cell: usize,
    ) -> impl Iterator<Item = (&'a SceneFrame, (f64, f64))> {
        let cols = self.scene.grid.cols;
        let (x, y) = ((cell % cols) as f64, (cell / cols) as f64);
        let both = layer.frames.iter().zip(&self.scene.frames);
        let both = both.filter(|(there, here)| there.aligned && here.aligned);
        both.map(move |(there, here)| {
            let (a, b) = (there.motion.apply(x, y), here.motion.apply(x, y));
            (here, (a.0 - b.0, a.1 - b.1))
        })
    }

    /// What some marks that are near each other go with, and those of them and of the `others` that do.
    fn layer(
        &self,
        group: &BTreeSet<usize>,
        others: &BTreeSet<usize>,
    ) -> Option<(Scene, BTreeSet<usize>)> {
        let all: BTreeSet<usize> = group.union(others).copied().collect();
        let marks: Vec<usize> = group.iter().copied().collect();
        let mut cell = self.marks.cell(*marks.first()?);
        let mut surface: Option<Vec<usize>> = None;
        let mut fewest = 0.0;
        let mut best: Option<(Scene, BTreeSet<usize>)> = None;
        for _ in 0..MOST_TIMES {
            let mut layer = self.followed(&match &surface {
                None => Clues::Marks(&marks),
                Some(cells) => Clues::Surface(cells),
            })?;
            if !self.goes_its_way(&layer, cell, HOLDS) {
                return None;
            }
            let there = self.going_with(&layer, cell, &all)?;
            if (there.len() as f64) < fewest {
                break;
            }
            let area = Area::within(there.iter().map(|&i| self.marks.cell(i)), self.scene.grid);
            let cells: Vec<usize> = area.cells().collect();
            if cells.len() as f64 > MOST_OF_PICTURE * self.scene.grid.cells() as f64 {
                return None;
            }
            fewest = CONFIRMED * there.len() as f64;
            cell = self.marks.cell(*there.first()?);
            // At first it was followed by what may not be of it.
            let sure = surface.is_some()
                && self.goes_its_way(&layer, cell, HOLDS_ALL)
                && !self.leaps(&layer, cell);
            let better = best.as_ref().is_none_or(|b| there.len() > b.1.len());
            if sure && better {
                layer.area = Some(area);
                best = Some((layer, there));
            } else if best.is_some() {
                break;
            }
            surface = Some(cells);
        }
        best
    }

    /// The scene as what `clues` show has it; `None` of what is not found in [`HOLDS`] of the frames.
    fn followed(&self, clues: &Clues) -> Option<Scene> {
        let mut layer = self.scene.clone();
        let views = self.scene.frames.iter().map(SceneFrame::view);
        let aligned = self.scene.frames.iter().filter(|f| f.aligned).count();
        let fewest = (HOLDS * aligned as f64).ceil() as usize;
        let path = self.marks.follow(clues, views, fewest)?;
        for (f, motion) in layer.frames.iter_mut().zip(path) {
            f.aligned &= motion.is_some();
            f.motion = motion.unwrap_or(f.motion);
        }
        Some(layer)
    }

    /// Whether a layer has a cell away from where the scene has it, and is found in at least such a share of the frames.
    fn goes_its_way(&self, layer: &Scene, cell: usize, least: f64) -> bool {
        let shifts = self.shifts(layer, cell);
        let squares: Vec<f64> = shifts.map(|(_, (dx, dy))| dx * dx + dy * dy).collect();
        let n = squares.len() as f64;
        let all = self.scene.frames.iter().filter(|f| f.aligned).count();
        n >= least * all as f64 && squares.iter().sum::<f64>() >= OWN_WAY * OWN_WAY * n
    }

    /// Whether a layer has a cell, against the scene, move faster than things are held.
    fn leaps(&self, layer: &Scene, cell: usize) -> bool {
        let shifts: Vec<_> = self.shifts(layer, cell).collect();
        shifts.windows(2).any(|w| {
            let [(before, a), (now, b)] = [w[0], w[1]];
            (b.0 - a.0).hypot(b.1 - a.1) > FASTEST * (now.time_s - before.time_s)
        })
    }

    /// Which of the marks go with a layer, of which one cell is known; `None` if they are too few.
    fn going_with(
        &self,
        layer: &Scene,
        cell: usize,
        marks: &BTreeSet<usize>,
    ) -> Option<BTreeSet<usize>> {
        let (there, here) = (self.missing(layer, LOOKS), self.left_behind(layer, cell));
        let goes = |&i: &usize| {
            there[i].is_some_and(|m| m <= STRAYS) && here[i].is_some_and(|m| m >= LEAVES)
        };
        self.largest_group(&marks.iter().copied().filter(goes).collect(), SPARSE)
    }

    /// The most marks that lie `near` each other, in cells; `None` if they are too few for a thing.
    fn largest_group(&self, marks: &BTreeSet<usize>, near: usize) -> Option<BTreeSet<usize>> {
        let grid = self.scene.grid;
        let mut at = vec![None; grid.cells()];
        for &i in marks {
            at[self.marks.cell(i)] = Some(i);
        }
        let mut largest = BTreeSet::new();
        for &i in marks {
            let mut open: Vec<usize> = at[self.marks.cell(i)].take().into_iter().collect();
            let mut group = BTreeSet::new();
            while let Some(i) = open.pop() {
                group.insert(i);
                let cell = self.marks.cell(i);
                let (x, y) = (cell % grid.cols, cell / grid.cols);
                for v in y.saturating_sub(near)..(y + near + 1).min(grid.rows) {
                    for u in x.saturating_sub(near)..(x + near + 1).min(grid.cols) {
                        open.extend(at[v * grid.cols + u].take());
                    }
                }
            }
            if group.len() > largest.len() {
                largest = group;
            }
        }
        (largest.len() >= FEWEST_MARKS).then_some(largest)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::super::Scene;
    use crate::locate::motion::Similarity;
    use crate::source::Frame;

    /// 3 s of a dark device of 80 x 60 px with a pale plate on it, `held` px from the middle of the picture before a wall that is
    /// filmed `dx` px from where it was.
    fn film(held: fn(f64) -> (f64, f64), dx: fn(f64) -> f64) -> Scene {
        let mut scene = Scene::new(320, 240);
        for t in (0..90).map(|i| f64::from(i) / 30.0) {
            let frame = Frame::waves(dx(t), |x, y, waves| {
                let (u, v) = (x - 160.0 - held(t).0, y - 120.0 - held(t).1);
                if u.abs() < 12.0 && (v + 10.0).abs() < 6.0 {
                    90.0
                } else if u.abs() < 40.0 && v.abs() < 30.0 {
                    40.0
                } else {
                    Frame::bricks(x, y, waves)
                }
            });
            scene.push(&frame, t);
        }
        scene
    }

    fn swaying(t: f64) -> (f64, f64) {
        (24.0 * (TAU * 0.5 * t).sin(), 14.0 * (TAU * 0.7 * t).sin())
    }

    #[test]
    fn what_is_held_before_a_wall_is_followed_by_itself() {
        let scene = film(swaying, |_| 0.0);
        assert!(!scene.moves(), "the wall stands still");
        let layers = scene.layers();
        let [layer] = &layers[..] else {
            panic!("{} layers", layers.len());
        };
        let size = scene.grid.size as f64;
        let middle = (160.0 / size, 120.0 / size);
        assert!(layer.holds(middle.0, middle.1));
        assert!(!layer.holds(20.0, 20.0));
        for (i, f) in layer.frames.iter().enumerate() {
            let (x, y) = f.motion.apply(middle.0, middle.1);
            let (dx, dy) = ((x - middle.0) * size, (y - middle.1) * size);
            let want = swaying(f.time_s);
            let off = (dx - want.0).hypot(dy - want.1);
            assert!(f.aligned && off < 2.0, "{off} px at {} s", f.time_s);
            // The wall beside it is seen, that behind it is not.
            assert!(layer.hides(
                &scene,
                i,
                middle.0 + want.0 / size,
                middle.1 + want.1 / size
            ));
            assert!(!layer.hides(&scene, i, 10.0, 10.0));
        }
    }

    #[test]
    fn what_moves_with_the_scene_is_no_layer() {
        let stands = film(|_| (0.0, 0.0), |_| 0.0);
        assert!(stands.layers().is_empty());
        let shakes = film(|_| (0.0, 0.0), |t| 9.0 * (TAU * 0.8 * t).sin());
        assert!(
            shakes
                .frames
                .iter()
                .any(|f| f.motion != Similarity::default())
        );
        assert!(shakes.layers().is_empty());
    }
}
