use std::path::Path;

use super::*;
use crate::devices::{Device, Library, Schedule};
use crate::json_file;
use crate::matcher::synthetic;
use crate::observe::Observation;
use crate::pulses::Train;

const FPS: f64 = 30.0;

fn train(pattern: &str, duration_s: f64, seed: u64) -> Train {
    let pattern: Pattern = pattern.parse().unwrap();
    let segments = pattern.schedule(&Schedule::new(duration_s, seed));
    synthetic::train(&segments, FPS, seed)
}

/// A clip that shows `pattern` alone.
fn clip(pattern: &str, duration_s: f64, seed: u64) -> Observation {
    let mut seen = synthetic::observation(vec![(train(pattern, duration_s, seed), 0.9)]);
    seen.name = format!("{seed}.mp4");
    seen
}

fn learned(clips: &[Observation]) -> Lesson {
    learn(&clips.iter().collect::<Vec<_>>()).unwrap()
}

fn learn(clips: &[&Observation]) -> Result<Lesson, LearnError> {
    Lineup::new(clips).learn()
}

/// Every range of `learned` holds the time of `truth`, which has the same steps.
#[track_caller]
fn assert_holds(learned: &Pattern, truth: &str) {
    use crate::devices::{Gap, Step};
    let exact: Pattern = truth.parse().unwrap();
    assert_eq!(
        learned.steps.len(),
        exact.steps.len(),
        "{learned}, not {truth}"
    );
    for (step, exact) in learned.steps.iter().zip(&exact.steps) {
        let holds = match (step, exact) {
            (Step::Hold(a), Step::Hold(b)) => {
                let most = a.for_s.max.unwrap_or(f64::INFINITY);
                a.light == b.light && a.for_s.min <= b.for_s.min && b.for_s.min <= most
            }
            (Step::Blink(a), Step::Blink(b)) => {
                let (Gap::Off(x), Gap::Off(y)) = (a.gap, b.gap) else {
                    panic!("{learned}")
                };
                let times = a.times.map(|t| (t.min, t.max)) == b.times.map(|t| (t.min, t.max));
                a.light == b.light && a.on_s.contains(b.on_s.min) && x.contains(y.min) && times
            }
            _ => false,
        };
        assert!(holds, "{learned} does not hold {truth}");
    }
    assert_eq!(learned.repeat, exact.repeat, "{learned}");
}

#[test]
fn a_pattern_is_learned_with_its_times_in_range() {
    for truth in [
        "blue(0.4s on, 0.6s off)",
        "amber(0.3s on, 0.2s off) x4, off 1.5s",
        "red 0.5s, off 0.4s, green(0.3s on, 0.3s off) x3, off 2s",
        "green+blue(0.5s on, 0.5s blue)",
        "red 0.8s, green 0.8s, blue 0.8s",
    ] {
        for seeds in [0..1, 0..3, 5..10] {
            let clips: Vec<Observation> = seeds.map(|s| clip(truth, 14.0, s)).collect();
            assert_holds(&learned(&clips).pattern, truth);
        }
    }
    let steady: Vec<Observation> = (0..2).map(|s| clip("red", 6.0, s)).collect();
    assert_eq!(learned(&steady).pattern.to_string(), "red 3s+");
}

#[test]
fn an_event_is_learned_with_the_dark_that_ends_it() {
    let clips: Vec<Observation> = (0..3)
        .map(|s| clip("white(0.3s on, 0.3s off) x3", 9.0, s))
        .collect();
    let pattern = learned(&clips).pattern;
    assert_holds(&pattern, "white(0.3s on, 0.3s off) x3, off 2s+");
    // Longer than the gaps, and shorter than what was seen.
    assert!(pattern.to_string().contains("off 1."), "{pattern}");
}

