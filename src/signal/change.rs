//! How a place differs when it is lit from when it is dark: the cues that tell a lamp that switches from what moves.

use super::Linearizer;
use super::patch::{Patch, spread};
use super::reader::Reader;
use super::shine::{Backdrop, Mean, mean, most, shape};
use crate::locate::scene::Scene;

/// Switches that are looked at, evenly spread, and frames on each side of one, the frame next to it left out: it may show
/// both. So near in time little else has changed but what moves.
const SWITCHES: usize = 4;
const SIDE: usize = 2;
/// Another place, or cell, changes as well if it does by this share.
const AS_WELL: f64 = 0.5;
/// Change below which there is none: noise of a mean of some frames.
const LEAST_SWING: f64 = 1e-3;
/// Glow as a share of the region below which it tells no more: what a lens scatters, and noise.
const LEAST_GLOW: f64 = 0.02;
/// Roundness of what has no shape.
const UNDECIDED: f64 = 0.5;

/// How a light that is dark at times changes where it switches. Linear light.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    /// Largest channel of the difference between lit and dark.
    pub swing: f64,
    /// Natural log of the share of the picture's other places that change half as much at the same times. A lamp is
    /// alone; where people walk or the camera shakes, much does.
    pub others: f64,
    /// Natural log of how much the surround changes, as a share of the region: a lamp's glow is faint.
    pub around: f64,
    /// Ratio of the axes of what changes by half as much as the most, 0..1.
    pub roundness: f64,
}

impl Change {
    /// Looks at `patch` beside the times where `lit` switches.
    pub fn of(
        scene: &Scene,
        patch: &Patch,
        linear: &Linearizer,
        backdrop: &Backdrop,
        lit: &[Option<bool>],
    ) -> Self {
        let frames = beside_switches(scene, lit);
        let differences = |cells: &[_]| differences(scene, linear, &frames, cells);
        let cells: Vec<(f64, f64)> = patch.region.iter().map(|c| (c.0, c.1)).collect();
        let region = differences(&cells);
        let inside: Vec<[f64; 3]> = region.iter().flatten().copied().collect();
        if inside.is_empty() {
            return Self::default();
        }
        let swing = most(&mean(&inside)).max(LEAST_SWING);
        let top = inside.iter().map(most).fold(0.0, f64::max);
        let lens: Vec<(f64, f64)> = cells
            .iter()
            .zip(&region)
            .filter(|(_, d)| d.is_some_and(|d| most(&d) >= AS_WELL * top))
            .map(|(c, _)| *c)
            .collect();
        let surround = differences(&patch.surround);
        let around: Vec<f64> = surround.iter().flatten().map(size).collect();
        let around = around.iter().sum::<f64>() / around.len().max(1) as f64;
        let elsewhere = differences(&backdrop.places_far_from(patch));
        let seen = elsewhere.iter().flatten().count();
        let as_well = elsewhere
            .iter()
            .flatten()
            .filter(|d| size(d) >= AS_WELL * swing);
        Self {
            swing,
            others: ((as_well.count() as f64 + 0.5) / (seen as f64 + 1.0)).ln(),
            around: (around / swing).clamp(LEAST_GLOW, 1.0).ln(),
            roundness: if lens.is_empty() {
                UNDECIDED
            } else {
                shape(lens.into_iter()).0
            },
        }
    }
}

/// Frames beside switches, and whether they are lit.
fn beside_switches(scene: &Scene, lit: &[Option<bool>]) -> Vec<(usize, bool)> {
    let switches: Vec<usize> = (1..lit.len())
        .filter(|&i| matches!((lit[i - 1], lit[i]), (Some(a), Some(b)) if a != b))
        .collect();
    let mut frames = Vec::new();
    for i in spread(&switches, SWITCHES) {
        let mut take = |from: &mut dyn Iterator<Item = usize>| {
            let side: Vec<usize> = from
                .filter(|&j| scene.frames[j].aligned)
                .take(SIDE + 1)
                .collect();
            let on = side.first().and_then(|&j| lit[j]);
            let same = side.iter().take_while(|&&j| lit[j] == on).count();
            // Of a flash of one frame that one.
            let skip = usize::from(same > 1);
            let Some(on) = on else { return };
            frames.extend(side[skip..same].iter().map(|&j| (j, on)));
        };
        take(&mut (i..lit.len()));
        take(&mut (0..i).rev());
    }
    frames
}

