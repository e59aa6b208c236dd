//! LED spectra, the sensor's sensitivities, and the way from raw signal to linear sRGB.
//!
//! Spectra and sensitivities are Gaussians with the peaks and widths that LED data sheets and published
//! measurements of phone sensors commonly show; what matters here is how the colours overlap.

use crate::pulses::Color;

/// Red, green, blue.
pub type Rgb = [f32; 3];

/// The sensor's sensitivities: peak in nm, sd in nm, height.
const SENSOR: [(f64, f64, f64); 3] = [(600.0, 38.0, 0.8), (535.0, 40.0, 1.0), (458.0, 33.0, 0.85)];
/// A red filter's second pass band in the violet: peak in nm, sd in nm, height.
const RED_VIOLET: (f64, f64, f64) = (435.0, 25.0, 0.06);

/// White-balance gains for daylight (5500 K) that go with these sensitivities.
const DAYLIGHT_GAINS: [f64; 3] = [1.9, 1.0, 1.6];

/// Raw (white-balanced) to linear sRGB, rows sum to 1; typical of phone sensors.
const MATRIX: [[f64; 3]; 3] = [
    [1.65, -0.50, -0.15],
    [-0.18, 1.40, -0.22],
    [0.02, -0.55, 1.53],
];
/// Luminance weights of linear sRGB (BT.709).
const LUMA: [f64; 3] = [0.2126, 0.7152, 0.0722];

fn gauss(x: f64, (mid, sd, height): (f64, f64, f64)) -> f64 {
    height * (-0.5 * ((x - mid) / sd).powi(2)).exp()
}

/// Raw response of the sensor to an LED, its largest channel 1.
///
/// `shift_nm` moves the peak; `crosstalk` is the fraction of each colour's light that reaches its neighbours.
pub fn led(color: Color, shift_nm: f64, crosstalk: f64) -> Rgb {
    // (peak in nm, sd in nm, share); white is a blue die with a yellow phosphor.
    let parts: &[(f64, f64, f64)] = match color {
        Color::Red => &[(628.0, 8.0, 1.0)],
        Color::Amber => &[(593.0, 7.0, 1.0)],
        Color::Green => &[(525.0, 14.0, 1.0)],
        Color::Blue => &[(466.0, 10.0, 1.0)],
        Color::White => &[(452.0, 10.0, 1.0), (560.0, 55.0, 0.75)],
    };
    let mut raw = [0.0; 3];
    for nm in (380..=720).step_by(2).map(f64::from) {
        let light: f64 = parts
            .iter()
            .map(|&(peak, sd, share)| gauss(nm, (peak + shift_nm, sd, share)))
            .sum();
        raw[0] += light * (gauss(nm, SENSOR[0]) + gauss(nm, RED_VIOLET));
        raw[1] += light * gauss(nm, SENSOR[1]);
        raw[2] += light * gauss(nm, SENSOR[2]);
    }
    let sum: f64 = raw.iter().sum();
    let mixed = raw.map(|c| (1.0 - crosstalk) * c + 0.5 * crosstalk * (sum - c));
    let top = mixed.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    mixed.map(|c| (c / top) as f32)
}

/// Red, green and blue content of a black body's light relative to 5500 K, green 1.
fn illuminant(kelvin: f64) -> [f64; 3] {
    // Powers fitted by eye to Planck's law at the three sensitivities' peaks between 2500 K and 8000 K.
    let warmth = 5500.0 / kelvin;
    [warmth.powf(0.75), 1.0, warmth.powf(-1.1)]
}

/// White-balance gains that make the light of `kelvin` neutral.
pub fn gains(kelvin: f64) -> [f64; 3] {
    let light = illuminant(kelvin);
    [0, 1, 2].map(|c| DAYLIGHT_GAINS[c] / light[c])
}

/// The colour matrix with saturation scaled by `saturation`.
pub fn matrix(saturation: f64) -> [Rgb; 3] {
    MATRIX.map(|row| {
        let mut out = [0.0; 3];
        for (c, cell) in out.iter_mut().enumerate() {
            let grey: f64 = (0..3).map(|r| LUMA[r] * MATRIX[r][c]).sum();
            *cell = (grey + saturation * (row[c] - grey)) as f32;
        }
        out
    })
}

/// The raw signal that the camera shows as this linear sRGB when its gains are `gains`; negative parts are cut off.
///
/// So that painted surfaces look as named whatever the saturation setting, the plain matrix is inverted.
pub fn raw_of_srgb(srgb: Rgb, gains: [f64; 3]) -> Rgb {
    let m = MATRIX;
    let v = srgb.map(f64::from);
    let det = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| {
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    let whole = det(m[0], m[1], m[2]);
    // Cramer's rule: column `c` replaced by the wanted colour.
    [0, 1, 2].map(|c| {
        let with = |r: usize| {
            let mut row = m[r];
            row[c] = v[r];
            row
        };
        ((det(with(0), with(1), with(2)) / whole).max(0.0) / gains[c]) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: Rgb, gains: [f64; 3]) -> Rgb {
        let wb = [0, 1, 2].map(|c| raw[c] * gains[c] as f32);
        matrix(1.0).map(|row| (0..3).map(|c| row[c] * wb[c]).sum())
    }

    #[test]
    fn each_led_shows_its_own_colour() {
        let g = gains(5500.0);
        let of = |c| shown(led(c, 0.0, 0.04), g);
        let red = of(Color::Red);
        assert!(red[0] > 5.0 * red[1].max(red[2]), "{red:?}");
        let green = of(Color::Green);
        assert!(green[1] > 3.0 * green[0].max(green[2]), "{green:?}");
        let blue = of(Color::Blue);
        assert!(blue[2] > 3.0 * blue[0].max(blue[1]), "{blue:?}");
        let amber = of(Color::Amber);
        assert!(
            (0.08..0.6).contains(&(amber[1] / amber[0])) && amber[2] < 0.1,
            "{amber:?}"
        );
        let white = of(Color::White);
        assert!(white.iter().all(|&c| c > 0.3 * white[1]), "{white:?}");
    }

    #[test]
    fn white_balance_makes_a_wall_neutral() {
        for kelvin in [2700.0, 5500.0, 7500.0] {
            let g = gains(kelvin);
            let wall = shown(raw_of_srgb([0.4, 0.4, 0.4], g), g);
            assert!(wall.iter().all(|c| (c - 0.4).abs() < 1e-3), "{wall:?}");
        }
    }

    #[test]
    fn matrix_keeps_grey_at_any_saturation() {
        for s in [0.5, 1.0, 1.5] {
            for row in matrix(s) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            }
        }
    }
}
