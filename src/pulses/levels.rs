//! Levels of light, and the colours that they are of.

use super::extract::LEAST_NOISE;
use super::hue::{self, Tint};
use super::joined::{ADDED_SHARE, Rgb, dot, part_levels};
use super::segment::Piece;
use super::{Color, ColorSet};
use crate::signal::Sample;

/// A piece is lit above this share of its colour's usual level. Less than one half, as lit levels vary
/// more than dark ones; more than what a codec leaves behind for some frames after a light goes out.
pub const LIT_SHARE: f64 = 0.4;
/// A colour whose level is below this share of the brightest one's is its afterglow or reflection. Of a light that goes
/// dark the ground shows, too, and wavers by a fifth of it and more: a neighbour shines on the lens, the exposure answers,
/// the camera shakes by half a cell. The emitters of a status light are made about equally bright.
const FAINT_SHARE: f64 = 0.06;
const FAINT_SHARE_ON_DARK: f64 = 0.3;
/// Cosine of colour directions that count as the same colour.
const SAME_COLOR: f64 = 0.94;
/// The same of a light and that light with a second emitter as strong: 45 degrees apart, and some for what clips.
const AKIN: f64 = 0.5;

/// Mean light of a piece, and for how many frames.
#[derive(Debug, Clone, Copy, Default)]
pub struct Level {
    pub rgb: [f64; 3],
    pub excess: [f64; 3],
    /// As in [`Sample`].
    pub halo: [f64; 3],
    pub burnt: f64,
    pub frames: f64,
}

impl Level {
    pub fn of(piece: &Piece, seen: &[usize], samples: &[Sample]) -> Self {
        let mut l = Self {
            frames: (piece.end - piece.start) as f64,
            ..Self::default()
        };
        for &i in &seen[piece.start..piece.end] {
            for k in 0..3 {
                l.rgb[k] += f64::from(samples[i].rgb[k]) / l.frames;
                l.excess[k] += f64::from(samples[i].excess[k]) / l.frames;
                l.halo[k] += f64::from(samples[i].halo[k]) / l.frames;
            }
            l.burnt += f64::from(samples[i].burnt) / l.frames;
        }
        l
    }

    pub fn minus(&self, other: &Self) -> Self {
        Self {
            rgb: std::array::from_fn(|k| self.rgb[k] - other.rgb[k]),
            excess: std::array::from_fn(|k| self.excess[k] - other.excess[k]),
            halo: std::array::from_fn(|k| self.halo[k] - other.halo[k]),
            ..*self
        }
    }

    /// The strength by which levels are compared: the brightest channel, so that blue counts like green.
    pub fn light(&self) -> f64 {
        self.rgb.iter().copied().fold(0.0, f64::max)
    }
}

/// A colour that occurs in the signal.
pub struct Group {
    pub rgb: [f64; 3],
    excess: [f64; 3],
    /// Usual light of its lit pieces.
    pub level: f64,
    pub belief: Vec<(ColorSet, f64)>,
}

pub struct Colors {
    pub groups: Vec<Group>,
    /// For each piece the group it belongs to.
    pub member: Vec<Option<usize>>,
}

/// Groups pieces by colour: brightest first, each joins the first group of its direction. Two levels between which a lit
/// light goes to and fro are two groups.
pub fn colors(above: &[Level], always_lit: bool) -> Colors {
    let most = above.iter().map(Level::light).fold(0.0, f64::max);
    let faint = if always_lit {
        FAINT_SHARE
    } else {
        FAINT_SHARE_ON_DARK
    };
    let mut order: Vec<usize> = (0..above.len())
        .filter(|&i| above[i].light() > (faint * most).max(LEAST_NOISE))
        .collect();
    order.sort_by(|&a, &b| above[b].light().total_cmp(&above[a].light()));
    let (members, joins) = parted(by_direction(&order, above), above);
    let mut member = vec![None; above.len()];
    for (g, pieces) in members.iter().enumerate() {
        for &i in pieces {
            member[i] = Some(g);
        }
    }
    let mut groups = members
        .iter()
        .map(|pieces| {
            // The level that half of the lit time reaches or exceeds, among the pieces near the brightest.
            let top = above[pieces[0]].light();
            let lit: Vec<&Level> = pieces
                .iter()
                .map(|&i| &above[i])
                .filter(|l| l.light() >= LIT_SHARE * top)
                .collect();
            let frames: f64 = lit.iter().map(|l| l.frames).sum();
            let mean = |f: fn(&Level) -> [f64; 3]| -> [f64; 3] {
                std::array::from_fn(|k| {
                    lit.iter().map(|l| f(l)[k] * l.frames).sum::<f64>() / frames
                })
            };
            let (rgb, excess) = (mean(|l| l.rgb), mean(|l| l.excess));
            let burnt = lit.iter().map(|l| l.burnt * l.frames).sum::<f64>() / frames;
            Group {
                rgb,
                excess,
                level: lit.iter().map(|l| l.light() * l.frames).sum::<f64>() / frames,
                belief: hue::name(&Tint {
                    excess,
                    total: rgb,
                    burnt,
                    halo: mean(|l| l.halo),
                }),
            }
        })
        .collect::<Vec<_>>();
    split_mixtures(&mut groups, &joins);
    for (bright, dim) in joins {
        name_joined(&mut groups, bright, dim);
    }
    Colors { groups, member }
}

