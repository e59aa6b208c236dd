use std::path::PathBuf;

use super::*;
use crate::pulses::{Color, ColorSet};

/// A small sound file, one fact a line so that errors can be placed.
const SOUND: &str = r#"{
  "schema": "blinkdx-devices/1",
  "family": "test",
  "sources": {"A": {"title": "a", "grade": "official"}},
  "contexts": {"warm": "it is warm"},
  "models": [{"name": "lamp", "title": "Lamp"}],
  "states": [
    {
      "name": "busy",
      "meaning": "m",
      "action": ["a"],
      "prior": 1.0,
      "basis": "sourced",
      "sources": ["A"],
      "contexts": {"warm": 2.0},
      "patterns": [
        {"steps": [
          {"blink": {"light": "amber", "on_s": [0.1, 0.2],
                     "off_s": [0.1, 0.3], "times": [2, 3]}},
          {"hold": {"light": "dark", "for_s": [1.0, null]}}
        ]}
      ]
    }
  ]
}"#;

fn refused(from: &str, to: &str) -> DeviceError {
    assert!(SOUND.contains(from), "the test's own text changed: {from}");
    Library::from_text("lamp.json", &SOUND.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn a_sound_file_is_read() {
    let library = Library::from_text("lamp.json", SOUND).unwrap();
    let lamp = library.get("lamp").unwrap();
    let busy = lamp.state("busy").unwrap();
    assert_eq!(
        busy.patterns[0].to_string(),
        "amber(0.1-0.2s on, 0.1-0.3s off) x2-3, off 1s+"
    );
    assert_eq!(busy.sources[0].title, "a");
    assert_eq!(library.contexts()["warm"], "it is warm");
}

#[test]
fn what_is_wrong_is_said_with_file_and_line() {
    let cases = [
        ("\"amber\"", "\"pink\"", 18, "pink"),
        ("[0.1, 0.2]", "[0.2, 0.1]", 18, "least is above"),
        ("[0.1, 0.3]", "[100, 300000]", 19, "longer than a day"),
        ("\"times\": [2, 3]", "\"times\": [0, 3]", 19, "[0, 3]"),
        (
            ", \"times\": [2, 3]",
            "",
            22,
            "never ends, so nothing can follow",
        ),
        (
            "\"off_s\": [0.1, 0.3], ",
            "",
            19,
            "either off_s or period_s",
        ),
        ("[1.0, null]", "[1.0, 2.0]", 22, "has no end: write null"),
        (
            "\"light\": \"dark\"",
            "\"light\": \"amber\"",
            22,
            "look alike",
        ),
        ("\"meaning\": \"m\",", "", 23, "missing field `meaning`"),
        (
            "\"basis\": \"sourced\"",
            "\"basis\": \"heard\"",
            13,
            "heard",
        ),
        (
            "\"prior\": 1.0",
            "\"prior\": -1.0",
            9,
            "prior is not above 0",
        ),
        ("[\"A\"]", "[\"B\"]", 9, "source `B`"),
        ("{\"warm\": 2.0}", "{\"cold\": 2.0}", 9, "context `cold`"),
        (
            "\"name\": \"lamp\"",
            "\"name\": \"Lamp 1\"",
            6,
            "lower-case",
        ),
        ("devices/1", "devices/9", 2, "schema"),
        ("\"title\": \"Lamp\"", "\"tilte\": \"Lamp\"", 6, "tilte"),
        (
            "\"title\": \"Lamp\"",
            "\"title\": \"Lamp\", \"inherit\": {\"from\": \"lamp\", \"trust\": 0.5, \"basis\": \"assumed\", \"note\": \"\"}",
            6,
            "takes over from this one",
        ),
    ];
    for (from, to, line, reason) in cases {
        let e = refused(from, to);
        assert_eq!(e.file, PathBuf::from("lamp.json"));
        assert!(e.reason.contains(reason), "{to}: {e}");
        assert_eq!(e.line, Some(line), "{to}: {e}");
    }
    let e = Library::from_text("cut.json", &SOUND[..200]).unwrap_err();
    assert_eq!(e.line, Some(7), "{e}");
    assert!(e.reason.starts_with("EOF"), "{e}");
}

#[test]
fn built_in_devices_have_the_states_they_are_documented_to_have() {
    let library = Library::built_in();
    let expected: &[(&[&str], &[&str])] = &[
        (
            &["xt", "xt2", "outdoor-3", "indoor-1"],
            &[
                "offline",
                "powering-up",
                "low-battery",
                "motion-detected",
                "recording",
                "setup-ready",
            ],
        ),
        (
            &["outdoor-4", "indoor-4", "outdoor-2k-plus"],
            &[
                "setup",
                "recording",
                "offline",
                "powering-up",
                "low-battery",
                "motion-detected",
                "setup-ready",
            ],
        ),
        (
            &[
                "mini",
                "mini-2",
                "mini-2k-plus",
                "mini-pan-tilt",
                "wired-floodlight",
            ],
            &[
                "offline",
                "setup-start",
                "setup-ready",
                "connecting",
                "recording",
            ],
        ),
        (
            &["video-doorbell", "video-doorbell-2"],
            &["pairing", "setup-failed", "button-pressed", "recording"],
        ),
        (
            &[
                "sync-module-1",
                "sync-module-2",
                "sync-module-core",
                "sync-module-xr",
            ],
            &["starting", "pairing", "offline", "cannot-join", "online"],
        ),
    ];
    for (models, states) in expected {
        for model in *models {
            let device = library.get(model).unwrap_or_else(|| panic!("{model}"));
            let mut have: Vec<&str> = device.states.iter().map(|s| s.name.as_str()).collect();
            let mut want = states.to_vec();
            have.sort_unstable();
            want.sort_unstable();
            assert_eq!(have, want, "{model}");
            assert!(device.dark.is_some(), "{model}");
        }
    }
}

#[test]
fn what_no_source_says_of_a_model_is_marked_as_assumed_and_trusted_less() {
    let library = Library::built_in();
    let of = |model: &str, state: &str| library.get(model).unwrap().state(state).unwrap().clone();
    assert_eq!(of("outdoor-4", "setup").basis, Basis::Sourced);
    assert_eq!(of("outdoor-4", "setup").trust, 1.0);
    assert_eq!(of("outdoor-4", "offline").basis, Basis::Assumed);
    assert!(of("outdoor-4", "offline").trust < 1.0);
    assert!(of("indoor-4", "offline").trust < of("outdoor-4", "offline").trust);
    assert_eq!(of("indoor-4", "setup").basis, Basis::Assumed);
}

#[test]
fn a_device_without_batteries_is_never_told_to_change_them() {
    for d in Library::built_in().devices() {
        if !d.family.contains("mains") && !d.family.contains("Sync") {
            continue;
        }
        let dark = d.dark.as_ref().unwrap();
        let said = d
            .states
            .iter()
            .flat_map(|s| s.action.iter().chain([&s.name, &s.meaning]))
            .chain(dark.action.iter().chain([&dark.meaning]));
        for text in said {
            assert!(
                !text.to_lowercase().contains("batter"),
                "{}: {text}",
                d.name
            );
        }
    }
}

#[test]
fn an_added_file_takes_the_place_of_a_built_in_model_and_can_be_inherited_from() {
    let dir = std::env::temp_dir().join(format!("blinkdx-devices-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let own = SOUND.replace("\"lamp\"", "\"mini\"");
    std::fs::write(dir.join("own.json"), own).unwrap();
    let library = Library::with_dirs(std::slice::from_ref(&dir)).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(library.get("mini").unwrap().states[0].name, "busy");
    assert!(
        library
            .get("mini-pan-tilt")
            .unwrap()
            .state("busy")
            .is_some()
    );
    assert!(library.get("mini-2").unwrap().state("busy").is_none());

    let missing = Library::with_dirs(std::slice::from_ref(&dir)).unwrap_err();
    assert!(missing.to_string().contains("can't read"), "{missing}");
}

#[test]
fn files_survive_being_written_and_read() {
    let file: DeviceFile = serde_json::from_str(SOUND).unwrap();
    let again: DeviceFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
    assert_eq!(file, again);
}

#[test]
fn schedules_cover_the_clip_and_keep_to_the_ranges() {
    let red = ColorSet::of(Color::Red);
    let xt = Library::built_in().get("xt").unwrap();
    let up = &xt.state("powering-up").unwrap().patterns[0];
    for seed in 0..50 {
        let how = Schedule {
            start: Start::Lead(1.5),
            jitter: 0.0,
            ..Schedule::new(25.0, seed)
        };
        let segments = up.schedule(&how);
        assert_eq!(segments[0].start_s, 0.0);
        assert_eq!(segments[0].end_s, 1.5);
        assert_eq!(segments.last().unwrap().end_s, 25.0);
        for pair in segments.windows(2) {
            assert_eq!(pair[0].end_s, pair[1].start_s);
            assert_ne!(pair[0].light, pair[1].light);
        }
        let lit: Vec<_> = segments.iter().filter(|s| s.light == red).collect();
        assert_eq!(lit.len(), 5);
        for s in lit {
            let on_s = s.end_s - s.start_s;
            assert!((0.45 - 1e-9..1.5 + 1e-9).contains(&on_s), "{on_s}");
        }
    }
}

#[test]
fn every_state_of_every_device_makes_a_light_from_any_seed() {
    for d in Library::built_in().devices() {
        for s in &d.states {
            for seed in 0..20 {
                let how = Schedule::new(20.0, seed);
                let segments = s.schedule(&how);
                assert_eq!(
                    segments.last().unwrap().end_s,
                    20.0,
                    "{} {}",
                    d.name,
                    s.name
                );
                assert_eq!(s.schedule(&how), segments, "the seed decides");
            }
        }
    }
}
