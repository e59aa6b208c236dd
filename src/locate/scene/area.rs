//! A part of the scene.

use std::sync::Arc;

use crate::locate::cells::Grid;

/// Cells of the first picture. A clone shares them.
#[derive(Debug, Clone)]
pub struct Area {
    grid: Grid,
    held: Arc<[bool]>,
}

impl Area {
    /// All within the convex hull of these cells.
    pub fn within(cells: impl Iterator<Item = usize>, grid: Grid) -> Self {
        let hull = hull(cells.map(|i| place(i, grid)).collect());
        let holds = |i: usize| {
            let (x, y) = place(i, grid);
            let mut sides = hull.iter().zip(hull.iter().cycle().skip(1));
            sides.all(|(a, b)| turn(*a, *b, (x, y)) >= 0.0)
        };
        Self {
            grid,
            held: (0..grid.cells()).map(holds).collect(),
        }
    }

    pub fn cells(&self) -> impl Iterator<Item = usize> {
        let held = self.held.iter().enumerate();
        held.filter(|c| *c.1).map(|c| c.0)
    }

    /// The middles of its cells.
    pub fn places(&self) -> impl Iterator<Item = (f64, f64)> {
        self.cells().map(|i| place(i, self.grid))
    }

    /// Whether the cell nearest to a place is one of them.
    pub fn holds(&self, x: f64, y: f64) -> bool {
        let (x, y) = ((x + 0.5).floor(), (y + 0.5).floor());
        let (cols, rows) = (self.grid.cols as f64, self.grid.rows as f64);
        x >= 0.0 && y >= 0.0 && x < cols && y < rows && self.held[(y * cols + x) as usize]
    }
}

/// The middle of a cell, in cells.
fn place(i: usize, grid: Grid) -> (f64, f64) {
    ((i % grid.cols) as f64, (i / grid.cols) as f64)
}

/// Twice the area of a triangle, positive where it turns from x to y.
fn turn(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// The corners of the convex hull, turning from x to y (monotone chain: Andrew 1979).
fn hull(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut corners: Vec<(f64, f64)> = Vec::new();
    // Along one side of them, and back along the other.
    for back in [false, true] {
        let start = corners.len();
        for k in 0..points.len() {
            let p = points[if back { points.len() - 1 - k } else { k }];
            while let [.., a, b] = corners[start..]
                && turn(a, b, p) <= 0.0
            {
                corners.pop();
            }
            corners.push(p);
        }
        // The next side begins with it.
        corners.pop();
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hull_holds_what_lies_between_its_corners() {
        let grid = Grid::VGA;
        let at = |x: usize, y: usize| y * grid.cols + x;
        // A diamond, and points in it.
        let corners = [
            at(20, 10),
            at(30, 20),
            at(20, 30),
            at(10, 20),
            at(20, 20),
            at(18, 21),
        ];
        let area = Area::within(corners.into_iter(), grid);
        assert!(area.holds(20.0, 10.0) && area.holds(25.4, 15.0) && area.holds(12.0, 20.0));
        assert!(!area.holds(28.0, 12.0) && !area.holds(12.0, 12.0) && !area.holds(-3.0, 20.0));
        assert_eq!(area.cells().count(), 221);
    }
}