/// Lit less dark of each cell; `None` of one that was not in the picture on both sides.
fn differences(
    scene: &Scene,
    linear: &Linearizer,
    frames: &[(usize, bool)],
    cells: &[(f64, f64)],
) -> Vec<Option<[f64; 3]>> {
    // In the dark, and lit.
    let mut sides = vec![[Mean::default(); 2]; cells.len()];
    for &(i, on) in frames {
        let reader = Reader::new(scene.grid, &scene.frames[i], linear);
        for (side, &(x, y)) in sides.iter_mut().zip(cells) {
            if let Some(c) = reader.rgb(x, y) {
                side[usize::from(on)].add(c);
            }
        }
    }
    let difference = |[dark, lit]: &[Mean; 2]| {
        let (dark, lit) = (dark.value()?, lit.value()?);
        Some(std::array::from_fn(|k| lit[k] - dark[k]))
    };
    sides.iter().map(difference).collect()
}

/// Largest channel of a change either way.
fn size(d: &[f64; 3]) -> f64 {
    most(&d.map(f64::abs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locate::candidates::{Candidate, Origin};
    use crate::locate::cells::Channel;
    use crate::source::{ColorInfo, Frame};

    const FRAMES: usize = 60;
    /// The place that is looked at, in px.
    const AT: (f64, f64) = (162.0, 122.0);

    /// How that place changes in a film of grey waves and what `code` puts before them in frame `i`.
    fn change(lit: fn(usize) -> bool, code: fn(usize, f64, f64) -> Option<f64>) -> Change {
        let mut scene = Scene::new(320, 240);
        for i in 0..FRAMES {
            let frame = Frame::waves(0.0, |x, y, waves| {
                code(i, x, y).unwrap_or(60.0 + 10.0 * waves)
            });
            scene.push(&frame, i as f64 / 30.0);
        }
        let size = scene.grid.size as f64;
        let (x, y) = ((AT.0 / size) as i32, (AT.1 / size) as i32);
        let cells = (0..9).map(|k| (x - 1 + k % 3, y - 1 + k / 3, 1.0));
        let patch = Patch::of(&Candidate {
            origin: Origin::Change,
            channel: Channel::YMax,
            cells: cells.collect(),
            skirt: Vec::new(),
            x: f64::from(x),
            y: f64::from(y),
            radius: 1.7,
            strength: 50.0,
        });
        let linear = Linearizer::new(ColorInfo::default());
        let backdrop = Backdrop::of(&scene, &linear);
        let lit: Vec<Option<bool>> = (0..FRAMES).map(|i| Some(lit(i))).collect();
        Change::of(&scene, &patch, &linear, &backdrop, &lit)
    }

    #[test]
    fn a_lamp_changes_alone_and_what_passes_does_not() {
        let lit = |i: usize| i / 10 % 2 == 1;
        let lamp = change(lit, |i, x, y| {
            (i / 10 % 2 == 1 && (x - AT.0).hypot(y - AT.1) < 6.0).then_some(220.0)
        });
        assert!(lamp.swing > 0.4, "{lamp:?}");
        assert!(lamp.others.exp() < 0.005, "{lamp:?}");
        assert!(lamp.around.exp() < 0.1, "{lamp:?}");
        // A bar as wide as the picture is high, 8 px a frame: it is before the place for 30 frames.
        let before = |i: usize| (AT.0 - 8.0 * i as f64 + 100.0).abs() <= 120.0;
        let bar = change(before, |i, x, _| {
            ((x - 8.0 * i as f64 + 100.0).abs() <= 120.0).then_some(220.0)
        });
        assert!(bar.others.exp() > 0.02, "{bar:?}");
        assert!(bar.around > lamp.around, "{bar:?}");
    }

    #[test]
    fn what_never_switches_does_not_change() {
        let never = change(|_| true, |_, _, _| None);
        assert_eq!(never.swing, 0.0);
    }
}
