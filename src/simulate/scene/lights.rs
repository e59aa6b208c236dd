//! The device's light and the other lights in view.

use std::sync::Arc;

use crate::simulate::random::Random;

use super::{Emitter, Room};
use crate::pulses::Color;
use crate::simulate::profile::{Optics, Profile, Shape};
use crate::simulate::spectrum::{self, Rgb};
use crate::simulate::waveform::Waveform;
use crate::simulate::{ClipSpec, Distractor, Effects, Layout};

/// Width of a ring light over its outer radius.
const RING_WIDTH: f64 = 0.18;
/// Ghosts, reflections and far lights beyond this many px add less than one code value.
const OTHER_REACH: f64 = 500.0;

/// One lens of the device's light, and where its lenses are relative to the light's place in px: that of green, and that of all other colours.
pub fn lenses(e: &Effects, rng: &mut Random) -> (Shape, [(f64, f64); 2]) {
    let r = e.led_radius;
    match e.layout {
        Layout::Single => (Shape::Disc(r), [(0.0, 0.0); 2]),
        Layout::Ring => (Shape::Ring(r, RING_WIDTH * r), [(0.0, 0.0); 2]),
        Layout::Pair => {
            // A device stands upright more often than it lies.
            let deg: f64 = if rng.chance(0.8) { 0.0 } else { 90.0 };
            let (sin, cos) = (deg + rng.real(-8.0..8.0)).to_radians().sin_cos();
            let d = 0.5 * e.pair_gap * r * if rng.chance(0.5) { 1.0 } else { -1.0 };
            (Shape::Disc(r), [(d * cos, d * sin), (-d * cos, -d * sin)])
        }
    }
}

fn optics(e: &Effects) -> Optics {
    Optics {
        blur: e.blur,
        halo: e.halo,
        halo_radius: e.halo_radius,
        spill: e.spill,
    }
}

fn times(rgb: Rgb, by: f64) -> Rgb {
    rgb.map(|c| c * by as f32)
}

/// The device's light: one emitter per colour that the schedule lights.
pub fn device(
    spec: &ClipSpec,
    at: (f64, f64),
    shape: Shape,
    places: [(f64, f64); 2],
    rng: &mut Random,
) -> Vec<Emitter> {
    let e = &spec.effects;
    let reach = f64::from(spec.width).hypot(f64::from(spec.height));
    let profile = Arc::new(Profile::new(shape, optics(e), reach));
    let phase = rng.real(0.0..1.0);
    Color::ALL
        .into_iter()
        .filter_map(|color| {
            let spans = spec.spans(color);
            if spans.is_empty() {
                return None;
            }
            let place = places[usize::from(color != Color::Green)];
            let raw = spectrum::led(color, e.wavelength_shift, e.crosstalk);
            Some(Emitter {
                at: (at.0 + place.0, at.1 + place.1),
                ghost: None,
                profile: Arc::clone(&profile),
                raw: times(raw, e.led_level),
                wave: Waveform::from_spans(&spans, e.rise).with_pwm(e.pwm_hz, e.pwm_duty, phase),
                tilt: e.tilt as f32,
                mains: false,
                of_device: true,
            })
        })
        .collect()
}