#[test]
fn clips_that_differ_widen_the_ranges() {
    let narrow: Vec<Observation> = (0..3)
        .map(|s| clip("red(0.5s on, 0.5s off)", 10.0, s))
        .collect();
    let mut wide = narrow.clone();
    wide.push(clip("red(0.8s on, 0.8s off)", 10.0, 9));
    assert_holds(&learned(&wide).pattern, "red(0.8s on, 0.8s off)");
    let narrow = learned(&narrow).pattern.to_string();
    assert!(!narrow.contains("0.8"), "{narrow}");

    let counts: Vec<Observation> = [(5, 0), (6, 1), (5, 2)]
        .map(|(n, seed)| clip(&format!("red(0.2s on, 0.2s off) x{n}, off 2s"), 14.0, seed))
        .to_vec();
    let pattern = learned(&counts).pattern.to_string();
    assert!(pattern.contains(" x5-6, "), "{pattern}");
}

#[test]
fn other_lights_of_the_picture_are_left_alone() {
    let clips: Vec<Observation> = (0..3u64)
        .map(|seed| {
            let others = [
                "green",
                "white(0.1s on, 0.7s off)",
                "blue(0.3s on, 1.1s off)",
            ];
            let mut lights = vec![
                // Surer than the one that is asked for, but in each clip something else, or always on.
                (train(others[seed as usize], 10.0, seed), 0.95),
                (train("green", 10.0, seed), 0.95),
                (train("red(0.5s on, 0.3s off)", 10.0, seed), 0.9),
            ];
            lights.rotate_left(seed as usize);
            synthetic::observation(lights)
        })
        .collect();
    assert_holds(&learned(&clips).pattern, "red(0.5s on, 0.3s off)");
}

#[test]
fn one_clip_of_something_else_is_not_used_and_too_many_are_refused() {
    let good = |seed| clip("red(0.5s on, 0.5s off)", 10.0, seed);
    let other = |seed| clip("blue 0.2s, off 0.3s, green 0.2s, off 2s", 10.0, seed);
    let lesson = learned(&[good(0), other(1), good(2)]);
    let used: Vec<bool> = lesson.clips.iter().map(|c| c.light.is_some()).collect();
    assert_eq!(used, [true, false, true]);
    assert_holds(&lesson.pattern, "red(0.5s on, 0.5s off)");

    let (a, b) = (good(0), other(1));
    let error = learn(&[&a, &b]).unwrap_err().to_string();
    for part in ["0.mp4 shows red(0.5", "1.mp4 shows blue", "--region"] {
        assert!(error.contains(part), "{error}");
    }
    let dark = synthetic::observation(Vec::new());
    assert_eq!(learn(&[&dark]), Err(LearnError::NoLight));
}

#[test]
fn left_out_clips_are_diagnosed_by_the_others() {
    let device = |pattern: &str| Device::given(&pattern.parse().unwrap());
    let truth = "red(0.2s on, 0.2s off) x3, off 2s";
    let mut clips: Vec<Observation> = (0..4).map(|s| clip(truth, 12.0, s)).collect();
    clips.push(clip("red(0.2s on, 0.2s off) x7, off 2s", 16.0, 9));
    let clips: Vec<&Observation> = clips.iter().collect();
    let found = leave_one_out(
        &Lineup::new(&clips),
        &device("blue(1s on, 1s off)"),
        "three",
    );
    let right: Vec<bool> = found.iter().map(|f| f.is_right("three")).collect();
    assert_eq!(right, [true, true, true, true, false], "{found:?}");
    let one = Lineup::new(&clips[..1]);
    assert!(leave_one_out(&one, &device("blue"), "three").is_empty());
}

#[test]
fn states_that_look_alike_are_named_the_most_alike_first() {
    let devices: Vec<&Device> = Library::built_in().devices().iter().collect();
    let found = rivals(&"red 3s+".parse().unwrap(), &devices, FPS);
    let first = &found[0];
    assert_eq!(first.state, "offline", "{found:?}");
    assert!(first.models.contains(&"mini".to_owned()), "{first:?}");
    assert!((0.45..0.6).contains(&first.short), "{first:?}");
    assert!(found.is_sorted_by(|a, b| a.short <= b.short));
    // No Blink device has such a light.
    let far = rivals(&"amber(0.1s on, 0.1s off)".parse().unwrap(), &devices, FPS);
    assert!(far.iter().all(|r| r.short > 0.9), "{far:?}");
}

