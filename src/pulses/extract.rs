//! From a light's signal to its pulse train: levels found in the data, hysteresis by change points.

use super::levels::{LIT_SHARE, Level, colors};
use super::segment::{DIMS, Piece, Point, segment};
use super::{Look, Span, Train};
use crate::median::median;
use crate::signal::Sample;

/// Noise floor as a share of the signal's range: shake, codec and exposure make the level of a lit light
/// waver by some percent even where frames differ little from each other.
const RELATIVE_NOISE: f64 = 0.03;
/// Noise floor in linear light: half a step of an 8-bit code in the mid tones.
pub(super) const LEAST_NOISE: f64 = 0.002;
/// Darkest pieces within this share of the range are one level.
const DARK_BAND: f64 = 0.2;
/// Pieces of up to this many frames between two levels are the edge itself (exposure, LED rise, codec).
pub(super) const EDGE_FRAMES: usize = 4;
/// Lit pieces of up to this many frames beside a longer one of another tint are an edge.
const SLIP_FRAMES: usize = 2;
/// Times that such a piece comes amid one look when it is the light's doing: a codec's key pictures slip once or twice.
const RECURRING: usize = 3;
/// Unseen stretches shorter than this, in frames, between like looks are a blink of the camera.
const BRIDGED_FRAMES: usize = 2;
/// The signal's train and the levels it was read by.
#[derive(Debug, Clone)]
pub struct Reading {
    pub train: Train,
    /// Linear light of the lit state (brightest colour) above the dark one, R, G, B.
    pub lit_rgb: [f64; 3],
    /// Ratio of the lit-dark difference to its frame-to-frame noise.
    pub separation: f64,
    /// Per frame: lit or not; `None` unseen.
    pub lit: Vec<Option<bool>>,
}

/// What is known of the darkest level before the signal is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The darkest level is the light switched off.
    Dark,
    /// Even at its darkest the light shines (steady, or one colour of several always on).
    Lit,
    /// The light is on all the time; that it looks darker now and then is the shutter's doing.
    Flicker,
}

/// Frame times in s from the first frame, and the end of the last frame.
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    pub times: &'a [f64],
    pub end_s: f64,
}

impl<'a> Clock<'a> {
    /// The last frame is taken to last as long as most do.
    pub fn of(times: &'a [f64]) -> Self {
        let mut clock = Self { times, end_s: 0.0 };
        clock.end_s = times.last().copied().unwrap_or(0.0) + clock.interval_s();
        clock
    }

    /// When frame `i` ends.
    pub(super) fn until(&self, i: usize) -> f64 {
        self.times.get(i + 1).copied().unwrap_or(self.end_s)
    }

    /// Median time between frames in s.
    pub fn interval_s(&self) -> f64 {
        let mut steps: Vec<f64> = self.times.windows(2).map(|w| w[1] - w[0]).collect();
        median(&mut steps, f64::total_cmp).unwrap_or(self.end_s.max(1e-3))
    }
}

/// Reads the train of `samples`, one per frame of `clock`.
pub fn read(samples: &[Sample], clock: Clock, base: Base) -> Reading {
    let seen: Vec<usize> = (0..samples.len()).filter(|&i| samples[i].seen).collect();
    let values: Vec<Point> = seen.iter().map(|&i| point(&samples[i])).collect();
    let noise = noise(&values);
    let scaled: Vec<Point> = values
        .iter()
        .map(|p| std::array::from_fn(|k| p[k] / noise[k]))
        .collect();
    let pieces = without_edges(segment(&scaled), &scaled);
    let levels: Vec<Level> = pieces
        .iter()
        .map(|p| Level::of(p, &seen, samples))
        .collect();
    let (dark, range) = dark_level(&levels);
    let zero = match base {
        Base::Dark => dark,
        Base::Lit | Base::Flicker => Level::default(),
    };
    let above: Vec<Level> = levels.iter().map(|l| l.minus(&zero)).collect();
    let colors = colors(&above, base == Base::Lit);
    let steady = colors.groups.first().filter(|_| base == Base::Flicker);
    let looks: Vec<Look> = above
        .iter()
        .zip(&colors.member)
        .map(|(l, group)| match group {
            Some(g) if l.light() >= LIT_SHARE * colors.groups[*g].level || base == Base::Lit => {
                Look::Lit(colors.groups[*g].belief.clone())
            }
            _ => Look::Off,
        })
        .collect();
    let looks = match steady {
        Some(brightest) => vec![Look::Lit(brightest.belief.clone()); looks.len()],
        None => without_slips(&pieces, &looks),
    };
    let brightest = colors
        .groups
        .iter()
        .max_by(|a, b| a.level.total_cmp(&b.level))
        .map_or([0.0; 3], |g| g.rgb);
    let train = train(&pieces, &looks, &scaled, &seen, clock);
    let mut lit = vec![None; samples.len()];
    for (p, look) in pieces.iter().zip(&looks) {
        for &i in &seen[p.start..p.end] {
            lit[i] = Some(look.is_lit());
        }
    }
    Reading {
        train,
        lit_rgb: brightest,
        separation: range / noise[0],
        lit,
    }
}

