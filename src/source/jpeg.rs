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

/// Decodes `jpeg` into the planes of `frame`, 4:4:4 or grey, full-range BT.601 as JFIF has it.
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
    let (chroma_width, chroma_height) = if grey { (0, 0) } else { (width, height) };
    frame.u.resize(chroma_width, chroma_height);
    frame.v.resize(chroma_width, chroma_height);
    if grey {
        let n = frame.y.data.len().min(samples.len());
        frame.y.data[..n].copy_from_slice(&samples[..n]);
    } else {
        let planes = frame
            .y
            .data
            .iter_mut()
            .zip(&mut frame.u.data)
            .zip(&mut frame.v.data);
        for (((y, u), v), pixel) in planes.zip(samples.chunks_exact(3)) {
            (*y, *u, *v) = (pixel[0], pixel[1], pixel[2]);
        }
    }
    frame.chroma_shift = (0, 0);
    frame.color = ColorInfo {
        matrix: Matrix::Bt601,
        transfer: Transfer::Sdr,
        full_range: true,
    };
    Ok(())
}
