//! Random clips of a device in a state, from as easy as on a tripod to harder than anyone would film.

use super::random::Random;
use super::{Background, Body, ClipSpec, Distractor, Effects, Layout};
use crate::devices::{Device, Lens, Pattern, Schedule, Segment, State, Step};

/// Names of the grades, as label files know them, with the difficulty (0..1) that each stands for.
pub const GRADES: [(&str, f64); 4] = [
    ("tripod", 0.0),
    ("handheld", 0.4),
    ("cluttered", 0.7),
    ("extreme", 1.0),
];

/// The grade that is nearest to `difficulty`.
pub fn grade_name(difficulty: f64) -> &'static str {
    let far = |d: f64| (d - difficulty).abs();
    GRADES
        .iter()
        .min_by(|a, b| far(a.1).total_cmp(&far(b.1)))
        .map_or("", |g| g.0)
}

/// How long a schedule is drawn to see what its pattern does, in s.
const PREVIEW_S: f64 = 60.0;
/// Shortest and longest clip that people film by themselves, in s.
const CLIP_S: (f64, f64) = (6.0, 24.0);
/// Flashes of an endless blinking that are shown at least.
const ENDLESS_FLASHES: usize = 5;
/// Share below which one of two meanings of a light is no reason to doubt the other.
const RARELY: f64 = 0.1;
/// Dark that is filmed after the last light, in s, where the pattern does not ask for more.
const TAIL_S: f64 = 3.5;

/// What is given of a clip to draw; the rest follows from the seed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Conditions {
    /// 0 (tripod, lit room) to 1.
    pub difficulty: f64,
    pub seed: u64,
    /// Width and height in px.
    pub size: Option<(u32, u32)>,
    /// Frames per s.
    pub fps: Option<f64>,
    pub duration_s: Option<f64>,
}

impl ClipSpec {
    /// A clip of `device` in `state`, long enough to tell; no state is a dark light.
    pub fn draw(device: &Device, state: Option<&State>, conditions: &Conditions) -> Self {
        let Conditions {
            difficulty, seed, ..
        } = *conditions;
        let mut rng = Random::new(seed, 20);
        let mut spec = Self::new(&device.name, state.map_or("dark", |s| &s.name));
        spec.seed = seed;
        spec.tier = grade_name(difficulty).into();
        match state {
            Some(state) => spec.play(device, state, conditions.duration_s, &mut rng),
            None => {
                spec.verdict = "no-light".into();
                spec.duration_s = rng.real(8.0..14.0);
            }
        }
        let size = if difficulty < 0.2 {
            rng.pick(&[(640, 480), (960, 540), (1280, 720), (540, 960)])
        } else {
            rng.pick(&[
                (640, 480),
                (640, 480),
                (480, 640),
                (640, 360),
                (960, 540),
                (540, 960),
                (1280, 720),
                (720, 1280),
            ])
        };
        (spec.width, spec.height) = conditions.size.unwrap_or(size);
        let fps = match difficulty {
            d if d < 0.2 => 30.0,
            d if d < 0.8 => rng.pick(&[30.0, 30.0, 29.97, 24.0, 25.0, 60.0]),
            _ => rng.pick(&[30.0, 30.0, 29.97, 24.0, 25.0, 60.0, 20.0, 15.0]),
        };
        spec.fps = conditions.fps.unwrap_or(fps);
        if let Some(duration_s) = conditions.duration_s {
            spec.duration_s = duration_s;
        }
        spec.effects = Effects::draw(difficulty, device, &spec, &mut rng);
        spec
    }

