//! What the stages after decoding cost: `cargo bench`. Whole programs are compared by `programs.py`.

use std::sync::LazyLock;

use blinkdx::devices::Library;
use blinkdx::matcher::{Query, diagnose};
use blinkdx::observe::{Eyes, ObserveOptions};
use blinkdx::source::{Frame, VideoInfo};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Sizes in px that phones and cameras film in.
const SIZES: [(usize, usize); 3] = [(854, 480), (1920, 1080), (3840, 2160)];
/// Frames of the clips for the stages that want a whole one, at 30 per second.
const FRAMES: usize = 300;
const FPS: f64 = 30.0;

/// A noisy grey wall; a red light blinks on it, 0.4 s of every 1.2 s.
struct Wall {
    frames: [Frame; 2],
}

impl Wall {
    fn new((width, height): (usize, usize)) -> Self {
        let mut random = fastrand::Rng::with_seed(6);
        let mut frame = |lit: bool| {
            let mut frame = Frame {
                chroma_shift: (1, 1),
                ..Frame::default()
            };
            frame.y.resize(width, height);
            frame.u.resize(width / 2, height / 2);
            frame.v.resize(width / 2, height / 2);
            let (x, y, r) = (width * 3 / 5, height * 2 / 5, height / 90);
            for (plane, level, light, shift) in [
                (&mut frame.y, 110, 200, 0),
                (&mut frame.u, 128, 100, 1),
                (&mut frame.v, 128, 220, 1),
            ] {
                for (i, sample) in plane.data.iter_mut().enumerate() {
                    let (px, py) = (i % plane.width, i / plane.width);
                    let near = px.abs_diff(x >> shift).max(py.abs_diff(y >> shift));
                    let level = if lit && near <= r >> shift {
                        light
                    } else {
                        level
                    };
                    *sample = level + random.u8(0..5);
                }
            }
            frame
        };
        Self {
            frames: [frame(false), frame(true)],
        }
    }

    /// The frame at number `i`, with its time.
    fn frame(&mut self, i: usize) -> &Frame {
        let at_s = i as f64 / FPS;
        let frame = &mut self.frames[usize::from(at_s % 1.2 < 0.4)];
        frame.pts_s = at_s;
        frame
    }

    fn eyes(&self) -> Eyes {
        let info = VideoInfo {
            name: "wall".to_owned(),
            coded_width: self.frames[0].y.width as u32,
            coded_height: self.frames[0].y.height as u32,
            orientation: Default::default(),
            duration_s: None,
            format: String::new(),
            decoder: String::new(),
        };
        Eyes::new(&info, ObserveOptions::default())
    }
}

/// Ten seconds of 1080p, looked at.
static SEEN: LazyLock<Eyes> = LazyLock::new(|| {
    let mut wall = Wall::new(SIZES[1]);
    let mut eyes = wall.eyes();
    for i in 0..FRAMES {
        eyes.push(wall.frame(i));
    }
    eyes
});

/// What each frame costs as it comes: read, pooled, aligned.
#[divan::bench(args = SIZES)]
fn frame(bencher: Bencher, size: (usize, usize)) {
    let mut wall = Wall::new(size);
    let mut eyes = wall.eyes();
    let mut i = 0;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        eyes.push(wall.frame(i));
        // Memory stays flat, as in a live view.
        if i % FRAMES == FRAMES - 1 {
            eyes.forget_before(eyes.seen_s());
        }
        i += 1;
    });
}

/// Finding and measuring the lights of a clip of ten seconds.
#[divan::bench(sample_count = 10)]
fn observe() {
    black_box(SEEN.observe());
}

/// Matching what was seen to the states of one device, and of all.
#[divan::bench(args = ["xt", "all"], sample_count = 10)]
fn diagnosis(bencher: Bencher, model: &str) {
    let seen = SEEN.observe();
    let devices: Vec<_> = Library::built_in()
        .devices()
        .iter()
        .filter(|d| model == "all" || d.name == model)
        .collect();
    let query = Query::default();
    bencher.bench(|| diagnose(black_box(&seen), &devices, &query));
}
