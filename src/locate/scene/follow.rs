//! A frame more: where it shows the scene, whether it does, and whether it still is the same place.

use std::ops::Range;
use std::sync::Arc;

use super::{Scene, SceneFrame, View};
use crate::locate::cells::Channel;
use crate::locate::motion::{Alignment, Reference, Similarity, noise};
use crate::locate::packed::Cells;
use crate::locate::shots::same_view;
use crate::source::Frame;

/// Agreement under which a frame's alignment is not believed.
const MIN_AGREEMENT: f64 = 0.3;
/// Agreement from which on it is surely the same view: most of it. A third may agree by chance with quite another.
const SURE_AGREEMENT: f64 = 0.5;
/// So many frames in a row that do not align mean a new view, not a blur: a hand's jerk lasts a few frames.
const LOST_FRAMES: usize = 4;
/// Share of the picture by which the view may move before a fresh reference is taken.
const MAX_SHIFT: f64 = 0.25;
/// Exposure, as a multiple of the reference's, from which on a fresh one is taken: this picture shows what was rounded away
/// in that one.
const MAX_GAIN: f64 = 1.25;
/// Codes by which a cell is brighter beyond coding, at least, and in standard deviations of the noise of a picture (of two
/// 2.8 of theirs), and the share of the picture that may be so where a light went off.
const NOTICED: f32 = 4.0;
const NOISES: f32 = 4.0;
const HARDLY: f64 = 0.25;
/// Cells by which the view may have moved during frames that did not align, to know where it was in between.
const BRIDGED_CELLS: f64 = 3.0;

impl Scene {
    /// Pools, aligns and stores a frame.
    pub fn push(&mut self, frame: &Frame, time_s: f64) {
        self.color = frame.color;
        let cells = match &frame.cells {
            Some(cells) => Arc::clone(cells),
            None => Arc::new(self.pooler.pool(frame)),
        };
        let luma = cells.channel(Channel::YMean);
        let alignment = match &mut self.reference {
            Some(reference) => reference.learn(luma, &self.last),
            None => {
                let reference = Reference::new(luma, None, self.grid);
                self.reference.insert(reference).align(luma, &self.last)
            }
        };
        // A flat reference (a black first picture, a bare wall in the dark) shows no motion: take it as still if it is dark.
        let flat = self.reference.as_ref().is_some_and(Reference::is_flat);
        let mut aligned = match flat {
            true => self.may_be_dark(luma),
            false => alignment.agreement >= MIN_AGREEMENT,
        };
        if !flat && aligned {
            self.lost = 0;
            self.last = alignment;
            self.bridge(
                &self.base.then(&alignment.motion),
                self.base_gain * alignment.gain,
            );
        } else if !flat {
            self.lost += 1;
        }
        let moved = (self.last.motion.dx.abs() / self.grid.cols as f64)
            .max(self.last.motion.dy.abs() / self.grid.rows as f64);
        let brighter = aligned && alignment.gain > MAX_GAIN;
        let blind = flat || self.lost > LOST_FRAMES;
        let shows = if blind || brighter || moved > MAX_SHIFT {
            aligned |= self.renew(luma, blind);
            !self.reference.as_ref().is_some_and(Reference::is_flat)
        } else {
            alignment.agreement >= SURE_AGREEMENT
        };
        let motion = self.base.then(&self.last.motion);
        let gain = self.base_gain * self.last.gain;
        if shows {
            self.view = Some(View {
                cells: Arc::clone(&cells),
                motion,
                gain,
            });
        }
        self.frames.push(SceneFrame {
            time_s,
            cells: Cells::Whole(cells),
            motion,
            gain,
            aligned,
            agreement: alignment.agreement,
            shot: self.shot,
        });
    }

    /// Takes a fresh reference of the luma means `y`. If the camera was `blind` meanwhile, it asks where that lies; returns
    /// whether it was found.
    fn renew(&mut self, y: &[u8], blind: bool) -> bool {
        let before = match self.frames.last().map(|f| &f.cells) {
            Some(Cells::Whole(cells)) => Some(cells.channel(Channel::YMean)),
            _ => None,
        };
        let mut reference = Reference::new(y, before, self.grid);
        if let Some(before) = before {
            self.compare(&mut reference, before);
        }
        self.base = self.base.then(&self.last.motion);
        self.base_gain *= self.last.gain;
        self.last = self.last.afresh();
        self.lost = 0;
        let mut found = false;
        if blind && !reference.is_flat() {
            if self.is_elsewhere(y) {
                self.shot += 1;
                found = true;
            } else if let Some(link) = self.link(&reference) {
                (self.base, self.base_gain) = link;
                found = true;
            }
        }
        if blind {
            self.align_back(y, &reference);
        }
        self.reference = Some(reference);
        found
    }

