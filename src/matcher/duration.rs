//! How likely a measured duration is: before a device's own is known, and after.

use super::params::Noise;

/// Upper end in s that a duration without one usually keeps to, and the one it always does.
const USUAL_MOST_S: f64 = 30.0;
const MOST_S: f64 = 86_400.0;
/// Share of durations without upper end that exceed the usual.
const LONG_SHARE: f64 = 0.15;
/// Durations below this in s are not told apart by any camera; keeps logarithms finite.
const LEAST_S: f64 = 0.02;

/// Probability that a standard normal number is below `x` (Abramowitz and Stegun 26.2.17, error below 1e-7).
pub fn normal_below(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let upper = poly * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    if x < 0.0 { upper } else { 1.0 - upper }
}

/// Normal density at `x` from the mean with variance `var`.
fn normal(x: f64, var: f64) -> f64 {
    (-0.5 * x * x / var).exp() / (std::f64::consts::TAU * var).sqrt()
}

/// A duration of which only the range is known: uniform on its logarithm. In s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    lo: f64,
    hi: f64,
    /// No upper end: `hi` is the usual one.
    open: bool,
}

impl Range {
    pub fn new(min_s: f64, max_s: Option<f64>) -> Self {
        let lo = min_s.max(LEAST_S);
        Self {
            lo,
            hi: max_s.map_or(USUAL_MOST_S.max(4.0 * lo), |m| m.max(lo * 1.02)),
            open: max_s.is_none(),
        }
    }

    /// The same, known to be at least `s`.
    pub fn at_least(self, s: f64) -> Self {
        let lo = self.lo.max(s);
        Self {
            lo,
            hi: self.hi.max(lo * 1.02),
            ..self
        }
    }

    fn parts(self) -> [(f64, Self); 2] {
        let long = Self {
            hi: MOST_S,
            open: false,
            ..self
        };
        if self.open {
            [
                (
                    1.0 - LONG_SHARE,
                    Self {
                        open: false,
                        ..self
                    },
                ),
                (LONG_SHARE, long),
            ]
        } else {
            [(1.0, self), (0.0, long)]
        }
    }

    fn mix(self, f: impl Fn(Self) -> f64) -> f64 {
        let [(a, x), (b, y)] = self.parts();
        if b == 0.0 { f(x) } else { a * f(x) + b * f(y) }
    }

    /// Density of a measured duration whose ends have the variance `var` together.
    pub fn density(self, d: f64, var: f64, noise: &Noise) -> f64 {
        self.mix(|r| {
            let soft = |end: f64| (var + (noise.range_edge * end).powi(2)).sqrt();
            let inside =
                normal_below((r.hi - d) / soft(r.hi)) - normal_below((r.lo - d) / soft(r.lo));
            inside.max(0.0) / (d.clamp(r.lo, r.hi) * (r.hi / r.lo).ln())
        })
    }

    /// Probability of lasting longer than `t`.
    pub fn outlasts(self, t: f64) -> f64 {
        self.mix(|r| {
            if t <= r.lo {
                1.0
            } else {
                ((r.hi / t).ln() / (r.hi / r.lo).ln()).max(0.0)
            }
        })
    }

    pub fn mean(self) -> f64 {
        // Of the usual part: the rare long ones would say nothing of a clip.
        (self.hi - self.lo) / (self.hi / self.lo).ln()
    }

    pub fn var(self) -> f64 {
        let l = (self.hi / self.lo).ln();
        ((self.hi.powi(2) - self.lo.powi(2)) / (2.0 * l) - self.mean().powi(2)).max(1e-8)
    }

    /// Density of what is left, seen from a random moment within.
    pub fn rest_density(self, r: f64) -> f64 {
        self.mix(|p| p.outlasts(r) / p.mean())
    }

