//! What a long watch costs: plays a blinking light as a camera would, in real time, into the decoder and the engine of
//! `watch`, and prints processor time, memory, pictures left out and the delay from the taking of a picture to the event
//! that it causes.
//!
//! `cargo run --release --example live_load -- [SECONDS] [WIDTHxHEIGHT] [FPS]` (600 1920x1080 30)
//!
//! Linux only: it reads /proc.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blinkdx::devices::Device;
use blinkdx::live::{Happening, Live};
use blinkdx::matcher::Query;
use blinkdx::observe::ObserveOptions;
use blinkdx::simulate::{ClipSpec, Conditions, SimulatedSource};
use blinkdx::source::camera::{Packet, Pictures, Queue};
use blinkdx::source::{Encoding, Frame, FrameSource};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Length of the film that is repeated, in s.
const LOOP_S: f64 = 6.0;
/// Undecoded pictures that wait at most, as in `watch`.
const WAITING: usize = 2;
/// Time between lines of output.
const REPORT: Duration = Duration::from_secs(30);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let word = |i: usize, default: &str| args.get(i).map_or(default.to_owned(), String::clone);
    let seconds: f64 = word(0, "600").parse().expect("seconds");
    let size = word(1, "1920x1080");
    let (w, h) = size.split_once('x').expect("WIDTHxHEIGHT");
    let size: (u32, u32) = (w.parse().expect("width"), h.parse().expect("height"));
    let fps: f64 = word(2, "30").parse().expect("frames per second");

    // Its period goes into the loop without a seam.
    let pattern = "red(0.5s on, 0.5s off)".parse().expect("a pattern");
    let device = Device::given(&pattern);
    let spec = ClipSpec::draw(
        &device,
        device.states.first(),
        &Conditions {
            difficulty: 0.0,
            seed: 0,
            size: Some(size),
            fps: Some(fps),
            duration_s: Some(LOOP_S),
        },
    );
    let mut source = SimulatedSource::new(&spec).expect("a valid clip");
    let info = source.info().clone();
    let mut pictures = Vec::new();
    let mut frame = Frame::default();
    while source.read(&mut frame).expect("a picture") {
        pictures.push(jpeg(&frame));
    }
    let mean = pictures.iter().map(Vec::len).sum::<usize>() / pictures.len();
    println!("{} JPEG pictures of {mean} bytes", pictures.len());

    let before_s = processor_s();
    let queue = Arc::new(Queue::new(WAITING));
    let theirs = queue.clone();
    let start = Instant::now();
    std::thread::spawn(move || {
        for k in 0.. {
            let taken = start + Duration::from_secs_f64(f64::from(k) / fps);
            std::thread::sleep(taken.saturating_duration_since(Instant::now()));
            if taken.duration_since(start).as_secs_f64() > seconds {
                theirs.end("over".to_owned());
                return;
            }
            let data = pictures[k as usize % pictures.len()].clone();
            theirs.push(Packet {
                data,
                taken,
                stamped: true,
            });
        }
    });
    let decoded = Pictures::of(queue, Encoding::Mjpeg, size.0, size.1).expect("a thread");
    let devices = vec![device.clone()];
    let (options, query) = (ObserveOptions::default(), Query::default());
    let mut live = Live::new(&info, fps, devices, options, query).expect("a thread");
    let (mut light_ms, mut verdicts, mut reported) = (Vec::new(), 0, start);
    let (mut seeing_s, mut frames) = (0.0, 0);
    while let Ok(picture) = decoded.next(Duration::from_secs(5)) {
        let Some(mut picture) = picture else { continue };
        let taken = picture.packet.taken;
        picture.frame.pts_s = taken.duration_since(start).as_secs_f64();
        let begun = Instant::now();
        live.see(&picture.frame, &mut |event| match event.what {
            Happening::Light { .. } => light_ms.push(taken.elapsed().as_secs_f64() * 1e3),
            Happening::Verdict { verdict, .. } => {
                verdicts += 1;
                println!(
                    "{:7.2} s  {} (told {:.2} s after the start)",
                    event.at_s,
                    verdict.name(),
                    start.elapsed().as_secs_f64()
                );
            }
            _ => {}
        });
        seeing_s += begun.elapsed().as_secs_f64();
        frames += 1;
        if reported.elapsed() >= REPORT {
            reported += REPORT;
            light_ms.sort_by(f64::total_cmp);
            let at = |q: f64| {
                light_ms
                    .get((light_ms.len() as f64 * q) as usize)
                    .copied()
                    .unwrap_or(f64::NAN)
            };
            println!(
                "{:5.0} s: {:5.1} s of processor time, {:6.1} MB, {} left out, {} light events after {:.1} / {:.1} ms (median / 95 %), {verdicts} verdicts",
                start.elapsed().as_secs_f64(),
                processor_s() - before_s,
                memory_mb(),
                decoded.dropped(),
                light_ms.len(),
                at(0.5),
                at(0.95)
            );
        }
    }
    println!(
        "per picture: {:.1} ms to take it in",
        seeing_s * 1e3 / f64::from(frames)
    );
    println!(
        "in all {:.1} s of processor time in {:.1} s",
        processor_s() - before_s,
        start.elapsed().as_secs_f64()
    );
}

/// The picture as a JPEG of the usual quality and chroma (4:2:2) of cameras.
fn jpeg(frame: &Frame) -> Vec<u8> {
    let (w, h) = (frame.y.width, frame.y.height);
    let (sx, sy) = frame.chroma_shift;
    let mut samples = Vec::with_capacity(3 * w * h);
    for y in 0..h {
        let (us, vs) = (frame.u.row(y >> sy), frame.v.row(y >> sy));
        for (x, luma) in frame.y.row(y).iter().enumerate() {
            samples.extend([*luma, us[x >> sx], vs[x >> sx]]);
        }
    }
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 85);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_2);
    encoder
        .encode(&samples, w as u16, h as u16, ColorType::Ycbcr)
        .expect("memory can be written");
    out
}

/// Processor time of this process so far, in s: fields 14 and 15 of proc(5), in hundredths.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}

/// Resident memory in MB.
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS"));
    let kb = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
    kb.unwrap_or(f64::NAN) / 1e3
}
