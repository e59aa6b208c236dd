//! Is it a light that blinks, or a steady one whose flicker beats with the frame rate?
//!
//! A lamp dimmed by PWM or fed from the mains goes on and off by a clock of its own, some 50 to some 1000 times a
//! second. A camera that looks for a shorter time than it is off sees it come and go, at the difference between its
//! rate and the nearest multiple of the frame rate. Such a beat is strictly periodic, has one swell a period, may have
//! any rate up to half the frame rate, and its edges are as long a share of the period as the exposure is of the lamp's
//! own: anything. A blink also may be periodic, but is made for people to read (about 1 Hz) and switches within the
//! exposure of a frame. Where rate and edges fit both, the odds say so.

use crate::pulses::extract::Clock;
use crate::signal::Sample;

/// Most frames folded, from the first on: a quarter of a minute of 60 frames/s holds every beat that repeats.
const MAX_FRAMES: usize = 900;
/// Fewest frames from which a period can be told.
const MIN_FRAMES: usize = 24;
/// Share of its level by which a light comes and goes at least: less looks steady to everyone.
const MIN_DEPTH: f64 = 0.3;
/// Light that remains when it is dark, as a share of the change, from which on it has a colour; and the cosine of
/// colours that may be one: clipping whitens the brighter.
const LIT_AT_REST: f64 = 0.2;
const SAME_COLOR: f64 = 0.8;
/// Periods that must be in view to be called a repetition.
const MIN_PERIODS: f64 = 2.0;
/// Phase bins; with few frames, as many as hold `FRAMES_PER_BIN` each.
const MAX_BINS: usize = 24;
const FRAMES_PER_BIN: usize = 6;
/// Steps of the search in periods over the whole clip: the phase at its ends is off by 0.05 periods at most.
const STEPS_PER_PERIOD: f64 = 10.0;
/// Rates next to each other of which the middle one tells whether any is worth a look: it is 0.15 periods off at the clip's end.
const TOGETHER: usize = 4;
/// Share of the variance that it then explains at least: spread over so much of a period the narrowest pulse, of one bin in
/// 24, still explains a fifth of what it does at its own rate, 0.8 and more.
const WORTH_A_LOOK: f64 = 0.1;
/// Where frames are not evenly spaced by this share of the interval (rms), their times tell rates up to this one in Hz:
/// beyond, timestamps rounded to 1 ms hide the phase.
const UNEVEN: f64 = 0.003;
const UNEVEN_HZ: f64 = 500.0;
/// Frames from one crossing of the middle level to the next, at most, for that search to pay.
const RESTLESS: usize = 10;
/// The slowest rate that such a fast one must explain the level better than, in periods over the whole clip: a single swell
/// half of which is in view.
const SINGLE_SWELL: f64 = 0.5;
/// Share of the variance that a strict period explains at least; random switching stays far below.
const EXPLAINED: f64 = 0.8;
/// Rates that explain as much but for this share fit as well.
const NEARLY: f64 = 0.04;
/// Levels between these shares of the range are on an edge.
const EDGE_BAND: (f64, f64) = (0.25, 0.75);

/// Of lights seen going fully on and off in period, how many are steady ones that flicker: an assumption. It takes an
/// exposure shorter than the lamp's dark time, a few milliseconds, which daylight and slow PWM make, but not often.
const FLICKERS: f64 = 0.2;
/// Half of them are fed from the mains: indicator lamps without a power supply of their own.
const MAINS: f64 = 0.5;
/// What mains lamps do per second, and by how many Hz mains, filter and frame rate leave the beat uncertain.
const MAINS_HZ: [f64; 4] = [50.0, 60.0, 100.0, 120.0];
const MAINS_SD_HZ: f64 = 0.2;
/// Rates of blinking, log-normal: median in Hz, and sd of the logarithm. IEC 60073 recommends 0.4 to 2.8 Hz; consumer
/// devices blink at up to some 8 Hz.
const BLINK_HZ: f64 = 1.2;
const BLINK_SPREAD: f64 = 0.8;
/// Mean length of a blink's edge: this many frames (exposure, codec) and s (the rise of a filtered supply).
const EDGE_FRAMES: f64 = 1.5;
const EDGE_S: f64 = 0.03;
/// Probability from which on the other explanation is worth a word.
const DOUBT: f64 = 0.05;
/// Probability that the darkest level still is a lit one: of a beat (exposures longer than the dark time are common), of
/// a blink between two brightnesses.
const BEAT_LIT: f64 = 0.7;
const BLINK_LIT: f64 = 0.1;

