//! RGB pictures as full-range BT.601 YUV 4:4:4, the form in which every other source delivers.

use super::{ColorInfo, Frame, Matrix, Transfer};

/// Fills the planes of `frame` from packed RGB or RGBA samples, `channels` bytes per pixel, row by row.
///
/// The conversion is that of JFIF (ITU-T T.871 clause 7) in 16-bit fixed point. Transparent pixels
/// are laid over black: a light shines in front of nothing.
pub(super) fn fill(frame: &mut Frame, width: usize, height: usize, channels: usize, pixels: &[u8]) {
    for plane in [&mut frame.y, &mut frame.u, &mut frame.v] {
        plane.resize(width, height);
    }
    frame.chroma_shift = (0, 0);
    frame.color = ColorInfo {
        matrix: Matrix::Bt601,
        transfer: Transfer::Sdr,
        full_range: true,
    };
    let planes = frame
        .y
        .data
        .iter_mut()
        .zip(&mut frame.u.data)
        .zip(&mut frame.v.data);
    for (((y, u), v), pixel) in planes.zip(pixels.chunks_exact(channels)) {
        let over_black = |c: u8| match pixel.get(3) {
            Some(&alpha) => (u32::from(c) * u32::from(alpha) + 127) / 255,
            None => u32::from(c),
        };
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|c| over_black(c) as i32);
        const HALF: i32 = 1 << 15;
        *y = ((19_595 * r + 38_470 * g + 7_471 * b + HALF) >> 16) as u8;
        // One less than a half keeps pure blue and red at 255.
        *u = (((-11_059 * r - 21_709 * g + 32_768 * b + HALF - 1) >> 16) + 128) as u8;
        *v = (((32_768 * r - 27_439 * g - 5_329 * b + HALF - 1) >> 16) + 128) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_are_those_of_jfif() {
        let mut frame = Frame::default();
        let pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0];
        fill(&mut frame, 5, 1, 3, &pixels);
        assert_eq!(frame.y.data, [76, 150, 29, 255, 0]);
        assert_eq!(frame.u.data, [85, 44, 255, 128, 128]);
        assert_eq!(frame.v.data, [255, 21, 107, 128, 128]);
        assert!(frame.color.full_range);
    }

    #[test]
    fn transparent_is_black() {
        let mut frame = Frame::default();
        fill(&mut frame, 2, 1, 4, &[255, 255, 255, 0, 255, 255, 255, 255]);
        assert_eq!(frame.y.data, [0, 255]);
    }
}
