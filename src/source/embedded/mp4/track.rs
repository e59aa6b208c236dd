//! What a track is: its codec, colours and orientation (ISO/IEC 14496-12 8.3 and 8.5).

use re_mp4::{MvhdBox, TkhdBox};

use super::super::Codec;
use super::boxes::{self, Atom};
use crate::source::Orientation;
use crate::source::color::ColorHint;

/// Bytes of a VisualSampleEntry before its child boxes (ISO/IEC 14496-12 12.1.3).
const VISUAL_SAMPLE_ENTRY: usize = 78;

/// Codec and colours from an `stsd` box; its first entry stands for all.
pub(super) fn describe(stsd: &Atom<'_>) -> Option<(Codec, ColorHint)> {
    // Version, flags and the number of entries come first.
    let entry = boxes::children(stsd.payload.get(8..)?).next()?;
    let extensions = entry.payload.get(VISUAL_SAMPLE_ENTRY..).unwrap_or(&[]);
    let extension = |kind: &[u8; 4]| {
        boxes::children(extensions)
            .find(|atom| &atom.kind == kind)
            .map(|atom| atom.payload.to_vec())
    };
    let codec = match &entry.kind {
        b"avc1" | b"avc3" => Codec::H264 {
            avcc: extension(b"avcC")?,
        },
        // Dolby Vision with a base layer that any HEVC decoder shows is marked dvh1 or dvhe.
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => Codec::Hevc {
            hvcc: extension(b"hvcC")?,
        },
        b"vp08" => Codec::Vp8,
        b"vp09" => Codec::Vp9,
        b"av01" => Codec::Av1,
        b"jpeg" | b"mjpa" | b"mjpg" | b"MJPG" => Codec::Mjpeg,
        b"mp4v" => esds_codec(extension(b"esds").as_deref()),
        b"mp2v" | b"xdvc" | b"hdv2" | b"hdv3" => Codec::Other("MPEG-2".to_owned()),
        b"apcn" | b"apch" | b"apcs" | b"apco" | b"ap4h" => Codec::Other("ProRes".to_owned()),
        other => Codec::Other(String::from_utf8_lossy(other).trim().to_owned()),
    };
    let color = extension(b"colr").map_or_else(ColorHint::default, |colr| color_hint(&colr));
    Some((codec, color))
}

/// Colours of a `colr` box (ISO/IEC 14496-12 12.1.5, and `nclc` of QuickTime).
fn color_hint(colr: &[u8]) -> ColorHint {
    let code = |at: usize| {
        colr.get(at..at + 2)
            .map_or(2, |b| u16::from_be_bytes([b[0], b[1]]))
    };
    match colr.get(..4) {
        Some(b"nclx") => {
            let full = colr.get(10).map(|flags| flags & 0x80 != 0);
            ColorHint::from_code_points(code(8), code(6), full)
        }
        Some(b"nclc") => ColorHint::from_code_points(code(8), code(6), None),
        _ => ColorHint::default(),
    }
}

/// The codec in an MPEG-4 elementary stream descriptor, by its object type (ISO/IEC 14496-1 table 5).
fn esds_codec(esds: Option<&[u8]>) -> Codec {
    // DecoderConfigDescriptor: tag 4, a length of one to four bytes (all but the last with the
    // high bit set), then the object type.
    let object_type = esds.and_then(|data| {
        let tag = data.iter().position(|&b| b == 4)?;
        let mut rest = data[tag + 1..].iter().skip_while(|&&b| b & 0x80 != 0);
        rest.next()?;
        rest.next()
    });
    match object_type {
        Some(0x60..=0x65) => Codec::Other("MPEG-2".to_owned()),
        Some(0x6a) => Codec::Other("MPEG-1".to_owned()),
        Some(0x6c) => Codec::Mjpeg,
        _ => Codec::Other("MPEG-4 part 2".to_owned()),
    }
}

/// Orientation from the matrices of the film and the track (ISO/IEC 14496-12 6.2.2).
pub(super) fn orientation(mvhd: Option<&MvhdBox>, tkhd: Option<&TkhdBox>) -> Orientation {
    const UNIT: [i64; 4] = [1, 0, 0, 1];
    let turn = |a: i32, b: i32, c: i32, d: i32| {
        let sign = |v: i32| i64::from(v.signum());
        // Of a turn that is no quarter the larger part counts; scale does not.
        if a.unsigned_abs().max(d.unsigned_abs()) >= b.unsigned_abs().max(c.unsigned_abs()) {
            [sign(a), 0, 0, sign(d)]
        } else {
            [0, sign(b), sign(c), 0]
        }
    };
    let film = mvhd.map_or(UNIT, |h| {
        turn(h.matrix.a, h.matrix.b, h.matrix.c, h.matrix.d)
    });
    let track = tkhd.map_or(UNIT, |h| {
        turn(h.matrix.a, h.matrix.b, h.matrix.c, h.matrix.d)
    });
    // A point is a row vector: first by the track's matrix, then by the film's.
    let [a, b, c, d] = track;
    let [e, f, g, h] = film;
    from_matrix([a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h])
}

/// From `[a, b, c, d]` where the shown point is `(a x + c y, b x + d y)` with y downwards.
fn from_matrix(matrix: [i64; 4]) -> Orientation {
    let (mirror, quarter_turns) = match matrix {
        [0, 1, -1, 0] => (false, 1),
        [-1, 0, 0, -1] => (false, 2),
        [0, -1, 1, 0] => (false, 3),
        [-1, 0, 0, 1] => (true, 0),
        [0, -1, -1, 0] => (true, 1),
        [1, 0, 0, -1] => (true, 2),
        [0, 1, 1, 0] => (true, 3),
        // The unit matrix, or one that collapses the picture.
        _ => (false, 0),
    };
    Orientation {
        mirror,
        quarter_turns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every matrix must move points as `Orientation` does, up to the shift that keeps the picture
    /// in the positive quarter.
    #[test]
    fn matrices_and_orientations_move_points_alike() {
        let signs = [-1, 1];
        for (p, q) in signs.iter().flat_map(|p| signs.map(|q| (*p, q))) {
            for [a, b, c, d] in [[p, 0, 0, q], [0, p, q, 0]] {
                let orientation = from_matrix([a, b, c, d]);
                let (w, h) = (8.0, 6.0);
                let moved = |x: f64, y: f64| orientation.to_shown((x, y), w, h);
                let (origin, right, down) = (moved(2.0, 2.0), moved(3.0, 2.0), moved(2.0, 3.0));
                assert_eq!(
                    (right.0 - origin.0, right.1 - origin.1),
                    (a as f64, b as f64)
                );
                assert_eq!((down.0 - origin.0, down.1 - origin.1), (c as f64, d as f64));
            }
        }
    }

    #[test]
    fn codecs_by_object_type() {
        let esds = |object_type| {
            let head = [0, 0, 0, 0, 3, 0x80, 0x80, 0x80, 0x22, 0, 1, 0];
            [&head[..], &[4, 0x80, 0x80, 0x80, 0x14, object_type]].concat()
        };
        assert_eq!(esds_codec(Some(&esds(0x61))).name(), "MPEG-2");
        assert_eq!(esds_codec(Some(&esds(0x6c))), Codec::Mjpeg);
        assert_eq!(esds_codec(None).name(), "MPEG-4 part 2");
    }
}
