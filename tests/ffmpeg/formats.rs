//! Containers, codecs, layouts, colours and times.

use crate::tools::{Folder, have_ffmpeg, open, probe_times, read_all};
use blinkdx::source::{ColorInfo, DecoderChoice, FrameSource, Matrix, OpenOptions, Transfer};
use std::fs;
use std::path::Path;

/// 12 pictures of 96x64 px at 25 fps.
const CLIP: &str = "-f lavfi -i testsrc2=s=96x64:r=25:d=0.48";

#[test]
fn what_phones_cameras_and_recorders_write() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("formats");
    for (name, args) in [
        ("h264.mp4", "-c:v libx264 -pix_fmt yuv420p -bf 2"),
        ("h264.mov", "-c:v libx264 -pix_fmt yuv420p"),
        (
            "fragmented.mp4",
            "-c:v libx264 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov",
        ),
        ("interlaced.ts", "-c:v mpeg2video -flags +ilme+ildct"),
        ("h264.ts", "-c:v libx264 -pix_fmt yuv420p"),
        ("mpeg2.mpg", "-c:v mpeg2video"),
        (
            "hevc.mp4",
            "-c:v libx265 -x265-params log-level=none -tag:v hvc1 -pix_fmt yuv420p",
        ),
        ("vp8.webm", "-c:v libvpx"),
        ("vp9.webm", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime"),
        ("av1.mkv", "-c:v libaom-av1 -cpu-used 8 -usage realtime"),
        ("mjpeg.avi", "-c:v mjpeg"),
        ("mpeg4.avi", "-c:v mpeg4"),
        ("prores.mov", "-c:v prores"),
        ("screen.mkv", "-c:v ffv1 -pix_fmt bgr0"),
        ("flash.flv", "-c:v flv1"),
        ("windows.wmv", "-c:v wmv2"),
        ("ogg.ogv", "-c:v libtheora"),
    ] {
        if !folder.make(name, &format!("{CLIP} {args}")) {
            continue;
        }
        let mut source = open(&folder.join(name)).unwrap();
        assert_eq!(source.info().shown_size(), (96, 64), "{name}");
        let seen = read_all(&mut source);
        assert_eq!(seen.end, Ok(()), "{name}");
        assert_eq!(seen.pts_s.len(), 12, "{name}");
        let length = seen.pts_s[11] - seen.pts_s[0];
        assert!((length - 0.44).abs() < 0.002, "{name}: {length} s");
        assert_eq!((seen.last.y.width, seen.last.y.height), (96, 64), "{name}");
        assert_eq!(seen.last.y.data.len(), 96 * 64, "{name}");
    }
}

#[test]
fn layouts_keep_their_chroma() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("layouts");
    // (pixel format of the file, chroma shift and size of a 97x63 px picture)
    for (layout, shift, chroma) in [
        ("yuv420p", (1, 1), (49, 32)),
        ("yuv422p", (1, 0), (49, 63)),
        ("yuv444p", (0, 0), (97, 63)),
        ("gray", (0, 0), (0, 0)),
        ("yuv420p10le", (1, 1), (49, 32)),
        ("yuv422p10le", (1, 0), (49, 63)),
        ("gbrp", (0, 0), (97, 63)),
        ("nv12", (1, 1), (49, 32)),
    ] {
        let name = format!("{layout}.nut");
        let args = format!(
            "-f lavfi -i testsrc2=s=128x96:d=0.2,format=yuv444p,crop=97:63:exact=1 -pix_fmt {layout} -c:v rawvideo"
        );
        assert!(folder.make(&name, &args));
        let seen = read_all(&mut open(&folder.join(&name)).unwrap());
        assert_eq!(seen.end, Ok(()), "{layout}");
        assert_eq!(seen.pts_s.len(), 5, "{layout}");
        let size = |p: &blinkdx::source::Plane| (p.width, p.height);
        assert_eq!(seen.last.chroma_shift, shift, "{layout}");
        assert_eq!(size(&seen.last.u), chroma, "{layout}");
        assert_eq!(size(&seen.last.v), chroma, "{layout}");
        assert_eq!(seen.last.v.data.len(), chroma.0 * chroma.1, "{layout}");
    }
}

