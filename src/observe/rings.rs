//! Lit rings: found in pieces, each of which is a place that stands out, and measured as one light.

use super::Eyes;
use super::leaders::Measured;
use super::reading::Gauge;
use crate::locate::candidates::{Candidate, Origin};
use crate::locate::cells::Channel;
use crate::signal::Ring;

impl Eyes {
    /// The lights, and each ring in place of its pieces.
    pub(super) fn with_rings(&self, mut lights: Vec<Measured>, gauge: &Gauge) -> Vec<Measured> {
        let mut rings: Vec<&Ring> = Vec::new();
        for ring in lights.iter().filter_map(|m| m.ring.as_ref()) {
            if !rings.iter().any(|r| r.is(ring)) {
                rings.push(ring);
            }
        }
        let found: Vec<Candidate> = rings.into_iter().map(candidate).collect();
        let measured = self.measure(&found, gauge).into_iter().flatten();
        let whole: Vec<Measured> = measured.filter_map(|m| self.whole(m)).collect();
        let piece = |m: &Measured| {
            let mut rings = whole.iter().filter_map(|w| w.ring.as_ref());
            m.ring.as_ref().is_some_and(|own| rings.any(|r| r.is(own)))
        };
        lights.retain(|m| !piece(m));
        lights.extend(whole);
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
fn candidate(ring: &Ring) -> Candidate {
    let n = ring.cells.len() as f64;
    let round = std::f64::consts::PI * (ring.half_width + ring.half_height);
    let cells = ring.cells.iter().map(|c| (c.0 as i32, c.1 as i32, 1.0));
    Candidate {
        origin: Origin::Change,
        channel: Channel::YMax,
        cells: cells.collect(),
        skirt: Vec::new(),
        x: ring.x,
        y: ring.y,
        radius: 0.5 * n / round,
        strength: 0.0,
    }
}
