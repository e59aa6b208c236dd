//! How the clips of each condition are drawn. A seed is a clip.

use blinkdx::devices::{Device, Library, Segment, State};
use blinkdx::pulses::{Color, ColorSet};
use blinkdx::simulate::{Background, Body, ClipSpec, Conditions, Distractor, Layout};
use fastrand::Rng;

use super::conditions::{Clip, MODELS};

/// Difficulty of hand-held film in a normal room.
pub const HANDHELD: f64 = 0.4;
/// Picture size in px: small enough for a thousand clips, as large as a light of 2 px needs.
const SIZE: (u32, u32) = (640, 480);
/// Quality (x264's CRF) that hides nothing of what the camera saw: compression is a condition of its own.
const FINE: u32 = 18;
/// Longest clip in s; longer ones only repeat.
const LONGEST_S: f64 = 16.0;

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

fn real(rng: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.f64()
}

fn log(rng: &mut Rng, low: f64, high: f64) -> f64 {
    real(rng, low.ln(), high.ln()).exp()
}

fn device<'a>(library: &'a Library, rng: &mut Rng) -> &'a Device {
    let name = pick(rng, &MODELS);
    library.get(name).expect("a built-in device")
}

fn film(device: &Device, state: Option<&State>, difficulty: f64, seed: u64) -> Clip {
    let mut spec = ClipSpec::draw(
        device,
        state,
        &Conditions {
            difficulty,
            seed,
            size: Some(SIZE),
            ..Conditions::default()
        },
    );
    spec.duration_s = spec.duration_s.min(LONGEST_S);
    Clip { spec, crf: FINE }
}

/// Any state of any device, all alike often.
pub fn graded(library: &Library, seed: u64, difficulty: f64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let device = device(library, &mut rng);
    let state = &device.states[rng.usize(..device.states.len())];
    film(device, Some(state), difficulty, seed)
}

/// A state whose light is a small lens, hand-held.
fn spot(library: &Library, seed: u64) -> (Clip, Rng) {
    let mut rng = Rng::with_seed(seed);
    loop {
        let device = device(library, &mut rng);
        let state = &device.states[rng.usize(..device.states.len())];
        let mut clip = film(device, Some(state), HANDHELD, seed);
        if clip.spec.effects.layout != Layout::Ring {
            clip.spec.effects.distract.clear();
            return (clip, rng);
        }
    }
}

pub fn shake(library: &Library, seed: u64) -> Clip {
    let (mut clip, _) = spot(library, seed);
    let e = &mut clip.spec.effects;
    e.led_radius = 1.5;
    e.led_level = e.led_level.max(1.5);
    // Swings of 15 px are twice the sd.
    e.shake = 7.5;
    clip
}

pub fn drift(library: &Library, seed: u64) -> Clip {
    let (mut clip, mut rng) = spot(library, seed);
    let e = &mut clip.spec.effects;
    e.drift = real(&mut rng, 10.0, 25.0);
    e.rotate = 1.5;
    e.zoom = 0.015;
    // So slow a pan that the light stays in view.
    e.place = Some([0.5 * f64::from(SIZE.0), 0.5 * f64::from(SIZE.1)]);
    clip
}

/// Before a camera on a tripod.
pub fn held(library: &Library, seed: u64) -> Clip {
    let (mut clip, mut rng) = spot(library, seed);
    let e = &mut clip.spec.effects;
    (e.shake, e.rotate, e.zoom) = (0.0, 0.0, 0.0);
    e.held = real(&mut rng, 4.0, 25.0);
    clip
}

pub fn gap(library: &Library, seed: u64, covered: bool) -> Clip {
    let (mut clip, mut rng) = spot(library, seed);
    let spec = &mut clip.spec;
    let long = real(&mut rng, 0.5, 1.2);
    let start = real(&mut rng, 0.15, 0.7) * spec.duration_s;
    // Long enough that the swing itself does not fill it.
    let span = if covered {
        [start, start + long]
    } else {
        [start, start + long + 0.7]
    };
    if covered {
        spec.effects.occlude = Some(span);
    } else {
        spec.effects.leave = Some(span);
    }
    clip
}

