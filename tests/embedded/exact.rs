//! Pictures and times equal those of `ffmpeg`.

use blinkdx::source::{ColorInfo, Frame, Matrix, SourceError, Transfer};

use crate::common::corpus;
use crate::reference::{
    assert_same, assert_same_luma, ffmpeg, have_ffmpeg, open_embedded, read_all, scratch,
};

/// A moving test picture with noise, which makes every coding tool work.
const SOURCE: &str = "-f lavfi -i testsrc2=size=176x144:rate=30:duration=1.5,noise=alls=12:allf=t+u:all_seed=7 -pix_fmt yuv420p";

fn check(name: &str, args: &str, bits: u32, tolerance: u8) {
    if !have_ffmpeg(name) {
        return;
    }
    let clip = scratch(name);
    ffmpeg(&format!("{SOURCE} {args}"), &clip);
    assert_same(&clip, bits, tolerance);
}

#[test]
fn h264_high_with_b_pyramid() {
    check(
        "high.mp4",
        "-c:v libx264 -preset medium -bf 3 -x264-params b-pyramid=normal:ref=4:8x8dct=1:threads=1",
        8,
        0,
    );
}

#[test]
fn h264_baseline_in_mov() {
    check("baseline.mov", "-c:v libx264 -profile:v baseline", 8, 0);
}

#[test]
fn h264_open_gop_and_slices() {
    check(
        "open_gop.mp4",
        "-c:v libx264 -g 12 -bf 2 -x264-params open-gop=1:slices=3:weightp=2",
        8,
        0,
    );
}

/// A stream that turns into one that the faster decoder does not know.
#[test]
fn h264_that_becomes_interlaced() {
    if !have_ffmpeg("change of decoder") {
        return;
    }
    let (first, second) = (scratch("progressive.mp4"), scratch("interlaced.mp4"));
    let (list, clip) = (scratch("both.txt"), scratch("both.mkv"));
    let x264 = format!("{SOURCE} -frames:v 20 -c:v libx264 -bf 2 -g 12");
    ffmpeg(&x264, &first);
    ffmpeg(&format!("{x264} -flags +ildct+ilme"), &second);
    std::fs::write(&list, "file progressive.mp4\nfile interlaced.mp4\n").expect("a list");
    // As a stream with the parameter sets beside the pictures they are for.
    let copy = "-c copy -bsf:v h264_mp4toannexb";
    ffmpeg(&format!("-f concat -i {} {copy}", list.display()), &clip);
    assert_same(&clip, 8, 0);
}

#[test]
fn h264_ten_bit() {
    check(
        "high10.mp4",
        "-pix_fmt yuv420p10le -c:v libx264 -bf 2",
        10,
        0,
    );
}

#[test]
fn h264_interlaced() {
    check("mbaff.mp4", "-c:v libx264 -bf 2 -flags +ildct+ilme", 8, 0);
}

#[test]
fn hevc_main() {
    check(
        "main.mp4",
        "-c:v libx265 -tag:v hvc1 -x265-params log-level=none:bframes=4:b-pyramid=1:slices=2:keyint=20",
        8,
        0,
    );
}

#[test]
fn hevc_main10() {
    check(
        "main10.mp4",
        "-pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none:bframes=3",
        10,
        0,
    );
}

/// A clip that starts at an open group of pictures: its leading pictures can't be decoded, and no
/// time may move to another picture for it.
#[test]
fn hevc_cut_at_an_open_group() {
    if !have_ffmpeg("cra") {
        return;
    }
    let (whole, cut) = (scratch("open.hevc.mp4"), scratch("cra.mp4"));
    let x265 = "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=15:min-keyint=15:bframes=4:scenecut=0";
    ffmpeg(&format!("{SOURCE} {x265}"), &whole);
    // Without an edit list, so that nothing else hides the leading pictures.
    let copy = "-c copy -use_editlist 0 -frames:v 20";
    ffmpeg(&format!("-ss 0.6 -i {} {copy}", whole.display()), &cut);
    let shown = assert_same(&cut, 8, 0);
    assert!(shown < 20, "the leading pictures were not decoded");
}

#[test]
fn matroska_h264_and_hevc() {
    check("h264.mkv", "-c:v libx264 -bf 3", 8, 0);
    check(
        "hevc.mkv",
        "-c:v libx265 -x265-params log-level=none:bframes=3",
        8,
        0,
    );
}

/// As a browser records: clusters of unknown size, no index.
#[test]
fn matroska_live() {
    check("live.mkv", "-c:v libx264 -f matroska -live 1", 8, 0);
}

