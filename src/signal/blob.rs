//! Cells that hang together, and the ellipse that they make.

use std::collections::{HashSet, VecDeque};

/// Steps to the four cells that share a side with one.
pub const BESIDE: [(i32, i32); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

/// The offsets of all cells up to `reach` away, along and across.
pub fn around(reach: i32) -> Vec<(i32, i32)> {
    let rows = -reach..=reach;
    rows.flat_map(|v| (-reach..=reach).map(move |u| (u, v)))
        .filter(|at| *at != (0, 0))
        .collect()
}

/// The cells that `belong` and are connected to those of `core` by steps of `steps`, with these; `None` if they are more than
/// `most`.
pub fn connected(
    core: impl IntoIterator<Item = (i32, i32)>,
    steps: &[(i32, i32)],
    most: usize,
    belong: impl Fn(i32, i32) -> bool,
) -> Option<Vec<(f64, f64)>> {
    let mut next: VecDeque<(i32, i32)> = core.into_iter().collect();
    let mut seen: HashSet<(i32, i32)> = next.iter().copied().collect();
    let mut cells = Vec::new();
    while let Some((x, y)) = next.pop_front() {
        cells.push((f64::from(x), f64::from(y)));
        if cells.len() > most {
            return None;
        }
        for (u, v) in steps {
            let at = (x + u, y + v);
            if seen.insert(at) && belong(at.0, at.1) {
                next.push_back(at);
            }
        }
    }
    Some(cells)
}

/// Middle and second moments of some cells.
#[derive(Debug, Clone, Copy)]
pub struct Moments {
    pub middle: (f64, f64),
    pub xx: f64,
    pub yy: f64,
    pub xy: f64,
}

impl Moments {
    pub fn of(cells: impl ExactSizeIterator<Item = (f64, f64)> + Clone) -> Self {
        let n = cells.len() as f64;
        let x = cells.clone().map(|c| c.0).sum::<f64>() / n;
        let y = cells.clone().map(|c| c.1).sum::<f64>() / n;
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for c in cells {
            xx += (c.0 - x).powi(2) / n;
            yy += (c.1 - y).powi(2) / n;
            xy += (c.0 - x) * (c.1 - y) / n;
        }
        Self {
            middle: (x, y),
            xx,
            yy,
            xy,
        }
    }

    /// Variances along the longer and the shorter axis.
    pub fn along_axes(&self) -> [f64; 2] {
        let half = (self.xx + self.yy) / 2.0;
        let root = (((self.xx - self.yy) / 2.0).powi(2) + self.xy * self.xy).sqrt();
        [half + root, (half - root).max(0.0)]
    }

    /// Angle of the longer axis.
    pub fn angle(&self) -> f64 {
        0.5 * (2.0 * self.xy).atan2(self.xx - self.yy)
    }
}

/// Area of a full ellipse with these variances along its axes: of semi-axes a and b they are a^2/4 and b^2/4.
pub fn full_area([long, short]: [f64; 2]) -> f64 {
    4.0 * std::f64::consts::PI * (long * short).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_connected_may_have_gaps_of_a_cell_and_no_end_is_no_light() {
        let beads = |x: i32, y: i32| y == 3 && x % 2 == 0 && (0..=8).contains(&x);
        let found = |steps: &[(i32, i32)]| connected([(4, 3)], steps, 2000, beads);
        assert_eq!(found(&around(2)).map(|c| c.len()), Some(5));
        assert_eq!(found(&BESIDE).map(|c| c.len()), Some(1));
        assert_eq!(connected([(4, 3)], &around(2), 2000, |_, _| true), None);
    }
}
