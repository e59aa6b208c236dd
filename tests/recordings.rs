//! The eyes on recordings of real lamps, labelled by hand: that they find those that switch, when these do, and little
//! else. The folder `real` in the one that `BLINKDX_CORPUS` names holds them, with their `labels.json`.

mod common;

use common::{blinkdx, corpus};
use serde_json::Value;

/// An edge is met within half a frame more than its label is sure of.
const EDGE_FRAMES: f64 = 0.5;
/// A light is the lamp's within so many of its radii, and px, of its path.
const NEAR_RADII: f64 = 1.5;
const NEAR_PX: f64 = 12.0;

#[derive(Default)]
struct Score {
    clips: usize,
    lamps: usize,
    found: usize,
    edges: usize,
    seen: usize,
    met: usize,
    false_lights: usize,
}

#[test]
fn lamps_that_switch_in_real_recordings_are_found_and_timed() {
    let Some(folder) = corpus("recordings of real lamps") else {
        return;
    };
    let folder = folder.join("real");
    let labels = std::fs::read(folder.join("labels.json")).expect("labels.json of the recordings");
    let labels: Value = serde_json::from_slice(&labels).expect("JSON");
    let mut score = Score::default();
    for clip in items(&labels, "clips") {
        let file = folder.join(clip["file"].as_str().expect("a file's name"));
        let run = blinkdx(&["measure", &file.display().to_string(), "--format", "json"]);
        assert_eq!(run.status, 0, "{run:?}");
        add(clip, &run.json(), &mut score);
    }
    let of = |part: usize, all: usize| part as f64 / all as f64;
    let found = of(score.found, score.lamps);
    let edges = of(2 * score.met, score.edges + score.seen);
    let false_lights = of(score.false_lights, score.clips);
    println!("found {found:.3}, edges {edges:.3}, false {false_lights:.2} a clip");
    // One of nine is known to be missed: it switches beside another that does so nearly at the same times.
    assert!(found >= 0.88, "found {found}");
    assert!(edges >= 0.95, "edges {edges}");
    assert!(false_lights <= 0.2, "false {false_lights}");
}

/// Adds what was measured of a labelled clip.
fn add(clip: &Value, measured: &Value, score: &mut Score) {
    let times = times(clip);
    let step = (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64;
    let switching = |l: &&Value| {
        matches!(
            l["kind"].as_str(),
            Some("blinking" | "switching" | "color-changing")
        )
    };
    let mut lights: Vec<&Value> = items(measured, "lights").iter().filter(switching).collect();
    score.clips += 1;
    for lamp in items(clip, "leds") {
        if !matches!(
            lamp["behaviour"].as_str(),
            Some("blink" | "switch" | "sequence" | "morse")
        ) {
            continue;
        }
        let states = items(lamp, "states");
        let time = |frame: &Value| times[frame.as_u64().expect("a frame's number") as usize];
        let edges: Vec<f64> = changes(states).map(|s| time(&s["first_frame"])).collect();
        score.lamps += 1;
        score.edges += edges.len();
        let nearest = (0..lights.len())
            .min_by(|&a, &b| beyond(lamp, lights[a]).total_cmp(&beyond(lamp, lights[b])));
        let Some(light) = nearest.filter(|&i| beyond(lamp, lights[i]) <= 0.0) else {
            continue;
        };
        let light = lights.swap_remove(light);
        score.found += 1;
        let hidden = |t: &f64| {
            states.iter().any(|s| {
                !is_known(s)
                    && (time(&s["first_frame"]) - step..=time(&s["last_frame"]) + step).contains(t)
            })
        };
        let mut seen: Vec<f64> = changes(items(light, "spans"))
            .map(|s| number(&s["start_s"]))
            .filter(|t| !hidden(t))
            .collect();
        score.seen += seen.len();
        let sure = lamp
            .get("edge_uncertainty_frames")
            .or(clip.get("edge_uncertainty_frames"));
        let slack = (EDGE_FRAMES + sure.map_or(1.0, number)) * step;
        for edge in edges {
            let off = |t: &f64| (t - edge).abs();
            let near = (0..seen.len()).min_by(|&a, &b| off(&seen[a]).total_cmp(&off(&seen[b])));
            if let Some(i) = near.filter(|&i| off(&seen[i]) <= slack) {
                score.met += 1;
                seen.remove(i);
            }
        }
    }
    let blinks = |l: &&&Value| l["kind"] != "color-changing";
    let no_lamp = |l: &&&Value| items(clip, "leds").iter().all(|lamp| beyond(lamp, l) > 0.0);
    score.false_lights += lights.iter().filter(blinks).filter(no_lamp).count();
}

/// Times of a clip's frames in s.
fn times(clip: &Value) -> Vec<f64> {
    if let Some(times) = clip["frame_pts_ms"].as_array() {
        return times.iter().map(|t| number(t) / 1000.0).collect();
    }
    let frames = clip["n_frames"].as_u64().expect("a number of frames");
    let step = number(&clip["duration_ms"]) / 1000.0 / frames as f64;
    (0..frames).map(|i| i as f64 * step).collect()
}

/// States or spans in which a lamp goes on or off.
fn changes(spans: &[Value]) -> impl Iterator<Item = &Value> {
    let goes = |w: &&[Value]| is_known(&w[0]) && is_known(&w[1]) && w[0]["state"] != w[1]["state"];
    spans.windows(2).filter(goes).map(|w| &w[1])
}

fn is_known(span: &Value) -> bool {
    matches!(span["state"].as_str(), Some("on" | "off"))
}

/// By how many px the middle of a light is too far from a lamp's path to be its.
fn beyond(lamp: &Value, light: &Value) -> f64 {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|k| number(&light[k]));
    let away = |px: f64, py: f64| (x + w / 2.0 - px).hypot(y + h / 2.0 - py);
    let track = lamp["track"].as_array().map_or(&[][..], Vec::as_slice);
    let path = track.iter().filter(|p| !p[1].is_null());
    let nearest = path.map(|p| away(number(&p[1]), number(&p[2])));
    let nearest = nearest.min_by(f64::total_cmp);
    let distance = nearest.unwrap_or_else(|| away(number(&lamp["x"]), number(&lamp["y"])));
    distance - NEAR_PX.max(NEAR_RADII * number(&lamp["radius_px"]))
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}
