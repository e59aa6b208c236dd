//! Many clips at once, and parts of clips, by running the program.

mod common;

use common::{Folder, Run, blinkdx};
use serde_json::Value;

const CLIP: &str = "fixtures/clips/xt-offline.mov";
const GIF: &str = "fixtures/clips/mini-offline.gif";

/// One object for each line.
#[track_caller]
fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}")))
        .collect()
}

/// The name of each result, without the folder's.
fn names<'a>(lines: &'a [Value], folder: &str) -> Vec<&'a str> {
    let name = |l: &'a Value| l["source"]["name"].as_str().expect("a name");
    lines
        .iter()
        .map(|l| name(l).strip_prefix(folder).unwrap_or(name(l)))
        .map(|n| n.trim_start_matches('/'))
        .collect()
}

/// A folder of clips: two that can be read, one that can't, one that is none.
fn night(test: &str) -> Folder {
    let folder = Folder::new(test);
    for sub in ["b", "a"] {
        std::fs::create_dir(folder.path(sub)).unwrap();
    }
    std::fs::copy(CLIP, folder.path("b/1.mov")).unwrap();
    folder.write("b/0-broken.mp4", "this is text");
    std::fs::copy(GIF, folder.path("a/blink.gif")).unwrap();
    folder.write("notes.txt", "not a clip");
    folder
}

fn analyze(folder: &Folder, more: &[&str]) -> Run {
    let folder = folder.path("");
    let args = ["analyze", &folder, "--recursive", "--format", "json"];
    blinkdx(&[&args[..], &["--decoder", "embedded"], more].concat())
}

#[test]
fn a_folder_is_one_line_for_each_clip_in_order_and_a_failure_is_a_line_too() {
    let folder = night("folder");
    for jobs in ["1", "3"] {
        let run = analyze(&folder, &["-j", jobs]);
        run.error(3, "0-broken.mp4");
        let lines = lines(&run.stdout);
        assert_eq!(
            names(&lines, &folder.path("")),
            ["a/blink.gif", "b/0-broken.mp4", "b/1.mov"]
        );
        assert_eq!(lines[0]["state"], "offline");
        assert_eq!(lines[1]["schema"], "blinkdx/1");
        assert!(
            lines[1]["error"]
                .as_str()
                .is_some_and(|e| e.contains("text file"))
        );
        assert_eq!(lines[2]["verdict"], "diagnosed");
    }
}

#[test]
fn the_order_and_the_results_do_not_depend_on_the_number_of_jobs() {
    let folder = Folder::new("jobs");
    for i in 0..6 {
        let (from, to) = match i % 2 {
            0 => (GIF, format!("{i}.gif")),
            _ => (CLIP, format!("{i}.mov")),
        };
        std::fs::copy(from, folder.path(&to)).unwrap();
    }
    let one = analyze(&folder, &["-j", "1"]);
    let many = analyze(&folder, &["-j", "4"]);
    assert_eq!((one.status, many.status), (0, 0));
    assert_eq!(one.stdout.lines().count(), 6);
    assert_eq!(one.stdout, many.stdout);
}

#[test]
fn a_later_run_does_what_is_missing_and_nothing_twice() {
    let folder = night("resume");
    let file = Folder::new("resume-results");
    let path = file.path("results.jsonl");
    let whole = analyze(&folder, &["--resume", &path]);
    assert_eq!(whole.status, 3);
    assert_eq!(file.read("results.jsonl"), whole.stdout);

    let again = analyze(&folder, &["--resume", &path]);
    assert_eq!((again.status, again.stdout.as_str()), (0, ""), "{again:?}");

    // As a crash leaves it: the second line half written.
    let first = whole.stdout.lines().next().unwrap();
    let second = &whole.stdout[first.len() + 1..];
    file.write("results.jsonl", format!("{first}\n{}", &second[..40]));
    let rest = analyze(&folder, &["--resume", &path]);
    rest.error(3, "0-broken.mp4");
    assert_eq!(rest.stdout, second);
    assert_eq!(file.read("results.jsonl"), whole.stdout);

    // A clip that came later, in its place among the missing ones only.
    std::fs::copy(GIF, folder.path("a/0.gif")).unwrap();
    let new = lines(&analyze(&folder, &["--resume", &path]).stdout);
    assert_eq!(names(&new, &folder.path("")), ["a/0.gif"]);
    assert_eq!(lines(&file.read("results.jsonl")).len(), 4);
}

#[test]
#[cfg(unix)]
fn results_appended_by_the_shell_are_not_written_twice() {
    let folder = night("shell");
    let file = Folder::new("shell-results");
    let path = file.write("results.jsonl", "");
    let run = |format: &str| {
        let out = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        common::run(
            common::command()
                .args([
                    "analyze",
                    &folder.path(""),
                    "--recursive",
                    "--resume",
                    &path,
                ])
                .args(["--format", format, "--decoder", "embedded"])
                .stdout(out),
        )
    };
    assert_eq!(run("json").status, 3);
    assert_eq!(run("json").status, 0);
    assert_eq!(lines(&file.read("results.jsonl")).len(), 3);
    run("text").error(2, "--format json");
}

#[test]
fn a_file_that_holds_something_else_is_refused_and_kept() {
    let folder = night("foreign");
    let file = Folder::new("foreign-results");
    let path = file.write("diary.txt", "dear diary\n");
    analyze(&folder, &["--resume", &path]).error(3, "diary.txt:1");
    assert_eq!(file.read("diary.txt"), "dear diary\n");
}

