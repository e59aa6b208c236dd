//! Several lights in a picture, or none: which is the device's.

use super::*;

#[test]
fn two_near_lights_are_one_device() {
    let blinking: Vec<(&str, f64)> = [("green", 0.5), ("dark", 0.5)].repeat(8);
    let mut seen = synthetic::observation(vec![
        (train(&[("blue", 8.0)]), 0.9),
        (train(&blinking), 0.9),
    ]);
    seen.lights[1].place.x = seen.lights[0].place.x + 20.0;
    let d = diagnose(&seen, &[device("sync-module-2")], &Query::default());
    assert_eq!(
        (d.verdict, state_of(&d)),
        (Verdict::Diagnosed, "offline"),
        "{d:?}"
    );
    assert!(
        (d.place.unwrap().w - 30.0).abs() < 1e-9,
        "the box round both"
    );
    let both = ColorSet::of(Color::Blue).with(Color::Green);
    assert!(
        d.train
            .unwrap()
            .spans
            .iter()
            .any(|s| s.look.colors() == Some(both))
    );

    // Far apart they are two things, and the blue one alone is the module's.
    seen.lights[1].place.x += 900.0;
    let d = diagnose(&seen, &[device("sync-module-2")], &Query::default());
    assert_ne!(state_of(&d), "offline");
}

#[test]
fn lights_that_take_turns_are_one_signal_and_no_state_of_one_of_them() {
    let red = [("red", 0.5), ("dark", 0.5)].repeat(8);
    let beside = |other: &[(&str, f64)]| {
        let mut seen = synthetic::observation(vec![(train(&red), 0.9), (train(other), 0.9)]);
        seen.lights[1].place.x = seen.lights[0].place.x + 20.0;
        diagnose(&seen, &[device("mini")], &Query::default())
    };
    let named = |d: &Diagnosis| d.verdict == Verdict::Diagnosed && state_of(d) == "connecting";
    let by_turns = [("dark", 0.5), ("green", 0.5)].repeat(8);
    let d = beside(&by_turns);
    assert_eq!(d.verdict, Verdict::UnknownPattern, "{d:?}");
    // A lamp that stays as it is, one that has a rhythm of its own, one that is lit with it.
    let own = [("green", 0.35), ("dark", 0.4)].repeat(11);
    let with = [("green", 0.5), ("dark", 0.5)].repeat(8);
    for other in [&[("green", 8.0)][..], &own, &with] {
        let d = beside(other);
        assert!(named(&d), "{other:?}: {d:?}");
    }
}

#[test]
fn bystanders_do_not_become_a_diagnosis() {
    // A red thing that hardly looks lit, a standby light of another colour, a screen.
    let screen = strange(1);
    let lights = vec![
        (train(&[("red", 12.0)]), 0.1),
        (train(&[("green", 12.0)]), 0.9),
        (screen, 0.2),
    ];
    for model in ["xt", "mini", "video-doorbell"] {
        let d = diagnose(
            &synthetic::observation(lights.clone()),
            &[device(model)],
            &Query::default(),
        );
        assert_ne!(d.verdict, Verdict::Diagnosed, "{model}: {d:?}");
    }
    // Beside them the real one is found.
    let mut with = lights;
    with.push((flashes(1.0, "red", 4, 0.2, 2.8, 1.0), 0.8));
    let seen = synthetic::observation(with);
    let d = diagnose(&seen, &[device("xt")], &Query::default());
    assert_eq!(
        (d.verdict, state_of(&d)),
        (Verdict::Diagnosed, "offline"),
        "{d:?}"
    );
    assert_eq!(d.place, Some(seen.lights[3].place));
}

