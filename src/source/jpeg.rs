//! One JPEG picture as YUV planes, without a way through RGB.

use super::{ColorInfo, Frame, Matrix, Transfer, limits};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Width and height in px that a JPEG says it has.
pub(super) fn size(jpeg: &[u8]) -> Option<(usize, usize)> {
    let mut decoder = JpegDecoder::new(ZCursor::new(jpeg));
    decoder.decode_headers().ok()?;
    decoder.dimensions()
}

/// Decodes `jpeg` into the planes of `frame`, with chroma as coarse as it was coded (4:4:4, 4:2:2, 4:2:0 or none),
/// full-range BT.601 as JFIF has it.
/// Huffman tables that are left out, as in many MJPEG streams, are those of ITU-T T.81 annex K.
///
/// # Errors
/// What is wrong with the picture.
pub(super) fn decode(jpeg: &[u8], frame: &mut Frame) -> Result<(), String> {
    let options = DecoderOptions::default()
        .set_max_width(limits::MAX_SIDE as usize)
        .set_max_height(limits::MAX_SIDE as usize)
        .jpeg_set_out_colorspace(ColorSpace::YCbCr);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    decoder.decode_headers().map_err(|e| e.to_string())?;
    let info = decoder.info().ok_or("a JPEG without a picture")?;
    limits::check_size(info.width.into(), info.height.into())?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    if grey {
        decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
    }
    let samples = decoder.decode().map_err(|e| e.to_string())?;
    frame.y.resize(width, height);
    if grey {
        frame.chroma_shift = (0, 0);
        frame.u.resize(0, 0);
        frame.v.resize(0, 0);
        let n = frame.y.data.len().min(samples.len());
        frame.y.data[..n].copy_from_slice(&samples[..n]);
    } else {
        frame.chroma_shift = subsampling(jpeg);
        separate(&samples, frame);
    }
    frame.color = ColorInfo {
        matrix: Matrix::Bt601,
        transfer: Transfer::Sdr,
        full_range: true,
    };
    Ok(())
}

/// log2 of the chroma subsampling in x and y by the frame header (ITU-T T.81 B.2.2). Unusual ones count as none.
fn subsampling(jpeg: &[u8]) -> (u8, u8) {
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let [0xff, marker, body @ ..] = rest {
        let length = match (marker, body) {
            // Fill bytes.
            (0xff, _) => {
                rest = &rest[1..];
                continue;
            }
            (_, [high, low, ..]) => usize::from(u16::from_be_bytes([*high, *low])),
            _ => break,
        };
        // All frame headers but DHT, JPG and DAC, which lie between them.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            // Length, precision, height, width, three components of identifier, factors, table.
            let Some([3, _, y, _, _, u, _, _, v, _]) = body.get(7..17) else {
                break;
            };
            // Horizontal factors in the upper four bits, vertical ones in the lower.
            let log2 = |shift: u8| match (y >> shift & 15, u >> shift & 15, v >> shift & 15) {
                (2, 1, 1) => Some(1),
                (a, b, c) if a == b && b == c => Some(0),
                _ => None,
            };
            return log2(4).zip(log2(0)).unwrap_or((0, 0));
        }
        rest = body.get(length..).unwrap_or_default();
    }
    (0, 0)
}

/// Puts interleaved Y, Cb, Cr of the size of `frame`'s luma into its planes. The decoder has blown up coarse chroma: the
/// mean of what came of one sample is that sample, but for its smoothing.
fn separate(samples: &[u8], frame: &mut Frame) {
    let (width, height) = (frame.y.width, frame.y.height);
    let (sx, sy) = frame.chroma_shift;
    let (cols, rows) = (width.div_ceil(1 << sx), height.div_ceil(1 << sy));
    frame.u.resize(cols, rows);
    frame.v.resize(cols, rows);
    for (y, pixel) in frame.y.data.iter_mut().zip(samples.chunks_exact(3)) {
        *y = pixel[0];
    }
    let line = |y: usize| &samples[3 * width * y.min(height - 1)..][..3 * width];
    let lines = frame.u.data.chunks_exact_mut(cols);
    for (y, (us, vs)) in lines.zip(frame.v.data.chunks_exact_mut(cols)).enumerate() {
        let top = line(y << sy).chunks(3 << sx);
        let bottom = line((y << sy) + usize::from(sy)).chunks(3 << sx);
        for ((u, v), (t, b)) in us.iter_mut().zip(vs).zip(top.zip(bottom)) {
            let last = t.len() - 3;
            let mean = |c: usize| {
                let corners = [t[c], t[last + c], b[c], b[last + c]];
                ((corners.map(u16::from).iter().sum::<u16>() + 2) / 4) as u8
            };
            (*u, *v) = (mean(1), mean(2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chroma_is_as_coarse_as_it_was_coded() {
        let header = |y: u8, c: u8| {
            let quantization = [0xff, 0xdb, 0, 3, 0];
            let frame = [
                0xff, 0xc0, 0, 17, 8, 0, 8, 0, 8, 3, 1, y, 0, 2, c, 1, 3, c, 1,
            ];
            [&[0xff, 0xd8][..], &quantization, &[0xff], &frame].concat()
        };
        for (y, c, shift) in [
            (0x11, 0x11, (0, 0)),
            (0x21, 0x11, (1, 0)),
            // As ffmpeg writes it.
            (0x22, 0x12, (1, 0)),
            (0x22, 0x11, (1, 1)),
            (0x41, 0x11, (0, 0)),
        ] {
            assert_eq!(subsampling(&header(y, c)), shift);
        }
        assert_eq!(subsampling(&header(0x22, 0x11)[..20]), (0, 0));
        assert_eq!(subsampling(&[]), (0, 0));
    }

    #[test]
    fn samples_go_to_their_planes_also_at_odd_borders() {
        let mut frame = Frame {
            chroma_shift: (1, 1),
            ..Frame::default()
        };
        frame.y.resize(3, 3);
        let samples: Vec<u8> = (0..9).flat_map(|i| [i, 10 * i, 255 - i]).collect();
        separate(&samples, &mut frame);
        assert_eq!(frame.y.data, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((frame.u.width, frame.u.height), (2, 2));
        assert_eq!(frame.u.data, [20, 35, 65, 80]);
        assert_eq!(frame.v.data[0], 253);
        frame.chroma_shift = (0, 0);
        separate(&samples, &mut frame);
        assert_eq!(frame.u.data[..3], [0, 10, 20]);
    }
}
