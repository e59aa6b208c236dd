//! Which of two or more made-up lights stand for themselves.

use super::*;
use crate::observe::Rect;
use crate::pulses::{Color, Look, Span, Train};
use crate::signal::Shine;

const FRAMES: usize = 60;

/// A light at 100,100 with these beliefs in its colour: steady, or on in every second of three frames.
fn measured(radius_px: f64, beliefs: &[(Color, f64)], swing: f64, switches: bool) -> Measured {
    let beliefs: Vec<_> = beliefs.iter().map(|b| (ColorSet::of(b.0), b.1)).collect();
    let lit: Vec<bool> = (0..FRAMES).map(|i| !switches || i / 3 % 2 == 1).collect();
    let look = |on: bool| match on {
        true => Look::Lit(beliefs.clone()),
        false => Look::Off,
    };
    let step = if switches { 3 } else { FRAMES };
    let time = |i: usize| i as f64 / 30.0;
    let spans = (0..FRAMES).step_by(step).map(|i| Span {
        start_s: time(i),
        end_s: time(i + step),
        start_sd_s: 0.01,
        end_sd_s: 0.01,
        look: look(lit[i]),
    });
    Measured {
        light: Light {
            place: Rect {
                x: 100.0 - radius_px,
                y: 100.0 - radius_px,
                w: 2.0 * radius_px,
                h: 2.0 * radius_px,
            },
            kind: if switches {
                Kind::Blinking
            } else {
                Kind::Steady
            },
            color: Color::Blue,
            train: Train {
                spans: spans.collect(),
                duration_s: time(FRAMES),
                frame_interval_s: time(1),
            },
            emission: 0.9,
            rgb: [0.0, 0.0, swing],
            second: false,
            ring: false,
            radius_px,
            shine: Shine::default(),
            separation: 9.0,
            beat: None,
        },
        lit: lit.into_iter().map(Some).collect(),
        ring: None,
        lens: None,
        swing,
    }
}

fn moved(mut m: Measured, dx: f64) -> Measured {
    m.light.place.x += dx;
    m
}

#[test]
fn of_two_findings_of_one_lens_the_one_whose_colour_is_surer_leads() {
    let mut doubtful = measured(5.0, &[(Color::White, 0.6), (Color::Blue, 0.4)], 0.5, true);
    doubtful.light.emission = 0.95;
    let sure = measured(5.0, &[(Color::Blue, 1.0)], 0.5, true);
    let lights = leaders(vec![doubtful, sure]);
    assert_eq!(lights.len(), 2);
    assert!(!lights[0].second && lights[0].emission == 0.9);
    assert!(lights[1].second);
}

#[test]
fn a_faint_steady_lamp_is_no_reflection_of_one_of_another_colour() {
    let beside = |color| {
        let bright = measured(20.0, &[(Color::Blue, 1.0)], 0.9, false);
        let faint = moved(measured(4.0, &[(color, 1.0)], 0.2, false), 600.0);
        leaders(vec![bright, faint]).len() - 1
    };
    assert_eq!(beside(Color::Red), 1);
    assert_eq!(beside(Color::Blue), 0);
}

#[test]
fn beside_a_lamp_that_burns_out_half_as_bright_a_light_is_its_reflection() {
    let beside = |top: f64, swing: f64| {
        let with_top = |mut m: Measured, top: f64| {
            m.light.shine.top = top;
            m
        };
        let lamp = with_top(measured(20.0, &[(Color::Blue, 1.0)], 0.5, true), 0.95);
        let other = measured(4.0, &[(Color::White, 1.0)], swing, true);
        let other = with_top(moved(other, 600.0), top);
        leaders(vec![lamp, other]).len() - 1
    };
    assert_eq!(beside(0.5, 0.25), 0);
    // One that burns out itself, or is as bright, may be another lamp that switches with the first.
    assert_eq!(beside(0.9, 0.25), 1);
    assert_eq!(beside(0.5, 0.4), 1);
}