#[test]
fn vp9_in_webm_and_mp4() {
    let vp9 = "-c:v libvpx-vp9 -b:v 200k -deadline realtime -cpu-used 6 -auto-alt-ref 1 -lag-in-frames 12";
    check("vp9.webm", vp9, 8, 0);
    check("vp9.mp4", vp9, 8, 0);
    check("vp9_10.webm", &format!("-pix_fmt yuv420p10le {vp9}"), 10, 0);
}

#[cfg(feature = "vp8")]
#[test]
fn vp8_in_webm() {
    check(
        "vp8.webm",
        "-c:v libvpx -b:v 200k -deadline realtime -auto-alt-ref 1 -lag-in-frames 12",
        8,
        0,
    );
}

#[cfg(feature = "av1")]
#[test]
fn av1_in_webm_and_mp4() {
    let av1 = "-frames:v 16 -c:v libaom-av1 -cpu-used 8 -crf 40 -b:v 0";
    check("av1.webm", av1, 8, 0);
    check("av1.mp4", &format!("-pix_fmt yuv420p10le {av1}"), 10, 0);
}

/// Chroma is smoothed on the way, and the transforms of two decoders may round differently.
#[test]
fn mjpeg_in_every_container() {
    for name in ["mjpeg.avi", "mjpeg.mov", "mjpeg.mp4", "mjpeg.mkv"] {
        if !have_ffmpeg(name) {
            return;
        }
        let clip = scratch(name);
        ffmpeg(
            &format!("{SOURCE} -pix_fmt yuvj420p -c:v mjpeg -q:v 3"),
            &clip,
        );
        assert_same_luma(&clip, 2);
    }
}

#[test]
fn mp4_fragmented() {
    check(
        "fragmented.mp4",
        "-c:v libx264 -bf 2 -g 15 -movflags frag_keyframe+empty_moov+default_base_moof",
        8,
        0,
    );
    check(
        "fragmented_old.mp4",
        "-c:v libx264 -bf 2 -g 15 -movflags frag_keyframe",
        8,
        0,
    );
}

#[test]
fn mp4_index_first_and_negative_composition_offsets() {
    check(
        "faststart.mp4",
        "-c:v libx264 -bf 2 -movflags faststart",
        8,
        0,
    );
    check(
        "negative_cts.mp4",
        "-c:v libx264 -bf 2 -movflags negative_cts_offsets",
        8,
        0,
    );
}

#[test]
fn mp4_with_sound_beside_it() {
    if !have_ffmpeg("sound.mp4") {
        return;
    }
    let clip = scratch("sound.mp4");
    let sound = "-f lavfi -i sine=duration=1.5";
    ffmpeg(
        &format!("{sound} {SOURCE} -c:v libx264 -bf 2 -c:a aac"),
        &clip,
    );
    assert_same(&clip, 8, 0);
}

#[test]
fn mp4_with_variable_frame_rate() {
    // Every third picture is dropped and the clock is stretched: steps of 1 and 2 ticks.
    check(
        "vfr.mp4",
        "-vf select=mod(n\\,3),setpts=PTS+0.004*mod(N\\,2)/TB -fps_mode vfr -video_track_timescale 90000 -c:v libx264 -bf 2",
        8,
        0,
    );
}

#[test]
fn mp4_trimmed_by_an_edit_list() {
    if !have_ffmpeg("edit list") {
        return;
    }
    let (whole, trimmed) = (scratch("whole.mp4"), scratch("trimmed.mp4"));
    ffmpeg(&format!("{SOURCE} -c:v libx264 -bf 2 -g 60"), &whole);
    ffmpeg(
        &format!("-ss 0.5 -i {} -t 0.6 -c copy", whole.display()),
        &trimmed,
    );
    let shown = assert_same(&trimmed, 8, 0);
    assert!(
        shown < 25,
        "the edit list hides the pictures before the cut"
    );
}

#[test]
fn mp4_turned_by_its_matrix() {
    if !have_ffmpeg("orientation") {
        return;
    }
    let upright = scratch("upright.mp4");
    ffmpeg(&format!("{SOURCE} -c:v libx264 -frames:v 1"), &upright);
    for degrees in [90, 180, 270] {
        let clip = scratch(&format!("turned{degrees}.mp4"));
        let rotate = format!("-c copy -metadata:s:v:0 rotate={degrees}");
        ffmpeg(&format!("-i {} {rotate}", upright.display()), &clip);
        let mut source = open_embedded(&clip).expect("opens");
        let orientation = source.info().orientation;
        let (shown_w, _) = source.info().shown_size();
        let coded = &read_all(source.as_mut()).0[0].samples;

        // ffmpeg turns the picture by itself; ours says where each sample goes.
        let shown = scratch(&format!("turned{degrees}.gray"));
        let luma = "-vf extractplanes=y -pix_fmt gray -f rawvideo";
        ffmpeg(&format!("-i {} {luma}", clip.display()), &shown);
        let shown = std::fs::read(shown).expect("raw picture");
        for y in 0..144 {
            for x in 0..176 {
                let centre = (x as f64 + 0.5, y as f64 + 0.5);
                let (sx, sy) = orientation.to_shown(centre, 176.0, 144.0);
                let there = shown[sy as usize * shown_w as usize + sx as usize];
                assert_eq!(there, coded[y * 176 + x], "{degrees} degrees, {x},{y}");
            }
        }
    }
}

