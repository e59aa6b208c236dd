//! Two emitters of one device, seen as two lights: one train of both.

use super::book::log_sum;
use super::params::Noise;
use super::walk::gauss;
use crate::observe::{EMITTERS_RATIO, Light, Rect};
use crate::pulses::{Color, ColorSet, Look, Span, Train};

/// Boundaries of two trains that are nearer than this many frames are one.
const SAME_EDGE_FRAMES: f64 = 1.2;
/// Farthest that two emitters of a device are apart: in radii as measured, which for a light that is no larger than a cell
/// may be half the true one, and at least so many px.
const FARTHEST_RADII: f64 = 12.0;
const FARTHEST_PX: f64 = 24.0;
/// Both look like lamps (probability): a patch of wall that changes with the lamp's glow is none.
const EMITS: f64 = 0.5;
/// A colour reading that is less probable is not tried.
const LEAST_READING: f64 = 0.1;
/// Share of two unrelated lights that are parts of one thing (a toy, a poster, another device): a guess.
const ONE_THING: f64 = 0.3;
/// Share of two unrelated lights that one cause moves (a film behind both, the hand): a guess.
const ONE_CAUSE: f64 = 0.05;
/// Share of lamps that seem to go dark whenever a device's is lit beside them, by exposure or smeared chroma: a guess.
const DIMMED: f64 = 0.003;
/// Edges that two lights have in common from which on these are no chance: two flashes of each.
const LEAST_COMMON: usize = 4;
/// Time that both are lit, as a share of that of the one less lit, up to which two take turns: edges of short flashes are off
/// by a frame.
const BOTH_LIT: f64 = 0.2;

/// Two lights taken for the emitters of one device.
pub struct Pair {
    /// What they show together, each in the colours that it must have then.
    pub train: Train,
    /// Log density in 1/s of the edges of one, given those of the other, that are one in the train of both.
    pub together: f64,
    /// Probability that their colours are such.
    pub p: f64,
    /// One is dark while the other is lit.
    pub by_turns: bool,
}

/// Two lights as the emitters of one device, if they may be: near, of like size, and each with a colour that the other
/// never shows. Others they may share: a device may light both in red.
pub fn of(a: &Light, b: &Light, noise: &Noise) -> Option<Pair> {
    let [ra, rb] = radii(a, b);
    let fits = a.emission.min(b.emission) >= EMITS
        && a.place.distance(&b.place) <= reach(a, b)
        && ra.max(rb) <= EMITTERS_RATIO * ra.min(rb);
    if !fits {
        return None;
    }
    let own = |x: ColorSet, y: ColorSet| x.colors().any(|c| !y.contains(c));
    let differ = |x, y| own(x, y) && own(y, x) && ![x, y].iter().any(|s| s.contains(Color::White));
    let (may_a, may_b) = (may_show(a), may_show(b));
    let readings = may_a
        .iter()
        .flat_map(|&(x, p)| may_b.iter().map(move |&(y, q)| (x, y, p * q)))
        .filter(|&(x, y, _)| differ(x, y));
    let p = readings.clone().map(|r| r.2).sum();
    let (x, y, _) = readings.max_by(|r, s| r.2.total_cmp(&s.2))?;
    let joined = Joined::of(&read_as(&a.train, x), &read_as(&b.train, y), noise);
    Some(Pair {
        p,
        by_turns: joined.common >= LEAST_COMMON && take_turns(&a.train, &b.train),
        train: joined.train,
        together: joined.log,
    })
}

/// Whether one is dark while the other is lit. What is lit by a lamp, its glow or a reflection, is so with it.
fn take_turns(a: &Train, b: &Train) -> bool {
    let lit = |t: &Train| -> Vec<(f64, f64)> {
        let lit = t.spans.iter().filter(|s| s.look.is_lit());
        lit.map(|s| (s.start_s, s.end_s)).collect()
    };
    let (a, b) = (lit(a), lit(b));
    let time = |t: &[(f64, f64)]| t.iter().map(|s| s.1 - s.0).sum::<f64>();
    let both = a
        .iter()
        .flat_map(|x| b.iter().map(move |y| x.1.min(y.1) - x.0.max(y.0)));
    both.filter(|t| *t > 0.0).sum::<f64>() <= BOTH_LIT * time(&a).min(time(&b))
}