/// NUT may leave out the beginnings of small packets that look like those of common codecs, such as 0 0 1.
#[test]
fn small_pictures_keep_their_beginning() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("small");
    let args = "-f lavfi -i color=s=16x12:d=0.2,format=gray,geq=eq(X\\,2)*eq(Y\\,0) -c:v ffv1";
    assert!(folder.make("small.mkv", args));
    let seen = read_all(&mut open(&folder.join("small.mkv")).unwrap());
    assert_eq!(seen.end, Ok(()));
    let mut expected = vec![0; 16 * 12];
    expected[2] = 1;
    assert_eq!(seen.last.y.data, expected);
}

#[test]
fn colours_are_known() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("colours");
    let tagged = |matrix: &str, primaries: &str, transfer: &str, range: &str| {
        format!(
            "-vf setparams=colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}:range={range}"
        )
    };
    let info = |matrix, transfer, full_range| ColorInfo {
        matrix,
        transfer,
        full_range,
    };
    let ten = "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le";
    let eight = "-c:v libx264 -pix_fmt yuv420p";
    for (name, args, size, expected) in [
        (
            "pq.mp4",
            format!("{} {ten}", tagged("bt2020nc", "bt2020", "smpte2084", "tv")),
            "64x48",
            info(Matrix::Bt2020, Transfer::Pq, false),
        ),
        (
            "hlg.mp4",
            format!(
                "{} {ten}",
                tagged("bt2020nc", "bt2020", "arib-std-b67", "tv")
            ),
            "64x48",
            info(Matrix::Bt2020, Transfer::Hlg, false),
        ),
        (
            "full.mp4",
            format!("{} {eight}", tagged("bt709", "bt709", "bt709", "pc")),
            "64x48",
            info(Matrix::Bt709, Transfer::Sdr, true),
        ),
        (
            "mixed.mp4",
            format!("{} {eight}", tagged("smpte170m", "bt709", "bt709", "tv")),
            "1280x720",
            info(Matrix::Bt601, Transfer::Sdr, false),
        ),
        (
            "untagged-hd.mp4",
            eight.into(),
            "1280x720",
            info(Matrix::Bt709, Transfer::Sdr, false),
        ),
        (
            "untagged-sd.mp4",
            eight.into(),
            "64x48",
            info(Matrix::Bt601, Transfer::Sdr, false),
        ),
        (
            "jpeg.avi",
            "-c:v mjpeg".into(),
            "64x48",
            info(Matrix::Bt601, Transfer::Sdr, true),
        ),
        (
            "rgb-hd.mkv",
            "-c:v ffv1 -pix_fmt bgr0".into(),
            "1280x720",
            info(Matrix::Bt601, Transfer::Sdr, false),
        ),
    ] {
        let args = format!("-f lavfi -i testsrc2=s={size}:d=0.1 {args}");
        if folder.make(name, &args) {
            let seen = read_all(&mut open(&folder.join(name)).unwrap());
            assert_eq!(seen.last.color, expected, "{name}");
        }
    }
}

/// A red picture from RGB must come back red by the matrix that the frame names.
#[test]
fn rgb_is_converted_by_the_matrix_that_is_named() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("red");
    let args = "-f lavfi -i color=red:s=1280x720:d=0.1,format=gbrp -c:v ffv1";
    assert!(folder.make("red.mkv", args));
    let seen = read_all(&mut open(&folder.join("red.mkv")).unwrap());
    // BT.601, limited range (ITU-R BT.601 table 3): Y 81, Cb 90, Cr 240.
    let frame = seen.last;
    let sample = |p: &blinkdx::source::Plane| i32::from(p.data[p.data.len() / 2]);
    for (plane, expected) in [(&frame.y, 81), (&frame.u, 90), (&frame.v, 240)] {
        assert!((sample(plane) - expected).abs() <= 1, "{}", sample(plane));
    }
    assert_eq!(frame.color.matrix, Matrix::Bt601);
}

