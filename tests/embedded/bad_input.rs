//! What can't be read is an error of one line that says why and what to do; never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use blinkdx::source::SourceError;

use crate::fixtures::fixture;
use crate::reference::{open_embedded, read_all, scratch};

/// A file with these bytes in the scratch folder.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(name);
    fs::write(&path, bytes).expect("a scratch file");
    path
}

fn error_of(path: &Path) -> SourceError {
    let error = open_embedded(path).err().expect("an error");
    let text = error.to_string();
    assert!(!text.contains('\n'), "one line: {text}");
    let name = path.file_name().expect("a file name").to_string_lossy();
    assert!(text.contains(&*name), "names the file: {text}");
    error
}

/// How many frames came, and how it ended.
fn outcome(path: &Path) -> (usize, Option<SourceError>) {
    let mut source = open_embedded(path).expect("opens");
    let (pictures, error) = read_all(source.as_mut());
    (pictures.len(), error)
}

/// The clip with the bytes after the first `tag` overwritten.
fn patched(name: &str, tag: &[u8; 4], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut clip = fs::read(fixture(name)).expect("a fixture");
    let at = clip.windows(4).position(|w| w == tag).expect("the tag") + 4 + offset;
    clip[at..at + bytes.len()].copy_from_slice(bytes);
    clip
}

#[test]
fn a_missing_file() {
    let error = error_of(&scratch("no_such_clip.mp4"));
    assert!(matches!(error, SourceError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("no such file"), "{error}");
}

#[test]
fn an_empty_file() {
    let error = error_of(&file("empty.mp4", b""));
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("empty"), "{error}");
}

#[test]
fn text_renamed_to_a_video() {
    let error = error_of(&file(
        "notes.mp4",
        b"Dear customer,\nplease find attached\n",
    ));
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("text"), "{error}");
}

#[cfg(unix)]
#[test]
fn no_permission() {
    use std::os::unix::fs::PermissionsExt;
    let path = file("locked.mp4", b"\0\0\0\x10ftypisom\0\0\0\0");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("chmod");
    if fs::File::open(&path).is_ok() {
        eprintln!("skipped: no_permission: this user may read everything");
        return;
    }
    let error = error_of(&path);
    assert!(matches!(error, SourceError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("permission"), "{error}");
}

#[test]
fn cut_in_the_middle() {
    for name in ["h264.mp4", "h264_fragmented.mp4", "h264.mkv", "mjpeg.avi"] {
        let whole = fs::read(fixture(name)).expect("a fixture");
        // The first picture and the index take most of so small a clip.
        let path = file(&format!("cut_{name}"), &whole[..whole.len() * 19 / 20]);
        let (frames, error) = outcome(&path);
        assert!((1..12).contains(&frames), "{name}: {frames} frames");
        assert!(
            matches!(error, Some(SourceError::Truncated { .. })),
            "{name}: {error:?}"
        );
    }
}

/// What a recorder has written so far is read; what it writes meanwhile may be, too.
#[test]
fn a_file_still_being_written() {
    use std::io::Write;
    for name in ["h264_fragmented.mp4", "h264.mkv"] {
        let whole = fs::read(fixture(name)).expect("a fixture");
        let (first, rest) = whole.split_at(whole.len() * 19 / 20);
        let so_far = file(&format!("so_far_{name}"), first);
        let (least, _) = outcome(&so_far);
        let (all, end) = outcome(&fixture(name));
        assert_eq!(end, None);

        let path = file(&format!("growing_{name}"), first);
        let mut source = open_embedded(&path).expect("opens");
        let mut recorder = fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .expect("a file");
        recorder.write_all(rest).expect("written");
        let (pictures, end) = read_all(source.as_mut());
        let frames = pictures.len();
        assert!((least..=all).contains(&frames), "{name}: {frames} frames");
        assert!(
            matches!(end, None | Some(SourceError::Truncated { .. })),
            "{name}: {end:?}"
        );
        assert_eq!(end.is_none(), frames == all, "{name}: {end:?}");
    }
}

/// The rest is read, and the user is told.
#[test]
fn a_damaged_picture_is_told_of() {
    let mut clip = fs::read(fixture("mjpeg.avi")).expect("a fixture");
    let find = |tag: &[u8], from: usize| {
        let at = clip[from..].windows(4).position(|w| w == tag);
        from + at.expect("the tag") + 4
    };
    let first = find(b"00dc", find(b"movi", 0));
    // The start of the second picture, after the size of its chunk.
    let second = find(b"00dc", first) + 4;
    clip[second..second + 4].fill(0);
    let mut source = open_embedded(&file("damaged.avi", &clip)).expect("opens");
    let (pictures, error) = read_all(source.as_mut());
    assert_eq!((pictures.len(), error), (11, None));
    assert!(source.warnings()[0].starts_with("damaged pictures: 1"));
}

#[test]
fn cut_before_an_index_that_lies_at_the_end() {
    let whole = fs::read(fixture("h264_index_last.mov")).expect("a fixture");
    let error = error_of(&file("cut_index.mov", &whole[..whole.len() / 2]));
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("moov"), "{error}");
}

