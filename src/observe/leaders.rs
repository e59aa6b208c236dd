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
mod tests {
    use super::*;
    use crate::observe::Rect;
    use crate::pulses::{Color, Look, Span, Train};
    use crate::signal::Shine;

    const FRAMES: usize = 60;

    /// A light at 100,100 with these beliefs in its colour: steady, or on in every second of three frames.
    fn measured(radius_px: f64, beliefs: &[(Color, f64)], swing: f64, switches: bool) -> Measured {
        let beliefs: Vec<_> = beliefs.iter().map(|b| (ColorSet::of(b.0), b.1)).collect();
        let lit: Vec<bool> = (0..FRAMES).map(|i| !switches || i / 3 % 2 == 1).collect();
        let look = |on: bool| match on {
            true => Look::Lit(beliefs.clone()),
            false => Look::Off,
        };
        let step = if switches { 3 } else { FRAMES };
        let time = |i: usize| i as f64 / 30.0;
        let spans = (0..FRAMES).step_by(step).map(|i| Span {
            start_s: time(i),
            end_s: time(i + step),
            start_sd_s: 0.01,
            end_sd_s: 0.01,
            look: look(lit[i]),
        });
        Measured {
            light: Light {
                place: Rect {
                    x: 100.0 - radius_px,
                    y: 100.0 - radius_px,
                    w: 2.0 * radius_px,
                    h: 2.0 * radius_px,
                },
                kind: if switches {
                    Kind::Blinking
                } else {
                    Kind::Steady
                },
                color: Color::Blue,
                train: Train {
                    spans: spans.collect(),
                    duration_s: time(FRAMES),
                    frame_interval_s: time(1),
                },
                emission: 0.9,
                rgb: [0.0, 0.0, swing],
                second: false,
                ring: false,
                radius_px,
                shine: Shine::default(),
                separation: 9.0,
                beat: None,
            },
            lit: lit.into_iter().map(Some).collect(),
            ring: None,
            lens: None,
            swing,
        }
    }

    fn moved(mut m: Measured, dx: f64) -> Measured {
        m.light.place.x += dx;
        m
    }

    #[test]
    fn of_two_findings_of_one_lens_the_one_whose_colour_is_surer_leads() {
        let mut doubtful = measured(5.0, &[(Color::White, 0.6), (Color::Blue, 0.4)], 0.5, true);
        doubtful.light.emission = 0.95;
        let sure = measured(5.0, &[(Color::Blue, 1.0)], 0.5, true);
        let lights = leaders(vec![doubtful, sure]);
        assert_eq!(lights.len(), 2);
        assert!(!lights[0].second && lights[0].emission == 0.9);
        assert!(lights[1].second);
    }

    #[test]
    fn a_faint_steady_lamp_is_no_reflection_of_one_of_another_colour() {
        let beside = |color| {
            let bright = measured(20.0, &[(Color::Blue, 1.0)], 0.9, false);
            let faint = moved(measured(4.0, &[(color, 1.0)], 0.2, false), 600.0);
            leaders(vec![bright, faint]).len() - 1
        };
        assert_eq!(beside(Color::Red), 1);
        assert_eq!(beside(Color::Blue), 0);
    }

    #[test]
    fn beside_a_lamp_that_burns_out_half_as_bright_a_light_is_its_reflection() {
        let beside = |top: f64, swing: f64| {
            let with_top = |mut m: Measured, top: f64| {
                m.light.shine.top = top;
                m
            };
            let lamp = with_top(measured(20.0, &[(Color::Blue, 1.0)], 0.5, true), 0.95);
            let other = measured(4.0, &[(Color::White, 1.0)], swing, true);
            let other = with_top(moved(other, 600.0), top);
            leaders(vec![lamp, other]).len() - 1
        };
        assert_eq!(beside(0.5, 0.25), 0);
        // One that burns out itself, or is as bright, may be another lamp that switches with the first.
        assert_eq!(beside(0.9, 0.25), 1);
        assert_eq!(beside(0.5, 0.4), 1);
    }

