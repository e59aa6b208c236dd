//! Random draws that are the same for the same seed.

use std::ops::Range;

/// A generator of random numbers.
#[derive(Debug, Clone)]
pub struct Random(fastrand::Rng);

impl Random {
    /// A generator for one part of a clip: adding to one part leaves the others of a seed's clip as they were.
    pub fn new(seed: u64, part: u64) -> Self {
        // The golden ratio's bits keep neighbouring seeds and parts apart.
        Self(fastrand::Rng::with_seed(
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ part,
        ))
    }

    /// Even in `range`.
    pub fn real(&mut self, range: Range<f64>) -> f64 {
        range.start + self.0.f64() * (range.end - range.start)
    }

    /// Even in `range`.
    pub fn single(&mut self, range: Range<f32>) -> f32 {
        range.start + self.0.f32() * (range.end - range.start)
    }

    /// Even on a logarithmic scale; both ends above 0.
    pub fn log(&mut self, range: Range<f64>) -> f64 {
        self.real(range.start.ln()..range.end.ln()).exp()
    }

    /// An integer in `range`.
    pub fn whole(&mut self, range: Range<usize>) -> usize {
        self.0.usize(range)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.0.f64() < p
    }

    pub fn bits(&mut self) -> u32 {
        self.0.u32(..)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.usize(..from.len())]
    }

    /// Two independent standard normal deviates (Box and Muller).
    pub fn normal_pair(&mut self) -> [f64; 2] {
        let radius = (-2.0 * (1.0 - self.0.f64()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.0.f64()).sin_cos();
        [radius * cos, radius * sin]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_deviates_have_mean_0_and_sd_1() {
        let mut r = Random::new(4, 2);
        let v: Vec<f64> = (0..20_000).flat_map(|_| r.normal_pair()).collect();
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let var = v.iter().map(|x| x * x).sum::<f64>() / v.len() as f64;
        assert!(
            mean.abs() < 0.03 && (var - 1.0).abs() < 0.05,
            "{mean} {var}"
        );
    }

    #[test]
    fn draws_stay_in_range_and_repeat_by_seed() {
        let draw = |seed| -> Vec<f64> {
            let mut r = Random::new(seed, 1);
            (0..100).map(|_| r.log(0.5..8.0)).collect()
        };
        assert!(draw(1).iter().all(|x| (0.5..8.0).contains(x)));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