/// A strict period in a light's level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beat {
    /// Rate at which it comes and goes in the clip, in Hz; that of the lamp itself where frames at uneven times tell it.
    pub hz: f64,
    /// Probability that this is a steady light's flicker beating with the frame rate, rather than a blink.
    pub p: f64,
}

impl Beat {
    /// Neither a blink nor a beat is sure.
    pub fn in_doubt(&self) -> bool {
        (DOUBT..1.0 - DOUBT).contains(&self.p)
    }
}

/// Looks for a strict period with one swell; `rest` is the probability (from looks) that the light shines even at its
/// darkest.
pub fn beat(samples: &[Sample], clock: Clock, rest: f64) -> Option<Beat> {
    let seen = samples.iter().zip(clock.times).filter(|(s, _)| s.seen);
    let (level, times): (Vec<f64>, Vec<f64>) = seen
        .take(MAX_FRAMES)
        .map(|(s, t)| (f64::from(s.rgb.iter().sum::<f32>()), *t))
        .unzip();
    let n = level.len();
    if n < MIN_FRAMES || depth(&level) < MIN_DEPTH || changes_color(samples, &level) {
        return None;
    }
    let long = times[n - 1] - times[0];
    let frame_s = clock.interval_s();
    let (least_hz, most_hz) = (MIN_PERIODS / long, 0.5 / frame_s);
    let step = 1.0 / (STEPS_PER_PERIOD * long);
    let mut folded = Folded::new(&level);
    if let Some(hz) = folded.rate(&level, &times, (least_hz, most_hz), step, NEARLY) {
        folded.explained(&level, &times, hz);
        let odds = odds(hz, folded.on_edge(&level), frame_s, rest);
        let p = odds / (1.0 + odds);
        return Some(Beat { hz, p });
    }
    // Frames taken at irregular times tell rates beyond half the frame rate, none of which is a blink.
    if !(steps_vary(&times, frame_s) && restless(&level)) {
        return None;
    }
    let hz = folded.rate(&level, &times, (most_hz, UNEVEN_HZ), step, 0.0)?;
    let fast = folded.explained(&level, &times, hz);
    let slow = folded
        .promising(&level, &times, (SINGLE_SWELL / long, most_hz), step)
        .into_iter()
        .map(|hz| folded.explained(&level, &times, hz))
        .fold(0.0, f64::max);
    // Times that hardly vary leave each fast rate the alias of a slow one, and of so many rates some fit better by luck.
    let luck = best_by_luck((UNEVEN_HZ - most_hz) / step, n as f64);
    ((1.0 - slow) > luck * (1.0 - fast)).then_some(Beat { hz, p: 1.0 })
}

/// By how many times the best of so many equal explanations of `n` values misses them less than another does by luck: the
/// logarithm of the ratio of two such variances has a standard deviation of the square root of 4/n.
fn best_by_luck(explanations: f64, n: f64) -> f64 {
    ((2.0 * explanations.max(1.0).ln()).sqrt() * (4.0 / n).sqrt()).exp()
}

/// What it shows when dark is of another colour than what it gains when bright: two lights, of which one blinks.
fn changes_color(samples: &[Sample], level: &[f64]) -> bool {
    let (low, high) = range(level);
    let mut means = [[0.0; 3]; 2];
    let mut counts = [0.0; 2];
    for (s, v) in samples.iter().filter(|s| s.seen).zip(level) {
        let bright = usize::from(*v > 0.5 * (low + high));
        counts[bright] += 1.0;
        for (mean, c) in means[bright].iter_mut().zip(s.rgb) {
            *mean += f64::from(c);
        }
    }
    let [dark, bright] = [0, 1].map(|k| {
        // A dark lens on a bright plate is below its surround, and shines in no colour.
        means[k].map(|c| (c / f64::max(counts[k], 1.0)).max(0.0))
    });
    let gained: [f64; 3] = std::array::from_fn(|k| bright[k] - dark[k]);
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let (own, gain) = (dot(dark, dark).sqrt(), dot(gained, gained).sqrt());
    own > LIT_AT_REST * gain && dot(dark, gained) < SAME_COLOR * own * gain
}