/// Things in view whose colour is none of the device's: another indicator of its colour could truly be its light.
fn add_others(library: &Library, spec: &mut ClipSpec, rng: &mut Rng, count: usize) {
    let own = library
        .get(&spec.model)
        .map_or(ColorSet::NONE, Device::colors);
    let mut free: Vec<Distractor> = Distractor::ALL
        .into_iter()
        .filter(|d| d.color().is_none_or(|c| !own.contains(c)))
        .collect();
    rng.shuffle(&mut free);
    free.truncate(count);
    spec.effects.distract = free;
}

pub fn crowd(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    add_others(library, &mut clip.spec, &mut Rng::with_seed(seed ^ 1), 5);
    clip
}

pub fn others_only(library: &Library, seed: u64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let device = device(library, &mut rng);
    let mut clip = film(device, None, HANDHELD, seed);
    add_others(library, &mut clip.spec, &mut rng, 4);
    clip
}

pub fn overexposed(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    clip.spec.effects.led_level = log(&mut Rng::with_seed(seed ^ 1), 15.0, 60.0);
    clip
}

pub fn small(library: &Library, seed: u64) -> Clip {
    let (mut clip, mut rng) = spot(library, seed);
    clip.spec.effects.led_radius = real(&mut rng, 1.0, 1.7);
    clip.spec.effects.led_level = log(&mut rng, 1.5, 10.0);
    clip
}

pub fn dark_room(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.ambient = log(&mut rng, 0.002, 0.01);
    e.noise = real(&mut rng, 0.006, 0.012);
    e.exposure = real(&mut rng, 0.8, 0.97);
    clip
}

pub fn bright_room(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.ambient = log(&mut rng, 0.6, 1.2);
    e.led_level = log(&mut rng, 0.7, 2.0);
    e.exposure = real(&mut rng, 0.03, 0.2);
    e.body = Body::White;
    clip
}

pub fn white_balance(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.wb_error = real(&mut rng, -0.25, 0.25);
    e.awb = 0.12;
    e.awb_react = 0.8;
    e.kelvin = log(&mut rng, 2400.0, 8000.0);
    clip
}

/// A lamp without device, blinking or steady, of one of `colors`.
pub fn lamp(seed: u64, colors: &[Color]) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let color = pick(&mut rng, colors);
    let mut spec = ClipSpec::new("lamp", color.name());
    (spec.width, spec.height) = SIZE;
    spec.seed = seed;
    spec.duration_s = 5.0;
    let period = real(&mut rng, 0.6, 2.0);
    let steady = rng.f64() < 0.3;
    spec.schedule = (0..12)
        .map(|i| f64::from(i) * period - 0.5)
        .map(|start_s| Segment {
            start_s,
            end_s: start_s + if steady { period } else { 0.5 * period },
            light: ColorSet::of(color),
        })
        .collect();
    // Everything of hand-held film but other lights; the exposure from good to burnt out.
    let library = Library::built_in();
    let device = &library.devices()[0];
    spec.effects = film(device, None, HANDHELD, seed).spec.effects;
    spec.effects.distract.clear();
    spec.effects.layout = Layout::Single;
    spec.effects.led_radius = log(&mut rng, 2.0, 15.0);
    spec.effects.led_level = log(&mut rng, 0.6, 30.0);
    Clip { spec, crf: FINE }
}

pub fn two_colours(library: &Library, seed: u64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    loop {
        let device = device(library, &mut rng);
        let state = &device.states[rng.usize(..device.states.len())];
        let clip = film(device, Some(state), HANDHELD, seed);
        let both = |c| !clip.spec.spans(c).is_empty();
        if both(Color::Green) && both(Color::Blue) {
            return clip;
        }
    }
}

