//! The cells of a candidate and round it.

use crate::locate::candidates::Candidate;
use crate::locate::scene::{Area, Scene};

/// Most cells of a region or surround that are sampled; more add time, not precision (with 64 looks waver).
const MAX_SAMPLED: usize = 160;
/// The cells of a candidate and around it.
#[derive(Debug, Clone)]
pub struct Patch {
    /// Region cells with weights, scene coordinates.
    pub region: Vec<(f64, f64, f32)>,
    /// The rim just outside the region, where a burnt-out light still shows its colour.
    pub rim: Vec<(f64, f64)>,
    /// Which cells of the rim catch the rest of a small region's light as the picture moves; empty if none are known to.
    pub(super) skirt: Vec<bool>,
    /// As many cells as bright as the region is on average hold the light of region and skirt.
    pub(super) flux_cells: f32,
    /// Beyond the rim: what the light is seen against.
    pub surround: Vec<(f64, f64)>,
}

impl Patch {
    /// Of what moves as `scene` does.
    pub fn of(candidate: &Candidate, scene: &Scene) -> Self {
        let (mut x0, mut y0, mut x1, mut y1) = (i32::MAX, i32::MAX, i32::MIN, i32::MIN);
        for &(x, y, _) in &candidate.cells {
            x0 = x0.min(x);
            y0 = y0.min(y);
            x1 = x1.max(x);
            y1 = y1.max(y);
        }
        let r = candidate.radius;
        let rim = 1.0 + 0.35 * r;
        let gap = rim + 0.5 + 0.25 * r;
        let outer = gap + 2.0 + 0.35 * r;
        let margin = outer.ceil() as i32;
        let (w, h) = (
            (x1 - x0 + 1 + 2 * margin) as usize,
            (y1 - y0 + 1 + 2 * margin) as usize,
        );
        let mut inside = vec![false; w * h];
        for &(x, y, _) in &candidate.cells {
            inside[(y - y0 + margin) as usize * w + (x - x0 + margin) as usize] = true;
        }
        let distance = distances(&inside, w, h);
        let (mut rims, mut surround, mut skirt) = (Vec::new(), Vec::new(), Vec::new());
        for (i, &d) in distance.iter().enumerate() {
            let (x, y) = (x0 - margin + (i % w) as i32, y0 - margin + (i / w) as i32);
            let p = (f64::from(x), f64::from(y));
            let catches = candidate.skirt.iter().any(|c| (c.0, c.1) == (x, y));
            if d > 0.0 && (d <= rim || catches) {
                rims.push(p);
                skirt.push(catches);
            } else if d > gap && d <= outer {
                surround.push(p);
            }
        }
        if !skirt.contains(&true) {
            skirt.clear();
        }
        let region: Vec<(f64, f64, f32)> = candidate
            .cells
            .iter()
            .map(|&(x, y, w)| (f64::from(x), f64::from(y), w))
            .collect();
        let sum = |cells: &[(i32, i32, f32)]| cells.iter().map(|c| c.2).sum::<f32>();
        let squares: f32 = candidate.cells.iter().map(|c| c.2 * c.2).sum();
        let within = sum(&candidate.cells);
        let whole = Self {
            skirt: spread(&skirt, MAX_SAMPLED),
            flux_cells: (within + sum(&candidate.skirt)) * within / squares.max(1e-6),
            region: spread(&region, MAX_SAMPLED),
            rim: spread(&rims, MAX_SAMPLED),
            surround: spread(&surround, MAX_SAMPLED),
        };
        match scene.area() {
            Some(area) => whole.kept_to(area),
            None => whole,
        }
    }

    /// Of the nine cells at a place in px.
    #[cfg(test)]
    pub(super) fn at((x, y): (f64, f64), scene: &Scene) -> Self {
        let size = scene.grid.size as f64;
        let (x, y) = ((x / size) as i32, (y / size) as i32);
        let cells = (0..9).map(|k| (x - 1 + k % 3, y - 1 + k / 3));
        Self::of(&Candidate::of_cells(cells), scene)
    }

    /// Without what of rim and surround lies beyond an area, if anything is left of each.
    fn kept_to(mut self, area: &Area) -> Self {
        let holds = |p: &(f64, f64)| area.holds(p.0, p.1);
        if self.surround.iter().any(holds) {
            self.surround.retain(holds);
        }
        if self.rim.iter().any(holds) {
            let mut kept = self.rim.iter().map(holds);
            self.skirt.retain(|_| kept.next().unwrap_or(true));
            self.rim.retain(holds);
        }
        self
    }
}

/// At most `most` of the items, evenly spread.
pub(super) fn spread<T: Copy>(items: &[T], most: usize) -> Vec<T> {
    let n = items.len().min(most);
    (0..n).map(|k| items[k * items.len() / n]).collect()
}

/// Distance in cells to the nearest marked cell, to about 5 % (chamfer 3-4: Borgefors 1986).
fn distances(marked: &[bool], w: usize, h: usize) -> Vec<f64> {
    let far = u32::MAX / 2;
    let mut d: Vec<u32> = marked.iter().map(|&m| if m { 0 } else { far }).collect();
    let mut relax = |i: usize, x: usize, y: usize, steps: [(isize, isize, u32); 4]| {
        for (dx, dy, cost) in steps {
            let (u, v) = (x as isize + dx, y as isize + dy);
            if u >= 0 && v >= 0 && (u as usize) < w && (v as usize) < h {
                d[i] = d[i].min(d[v as usize * w + u as usize] + cost);
            }
        }
    };
    for i in 0..w * h {
        relax(
            i,
            i % w,
            i / w,
            [(-1, 0, 3), (0, -1, 3), (-1, -1, 4), (1, -1, 4)],
        );
    }
    for i in (0..w * h).rev() {
        relax(
            i,
            i % w,
            i / w,
            [(1, 0, 3), (0, 1, 3), (1, 1, 4), (-1, 1, 4)],
        );
    }
    d.into_iter().map(|v| f64::from(v) / 3.0).collect()
}