/// The pieces of `order` by the direction of their colour, each with the first that has it.
fn by_direction(order: &[usize], above: &[Level]) -> Vec<(Rgb, Vec<usize>)> {
    let mut groups: Vec<(Rgb, Vec<usize>)> = Vec::new();
    for &i in order {
        let d = direction(&above[i]);
        match groups.iter_mut().find(|(e, _)| dot(*e, d) >= SAME_COLOR) {
            Some((_, pieces)) => pieces.push(i),
            None => groups.push((d, vec![i])),
        }
    }
    groups
}

/// Pieces of a colour each, and of which two groups the first is the second with another emitter added. A light that burns
/// out more or less may have pieces of both in one direction, or those of one in two.
fn parted(
    mut groups: Vec<(Rgb, Vec<usize>)>,
    above: &[Level],
) -> (Vec<Vec<usize>>, Vec<(usize, usize)>) {
    let (mut members, mut joins) = (Vec::new(), Vec::new());
    while !groups.is_empty() {
        let (d, mut own) = groups.remove(0);
        let akin = |group: &(Rgb, _)| dot(group.0, d) >= AKIN;
        let mut all = own.clone();
        for (_, pieces) in groups.iter().filter(|g| akin(g)) {
            all.extend(pieces);
        }
        let mixed = |low: &Vec<usize>| {
            let both = |pieces: &[usize]| {
                let count = pieces.iter().filter(|i| low.contains(i)).count();
                0 < count && count < pieces.len()
            };
            both(&own) || groups.iter().any(|g| akin(g) && both(&g.1))
        };
        let together = match all.len() > own.len() {
            true => part_levels(&mut all, above).filter(mixed),
            false => None,
        };
        let low = if together.is_some() {
            groups.retain(|g| !akin(g));
            own = all;
            together
        } else {
            part_levels(&mut own, above)
        };
        members.push(own);
        if let Some(low) = low {
            joins.push((members.len() - 1, members.len()));
            members.push(low);
        }
    }
    (members, joins)
}

/// Where one level is another with a second emitter added (blue, and blue with green), the two are named from their
/// difference: the hue of the sum alone leans to whichever is brighter.
fn split_mixtures(groups: &mut [Group], joins: &[(usize, usize)]) {
    for bright in 0..groups.len() {
        for dim in 0..groups.len() {
            let (e, d) = (groups[bright].excess, groups[dim].excess);
            let main = d.iter().copied().fold(0.0, f64::max);
            let kept = (0..3).all(|k| d[k] < 0.5 * main || e[k] >= KEPT_SHARE * d[k]);
            let joined = joins.contains(&(bright, dim)) || joins.contains(&(dim, bright));
            let brighter = groups[bright].level > groups[dim].level;
            if bright == dim || joined || !brighter || !kept {
                continue;
            }
            let added: [f64; 3] = std::array::from_fn(|k| (e[k] - d[k]).max(0.0));
            if added.iter().copied().fold(0.0, f64::max) < ADDED_SHARE * main {
                continue;
            }
            let tint = Tint {
                excess: added,
                total: added,
                ..Tint::default()
            };
            let second = hue::name(&tint)[0].0;
            let first = groups[dim]
                .belief
                .iter()
                .map(|b| b.0)
                .find(|set| set.colors().count() == 1 && *set != second);
            // Only mixtures that have a name of their own beside the parts: red with green is amber.
            if let Some(first) = first
                && MIXTURES.contains(&first.union(second))
            {
                let both = first.union(second);
                groups[dim].belief = vec![(first, 1.0)];
                groups[bright].belief = vec![(both, 1.0)];
            }
        }
    }
}

/// Names the two levels of [`part_levels`]: blue or green alone, and with the other, or with red if there is any.
fn name_joined(groups: &mut [Group], bright: usize, dim: usize) {
    let first = groups[dim].belief.iter().map(|b| b.0).find(|set| {
        [Color::Blue, Color::Green]
            .iter()
            .any(|&c| *set == ColorSet::of(c))
    });
    let Some(first) = first else {
        groups[dim].belief = groups[bright].belief.clone();
        return;
    };
    let e = groups[bright].excess;
    let most = e.iter().copied().fold(0.0, f64::max);
    let both = if e[0] > ADDED_SHARE * most && first.contains(Color::Blue) {
        first.with(Color::Red)
    } else {
        ColorSet::of(Color::Blue).with(Color::Green)
    };
    groups[dim].belief = vec![(first, 1.0 - DOUBT), (both, DOUBT)];
    groups[bright].belief = vec![(both, 1.0 - DOUBT), (first, DOUBT)];
}

/// Chance that two levels are one emitter's after all: dimmed by the device, or the camera's exposure.
const DOUBT: f64 = 0.1;
/// Two emitters that status lights show together.
const MIXTURES: [ColorSet; 2] = [
    ColorSet::of(Color::Blue).with(Color::Green),
    ColorSet::of(Color::Blue).with(Color::Red),
];
/// What remains of one emitter's colour when another joins it: exposure and clipping take some.
const KEPT_SHARE: f64 = 0.55;
/// Unit vector of the colour: coloured part, or grey where there is next to none.
fn direction(l: &Level) -> Rgb {
    let e = l.excess.map(|v| v.max(0.0));
    let most = e.iter().copied().fold(0.0, f64::max);
    let v = if most > 0.15 * l.light() { e } else { [1.0; 3] };
    let n = dot(v, v).sqrt().max(1e-12);
    v.map(|c| c / n)
}

#[cfg(test)]
mod tests;
