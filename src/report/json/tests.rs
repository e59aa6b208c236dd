//! Samples of results, and that their JSON is that of the contract.

use super::*;
use crate::devices::{Device, Library};
use crate::matcher::{Candidate, Diagnosis, Verdict};
use crate::observe::{Kind, Light};
use crate::pulses::{Color, ColorSet, Look, Span, Train};

/// Two lights: red off, on, off and out of sight; green steady.
pub fn measured() -> MeasureReport {
    let edge_sd_s = 0.002;
    let span = |start_s: f64, end_s: f64, look: &Look| Span {
        start_s,
        end_s,
        start_sd_s: if start_s == 0.0 { 0.0 } else { edge_sd_s },
        end_sd_s: if end_s == 3.0 { 0.0 } else { edge_sd_s },
        look: look.clone(),
    };
    let light = |x: f64, color: Color, kind: Kind, spans: Vec<Span>| Light {
        place: Rect {
            x,
            y: 20.0,
            w: 4.0,
            h: 5.0,
        },
        kind,
        color,
        train: Train {
            spans,
            duration_s: 3.0,
            frame_interval_s: 1.0 / 30.0,
        },
        emission: 0.98,
        rgb: [0.5, 0.02, 0.01],
        second: false,
        ring: false,
        radius_px: 2.0,
        shine: crate::signal::Shine::default(),
        separation: 0.0,
        beat: None,
    };
    let red = Look::lit(ColorSet::of(Color::Red));
    let green = Look::lit(ColorSet::of(Color::Green));
    let seen = Observation {
        name: "a$end.mp4".to_owned(),
        width: 640,
        height: 480,
        frames: 90,
        duration_s: 3.0,
        fps: 30.0,
        lights: vec![
            light(
                10.0,
                Color::Red,
                Kind::Switching,
                vec![
                    span(0.0, 1.0, &Look::Off),
                    span(1.0, 1.5, &red),
                    span(1.5, 2.0, &Look::Off),
                    span(2.0, 3.0, &Look::Unseen),
                ],
            ),
            light(
                50.0,
                Color::Green,
                Kind::Steady,
                vec![span(0.0, 3.0, &green)],
            ),
        ],
        warnings: Vec::new(),
        timings: Vec::new(),
    };
    MeasureReport::from(&seen)
}

