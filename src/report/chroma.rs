//! Hue, saturation and dominant wavelength of a light, as a LED analyser reports them.

/// A colour in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chroma {
    /// Angle of the HSV hexagon in degrees, 0 red, 120 green, 240 blue; `None` for grey.
    pub hue_deg: Option<f64>,
    /// HSV saturation, 0 (white) .. 1.
    pub saturation: f64,
    /// Wavelength in nm of the pure light of the same hue (CIE 1931, white point D65); `None` for white
    /// and for purples, which no single wavelength has.
    ///
    /// An estimate only: a camera's filters are not the eye's, its white balance moves the white point, and
    /// sRGB holds no colour purer than about 464, 549 and 611 nm.
    pub wavelength_nm: Option<f64>,
}

/// CIE 1931 2 degree spectral locus: wavelength in nm, chromaticity x, y (CIE 015, table of
/// chromaticity coordinates). Outside 420..680 nm the locus turns back on itself within 0.003.
const LOCUS: [(f64, f64, f64); 27] = [
    (420.0, 0.1714, 0.0051),
    (430.0, 0.1689, 0.0069),
    (440.0, 0.1644, 0.0109),
    (450.0, 0.1566, 0.0177),
    (460.0, 0.1440, 0.0297),
    (470.0, 0.1241, 0.0578),
    (480.0, 0.0913, 0.1327),
    (490.0, 0.0454, 0.2950),
    (500.0, 0.0082, 0.5384),
    (510.0, 0.0139, 0.7502),
    (520.0, 0.0743, 0.8338),
    (530.0, 0.1547, 0.8059),
    (540.0, 0.2296, 0.7543),
    (550.0, 0.3016, 0.6923),
    (560.0, 0.3731, 0.6245),
    (570.0, 0.4441, 0.5547),
    (580.0, 0.5125, 0.4866),
    (590.0, 0.5752, 0.4242),
    (600.0, 0.6270, 0.3725),
    (610.0, 0.6658, 0.3340),
    (620.0, 0.6915, 0.3083),
    (630.0, 0.7079, 0.2920),
    (640.0, 0.7190, 0.2809),
    (650.0, 0.7260, 0.2740),
    (660.0, 0.7300, 0.2700),
    (670.0, 0.7320, 0.2680),
    (680.0, 0.7334, 0.2666),
];

/// D65, the white of sRGB (IEC 61966-2-1).
const WHITE: (f64, f64) = (0.3127, 0.3290);
/// Below this saturation the hue is noise, and the wavelength with it.
const COLORLESS: f64 = 0.1;

impl Chroma {
    /// The colour of linear light with sRGB primaries; `None` for no light at all.
    pub fn of(rgb: [f64; 3]) -> Option<Self> {
        let [r, g, b] = rgb.map(|c| if c.is_finite() { c.max(0.0) } else { 0.0 });
        let (max, min) = (r.max(g).max(b), r.min(g).min(b));
        if max <= 0.0 {
            return None;
        }
        let range = max - min;
        let saturation = range / max;
        if saturation < COLORLESS {
            return Some(Self {
                hue_deg: None,
                saturation,
                wavelength_nm: None,
            });
        }
        let sector = if max == r {
            (g - b) / range
        } else if max == g {
            (b - r) / range + 2.0
        } else {
            (r - g) / range + 4.0
        };
        Some(Self {
            hue_deg: Some((sector * 60.0).rem_euclid(360.0)),
            saturation,
            wavelength_nm: wavelength(r, g, b),
        })
    }
}

/// Where the line from white through the colour meets the spectral locus, in nm.
fn wavelength(r: f64, g: f64, b: f64) -> Option<f64> {
    // IEC 61966-2-1, linear sRGB to CIE XYZ.
    let x = 0.4124 * r + 0.3576 * g + 0.1805 * b;
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let z = 0.0193 * r + 0.1192 * g + 0.9505 * b;
    let sum = x + y + z;
    let (dx, dy) = (x / sum - WHITE.0, y / sum - WHITE.1);
    LOCUS.windows(2).find_map(|w| {
        let [(nm0, x0, y0), (nm1, x1, y1)] = [w[0], w[1]];
        // Solve white + t * (dx, dy) = p0 + u * (p1 - p0) for t > 0 and u in 0..1.
        let (ex, ey) = (x1 - x0, y1 - y0);
        let (fx, fy) = (x0 - WHITE.0, y0 - WHITE.1);
        let det = ex * dy - dx * ey;
        if det.abs() < 1e-12 {
            return None;
        }
        let t = (ex * fy - fx * ey) / det;
        let u = (dx * fy - fx * dy) / det;
        (t > 0.0 && (0.0..=1.0).contains(&u)).then_some(nm0 + u * (nm1 - nm0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn srgb_primaries_have_their_published_wavelengths() {
        for (rgb, hue, nm) in [
            ([1.0, 0.0, 0.0], 0.0, 611.4),
            ([0.0, 1.0, 0.0], 120.0, 549.1),
            ([0.0, 0.0, 1.0], 240.0, 464.2),
        ] {
            let c = Chroma::of(rgb).unwrap();
            assert_eq!(c.hue_deg, Some(hue));
            assert_eq!(c.saturation, 1.0);
            let got = c.wavelength_nm.unwrap();
            // The locus is drawn through points 10 nm apart.
            assert!((got - nm).abs() < 1.0, "{rgb:?}: {got}");
        }
    }

    #[test]
    fn white_purple_and_dark_have_no_wavelength() {
        let white = Chroma::of([1.0, 0.97, 0.95]).unwrap();
        assert_eq!((white.hue_deg, white.wavelength_nm), (None, None));
        let purple = Chroma::of([1.0, 0.0, 1.0]).unwrap();
        assert_eq!((purple.hue_deg, purple.wavelength_nm), (Some(300.0), None));
        assert_eq!(Chroma::of([0.0; 3]), None);
        assert_eq!(Chroma::of([f64::NAN, -1.0, 0.0]), None);
    }
}