/// Log likelihood ratio of two near lights that take turns being a device's and a stranger, to being one signal; 0 at most.
/// `ratio` is the log of how much likelier both trains are as those of one signal than each by itself.
pub fn alone(ratio: f64) -> f64 {
    let one = |share: f64| log_sum(&[(1.0 - share).ln(), share.ln() + ratio]);
    (one(DIMMED) - one(ONE_THING)).min(0.0)
}

/// The train, where it has one look, with that read as `set`.
fn read_as(train: &Train, set: ColorSet) -> Train {
    let mut train = train.clone();
    if !train.has_several_looks() {
        for span in train.spans.iter_mut().filter(|s| s.look.is_lit()) {
            span.look = Look::Lit(vec![(set, 1.0)]);
        }
    }
    train
}

/// How many times likelier two emitters of one device are to stand where these do than two lights that have nothing to do
/// with each other, in a picture of `area` px².
///
/// The former are some radii apart, any number of them (even in the logarithm) from touching to the farthest, in any
/// direction; the latter anywhere, or now and then parts of one thing.
pub fn nearness(a: &Light, b: &Light, area: f64) -> f64 {
    let [ra, rb] = radii(a, b);
    let (touching, reach) = (ra + rb, reach(a, b));
    let d = a.place.distance(&b.place).max(touching);
    // Per px²: a ring of width dd about one holds dd / d of the probability.
    let device = 1.0 / (std::f64::consts::TAU * d * d * (reach / touching).ln().max(0.1));
    let strangers = (1.0 - ONE_THING) / area + ONE_THING * device;
    device / strangers
}

/// Log likelihood of two bystanders' trains, given that of each and that of both as of one light: two whose
/// erratic trains have one cause are not twice as strange as one.
pub fn null(each: [f64; 2], joint: f64) -> f64 {
    let strangers = (1.0 - ONE_CAUSE).ln() + each[0] + each[1];
    log_sum(&[strangers, ONE_CAUSE.ln() + joint])
}

/// Radii of the lenses in px.
fn radii(a: &Light, b: &Light) -> [f64; 2] {
    [a, b].map(|l| l.radius_px.max(0.5))
}

/// Farthest in px that the emitters may be apart.
fn reach(a: &Light, b: &Light) -> f64 {
    let [ra, rb] = radii(a, b);
    (FARTHEST_RADII * (ra * rb).sqrt()).max(FARTHEST_PX)
}

/// All colours that a light shows at some time. Where it has one look, each way in which that may be read, with its
/// probability: beside another lamp it has some of that one's colour.
fn may_show(light: &Light) -> Vec<(ColorSet, f64)> {
    let lit = || light.train.spans.iter().filter(|s| s.look.is_lit());
    if light.train.has_several_looks() {
        let shown = lit().filter_map(|s| s.look.colors());
        return vec![(shown.fold(ColorSet::NONE, ColorSet::union), 1.0)];
    }
    let beliefs = lit().next().map_or(&[][..], |s| s.look.beliefs());
    let tried = beliefs.iter().filter(|b| b.1 >= LEAST_READING);
    tried.copied().collect()
}

/// The box round both.
pub fn around(a: &Rect, b: &Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect {
        x,
        y,
        w: (a.x + a.w).max(b.x + b.w) - x,
        h: (a.y + a.h).max(b.y + b.h) - y,
    }
}

/// What two lights show together.
struct Joined {
    /// Unseen where either is.
    train: Train,
    /// Edges of one that are edges of the other, and the log density in 1/s of these, given those.
    common: usize,
    log: f64,
}

