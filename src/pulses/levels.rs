//! Levels of light, and the colours that they are of.

use super::extract::LEAST_NOISE;
use super::hue::{self, Tint};
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
    let mut members: Vec<Vec<usize>> = Vec::new();
    let mut directions: Vec<[f64; 3]> = Vec::new();
    let mut member = vec![None; above.len()];
    for i in order {
        let d = direction(&above[i]);
        let g = directions
            .iter()
            .position(|e| dot(e, &d) >= SAME_COLOR)
            .unwrap_or_else(|| {
                directions.push(d);
                members.push(Vec::new());
                directions.len() - 1
            });
        members[g].push(i);
        member[i] = Some(g);
    }
    let mut joins = Vec::new();
    for bright in 0..members.len() {
        if let Some(low) = part_levels(&mut members[bright], above) {
            for &i in &low {
                member[i] = Some(members.len());
            }
            joins.push((bright, members.len()));
            members.push(low);
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
    split_mixtures(&mut groups);
    for (bright, dim) in joins {
        name_joined(&mut groups, bright, dim);
    }
    Colors { groups, member }
}

/// Where one level is another with a second emitter added (blue, and blue with green), the two are named from their
/// difference: the hue of the sum alone leans to whichever is brighter.
fn split_mixtures(groups: &mut [Group]) {
    for bright in 0..groups.len() {
        for dim in 0..groups.len() {
            let (e, d) = (groups[bright].excess, groups[dim].excess);
            let main = d.iter().copied().fold(0.0, f64::max);
            let kept = (0..3).all(|k| d[k] < 0.5 * main || e[k] >= KEPT_SHARE * d[k]);
            if bright == dim || groups[bright].level <= groups[dim].level || !kept {
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

/// Takes the pieces of the lower of two levels out of `pieces`, brightest first; `None` if there is but one level.
///
/// A status light that goes from one brightness to another, and back, without going out has two emitters. Where the first
/// burns out, the second hardly shows in the hue.
fn part_levels(pieces: &mut Vec<usize>, above: &[Level]) -> Option<Vec<usize>> {
    let light = |i: usize| above[i].rgb.iter().sum::<f64>();
    let mut order: Vec<usize> = pieces
        .iter()
        .copied()
        .filter(|&i| above[i].frames >= SETTLED_FRAMES)
        .collect();
    order.sort_by(|&a, &b| light(b).total_cmp(&light(a)));
    let gap = |k: usize| light(order[k - 1]) - light(order[k]);
    let cut = (1..order.len()).max_by(|&a, &b| gap(a).total_cmp(&gap(b)))?;
    let mean = |part: &[usize]| {
        let frames: f64 = part.iter().map(|&i| above[i].frames).sum();
        part.iter()
            .map(|&i| light(i) * above[i].frames)
            .sum::<f64>()
            / frames
    };
    let (high, low) = (mean(&order[..cut]), mean(&order[cut..]));
    let scatter = |part: &[usize], mean: f64| {
        let sum: f64 = part.iter().map(|&i| (light(i) - mean).powi(2)).sum();
        (sum / (part.len() - 1) as f64).sqrt()
    };
    // Steps between the two with nothing else between but the edge itself.
    let (mut steps, mut last) = (0, None);
    for (i, level) in above.iter().enumerate() {
        let high = order.iter().position(|&j| j == i).map(|rank| rank < cut);
        if high.is_some() {
            steps += usize::from(last.is_some() && last != high);
            last = high;
        } else if level.frames >= SETTLED_FRAMES || light(i) < LIT_SHARE * low {
            last = None;
        }
    }
    // Once, or there and back, may be the camera's exposure or a shadow.
    if steps < LEAST_STEPS {
        return None;
    }
    let widest = scatter(&order[..cut], high).max(scatter(&order[cut..], low));
    let apart = gap(cut) >= CLEAR_GAP * (high - low)
        && high - low >= (ADDED_SHARE * low).max(CLEAR_SCATTERS * widest);
    if low <= 0.0 || !apart {
        return None;
    }
    let (keep, out) = pieces
        .iter()
        .partition(|&&i| light(i) >= 0.5 * (high + low));
    *pieces = keep;
    Some(out)
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

/// Times that a light goes directly from one of two levels to the other.
const LEAST_STEPS: usize = 3;
/// Frames of a piece whose level is settled.
const SETTLED_FRAMES: f64 = 3.0;
/// Share of the way between two levels that no settled piece lies in.
const CLEAR_GAP: f64 = 1.0 / 3.0;
/// Standard deviations of a level's pieces that two levels are apart.
const CLEAR_SCATTERS: f64 = 5.0;
/// Chance that two levels are one emitter's after all: dimmed by the device, or the camera's exposure.
const DOUBT: f64 = 0.1;
/// Two emitters that status lights show together.
const MIXTURES: [ColorSet; 2] = [
    ColorSet::of(Color::Blue).with(Color::Green),
    ColorSet::of(Color::Blue).with(Color::Red),
];
/// What remains of one emitter's colour when another joins it: exposure and clipping take some.
const KEPT_SHARE: f64 = 0.55;
/// What a second emitter adds at least, as a share of the first.
const ADDED_SHARE: f64 = 0.25;

/// Unit vector of the colour: coloured part, or grey where there is next to none.
fn direction(l: &Level) -> [f64; 3] {
    let e = l.excess.map(|v| v.max(0.0));
    let most = e.iter().copied().fold(0.0, f64::max);
    let v = if most > 0.15 * l.light() { e } else { [1.0; 3] };
    let n = dot(&v, &v).sqrt().max(1e-12);
    v.map(|c| c / n)
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use crate::pulses::extract::{Base, Clock, read};
    use crate::pulses::{Color, ColorSet};
    use crate::signal::Sample;

    /// The colours of the lit spans of a light with this linear light and coloured part in each of so many frames.
    fn filmed(
        frames: usize,
        light: impl Fn(usize) -> ([f32; 3], [f32; 3]),
        base: Base,
    ) -> Vec<ColorSet> {
        let samples: Vec<Sample> = (0..frames)
            .map(|i| {
                let wobble = 0.004 * ((i * 7919) % 7) as f32;
                let (rgb, excess) = light(i);
                Sample {
                    seen: true,
                    rgb: rgb.map(|v| v + wobble),
                    excess,
                    ..Sample::default()
                }
            })
            .collect();
        let times: Vec<f64> = (0..frames).map(|i| i as f64 / 30.0).collect();
        let train = read(&samples, Clock::of(&times), base).train;
        let colors = train.spans.iter().filter_map(|s| s.look.colors());
        colors.filter(|c| !c.is_dark()).collect()
    }

    /// What a blue light that burns out shows where green joins it in frames that `joined` accepts.
    fn looks(joined: fn(usize) -> bool) -> Vec<ColorSet> {
        let light = |i: usize| match joined(i) {
            true => ([0.38, 0.76, 0.83], [0.0, 1.0, 1.27]),
            false => ([-0.15, 0.65, 0.83], [0.0, 1.63, 2.4]),
        };
        filmed(120, light, Base::Lit)
    }

    #[test]
    fn a_second_emitter_shows_though_the_first_burns_out() {
        let blue = ColorSet::of(Color::Blue);
        let both = blue.with(Color::Green);
        let seen = looks(|i| i % 30 >= 15);
        assert_eq!(seen, [blue, both].repeat(4));
    }

    #[test]
    fn a_second_emitter_shows_though_the_light_was_dark_and_red_before() {
        let lens = |i: usize| match i {
            0..20 | 40..50 => ([0.0; 3], [0.0; 3]),
            20..40 => ([0.57, 0.12, 0.05], [0.7, 0.08, 0.0]),
            i if i % 20 < 10 => ([0.2, 0.5, 0.6], [0.0, 0.48, 0.6]),
            _ => ([0.1, 0.3, 0.5], [0.0, 0.26, 0.5]),
        };
        let blue = ColorSet::of(Color::Blue);
        let both = blue.with(Color::Green);
        let seen = filmed(130, lens, Base::Dark);
        assert_eq!(seen[0], ColorSet::of(Color::Red));
        assert_eq!(seen[1..], [blue, both].repeat(4));
        // Shorter and dimmer flashes of one emitter, with dark between.
        let flashes = |i: usize| match i % 20 {
            0..5 => ([0.2, 0.5, 0.6], [0.0, 0.48, 0.6]),
            10..15 => ([0.1, 0.3, 0.5], [0.0, 0.26, 0.5]),
            _ => ([0.0; 3], [0.0; 3]),
        };
        let seen = filmed(130, flashes, Base::Dark);
        assert!(seen.windows(2).all(|w| w[0] == w[1]), "{seen:?}");
    }

    #[test]
    fn a_ground_that_wavers_in_another_colour_is_dark() {
        // A red lamp beside an amber one: between its flashes its lens shows a fifth of the light, of the other.
        let samples: Vec<Sample> = (0..120)
            .map(|i| {
                let wobble = 0.002 * ((i * 7919) % 7) as f32;
                let rgb = match i {
                    20..40 | 80..100 => [0.5, 0.02, 0.01],
                    40..80 => [0.1, 0.08, 0.01],
                    _ => [0.0, 0.0, 0.0],
                };
                Sample {
                    seen: true,
                    rgb: rgb.map(|v| v + wobble),
                    excess: rgb.map(|v| v - rgb[2]),
                    ..Sample::default()
                }
            })
            .collect();
        let times: Vec<f64> = (0..120).map(|i| f64::from(i) / 30.0).collect();
        let train = read(&samples, Clock::of(&times), Base::Dark).train;
        let lit: Vec<bool> = train.spans.iter().map(|s| s.look.is_lit()).collect();
        assert_eq!(lit, [false, true, false, true, false]);
    }

    #[test]
    fn a_level_that_changes_once_is_the_cameras_doing() {
        assert_eq!(looks(|i| i >= 60).len(), 1);
    }
}