/// Overall light and coloured parts.
fn point(s: &Sample) -> Point {
    [
        f64::from(s.rgb[0] + s.rgb[1] + s.rgb[2]) / 3.0,
        f64::from(s.excess[0]),
        f64::from(s.excess[1]),
        f64::from(s.excess[2]),
    ]
}

/// Standard deviation per dimension from the median step between neighbours, with floors.
fn noise(values: &[Point]) -> Point {
    let mut span = 0.0f64;
    let mut out = [0.0; DIMS];
    for (k, sigma) in out.iter_mut().enumerate() {
        let mut v: Vec<f64> = values.iter().map(|p| p[k]).collect();
        v.sort_by(f64::total_cmp);
        if let (Some(a), Some(b)) = (
            v.get(v.len() / 50),
            v.get(v.len().saturating_sub(1 + v.len() / 50)),
        ) {
            span = span.max(b - a);
        }
        let mut steps: Vec<f64> = values
            .windows(2)
            .map(|w| (w[1][k] - w[0][k]).abs())
            .collect();
        if let Some(step) = median(&mut steps, f64::total_cmp) {
            // Median absolute step of Gaussian noise is 0.954 standard deviations.
            *sigma = step / 0.954;
        }
    }
    out.map(|s| s.max(RELATIVE_NOISE * span).max(LEAST_NOISE))
}

/// Gives the frames of short pieces that lie between their neighbours' levels to the nearer neighbour.
fn without_edges(pieces: Vec<Piece>, scaled: &[Point]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut i = 0;
    while i < pieces.len() {
        let p = &pieces[i];
        let (Some(before), Some(after)) = (out.last().cloned(), pieces.get(i + 1)) else {
            out.push(p.clone());
            i += 1;
            continue;
        };
        let f = fraction(&p.mean, &before.mean, &after.mean);
        let between =
            (0.03..0.97).contains(&f) && off_line(&p.mean, &before.mean, &after.mean, f) < 0.35;
        let longer = |q: &Piece| q.end - q.start > p.end - p.start;
        if p.end - p.start <= EDGE_FRAMES && between && (longer(&before) || longer(after)) {
            let cut = (p.start..p.end)
                .find(|&t| fraction(&scaled[t], &before.mean, &after.mean) >= 0.5)
                .unwrap_or(p.end);
            if let Some(last) = out.last_mut() {
                last.end = cut;
            }
            out.push(Piece {
                start: cut,
                end: after.end,
                mean: after.mean,
            });
            i += 2;
        } else {
            out.push(p.clone());
            i += 1;
        }
    }
    out
}

/// Gives lit pieces of a frame or two beside longer lit ones their look: emitters switch at once, so a passing tint is
/// the shutter or the codec at an edge. What comes again and again amid one look is no edge.
fn without_slips(pieces: &[Piece], looks: &[Look]) -> Vec<Look> {
    let length = |i: usize| pieces[i].end - pieces[i].start;
    let lit = |i: usize| looks[i].is_lit();
    let amid = |i: usize| {
        let around = i.checked_sub(1).map(|b| looks[b].colors());
        around.filter(|c| looks.get(i + 1).is_some_and(|a| a.colors() == *c))
    };
    let recurs = |i: usize| {
        let same = |&j: &usize| looks[j].colors() == looks[i].colors() && amid(j) == amid(i);
        amid(i).is_some() && (0..looks.len()).filter(same).count() >= RECURRING
    };
    let mut out = looks.to_vec();
    for (i, look) in out.iter_mut().enumerate() {
        let near = [i.checked_sub(1), (i + 1 < pieces.len()).then_some(i + 1)];
        let longest = near
            .into_iter()
            .flatten()
            .filter(|&j| lit(j))
            .max_by_key(|&j| length(j));
        if let Some(j) = longest
            && lit(i)
            && length(i) <= SLIP_FRAMES
            && length(j) > length(i)
            && !recurs(i)
        {
            *look = looks[j].clone();
        }
    }
    out
}

/// Where `p` lies between `a` (0) and `b` (1), along their difference.
fn fraction(p: &Point, a: &Point, b: &Point) -> f64 {
    let (mut dot, mut norm) = (0.0, 0.0);
    for k in 0..DIMS {
        dot += (p[k] - a[k]) * (b[k] - a[k]);
        norm += (b[k] - a[k]).powi(2);
    }
    dot / norm.max(1e-12)
}

/// Distance of `p` from the line between `a` and `b`, in units of their distance.
fn off_line(p: &Point, a: &Point, b: &Point, f: f64) -> f64 {
    let (mut d, mut norm) = (0.0, 0.0);
    for k in 0..DIMS {
        d += (p[k] - a[k] - f * (b[k] - a[k])).powi(2);
        norm += (b[k] - a[k]).powi(2);
    }
    (d / norm.max(1e-12)).sqrt()
}

