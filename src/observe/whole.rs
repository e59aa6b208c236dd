//! Lit rings and wide steady lenses: found in pieces, each of which is a place that stands out, and measured as one light.

use super::Eyes;
use super::leaders::Measured;
use super::reading::Gauge;
use crate::locate::candidates::Candidate;
use crate::signal::Ring;

impl Eyes {
    /// The lights, each ring in place of its pieces, and each lens beside its own.
    pub(super) fn with_whole(&self, mut lights: Vec<Measured>, gauge: &Gauge) -> Vec<Measured> {
        let mut rings: Vec<&Ring> = Vec::new();
        for ring in lights.iter().filter_map(|m| m.ring.as_ref()) {
            if !rings.iter().any(|r| r.is(ring)) {
                rings.push(ring);
            }
        }
        let mut lenses: Vec<Candidate> = Vec::new();
        for lens in lights.iter().filter_map(|m| m.lens.as_deref()).map(lens) {
            let same =
                |l: &Candidate| (l.x - lens.x).hypot(l.y - lens.y) < lens.radius.min(l.radius);
            if !lenses.iter().any(same) {
                lenses.push(lens);
            }
        }
        let count = rings.len();
        let found: Vec<Candidate> = rings.into_iter().map(ring).chain(lenses).collect();
        if found.is_empty() {
            return lights;
        }
        let mut rings = self.measure(&found, gauge);
        let lenses = rings.split_off(count);
        let rings = rings.into_iter().flatten();
        let rings: Vec<Measured> = rings.filter_map(|m| self.whole(m)).collect();
        let piece = |m: &Measured| {
            let mut rings = rings.iter().filter_map(|w| w.ring.as_ref());
            m.ring.as_ref().is_some_and(|own| rings.any(|r| r.is(own)))
        };
        lights.retain(|m| !piece(m));
        lights.extend(rings);
        lights.extend(lenses.into_iter().flatten());
        lights
    }

    /// A light that fills its ring, with the ring as its place; `None` if it is none after all.
    fn whole(&self, mut measured: Measured) -> Option<Measured> {
        let r = measured.ring.as_ref()?;
        let first = measured.lit.iter().position(|l| *l == Some(true))?;
        let light = &mut measured.light;
        light.place = self.shown(
            [r.x - r.half_width, r.x + r.half_width],
            [r.y - r.half_height, r.y + r.half_height],
            first,
        );
        light.radius_px = 0.25 * (light.place.w + light.place.h);
        light.ring = true;
        Some(measured)
    }
}

/// All of a ring, as wide as its line for what is around it.
fn ring(ring: &Ring) -> Candidate {
    let round = std::f64::consts::PI * (ring.half_width + ring.half_height);
    Candidate {
        radius: 0.5 * ring.cells.len() as f64 / round,
        ..lens(&ring.cells)
    }
}

/// All of a lens.
fn lens(cells: &[(f64, f64)]) -> Candidate {
    Candidate::of_cells(cells.iter().map(|c| (c.0 as i32, c.1 as i32)))
}
