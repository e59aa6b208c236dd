//! FFmpeg built in against the program: the same pictures at the same times, and what is left to the program.

use crate::tools::{Folder, Seen, have_ffmpeg, open, read_all};
use blinkdx::source::{self, DecoderChoice, FrameSource, OpenOptions, SourceError};
use std::fs;
use std::path::Path;

/// Two seconds of 97x63 px (odd on purpose) at 25 fps.
const CLIP: &str = "-f lavfi -i testsrc2=s=128x96:r=25:d=2,format=yuv444p,crop=97:63:exact=1";
/// The same in even sizes, which 4:2:0 codecs ask for.
const EVEN: &str = "-f lavfi -i testsrc2=s=96x64:r=25:d=2";

fn by_choice(path: &Path) -> Box<dyn FrameSource> {
    let options = OpenOptions {
        decoder: DecoderChoice::Ffmpeg,
        ..OpenOptions::default()
    };
    source::open(&path.to_string_lossy(), &options).unwrap()
}

fn is_built_in(source: &dyn FrameSource) -> bool {
    source.info().decoder.contains("built in")
}

/// Reads `path` both ways; panics unless the first one is built in.
fn both(path: &Path) -> [Seen; 2] {
    let mut built_in = by_choice(path);
    assert!(is_built_in(&*built_in), "{}", path.display());
    [read_all(&mut *built_in), read_all(&mut open(path).unwrap())]
}

#[test]
fn it_gives_what_the_program_gives() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("linked");
    for (name, args) in [
        ("b-frames.mp4", "-c:v libx264 -pix_fmt yuv420p -bf 3"),
        ("trimmed.mp4", "-ss 0.5 -c:v libx264 -pix_fmt yuv420p -bf 2"),
        (
            "gaps.mov",
            "-vf select='mod(n,5)' -fps_mode vfr -c:v libx264 -pix_fmt yuv420p",
        ),
        ("full-range.mp4", "-c:v libx264 -pix_fmt yuvj420p"),
        (
            "tagged.mp4",
            "-c:v libx264 -pix_fmt yuv420p -colorspace bt709 -color_trc arib-std-b67",
        ),
        (
            "interlaced.mp4",
            "-c:v libx264 -pix_fmt yuv420p -flags +ilme+ildct",
        ),
        (
            "hevc.mp4",
            "-c:v libx265 -x265-params log-level=none -tag:v hvc1 -pix_fmt yuv420p",
        ),
        ("mpeg4.mp4", "-c:v mpeg4"),
    ] {
        if !folder.make(name, &format!("{EVEN} {args}")) {
            continue;
        }
        let [built_in, program] = both(&folder.join(name));
        assert_eq!(built_in.end, program.end, "{name}");
        assert_eq!(built_in.pts_s.len(), program.pts_s.len(), "{name}");
        for (a, b) in built_in.pts_s.iter().zip(&program.pts_s) {
            assert!((a - b).abs() < 2e-6, "{name}: {a} {b}");
        }
        assert_eq!(built_in.luma, program.luma, "{name}");
        let (a, b) = (built_in.last, program.last);
        assert_eq!((a.y, a.u, a.v), (b.y, b.u, b.v), "{name}");
        assert_eq!(
            (a.chroma_shift, a.color),
            (b.chroma_shift, b.color),
            "{name}"
        );
    }
    for layout in ["yuv444p", "gray"] {
        let name = format!("{layout}.mp4");
        if folder.make(&name, &format!("{CLIP} -c:v libx264 -pix_fmt {layout}")) {
            let [built_in, program] = both(&folder.join(&name)).map(|s| s.last);
            assert_eq!((built_in.y.width, built_in.y.height), (97, 63));
            assert_eq!((built_in.y, built_in.v), (program.y, program.v), "{layout}");
        }
    }
}

#[test]
fn its_cells_and_its_seeking_are_those_of_the_program() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("linked-seek");
    if !folder.make(
        "clip.mp4",
        &format!("{EVEN} -c:v libx264 -pix_fmt yuv420p -g 10 -bf 2"),
    ) {
        return;
    }
    let path = folder.join("clip.mp4");
    let frame_at = |source: &mut dyn FrameSource| {
        source.prefer_cells();
        assert_eq!(source.seek(1.0), Ok(true));
        let mut frame = source::Frame::default();
        while source.read(&mut frame) == Ok(true) && frame.pts_s < 0.999 {}
        let cells = frame.cells.unwrap();
        let codes = source::cells::Channel::ALL.map(|c| cells.channel(c).to_vec());
        (frame.pts_s, codes)
    };
    let (built_in, program) = (
        frame_at(&mut *by_choice(&path)),
        frame_at(&mut open(&path).unwrap()),
    );
    assert!((built_in.0 - 1.0).abs() < 0.02 && (built_in.0 - program.0).abs() < 2e-6);
    assert_eq!(built_in.1, program.1);
}

#[test]
fn what_must_be_converted_is_left_to_the_program() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("linked-not");
    for (name, args) in [
        ("ten-bits.mp4", "-c:v libx264 -pix_fmt yuv420p10le"),
        ("screen.mov", "-c:v qtrle"),
        (
            "fragmented.mp4",
            "-c:v libx264 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov",
        ),
        ("matroska.mkv", "-c:v libx264 -pix_fmt yuv420p"),
    ] {
        if folder.make(name, &format!("{EVEN} {args}")) {
            let mut source = by_choice(&folder.join(name));
            assert!(!is_built_in(&*source), "{name}");
            assert_eq!(read_all(&mut *source).pts_s.len(), 50, "{name}");
        }
    }
}

#[test]
fn a_file_that_was_cut_off_gives_its_frames_and_then_says_so() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("linked-cut");
    let args = "-f lavfi -i testsrc2=s=96x64:r=25:d=6 -c:v libx264 -pix_fmt yuv420p -g 10";
    if !folder.make("clip.mp4", &format!("{args} -movflags faststart")) {
        return;
    }
    let path = folder.join("clip.mp4");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() * 6 / 10]).unwrap();
    let seen = read_all(&mut *by_choice(&path));
    let frames = seen.pts_s.len();
    assert!((50..140).contains(&frames), "{frames}");
    let cut = matches!(seen.end, Err(SourceError::Truncated { .. }));
    assert!(cut, "{:?}", seen.end);
}