/// Mean of the darkest pieces, and the range of light over all pieces.
fn dark_level(levels: &[Level]) -> (Level, f64) {
    let light = |l: &Level| l.rgb.iter().sum::<f64>() / 3.0;
    let lowest = levels.iter().map(light).fold(f64::INFINITY, f64::min);
    let highest = levels.iter().map(light).fold(f64::NEG_INFINITY, f64::max);
    if levels.is_empty() {
        return (Level::default(), 0.0);
    }
    let limit = lowest + DARK_BAND * (highest - lowest);
    let mut dark = Level::default();
    for l in levels.iter().filter(|l| light(l) <= limit) {
        dark.frames += l.frames;
        for k in 0..3 {
            dark.rgb[k] += l.rgb[k] * l.frames;
            dark.excess[k] += l.excess[k] * l.frames;
            dark.halo[k] += l.halo[k] * l.frames;
        }
    }
    let n = dark.frames.max(1.0);
    dark.rgb = dark.rgb.map(|v| v / n);
    dark.excess = dark.excess.map(|v| v / n);
    dark.halo = dark.halo.map(|v| v / n);
    (dark, highest - lowest)
}

/// Probability of the likeliest colours.
fn certainty(look: &Look) -> f64 {
    match look {
        Look::Lit(belief) => belief.first().map_or(0.0, |b| b.1),
        Look::Off | Look::Unseen => 1.0,
    }
}

/// Spans over the whole clip, edges to a fraction of a frame.
fn train(
    pieces: &[Piece],
    looks: &[Look],
    scaled: &[Point],
    seen: &[usize],
    clock: Clock,
) -> Train {
    let mut spans: Vec<Span> = Vec::new();
    let interval = clock.interval_s();
    let push = |spans: &mut Vec<Span>, start: f64, sd: f64, look: Look| {
        if let Some(last) = spans.last_mut() {
            // Two levels of one colour are one look: a flash and its rise.
            if last.look.colors() == look.colors() {
                if certainty(&look) > certainty(&last.look) {
                    last.look = look;
                }
                return;
            }
            last.end_s = start;
            last.end_sd_s = sd;
        }
        spans.push(Span {
            start_s: start,
            end_s: clock.end_s,
            start_sd_s: sd,
            end_sd_s: 0.0,
            look,
        });
    };
    // Unseen until the first seen frame, between seen frames further apart, and after the last.
    let gap_after = |k: usize| -> bool {
        let next = seen.get(k + 1).copied().unwrap_or(clock.times.len());
        next - seen[k] > 1 + BRIDGED_FRAMES
    };
    if seen.first().is_none_or(|&i| i > BRIDGED_FRAMES) {
        push(&mut spans, 0.0, 0.0, Look::Unseen);
    }
    let mut previous: Option<usize> = None;
    for (j, p) in pieces.iter().enumerate() {
        if p.start == p.end {
            continue;
        }
        let fresh = spans.is_empty();
        let after_gap = p.start > 0 && gap_after(p.start - 1);
        let (start, sd) = if fresh {
            (0.0, 0.0)
        } else if after_gap || p.start == 0 {
            (clock.times[seen[p.start]], interval)
        } else if let Some(q) = previous {
            edge(&pieces[q], p, scaled, seen, clock)
        } else {
            (clock.times[seen[p.start]], interval)
        };
        push(&mut spans, start, sd, looks[j].clone());
        for k in p.start..p.end {
            let last = k + 1 == seen.len();
            if gap_after(k) {
                let from = clock.until(seen[k]);
                push(&mut spans, from, interval, Look::Unseen);
                if !last && k + 1 < p.end {
                    push(
                        &mut spans,
                        clock.times[seen[k + 1]],
                        interval,
                        looks[j].clone(),
                    );
                }
            }
        }
        previous = Some(j);
    }
    if spans.is_empty() {
        push(&mut spans, 0.0, 0.0, Look::Unseen);
    }
    Train {
        spans,
        duration_s: clock.end_s,
        frame_interval_s: interval,
    }
}

/// A share of the way between two levels: frames within the noise of either are fully there.
pub(super) fn whole(share: f64) -> f64 {
    match share {
        f if f < 0.1 => 0.0,
        f if f > 0.9 => 1.0,
        f => f,
    }
}

/// When the light went from the level of `a` to that of `b`, and its standard error: the frames about the cut show
/// by their share of the new level how much of their time came after the edge.
fn edge(a: &Piece, b: &Piece, scaled: &[Point], seen: &[usize], clock: Clock) -> (f64, f64) {
    let from = b.start.saturating_sub(EDGE_FRAMES.min(b.start - a.start));
    let to = (b.start + EDGE_FRAMES).min(b.end);
    let mut at = clock.until(seen[to - 1]);
    let mut partial = 0.0;
    for k in from..to {
        let f = whole(fraction(&scaled[k], &a.mean, &b.mean));
        let length = clock.until(seen[k]) - clock.times[seen[k]];
        at -= f * length;
        partial += f * (1.0 - f);
    }
    let at = at.clamp(clock.times[seen[from]], clock.until(seen[to - 1]));
    // Without a partly lit frame the edge lies anywhere in the dead time between two exposures: uniform over
    // half an interval. With one it is known better, but the codec and the LED's rise blur it.
    let interval = clock.interval_s();
    (at, interval * if partial > 0.05 { 0.2 } else { 0.25 })
}
