//! `blinkdx check`, option by option, by running the program.

mod common;

use common::{Folder, Run, blinkdx, command, run};
use serde_json::{Value, json};

/// Half a second of red every second for six seconds, ten frames a second: a length may be one frame off.
const BLINKING: &str = "blinking.avi";
/// Solid red.
const STEADY: &str = "steady.avi";
/// What is looked at in the blinking clip.
const PATTERN: &str = "red(0.5s on, 0.5s off)";

/// A folder with the two clips, which take seconds to render and are the same for all tests.
fn clips(test: &str) -> Folder {
    let folder = Folder::new(&format!("check-{test}"));
    for (name, light) in [(BLINKING, PATTERN), (STEADY, "red")] {
        let to = folder.path(name);
        let mut args = vec!["simulate", "mini", light, "-o", &to, "--quiet"];
        args.extend(["--size", "128x96", "--fps", "10", "--duration", "6"]);
        args.extend(["--set", "noise=0", "--set", "full_well=1e9"]);
        args.extend(["--set", "background=plaster", "--set", "ambient=0.02"]);
        let made = blinkdx(&args);
        assert_eq!(made.status, 0, "{made:?}");
    }
    folder
}

/// Entries for the two clips with their models, to which `expect` is added.
fn blinking(name: &str, expect: Value) -> Value {
    json!({"name": name, "clip": BLINKING, "pattern": PATTERN, "expect": expect})
}

fn manifest(folder: &Folder, entries: &[Value]) -> String {
    let manifest = json!({"schema": "blinkdx-manifest/1", "entries": entries});
    folder.write("manifest.json", manifest.to_string())
}

/// Checks `entries` with `options`.
fn check(folder: &Folder, entries: &[Value], options: &[&str]) -> Run {
    let manifest = manifest(folder, entries);
    blinkdx(&[&["check", &manifest], options].concat())
}

/// The lines that begin an entry: its mark and its name.
fn heads(run: &Run) -> Vec<String> {
    let head = |l: &str| l.split("  (").next().unwrap_or(l).trim_end().to_owned();
    let marks = ["ok ", "FAILED ", "ERROR ", "updated ", "not run "];
    let lines = run.stdout.lines();
    lines
        .filter(|l| marks.iter().any(|m| l.starts_with(m)))
        .map(head)
        .collect()
}