/// The intervals between frames differ enough to tell rates from their aliases.
fn steps_vary(times: &[f64], frame_s: f64) -> bool {
    let n = times.len() as f64 - 1.0;
    let square: f64 = times
        .windows(2)
        .map(|w| (w[1] - w[0] - frame_s).powi(2))
        .sum();
    (square / n).sqrt() > UNEVEN * frame_s
}

/// It crosses its middle so often that it may come and go faster than the frames.
fn restless(level: &[f64]) -> bool {
    let (low, high) = range(level);
    let middle = 0.5 * (low + high);
    let crossings = level
        .windows(2)
        .filter(|w| (w[0] < middle) != (w[1] < middle));
    crossings.count() * RESTLESS > level.len()
}

/// By what share of its brightest the level falls, the few most extreme frames left out.
fn depth(level: &[f64]) -> f64 {
    let mut sorted = level.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 50;
    let (low, high) = (sorted[cut], sorted[sorted.len() - 1 - cut]);
    (high - low) / high.max(1e-6)
}

/// A series folded by a period into bins of phase.
struct Folded {
    /// Sum and count of each bin.
    bins: Vec<(f64, f64)>,
    mean: f64,
    square: f64,
}

impl Folded {
    fn new(level: &[f64]) -> Self {
        let n = level.len() as f64;
        let mean = level.iter().sum::<f64>() / n;
        Self {
            bins: vec![(0.0, 0.0); (level.len() / FRAMES_PER_BIN).clamp(4, MAX_BINS)],
            mean,
            square: level.iter().map(|v| (v - mean).powi(2)).sum(),
        }
    }

    /// Share of the variance that the means of the bins explain, corrected for their number (Stellingwerf 1978).
    fn explained(&mut self, level: &[f64], times: &[f64], hz: f64) -> f64 {
        self.bins.fill((0.0, 0.0));
        let bins = self.bins.len();
        let count = bins as f64;
        for (v, t) in level.iter().zip(times) {
            let phase = t * hz;
            // Times count from the first frame, so that cutting off is rounding down; `floor` is a call on processors that
            // x86-64 allows for.
            let bin = ((phase - phase as i64 as f64) * count) as usize;
            // Rounded up to the end of the period is its beginning.
            let bin = &mut self.bins[if bin < bins { bin } else { 0 }];
            bin.0 += v - self.mean;
            bin.1 += 1.0;
        }
        let used = self.bins.iter().filter(|b| b.1 > 0.0);
        let free = level.len() as f64 - used.clone().count() as f64;
        let between: f64 = used.map(|b| b.0 * b.0 / b.1).sum();
        let within = (self.square - between).max(0.0) / free.max(1.0);
        1.0 - within / (self.square / (level.len() as f64 - 1.0)).max(1e-12)
    }

    /// The rates within these bounds, in Hz, but for those that explain next to nothing of the level.
    fn promising(
        &mut self,
        level: &[f64],
        times: &[f64],
        (least_hz, most_hz): (f64, f64),
        step: f64,
    ) -> Vec<f64> {
        let rate = |k: f64| least_hz + k * step;
        // None where the bounds are the wrong way round.
        let rates = ((most_hz - least_hz) / step + 1.5) as usize;
        let middle = 0.5 * (TOGETHER - 1) as f64;
        (0..rates)
            .step_by(TOGETHER)
            .filter(|&k| self.explained(level, times, rate(k as f64 + middle)) >= WORTH_A_LOOK)
            .flat_map(|k| (k..rates.min(k + TOGETHER)).map(|k| rate(k as f64)))
            .collect()
    }