#[test]
fn a_size_that_changes_on_the_way() {
    if !have_ffmpeg("change of size") {
        return;
    }
    let list = scratch("sizes.txt");
    for (name, scale) in [("size1.mp4", "176:144"), ("size2.mp4", "160:96")] {
        let filter = format!("-vf scale={scale} -frames:v 10 -c:v libx264 -bf 2");
        ffmpeg(&format!("{SOURCE} {filter}"), &scratch(name));
    }
    std::fs::write(&list, "file size1.mp4\nfile size2.mp4\n").expect("a list");
    let clip = scratch("sizes.mkv");
    let copy = "-c copy -bsf:v h264_mp4toannexb";
    ffmpeg(&format!("-f concat -i {} {copy}", list.display()), &clip);
    let (pictures, error) = read_all(open_embedded(&clip).expect("opens").as_mut());
    assert_eq!(pictures.len(), 10);
    let text = error.expect("an error").to_string();
    assert!(text.contains("176x144 to 160x96"), "{text}");
}

/// Colours as tagged in the stream and in the container, each alone and untagged.
#[test]
fn colours() {
    if !have_ffmpeg("colours") {
        return;
    }
    let hlg = "-color_primaries bt2020 -color_trc arib-std-b67 -colorspace bt2020nc";
    let pq = "-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc";
    let x265 = "-frames:v 1 -pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none";
    let x264 = "-frames:v 1 -c:v libx264";
    let color = |matrix, transfer, full_range| ColorInfo {
        matrix,
        transfer,
        full_range,
    };
    for (name, args, wanted) in [
        (
            "hlg.mp4",
            format!("{x265} {hlg}"),
            color(Matrix::Bt2020, Transfer::Hlg, false),
        ),
        (
            "pq.mkv",
            format!("{x265} {pq}"),
            color(Matrix::Bt2020, Transfer::Pq, false),
        ),
        (
            "hd_matrix.mp4",
            format!("{x264} -colorspace bt709 -color_trc bt709"),
            color(Matrix::Bt709, Transfer::Sdr, false),
        ),
        (
            "full.mp4",
            format!("-pix_fmt yuvj420p {x264}"),
            color(Matrix::Bt601, Transfer::Sdr, true),
        ),
        (
            "untagged.mp4",
            x264.to_owned(),
            color(Matrix::Bt601, Transfer::Sdr, false),
        ),
        (
            "untagged_hd.mp4",
            format!("{x264} -vf scale=1280:720"),
            color(Matrix::Bt709, Transfer::Sdr, false),
        ),
    ] {
        let clip = scratch(name);
        ffmpeg(&format!("{SOURCE} {args}"), &clip);
        assert_eq!(first_color(&clip), wanted, "{name}");
        // Again with the box of the container blanked: the stream says the same.
        let mut bytes = std::fs::read(&clip).expect("a clip");
        if let Some(at) = bytes.windows(4).position(|w| w == b"colr") {
            bytes[at..at + 4].copy_from_slice(b"free");
            std::fs::write(&clip, bytes).expect("a clip");
            assert_eq!(first_color(&clip), wanted, "{name} without colr");
        }
    }
}

fn first_color(clip: &std::path::Path) -> ColorInfo {
    let mut frame = Frame::default();
    let mut source = open_embedded(clip).expect("opens");
    assert_eq!(source.read(&mut frame), Ok(true));
    frame.color
}

/// Some clips of the folder that `BLINKDX_CORPUS` names, where it is set.
#[test]
fn corpus_clips() {
    let Some(corpus) = corpus("corpus_clips") else {
        return;
    };
    if !have_ffmpeg("corpus_clips") {
        return;
    }
    let mut clips: Vec<_> = std::fs::read_dir(&corpus)
        .expect("the folder BLINKDX_CORPUS names")
        .map(|entry| entry.expect("folder entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "mp4" || e == "mov"))
        .collect();
    clips.sort();
    assert!(!clips.is_empty(), "no clip in {}", corpus.display());
    // Made alike, so that a few stand for all; unoptimised builds take seconds for each.
    for clip in clips.iter().step_by(clips.len().div_ceil(4)) {
        // What the embedded decoders don't know is the other route's.
        if !matches!(open_embedded(clip), Err(SourceError::Unsupported { .. })) {
            assert_same(clip, 8, 0);
        }
    }
}