    /// Draws one of the state's patterns and what it would be taken for; `duration_s` is the clip's, where it is given.
    fn play(&mut self, device: &Device, state: &State, duration_s: Option<f64>, rng: &mut Random) {
        let mut left = rng.real(0.0..1.0);
        let drawn = state.patterns.iter().find(|p| {
            left -= p.weight;
            left <= 0.0
        });
        let Some(pattern) = drawn.or(state.patterns.last()) else {
            return;
        };
        let long = duration_s.map_or(PREVIEW_S, |d| d.max(PREVIEW_S));
        self.schedule = pattern.schedule(&Schedule::new(long, u64::from(rng.bits())));
        self.duration_s = telling(pattern, &self.schedule) + rng.real(0.0..3.0);
        self.show_the_event();
        let share = state.prior * pattern.weight;
        for other in device.states.iter().filter(|s| s.name != state.name) {
            let same: f64 = other
                .patterns
                .iter()
                .filter(|p| p.steps == pattern.steps && p.repeat == pattern.repeat)
                .map(|p| other.prior * p.weight)
                .sum();
            if same > 0.0 {
                // The same light for two meanings: only both are right, unless one of them is hardly ever meant.
                let part = share / (share + same);
                if part < 1.0 - RARELY {
                    self.also.push(other.name.clone());
                }
                if (RARELY..1.0 - RARELY).contains(&part) {
                    self.verdict = "ambiguous".into();
                }
            } else if other.patterns.iter().any(|p| {
                let shorter = p.steps.len() < pattern.steps.len();
                shorter && goes_on(p) && pattern.steps.ends_with(&p.steps)
            }) {
                // It has passed into the other state before the clip's end.
                self.also.push(other.name.clone());
            }
        }
    }

    /// Who films an event that is long in coming stops when it has come: where the clip would end before, it comes in its middle.
    fn show_the_event(&mut self) {
        let lit = self.schedule.iter().filter(|s| !s.light.is_dark());
        let first_s = lit.map(|s| s.start_s).fold(f64::INFINITY, f64::min);
        if first_s.is_finite() && first_s >= self.duration_s {
            let late_s = first_s - 0.5 * self.duration_s;
            for s in &mut self.schedule {
                s.start_s -= late_s;
                s.end_s -= late_s;
            }
        }
    }
}

/// How long a clip of this pattern must be to be told from others, in s.
fn telling(pattern: &Pattern, schedule: &[Segment]) -> f64 {
    let needed = match pattern.steps.last() {
        _ if pattern.repeat.is_some() => 22.0,
        Some(Step::Blink(b)) if b.times.is_none() => {
            // From the first flash of the endless part on: the n-th start of what its flashes light.
            let starts = || {
                schedule
                    .iter()
                    .filter(|s| s.light == b.light)
                    .map(|s| s.start_s)
            };
            let step = starts().nth(1).unwrap_or(0.0) - starts().next().unwrap_or(0.0);
            let lead = schedule
                .iter()
                .find(|s| s.light == b.light)
                .map_or(0.0, |s| s.start_s.max(0.0));
            lead + ENDLESS_FLASHES as f64 * step
        }
        Some(Step::Hold(h)) if h.light.is_dark() => {
            last_lit(schedule) + h.for_s.min.max(TAIL_S) + 0.5
        }
        Some(Step::Hold(h)) if h.for_s.max.is_none() => h.for_s.min + TAIL_S,
        _ => last_lit(schedule) + TAIL_S,
    };
    needed.clamp(CLIP_S.0, CLIP_S.1)
}

/// Whether its light shows for as long as one films.
fn goes_on(pattern: &Pattern) -> bool {
    match pattern.steps.last() {
        Some(Step::Blink(b)) => b.times.is_none(),
        Some(Step::Hold(h)) => h.for_s.max.is_none() && !h.light.is_dark(),
        None => false,
    }
}

fn last_lit(schedule: &[Segment]) -> f64 {
    schedule
        .iter()
        .rfind(|s| !s.light.is_dark())
        .map_or(0.0, |s| s.end_s)
}

/// What the device's light looks like; devices that light two colours at once have two lenses or one for both.
fn layout(device: &Device, rng: &mut Random) -> Layout {
    let pair = device
        .states
        .iter()
        .flat_map(|s| &s.patterns)
        .flat_map(|p| &p.steps)
        .any(|s| s.light().colors().count() > 1);
    match device.lens {
        Lens::Ring => Layout::Ring,
        Lens::Spot if pair && rng.chance(0.6) => Layout::Pair,
        Lens::Spot => Layout::Single,
    }
}