    /// The rate within `range_hz` by which one swell a period explains the level best, or the slowest
    /// that explains it `nearly` as well.
    fn rate(
        &mut self,
        level: &[f64],
        times: &[f64],
        range_hz: (f64, f64),
        step: f64,
        nearly: f64,
    ) -> Option<f64> {
        let rates = self.promising(level, times, range_hz, step);
        let fits: Vec<(f64, f64)> = rates
            .into_iter()
            .filter_map(|hz| {
                let explained = self.explained(level, times, hz);
                (explained >= EXPLAINED && self.one_swell()).then_some((hz, explained))
            })
            .collect();
        let most = fits.iter().map(|f| f.1).fold(0.0, f64::max);
        // Frames that take the same few phases again and again fit several rates: a blink would be the slowest.
        let from = fits.iter().position(|f| f.1 >= most - nearly)?;
        // To the top of its own peak.
        let top = fits[from..]
            .windows(2)
            .find(|w| w[1].1 <= w[0].1 || w[1].0 - w[0].0 > 1.5 * step)
            .map_or(fits[fits.len() - 1].0, |w| w[0].0);
        Some(top)
    }

    /// Over a period the level rises through its middle once and falls once.
    fn one_swell(&self) -> bool {
        let means: Vec<f64> = self
            .bins
            .iter()
            .filter(|b| b.1 > 0.0)
            .map(|b| b.0 / b.1)
            .collect();
        let (low, high) = range(&means);
        let sides: Vec<bool> = means
            .iter()
            .map(|m| (m - low) / (high - low).max(1e-12))
            .filter(|y| !(0.4..0.6).contains(y))
            .map(|y| y > 0.5)
            .collect();
        let turns = (0..sides.len())
            .filter(|&i| sides[i] != sides[(i + 1) % sides.len()])
            .count();
        turns == 2
    }

    /// Share of a period spent on its two edges, 0..1, the edges taken as straight.
    fn on_edge(&self, level: &[f64]) -> f64 {
        let means: Vec<f64> = self
            .bins
            .iter()
            .filter(|b| b.1 > 0.0)
            .map(|b| self.mean + b.0 / b.1)
            .collect();
        let (low, high) = range(&means);
        let between = level
            .iter()
            .map(|v| (v - low) / (high - low).max(1e-12))
            .filter(|y| (EDGE_BAND.0..EDGE_BAND.1).contains(y))
            .count();
        (between as f64 / level.len() as f64 / (EDGE_BAND.1 - EDGE_BAND.0)).min(1.0)
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        })
}

/// Odds of a beat against a blink that comes `hz` times a second and spends `edges` of its time on its edges.
fn odds(hz: f64, edges: f64, frame_s: f64, rest: f64) -> f64 {
    let most_hz = 0.5 / frame_s;
    let normal =
        |z: f64, sd: f64| (-0.5 * (z / sd).powi(2)).exp() / (sd * std::f64::consts::TAU.sqrt());
    let of_mains = MAINS_HZ
        .iter()
        .map(|mains| {
            let nearest = (mains * frame_s).round() / frame_s;
            // Rates on both sides of a multiple of the frame rate look alike.
            let alias = (mains - nearest).abs();
            (normal(hz - alias, MAINS_SD_HZ) + normal(hz + alias, MAINS_SD_HZ))
                / MAINS_HZ.len() as f64
        })
        .sum::<f64>();
    let beat_hz = MAINS * of_mains + (1.0 - MAINS) / most_hz;
    let blink_hz = normal((hz / BLINK_HZ).ln(), BLINK_SPREAD) / hz;
    // Of a beat any share of the period is as likely; of a blink the length of an edge is exponential.
    let usual = EDGE_FRAMES * frame_s + EDGE_S;
    let blink_edges = 2.0 * usual * hz;
    let of_blink = (-edges / blink_edges).exp() / blink_edges / (1.0 - (-1.0 / blink_edges).exp());
    let lit = (BEAT_LIT * rest + (1.0 - BEAT_LIT) * (1.0 - rest))
        / (BLINK_LIT * rest + (1.0 - BLINK_LIT) * (1.0 - rest));
    FLICKERS / (1.0 - FLICKERS) * (beat_hz / blink_hz) / of_blink * lit
}

#[cfg(test)]
mod tests;
