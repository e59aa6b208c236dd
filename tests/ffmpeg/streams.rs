//! Standard input, and the practice clips.

use crate::tools::{Folder, have_ffmpeg, open, read_all};
use blinkdx::source::{SourceError, open_stream};
use std::fs::{self, File};
use std::io::Cursor;
use std::path::PathBuf;

/// Two seconds of 96x64 px at 25 fps.
const CLIP: &str = "-f lavfi -i testsrc2=s=96x64:r=25:d=2";

#[test]
fn every_stream_format_gives_the_same_pictures() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("streams");
    for (name, args, times) in [
        ("raw.y4m", "-pix_fmt yuv420p", true),
        ("pictures.mjpeg", "-c:v mjpeg -q:v 2", true),
        ("film.mkv", "-c:v ffv1", true),
        ("film.ts", "-c:v mpeg2video -q:v 2", false),
    ] {
        assert!(folder.make(name, &format!("{CLIP} {args}")));
        let file = File::open(folder.join(name)).unwrap();
        let mut source = open_stream(file, "-", Some(25.0), true).unwrap();
        assert_eq!(source.info().shown_size(), (96, 64), "{name}");
        let seen = read_all(&mut *source);
        assert_eq!(seen.end, Ok(()), "{name}");
        assert_eq!(seen.pts_s.len(), 50, "{name}");
        if times {
            for (i, pts) in seen.pts_s.iter().enumerate() {
                assert!(
                    (pts - i as f64 / 25.0).abs() < 1e-6,
                    "{name}: frame {i} at {pts}"
                );
            }
        }
    }
}

#[test]
fn streams_without_a_video_are_errors() {
    let error = |bytes: &'static [u8], with_ffmpeg| {
        open_stream(Cursor::new(bytes), "-", None, with_ffmpeg)
            .err()
            .unwrap()
    };
    assert!(matches!(error(b"", false), SourceError::Invalid { .. }));
    assert!(matches!(
        error(b"hello", false),
        SourceError::Unsupported { .. }
    ));
    if have_ffmpeg() {
        assert!(matches!(error(b"hello", true), SourceError::Invalid { .. }));
        let playlist = b"#EXTM3U\n#EXTINF:2,\nclip.ts\n#EXT-X-ENDLIST\n";
        assert!(!matches!(
            error(playlist, true),
            SourceError::Truncated { .. }
        ));
    }
}

/// The recordings of real devices, where the environment variable `BLINKDX_CORPUS` names their folder.
#[test]
fn real_recordings_are_read_whole() {
    let Some(corpus) = std::env::var_os("BLINKDX_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: BLINKDX_CORPUS is not set");
        return;
    };
    if !have_ffmpeg() {
        return;
    }
    // (file, frames, size as shown in px, time of the last frame in s)
    for (name, frames, size, last) in [
        ("smallest_blink.mp4", 65, (852, 480), 2.56),
        ("c2m_sos.mov", 332, (720, 720), 11.033_333),
        ("seled_pi_test.mp4", 427, (1080, 1920), 17.04),
    ] {
        let path = corpus.join("real").join(name);
        if fs::metadata(&path).is_err() {
            eprintln!("skipped {name}: not in the corpus");
            continue;
        }
        let mut source = open(&path).unwrap();
        let seen = read_all(&mut source);
        assert_eq!(seen.end, Ok(()), "{name}");
        assert_eq!(seen.pts_s.len(), frames, "{name}");
        use blinkdx::source::FrameSource;
        assert_eq!(source.info().shown_size(), size, "{name}");
        assert!((seen.pts_s[frames - 1] - last).abs() < 2e-6, "{name}");
    }
}
