//! A picture as the surface behind the device: real things in place of painted ones.

use std::path::Path;

use image::imageops::FilterType;

use super::texture::Texture;
use crate::simulate::SimulateError;

/// The picture in `file`, scaled to cover `width` x `height` px, as linear sRGB reflectances: its white is a white surface.
///
/// # Errors
/// When the file can't be read as a picture.
pub fn surface(file: &Path, (width, height): (usize, usize)) -> Result<Texture, SimulateError> {
    let bad = |e: &dyn std::fmt::Display| {
        SimulateError::Effect(format!("photo={}", file.display()), e.to_string())
    };
    let photo = image::ImageReader::open(file)
        .and_then(image::ImageReader::with_guessed_format)
        .map_err(|e| bad(&e))?
        .decode()
        .map_err(|e| bad(&e))?
        .resize_to_fill(width as u32, height as u32, FilterType::Triangle)
        .to_rgb8();
    Ok(Texture::new(width, height, |x, y| {
        photo.get_pixel(x as u32, y as u32).0.map(linear)
    }))
}

/// Linear light of an sRGB code (IEC 61966-2-1).
fn linear(code: u8) -> f32 {
    let v = f32::from(code) / 255.0;
    if v <= 0.04045 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}