impl Effects {
    /// Draws viewing conditions for a clip of `device`: ranges widen with `difficulty` from those of a tripod in a lit room.
    pub(super) fn draw(
        difficulty: f64,
        device: &Device,
        spec: &ClipSpec,
        rng: &mut Random,
    ) -> Self {
        let d = difficulty.clamp(0.0, 1.0);
        let mix = |easy: f64, hard: f64| easy + d * (hard - easy);
        // Effects that a tripod clip is free of set in above it.
        let hand = (d / 0.4).min(1.0);
        let crowd = ((d - 0.3) / 0.7).max(0.0);
        let side = f64::from(spec.width.min(spec.height));
        let layout = layout(device, rng);
        let mut e = Self {
            layout,
            led_radius: match layout {
                Layout::Ring => side * rng.log(mix(0.06, 0.03)..mix(0.12, 0.16)),
                _ => side * rng.log(mix(0.010, 0.0032)..mix(0.025, 0.06)),
            },
            led_level: rng.log(mix(1.3, 0.7)..mix(4.0, 40.0)),
            halo: rng.real(0.02..mix(0.04, 0.12)),
            halo_radius: side * rng.log(0.003..mix(0.008, 0.03)),
            spill: rng.log(0.002..mix(0.01, 0.08)),
            pair_gap: rng.real(2.6..7.0),
            tilt: rng.real(mix(0.9, 0.5)..1.0),
            rise: if rng.chance(0.4 * hand) {
                rng.real(0.002..0.06)
            } else {
                0.0
            },
            wavelength_shift: mix(1.0, 5.0) * rng.real(-1.0..1.0),
            blur: side / 480.0 * rng.log(0.5..mix(0.9, 2.2)),
            noise: rng.log(0.001..mix(0.003, 0.01)),
            full_well: rng.log(mix(6000.0, 1500.0)..12_000.0),
            crosstalk: rng.real(0.02..mix(0.05, 0.1)),
            rolling: rng.real(0.3..0.95),
            wb_error: mix(0.0, 0.15) * rng.real(-1.0..1.0),
            awb: hand * rng.real(0.0..mix(0.05, 0.12)),
            awb_react: hand * rng.real(0.0..0.7),
            ae: mix(0.15, 1.0) * rng.real(0.3..1.0),
            ae_tau: rng.log(0.1..1.2),
            contrast: rng.real(0.0..0.6),
            saturation: rng.real(0.9..1.4),
            sharpen: rng.real(0.0..0.8),
            vignette: rng.real(0.0..0.3),
            full_range: rng.chance(0.15),
            ambient: rng.log(mix(0.3, 0.01)..mix(0.9, 1.0)),
            kelvin: rng.log(2600.0..7000.0),
            background: rng.pick(&Background::ALL),
            body: rng.pick(&[Body::White, Body::Grey, Body::Black]),
            ..Self::default()
        };
        // Thumbnails have no finer optics than their pixels.
        e.led_radius = e.led_radius.max(0.8);
        e.halo_radius = e.halo_radius.max(0.5);
        e.blur = e.blur.max(0.4);
        // A bright room asks for a short exposure, a dark one takes all there is.
        let open = (0.4 / e.ambient).sqrt().clamp(0.1, 1.0);
        e.exposure = (open * rng.real(0.4..1.0)).clamp(mix(0.3, 0.03), 0.97);
        if rng.chance(0.7 * hand) {
            e.flicker_hz = rng.pick(&[100.0, 120.0]);
            e.flicker_depth = rng.log(0.01..mix(0.05, 0.3));
        }
        if rng.chance(0.35 * hand) {
            e.pwm_hz = rng.log(90.0..2000.0);
            e.pwm_duty = rng.real(0.15..0.95);
        }
        if hand > 0.0 {
            e.shake = hand * side * rng.log(0.001..mix(0.006, 0.02));
            e.shake_hz = rng.log(0.6..2.5);
            e.rotate = hand * rng.real(0.0..mix(0.4, 1.2));
            e.zoom = hand * rng.real(0.0..mix(0.004, 0.012));
            e.drift = hand * side * rng.real(-0.004..0.004);
            e.drift_deg = rng.real(0.0..360.0);
        }
        if rng.chance(0.4 * hand) {
            e.vfr = rng.log(0.01..mix(0.05, 0.4));
        }
        if rng.chance(0.4 * crowd) {
            e.drop = rng.log(0.003..0.08);
        }
        if rng.chance(0.3 * crowd) {
            e.dup = rng.log(0.003..0.05);
        }
        if rng.chance(0.12 * crowd) {
            e.occlude = Some(moment(spec.duration_s, rng));
        } else if rng.chance(0.12 * crowd) {
            e.leave = Some(moment(spec.duration_s, rng));
        }
        e.distract = distractors(crowd, device, rng);
        e
    }
}