/// Adds the lights that distractor `d` stands for, at the scene point `spot`.
pub fn other(
    d: Distractor,
    spec: &ClipSpec,
    spot: (f64, f64),
    room: &Room,
    emitters: &mut Vec<Emitter>,
    rng: &mut Random,
) {
    let e = &spec.effects;
    let steady = |color| Some((color, Waveform::steady(1.0)));
    let small = match d {
        Distractor::StandbyGreen => steady(Color::Green),
        Distractor::StandbyAmber => steady(Color::Amber),
        Distractor::StandbyRed => steady(Color::Red),
        Distractor::StandbyBlue => steady(Color::Blue),
        Distractor::StandbyWhite => steady(Color::White),
        Distractor::Blinker => {
            // Slower than any set-up blink and faster than a 3 s flash, in a colour that few devices use alone.
            let period = rng.real(1.3..1.9);
            let on = period * rng.real(0.2..0.8);
            let start = -period * rng.real(0.0..1.0);
            let n = (spec.duration_s / period) as usize + 3;
            let spans: Vec<_> = (0..n)
                .map(|i| start + i as f64 * period)
                .map(|t| (t, t + on))
                .collect();
            let green = rng.chance(0.5);
            let color = if green { Color::Green } else { Color::Amber };
            Some((color, Waveform::from_spans(&spans, 0.0)))
        }
        _ => None,
    };
    if let Some((color, wave)) = small {
        emitters.push(indicator(e, spot, color, wave, rng));
        return;
    }
    match d {
        Distractor::Router => {
            let pitch = 3.0 * e.led_radius.clamp(1.5, 8.0) + 3.0;
            let n = rng.whole(3..6);
            for i in 0..n {
                let at = (spot.0 + i as f64 * pitch, spot.1);
                let color = if rng.chance(0.75) {
                    Color::Green
                } else {
                    Color::Amber
                };
                let wave = if rng.chance(0.6) {
                    telegraph(spec.duration_s, rng)
                } else {
                    Waveform::steady(1.0)
                };
                emitters.push(indicator(e, at, color, wave, rng));
            }
        }
        Distractor::Lamp => {
            let r = rng.real(6.0..25.0f64).min(0.08 * f64::from(spec.height));
            let level = rng.real(3.0..20.0);
            // The lamp has the colour of the room's light.
            let raw = spectrum::raw_of_srgb([1.0; 3], room.gains);
            emitters.push(Emitter {
                at: spot,
                ghost: None,
                profile: Arc::new(Profile::new(Shape::Disc(r), optics(e), OTHER_REACH)),
                raw: times(raw, level),
                wave: Waveform::steady(1.0),
                tilt: 1.0,
                mains: true,
                of_device: false,
            });
        }
        Distractor::Reflection => {
            // A glossy surface mirrors a little, and blurs by its roughness.
            let strength = rng.real(0.01..0.1);
            let wide = rng.real(1.5..4.0);
            let blur = e.led_radius * wide * 0.7 + e.blur;
            let shape = Shape::Disc(e.led_radius * wide);
            copies(emitters, shape, blur, strength, spot, None);
        }
        Distractor::Flare => {
            let wide = rng.real(1.0..5.0);
            let strength = rng.real(0.002..0.02);
            let shape = Shape::Disc(e.led_radius * wide + 4.0);
            let mirror = rng.real(0.4..1.2);
            copies(
                emitters,
                shape,
                2.0 + e.blur,
                strength,
                (0.0, 0.0),
                Some(mirror),
            );
        }
        _ => {}
    }
}

/// Adds a weaker, wider copy of each of the device's emitters.
fn copies(
    emitters: &mut Vec<Emitter>,
    shape: Shape,
    blur: f64,
    strength: f64,
    spot: (f64, f64),
    ghost: Option<f64>,
) {
    let optics = Optics {
        blur,
        halo: 0.0,
        halo_radius: 1.0,
        spill: 0.0,
    };
    let profile = Arc::new(Profile::new(shape, optics, OTHER_REACH));
    let new: Vec<Emitter> = emitters
        .iter()
        .filter(|m| m.of_device)
        .map(|m| Emitter {
            at: if ghost.is_some() { m.at } else { spot },
            ghost,
            profile: Arc::clone(&profile),
            raw: times(m.raw, strength),
            of_device: false,
            ..m.clone()
        })
        .collect();
    emitters.extend(new);
}

/// Another device's LED, of about the size and brightness of the one that is filmed.
fn indicator(
    e: &Effects,
    at: (f64, f64),
    color: Color,
    wave: Waveform,
    rng: &mut Random,
) -> Emitter {
    let r = (e.led_radius * rng.real(0.4..1.2)).clamp(0.8, 12.0);
    let shift = rng.real(-6.0..6.0);
    let level = (e.led_level * rng.real(0.15..1.0)).max(0.2);
    Emitter {
        at,
        ghost: None,
        profile: Arc::new(Profile::new(Shape::Disc(r), optics(e), OTHER_REACH)),
        raw: times(spectrum::led(color, shift, e.crosstalk), level),
        wave,
        tilt: 1.0,
        mains: false,
        of_device: false,
    }
}

/// Random traffic: bursts of fast flicker between pauses.
fn telegraph(duration_s: f64, rng: &mut Random) -> Waveform {
    let mut spans = Vec::new();
    let mut t = rng.real(-0.5..0.5);
    // Ten thousand flashes (some 40 minutes) are enough to be random; longer clips see the light steady afterwards.
    while t < duration_s && spans.len() < 10_000 {
        let burst = rng.whole(1..25);
        for _ in 0..burst {
            let on = rng.real(0.03..0.12);
            spans.push((t, t + on));
            t += on + rng.real(0.03..0.15);
        }
        t += rng.real(0.05..1.5);
    }
    Waveform::from_spans(&spans, 0.0)
}