#[test]
fn every_length_of_a_cut_file_is_survived() {
    for name in ["h264.mp4", "h264_fragmented.mp4", "h264.mkv", "vp9.webm"] {
        let whole = fs::read(fixture(name)).expect("a fixture");
        for length in (0..whole.len()).step_by(97) {
            let path = file(&format!("length_{name}"), &whole[..length]);
            if let Ok(mut source) = open_embedded(&path) {
                assert!(read_all(source.as_mut()).0.len() <= 12, "{name}: {length}");
            }
        }
    }
}

#[test]
fn no_video_track() {
    let error = error_of(&fixture("sound_only.mp4"));
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
    assert!(error.to_string().contains("no video track"), "{error}");
}

#[test]
fn an_unsupported_codec_is_named_with_what_helps() {
    let error = error_of(&fixture("mpeg2.mp4"));
    assert!(matches!(error, SourceError::Unsupported { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("MPEG-2") && text.contains("install ffmpeg"),
        "{text}"
    );
}

#[test]
fn a_container_for_ffmpeg_is_named() {
    let mut packets = vec![0xff; 188 * 4];
    packets
        .iter_mut()
        .step_by(188)
        .for_each(|sync| *sync = 0x47);
    let error = error_of(&file("stream.ts", &packets));
    assert!(matches!(error, SourceError::Unsupported { .. }), "{error}");
    assert!(
        error.to_string().contains("MPEG transport stream"),
        "{error}"
    );
}

#[test]
fn a_playlist_is_not_followed() {
    let error = error_of(&file("list.m3u8", b"#EXTM3U\nfile:///etc/passwd\n"));
    assert!(matches!(error, SourceError::Unsupported { .. }), "{error}");
}

#[test]
fn no_sample_at_all() {
    // Sample count of the size table, after version, flags and common size.
    let clip = patched("h264.mp4", b"stsz", 8, &[0; 4]);
    let error = error_of(&file("no_sample.mp4", &clip));
    assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
}

#[test]
fn one_frame() {
    assert_eq!(outcome(&fixture("one_frame.mp4")), (1, None));
}

#[test]
fn ten_thousand_pixels_wide() {
    let source = open_embedded(&fixture("wide.mp4")).expect("opens");
    assert_eq!(source.info().coded_width, 10_000);
    assert_eq!(outcome(&fixture("wide.mp4")), (2, None));
}

/// A table that promises four billion samples of one size must not be believed before it is read.
#[test]
fn four_billion_samples() {
    let mut table = 64_u32.to_be_bytes().to_vec();
    table.extend(u32::MAX.to_be_bytes());
    let clip = patched("h264.mp4", b"stsz", 4, &table);
    if let Ok(mut source) = open_embedded(&file("many.mp4", &clip)) {
        read_all(source.as_mut());
    }
}

#[test]
fn samples_outside_the_file() {
    // The offset of the first chunk, after version, flags and count.
    let clip = patched("h264.mp4", b"stco", 8, &0x7fff_ffff_u32.to_be_bytes());
    let error = error_of(&file("outside.mp4", &clip));
    assert!(matches!(error, SourceError::Truncated { .. }), "{error}");
}

/// The size of a VP9 picture lies in 32 bits of its header; what they ask for is not allocated.
#[test]
fn a_picture_of_giant_size() {
    let mut clip = fs::read(fixture("vp9.webm")).expect("a fixture");
    let sync = clip.windows(3).position(|w| w == [0x49, 0x83, 0x42]);
    let at = sync.expect("a key frame") + 3;
    // Colour space and range take 4 bits, then follow width and height less one.
    clip[at] |= 0x0f;
    clip[at + 1..at + 4].fill(0xff);
    clip[at + 4] |= 0xf0;
    let error = error_of(&file("giant.webm", &clip));
    assert!(error.to_string().contains("65536x65536"), "{error}");
}