    #[test]
    fn what_flashes_with_some_of_a_lamps_flashes_and_never_else_is_its_flare() {
        // On in one of two flashes of the lamp, so many frames late.
        let beside = |late: usize| {
            let mut lamp = measured(20.0, &[(Color::Blue, 1.0)], 0.9, true);
            lamp.light.shine.top = 0.95;
            let mut flare = moved(measured(8.0, &[(Color::White, 1.0)], 0.1, true), 60.0);
            flare.lit = (0..FRAMES)
                .map(|i| Some((i + 12 - late) / 3 % 4 == 1))
                .collect();
            let (off, on) = (Look::Off, flare.light.train.spans[1].look.clone());
            let pieces = flare.lit.chunk_by(|a, b| a == b);
            let mut from = 0;
            let spans = pieces.map(|piece| {
                let start = from;
                from += piece.len();
                Span {
                    start_s: start as f64 / 30.0,
                    end_s: from as f64 / 30.0,
                    start_sd_s: 0.01,
                    end_sd_s: 0.01,
                    look: if piece[0] == Some(true) {
                        on.clone()
                    } else {
                        off.clone()
                    },
                }
            });
            flare.light.train.spans = spans.collect();
            leaders(vec![lamp, flare]).len() - 1
        };
        assert_eq!(beside(0), 0);
        assert_eq!(beside(1), 0);
        assert_eq!(beside(2), 1);
    }

    #[test]
    fn what_flares_up_in_the_bloom_of_a_steady_lamp_is_no_light_of_its_own() {
        let blue = [(Color::Blue, 1.0)];
        let red = [(Color::Red, 1.0)];
        let beside = |beliefs, swing, dx| {
            let lamp = measured(40.0, &blue, 0.8, false);
            let lights = leaders(vec![lamp, moved(measured(3.0, beliefs, swing, true), dx)]);
            lights.len() - 1
        };
        assert_eq!(beside(&blue, 0.1, 50.0), 0);
        // Of another colour, as bright as the lamp, or further off it may be one.
        assert_eq!(beside(&red, 0.1, 50.0), 1);
        assert_eq!(beside(&blue, 0.6, 50.0), 1);
        assert_eq!(beside(&blue, 0.1, 70.0), 1);
    }

    #[test]
    fn pieces_of_a_steady_lens_do_not_stand_for_themselves() {
        let piece = |radius_px: f64, color, dx, emission| {
            // Surer of its colour than the lens, which is judged first for that.
            let mut piece = moved(measured(radius_px, &[(color, 1.0)], 0.7, false), dx);
            piece.light.emission = emission;
            piece
        };
        let with = |other: Measured| {
            let lens = measured(24.0, &[(Color::Blue, 0.6), (Color::Green, 0.4)], 0.8, false);
            leaders(vec![lens, other])
        };
        // Inside in any colour, as what clips has another; in the bloom in the lens's.
        for (color, dx) in [(Color::Green, 10.0), (Color::Blue, 30.0)] {
            let lights = with(piece(3.0, color, dx, 0.9));
            assert_eq!(lights.len(), 1, "{color:?}");
            assert_eq!(lights[0].radius_px, 24.0);
        }
        // A lamp beside it, one of its size, and one on what is hardly a lamp.
        assert_eq!(with(piece(3.0, Color::Red, 30.0, 0.9)).len(), 2);
        assert_eq!(with(piece(20.0, Color::Blue, 60.0, 0.9)).len(), 2);
        assert_eq!(with(piece(3.0, Color::Red, 10.0, 0.99))[0].radius_px, 3.0);
    }

    #[test]
    fn of_too_many_steady_lights_the_surest_lamps_are_kept_whatever_their_colour() {
        let mut all: Vec<Measured> = (0..2 * MAX_STEADY)
            .map(|i| {
                moved(
                    measured(3.0, &[(Color::Red, 1.0)], 0.8, false),
                    100.0 * i as f64,
                )
            })
            .collect();
        all.push(moved(
            measured(3.0, &[(Color::Blue, 0.5), (Color::Green, 0.5)], 0.8, false),
            5000.0,
        ));
        all.iter_mut().for_each(|m| m.light.emission = 0.7);
        let last = all.len() - 1;
        all[last].light.emission = 0.95;
        let lights = leaders(all);
        assert!(lights.iter().any(|l| l.emission == 0.95));
    }
}