impl Joined {
    fn of(a: &Train, b: &Train, noise: &Noise) -> Self {
        let frame_s = a.frame_interval_s.max(b.frame_interval_s);
        let duration_s = a.duration_s.min(b.duration_s);
        let edges = |t: &Train| -> Vec<(f64, f64)> {
            let edges = t.spans.iter().skip(1).map(|s| (s.start_s, s.start_sd_s));
            edges.filter(|e| (0.0..duration_s).contains(&e.0)).collect()
        };
        let (mut merged, mut common, mut log) = (edges(a), 0, 0.0);
        for (t, sd) in edges(b) {
            let near = |e: &&mut (f64, f64)| (e.0 - t).abs() < SAME_EDGE_FRAMES * frame_s;
            match merged.iter_mut().find(near) {
                Some(e) => {
                    let frames = noise.edge_frames * frame_s;
                    let var = 2.0 * frames * frames + sd * sd + e.1 * e.1;
                    common += 1;
                    log += gauss(e.0 - t, var).ln();
                    *e = (0.5 * (e.0 + t), e.1.max(sd));
                }
                None => merged.push((t, sd)),
            }
        }
        merged.sort_by(|x, y| x.0.total_cmp(&y.0));
        let mut starts = vec![(0.0, 0.0)];
        starts.extend(merged);
        let mut spans: Vec<Span> = Vec::with_capacity(starts.len());
        for (i, &(start_s, start_sd_s)) in starts.iter().enumerate() {
            let (end_s, end_sd_s) = starts.get(i + 1).copied().unwrap_or((duration_s, 0.0));
            let middle = 0.5 * (start_s + end_s);
            let look = both(at(a, middle), at(b, middle));
            match spans.last_mut() {
                Some(last) if last.look.colors() == look.colors() => {
                    last.end_s = end_s;
                    last.end_sd_s = end_sd_s;
                }
                _ => spans.push(Span {
                    start_s,
                    end_s,
                    start_sd_s,
                    end_sd_s,
                    look,
                }),
            }
        }
        let train = Train {
            spans,
            duration_s,
            frame_interval_s: frame_s,
        };
        Self { train, common, log }
    }
}

fn at(train: &Train, t: f64) -> &Look {
    let i = train.spans.partition_point(|s| s.end_s <= t);
    train
        .spans
        .get(i)
        .or(train.spans.last())
        .map_or(&Look::Unseen, |s| &s.look)
}

