//! How a place differs when it is lit from when it is dark: the cues that tell a lamp that switches from what moves.

use super::Linearizer;
use super::patch::{Patch, spread};
use super::reader::Reader;
use super::shine::{Backdrop, Mean, mean, most};
use crate::locate::scene::Scene;

/// Switches that are looked at, evenly spread, and frames on each side of one, the frame next to it left out: it may show
/// both. So near in time little else has changed but what moves.
const SWITCHES: usize = 4;
const SIDE: usize = 2;
/// Another place changes as well if it does by this share.
const AS_WELL: f64 = 0.5;
/// Change below which there is none: noise of a mean of some frames.
const LEAST_SWING: f64 = 1e-3;
/// Share of the picture that may change otherwise without telling anything: another lamp.
const ANOTHER_LAMP: f64 = 0.004;
/// Change of the surround as a share of the region's that tells nothing: what a codec smears, what a lens scatters.
const SMEARED: f64 = 0.05;
const SCATTERED: f64 = 0.02;
/// More switches than these say no more.
const MANY_SWITCHES: usize = 8;

/// How a light that is dark at times changes where it switches. Linear light.
///
/// A lamp lights up what is near it, the whole picture if it is strong, and an automatic exposure answers it; but each of
/// its switches does so alike, in either direction. What moves, a camera that shakes and a screen change otherwise each
/// time. So the change of every other place is split into what repeats from switch to switch and what differs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    /// Largest channel of the difference between lit and dark.
    pub swing: f64,
    /// Natural log of the share of the picture's other places that change half as much, and differently each time.
    pub others: f64,
    /// Natural log of how much the surround changes as a share of the region: differently each time, and alike, which
    /// is the lamp's glow, or the rest of what the region is a part of.
    pub around: f64,
    pub glow: f64,
    /// Natural log of the number of cells of the region: noise makes small ones.
    pub cells: f64,
    /// Natural log of how often it switches: what passes does not come back to where it was.
    pub switches: f64,
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
        let switches = switches(lit);
        let beside = beside(scene, lit, &spread(&switches, SWITCHES));
        let changes = |cells: &[_]| changes(scene, linear, &beside, cells);
        let cells: Vec<(f64, f64)> = patch.region.iter().map(|c| (c.0, c.1)).collect();
        let region: Vec<[f64; 3]> = changes(&cells).iter().filter_map(|c| mean_of(c)).collect();
        let Some(swing) = mean_of(&region) else {
            return Self::default();
        };
        let swing = most(&swing).max(LEAST_SWING);
        let split = |cells: &[_]| -> Vec<Split> {
            let changes = changes(cells);
            changes.iter().filter_map(|c| Split::of(c)).collect()
        };
        let surround = split(&patch.surround);
        let share = |part: fn(&Split) -> f64| {
            let sum: f64 = surround.iter().map(part).sum();
            (sum / surround.len().max(1) as f64 / swing).min(1.0)
        };
        let elsewhere = split(&backdrop.places_far_from(patch));
        let otherwise = elsewhere.iter().filter(|s| s.own >= AS_WELL * swing);
        let others = otherwise.count() as f64 / elsewhere.len().max(1) as f64;
        Self {
            swing,
            others: (others + ANOTHER_LAMP).ln(),
            around: (share(|s| s.own) + SMEARED).ln(),
            glow: share(|s| s.with).max(SCATTERED).ln(),
            cells: (cells.len() as f64).ln(),
            switches: (switches.len().clamp(1, MANY_SWITCHES) as f64).ln(),
        }
    }
}

/// The change of one place over several switches: the standard deviation of what differs, and the size of what repeats,
/// less what the former leaves in the mean.
struct Split {
    own: f64,
    with: f64,
}

impl Split {
    /// `None` of a place that was never in the picture. One switch can't tell: it may be either.
    fn of(changes: &[[f64; 3]]) -> Option<Self> {
        let mean = mean_of(changes)?;
        let (n, whole) = (changes.len() as f64, size(&mean));
        if changes.len() < 2 {
            return Some(Self {
                own: whole,
                with: whole,
            });
        }
        let own = std::array::from_fn(|k| {
            let squares: f64 = changes.iter().map(|c| (c[k] - mean[k]).powi(2)).sum();
            (squares / (n - 1.0)).sqrt()
        });
        let own = size(&own);
        Some(Self {
            own,
            with: (whole * whole - own * own / n).max(0.0).sqrt(),
        })
    }
}

