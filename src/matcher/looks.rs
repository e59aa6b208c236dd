//! What a light's looks alone say of whether it is the device's.

use crate::devices::Lens;
use crate::observe::{Kind, Light, Observation};
use crate::pulses::Color;

use super::params::Priors;

/// Lights nearer than this many radii are parts, glow or reflections of one lens.
const ONE_LENS_RADII: f64 = 3.0;

/// People point the camera at the device: at the picture's border a light is so many times less likely to be its LED
/// than further inside, from this share of the shorter side on.
const BORDER: f64 = 0.2;
const INSIDE: f64 = 0.1;

/// How often a picture holds the device's light at these looks against how often a bystander: `exp(BASE + SLOPE l)` for
/// a light whose emission has log odds `l`, steady and changing. Changing ones were counted on 320 simulated clips of mixed
/// difficulty, with screens, red things, walkers and reflections but no second lamp (a picture has some 45 places that might
/// be lights), and flattened by a tenth of film unlike the simulator's. Steady ones of one colour were counted on 482
/// simulated clips, a third of them before photographs, and 114 clips of photographs and streets without a lamp (-3.6, 1.5),
/// and lowered: nothing but looks speaks for a steady light, and what a prior of the device being in view adds to it should
/// not outweigh them.
const STEADY: (f64, f64) = (-4.5, 1.4);
const CHANGING: (f64, f64) = (-3.3, 1.35);
/// Emission is not believed beyond these odds.
const SUREST: f64 = 0.995;

/// Things that look lit come in numbers, and in colours: a place that shows many more of them has more than the usual rate.
/// So many at this rate are known beforehand (the shape of the rate's gamma distribution), and what one of another colour
/// tells of the rate, against one of the same: guesses.
const KNOWN_RATE: f64 = 2.0;
const OTHER_COLOR: f64 = 0.25;

/// How often the less sure of two readings of one lens is the right one.
const SECOND: f64 = 0.1;

/// How often a lit ring is seen to be one, and anything else (the rim of a lamp, a letter): 53 of 56 rendered rings, less those
/// too far off to have a hole; and 1 of 1,584 other lights of rendered clips, 11 of the 313 steady things in photographs that
/// look most like lamps (letters, circles that were drawn).
const RING_SEEN: f64 = 0.7;
const ELSE_SEEN: f64 = 0.03;

/// How many times the shape of a light is likelier that of a device with this lens than of a bystander.
pub fn shape(light: &Light, lens: Lens) -> f64 {
    match (lens, light.ring) {
        (Lens::Ring, true) => RING_SEEN / ELSE_SEEN,
        (Lens::Ring, false) => (1.0 - RING_SEEN) / (1.0 - ELSE_SEEN),
        (Lens::Spot, _) => 1.0,
    }
}

/// The other lights of a picture.
pub struct Bystanders<'a> {
    lights: &'a [&'a Light],
    /// Width and height of the picture in px.
    size: (f64, f64),
    /// Other lamps to expect.
    lamps: f64,
}

impl<'a> Bystanders<'a> {
    pub fn of(lights: &'a [&'a Light], seen: &Observation, priors: &Priors) -> Self {
        Self {
            lights,
            size: (f64::from(seen.width), f64::from(seen.height)),
            lamps: priors.lamps,
        }
    }

    /// Log odds from looks alone that a light is the device's LED rather than a bystander.
    ///
    /// Street lights, highlights, the parts of a screen and of a person come in numbers, a device has one LED: of several
    /// steady lights of one colour, or that change without rhythm, each is as likely as the others.
    pub fn log_odds(&self, light: &Light) -> f64 {
        let others = || self.lights.iter().filter(|other| apart(light, other));
        let alike: f64 = others()
            .filter(|other| alike(light, other))
            .map(|other| 1.0 - 1.0 / (1.0 + ratio(other)))
            .sum();
        let lamps = self.lamps.max(alike);
        let things = others().filter(|other| steady(light) && steady(other));
        let rate: f64 = things
            .map(|other| match self::alike(light, other) {
                true => other.emission,
                false => OTHER_COLOR * other.emission,
            })
            .sum();
        let second = if light.second { SECOND } else { 1.0 };
        let ratio = ratio(light) * second * KNOWN_RATE / (KNOWN_RATE + rate);
        (self.framing(light) * ratio / (1.0 + lamps * ratio)).ln()
    }

    fn framing(&self, light: &Light) -> f64 {
        let (w, h) = self.size;
        let p = &light.place;
        let margin = p.x.min(p.y).min(w - p.x - p.w).min(h - p.y - p.h).max(0.0);
        let inside = (margin / (INSIDE * w.min(h)).max(1.0)).min(1.0);
        BORDER + (1.0 - BORDER) * inside
    }
}

/// The device's light against bystanders that are no lamps, at the looks of `light`.
fn ratio(light: &Light) -> f64 {
    let e = light.emission.clamp(1.0 - SUREST, SUREST);
    let (base, slope) = match light.kind == Kind::Flicker || steady(light) {
        true => STEADY,
        false => CHANGING,
    };
    (base + slope * (e / (1.0 - e)).ln()).exp()
}

/// Shines all the time, as far as one can see it.
fn steady(light: &Light) -> bool {
    match light.kind {
        Kind::Steady => true,
        Kind::Switching => light.train.shines_throughout(),
        _ => false,
    }
}

/// Both steady and of one colour, red and amber being hard to tell apart; or both changing without rhythm.
fn alike(a: &Light, b: &Light) -> bool {
    let warm = |c: Color| matches!(c, Color::Red | Color::Amber);
    let switching = |l: &Light| matches!(l.kind, Kind::Switching | Kind::ColorChanging);
    if steady(a) && steady(b) {
        a.color == b.color || warm(a.color) && warm(b.color)
    } else {
        [a, b].into_iter().all(|l| switching(l) && !steady(l))
    }
}

fn apart(a: &Light, b: &Light) -> bool {
    a.place.distance(&b.place) > ONE_LENS_RADII * a.radius_px.max(b.radius_px)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Segment;
    use crate::matcher::synthetic;
    use crate::pulses::ColorSet;

    /// Log odds of a steady red light beside steady ones of these colours.
    fn beside(others: &[Color]) -> f64 {
        let steady = |c: Color| {
            let segment = Segment {
                light: ColorSet::of(c),
                start_s: 0.0,
                end_s: 8.0,
            };
            (synthetic::train(&[segment], 30.0, 1), 0.9)
        };
        let colors = [&[Color::Red], others].concat();
        let mut seen = synthetic::observation(colors.into_iter().map(steady).collect());
        for (k, l) in seen.lights.iter_mut().enumerate() {
            l.place.x = 200.0 + 100.0 * k as f64;
            l.kind = Kind::Steady;
            l.color = l.train.spans[0]
                .look
                .colors()
                .and_then(|c| c.colors().next())
                .unwrap_or(Color::Red);
        }
        let lights: Vec<&Light> = seen.lights.iter().collect();
        Bystanders::of(&lights, &seen, &Priors::DEFAULT).log_odds(lights[0])
    }

    #[test]
    fn among_many_things_that_look_lit_each_is_less_likely_the_device_s() {
        let alone = beside(&[]);
        let (blue, red) = (beside(&[Color::Blue; 4]), beside(&[Color::Red; 4]));
        assert!(red < blue && blue < alone, "{red} {blue} {alone}");
        // Five at a rate of which two are known beforehand; and each of the others may be the one.
        assert!(alone - red > 0.9, "{red} {alone}");
    }
}