#[test]
fn every_change_is_an_event_before_the_result() {
    let folder = Folder::new("events");
    std::fs::copy(CLIP, folder.path("clip.mov")).unwrap();
    let path = folder.path("clip.mov");
    let file = folder.path("results.jsonl");
    let run = |format: &str, more: &[&str]| {
        let args = ["analyze", &path, "--model", "xt", "--events"];
        let how = ["--decoder", "embedded", "--format", format];
        blinkdx(&[&args[..], &how, more].concat())
    };
    let json = run("json", &["--resume", &file]);
    assert_eq!(json.status, 0, "{json:?}");
    assert_eq!(folder.read("results.jsonl"), json.stdout);
    let lines = lines(&json.stdout);
    let (result, events) = lines.split_last().unwrap();
    assert_eq!(result["schema"], "blinkdx/1");
    assert!(!events.is_empty());
    let mut until_s = 0.0;
    for event in events {
        assert_eq!(event["schema"], "blinkdx-event/1");
        assert_eq!(
            event["source"],
            result["source"]["name"]
                .as_str()
                .map_or_else(Value::default, |n| serde_json::json!({"name": n}))
        );
        assert_eq!(event["at_s"].as_f64(), Some(until_s), "{event}");
        until_s = event["until_s"].as_f64().unwrap();
    }
    assert_eq!(Some(until_s), result["source"]["duration_s"].as_f64());
    let blinking = events.iter().find(|e| e["shows"] == "blinking").unwrap();
    assert_eq!(blinking["colors"], serde_json::json!(["red"]));
    assert_eq!(blinking["state"], result["state"]);

    let text = run("text", &[]);
    assert!(text.stdout.starts_with("0:00:00.0  "), "{}", text.stdout);
    assert!(text.stdout.contains("blinking red"), "{}", text.stdout);

    // Events without their result, as a crash leaves them: the clip is done again.
    let cut = json.stdout.lines().next().unwrap();
    folder.write("results.jsonl", format!("{cut}\n"));
    assert_eq!(run("json", &["--resume", &file]).stdout, json.stdout);
    assert_eq!(folder.read("results.jsonl"), json.stdout);
    assert_eq!(run("json", &["--resume", &file]).stdout, "");
}

#[test]
fn a_folder_without_clips_is_an_error() {
    let folder = Folder::new("no-clips");
    folder.write("notes.txt", "nothing");
    let run = analyze(&folder, &[]);
    run.error(3, "no clips in it");
    assert_eq!(lines(&run.stdout).len(), 1);
    blinkdx(&["analyze", &folder.path("")]).error(3, "--recursive");
}

/// Reads a part of the clip and gives its result.
fn part(decoder: &str, from: &str, to: &str) -> Value {
    let args = ["analyze", CLIP, "--model", "xt", "--format", "json"];
    let part = ["--decoder", decoder, "--from", from, "--to", to];
    blinkdx(&[&args[..], &part].concat()).json()
}

#[test]
fn a_part_of_a_clip_keeps_the_times_of_the_clip() {
    let whole = blinkdx(&["analyze", CLIP, "--model", "xt", "--format", "json"]).json();
    let pulses = |v: &Value| -> Vec<(f64, f64)> {
        let pulse = |p: &Value| (p["start_s"].as_f64().unwrap(), p["end_s"].as_f64().unwrap());
        v["pulses"].as_array().unwrap().iter().map(pulse).collect()
    };
    let fps = whole["source"]["fps"].as_f64().unwrap();
    let mut decoders = vec!["embedded"];
    if blinkdx::source::ffmpeg::find_program().is_some() {
        decoders.push("ffmpeg");
    } else {
        println!("skipped: no ffmpeg on the path");
    }
    for decoder in decoders {
        let cut = part(decoder, "0:02", "0:00:08");
        let from_s = cut["source"]["from_s"].as_f64().unwrap();
        assert!(
            (2.0..2.0 + 1.0 / fps).contains(&from_s),
            "{decoder}: {from_s}"
        );
        let length = cut["source"]["duration_s"].as_f64().unwrap();
        assert!((length - 6.0).abs() < 1.5 / fps, "{decoder}: {length}");
        // Every flash that lies wholly inside is found where the whole clip has it.
        let inside: Vec<(f64, f64)> = pulses(&whole)
            .into_iter()
            .filter(|&(start, end)| start > 2.2 && end < 7.8)
            .collect();
        assert!(!inside.is_empty());
        for (start, end) in inside {
            let near = |p: &(f64, f64)| (p.0 - start).abs() < 0.02 && (p.1 - end).abs() < 0.02;
            assert!(
                pulses(&cut).iter().any(near),
                "{decoder}: no {start}..{end} in {cut}"
            );
        }
    }
    assert_eq!(whole["source"].get("from_s"), None);
}

#[test]
fn a_part_that_is_none_is_refused() {
    let with = |times: &[&str]| blinkdx(&[&["analyze", CLIP][..], times].concat());
    with(&["--from", "5", "--to", "5"]).error(2, "--from 5 s");
    with(&["--from", "1:75"]).error(2, "h:mm:ss");
    with(&["--from", "1:00:00", "--decoder", "embedded"]).error(3, "it ends at");
    if blinkdx::source::ffmpeg::find_program().is_some() {
        with(&["--from", "1:00:00", "--decoder", "ffmpeg"]).error(3, "it ends at");
    } else {
        println!("skipped: no ffmpeg on the path");
    }
}