/// Frames after whose first the light is as it was not before.
fn switches(lit: &[Option<bool>]) -> Vec<usize> {
    (1..lit.len())
        .filter(|&i| matches!((lit[i - 1], lit[i]), (Some(a), Some(b)) if a != b))
        .collect()
}

/// Frames beside each of these switches, and whether they are lit.
fn beside(scene: &Scene, lit: &[Option<bool>], switches: &[usize]) -> Vec<Vec<(usize, bool)>> {
    let side = |from: &mut dyn Iterator<Item = usize>| -> Vec<(usize, bool)> {
        let near = from.filter(|&j| scene.frames[j].aligned).take(SIDE + 1);
        let side: Vec<_> = near.map_while(|j| Some((j, lit[j]?))).collect();
        let same = side.iter().take_while(|s| s.1 == side[0].1).count();
        // Of a flash of one frame that one.
        side[usize::from(same > 1)..same].to_vec()
    };
    let both = |&i: &usize| {
        let (before, after) = (side(&mut (0..i).rev()), side(&mut (i..lit.len())));
        [before, after].concat()
    };
    switches.iter().map(both).collect()
}

/// Lit less dark of each cell `beside` each switch where it was in the picture on both sides.
fn changes(
    scene: &Scene,
    linear: &Linearizer,
    beside: &[Vec<(usize, bool)>],
    cells: &[(f64, f64)],
) -> Vec<Vec<[f64; 3]>> {
    let mut changes = vec![Vec::new(); cells.len()];
    for frames in beside {
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
        for (change, [dark, lit]) in changes.iter_mut().zip(&sides) {
            if let (Some(dark), Some(lit)) = (dark.value(), lit.value()) {
                change.push(std::array::from_fn(|k| lit[k] - dark[k]));
            }
        }
    }
    changes
}

/// `None` of none.
fn mean_of(changes: &[[f64; 3]]) -> Option<[f64; 3]> {
    (!changes.is_empty()).then(|| mean(changes))
}

/// Largest channel of a change either way.
fn size(d: &[f64; 3]) -> f64 {
    most(&d.map(f64::abs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{ColorInfo, Frame};

    const FRAMES: usize = 60;
    /// The place that is looked at, in px.
    const AT: (f64, f64) = (162.0, 122.0);

    /// How that place changes in a film of grey waves and what `code` puts before them in frame `i`.
    fn change(lit: fn(usize) -> bool, code: fn(usize, f64, f64) -> Option<f64>) -> Change {
        let mut scene = Scene::new(320, 240);
        for i in 0..FRAMES {
            let frame = Frame::waves(0.0, |x, y, waves| {
                code(i, x, y).unwrap_or(60.0) + 10.0 * waves
            });
            scene.push(&frame, i as f64 / 30.0);
        }
        let patch = Patch::at(AT, &scene);
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
        // A bar as wide as the picture is high, 8 px a frame, its end aslant: it is before the place for 30 frames.
        let before = |i: usize| (AT.0 - 8.0 * i as f64 + 100.0).abs() <= 120.0;
        let bar = change(before, |i, x, y| {
            let along = x - 8.0 * i as f64 + 100.0;
            (-120.0 + (y - AT.1)..=120.0)
                .contains(&along)
                .then_some(220.0)
        });
        assert!(bar.others.exp() > 0.02, "{bar:?}");
        assert!(bar.around > lamp.around, "{bar:?}");
    }

    #[test]
    fn what_a_lamp_lights_up_is_no_change_of_its_own() {
        fn glow(x: f64, y: f64) -> f64 {
            60.0 + 160.0 * (1.0 - (x - AT.0).hypot(y - AT.1) / 300.0).max(0.0)
        }
        let lit = |i: usize| i / 10 % 2 == 1;
        // A third of the picture gains more than half of what the lens does.
        let lamp = change(lit, |i, x, y| (i / 10 % 2 == 1).then(|| glow(x, y)));
        assert!(lamp.others.exp() < 0.01, "{lamp:?}");
        assert!(lamp.around.exp() < 0.1, "{lamp:?}");
        assert!(lamp.glow.exp() > 0.5, "{lamp:?}");
        // The same once: it may as well be the scene that changes.
        let once = change(|i| i >= 30, |i, x, y| (i >= 30).then(|| glow(x, y)));
        assert!(once.others.exp() > 0.1, "{once:?}");
    }

    #[test]
    fn what_never_switches_does_not_change() {
        let never = change(|_| true, |_, _, _| None);
        assert_eq!(never.swing, 0.0);
    }
}