#[test]
fn what_flashes_with_some_of_a_lamps_flashes_and_never_else_is_its_flare() {
    // On in one of two flashes of the lamp, so many frames late.
    let beside = |late: usize| {
        let mut lamp = measured(20.0, &[(Color::Blue, 1.0)], 0.9, true);
        lamp.light.shine.top = 0.95;
        let mut flare = moved(measured(8.0, &[(Color::White, 1.0)], 0.1, true), 60.0);
        flare.lit = (0..FRAMES)
            .map(|i| Some((i + 12 - late) / 3 % 4 == 1))
            .collect();
        let (off, on) = (Look::Off, flare.light.train.spans[1].look.clone());
        let pieces = flare.lit.chunk_by(|a, b| a == b);
        let mut from = 0;
        let spans = pieces.map(|piece| {
            let start = from;
            from += piece.len();
            Span {
                start_s: start as f64 / 30.0,
                end_s: from as f64 / 30.0,
                start_sd_s: 0.01,
                end_sd_s: 0.01,
                look: if piece[0] == Some(true) {
                    on.clone()
                } else {
                    off.clone()
                },
            }
        });
        flare.light.train.spans = spans.collect();
        leaders(vec![lamp, flare]).len() - 1
    };
    assert_eq!(beside(0), 0);
    assert_eq!(beside(1), 0);
    assert_eq!(beside(2), 1);
}

#[test]
fn what_flares_up_in_the_bloom_of_a_steady_lamp_is_no_light_of_its_own() {
    let blue = [(Color::Blue, 1.0)];
    let red = [(Color::Red, 1.0)];
    let beside = |beliefs, swing, dx| {
        let lamp = measured(40.0, &blue, 0.8, false);
        let lights = leaders(vec![lamp, moved(measured(3.0, beliefs, swing, true), dx)]);
        lights.len() - 1
    };
    assert_eq!(beside(&blue, 0.1, 50.0), 0);
    // Of another colour, as bright as the lamp, or further off it may be one.
    assert_eq!(beside(&red, 0.1, 50.0), 1);
    assert_eq!(beside(&blue, 0.6, 50.0), 1);
    assert_eq!(beside(&blue, 0.1, 70.0), 1);
}

#[test]
fn pieces_of_a_steady_lens_do_not_stand_for_themselves() {
    let piece = |radius_px: f64, color, dx, emission| {
        // Surer of its colour than the lens, which is judged first for that.
        let mut piece = moved(measured(radius_px, &[(color, 1.0)], 0.7, false), dx);
        piece.light.emission = emission;
        piece
    };
    let with = |other: Measured| {
        let lens = measured(24.0, &[(Color::Blue, 0.6), (Color::Green, 0.4)], 0.8, false);
        leaders(vec![lens, other])
    };
    // Inside in any colour, as what clips has another; in the bloom in the lens's.
    for (color, dx) in [(Color::Green, 10.0), (Color::Blue, 30.0)] {
        let lights = with(piece(3.0, color, dx, 0.9));
        assert_eq!(lights.len(), 1, "{color:?}");
        assert_eq!(lights[0].radius_px, 24.0);
    }
    // A lamp beside it, one of its size, and one on what is hardly a lamp.
    assert_eq!(with(piece(3.0, Color::Red, 30.0, 0.9)).len(), 2);
    assert_eq!(with(piece(20.0, Color::Blue, 60.0, 0.9)).len(), 2);
    assert_eq!(with(piece(3.0, Color::Red, 10.0, 0.99))[0].radius_px, 3.0);
}

#[test]
fn of_too_many_steady_lights_the_surest_lamps_are_kept_whatever_their_colour() {
    let mut all: Vec<Measured> = (0..2 * MAX_STEADY)
        .map(|i| {
            moved(
                measured(3.0, &[(Color::Red, 1.0)], 0.8, false),
                100.0 * i as f64,
            )
        })
        .collect();
    all.push(moved(
        measured(3.0, &[(Color::Blue, 0.5), (Color::Green, 0.5)], 0.8, false),
        5000.0,
    ));
    all.iter_mut().for_each(|m| m.light.emission = 0.7);
    let last = all.len() - 1;
    all[last].light.emission = 0.95;
    let lights = leaders(all);
    assert!(lights.iter().any(|l| l.emission == 0.95));
}
