use super::*;
use crate::pulses::{ColorSet, Look, Span, Train};

/// A train of spans one after another; `-` is dark, `?` unseen, else a colour.
fn train(spans: &[(&str, f64)]) -> Train {
    let mut at = 0.0;
    let spans: Vec<Span> = spans
        .iter()
        .map(|&(look, length_s)| {
            let start_s = at;
            at += length_s;
            Span {
                start_s,
                end_s: at,
                start_sd_s: 0.003,
                end_sd_s: 0.003,
                look: match look {
                    "-" => Look::Off,
                    "?" => Look::Unseen,
                    color => Look::lit(color.parse().unwrap()),
                },
            }
        })
        .collect();
    Train {
        spans,
        duration_s: at,
        frame_interval_s: 1.0 / 30.0,
    }
}

fn blinks(color: &'static str, on_s: f64, off_s: f64, n: usize) -> Vec<(&'static str, f64)> {
    [(color, on_s), ("-", off_s)].repeat(n)
}

/// Each episode as words and its beginning in s.
fn told(train: &Train) -> Vec<(String, f64)> {
    let episodes = split(train);
    let mut end_s = 0.0;
    for e in &episodes {
        assert_eq!(e.start_s, end_s, "not contiguous: {episodes:?}");
        end_s = e.end_s;
    }
    assert!((end_s - train.duration_s).abs() < 1e-9, "{episodes:?}");
    episodes
        .iter()
        .map(|e| {
            let words = match e.shows {
                Shows::Blinking => format!("{} x{}", e.light, e.flashes),
                Shows::Steady => format!("{} steady", e.light),
                Shows::Dark => "dark".to_owned(),
                Shows::Unseen => "unseen".to_owned(),
            };
            (words, (e.start_s * 1e3).round() / 1e3)
        })
        .collect()
}

#[track_caller]
fn assert_told(spans: &[(&str, f64)], expected: &[(&str, f64)]) {
    let told = told(&train(spans));
    let told: Vec<(&str, f64)> = told.iter().map(|(w, s)| (w.as_str(), *s)).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_night_is_a_handful_of_lines() {
    let mut spans = blinks("red", 0.1, 2.9, 1000);
    spans.extend([("blue", 30.0), ("-", 3600.0)]);
    spans.extend(blinks("green", 0.5, 0.5, 40));
    assert_told(
        &spans,
        &[
            ("red x1000", 0.0),
            ("blue steady", 3000.0),
            ("dark", 3030.0),
            ("green x40", 6630.0),
        ],
    );
}

#[test]
fn groups_with_pauses_are_one_rhythm() {
    let mut spans = Vec::new();
    for _ in 0..8 {
        spans.extend(blinks("red", 0.2, 0.2, 4));
        spans.extend([("red", 0.2), ("-", 3.0)]);
    }
    assert_told(&spans, &[("red x40", 0.0)]);
}

#[test]
fn colours_that_take_turns_are_one_rhythm_and_a_new_colour_is_another() {
    let turns = [("blue", 0.5), ("green", 0.5)].repeat(6);
    assert_told(&turns, &[("green+blue x12", 0.0)]);
    let mut spans = blinks("red", 0.2, 0.2, 5);
    spans.extend(blinks("green", 0.2, 0.2, 5));
    assert_told(&spans, &[("red x5", 0.0), ("green x5", 2.0)]);
}

#[test]
fn a_faster_rhythm_of_the_same_colour_begins_where_it_begins() {
    let mut spans = blinks("blue", 0.5, 0.5, 10);
    spans.extend(blinks("blue", 0.15, 0.15, 20));
    assert_told(&spans, &[("blue x10", 0.0), ("blue x20", 10.0)]);
}

#[test]
fn a_moment_out_of_view_is_no_event_and_a_long_one_is() {
    let mut spans = blinks("red", 0.5, 0.5, 5);
    spans.push(("?", 0.6));
    spans.extend(blinks("red", 0.5, 0.5, 5));
    assert_told(&spans, &[("red x10", 0.0)]);
    spans.push(("?", 8.0));
    assert_told(&spans, &[("red x10", 0.0), ("unseen", 10.6)]);
}

#[test]
fn the_phase_at_the_start_and_a_pause_in_a_steady_light() {
    assert_told(
        &[("-", 4.0), ("red", 9.0)],
        &[("dark", 0.0), ("red steady", 4.0)],
    );
    assert_told(
        &[("red", 9.0), ("-", 1.0), ("red", 9.0)],
        &[("red steady", 0.0), ("dark", 9.0), ("red steady", 10.0)],
    );
}

#[test]
fn an_episode_is_a_train_of_its_own() {
    let mut spans = vec![("blue", 5.0)];
    spans.extend(blinks("red", 0.2, 0.3, 4));
    let whole = train(&spans);
    let part = split(&whole)[1].cut(&whole);
    assert_eq!(part.spans[0].start_s, 0.0);
    assert_eq!(part.spans.len(), 8);
    assert!((part.duration_s - 2.0).abs() < 1e-9);
    assert_eq!(part.spans[0].look, Look::lit(ColorSet::of(Color::Red)));
}

#[test]
fn an_event_is_a_line_of_a_log() {
    let event = Event {
        schema: SCHEMA.to_owned(),
        source: FailedSource {
            name: "night.mkv".to_owned(),
        },
        at_s: 5059.96,
        until_s: 6000.0,
        shows: Shows::Blinking,
        colors: vec![Color::Red],
        flashes: Some(12),
        pattern: Some("red(0.1s on, every 3s)".to_owned()),
        model: Some("xt".to_owned()),
        state: Some("offline".to_owned()),
        confidence: Some(0.98),
    };
    assert_eq!(
        event.line(),
        "1:24:20.0  blinking red, 12 flashes: red(0.1s on, every 3s)  [xt: offline]"
    );
}
