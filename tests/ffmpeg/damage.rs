//! Damaged, foreign and hostile files.

use crate::tools::{Folder, have_ffmpeg, open, read_all};
use blinkdx::source::ffmpeg::FfmpegSource;
use blinkdx::source::{FrameSource, OpenOptions, SourceError};
use std::path::Path;
use std::{env, fs};

/// Two seconds of 96x64 px at 25 fps.
const CLIP: &str = "-f lavfi -i testsrc2=s=96x64:r=25:d=2";

#[test]
fn a_file_cut_short_gives_its_frames_and_then_says_so() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("cut");
    let x264 = "-c:v libx264 -pix_fmt yuv420p -g 10";
    for (name, args) in [
        ("index-first.mp4", format!("{x264} -movflags faststart")),
        (
            "fragmented.mp4",
            format!("{x264} -movflags frag_keyframe+empty_moov"),
        ),
        ("matroska.mkv", x264.to_owned()),
        ("mjpeg.avi", "-c:v mjpeg".to_owned()),
    ] {
        if !folder.make(name, &format!("{CLIP} {args}")) {
            continue;
        }
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() * 6 / 10]).unwrap();
        let mut source = open(&path).unwrap();
        let seen = read_all(&mut source);
        assert!(
            (15..45).contains(&seen.pts_s.len()),
            "{name}: {}",
            seen.pts_s.len()
        );
        assert!(
            matches!(seen.end, Err(SourceError::Truncated { .. })),
            "{name}: {:?}",
            seen.end
        );
        // After the error the stream is over.
        assert_eq!(read_all(&mut source).pts_s.len(), 0, "{name}");
    }
}

#[test]
fn a_file_without_its_index_says_so() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("index");
    if !folder.make("clip.mp4", &format!("{CLIP} -c:v libx264 -pix_fmt yuv420p")) {
        return;
    }
    let path = folder.join("clip.mp4");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let error = open(&path).err().unwrap();
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("index"), "{error}");

    // Cut amid the index ffmpeg finds a track of data and no video; the program still says what happened.
    let index = whole.windows(4).position(|w| w == b"trak").unwrap();
    fs::write(&path, &whole[..index + 20]).unwrap();
    let spec = path.to_str().unwrap();
    let error = blinkdx::source::open(spec, &OpenOptions::default()).err();
    let error = error.unwrap().to_string();
    assert!(error.contains("cut off"), "{error}");
}

#[test]
fn flipped_bits_never_panic() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("bits");
    if !folder.make("clip.mkv", &format!("{CLIP} -c:v libx264 -pix_fmt yuv420p")) {
        return;
    }
    let whole = fs::read(folder.join("clip.mkv")).unwrap();
    let path = folder.join("damaged.mkv");
    for seed in 1..6 {
        let mut damaged = whole.clone();
        for i in 0..20 {
            let at = (seed * 7919 + i * 104_729) % damaged.len();
            damaged[at] ^= 1 << (i % 8);
        }
        fs::write(&path, &damaged).unwrap();
        match open(&path) {
            Ok(mut source) => assert!(read_all(&mut source).pts_s.len() <= 60),
            Err(e) => assert!(!e.to_string().contains('\n')),
        }
    }
}

#[test]
fn no_video_in_it() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("novideo");
    let missing = open(&folder.join("missing.mp4")).err().unwrap();
    assert!(
        matches!(missing, SourceError::Unreadable { .. }),
        "{missing}"
    );
    let folder_itself = open(&folder.join(".")).err().unwrap();
    assert!(
        matches!(folder_itself, SourceError::Unreadable { .. }),
        "{folder_itself}"
    );

    assert!(folder.make("sound.wav", "-f lavfi -i sine=d=0.2"));
    assert!(folder.make("sound.m4a", "-i sound.wav -c:a aac"));
    let sound = open(&folder.join("sound.m4a")).err().unwrap().to_string();
    assert!(sound.contains("no video track"), "{sound}");

    for (name, content) in [("empty.mp4", ""), ("text.mp4", "this is no video\n")] {
        fs::write(folder.join(name), content).unwrap();
        let error = open(&folder.join(name)).err().unwrap();
        assert!(matches!(error, SourceError::Invalid { .. }), "{error:?}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

/// Files that name other files: each names a good clip beside it, and none may lead there.
#[test]
fn playlists_are_refused() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("playlists");
    if !folder.make("clip.ts", &format!("{CLIP} -c:v mpeg2video")) {
        return;
    }
    assert!(open(&folder.join("clip.ts")).is_ok());
    let clip = folder.join("clip.ts");
    let clip = clip.to_string_lossy();
    for (name, content) in [
        (
            "list.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nclip.ts\n#EXT-X-ENDLIST\n".to_owned(),
        ),
        ("list.ffconcat", "ffconcat version 1.0\nfile clip.ts\n".to_owned()),
        ("list.mp4", format!("ffconcat version 1.0\nfile '{clip}'\n")),
        (
            "list.sdp",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
                .to_owned(),
        ),
        (
            "list.mpd",
            format!(
                "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" \
                 profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\" mediaPresentationDuration=\"PT2S\">\
                 <Period><AdaptationSet mimeType=\"video/mp2t\"><Representation id=\"1\" bandwidth=\"1\">\
                 <BaseURL>{clip}</BaseURL></Representation></AdaptationSet></Period></MPD>"
            ),
        ),
    ] {
        fs::write(folder.join(name), content).unwrap();
        let error = open(&folder.join(name)).err();
        assert!(error.is_some(), "{name} was followed");
    }
}

/// Names that an option parser or a protocol would take for its own.
#[test]
fn names_are_only_names() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("names");
    if !folder.make("clip.mp4", &format!("{CLIP} -c:v mpeg4")) {
        return;
    }
    // Relative names, so that they begin as they stand. No other test of this program changes the folder.
    env::set_current_dir(folder.join(".")).unwrap();
    for name in [
        "-y",
        "-i",
        "-",
        "--help",
        "pipe:0",
        "concat:a|b",
        "http:",
        "%03d.mp4",
        "a b'c\"d.mp4",
        "new\nline.mp4",
        "ümläut.mp4",
        "$(touch x).mp4",
    ] {
        fs::copy("clip.mp4", name).unwrap();
        let seen = read_all(&mut FfmpegSource::open(Path::new(name), name, None, None).unwrap());
        assert_eq!(seen.pts_s.len(), 50, "{name:?}");
        assert_eq!(seen.end, Ok(()), "{name:?}");
    }
    assert!(!Path::new("x").exists());
}

#[test]
fn a_source_dropped_early_leaves_no_process() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("drop");
    if !folder.make("clip.mp4", "-f lavfi -i testsrc2=s=640x480:d=20 -c:v mpeg4") {
        return;
    }
    let path = folder.join("clip.mp4");
    let mut source = open(&path).unwrap();
    let mut frame = blinkdx::source::Frame::default();
    assert_eq!(source.read(&mut frame), Ok(true));
    drop(source);
    // Where the system shows its processes, none may name the clip.
    let Ok(processes) = fs::read_dir("/proc") else {
        return;
    };
    let name = path.to_string_lossy().into_owned();
    for process in processes.flatten() {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&command).contains(&name));
    }
}
