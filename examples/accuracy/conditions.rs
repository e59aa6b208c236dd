//! The clips that accuracy is measured on: one kind for each thing that makes it hard.

use blinkdx::devices::{Device, Library, Segment, State};
use blinkdx::pulses::{Color, ColorSet};
use blinkdx::simulate::output::Encoding;
use blinkdx::simulate::{Background, Body, ClipSpec, Conditions, Distractor, Layout};
use fastrand::Rng;

/// The devices that people ask about; what is assumed to be like them is not counted twice.
pub const MODELS: [&str; 8] = [
    "xt",
    "xt2",
    "outdoor-3",
    "outdoor-4",
    "mini",
    "mini-2",
    "video-doorbell",
    "sync-module-2",
];
/// Difficulty of hand-held film in a normal room.
const HANDHELD: f64 = 0.4;
/// Picture size in px: small enough for a thousand clips, as large as a light of 2 px needs.
const SIZE: (u32, u32) = (640, 480);
/// Longest clip in s; longer ones only repeat.
const LONGEST_S: f64 = 16.0;

/// A clip to judge.
#[derive(Debug, Clone)]
pub struct Clip {
    pub spec: ClipSpec,
    /// Compressed by x264 at this quality and decoded again; `None` is as the camera saw it.
    pub crf: Option<u32>,
}

impl Clip {
    pub fn encoding(&self) -> Encoding {
        Encoding {
            crf: self.crf.unwrap_or(18),
            options: vec!["-preset".into(), "veryfast".into()],
            ..Encoding::default()
        }
    }
}

pub type Draw = fn(&Library, u64) -> Clip;

/// What the last column of the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Nothing,
    /// RMS of edge times in frames.
    Edges,
    /// Light named by its colour.
    Color,
    /// Seen as steady or flickering, not as blinking.
    Steady,
    /// Gap known as unseen.
    Gap,
    /// No diagnosis where there is none to make.
    Silent,
}

/// One row of the table.
pub struct Condition {
    pub name: &'static str,
    pub what: &'static str,
    pub figure: Figure,
    pub draw: Draw,
}

/// Shorthand for a row.
const fn row(name: &'static str, what: &'static str, figure: Figure, draw: Draw) -> Condition {
    Condition {
        name,
        what,
        figure,
        draw,
    }
}

pub const CONDITIONS: [Condition; 22] = [
    row("tripod", "Tripod, lit room", Figure::Edges, |l, s| {
        graded(l, s, 0.0)
    }),
    row(
        "handheld",
        "Hand-held, all states",
        Figure::Edges,
        |l, s| graded(l, s, HANDHELD),
    ),
    row(
        "cluttered",
        "Cluttered, all states",
        Figure::Edges,
        |l, s| graded(l, s, 0.7),
    ),
    row("extreme", "Extreme, all states", Figure::Edges, |l, s| {
        graded(l, s, 1.0)
    }),
    row(
        "shake",
        "Light of 3 px across under 15 px of shake",
        Figure::Edges,
        shake,
    ),
    row(
        "drift",
        "Drift of 10 to 25 px/s, roll and zoom",
        Figure::Nothing,
        drift,
    ),
    row("covered", "Covered for a moment", Figure::Gap, |l, s| {
        gap(l, s, true)
    }),
    row(
        "away",
        "Out of the picture for a moment",
        Figure::Gap,
        |l, s| gap(l, s, false),
    ),
    row(
        "crowd",
        "Five other lights and things in view",
        Figure::Nothing,
        crowd,
    ),
    row(
        "others-only",
        "Device dark, other lights and things in view",
        Figure::Silent,
        others_only,
    ),
    row(
        "overexposed",
        "Burnt out 15 to 60 times",
        Figure::Nothing,
        overexposed,
    ),
    row(
        "small",
        "Lens of 1.0 to 1.7 px radius",
        Figure::Nothing,
        small,
    ),
    row("dark-room", "Dark room, noisy", Figure::Nothing, dark_room),
    row(
        "bright-room",
        "Sunlit room, weak light",
        Figure::Nothing,
        bright_room,
    ),
    row(
        "white-balance",
        "White balance off and drifting",
        Figure::Color,
        white_balance,
    ),
    row(
        "red-amber",
        "Red or amber lamp, any exposure",
        Figure::Color,
        |_, s| lamp(s, &[Color::Red, Color::Amber]),
    ),
    row(
        "blue-white",
        "Blue or white lamp, any exposure",
        Figure::Color,
        |_, s| lamp(s, &[Color::Blue, Color::White]),
    ),
    row(
        "two-colours",
        "Green and blue together",
        Figure::Nothing,
        two_colours,
    ),
    row(
        "beat",
        "Steady light, PWM and mains beat with the rate",
        Figure::Steady,
        beat,
    ),
    row(
        "frames",
        "Lost and repeated frames, variable rate",
        Figure::Edges,
        broken_time,
    ),
    row(
        "compressed",
        "Coarsely compressed (x264, crf 30 to 38)",
        Figure::Edges,
        compressed,
    ),
    row("unknown", "Patterns of no state", Figure::Silent, unknown),
];

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
    Clip { spec, crf: None }
}

