//! What a long watch costs: plays a blinking light as a camera would, in real time, into the engine of `watch`, and
//! prints processor time, memory, pictures left out and the delay from a picture to the event that it causes.
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
use blinkdx::source::camera::{Packet, Queue};
use blinkdx::source::{Encoding, Frame, FrameSource};

/// Length of the film that is repeated, in s.
const LOOP_S: f64 = 6.0;
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
    let queue = Arc::new(Queue::default());
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
    let devices = vec![device.clone()];
    let mut live = Live::new(
        &info,
        fps,
        devices,
        ObserveOptions::default(),
        Query::default(),
    )
    .expect("a thread");
    let (mut light_ms, mut verdicts, mut reported) = (Vec::new(), 0, start);
    let (mut decoding_s, mut seeing_s, mut frames) = (0.0, 0.0, 0);
    while let Ok(packet) = queue.pop(Duration::from_secs(5)) {
        let Some(packet) = packet else { continue };
        let begun = Instant::now();
        Encoding::Mjpeg
            .decode(&packet.data, size.0, size.1, &mut frame)
            .expect("a picture");
        decoding_s += begun.elapsed().as_secs_f64();
        frame.pts_s = packet.taken.duration_since(start).as_secs_f64();
        let begun = Instant::now();
        let events = live.see(&frame);
        seeing_s += begun.elapsed().as_secs_f64();
        frames += 1;
        for event in events {
            match event.what {
                Happening::Light { .. } => {
                    light_ms.push(packet.taken.elapsed().as_secs_f64() * 1e3)
                }
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
            }
        }
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
                queue.dropped(),
                light_ms.len(),
                at(0.5),
                at(0.95)
            );
        }
    }
    println!(
        "per picture: {:.1} ms to decode it, {:.1} ms to take it in",
        decoding_s * 1e3 / f64::from(frames),
        seeing_s * 1e3 / f64::from(frames)
    );
    println!(
        "in all {:.1} s of processor time in {:.1} s",
        processor_s() - before_s,
        start.elapsed().as_secs_f64()
    );
}

/// The picture as a JPEG of the usual quality of cameras.
fn jpeg(frame: &Frame) -> Vec<u8> {
    let (w, h) = (frame.y.width, frame.y.height);
    let mut rgb = image::RgbImage::new(w as u32, h as u32);
    for (x, y, pixel) in rgb.enumerate_pixels_mut() {
        let (x, y) = (x as usize, y as usize);
        let (cx, cy) = (x >> frame.chroma_shift.0, y >> frame.chroma_shift.1);
        let luma = f32::from(frame.y.row(y)[x]);
        let (u, v) = (
            f32::from(frame.u.row(cy)[cx]) - 128.0,
            f32::from(frame.v.row(cy)[cx]) - 128.0,
        );
        let code = |c: f32| c.round().clamp(0.0, 255.0) as u8;
        pixel.0 = [
            code(luma + 1.402 * v),
            code(luma - 0.344 * u - 0.714 * v),
            code(luma + 1.772 * u),
        ];
    }
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 85);
    rgb.write_with_encoder(encoder)
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