    /// Probability that more than `t` is left, seen from a random moment within.
    pub fn rest_outlasts(self, t: f64) -> f64 {
        self.mix(|p| {
            let l = (p.hi / p.lo).ln();
            let tail = |from: f64| (p.hi - from - from * (p.hi / from).ln()) / l;
            let area = if t >= p.hi {
                0.0
            } else if t >= p.lo {
                tail(t)
            } else {
                p.lo - t + tail(p.lo)
            };
            area / p.mean()
        })
    }

    /// Mean of `f` over the range.
    pub fn average(self, f: impl Fn(f64) -> f64) -> f64 {
        const POINTS: u32 = 8;
        (0..POINTS)
            .map(
                |i| f(self.lo * (self.hi / self.lo).powf((f64::from(i) + 0.5) / f64::from(POINTS))),
            )
            .sum::<f64>()
            / f64::from(POINTS)
    }
}

/// What is known of one duration of a device: at first its range, then the value it keeps to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    mean: f64,
    /// Of the mean; negative before anything was measured.
    var: f64,
    /// Least that it can be, from a span that the clip's start cut.
    least: f64,
}

impl Known {
    pub const NOTHING: Self = Self {
        mean: 0.0,
        var: -1.0,
        least: 0.0,
    };

    pub fn is_learned(self) -> bool {
        self.var >= 0.0
    }

    /// Mean in s, once something was measured.
    pub fn value(self) -> Option<f64> {
        self.is_learned().then_some(self.mean)
    }

    fn jitter_var(mean: f64, noise: &Noise) -> f64 {
        (noise.jitter * mean).powi(2) + noise.jitter_s.powi(2)
    }

    /// Mean and variance of the next duration.
    pub fn moments(self, range: Range, noise: &Noise) -> (f64, f64) {
        if self.is_learned() {
            (self.mean, self.var + Self::jitter_var(self.mean, noise))
        } else {
            let r = range.at_least(self.least);
            (r.mean(), r.var())
        }
    }

    /// Density of the next measured duration `d` with measuring variance `var`.
    pub fn density(self, range: Range, d: f64, var: f64, noise: &Noise) -> f64 {
        if !self.is_learned() {
            return range.at_least(self.least).density(d, var, noise);
        }
        let own = self.var + Self::jitter_var(self.mean, noise);
        let wide = own * noise.outlier_factor.powi(2) + var;
        let x = d - self.mean;
        (1.0 - noise.outlier) * normal(x, own + var) + noise.outlier * normal(x, wide)
    }

    /// Probability that the next duration exceeds `t`.
    pub fn outlasts(self, range: Range, t: f64, var: f64, noise: &Noise) -> f64 {
        if !self.is_learned() {
            return range.at_least(self.least).outlasts(t);
        }
        let own = self.var + Self::jitter_var(self.mean, noise);
        let wide = own * noise.outlier_factor.powi(2) + var;
        let x = self.mean - t;
        (1.0 - noise.outlier) * normal_below(x / (own + var).sqrt())
            + noise.outlier * normal_below(x / wide.sqrt())
    }

    /// After `d` was measured with variance `var`.
    pub fn learn(&mut self, d: f64, var: f64, noise: &Noise) {
        let measured = var + Self::jitter_var(d, noise);
        if self.is_learned() {
            let gain = self.var / (self.var + measured);
            self.mean += gain * (d - self.mean);
            self.var *= 1.0 - gain;
        } else {
            self.mean = d;
            self.var = measured;
        }
    }

    /// After at least `d` was seen of one.
    pub fn learn_least(&mut self, d: f64) {
        self.least = self.least.max(d);
    }
}

/// Probability that a flash or gap of `d` s leaves no trace in a train of frames `frame_s` apart.
pub fn missed(d: f64, frame_s: f64, noise: &Noise) -> f64 {
    let frames = d / frame_s.max(1e-4);
    // Falls from 1 through one half at `missed_frames` to nothing at about twice that.
    let between = 1.0 / (1.0 + (frames / noise.missed_frames).powi(6));
    noise.missed + (1.0 - noise.missed) * between
}