/// Any state of any device, all alike often.
fn graded(library: &Library, seed: u64, difficulty: f64) -> Clip {
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

fn shake(library: &Library, seed: u64) -> Clip {
    let (mut clip, _) = spot(library, seed);
    let e = &mut clip.spec.effects;
    e.led_radius = 1.5;
    e.led_level = e.led_level.max(1.5);
    // Swings of 15 px are twice the sd.
    e.shake = 7.5;
    clip
}

fn drift(library: &Library, seed: u64) -> Clip {
    let (mut clip, mut rng) = spot(library, seed);
    let e = &mut clip.spec.effects;
    e.drift = real(&mut rng, 10.0, 25.0);
    e.rotate = 1.5;
    e.zoom = 0.015;
    // So slow a pan that the light stays in view.
    e.place = Some([0.5 * f64::from(SIZE.0), 0.5 * f64::from(SIZE.1)]);
    clip
}

fn gap(library: &Library, seed: u64, covered: bool) -> Clip {
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

/// Things in view that have no colour the device's light has.
fn add_others(spec: &mut ClipSpec, rng: &mut Rng, count: usize) {
    let used = spec
        .schedule
        .iter()
        .fold(ColorSet::NONE, |all, s| all.union(s.light));
    let mut free: Vec<Distractor> = Distractor::ALL
        .into_iter()
        .filter(|d| {
            d.color()
                .is_none_or(|c| !used.contains(c) && c != Color::Red && c != Color::Blue)
        })
        .collect();
    rng.shuffle(&mut free);
    free.truncate(count);
    spec.effects.distract = free;
}

fn crowd(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    add_others(&mut clip.spec, &mut Rng::with_seed(seed ^ 1), 5);
    clip
}

fn others_only(library: &Library, seed: u64) -> Clip {
    let mut rng = Rng::with_seed(seed);
    let device = device(library, &mut rng);
    let mut clip = film(device, None, HANDHELD, seed);
    add_others(&mut clip.spec, &mut rng, 4);
    clip
}

fn overexposed(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    clip.spec.effects.led_level = log(&mut Rng::with_seed(seed ^ 1), 15.0, 60.0);
    clip
}

fn small(library: &Library, seed: u64) -> Clip {
    let (mut clip, mut rng) = spot(library, seed);
    clip.spec.effects.led_radius = real(&mut rng, 1.0, 1.7);
    clip.spec.effects.led_level = log(&mut rng, 1.5, 10.0);
    clip
}

fn dark_room(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.ambient = log(&mut rng, 0.002, 0.01);
    e.noise = real(&mut rng, 0.006, 0.012);
    e.exposure = real(&mut rng, 0.8, 0.97);
    clip
}

fn bright_room(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.ambient = log(&mut rng, 0.6, 1.2);
    e.led_level = log(&mut rng, 0.7, 2.0);
    e.exposure = real(&mut rng, 0.03, 0.2);
    e.body = Body::White;
    clip
}

fn white_balance(library: &Library, seed: u64) -> Clip {
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
fn lamp(seed: u64, colors: &[Color]) -> Clip {
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
    Clip { spec, crf: None }
}

fn two_colours(library: &Library, seed: u64) -> Clip {
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
fn beat(library: &Library, seed: u64) -> Clip {
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

fn broken_time(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    let mut rng = Rng::with_seed(seed ^ 1);
    let e = &mut clip.spec.effects;
    e.vfr = real(&mut rng, 0.1, 0.5);
    e.drop = real(&mut rng, 0.02, 0.1);
    e.dup = real(&mut rng, 0.02, 0.06);
    clip
}

fn compressed(library: &Library, seed: u64) -> Clip {
    let mut clip = graded(library, seed, HANDHELD);
    clip.crf = Some(Rng::with_seed(seed ^ 1).u32(30..=38));
    clip
}

/// Lights that no state of the device shows: colours it does not have, or rhythms that it does not.
fn unknown(library: &Library, seed: u64) -> Clip {
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
    clip.crf = rng.bool().then(|| rng.u32(22..=34));
    clip
}