    /// Has a reference tell its texture from noise by a frame next to it. One that is flat says nothing of that.
    fn compare(&self, reference: &mut Reference, beside: &[u8]) {
        if !reference.is_flat() && !Reference::new(beside, None, self.grid).is_flat() {
            reference.learn(beside, &Alignment::default());
        }
    }

    /// The frames since the last that aligned.
    fn lost_frames(&self) -> Range<usize> {
        let seen = self.frames.iter().rposition(|f| f.aligned);
        seen.map_or(0, |i| i + 1)..self.frames.len()
    }

    /// Where the picture of `reference` lies, from scene cells, and its exposure, by the last picture that showed the place.
    fn link(&self, reference: &Reference) -> Option<(Similarity, f64)> {
        let view = self.view.as_ref()?;
        let found = reference.align(view.cells.channel(Channel::YMean), &self.last);
        (found.agreement >= SURE_AGREEMENT).then(|| {
            let motion = view.motion.then(&found.motion.inverse());
            (motion, view.gain / found.gain)
        })
    }

    /// Aligns the last frames, that did not align to the reference before them, to the one that was taken of `y` after them.
    fn align_back(&mut self, y: &[u8], reference: &Reference) {
        let mut next = self.last;
        let mut after = y.to_vec();
        for i in self.lost_frames().rev() {
            let f = &self.frames[i];
            let luma = f.cells.channel(Channel::YMean).into_owned();
            let found = reference.align(&luma, &next);
            // Dark, and dark before: as still as this.
            let is_flat = || {
                let mut own = Reference::new(&luma, None, self.grid);
                self.compare(&mut own, &after);
                own.is_flat()
            };
            let dark = reference.is_flat() && self.may_be_dark(&luma) && is_flat();
            if found.agreement < SURE_AGREEMENT && !dark {
                return;
            }
            after = luma;
            let f = &mut self.frames[i];
            f.motion = self.base.then(&found.motion);
            f.gain = self.base_gain * found.gain;
            f.agreement = found.agreement;
            f.shot = self.shot;
            f.aligned = true;
            next = found;
        }
    }

    /// Whether luma means `y` in which nothing shows may be the place with its lights off, rather than what covers it: no
    /// brighter than the last picture that showed the place, or hardly anywhere. (A lamp in a drawn clip may be darker than
    /// what it is drawn on.)
    fn may_be_dark(&self, y: &[u8]) -> bool {
        let sum = |y: &[u8]| y.iter().map(|&v| u64::from(v)).sum::<u64>();
        let Some(view) = &self.view else {
            return true;
        };
        let before = view.cells.channel(Channel::YMean);
        if sum(y) <= sum(before) {
            return true;
        }
        let noticed = NOTICED.max(NOISES * noise(y, None, self.grid)) as u8;
        let brighter = y
            .iter()
            .zip(before)
            .filter(|(y, v)| **y > v.saturating_add(noticed));
        brighter.count() as f64 <= HARDLY * y.len() as f64
    }

    /// Whether the luma means `now` show another place than the last picture that surely showed the place.
    fn is_elsewhere(&self, now: &[u8]) -> bool {
        let view = self.view.as_ref();
        view.is_some_and(|v| !same_view(v.cells.channel(Channel::YMean), now, self.grid))
    }

