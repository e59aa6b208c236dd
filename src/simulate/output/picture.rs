//! A frame as 8-bit R'G'B'.

use image::RgbImage;

use crate::source::{Frame, Matrix};

/// Converts a frame by ITU-R BT.601 or BT.709; chroma is repeated, not interpolated.
pub fn rgb(frame: &Frame) -> RgbImage {
    let (kr, kb) = match frame.color.matrix {
        Matrix::Bt709 => (0.2126f32, 0.0722f32),
        _ => (0.299, 0.114),
    };
    let kg = 1.0 - kr - kb;
    let (zero, y_scale, c_scale) = if frame.color.full_range {
        (0.0, 1.0, 1.0)
    } else {
        (16.0, 255.0 / 219.0, 255.0 / 224.0)
    };
    let (sx, sy) = frame.chroma_shift;
    let mut out = RgbImage::new(frame.y.width as u32, frame.y.height as u32);
    for (y, row) in out.rows_mut().enumerate() {
        let luma = frame.y.row(y);
        let (us, vs) = (frame.u.row(y >> sy), frame.v.row(y >> sy));
        for (x, pixel) in row.enumerate() {
            let l = (f32::from(luma[x]) - zero) * y_scale;
            let u = (f32::from(us[x >> sx]) - 128.0) * c_scale;
            let v = (f32::from(vs[x >> sx]) - 128.0) * c_scale;
            let r = l + 2.0 * (1.0 - kr) * v;
            let b = l + 2.0 * (1.0 - kb) * u;
            let g = (l - kr * r - kb * b) / kg;
            pixel.0 = [r, g, b].map(|c| (c + 0.5).clamp(0.0, 255.0) as u8);
        }
    }
    out
}