#[test]
fn variable_rates_and_edits_are_exact() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("times");
    let source = "-f lavfi -i testsrc2=s=64x48:r=60:d=2";
    // Uneven times, in units of 1/90000 s.
    let uneven =
        "-vf setpts='N*1500+mod(N*N\\,7)*140' -fps_mode passthrough -enc_time_base 1:90000";
    let x264 = "-c:v libx264 -pix_fmt yuv420p -bf 2";
    for (name, args) in [
        (
            "uneven.mp4",
            format!("{source} {uneven} {x264} -video_track_timescale 90000"),
        ),
        ("uneven.mkv", format!("{source} {uneven} {x264}")),
        (
            "slow.mov",
            format!("-f lavfi -i testsrc2=s=64x48:r=240:d=0.5 {x264}"),
        ),
        ("late.ts", format!("{source} {x264}")),
    ] {
        if !folder.make(name, &args) {
            continue;
        }
        assert_times_of_ffprobe(&folder.join(name));
    }
    // Cut without decoding: an edit list hides the pictures before the cut, which are still in the file.
    if folder.make("long.mp4", &format!("{source} {x264} -g 120"))
        && folder.make("trimmed.mp4", "-ss 0.5 -i long.mp4 -c copy")
    {
        let seen = read_all(&mut open(&folder.join("trimmed.mp4")).unwrap());
        assert_eq!(seen.end, Ok(()));
        assert_eq!(seen.pts_s.len(), 90);
        assert!(seen.pts_s[0].abs() < 0.001);
    }
}

fn assert_times_of_ffprobe(path: &Path) -> Vec<f64> {
    let seen = read_all(&mut open(path).unwrap());
    assert_eq!(seen.end, Ok(()), "{path:?}");
    if let Some(expected) = probe_times(path) {
        assert_eq!(seen.pts_s.len(), expected.len(), "{path:?}");
        for (ours, theirs) in seen.pts_s.iter().zip(&expected) {
            // ffprobe prints 6 digits.
            assert!((ours - theirs).abs() < 1.1e-6, "{path:?}: {ours} {theirs}");
        }
    }
    seen.pts_s
}

#[test]
fn negative_first_times_stay_negative() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("negative");
    let args = "-f lavfi -i testsrc2=s=64x48:r=60:d=1 -c:v libx264 -bf 2 -pix_fmt yuv420p \
                -movflags negative_cts_offsets -use_editlist 0 -video_track_timescale 15360";
    if !folder.make("clip.mp4", args) {
        return;
    }
    // Show all pictures 2048 ticks earlier: the `ctts` box (ISO/IEC 14496-12 8.6.1.3) has pairs of
    // a count and an offset, 32 bit each, after version, flags and the number of pairs.
    let mut file = fs::read(folder.join("clip.mp4")).unwrap();
    let entries = position(&file, b"ctts") + 4;
    let count = u32::from_be_bytes(file[entries..entries + 4].try_into().unwrap()) as usize;
    for pair in file[entries + 4..].chunks_exact_mut(8).take(count) {
        let offset = i32::from_be_bytes(pair[4..].try_into().unwrap()) - 2048;
        pair[4..].copy_from_slice(&offset.to_be_bytes());
    }
    fs::write(folder.join("negative.mp4"), file).unwrap();
    let times = assert_times_of_ffprobe(&folder.join("negative.mp4"));
    assert!((times[0] + 2048.0 / 15360.0).abs() < 1e-6, "{}", times[0]);
}

/// Offset behind the name of the first box of this name.
fn position(file: &[u8], name: &[u8; 4]) -> usize {
    file.windows(4).position(|w| w == name).unwrap() + 4
}

