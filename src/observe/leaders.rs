//! Which of the measured lights stand for themselves, and which are the glow, a reflection or a second finding of another.

use std::collections::BTreeSet;

use super::{EMITTERS_RATIO, Kind, Light};
use crate::pulses::ColorSet;
use crate::signal::Ring;

/// Correlation of two on-off series that cannot be chance: a reflection, the glow around, the exposure's answer.
const TOGETHER: f64 = 0.8;
/// Switches of a lamp that show whether something answers to it, the share of them that it must, and within how many
/// frames: forty changes of its own in 10 s would meet a fifth of them by chance.
const LEAST_EDGES: usize = 4;
const ANSWERED: f64 = 0.7;
const ANSWER_FRAMES: f64 = 1.5;
/// Share of the stronger light below which the weaker one is its reflection.
const FAINT: f64 = 0.35;
/// The same where the stronger burns out, so that it has more light than is measured, and the weaker does not: brightest channel
/// (linear light) from which on a light is near the camera's range, and share of that below which one is well inside.
const FAINT_BESIDE_BURNT: f64 = 0.6;
const BURNT: f64 = 0.85;
const INSIDE_RANGE: f64 = 0.7;
/// Two findings centred on each other whose radii differ by less than this factor are one lens.
const SAME_SIZE: f64 = 2.5;
/// A finding inside a surer one whose radius is below this share of that one's is a piece of it.
const PART_SIZE: f64 = 0.8;
/// Radii from the middle of a steady lamp within which its bloom is seen: faint things there of its colour flare up as
/// hand and exposure change.
const BLOOM_RADII: f64 = 1.5;
/// Odds of being a lamp, against those of a finding in it, from which on the wider finding is the lens and the other a piece
/// of its edge, which hand and exposure make come and go: alone it has the looks of a small lamp with a wide halo.
const AS_SURE: f64 = 0.3;
/// Emission of a lens that may claim such pieces: a warm wall round a red lamp has less.
const SURE_LENS: f64 = 0.9;
/// Most lights kept of those that change and of those that never do, the surest of each: the rest is noise that costs
/// time to match. Apart, as a street or a shelf has dozens of bright steady things, and what a light does tells more of
/// it than its looks.
const MAX_CHANGING: usize = 80;
const MAX_STEADY: usize = 10;

/// A light with what is needed to compare it with others.
pub struct Measured {
    pub light: Light,
    pub lit: Vec<Option<bool>>,
    /// The ring that it is, or is a piece of.
    pub ring: Option<Ring>,
    /// The cells of the wider lens that it is a piece of.
    pub lens: Option<Vec<(f64, f64)>>,
    /// Largest channel of its lit light, linear.
    pub swing: f64,
}

impl Measured {
    /// Probability that it is a lamp and that its colour is read right: of a lens that burns out the core is white.
    fn sureness(&self) -> f64 {
        let mut looks = self.light.train.spans.iter().map(|s| &s.look);
        let first = looks.find_map(|l| l.beliefs().first());
        self.light.emission * first.map_or(1.0, |b| b.1)
    }

    fn same_lens(&self, other: &Self) -> bool {
        let (a, b) = (&self.light, &other.light);
        (a.place.holds_centre_of(&b.place) || b.place.holds_centre_of(&a.place))
            && a.radius_px < SAME_SIZE * b.radius_px
            && b.radius_px < SAME_SIZE * a.radius_px
    }

    /// The other is faint beside it.
    fn outshines(&self, other: &Self) -> bool {
        other.swing < FAINT * self.swing
    }

    /// The other may be its reflection.
    fn is_mirrored_by(&self, other: &Self) -> bool {
        let (a, b) = (self.light.shine.top, other.light.shine.top);
        let burnt = a >= BURNT && b < INSIDE_RANGE * a;
        self.outshines(other) || burnt && other.swing < FAINT_BESIDE_BURNT * self.swing
    }

    fn is_larger_than(&self, other: &Self) -> bool {
        other.light.radius_px < PART_SIZE * self.light.radius_px
    }

    /// The other is a piece of this lens: its edge, a glint on it. Far smaller in one that changes, it may be the lens
    /// of which this is the halo; and what switches in something steady is no piece of it, but for an edge that wavers.
    fn holds_part(&self, other: &Self) -> bool {
        let (a, b) = (&self.light, &other.light);
        let own = if a.kind == Kind::Steady {
            b.kind != Kind::Steady && !self.outshines(other)
        } else {
            SAME_SIZE * b.radius_px < a.radius_px
        };
        a.place.holds_centre_of(&b.place) && self.is_larger_than(other) && !own
    }

    /// The other lies in the bloom of this steady lamp and is smaller, in its colour.
    fn blooms_round(&self, other: &Self) -> bool {
        let (a, b) = (&self.light, &other.light);
        let in_its_colors = || {
            let own = self.colors();
            let mut shown = other.colors().into_iter();
            shown.all(|c| c.is_dark() || own.contains(&c))
        };
        a.kind == Kind::Steady
            && self.is_larger_than(other)
            && a.place.distance(&b.place) < BLOOM_RADII * a.radius_px
            && in_its_colors()
    }