/// A steady light whose dimming or whose room beats with the frame rate.
pub fn beat(library: &Library, seed: u64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let (model, state) = pick(
        &mut rng,
        &[
            ("mini", "offline"),
            ("video-doorbell", "setup-failed"),
            ("sync-module-2", "cannot-join"),
            ("sync-module-2", "starting"),
        ],
    );
    let device = library.get(model).expect("a built-in device");
    let mut clip = film(device, device.state(state), HANDHELD, seed);
    let e = &mut clip.spec.effects;
    e.distract.clear();
    e.pwm_hz = log(&mut rng, 90.0, 1000.0);
    e.pwm_duty = real(&mut rng, 0.2, 0.9);
    e.exposure = log(&mut rng, 0.05, 0.9);
    e.flicker_hz = pick(&mut rng, &[100.0, 120.0]);
    e.flicker_depth = real(&mut rng, 0.1, 0.4);
    clip
}

pub fn broken_time(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.vfr = real(&mut rng, 0.1, 0.5);
    e.drop = real(&mut rng, 0.02, 0.1);
    e.dup = real(&mut rng, 0.02, 0.06);
    clip
}

pub fn compressed(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    clip.crf = Rng::with_seed(seed ^ 1).u32(30..=38);
    clip
}

/// Lights that no state of the device shows: colours it does not have, or rhythms that it does not.
pub fn unknown(library: &Library, seed: u64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let device = device(library, &mut rng);
    let mut clip = film(device, None, HANDHELD, seed);
    let spec = &mut clip.spec;
    spec.effects.distract.clear();
    spec.state = "unknown".into();
    spec.duration_s = 10.0;
    let set = |c| ColorSet::of(c);
    let span = |start_s: f64, end_s: f64, light| Segment {
        start_s,
        end_s,
        light,
    };
    let blink = |rng: &mut Rng, light| -> Vec<Segment> {
        let period = real(rng, 0.5, 2.0);
        (0..40)
            .map(|i| f64::from(i) * period - 1.0)
            .map(|t| span(t, t + 0.5 * period, light))
            .collect()
    };
    spec.schedule = match rng.u32(0..5) {
        0 => blink(&mut rng, set(Color::Amber)),
        1 => blink(&mut rng, set(Color::White)),
        2 => vec![span(-1.0, 20.0, set(Color::Amber))],
        3 => {
            // Red and green by turns.
            let half = real(&mut rng, 0.4, 1.0);
            (0..60)
                .map(|i| (f64::from(i) * half - 1.0, i))
                .map(|(t, i)| {
                    span(
                        t,
                        t + half,
                        set(if i % 2 == 0 { Color::Red } else { Color::Green }),
                    )
                })
                .collect()
        }
        _ => {
            // Random switching in green alone.
            let mut t = -0.3;
            let mut spans = Vec::new();
            while t < 11.0 {
                let on = log(&mut rng, 0.08, 1.5);
                spans.push(span(t, t + on, set(Color::Green)));
                t += on + log(&mut rng, 0.1, 2.0);
            }
            spans
        }
    };
    clip
}

/// Devices and states as often as the device files say they are filmed, of all difficulties; one in twelve dark, one in
/// sixteen of no state; half of them compressed as phones do.
pub fn mixed(library: &Library, seed: u64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let difficulty = rng.f64();
    let kind = rng.f64();
    let mut clip = if kind < 1.0 / 16.0 {
        unknown(library, seed)
    } else {
        let device = device(library, &mut rng);
        let mut left = rng.f64();
        let state = device.states.iter().find(|s| {
            left -= s.prior;
            left <= 0.0
        });
        let state = state.or(device.states.last());
        film(
            device,
            state.filter(|_| kind > 7.0 / 48.0),
            difficulty,
            seed,
        )
    };
    if clip.spec.effects.background == Background::Foliage && rng.f64() < 0.5 {
        // Few people film a device among leaves.
        clip.spec.effects.background = Background::Plaster;
    }
    if rng.bool() {
        clip.crf = rng.u32(22..=34);
    }
    clip
}
