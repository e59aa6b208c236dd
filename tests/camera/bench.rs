//! The simulated camera: clips that it plays, the boot of the guest, and what the cases printed.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use blinkdx::devices::Library;
use blinkdx::simulate::{ClipSpec, Conditions, SimulatedSource};
use blinkdx::source::{Frame, FrameSource, Plane};
use serde_json::Value;

use crate::common::{Folder, Run};

/// Names the folder that tests/camera-bench/setup.sh has made.
const BENCH: &str = "BLINKDX_CAMERA_BENCH";
const SIZE: (u32, u32) = (320, 240);
pub const FPS: f64 = 15.0;

/// What the cases printed, and when the light was on in the clip that the camera plays.
pub struct Bench {
    runs: HashMap<String, Run>,
    pub pulses: Vec<(f64, f64)>,
}

impl Bench {
    pub fn run(&self, case: &str) -> &Run {
        self.runs
            .get(case)
            .unwrap_or_else(|| panic!("no case {case}"))
    }

    /// The lines of JSON of a watch: its events, and the result at the end.
    pub fn watched(&self, case: &str) -> (Vec<Value>, Value) {
        let run = self.run(case);
        let mut lines: Vec<Value> = run
            .stdout
            .lines()
            .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {run:?}")))
            .collect();
        let result = lines.pop().unwrap_or_else(|| panic!("nothing: {run:?}"));
        assert_eq!(result["schema"], "blinkdx/1", "{run:?}");
        assert!(
            lines.iter().all(|l| l["schema"] == "blinkdx-watch/1"),
            "{run:?}"
        );
        (lines, result)
    }

    /// The warnings at the end of a watch.
    pub fn warnings(&self, case: &str) -> Vec<String> {
        let (_, result) = self.watched(case);
        // None are no field.
        let warnings = result["warnings"].as_array().into_iter().flatten();
        warnings.map(|w| w.as_str().unwrap().to_owned()).collect()
    }

    /// Whether a watch told of `kind` of trouble.
    pub fn told(&self, case: &str, kind: &str) -> bool {
        let (events, _) = self.watched(case);
        events
            .iter()
            .any(|e| e["event"] == "trouble" && e["kind"] == kind)
    }
}

/// Runs the cases of `script` once; `None`, with the reason printed, where the bench is not there.
fn ran(
    script: &str,
    cell: &'static OnceLock<Option<Bench>>,
    clips: fn(&Folder, &Clip) -> Vec<String>,
) -> Option<&'static Bench> {
    // One guest at a time: two would slow each other down.
    static TURN: Mutex<()> = Mutex::new(());
    let ran = cell.get_or_init(|| {
        let bench = std::env::var(BENCH).ok()?;
        let _turn = TURN.lock();
        Some(boot(&bench, script, clips))
    });
    if ran.is_none() {
        println!(
            "skipped: {BENCH} is not set; tests/camera-bench/README.md says how a camera is simulated"
        );
    }
    ran.as_ref()
}

/// The cases of a usual camera.
pub fn usual() -> Option<&'static Bench> {
    static RAN: OnceLock<Option<Bench>> = OnceLock::new();
    ran("cases.sh", &RAN, |folder, clip| {
        let blink = clip.packed();
        let one = &blink[..blink.len() / clip.frames.len()];
        vec![
            folder.write("blink.yuyv", &blink),
            folder.write("still.yuyv", one),
            folder.write("black.yuyv", [16, 128].repeat(one.len() / 2)),
        ]
    })
}

/// The cases of odd cameras.
pub fn quirks() -> Option<&'static Bench> {
    static RAN: OnceLock<Option<Bench>> = OnceLock::new();
    ran("quirks.sh", &RAN, |folder, clip| {
        // Short: the guest holds them all in memory.
        let some = clip.first(18 * FPS as usize);
        let jpegs = some.jpegs();
        let broken = b"\xff\xd8\xff\xdb\0\x03\x09no picture\xff\xd9".to_vec();
        let mut some_broken = jpegs.clone();
        some_broken
            .iter_mut()
            .step_by(5)
            .for_each(|j| j.clone_from(&broken));
        let mut some_cut = jpegs.clone();
        some_cut
            .iter_mut()
            .step_by(2)
            .for_each(|j| j.truncate(j.len() / 2));
        vec![
            folder.write("blink.yuyv", some.first(6 * FPS as usize).packed()),
            folder.write(
                "small.yuyv",
                some.first(4 * FPS as usize).corner(160, 120).packed(),
            ),
            folder.write("planes.yu12", some.planar(true)),
            folder.write("grey.raw", some.first(6 * FPS as usize).planar(false)),
            folder.write("blink.mjpeg", jpegs.concat()),
            folder.write("some.mjpeg", some_broken.concat()),
            folder.write("cut.mjpeg", some_cut.concat()),
            folder.write("damaged.mjpeg", broken),
        ]
    })
}

