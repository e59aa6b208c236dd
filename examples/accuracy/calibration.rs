//! How far confidence is the share that is right.

use super::stats::Share;

/// Bins of confidence of equal width.
const BINS: usize = 10;
/// Confidence from which a wrong diagnosis must be rarer than 1 in 200.
const VERY_SURE: f64 = 0.95;

/// Confidences with whether they were right.
pub struct Calibration {
    bins: [Vec<(f64, bool)>; BINS],
    all: Vec<(f64, bool)>,
}

impl Calibration {
    pub fn of(said: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let all: Vec<(f64, bool)> = said.into_iter().collect();
        let mut bins = [const { Vec::new() }; BINS];
        for &(c, right) in &all {
            bins[((c * BINS as f64) as usize).min(BINS - 1)].push((c, right));
        }
        Self { bins, all }
    }

    /// Expected calibration error: mean distance of confidence and share over bins, weighted by their size.
    pub fn ece(&self) -> f64 {
        Self::error(&self.bins, self.all.len())
    }

    fn error(bins: &[Vec<(f64, bool)>], n: usize) -> f64 {
        let gap = |bin: &Vec<(f64, bool)>| {
            let said: f64 = bin.iter().map(|b| b.0).sum();
            let was = bin.iter().filter(|b| b.1).count() as f64;
            (said - was).abs()
        };
        bins.iter().map(gap).sum::<f64>() / n.max(1) as f64
    }

    /// 95 % interval of [`Calibration::ece`] by the bootstrap over clips.
    pub fn ece_interval(&self) -> (f64, f64) {
        if self.all.is_empty() {
            return (0.0, 1.0);
        }
        let mut rng = fastrand::Rng::with_seed(2);
        let mut draws: Vec<f64> = (0..1000)
            .map(|_| {
                Self::of(
                    self.all
                        .iter()
                        .map(|_| self.all[rng.usize(..self.all.len())]),
                )
                .ece()
            })
            .collect();
        draws.sort_by(f64::total_cmp);
        (draws[25], draws[974])
    }

    /// Those that were right.
    pub fn right(&self) -> Share {
        Share::of(self.all.iter().map(|a| a.1))
    }

    /// Wrong ones among the very sure.
    pub fn sure_wrong(&self) -> Share {
        Share::of(self.all.iter().filter(|a| a.0 >= VERY_SURE).map(|a| !a.1))
    }

    /// Mean squared error of the confidence as a probability.
    pub fn brier(&self) -> f64 {
        let sum: f64 = self
            .all
            .iter()
            .map(|&(c, r)| (c - f64::from(u8::from(r))).powi(2))
            .sum();
        sum / self.all.len().max(1) as f64
    }

    /// The table of bins as Markdown.
    pub fn table(&self) -> String {
        let mut out =
            String::from("| confidence | mean | right (share; 95 % interval) |\n|---|---|---|\n");
        for (i, bin) in self.bins.iter().enumerate().filter(|b| !b.1.is_empty()) {
            let mean = bin.iter().map(|b| b.0).sum::<f64>() / bin.len() as f64;
            let share = Share::of(bin.iter().map(|b| b.1));
            let (low, high) = (i as f64 / BINS as f64, (i + 1) as f64 / BINS as f64);
            out += &format!("| {low:.1}–{high:.1} | {mean:.3} | {share} |\n");
        }
        out
    }
}