#[test]
fn of_two_like_lights_the_one_of_the_device_s_shape_is_its_own() {
    let blinking = || (train(&[("red", 0.5), ("dark", 0.5)].repeat(8)), 0.9);
    let solid = || (train(&[("red", 8.0)]), 0.9);
    let mut seen = synthetic::observation(vec![blinking(), solid()]);
    let named =
        |seen: &Observation, model: &str| diagnose(seen, &[device(model)], &Query::default());
    let place = |d: &Diagnosis| d.place.map(|p| p.x);
    assert_eq!(state_of(&named(&seen, "video-doorbell")), "pairing");
    seen.lights[1].ring = true;
    let d = named(&seen, "video-doorbell");
    assert_eq!(
        (d.verdict, state_of(&d)),
        (Verdict::Diagnosed, "setup-failed"),
        "{d:?}"
    );
    assert_eq!(place(&d), Some(seen.lights[1].place.x));
    // To a device with a plain lens a ring is a light like any other.
    let (with, without) = (named(&seen, "mini"), {
        seen.lights[1].ring = false;
        named(&seen, "mini")
    });
    assert_eq!(
        with.candidates[0].confidence,
        without.candidates[0].confidence
    );
}

#[test]
fn states_of_different_lights_are_not_offered_as_a_choice() {
    // A red and a blue steady light, as likely the device's, red being the commoner state: which is it?
    let lights = vec![
        (train(&[("red", 12.0)]), 0.93),
        (train(&[("blue", 12.0)]), 0.97),
    ];
    let d = diagnose(
        &synthetic::observation(lights),
        &[device("mini")],
        &Query::default(),
    );
    assert_eq!(d.verdict, Verdict::UnknownPattern, "{d:?}");
    assert!(d.note.is_some_and(|n| n.contains("--region")));
}

#[test]
fn a_likely_light_of_one_meaning_is_diagnosed_beside_others() {
    // Six dim red things against one blue lamp: each may be the device's, but most likely the lamp is.
    let mut lights = vec![(train(&[("blue", 12.0)]), 0.985)];
    lights.extend((0..6).map(|_| (train(&[("red", 12.0)]), 0.7)));
    let seen = synthetic::observation(lights);
    let d = diagnose(&seen, &[device("mini")], &Query::default());
    let p = d.candidates[0].confidence;
    assert!((0.5..0.75).contains(&p), "{d:?}");
    assert_eq!(
        (d.verdict, state_of(&d)),
        (Verdict::Diagnosed, "recording"),
        "{d:?}"
    );
    assert_eq!(d.place, Some(seen.lights[0].place));
    let note = d.note.unwrap();
    assert!(
        note.contains("offline") && note.contains("--region"),
        "{note}"
    );
}

#[test]
fn what_is_known_but_too_common_is_not_called_unknown() {
    // Ten devices are red all the time in some state, and so is much else.
    let devices: Vec<_> = Library::built_in().devices().iter().collect();
    let seen = synthetic::observation(vec![(train(&[("red", 12.0)]), 0.87)]);
    let d = diagnose(&seen, &devices, &Query::default());
    assert_eq!(d.verdict, Verdict::UnknownPattern, "{d:?}");
    let note = d.note.unwrap();
    assert!(
        note.contains("`offline`") && note.contains("--model"),
        "{note}"
    );
}

#[test]
fn no_light_is_said_only_when_the_clip_cannot_lie_between_flashes() {
    let empty = |duration_s: f64, fps: f64| {
        let mut seen = synthetic::observation(Vec::new());
        (seen.duration_s, seen.fps) = (duration_s, fps);
        diagnose(&seen, &[device("xt")], &Query::default())
    };
    assert_eq!(empty(12.0, 30.0).verdict, Verdict::NoLight);
    let short = empty(1.5, 30.0);
    assert_eq!(short.verdict, Verdict::Insufficient);
    assert!(short.needed_s.unwrap() >= 3.0, "{short:?}");
    let slow = empty(12.0, 2.0);
    assert_eq!(slow.verdict, Verdict::Insufficient);
    assert!(slow.note.unwrap().contains("frames per s"));
}
