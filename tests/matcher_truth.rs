//! The matcher alone, on the true pulses of labelled clips: a wrong verdict here is the matcher's,
//! not the eyes'. The folder of labels is named by `BLINKDX_CORPUS`.

mod common;

use std::fs;

use blinkdx::devices::{Device, Lens, Library, Segment};
use blinkdx::matcher::{Diagnosis, Query, Verdict, diagnose, synthetic};
use blinkdx::pulses::{Color, ColorSet};
use serde::Deserialize;

#[derive(Deserialize)]
struct Label {
    model: String,
    state: String,
    also: Vec<String>,
    verdict: Verdict,
    fps: f64,
    frames: u32,
    pulses: Vec<LabelPulse>,
}

#[derive(Deserialize)]
struct LabelPulse {
    color: Color,
    start_s: f64,
    end_s: f64,
}

impl Label {
    /// What was truly lit, all colours in one light.
    fn segments(&self) -> Vec<Segment> {
        let duration_s = f64::from(self.frames) / self.fps;
        let mut edges: Vec<f64> = self
            .pulses
            .iter()
            .flat_map(|p| [p.start_s, p.end_s])
            .chain([0.0, duration_s])
            .map(|t| t.clamp(0.0, duration_s))
            .collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let mut out: Vec<Segment> = Vec::new();
        for w in edges.windows(2) {
            let middle = 0.5 * (w[0] + w[1]);
            let light: ColorSet = self
                .pulses
                .iter()
                .filter(|p| p.start_s <= middle && middle < p.end_s)
                .map(|p| p.color)
                .collect();
            match out.last_mut() {
                Some(last) if last.light == light => last.end_s = w[1],
                _ => out.push(Segment {
                    start_s: w[0],
                    end_s: w[1],
                    light,
                }),
            }
        }
        out
    }

    /// Right as a user would judge it: the state, or all of them where it can't be known.
    fn is_met(&self, d: &Diagnosis, model_known: bool) -> bool {
        let good = |state: &str| state == self.state || self.also.iter().any(|a| a == state);
        let first = d.candidates.first();
        if self.verdict == Verdict::NoLight {
            return d.verdict != Verdict::Diagnosed && d.verdict != Verdict::Ambiguous;
        }
        let named = |state: &str| d.candidates.iter().any(|c| c.state == state);
        if self.verdict == Verdict::Ambiguous && d.verdict == Verdict::Ambiguous {
            return named(&self.state) && self.also.iter().all(|a| named(a));
        }
        match d.verdict {
            Verdict::Diagnosed if first.is_some_and(|c| good(&c.state)) => true,
            Verdict::Diagnosed | Verdict::Ambiguous if !model_known => d
                .candidates
                .iter()
                .any(|c| c.model == self.model && good(&c.state)),
            _ => false,
        }
    }
}

fn labels() -> Option<Vec<(String, Label)>> {
    let folder = common::corpus("the matcher on true pulses")?;
    let mut out: Vec<(String, Label)> = fs::read_dir(folder)
        .expect("BLINKDX_CORPUS is a folder")
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .map(|p| {
            let text = fs::read_to_string(&p).expect("a label is readable");
            let name = p
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (
                name,
                serde_json::from_str(&text).expect("a label has the fields of a label"),
            )
        })
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Some(out)
}

/// What a lamp in good view looks like: the probability that it is one, which half of the rendered steady ones reach.
const LAMP: f64 = 0.98;

fn wrong_ones(model_known: bool) -> Option<Vec<String>> {
    let all: Vec<&Device> = Library::built_in().devices().iter().collect();
    let mut wrong = Vec::new();
    for (i, (name, label)) in labels()?.iter().enumerate() {
        let train = synthetic::train(&label.segments(), label.fps, i as u64);
        let lights = if label.pulses.is_empty() {
            Vec::new()
        } else {
            vec![(train.clone(), LAMP)]
        };
        let mut seen = synthetic::observation(lights);
        (seen.duration_s, seen.fps) = (train.duration_s, label.fps);
        let own: Vec<&Device> = all
            .iter()
            .copied()
            .filter(|d| d.name == label.model)
            .collect();
        let ring = own.iter().any(|d| d.lens == Lens::Ring);
        seen.lights.iter_mut().for_each(|l| l.ring = ring);
        let d = diagnose(
            &seen,
            if model_known { &own } else { &all },
            &Query::default(),
        );
        if !label.is_met(&d, model_known) {
            wrong.push(format!(
                "{name}: {:?} {:?} {:?}",
                d.verdict, d.candidates, d.note
            ));
        }
    }
    Some(wrong)
}

#[test]
fn every_labelled_light_is_recognised_when_the_model_is_known() {
    if let Some(wrong) = wrong_ones(true) {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn every_labelled_light_is_recognised_among_all_devices() {
    if let Some(wrong) = wrong_ones(false) {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
