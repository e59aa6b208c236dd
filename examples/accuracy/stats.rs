//! Shares, means and their intervals.

use std::fmt;

/// 97.5 % point of the normal distribution.
const Z: f64 = 1.959_964;

/// A share of clips with its Wilson 95 % interval.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    pub hits: usize,
    pub of: usize,
}

impl Share {
    pub fn of(flags: impl IntoIterator<Item = bool>) -> Self {
        flags.into_iter().fold(Self::default(), |s, hit| Self {
            hits: s.hits + usize::from(hit),
            of: s.of + 1,
        })
    }

    /// Wilson's score interval (E. B. Wilson, 1927).
    pub fn interval(self) -> (f64, f64) {
        let n = self.of as f64;
        if n == 0.0 {
            return (0.0, 1.0);
        }
        let p = self.hits as f64 / n;
        let scale = 1.0 / (1.0 + Z * Z / n);
        let mid = scale * (p + Z * Z / (2.0 * n));
        let half = scale * Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((mid - half).max(0.0), (mid + half).min(1.0))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of == 0 {
            return f.write_str("–");
        }
        let (low, high) = self.interval();
        let p = self.hits as f64 / self.of as f64;
        write!(f, "{p:.3} ({}/{}; {low:.3}–{high:.3})", self.hits, self.of)
    }
}

/// Mean with its 95 % interval by the normal approximation.
#[derive(Debug, Clone, Copy)]
pub struct Mean {
    mean: f64,
    half: f64,
    n: usize,
}

impl Mean {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let v: Vec<f64> = values.into_iter().collect();
        let n = v.len() as f64;
        let mean = v.iter().sum::<f64>() / n;
        let var = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Self {
            mean,
            half: Z * (var / n).sqrt(),
            n: v.len(),
        }
    }
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.n == 0 {
            return f.write_str("–");
        }
        write!(f, "{:.3} ± {:.3} ({})", self.mean, self.half, self.n)
    }
}

/// Root mean square over groups (clips) of values, with a 95 % interval by the bootstrap over groups.
pub fn rms(groups: &[Vec<f64>]) -> (f64, f64, f64) {
    let of = |chosen: &[&Vec<f64>]| {
        let n: usize = chosen.iter().map(|g| g.len()).sum();
        let sum: f64 = chosen.iter().flat_map(|g| g.iter()).map(|x| x * x).sum();
        (sum / n.max(1) as f64).sqrt()
    };
    let all: Vec<&Vec<f64>> = groups.iter().collect();
    let mut rng = fastrand::Rng::with_seed(1);
    let mut draws: Vec<f64> = (0..1000)
        .map(|_| {
            let chosen: Vec<&Vec<f64>> = all.iter().map(|_| all[rng.usize(..all.len())]).collect();
            of(&chosen)
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    (of(&all), draws[25], draws[974])
}
