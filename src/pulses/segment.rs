//! Change points: the best description of a vector series as pieces of constant level.
//!
//! Penalised least squares, solved exactly by pruned dynamic programming (PELT: Killick, Fearnhead
//! and Eckley, J. Am. Stat. Assoc. 107, 2012).

/// Dimensions of a series: overall light and three colours.
pub const DIMS: usize = 4;

/// A point of a series, in units of the noise's standard deviation.
pub type Point = [f64; DIMS];

/// A piece of constant level: indices `start..end`.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub start: usize,
    pub end: usize,
    pub mean: Point,
}

/// Cost of a further change point, in squared noise. The Bayesian information criterion asks for
/// `(DIMS + 1) ln n`, 25 to 32 for clips of 10 to 30 s; noise of filmed light is correlated
/// over some frames, which about doubles what chance can reach.
const PENALTY_PER_LOG: f64 = 2.0 * (DIMS as f64 + 1.0);

/// Cuts `series` into pieces; empty for an empty series.
pub fn segment(series: &[Point]) -> Vec<Piece> {
    let n = series.len();
    if n == 0 {
        return Vec::new();
    }
    let sums = Prefix::of(series);
    let penalty = PENALTY_PER_LOG * (n as f64).ln().max(1.0);
    // best[t]: least cost of series[..t]; from[t]: start of its last piece.
    let mut best = vec![-penalty; n + 1];
    let mut from = vec![0; n + 1];
    let mut open: Vec<usize> = vec![0];
    for t in 1..=n {
        let mut least = f64::INFINITY;
        for &s in &open {
            let c = best[s] + sums.cost(s, t) + penalty;
            if c < least {
                least = c;
                from[t] = s;
            }
        }
        best[t] = least;
        open.retain(|&s| best[s] + sums.cost(s, t) <= least);
        open.push(t);
    }
    let mut pieces = Vec::new();
    let mut end = n;
    while end > 0 {
        let start = from[end];
        pieces.push(Piece {
            start,
            end,
            mean: sums.mean(start, end),
        });
        end = start;
    }
    pieces.reverse();
    pieces
}

/// Running sums for costs of any piece in constant time.
struct Prefix {
    sum: Vec<Point>,
    square: Vec<f64>,
}

impl Prefix {
    fn of(series: &[Point]) -> Self {
        let mut sum = vec![[0.0; DIMS]];
        let mut square = vec![0.0];
        for (i, p) in series.iter().enumerate() {
            let mut s = sum[i];
            let mut q = square[i];
            for (a, &v) in s.iter_mut().zip(p) {
                *a += v;
                q += v * v;
            }
            sum.push(s);
            square.push(q);
        }
        Self { sum, square }
    }

    fn mean(&self, s: usize, t: usize) -> Point {
        let n = (t - s) as f64;
        std::array::from_fn(|k| (self.sum[t][k] - self.sum[s][k]) / n)
    }

    /// Sum of squared deviations from the mean.
    fn cost(&self, s: usize, t: usize) -> f64 {
        let n = (t - s) as f64;
        let squares = self.square[t] - self.square[s];
        let of_means: f64 = (0..DIMS)
            .map(|k| (self.sum[t][k] - self.sum[s][k]).powi(2) / n)
            .sum();
        squares - of_means
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deterministic noise of unit variance (sum of 12 uniforms).
    fn noise(seed: &mut u64) -> f64 {
        let mut s = 0.0;
        for _ in 0..12 {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            s += (*seed >> 11) as f64 / (1u64 << 53) as f64;
        }
        s - 6.0
    }

    #[test]
    fn steps_of_eight_sigma_are_found_where_they_are_and_noise_is_left_alone() {
        let mut seed = 1;
        let level = |t: usize| {
            if (40..46).contains(&t) || t >= 150 {
                8.0
            } else {
                0.0
            }
        };
        let series: Vec<Point> = (0..200)
            .map(|t| {
                let mut p = [0.0; DIMS];
                for v in &mut p {
                    *v = noise(&mut seed);
                }
                p[1] += level(t);
                p
            })
            .collect();
        let pieces = segment(&series);
        let cuts: Vec<usize> = pieces.iter().skip(1).map(|p| p.start).collect();
        assert_eq!(cuts, [40, 46, 150]);
        assert!((pieces[1].mean[1] - 8.0).abs() < 1.5);
    }
}
