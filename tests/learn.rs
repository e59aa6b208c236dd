//! `blinkdx learn` by running the program: a device that no file has, from three clips of it.

mod common;

use common::{Folder, Run, blinkdx};
use serde_json::Value;

/// What no known device does.
const FAULT: &str = "blue(0.2s on, 0.25s off) x3, off 1.4s";
const CLIPS: std::ops::RangeInclusive<u32> = 1..=10;
const LEARNED_FROM: [u32; 3] = [1, 2, 4];

fn film(folder: &Folder, light: &str, name: &str, seed: u32) -> String {
    let to = folder.path(name);
    let seed = seed.to_string();
    let mut args = vec![
        "simulate", "mini", light, "-o", &to, "--quiet", "--seed", &seed,
    ];
    args.extend(["--size", "240x180", "--fps", "30", "--duration", "10"]);
    args.extend(["--set", "led_radius=5", "--set", "background=plaster"]);
    let made = blinkdx(&args);
    assert_eq!(made.status, 0, "{made:?}");
    to
}

fn learn(clips: &[String], file: &str, options: &[&str]) -> Run {
    let mut args = vec!["learn"];
    args.extend(clips.iter().map(String::as_str));
    args.extend(["--device", "mydev", "-o", file, "--quiet"]);
    args.extend(options);
    blinkdx(&args)
}

#[test]
fn a_device_is_learned_from_three_clips_and_known_again_in_seven_others() {
    let folder = Folder::new("learn");
    let clips: Vec<(u32, String)> = CLIPS
        .map(|seed| (seed, film(&folder, FAULT, &format!("{seed}.avi"), seed)))
        .collect();
    let (own, others): (Vec<_>, Vec<_>) = clips
        .into_iter()
        .partition(|(seed, _)| LEARNED_FROM.contains(seed));
    let own: Vec<String> = own.into_iter().map(|(_, clip)| clip).collect();
    let file = folder.path("mydev.json");
    let options = [
        "--state",
        "fault-3",
        "--title",
        "My device",
        "--meaning",
        "The pump is stuck.",
        "--action",
        "Switch it off.",
        "--action",
        "Switch it on again.",
        "--format",
        "json",
    ];
    let run = learn(&own, &file, &options);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    let report = run.json();
    assert_eq!(report["schema"], "blinkdx-learn/1");
    assert_eq!(report["change"], "created");
    let pattern = report["pattern"].as_str().unwrap();
    assert!(
        pattern.starts_with("blue(") && pattern.contains(") x3, off 1"),
        "{pattern}"
    );
    let left_out = report["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), 3);
    assert!(left_out.iter().all(|l| l["right"] == true), "{left_out:?}");

    for (seed, clip) in &others {
        let found = blinkdx(&[
            "analyze",
            clip,
            "--devices",
            &file,
            "--model",
            "mydev",
            "--format",
            "json",
            "--quiet",
        ])
        .json();
        assert_eq!(
            (&found["verdict"], &found["state"]),
            (&"diagnosed".into(), &"fault-3".into()),
            "clip {seed}: {found}"
        );
        assert_eq!(found["meaning"], "The pump is stuck.");
        assert_eq!(found["action"][1], "Switch it on again.");
    }

    // What is there is not written over unless that is asked for.
    let before = folder.read("mydev.json");
    learn(&own[..1], &file, &["--state", "fault-3"]).error(3, "--replace");
    assert_eq!(folder.read("mydev.json"), before);
    let text = learn(&own[..1], &file, &["--state", "fault-3", "--replace"]);
    assert_eq!(text.status, 0, "{text:?}");
    for part in [
        "mydev: fault-3\n",
        "One clip leaves nothing to test with",
        "described anew",
    ] {
        assert!(
            text.stdout.contains(part),
            "no {part:?} in\n{}",
            text.stdout
        );
    }
    let steady = film(&folder, "red", "steady.avi", 3);
    let run = learn(&[steady], &file, &["--state", "offline"]);
    assert_eq!(run.status, 0, "{run:?}");
    let offline = run
        .stdout
        .lines()
        .find(|l| l.starts_with("  offline (mini"));
    assert!(
        offline.is_some(),
        "nothing of the Mini's solid red in\n{}",
        run.stdout
    );
    let models: Value =
        blinkdx(&["models", "mydev", "--devices", &file, "--format", "json"]).json();
    let states = models["models"][0]["states"].as_array().unwrap();
    let mut names: Vec<&str> = states.iter().map(|s| s["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["fault-3", "offline"]);
}

#[test]
fn what_can_not_be_learned_is_refused_before_a_file_is_written() {
    let folder = Folder::new("learn-refused");
    let file = folder.path("mydev.json");
    let gone = ["gone.avi".to_owned()];
    learn(&gone, &file, &["--state", "on"]).error(3, "gone.avi");
    learn(&gone, &file, &["--state", ""]).error(3, "no name");
    let built_in = blinkdx(&[
        "learn", "gone.avi", "--device", "xt", "--state", "on", "-o", &file,
    ]);
    built_in.error(3, "my-xt");
    let spelled = blinkdx(&[
        "learn", "gone.avi", "--device", "My Dev", "--state", "on", "-o", &file,
    ]);
    spelled.error(3, "lower-case letters");
    blinkdx(&["learn", "--device", "mydev", "--state", "on", "-o", &file]).error(2, "<CLIP>");
    assert!(!std::path::Path::new(&file).exists());
    folder.write("mydev.json", "{\n  \"famly\": 1\n}\n");
    learn(&gone, &file, &["--state", "on"]).error(3, "mydev.json:2: ");
}