/// A moment of 0.3 to 1.5 s somewhere within the clip.
fn moment(duration_s: f64, rng: &mut Random) -> [f64; 2] {
    let long = rng.real(0.3..1.5);
    let start = rng.real(0.1..0.8) * duration_s;
    [start, start + long]
}

/// Up to four other things. Another device's indicator in a colour that this device shows as well could truly be its light:
/// nobody could tell, so there is none.
fn distractors(crowd: f64, device: &Device, rng: &mut Random) -> Vec<Distractor> {
    let own = device.colors();
    let most = (4.0 * crowd).round() as usize;
    let mut free: Vec<Distractor> = Distractor::ALL
        .into_iter()
        .filter(|d| d.color().is_none_or(|c| !own.contains(c)))
        .collect();
    let n = if most == 0 { 0 } else { rng.whole(0..most + 1) };
    (0..n.min(free.len()))
        .map(|_| free.swap_remove(rng.whole(0..free.len())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::Library;

    fn at(difficulty: f64, seed: u64) -> Conditions {
        Conditions {
            difficulty,
            seed,
            ..Conditions::default()
        }
    }

    #[test]
    fn every_state_can_be_drawn_at_every_difficulty() {
        let library = Library::built_in();
        for device in library.devices() {
            let states = device.states.iter().map(Some).chain([None]);
            for (i, state) in states.enumerate() {
                for difficulty in [0.0, 0.4, 0.7, 1.0] {
                    let spec = ClipSpec::draw(device, state, &at(difficulty, i as u64));
                    spec.check().unwrap();
                    let lit = spec
                        .schedule
                        .iter()
                        .any(|s| !s.light.is_dark() && s.start_s < spec.duration_s);
                    assert_eq!(
                        lit,
                        state.is_some(),
                        "{} {:?}",
                        device.name,
                        state.map(|s| &s.name)
                    );
                }
            }
        }
    }

    #[test]
    fn an_event_that_is_long_in_coming_is_in_the_clip() {
        let library = Library::built_in();
        let xt = library.get("xt").unwrap();
        let motion = xt.state("motion-detected").unwrap();
        for seed in 0..200 {
            let spec = ClipSpec::draw(xt, Some(motion), &at(0.5, seed));
            let lit = spec.spans(crate::pulses::Color::Red);
            assert!(lit[0].0 < spec.duration_s, "seed {seed}: {lit:?}");
        }
    }

    #[test]
    fn short_flashes_without_context_are_labelled_with_both_meanings() {
        let library = Library::built_in();
        let xt = library.get("xt").unwrap();
        let low = xt.state("low-battery").unwrap();
        let labels: Vec<ClipSpec> = (0..60)
            .map(|s| ClipSpec::draw(xt, Some(low), &at(0.0, s)))
            .collect();
        for l in &labels {
            let blue = !l.spans(crate::pulses::Color::Blue).is_empty();
            assert!(!blue || l.verdict == "diagnosed");
            assert_eq!(l.verdict == "ambiguous", l.also == ["powering-up"]);
        }
        assert!(
            labels
                .iter()
                .any(|l| l.verdict == "ambiguous" && l.also == ["powering-up"])
        );
    }

    #[test]
    fn a_tripod_is_free_of_what_hands_do() {
        let library = Library::built_in();
        let device = &library.devices()[0];
        let e = ClipSpec::draw(device, device.states.first(), &at(0.0, 5)).effects;
        assert_eq!(
            (e.shake, e.drift, e.vfr, e.drop, e.pwm_hz),
            (0.0, 0.0, 0.0, 0.0, 0.0)
        );
        assert!(e.distract.is_empty());
    }

    #[test]
    fn grades_have_names() {
        assert_eq!(grade_name(0.1), "tripod");
        assert_eq!(grade_name(0.45), "handheld");
        assert_eq!(grade_name(0.9), "extreme");
    }
}