    /// The other, never dark, is a piece of this steady lens's edge, however much it looks like a lamp.
    fn has_edge(&self, other: &Self) -> bool {
        let (a, b) = (&self.light, &other.light);
        let lit = other.lit.iter().all(|l| *l != Some(false));
        let small = match b.kind {
            // Of two of like size the surer is the better finding of the lens.
            Kind::Steady | Kind::Flicker => SAME_SIZE * b.radius_px < a.radius_px,
            // A piece may change with the lens's edge moving over it; not so another emitter in the same lens.
            _ => EMITTERS_RATIO * b.radius_px < a.radius_px,
        };
        a.kind == Kind::Steady
            && a.emission >= SURE_LENS
            && lit
            && small
            && a.odds() >= AS_SURE * b.odds()
            && (a.place.holds_centre_of(&b.place) || self.blooms_round(other))
    }

    /// They switch together, or never, in the same colours.
    fn shows_alike(&self, other: &Self) -> bool {
        let steady = |m: &Self| matches!(m.light.kind, Kind::Steady | Kind::Flicker);
        self.switches_with(other) && self.colors() == other.colors()
            || steady(self) && steady(other)
    }

    fn switches_with(&self, other: &Self) -> bool {
        correlation(&self.lit, &other.lit).abs() > TOGETHER
    }

    /// When it switches (s), and whether it is lit then.
    fn edges(&self) -> impl Iterator<Item = (f64, bool)> {
        let spans = self.light.train.spans.iter().skip(1);
        spans.map(|s| (s.start_s, s.look.is_lit()))
    }

    /// Time in s within which what answers a lamp does so.
    fn answer_s(&self) -> f64 {
        ANSWER_FRAMES * self.light.train.frame_interval_s
    }

    /// Whenever the other switches, it changes: the glow on a wall changes its colour where the lamp goes on and off.
    fn answers(&self, lamp: &Self) -> bool {
        let near = |t: &(f64, bool)| {
            let mut own = self.edges();
            own.any(|e| (e.0 - t.0).abs() <= self.answer_s())
        };
        let (all, answered) = (lamp.edges().count(), lamp.edges().filter(near).count());
        all >= LEAST_EDGES && answered as f64 >= ANSWERED * all as f64
    }

    /// It goes on and off with the lamp, though not every time: what the lamp lights, or its flare, as long as that falls there.
    fn echoes(&self, lamp: &Self) -> bool {
        let with_it = |e: (f64, bool)| {
            let mut theirs = lamp.edges();
            theirs.any(|t| t.1 == e.1 && (t.0 - e.0).abs() <= self.answer_s())
        };
        self.edges().count() >= LEAST_EDGES && self.edges().all(with_it)
    }

    fn colors(&self) -> BTreeSet<ColorSet> {
        let spans = &self.light.train.spans;
        spans.iter().filter_map(|s| s.look.colors()).collect()
    }
}

/// The lights that are not merely the glow, the reflection or a second finding of a stronger one; surest first.
pub fn leaders(mut all: Vec<Measured>) -> Vec<Light> {
    all.sort_by(|a, b| b.sureness().total_cmp(&a.sureness()));
    let edges: Vec<bool> = all
        .iter()
        .map(|m| all.iter().any(|lens| lens.has_edge(m)))
        .collect();
    let mut kept: Vec<Measured> = Vec::new();
    let whole = all.into_iter().zip(edges).filter(|(_, edge)| !edge);
    for (mut m, _) in whole {
        let follows = kept.iter().any(|k| {
            let faint = k.outshines(&m);
            let same = k.same_lens(&m);
            k.holds_part(&m)
                || faint && k.blooms_round(&m)
                // A reflection of what switches has the colour of what reflects; of a steady lamp, only one in its colour is known.
                || k.is_mirrored_by(&m) && !same && (k.switches_with(&m) || m.answers(k) || m.echoes(k))
                || (same
                    || k.light.place.meets(&m.light.place)
                    || faint && k.colors() == m.colors())
                    && k.shows_alike(&m)
        });
        m.light.second = kept.iter().any(|k| k.same_lens(&m));
        if !follows {
            kept.push(m);
        }
    }
    let mut lights: Vec<Light> = kept.into_iter().map(|m| m.light).collect();
    drop_least(&mut lights, MAX_STEADY, |l| l.kind == Kind::Steady);
    drop_least(&mut lights, MAX_CHANGING, |l| l.kind != Kind::Steady);
    lights
}

/// Keeps the `most` surest lamps of those that `counts`, whatever their colour, and all others, in their order.
fn drop_least(lights: &mut Vec<Light>, most: usize, counts: impl Fn(&Light) -> bool) {
    let mut sure: Vec<f64> = lights
        .iter()
        .filter(|l| counts(l))
        .map(|l| l.emission)
        .collect();
    if sure.len() > most {
        sure.sort_by(|a, b| b.total_cmp(a));
        let least = sure[most - 1];
        lights.retain(|l| !counts(l) || l.emission >= least);
    }
}

/// Correlation of two on-off series over the frames where both are seen; 0 if either never changes there.
fn correlation(a: &[Option<bool>], b: &[Option<bool>]) -> f64 {
    let mut n = [[0.0f64; 2]; 2];
    for (x, y) in a.iter().zip(b) {
        if let (Some(x), Some(y)) = (x, y) {
            n[usize::from(*x)][usize::from(*y)] += 1.0;
        }
    }
    let (a1, a0) = (n[1][0] + n[1][1], n[0][0] + n[0][1]);
    let (b1, b0) = (n[0][1] + n[1][1], n[0][0] + n[1][0]);
    let spread = (a1 * a0 * b1 * b0).sqrt();
    if spread == 0.0 {
        0.0
    } else {
        (n[1][1] * n[0][0] - n[1][0] * n[0][1]) / spread
    }
}

#[cfg(test)]
mod tests;