fn both(a: &Look, b: &Look) -> Look {
    match (a, b) {
        (Look::Unseen, _) | (_, Look::Unseen) => Look::Unseen,
        (Look::Off, x) | (x, Look::Off) => x.clone(),
        (Look::Lit(x), Look::Lit(y)) => {
            let mut beliefs: Vec<(ColorSet, f64)> = Vec::new();
            for &(s, p) in x {
                for &(t, q) in y {
                    let set = s.union(t);
                    match beliefs.iter_mut().find(|b| b.0 == set) {
                        Some(b) => b.1 += p * q,
                        None => beliefs.push((set, p * q)),
                    }
                }
            }
            beliefs.sort_by(|m, n| n.1.total_cmp(&m.1));
            Look::Lit(beliefs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Segment;
    use crate::matcher::synthetic::{observation, train};

    fn is_possible(a: &Light, b: &Light) -> bool {
        super::of(a, b, &Noise::DEFAULT).is_some()
    }

    /// Nearness of two lights of 5 px radius that are `apart` px apart in a picture of 1280 x 720 px.
    fn nearness_of(apart: f64) -> f64 {
        let steady = |c| {
            let segments = [Segment {
                light: ColorSet::of(c),
                start_s: 0.0,
                end_s: 8.0,
            }];
            (train(&segments, 30.0, 1), 0.9)
        };
        let mut lights = observation(vec![steady(Color::Blue), steady(Color::Green)]).lights;
        lights[1].place.x = lights[0].place.x + apart;
        assert_eq!(is_possible(&lights[0], &lights[1]), apart <= 60.0);
        nearness(&lights[0], &lights[1], 1280.0 * 720.0)
    }

    #[test]
    fn a_lamp_whose_colour_is_read_with_its_neighbour_s_may_be_an_emitter() {
        let steady = |light| {
            let segments = [Segment {
                light,
                start_s: 0.0,
                end_s: 8.0,
            }];
            (train(&segments, 30.0, 1), 0.9)
        };
        let (blue, green) = (ColorSet::of(Color::Blue), ColorSet::of(Color::Green));
        let both = blue.union(green);
        let mut lights = observation(vec![steady(blue), steady(both)]).lights;
        lights[1].place.x = lights[0].place.x + 12.0;
        assert!(!is_possible(&lights[0], &lights[1]));
        lights[1].train.spans[0].look = Look::Lit(vec![(both, 0.6), (green, 0.4)]);
        assert!(is_possible(&lights[0], &lights[1]));
        // But not if that reading is as good as none.
        lights[1].train.spans[0].look = Look::Lit(vec![(both, 0.95), (green, 0.05)]);
        assert!(!is_possible(&lights[0], &lights[1]));
    }

    #[test]
    fn one_of_the_emitters_may_show_several_colours() {
        let segments = |lights: &[Color]| -> Vec<Segment> {
            let lit = |(i, &c): (usize, &Color)| Segment {
                light: ColorSet::of(c),
                start_s: 2.0 * i as f64,
                end_s: 2.0 * i as f64 + 2.0,
            };
            lights.iter().enumerate().map(lit).collect()
        };
        let pair = |a: &[Color], b: &[Color]| {
            let [a, b] = [a, b].map(|c| (train(&segments(c), 30.0, 1), 0.9));
            let mut lights = observation(vec![a, b]).lights;
            lights[1].place.x = lights[0].place.x + 12.0;
            is_possible(&lights[0], &lights[1])
        };
        assert!(pair(&[Color::Red, Color::Green], &[Color::Blue]));
        // All that the other shows it shows itself: a piece of it, or a reflection.
        assert!(!pair(&[Color::Red, Color::Blue], &[Color::Blue]));
    }

    #[test]
    fn two_erratic_lights_are_not_twice_as_strange_as_one() {
        // Likelier each by itself: as before, but for the share that has one cause.
        let apart = null([-3.0, -3.0], -30.0);
        assert!((apart - (-6.0 + (1.0 - ONE_CAUSE).ln())).abs() < 1e-6);
        // Both erratic, and together no more than one of them is.
        let one = null([-30.0, -30.0], -30.0);
        assert!((one - (-30.0 + ONE_CAUSE.ln())).abs() < 1e-6);
    }

    #[test]
    fn common_edges_tell_against_a_stranger_as_far_as_one_may_be_dimmed() {
        assert_eq!(alone(-20.0), 0.0);
        let most = (DIMMED / ONE_THING).ln();
        assert!((alone(30.0) - most).abs() < 1e-3);
        assert!(alone(3.0) < -0.5 && alone(3.0) > most);
    }

    #[test]
    fn emitters_of_a_device_stand_together() {
        // The nearer the likelier, but a toy has two lights as near, too.
        assert!(nearness_of(12.0) > nearness_of(55.0) && nearness_of(55.0) > 2.0);
        assert!(nearness_of(12.0) < 1.0 / ONE_THING);
        assert!(nearness_of(1000.0) < 1.0);
    }

    #[test]
    fn as_emitters_two_lights_of_one_colour_are_read_as_different() {
        let blinks = |light: ColorSet| -> Vec<Segment> {
            let segment = |i: i32| Segment {
                light: if i % 2 == 0 { light } else { ColorSet::NONE },
                start_s: 0.5 * f64::from(i),
                end_s: 0.5 * f64::from(i) + 0.5,
            };
            (0..16).map(segment).collect()
        };
        let (blue, green) = (ColorSet::of(Color::Blue), ColorSet::of(Color::Green));
        let steady = [Segment {
            light: green,
            start_s: 0.0,
            end_s: 8.0,
        }];
        let trains = [&blinks(green)[..], &steady].map(|s| (train(s, 30.0, 1), 0.9));
        let mut lights = observation(trains.into()).lights;
        lights[1].place.x = lights[0].place.x + 12.0;
        for span in &mut lights[0].train.spans {
            if span.look.is_lit() {
                span.look = Look::Lit(vec![(green, 0.8), (blue, 0.2)]);
            }
        }
        let pair = super::of(&lights[0], &lights[1], &Noise::DEFAULT).unwrap();
        // Not green all the time, as both are where the first is read as green: then they would be no emitters.
        assert!((pair.p - 0.2).abs() < 1e-9);
        let lit = pair.train.spans.iter().map(|s| s.look.colors());
        let both = lit.filter(|c| *c == Some(blue.union(green))).count();
        assert_eq!(both, 8);
    }
}