#[test]
fn a_measurement_has_the_fields_of_the_contract() {
    let json = serde_json::to_value(measured()).unwrap();
    assert_eq!(json["schema"], "blinkdx-measure/1");
    assert_eq!(
        json["source"],
        serde_json::json!({"name": "a$end.mp4", "width": 640, "height": 480, "frames": 90, "duration_s": 3.0, "fps": 30.0})
    );
    let light = &json["lights"][0];
    assert_eq!((&light["x"], &light["h"]), (&10.0.into(), &5.0.into()));
    assert_eq!(
        (&light["color"], &light["kind"]),
        (&"red".into(), &"switching".into())
    );
    assert_eq!(light.get("period_s"), None);
    assert_eq!(light["on"]["count"], 1);
    let states: Vec<&str> = light["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["off", "on", "off", "unseen"]);
    let back: MeasureReport = serde_json::from_value(json).unwrap();
    assert_eq!(back, measured());
}

#[test]
fn rounding_keeps_no_negative_zero() {
    assert_eq!(round(-0.00001, 4).to_string(), "0");
    assert_eq!(seconds(1.23456), 1.2346);
}

/// A clip of five short red flashes, as the eyes saw it.
pub fn five_flashes() -> Train {
    let mut spans = Vec::new();
    let mut at = 0.0;
    let mut push = |length_s: f64, look: Look| {
        spans.push(Span {
            start_s: at,
            end_s: at + length_s,
            start_sd_s: 0.004,
            end_sd_s: 0.004,
            look,
        });
        at += length_s;
    };
    push(1.0, Look::Off);
    for i in 0..5 {
        push(0.2, Look::lit(ColorSet::of(Color::Red)));
        push(if i < 4 { 0.2 } else { 7.2 }, Look::Off);
    }
    Train {
        spans,
        duration_s: 10.0,
        frame_interval_s: 1.0 / 30.0,
    }
}

pub fn observation() -> Observation {
    Observation {
        name: "clip.mp4".to_owned(),
        width: 1280,
        height: 720,
        frames: 300,
        duration_s: 10.0,
        fps: 29.97003,
        lights: Vec::new(),
        warnings: Vec::new(),
        timings: Vec::new(),
    }
}

/// A diagnosis of an XT's five flashes.
pub fn diagnosis(verdict: Verdict, states: &[(&str, f64)]) -> Diagnosis {
    let seen = verdict != Verdict::NoLight;
    Diagnosis {
        verdict,
        candidates: states
            .iter()
            .map(|&(state, confidence)| Candidate {
                model: "xt".to_owned(),
                state: state.to_owned(),
                confidence,
                pattern: String::new(),
                shared_by: Vec::new(),
            })
            .collect(),
        place: seen.then_some(Rect {
            x: 612.04,
            y: 300.0,
            w: 14.0,
            h: 13.26,
        }),
        train: seen.then(five_flashes),
        note: (verdict == Verdict::Ambiguous)
            .then(|| "Were the batteries put in just now?".to_owned()),
        needed_s: (verdict == Verdict::Insufficient).then_some(12.34),
        reasons: Vec::new(),
    }
}

pub fn report(verdict: Verdict, states: &[(&str, f64)]) -> Report {
    let xt = Library::built_in().get("xt").expect("a built-in device");
    Report::new(&observation(), &diagnosis(verdict, states), &[xt])
}

#[test]
fn a_diagnosis_has_the_fields_of_the_contract() {
    let states = [
        ("low-battery", 0.98123),
        ("powering-up", 0.015),
        ("offline", 0.001),
    ];
    let json = serde_json::to_value(report(Verdict::Diagnosed, &states)).unwrap();
    assert_eq!(json["schema"], "blinkdx/1");
    assert_eq!(json["source"]["fps"], 29.97);
    assert_eq!(json["verdict"], "diagnosed");
    assert_eq!(
        (&json["model"], &json["state"]),
        (&"xt".into(), &"low-battery".into())
    );
    assert_eq!(json["confidence"], 0.9812);
    assert_eq!(json["basis"], "sourced");
    assert_eq!(json["meaning"], "The batteries are low.");
    assert!(json["action"].as_array().is_some_and(|a| !a.is_empty()));
    let others = json["alternatives"].as_array().unwrap();
    assert_eq!(
        others.len(),
        1,
        "without the diagnosis and what is hardly possible"
    );
    assert_eq!(
        (&others[0]["state"], &others[0]["confidence"]),
        (&"powering-up".into(), &0.015.into())
    );
    assert_eq!(
        json["light"],
        serde_json::json!({"x": 612.0, "y": 300.0, "w": 14.0, "h": 13.3})
    );
    assert_eq!(json["pulses"].as_array().unwrap().len(), 5);
    assert_eq!(
        json["pulses"][1],
        serde_json::json!({"color": "red", "start_s": 1.4, "end_s": 1.6})
    );
}

#[test]
fn models_that_share_the_state_are_named_and_no_alternatives() {
    let library = Library::built_in();
    let devices: Vec<&Device> = ["xt", "xt2"]
        .iter()
        .filter_map(|n| library.get(n))
        .collect();
    let states = [
        ("low-battery", 0.9),
        ("low-battery", 0.4),
        ("offline", 0.05),
    ];
    let mut shared = diagnosis(Verdict::Diagnosed, &states);
    shared.candidates[0].shared_by = vec!["xt2".to_owned()];
    shared.candidates[1].model = "xt2".to_owned();
    let report = Report::new(&observation(), &shared, &devices);
    assert_eq!(report.shared_by, ["xt2"]);
    let others: Vec<&str> = report.alternatives.iter().map(|a| &*a.state).collect();
    assert_eq!(others, ["offline"]);
    let json = serde_json::to_value(super::tests::report(Verdict::Diagnosed, &states)).unwrap();
    assert_eq!(json.get("shared_by"), None, "nothing where there is none");
}

#[test]
fn an_ambiguous_result_lists_all_that_fit() {
    let states = [("low-battery", 0.55), ("powering-up", 0.44)];
    let json = serde_json::to_value(report(Verdict::Ambiguous, &states)).unwrap();
    let named: Vec<&str> = json["alternatives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["state"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["low-battery", "powering-up"]);
    assert_eq!(json["state"], "low-battery");
    assert_eq!(json["note"], "Were the batteries put in just now?");
}

#[test]
fn a_dark_clip_says_what_dark_means_for_the_device() {
    let json = serde_json::to_value(report(Verdict::NoLight, &[])).unwrap();
    assert_eq!(json["verdict"], "no-light");
    assert_eq!(json["model"], "xt");
    assert!(json["meaning"].is_string() && json["action"].is_array());
    for absent in ["state", "confidence", "light", "note"] {
        assert_eq!(json.get(absent), None, "{absent}");
    }
    assert_eq!(json["pulses"], serde_json::json!([]));
    let all: Vec<&Device> = Library::built_in().devices().iter().collect();
    let any = Report::new(&observation(), &diagnosis(Verdict::NoLight, &[]), &all);
    assert_eq!((any.model, any.meaning), (None, None));
}

#[test]
fn without_a_diagnosis_there_is_no_state() {
    for (verdict, name) in [
        (Verdict::UnknownPattern, "unknown-pattern"),
        (Verdict::Insufficient, "insufficient"),
    ] {
        let json = serde_json::to_value(report(verdict, &[("offline", 0.3)])).unwrap();
        assert_eq!(json["verdict"], name);
        assert_eq!((json.get("state"), json.get("confidence")), (None, None));
        assert_eq!(json["alternatives"][0]["state"], "offline");
    }
    let short = report(Verdict::Insufficient, &[]);
    assert_eq!(short.needed_s, Some(12.3));
}