#[test]
fn pictures_come_turned_as_shown() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("turned");
    // White where the picture as coded has its top left quarter, else black.
    let args = "-f lavfi -i color=black:s=96x64:d=0.2,drawbox=0:0:48:32:white:fill \
                -c:v mpeg4 -q:v 2";
    assert!(folder.make("clip.mp4", args));
    let file = fs::read(folder.join("clip.mp4")).unwrap();
    const ONE: i32 = 1 << 16;
    // (a, b, c, d) of the track header's matrix: x' = a x + c y, y' = b x + d y, and where the white goes.
    for ((a, b, c, d), size, white) in [
        ((ONE, 0, 0, ONE), (96, 64), (24, 16)),
        // As phones write clips held upright, upside down and the other way upright.
        ((0, ONE, -ONE, 0), (64, 96), (48, 24)),
        ((-ONE, 0, 0, -ONE), (96, 64), (72, 48)),
        ((0, -ONE, ONE, 0), (64, 96), (16, 72)),
        // Mirrored, as front cameras do, and mirrored upright.
        ((-ONE, 0, 0, ONE), (96, 64), (72, 16)),
        ((0, ONE, ONE, 0), (64, 96), (16, 24)),
    ] {
        // 40 bytes of the box `tkhd`, version 0, stand before its matrix (ISO/IEC 14496-12 8.3.2).
        let mut turned = file.clone();
        let matrix = position(&turned, b"tkhd") + 40;
        for (row, value) in [(0, a), (1, b), (3, c), (4, d)] {
            let at = matrix + 4 * row;
            turned[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        let path = folder.join("turned.mp4");
        fs::write(&path, turned).unwrap();
        // Turned by ffmpeg, and as this program opens it, which leaves the turning to the last.
        let spec = path.to_string_lossy().into_owned();
        let opened = blinkdx::source::open(&spec, &OpenOptions::default()).unwrap();
        assert_eq!(opened.info().coded_width, 96);
        let turned: Box<dyn FrameSource> = Box::new(open(&path).unwrap());
        for mut source in [turned, opened] {
            assert_eq!(source.info().shown_size(), size, "{a} {b} {c} {d}");
            let frame = read_all(&mut *source).last;
            let orientation = source.info().orientation;
            let (w, h) = (frame.y.width as f64, frame.y.height as f64);
            // The middle of each quarter of the picture as shown.
            for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (x, y) = (size.0 * (1 + 2 * column) / 4, size.1 * (1 + 2 * row) / 4);
                let (x_coded, y_coded) = orientation.to_coded((f64::from(x), f64::from(y)), w, h);
                let luma = frame.y.row(y_coded as usize)[x_coded as usize];
                assert_eq!(luma > 128, (x, y) == white, "{a} {b} {c} {d} at {x} {y}");
            }
        }
    }
}

#[test]
fn a_cover_picture_is_no_video() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("cover");
    assert!(folder.make("cover.png", "-f lavfi -i color=red:s=32x32 -frames:v 1"));
    assert!(folder.make("sound.wav", "-f lavfi -i sine=d=0.2"));
    let args =
        "-i sound.wav -i cover.png -map 0 -map 1 -c:a aac -c:v copy -disposition:v attached_pic";
    if !folder.make("song.m4a", args) {
        return;
    }
    let error = open(&folder.join("song.m4a")).err().unwrap().to_string();
    assert!(error.contains("no video track"), "{error}");
}

#[test]
fn pictures_that_a_recorder_of_screens_left_out_come_as_often_as_they_stand_for() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("left-out");
    // A red square of .2 s every 2 s, and nothing written but its changes.
    let args = "-f lavfi -i color=gray:s=96x64:r=30:d=8 -vf \
                drawbox=x=40:y=30:w=9:h=9:t=fill:color=red:enable='lt(mod(t,2),0.2)',mpdecimate \
                -fps_mode vfr -pix_fmt yuv420p";
    for (name, codec) in [
        ("screen.mp4", "libx264"),
        ("screen.webm", "libvpx-vp9 -cpu-used 8 -deadline realtime"),
    ] {
        if !folder.make(name, &format!("{args} -c:v {codec}")) {
            continue;
        }
        let path = folder.join(name);
        assert!(
            read_all(&mut open(&path).unwrap()).pts_s.len() < 12,
            "{name}: as it was written"
        );
        for decoder in [DecoderChoice::Auto, DecoderChoice::Embedded] {
            let options = OpenOptions {
                decoder,
                ..OpenOptions::default()
            };
            let mut source = blinkdx::source::open(path.to_str().unwrap(), &options).unwrap();
            let seen = read_all(source.as_mut());
            assert_eq!(seen.end, Ok(()), "{name}");
            // Three whole periods and the last flash; for how long the last picture stands is not known.
            let length = seen.pts_s[seen.pts_s.len() - 1] - seen.pts_s[0];
            assert!((length - 6.2).abs() < 0.05, "{name}: {length} s");
            assert_eq!(seen.pts_s.len(), 3 * 50 + 5 + 1, "{name}");
            let lit = seen
                .luma
                .iter()
                .filter(|&&l| l < seen.luma[20] - 0.2)
                .count();
            assert_eq!(lit, 4 * 5, "{name}");
        }
    }
}