fn addition(device: &str, state: &str, pattern: &str) -> Addition {
    Addition {
        device: device.to_owned(),
        title: None,
        state: state.to_owned(),
        meaning: None,
        action: Vec::new(),
        pattern: pattern.parse().unwrap(),
        note: "a note".to_owned(),
        replace: false,
    }
}

/// The file with the addition, as text, read as `--devices` would.
fn extended(text: Option<&str>, new: &Addition) -> (String, FileChange) {
    let path = Path::new("mine.json");
    let (file, change) = extend(path, text, new).unwrap();
    let text = json_file::text(path, &file).unwrap();
    Library::with_text(path, &text).unwrap();
    (text, change)
}

fn states<'a>(library: &'a Library, device: &str) -> Vec<(&'a str, String)> {
    let device = library.get(device).unwrap();
    let mut all: Vec<_> = device
        .states
        .iter()
        .map(|s| (s.name.as_str(), s.patterns[0].to_string()))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn states_are_added_to_a_file_and_nothing_is_lost() {
    let path = Path::new("mine.json");
    let (first, change) = extended(None, &addition("lamp", "on", "red 3s+"));
    assert_eq!(change, FileChange::Created);
    let (second, change) = extended(
        Some(&first),
        &addition("lamp", "busy", "blue(1s on, 1s off)"),
    );
    assert_eq!(change, FileChange::Added);

    let refused = extend(path, Some(&second), &addition("lamp", "on", "green 3s+"));
    let error = refused.unwrap_err().to_string();
    assert!(
        error.contains("mine.json") && error.contains("--replace"),
        "{error}"
    );

    let again = Addition {
        replace: true,
        meaning: Some("It is on.".to_owned()),
        ..addition("lamp", "on", "green 3s+")
    };
    let (third, change) = extended(Some(&second), &again);
    assert_eq!(change, FileChange::Replaced);
    let library = Library::with_text(path, &third).unwrap();
    assert_eq!(
        states(&library, "lamp"),
        [
            ("busy", "blue(1s on, 1s off)".to_owned()),
            ("on", "green 3s+".to_owned())
        ]
    );
    let on = library.get("lamp").unwrap().state("on").unwrap();
    assert_eq!(on.meaning, "It is on.");
}

#[test]
fn a_second_model_has_only_its_own_states() {
    let path = Path::new("mine.json");
    let (text, _) = extended(None, &addition("lamp", "on", "red 3s+"));
    let (text, _) = extended(Some(&text), &addition("lamp-2", "on", "blue 3s+"));
    let library = Library::with_text(path, &text).unwrap();
    assert_eq!(states(&library, "lamp"), [("on", "red 3s+".to_owned())]);
    assert_eq!(states(&library, "lamp-2"), [("on", "blue 3s+".to_owned())]);
}

#[test]
fn a_state_that_models_share_is_replaced_for_one_alone() {
    let path = Path::new("mine.json");
    let text = r#"{
      "schema": "blinkdx-devices/1", "family": "lamps",
      "models": [{"name": "lamp", "title": "Lamp"}, {"name": "lamp-2", "title": "Lamp 2"}],
      "states": [{
        "name": "on", "meaning": "m", "action": [], "prior": 1.0, "basis": "sourced",
        "model_notes": {"lamp": "old", "lamp-2": "old"},
        "patterns": [{"steps": [{"hold": {"light": "red", "for_s": [3.0, null]}}]}]
      }]
    }"#;
    let new = Addition {
        replace: true,
        ..addition("lamp-2", "on", "blue 3s+")
    };
    let (text, _) = extended(Some(text), &new);
    let library = Library::with_text(path, &text).unwrap();
    assert_eq!(states(&library, "lamp"), [("on", "red 3s+".to_owned())]);
    assert_eq!(states(&library, "lamp-2"), [("on", "blue 3s+".to_owned())]);
    let new = library.get("lamp-2").unwrap().state("on").unwrap();
    assert_eq!(new.meaning, "m", "what was not given stays");
}

#[test]
fn a_built_in_model_is_not_put_aside() {
    let path = Path::new("mine.json");
    let error = extend(path, None, &addition("xt", "on", "red 3s+")).unwrap_err();
    assert!(error.to_string().contains("my-xt"), "{error}");
}
