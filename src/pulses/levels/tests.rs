//! Colours of lights whose samples are made up.

use crate::pulses::extract::{Base, Clock, read};
use crate::pulses::{Color, ColorSet};
use crate::signal::Sample;

/// The colours of the lit spans of a light with this linear light and coloured part in each of so many frames.
fn filmed(
    frames: usize,
    light: impl Fn(usize) -> ([f32; 3], [f32; 3]),
    base: Base,
) -> Vec<ColorSet> {
    let samples: Vec<Sample> = (0..frames)
        .map(|i| {
            let wobble = 0.004 * ((i * 7919) % 7) as f32;
            let (rgb, excess) = light(i);
            Sample {
                seen: true,
                rgb: rgb.map(|v| v + wobble),
                excess,
                ..Sample::default()
            }
        })
        .collect();
    let times: Vec<f64> = (0..frames).map(|i| i as f64 / 30.0).collect();
    let train = read(&samples, Clock::of(&times), base).train;
    let colors = train.spans.iter().filter_map(|s| s.look.colors());
    colors.filter(|c| !c.is_dark()).collect()
}

/// What a blue light that burns out shows where green joins it in frames that `joined` accepts.
fn looks(joined: fn(usize) -> bool) -> Vec<ColorSet> {
    let light = |i: usize| match joined(i) {
        true => ([0.38, 0.76, 0.83], [0.0, 1.0, 1.27]),
        false => ([-0.15, 0.65, 0.83], [0.0, 1.63, 2.4]),
    };
    filmed(120, light, Base::Lit)
}

#[test]
fn a_second_emitter_shows_though_the_first_burns_out() {
    let blue = ColorSet::of(Color::Blue);
    let both = blue.with(Color::Green);
    let seen = looks(|i| i % 30 >= 15);
    assert_eq!(seen, [blue, both].repeat(4));
}

#[test]
fn a_second_emitter_shows_though_cyan_burns_out_to_white_where_it_joins() {
    // The core gains red alone, by crosstalk, and loses colour: by that the dimmer of the two seems to be the mixture.
    let light = |i: usize| match i % 24 >= 20 {
        true => ([0.6, 0.77, 0.79], [0.0, 0.45, 0.55]),
        false => ([-0.13, 0.73, 0.79], [0.0, 1.2, 1.47]),
    };
    let blue = ColorSet::of(Color::Blue);
    let seen = filmed(120, light, Base::Lit);
    assert_eq!(seen, [blue, blue.with(Color::Green)].repeat(5));
}

#[test]
fn a_second_emitter_shows_by_its_steps_while_the_camera_dims_the_first() {
    let light = |i: usize| {
        let blue = 0.55 - 0.0013 * i as f32;
        match i % 24 < 12 {
            true => ([-0.02, 0.14, blue], [0.0, 0.3, 2.0 * blue]),
            false => ([-0.02, -0.01, blue], [0.0, 0.02, 2.0 * blue]),
        }
    };
    let blue = ColorSet::of(Color::Blue);
    let seen = filmed(120, light, Base::Lit);
    assert_eq!(seen, [blue.with(Color::Green), blue].repeat(5));
    // What takes turns with the first is no second that joins it.
    let turns = |i: usize| match i % 24 < 12 {
        true => ([0.0, 0.5, 0.2], [0.0, 0.5, 0.2]),
        false => ([0.0, 0.2, 0.5], [0.0, 0.2, 0.5]),
    };
    let seen = filmed(120, turns, Base::Lit);
    assert_eq!(seen, [ColorSet::of(Color::Green), blue].repeat(5));
}

#[test]
fn two_short_dips_are_slips_of_the_tracking() {
    let light = |i: usize| match i {
        40..44 | 120..124 => ([0.12, 0.24, 0.47], [0.0, 0.3, 0.81]),
        _ => ([0.58, 0.8, 0.75], [0.01, 0.46, 0.82]),
    };
    assert_eq!(filmed(250, light, Base::Lit).len(), 1);
    let often = |i: usize| light(if i % 40 < 4 { 40 } else { 0 });
    assert!(filmed(250, often, Base::Lit).len() > 8);
}

#[test]
fn a_second_emitter_that_pauses_for_two_frames_is_seen_to_pause() {
    let light = |i: usize| match i % 15 < 13 {
        true => ([0.06, 0.82, 0.9], [0.0, 1.02, 1.25]),
        false => ([0.0, 0.31, 0.89], [0.0, 0.4, 1.31]),
    };
    let blue = ColorSet::of(Color::Blue);
    let seen = filmed(148, light, Base::Lit);
    assert_eq!(seen[1..], [blue, blue.with(Color::Green)].repeat(9));
    // Once or twice it may be the codec.
    let slips = |i: usize| light(if i < 60 { i } else { 0 });
    assert_eq!(
        filmed(150, |i| if i < 30 { light(i) } else { slips(0) }, Base::Lit).len(),
        1
    );
}

#[test]
fn a_second_emitter_shows_though_the_light_was_dark_and_red_before() {
    let lens = |i: usize| match i {
        0..20 | 40..50 => ([0.0; 3], [0.0; 3]),
        20..40 => ([0.57, 0.12, 0.05], [0.7, 0.08, 0.0]),
        i if i % 20 < 10 => ([0.2, 0.5, 0.6], [0.0, 0.48, 0.6]),
        _ => ([0.1, 0.3, 0.5], [0.0, 0.26, 0.5]),
    };
    let blue = ColorSet::of(Color::Blue);
    let both = blue.with(Color::Green);
    let seen = filmed(130, lens, Base::Dark);
    assert_eq!(seen[0], ColorSet::of(Color::Red));
    assert_eq!(seen[1..], [blue, both].repeat(4));
    // Shorter and dimmer flashes of one emitter, with dark between.
    let flashes = |i: usize| match i % 20 {
        0..5 => ([0.2, 0.5, 0.6], [0.0, 0.48, 0.6]),
        10..15 => ([0.1, 0.3, 0.5], [0.0, 0.26, 0.5]),
        _ => ([0.0; 3], [0.0; 3]),
    };
    let seen = filmed(130, flashes, Base::Dark);
    assert!(seen.windows(2).all(|w| w[0] == w[1]), "{seen:?}");
}

#[test]
fn a_ground_that_wavers_in_another_colour_is_dark() {
    // A red lamp beside an amber one: between its flashes its lens shows a fifth of the light, of the other.
    let samples: Vec<Sample> = (0..120)
        .map(|i| {
            let wobble = 0.002 * ((i * 7919) % 7) as f32;
            let rgb = match i {
                20..40 | 80..100 => [0.5, 0.02, 0.01],
                40..80 => [0.1, 0.08, 0.01],
                _ => [0.0, 0.0, 0.0],
            };
            Sample {
                seen: true,
                rgb: rgb.map(|v| v + wobble),
                excess: rgb.map(|v| v - rgb[2]),
                ..Sample::default()
            }
        })
        .collect();
    let times: Vec<f64> = (0..120).map(|i| f64::from(i) / 30.0).collect();
    let train = read(&samples, Clock::of(&times), Base::Dark).train;
    let lit: Vec<bool> = train.spans.iter().map(|s| s.look.is_lit()).collect();
    assert_eq!(lit, [false, true, false, true, false]);
}

#[test]
fn a_level_that_changes_once_is_the_cameras_doing() {
    assert_eq!(looks(|i| i >= 60).len(), 1);
}