#[test]
fn every_kind_of_expectation_is_compared() {
    let folder = clips("kinds");
    let sure =
        json!({"verdict": "diagnosed", "state": "shown", "confidence": {"min": 0.5, "max": 1.0}});
    let timing = |t: Value| json!({"timing": [t]});
    let as_it_is = json!({
        "color": "red",
        "count": {"min": 5, "max": 7},
        "on_s": {"value": 0.5, "within": 0.15},
        "off_s": {"value": 0.5, "within": 0.15},
        "period_s": {"value": 1.0, "percent": 5.0},
        "duty": {"value": 0.5, "within": 0.15}
    });
    let steady = |name: &str, expect: Value| json!({"name": name, "clip": STEADY, "model": "mini", "expect": expect});
    // Name, entry, and how the line starts that says what differs; nothing where all is right.
    let cases: Vec<(Value, Option<&str>)> = vec![
        (blinking("right", sure), None),
        (blinking("right timing", timing(as_it_is)), None),
        (
            blinking("verdict", json!({"verdict": "no-light"})),
            Some("verdict: expected no-light, measured diagnosed"),
        ),
        (
            blinking("doubt", json!({"confidence": {"max": 0.1}})),
            Some("confidence: expected at most 0.1, measured "),
        ),
        (
            blinking("forbidden", json!({"not_states": ["shown"]})),
            Some("not_states: expected anything but shown"),
        ),
        (
            blinking("place", json!({"light": {"x": 1000.0, "y": 1000.0}})),
            Some("light: expected within 10 px of 1000,1000"),
        ),
        (
            blinking(
                "period",
                timing(json!({"color": "red", "period_s": {"value": 3.0}})),
            ),
            Some("red period_s: expected 3 ± 5 %, measured 1.0"),
        ),
        (
            blinking(
                "length",
                timing(json!({"color": "red", "on_s": {"value": 0.2, "within": 0.1}})),
            ),
            Some("red on_s: expected 0.2 ± 0.1, measured 0."),
        ),
        (
            blinking(
                "duty",
                timing(json!({"color": "red", "duty": {"value": 0.1, "within": 0.1}})),
            ),
            Some("red duty: expected 0.1 ± 0.1, measured 0."),
        ),
        (
            blinking(
                "count",
                timing(json!({"color": "red", "count": {"max": 2}})),
            ),
            Some("red count: expected at most 2, measured "),
        ),
        (
            blinking("colour", timing(json!({"color": "blue"}))),
            Some("blue pulses: expected some, measured none"),
        ),
        (
            blinking("others", json!({"no_other_pulses": true})),
            Some("no_other_pulses: expected none, measured red "),
        ),
        (
            blinking(
                "pulses",
                json!({"pulses": [{"color": "red", "start_s": 2.0, "end_s": 4.0}]}),
            ),
            Some("pulses: expected red 2.00-4.00 s, measured red "),
        ),
        (
            steady(
                "no rhythm",
                timing(json!({"color": "red", "period_s": {"value": 1.0}})),
            ),
            Some("red period_s: expected 1 ± 5 %, measured nothing that repeats"),
        ),
        (
            steady("another state", json!({"state": "recording"})),
            Some("state: expected recording, measured offline"),
        ),
    ];
    let entries: Vec<Value> = cases.iter().map(|(e, _)| e.clone()).collect();
    let run = check(&folder, &entries, &[]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    let wrong = cases.iter().filter(|(_, d)| d.is_some()).count();
    let summary = format!("{} passed, {wrong} failed\n", cases.len() - wrong);
    assert!(run.stdout.ends_with(&summary), "{}", run.stdout);
    for (entry, difference) in &cases {
        let name = entry["name"].as_str().unwrap();
        let mark = if difference.is_some() { "FAILED" } else { "ok" };
        let mut lines = run.stdout.lines();
        let found = lines.any(|l| l.starts_with(&format!("{mark:7} {name}  (")));
        assert!(found, "no {mark} {name} in\n{}", run.stdout);
        if let Some(difference) = difference {
            let next = lines.next().unwrap_or_default().trim_start();
            assert!(
                next.starts_with(difference),
                "{name}: {next:?}, not {difference:?}"
            );
        }
    }
}

#[test]
fn a_difference_shows_both_trains_under_each_other() {
    let folder = clips("timelines");
    let pulses = json!({"pulses": [{"color": "red", "start_s": 2.0, "end_s": 4.0}]});
    let run = check(&folder, &[blinking("two seconds", pulses)], &[]);
    let row = |what: &str| {
        let of = |l: &&str| l.trim_start().starts_with(&format!("red   {what} "));
        let line = run
            .stdout
            .lines()
            .find(of)
            .unwrap_or_else(|| panic!("{run:?}"));
        line.split_once(what).unwrap().1.chars().collect::<Vec<_>>()
    };
    let (expected, measured) = (row("expected"), row("measured"));
    assert_eq!(expected.len(), measured.len());
    // 2 of 6 s, and about half of the time.
    let share = |row: &[char]| {
        let lit = row[1..].iter().filter(|c| **c == '█').count();
        lit as f64 / (row.len() - 1) as f64
    };
    assert!((0.3..0.37).contains(&share(&expected)), "{}", run.stdout);
    assert!((0.35..0.65).contains(&share(&measured)), "{}", run.stdout);
}

#[test]
fn a_broken_clip_or_a_misspelt_state_is_its_own_entry_s_error() {
    let folder = clips("broken");
    folder.write("text.mp4", "this is no video");
    let entries = [
        json!({"name": "gone", "clip": "gone.mp4", "expect": {}}),
        json!({"name": "text", "clip": "text.mp4", "expect": {}}),
        json!({"name": "misspelt", "clip": STEADY, "model": "mini", "expect": {"state": "ofline"}}),
        json!({"name": "unknown model", "clip": STEADY, "model": "mimi", "expect": {}}),
        json!({"name": "bad pattern", "clip": STEADY, "pattern": "red(1s on", "expect": {}}),
        blinking("fine", json!({"verdict": "diagnosed"})),
    ];
    let run = check(&folder, &entries, &[]);
    assert_eq!(run.status, 3, "the highest of the entries: {run:?}");
    let marks: Vec<String> = heads(&run);
    assert_eq!(
        marks,
        [
            "ERROR   gone",
            "ERROR   text",
            "ERROR   misspelt",
            "ERROR   unknown model",
            "ERROR   bad pattern",
            "ok      fine"
        ]
    );
    for said in [
        "gone.mp4",
        "text.mp4",
        "ofline",
        "did you mean mini?",
        "column 10",
    ] {
        assert!(run.stdout.contains(said), "no {said} in\n{}", run.stdout);
    }
    assert!(
        run.stdout
            .ends_with("1 passed, 0 failed, 5 could not be read\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn the_order_is_that_of_the_manifest_however_many_run_at_a_time() {
    let folder = clips("order");
    let entries: Vec<Value> = (0..8)
        .map(|i| match i % 3 {
            0 => blinking(&format!("entry {i}"), json!({"verdict": "diagnosed"})),
            // Done at once, long before those beside it.
            _ => json!({"name": format!("entry {i}"), "clip": "gone.mp4", "expect": {}}),
        })
        .collect();
    let names = |jobs: &str| heads(&check(&folder, &entries, &["--jobs", jobs]));
    let one = names("1");
    assert_eq!(one.len(), 8);
    for (i, head) in one.iter().enumerate() {
        assert!(head.ends_with(&format!("entry {i}")), "{one:?}");
    }
    assert_eq!(names("4"), one);
}

#[test]
fn fail_fast_starts_nothing_after_a_failure() {
    let folder = clips("fail-fast");
    let entries = [
        blinking("first", json!({"verdict": "diagnosed"})),
        blinking("second", json!({"verdict": "no-light"})),
        blinking("third", json!({"verdict": "diagnosed"})),
    ];
    let run = check(&folder, &entries, &["--fail-fast", "--jobs", "1"]);
    assert_eq!(run.status, 1);
    assert_eq!(
        heads(&run),
        ["ok      first", "FAILED  second", "not run third"]
    );
    assert!(
        run.stdout.ends_with("1 passed, 1 failed, 1 not run\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_filter_runs_what_it_names() {
    let folder = clips("filter");
    let entries = [
        json!({"name": "gone", "clip": "gone.mp4", "expect": {}}),
        blinking("blinks", json!({"verdict": "diagnosed"})),
    ];
    let run = check(&folder, &entries, &["--filter", "link"]);
    assert_eq!(
        (run.status, heads(&run)),
        (0, vec!["ok      blinks".to_owned()])
    );
    let none = check(&folder, &entries, &["--filter", "nothing"]);
    none.error(2, "none has \"nothing\" in its name");
}

#[test]
fn an_update_shows_what_differs_and_writes_it_down() {
    let folder = clips("update");
    let entries = [
        blinking(
            "wrong",
            json!({
                "verdict": "no-light",
                "timing": [{"color": "red", "period_s": {"value": 3.0, "percent": 5.0}}]
            }),
        ),
        blinking("right", json!({"verdict": "diagnosed"})),
        json!({"name": "new", "clip": STEADY, "model": "mini", "expect": {}}),
        json!({"name": "gone", "clip": "gone.mp4", "expect": {"verdict": "diagnosed"}}),
    ];
    let run = check(&folder, &entries, &["--update"]);
    assert_eq!(
        run.status, 3,
        "a clip that is gone teaches nothing: {run:?}"
    );
    assert_eq!(
        heads(&run),
        [
            "updated wrong",
            "ok      right",
            "updated new",
            "ERROR   gone"
        ]
    );
    assert!(
        run.stdout
            .contains("verdict: expected no-light, measured diagnosed"),
        "{}",
        run.stdout
    );

    let written: Value = serde_json::from_str(&folder.read("manifest.json")).unwrap();
    let expect = |i: usize| &written["entries"][i]["expect"];
    assert_eq!(expect(0)["verdict"], "diagnosed");
    let period = &expect(0)["timing"][0]["period_s"];
    assert!(
        (period["value"].as_f64().unwrap() - 1.0).abs() < 0.05,
        "{period}"
    );
    assert_eq!(period["percent"], 5.0, "the tolerance stays");
    assert_eq!(written["entries"][1], entries[1]);
    assert_eq!(
        (
            &expect(2)["state"],
            expect(2)["pulses"].as_array().unwrap().len()
        ),
        (&"offline".into(), 1)
    );
    assert_eq!(written["entries"][3], entries[3]);

    let again = blinkdx(&["check", &folder.path("manifest.json")]);
    assert_eq!(
        heads(&again),
        [
            "ok      wrong",
            "ok      right",
            "ok      new",
            "ERROR   gone"
        ]
    );
}

#[test]
fn an_update_of_a_folder_leaves_the_other_files_as_they_are() {
    let folder = clips("update-folder");
    let kept = "{\"model\": \"mini\",\n \"expect\": {\"verdict\": \"diagnosed\"}}";
    folder.write(&format!("{STEADY}.expect.json"), kept);
    let wrong = json!({"pattern": PATTERN, "expect": {"verdict": "no-light"}});
    folder.write(&format!("{BLINKING}.expect.json"), wrong.to_string());
    let run = blinkdx(&["check", &folder.path(""), "--update"]);
    assert_eq!((run.status, heads(&run).len()), (0, 2), "{run:?}");
    assert_eq!(folder.read(&format!("{STEADY}.expect.json")), kept);
    let new: Value =
        serde_json::from_str(&folder.read(&format!("{BLINKING}.expect.json"))).unwrap();
    assert_eq!(new["expect"]["verdict"], "diagnosed");
}

#[test]
fn results_are_written_for_programs() {
    let folder = clips("formats");
    let entries = [
        blinking("fine & <good>", json!({"verdict": "diagnosed"})),
        blinking("wrong", json!({"verdict": "no-light"})),
        json!({"name": "gone", "clip": "gone.mp4", "expect": {}}),
    ];
    let junit = folder.path("junit.xml");
    let run = check(&folder, &entries, &["--format", "json", "--junit", &junit]);
    assert_eq!((run.status, run.stderr.as_str()), (3, ""));
    let report = run.json();
    assert_eq!(report["schema"], "blinkdx-check/1");
    let counts = [&report["passed"], &report["failed"], &report["errors"]];
    assert_eq!(counts, [1, 1, 1]);
    let statuses: Vec<&str> = report["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["passed", "failed", "error"]);
    let wrong = &report["entries"][1];
    assert_eq!(
        wrong["differences"][0],
        json!({"what": "verdict", "expected": "no-light", "measured": "diagnosed"})
    );
    assert_eq!(wrong["result"]["schema"], "blinkdx/1");

    let xml = folder.read("junit.xml");
    for part in [
        r#"tests="3" failures="1" errors="1" skipped="0""#,
        r#"name="fine &amp; &lt;good&gt;""#,
        r#"<failure message="verdict: expected no-light, measured diagnosed">"#,
        "<error message=",
    ] {
        assert!(xml.contains(part), "no {part} in\n{xml}");
    }
    let manifest = folder.path("manifest.json");
    let nowhere = folder.path("no/folder/junit.xml");
    let refused = blinkdx(&["check", &manifest, "--filter", "fine", "--junit", &nowhere]);
    refused.error(3, "junit.xml: can't write");
}

#[test]
fn on_github_each_failure_is_an_annotation() {
    let folder = clips("github");
    let manifest = manifest(
        &folder,
        &[
            blinking("fine", json!({"verdict": "diagnosed"})),
            blinking("wrong", json!({"verdict": "no-light"})),
        ],
    );
    let on_github = run(command()
        .args(["check", &manifest])
        .env("GITHUB_ACTIONS", "true"));
    let lines: Vec<&str> = on_github.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{on_github:?}");
    let start = format!(
        "::error file={manifest},title=wrong::verdict: expected no-light, measured diagnosed%0A"
    );
    assert!(lines[0].starts_with(&start), "{lines:?}");
    assert_eq!(blinkdx(&["check", &manifest]).stderr, "");
}

#[test]
fn a_clip_that_takes_too_long_fails_and_is_not_learnt_from() {
    let folder = clips("time-limit");
    let entry = |limit_s: f64| {
        let mut entry = blinking("slow", json!({}));
        entry["time_limit_s"] = limit_s.into();
        entry
    };
    // No computer decodes a video in a microsecond.
    let run = check(&folder, &[entry(1e-6)], &["--update"]);
    assert!(run.status == 3 || run.status == 1, "{run:?}");
    assert_eq!(folder.read("manifest.json"), manifest_text(&[entry(1e-6)]));
    assert_eq!(check(&folder, &[entry(600.0)], &[]).status, 0);
}

fn manifest_text(entries: &[Value]) -> String {
    json!({"schema": "blinkdx-manifest/1", "entries": entries}).to_string()
}

#[test]
fn a_camera_that_is_not_there_is_status_4_and_stops_no_other() {
    let folder = clips("camera");
    let entries = [
        json!({"camera": "no camera of this name", "for_s": 1.0, "expect": {}}),
        blinking("fine", json!({"verdict": "diagnosed"})),
    ];
    let run = check(&folder, &entries, &[]);
    assert_eq!(run.status, 4, "{run:?}");
    assert_eq!(
        heads(&run),
        ["ERROR   no camera of this name", "ok      fine"]
    );
}

#[test]
fn a_manifest_that_makes_no_sense_is_refused() {
    let folder = Folder::new("check-refused");
    let refused = |text: &str, about: &str| {
        let file = folder.write("manifest.json", text);
        blinkdx(&["check", &file]).error(3, about).to_owned()
    };
    refused(
        "{\"schema\": \"blinkdx-manifest/1\",\n \"entris\": []}",
        "manifest.json:2: ",
    );
    refused(
        "{\"schema\": \"blinkdx-manifest/9\", \"entries\": []}",
        "blinkdx-manifest/1",
    );
    refused(
        &manifest_text(&[json!({"expect": {}})]),
        "either a clip or a camera",
    );
    refused(
        &manifest_text(&[json!({"clip": "a", "model": "xt", "pattern": "red", "expect": {}})]),
        "either a model or a pattern",
    );
    refused(
        &manifest_text(&[json!({"clip": "a", "time_limit_s": 0.0, "expect": {}})]),
        "time_limit_s must be above 0",
    );
    let empty = Folder::new("check-empty");
    blinkdx(&["check", &empty.path("")]).error(3, "no CLIP.expect.json in this folder");
    blinkdx(&["check", &empty.path("gone.json")]).error(3, "gone.json");
}
