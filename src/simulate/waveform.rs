//! How bright a light is over time, and its mean over an exposure.

/// PWM dimming: on for `duty` of every cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pwm {
    hz: f64,
    duty: f64,
    /// Fraction of a cycle at time 0.
    phase: f64,
}

impl Pwm {
    /// Integral from time 0 of the wave scaled to mean 1, at time `t` in s.
    fn integral(self, t: f64) -> f64 {
        let cycles = t * self.hz + self.phase;
        let whole = cycles.floor();
        (whole + (cycles - whole).min(self.duty) / self.duty) / self.hz
    }
}

/// A level over time: linear between knots, constant before the first and after the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Waveform {
    /// Time in s, level, and the integral of the level from the first knot.
    knots: Vec<(f64, f64, f64)>,
    pwm: Option<Pwm>,
}

impl Waveform {
    /// From (time in s, level) in order of time.
    pub fn new(levels: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut knots: Vec<(f64, f64, f64)> = Vec::new();
        for (t, level) in levels {
            let area = knots
                .last()
                .map_or(0.0, |&(t0, l0, a0)| a0 + (t - t0) * 0.5 * (level + l0));
            knots.push((t, level, area));
        }
        if knots.is_empty() {
            knots.push((0.0, 0.0, 0.0));
        }
        Self { knots, pwm: None }
    }

    pub fn steady(level: f64) -> Self {
        Self::new([(0.0, level)])
    }

    /// Level 1 within `spans` (start and end in s, in order, apart), each edge a ramp of `rise_s`
    /// around its time, or less where a span or gap is shorter.
    pub fn from_spans(spans: &[(f64, f64)], rise_s: f64) -> Self {
        let edges: Vec<f64> = spans.iter().flat_map(|&(a, b)| [a, b]).collect();
        let mut levels = Vec::with_capacity(2 * edges.len());
        for (i, &t) in edges.iter().enumerate() {
            let before = if i > 0 {
                t - edges[i - 1]
            } else {
                f64::INFINITY
            };
            let after = edges.get(i + 1).map_or(f64::INFINITY, |&next| next - t);
            let half = 0.5 * rise_s.min(before).min(after);
            let up = i % 2 == 0;
            levels.push((t - half, if up { 0.0 } else { 1.0 }));
            levels.push((t + half, if up { 1.0 } else { 0.0 }));
        }
        Self::new(levels)
    }

    /// Dims by PWM at `hz` with `duty` lit, keeping the mean level; `phase` is a fraction of a cycle.
    pub fn with_pwm(mut self, hz: f64, duty: f64, phase: f64) -> Self {
        if hz > 0.0 && duty < 1.0 {
            self.pwm = Some(Pwm { hz, duty, phase });
        }
        self
    }

    /// Integral of the level without PWM from the first knot to `t`, and the index of the first knot after `t`.
    fn integral(&self, t: f64) -> (f64, usize) {
        let next = self.knots.partition_point(|k| k.0 <= t);
        let area = if next == 0 {
            (t - self.knots[0].0) * self.knots[0].1
        } else {
            let (t0, l0, a0) = self.knots[next - 1];
            let slope = self
                .knots
                .get(next)
                .map_or(0.0, |&(t1, l1, _)| (l1 - l0) / (t1 - t0));
            a0 + (t - t0) * (l0 + 0.5 * slope * (t - t0))
        };
        (area, next)
    }

    /// Mean level from `from` to `to` in s, `from < to`. With PWM, exact where the level itself is constant between knots;
    /// on a ramp the wave and the ramp are taken as independent.
    pub fn mean(&self, from: f64, to: f64) -> f64 {
        let (area_from, first) = self.integral(from);
        let (area_to, last) = self.integral(to);
        let Some(pwm) = self.pwm else {
            return (area_to - area_from) / (to - from);
        };
        let (mut sum, mut t, mut area) = (0.0, from, area_from);
        let ends = self.knots[first..last].iter().map(|k| (k.0, k.2));
        for (t1, area1) in ends.chain([(to, area_to)]) {
            if t1 > t {
                sum += (area1 - area) / (t1 - t) * (pwm.integral(t1) - pwm.integral(t));
            }
            (t, area) = (t1, area1);
        }
        sum / (to - from)
    }

    /// The highest level of any knot.
    pub fn peak(&self) -> f64 {
        self.knots.iter().map(|k| k.1).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exposure_over_an_edge_is_partly_lit() {
        let w = Waveform::from_spans(&[(1.0, 2.0)], 0.0);
        assert!((w.mean(0.9, 1.1) - 0.5).abs() < 1e-12);
        assert!((w.mean(1.2, 1.3) - 1.0).abs() < 1e-12);
        assert!((w.mean(1.75, 2.75) - 0.25).abs() < 1e-12);
        assert_eq!(w.mean(3.0, 3.1), 0.0);
        assert!((w.mean(0.0, 10.0) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_ramp_keeps_the_light_of_its_edge() {
        let w = Waveform::from_spans(&[(1.0, 2.0)], 0.2);
        assert!((w.mean(0.0, 3.0) - 1.0 / 3.0).abs() < 1e-12);
        assert!((w.mean(0.9, 1.0) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn pwm_keeps_the_mean_and_beats_within_a_short_exposure() {
        let w = Waveform::from_spans(&[(0.0, 100.0)], 0.0).with_pwm(100.0, 0.25, 0.0);
        assert!((w.mean(1.0, 2.0) - 1.0).abs() < 1e-9);
        assert!((w.mean(1.0, 1.0025) - 4.0).abs() < 1e-6);
        assert!(w.mean(1.003, 1.009).abs() < 1e-6);
    }

    #[test]
    fn pwm_over_an_edge_counts_only_the_lit_part() {
        let w = Waveform::from_spans(&[(1.0, 2.0)], 0.0).with_pwm(1000.0, 0.5, 0.0);
        assert!((w.mean(0.5, 1.5) - 0.5).abs() < 1e-9);
    }
}
