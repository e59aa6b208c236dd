//! From code values to linear light.

use crate::source::{ColorInfo, Matrix, Transfer};

/// Converts Y, Cb, Cr codes (0..255) of one colour description to linear RGB, 0..1 at the white of the format.
pub struct Linearizer {
    luma_scale: f32,
    luma_zero: f32,
    chroma_scale: f32,
    /// Cr to R, Cb to B, and Cb, Cr to G.
    matrix: [f32; 4],
    curve: Box<[f32; STEPS + 1]>,
}

/// Resolution of the transfer curve's table: finer than 8-bit codes, whose means are fractional.
const STEPS: usize = 1024;

impl Linearizer {
    pub fn new(color: ColorInfo) -> Self {
        // Kr and Kb of ITU-R BT.601, BT.709 and BT.2020.
        let (kr, kb) = match color.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt2020 => (0.2627, 0.0593),
        };
        let kg = 1.0 - kr - kb;
        let (luma_scale, luma_zero, chroma_scale) = if color.full_range {
            (1.0 / 255.0, 0.0, 1.0 / 255.0)
        } else {
            (1.0 / 219.0, 16.0, 1.0 / 224.0)
        };
        Self {
            luma_scale,
            luma_zero,
            chroma_scale,
            matrix: [
                2.0 * (1.0 - kr),
                2.0 * (1.0 - kb),
                -2.0 * kb * (1.0 - kb) / kg,
                -2.0 * kr * (1.0 - kr) / kg,
            ],
            curve: Box::new(std::array::from_fn(|i| {
                to_linear(i as f32 / STEPS as f32, color.transfer)
            })),
        }
    }

    /// Linear R, G, B of a (fractional) code triple.
    pub fn rgb(&self, y: f32, u: f32, v: f32) -> [f32; 3] {
        let y = (y - self.luma_zero) * self.luma_scale;
        let u = (u - 128.0) * self.chroma_scale;
        let v = (v - 128.0) * self.chroma_scale;
        let [rv, bu, gu, gv] = self.matrix;
        [y + rv * v, y + gu * u + gv * v, y + bu * u].map(|c| {
            let at = c.clamp(0.0, 1.0) * STEPS as f32;
            // To a short number, which takes the processor a quarter of the work that a long one does.
            self.curve[usize::from((at + 0.5) as u16)]
        })
    }
}

/// The electro-optical curve, 0..1 to 0..1.
fn to_linear(v: f32, transfer: Transfer) -> f32 {
    match transfer {
        // IEC 61966-2-1; phones' BT.709 footage is made to be shown with this kind of curve.
        Transfer::Sdr => {
            if v <= 0.040_45 {
                v / 12.92
            } else {
                ((v + 0.055) / 1.055).powf(2.4)
            }
        }
        // SMPTE ST 2084, relative to 1000 cd/m2: what phones master to.
        Transfer::Pq => {
            let (m1, m2) = (0.159_301_76, 78.843_75);
            let (c1, c2, c3) = (0.835_937_5, 18.851_563, 18.6875);
            let p = v.powf(1.0 / m2);
            let light = ((p - c1).max(0.0) / (c2 - c3 * p)).powf(1.0 / m1);
            (light * 10.0).min(1.0)
        }
        // ARIB STD-B67 inverse OETF.
        Transfer::Hlg => {
            if v <= 0.5 {
                v * v / 3.0
            } else {
                (((v - 0.559_910_7) / 0.178_832_77).exp() + 0.284_668_92) / 12.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_primaries_come_out_right() {
        let l = Linearizer::new(ColorInfo {
            matrix: Matrix::Bt709,
            ..ColorInfo::default()
        });
        for (code, want) in [
            ((235.0, 128.0, 128.0), [1.0, 1.0, 1.0]),
            ((16.0, 128.0, 128.0), [0.0, 0.0, 0.0]),
            // BT.709 limited-range red, green, blue.
            ((63.0, 102.0, 240.0), [1.0, 0.0, 0.0]),
            ((173.0, 42.0, 26.0), [0.0, 1.0, 0.0]),
            ((32.0, 240.0, 118.0), [0.0, 0.0, 1.0]),
        ] {
            let got = l.rgb(code.0, code.1, code.2);
            for (g, w) in got.iter().zip(want) {
                assert!((g - w).abs() < 0.03, "{code:?}: {got:?}");
            }
        }
    }

    #[test]
    fn every_curve_rises_from_black_to_white() {
        for t in [Transfer::Sdr, Transfer::Pq, Transfer::Hlg] {
            let c: Vec<f32> = (0..=64).map(|i| to_linear(i as f32 / 64.0, t)).collect();
            assert!(c[0] < 1e-3 && c[64] > 0.98, "{t:?}: {} {}", c[0], c[64]);
            assert!(c.windows(2).all(|w| w[1] >= w[0]));
        }
    }
}