fn boot(bench: &str, script: &str, clips: fn(&Folder, &Clip) -> Vec<String>) -> Bench {
    let folder = Folder::new(script);
    let (clip, pulses) = Clip::blinking();
    let clips = clips(&folder, &clip);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/camera-bench");
    // Without its debug information the program fits the guest's memory.
    let program = folder.path("blinkdx");
    let stripped = Command::new("strip")
        .args(["-o", &program, env!("CARGO_BIN_EXE_blinkdx")])
        .status();
    assert!(stripped.is_ok_and(|s| s.success()), "binutils is needed");
    let output = Command::new(scripts.join("run.sh"))
        .args([bench, &program])
        .arg(scripts.join(script))
        .args(clips)
        .output()
        .expect("bash is there");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "the guest failed: {text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let runs = text.split("=== ").skip(1).map(case).collect();
    Bench { runs, pulses }
}

/// One case as cases.sh prints it.
fn case(text: &str) -> (String, Run) {
    let (name, rest) = text.split_once('\n').expect("a name");
    let (stdout, rest) = rest.split_once("--- stderr\n").expect("standard error");
    let (stderr, rest) = rest.rsplit_once("--- status ").expect("a status");
    let run = Run {
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
        status: rest.trim().parse().expect("a number"),
    };
    (name.to_owned(), run)
}

/// Pictures in planes, 4:2:0.
#[derive(Clone)]
struct Clip {
    frames: Vec<Frame>,
}

impl Clip {
    /// A doorbell in pairing mode, and when its light is on, in s. Longer than any watch of it.
    fn blinking() -> (Self, Vec<(f64, f64)>) {
        let device = Library::built_in().get("video-doorbell").unwrap();
        let spec = ClipSpec::draw(
            device,
            device.state("pairing"),
            &Conditions {
                difficulty: 0.0,
                seed: 0,
                size: Some(SIZE),
                fps: Some(FPS),
                duration_s: Some(40.0),
            },
        );
        let mut source = SimulatedSource::new(&spec).unwrap();
        let (mut frame, mut frames) = (Frame::default(), Vec::new());
        while source.read(&mut frame).unwrap() {
            assert_eq!(frame.chroma_shift, (1, 1));
            frames.push(frame.clone());
        }
        let pulses = source.truth().pulses.iter().map(|p| (p.start_s, p.end_s));
        (Self { frames }, pulses.collect())
    }

    fn first(&self, n: usize) -> Self {
        Self {
            frames: self.frames[..n].to_vec(),
        }
    }

    /// The upper left corner.
    fn corner(&self, width: usize, height: usize) -> Self {
        let cut = |plane: &Plane, w: usize, h: usize| {
            let mut out = Plane::default();
            out.resize(w, h);
            for y in 0..h {
                out.data[y * w..][..w].copy_from_slice(&plane.row(y)[..w]);
            }
            out
        };
        let frame = |f: &Frame| Frame {
            y: cut(&f.y, width, height),
            u: cut(&f.u, width / 2, height / 2),
            v: cut(&f.v, width / 2, height / 2),
            ..f.clone()
        };
        Self {
            frames: self.frames.iter().map(frame).collect(),
        }
    }

    /// Packed 4:2:2, Y0 Cb Y1 Cr.
    fn packed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for frame in &self.frames {
            for y in 0..frame.y.height {
                let (u, v) = (frame.u.row(y / 2), frame.v.row(y / 2));
                for (x, pair) in frame.y.row(y).chunks_exact(2).enumerate() {
                    out.extend([pair[0], u[x], pair[1], v[x]]);
                }
            }
        }
        out
    }

    /// One plane after the other, or luma alone.
    fn planar(&self, chroma: bool) -> Vec<u8> {
        let planes = |f: &Frame| match chroma {
            true => [&f.y.data[..], &f.u.data, &f.v.data].concat(),
            false => f.y.data.clone(),
        };
        self.frames.iter().flat_map(planes).collect()
    }

    /// A JPEG of each picture, 4:2:2 as cameras have it.
    fn jpegs(&self) -> Vec<Vec<u8>> {
        let jpeg = |frame: &Frame| {
            let (width, height) = (frame.y.width, frame.y.height);
            let mut samples = Vec::new();
            for y in 0..height {
                let (u, v) = (frame.u.row(y / 2), frame.v.row(y / 2));
                for (x, luma) in frame.y.row(y).iter().enumerate() {
                    samples.extend([*luma, u[x / 2], v[x / 2]]);
                }
            }
            let mut out = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut out, 90);
            encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_2);
            let color = jpeg_encoder::ColorType::Ycbcr;
            encoder
                .encode(&samples, width as u16, height as u16, color)
                .unwrap();
            out
        };
        self.frames.iter().map(jpeg).collect()
    }
}

/// Lit spans of a result, all colours as one, without those that the watch cuts.
pub fn lit(result: &Value) -> Vec<(f64, f64)> {
    let end_s = result["source"]["duration_s"].as_f64().unwrap();
    let mut spans: Vec<(f64, f64)> = result["pulses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["start_s"].as_f64().unwrap(), p["end_s"].as_f64().unwrap()))
        .filter(|(from, to)| *from > 0.0 && *to < end_s - 1e-3)
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 + 1e-9 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
    }
    merged
}