    /// Frames that did not align between two that did, at nearly the same view: the view did not leave, its light
    /// changed (a lamp that floods the picture, the exposure's answer). They lie where the view was.
    fn bridge(&mut self, now: &Similarity, gain: f64) {
        let lost = self.lost_frames();
        let (first, lost) = (lost.start, lost.len());
        if lost == 0 || lost > LOST_FRAMES || first == 0 {
            return;
        }
        let before = self.frames[first - 1].motion;
        let (w, h) = (self.grid.cols as f64, self.grid.rows as f64);
        let moved = [(0.0, 0.0), (w, 0.0), (0.0, h), (w, h)]
            .into_iter()
            .map(|(x, y)| {
                let (a, b) = (before.apply(x, y), now.apply(x, y));
                (a.0 - b.0).hypot(a.1 - b.1)
            })
            .fold(0.0, f64::max);
        if moved > BRIDGED_CELLS {
            return;
        }
        for (k, f) in self.frames[first..].iter_mut().enumerate() {
            let share = (k + 1) as f64 / (lost + 1) as f64;
            let mix = |a: f64, b: f64| a + share * (b - a);
            f.motion = Similarity {
                a: mix(before.a, now.a),
                b: mix(before.b, now.b),
                dx: mix(before.dx, now.dx),
                dy: mix(before.dy, now.dy),
            };
            f.gain = gain;
            f.aligned = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{frame, scene_of};
    use super::*;

    /// Another place.
    fn elsewhere() -> Frame {
        Frame::waves(0.0, |x, y, _| {
            120.0 + 40.0 * ((0.31 * y).sin() + (0.23 * x - 0.1 * y).cos())
        })
    }

    #[test]
    fn after_a_cut_every_frame_is_seen_and_none_before() {
        let black = || Frame::waves(0.0, |_, _, _| 16.0);
        let title = || (0..8).map(|_| elsewhere());
        let rest = || (0..20).map(|_| frame(0));
        for (scene, first) in [
            (scene_of(title().chain(rest())), 8),
            (
                scene_of(title().chain([black(), black()]).chain(rest())),
                10,
            ),
        ] {
            let (shot, [from_s, to_s]) = scene.longest_shot().expect("a cut");
            assert!((from_s - 0.1 * first as f64).abs() < 1e-9, "{from_s}");
            assert!((to_s - 0.1 * (first + 19) as f64).abs() < 1e-9, "{to_s}");
            for (i, f) in shot.frames.iter().enumerate() {
                assert_eq!(f.aligned, i >= first, "{i}");
            }
            // A camera that stands still does not move because of what was before.
            assert!(!shot.moves());
        }
    }

    #[test]
    fn after_pictures_that_show_nothing_the_view_is_found_where_it_is_now() {
        let blurred = || Frame::waves(0.0, |_, _, _| 120.0);
        // Patches of 14 px, no two rows of them alike.
        let patches = |dx: usize| {
            Frame::waves(dx as f64, |x, y, _| {
                let (u, v) = ((x / 14.0).floor(), (y / 14.0).floor());
                70.0 + 100.0 * ((12.9 * u + 78.2 * v).sin() * 43758.5).fract().abs()
            })
        };
        for blind in [3, 12] {
            let still = (0..10).map(|_| patches(0));
            let blur = (0..blind).map(|_| blurred());
            let moved = (0..10).map(|_| patches(20));
            let scene = scene_of(still.chain(blur).chain(moved));
            let last = scene.frames.last().unwrap();
            let want = 20.0 / scene.grid.size as f64;
            assert!(last.aligned, "{blind}");
            assert!(
                (last.motion.dx - want).abs() < 0.1,
                "{blind}: {:?}",
                last.motion
            );
            assert!(scene.frames.iter().all(|f| f.shot == 0), "{blind}");
        }
    }

    #[test]
    fn noise_on_a_bare_wall_is_not_followed() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut noise = move || (0..4).map(|_| random.f64() - 0.5).sum::<f64>();
        let wall = (0..90).map(|i| {
            let lit = i % 30 < 6;
            Frame::waves(0.0, |x, y, _| {
                let lamp = lit && (x - 200.0).hypot(y - 100.0) < 6.0;
                let wall = if lamp { 200.0 } else { 110.0 };
                wall + 45.0 * noise()
            })
        });
        let scene = scene_of(wall);
        for (i, f) in scene.frames.iter().enumerate() {
            assert!(f.motion.dx.hypot(f.motion.dy) < 0.5, "{i}: {:?}", f.motion);
            assert_eq!(f.shot, 0, "{i}");
        }
        let seen = scene.frames.iter().filter(|f| f.aligned).count();
        assert!(seen > 80, "{seen}");
    }

    #[test]
    fn a_flat_picture_may_be_the_place_in_the_dark_but_not_what_is_brighter() {
        let flat = |code: f64| (0..12).map(move |_| Frame::waves(0.0, move |_, _, _| code));
        for (code, aligned) in [(18.0, true), (200.0, false)] {
            let before = (0..10).map(|_| frame(0));
            let scene = scene_of(before.chain(flat(code)));
            assert!(scene.frames[..10].iter().all(|f| f.aligned));
            assert!(
                scene.frames[10..].iter().all(|f| f.aligned == aligned),
                "{code}"
            );
        }
    }
}
