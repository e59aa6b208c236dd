//! The sensor and the picture processing: raw signal to YUV.

use std::f64::consts::TAU;

use crate::simulate::random::Random;

use super::Effects;
use super::spectrum::{self, Rgb};
use crate::source::{ColorInfo, Frame, Matrix, Transfer};

/// Entries of the tone curve; fine enough for one code value at its steep dark end.
const CURVE: usize = 8192;
/// Normal deviates that the noise is read from, each row from a random place: more than any row is wide.
const NOISE: usize = 1 << 16;
/// Rows and columns between the samples of the exposure meter.
const METER_STEP: usize = 4;
/// Exposure changes by at most this factor either way, as phones allow.
const AE_RANGE: f64 = 8.0;

/// One row of raw signal: red, green, blue.
pub type Row = [Vec<f32>; 3];

/// Light that the exposure and white-balance meter saw in a frame.
#[derive(Debug, Clone, Copy, Default)]
struct Meter {
    /// Sum of the square roots of green (roughly what the tone curve makes of it), and samples; whole picture, then around the light.
    whole: (f64, f64),
    near: (f64, f64),
    /// Sums of balanced red, green, blue.
    rgb: [f64; 3],
}

/// The camera with the state of its automatics.
#[derive(Debug, Clone)]
pub struct Camera {
    effects: Effects,
    gains: [f64; 3],
    matrix: [Rgb; 3],
    curve: Box<[f32; CURVE]>,
    noise: Vec<f32>,
    rng: Random,
    /// Rates in rad/s and phases of the white balance's drift, red and blue.
    drift: [(f64, f64); 2],
    /// Exposure gain and the factors that follow the picture's colour (red, blue), now.
    gain: f64,
    follow: [f64; 2],
    /// What the meter read in the first frame, at gain 1.
    target: Option<f64>,
    meter: Meter,
    /// Gains of this frame.
    now: Rgb,
    color: ColorInfo,
    /// Tone-mapped R'G'B' of the row.
    tone: Row,
    vignette: Vec<f32>,
    /// Sums of Cb and Cr over the rows of one chroma row.
    chroma: [Vec<f32>; 2],
}

/// sRGB's curve (IEC 61966-2-1) with an S-shaped contrast of strength `contrast` on top.
fn curve(contrast: f64) -> Box<[f32; CURVE]> {
    let mut curve = Box::new([0.0; CURVE]);
    for (i, out) in curve.iter_mut().enumerate() {
        let x = i as f64 / (CURVE - 1) as f64;
        let v = if x <= 0.003_130_8 {
            12.92 * x
        } else {
            1.055 * x.powf(1.0 / 2.4) - 0.055
        };
        let s = v * v * (3.0 - 2.0 * v);
        *out = (v + contrast * (s - v)) as f32;
    }
    curve
}

impl Camera {
    /// For pictures of `width` x `height` px in light that `gains` make neutral.
    pub fn new(
        effects: &Effects,
        gains: [f64; 3],
        (width, height): (usize, usize),
        mut rng: Random,
    ) -> Self {
        let noise = (0..NOISE / 2)
            .flat_map(|_| rng.normal_pair().map(|n| n as f32))
            .collect();
        let drift = [0; 2].map(|_| (TAU * rng.real(0.02..0.15), rng.real(0.0..TAU)));
        let half = 0.5 * (width as f64);
        let diagonal2 = 0.25 * ((width * width + height * height) as f64);
        Self {
            gains,
            matrix: spectrum::matrix(effects.saturation),
            curve: curve(effects.contrast),
            noise,
            rng,
            drift,
            gain: 1.0,
            follow: [1.0; 2],
            target: None,
            meter: Meter::default(),
            now: [1.0; 3],
            color: ColorInfo {
                // Phones tag high definition with BT.709, lower with BT.601.
                matrix: if width.min(height) >= 720 {
                    Matrix::Bt709
                } else {
                    Matrix::Bt601
                },
                transfer: Transfer::Sdr,
                full_range: effects.full_range,
            },
            tone: [0; 3].map(|_| vec![0.0; width]),
            vignette: (0..width)
                .map(|x| ((x as f64 + 0.5 - half).powi(2) / diagonal2) as f32)
                .collect(),
            chroma: [0; 2].map(|_| vec![0.0; width]),
            effects: effects.clone(),
        }
    }

    pub fn color(&self) -> ColorInfo {
        self.color
    }

    /// Sets exposure and white balance for a frame at `t` s, `dt` s after the last, from what the meter saw of that.
    pub fn adapt(&mut self, t: f64, dt: f64) {
        let e = &self.effects;
        let m = std::mem::take(&mut self.meter);
        let settle = 1.0 - (-dt / e.ae_tau).exp();
        if m.whole.1 > 0.0 {
            let mean = |(sum, n): (f64, f64)| sum / n.max(1.0);
            // Half of it weighted to where the user looks. Square roots are undone, so that gain and light are in proportion.
            let near = if m.near.1 > 0.0 { m.near } else { m.whole };
            let seen = (0.5 * (mean(m.whole) + mean(near))).powi(2).max(1e-6);
            let open = seen / self.gain;
            let target = *self.target.get_or_insert(open);
            let wanted = (target / open).powf(e.ae).clamp(1.0 / AE_RANGE, AE_RANGE);
            self.gain *= (wanted / self.gain).powf(settle);
            for (follow, c) in self.follow.iter_mut().zip([0, 2]) {
                // The grey-world rule, seen through the present gains.
                let cast = (m.rgb[c] / m.rgb[1].max(1e-9) / *follow).clamp(0.3, 3.0);
                let wanted = cast.powf(-e.awb_react).clamp(0.6, 1.6);
                *follow *= (wanted / *follow).powf(0.5 * settle);
            }
        }
        let wander = self.drift.map(|(w, p)| 1.0 + e.awb * (w * t + p).sin());
        self.now = [
            (self.gains[0] * (1.0 + e.wb_error) * wander[0] * self.follow[0]) as f32,
            self.gains[1] as f32,
            (self.gains[2] * (1.0 - e.wb_error) * wander[1] * self.follow[1]) as f32,
        ];
    }

    /// Exposes and processes row `y` of `raw` into `frame`; rows must come in order. `near` is where the user looks, in px.
    #[inline(never)]
    pub fn row(&mut self, y: usize, raw: &mut Row, near: (f64, f64), frame: &mut Frame) {
        let (width, height) = (frame.y.width, frame.y.height);
        self.expose(y, height, raw);
        if y.is_multiple_of(METER_STEP) {
            self.measure(y, raw, near, (width, height));
        }
        let [wr, wg, wb] = self.now;
        let m = self.matrix;
        let top = (CURVE - 1) as f32;
        let [r, g, b] = raw;
        for (tone, k) in self.tone.iter_mut().zip(m) {
            for (((out, r), g), b) in tone.iter_mut().zip(r.iter()).zip(g.iter()).zip(b.iter()) {
                // Balanced before the matrix and cut at 1, so that a saturated pixel is white and not pink.
                let (r, g, b) = ((r * wr).min(1.0), (g * wg).min(1.0), (b * wb).min(1.0));
                *out = (k[0] * r + k[1] * g + k[2] * b).clamp(0.0, 1.0) * top;
            }
            for v in tone.iter_mut() {
                // The mask changes nothing and spares the bounds check.
                *v = self.curve[*v as i32 as usize & (CURVE - 1)];
            }
        }
        self.encode(y, frame);
    }

    /// Vignette, exposure gain, noise, saturation.
    #[inline(never)]
    fn expose(&mut self, y: usize, height: usize, raw: &mut Row) {
        let e = &self.effects;
        let width = raw[0].len();
        let gain = self.gain as f32;
        let fall = e.vignette as f32;
        let dy = y as f64 + 0.5 - 0.5 * height as f64;
        let diagonal2 = 0.25 * ((width * width + height * height) as f64);
        let across = (dy * dy / diagonal2) as f32;
        let read2 = (e.noise * e.noise) as f32;
        let shot = (1.0 / e.full_well) as f32;
        for plane in raw.iter_mut() {
            let from = self.rng.whole(0..NOISE - width);
            let noise = &self.noise[from..from + width];
            for ((v, n), x2) in plane.iter_mut().zip(noise).zip(&self.vignette) {
                let signal = (*v * gain * (1.0 - fall * (across + x2))).max(0.0);
                *v = (signal + n * (read2 + shot * signal).sqrt()).min(1.0);
            }
        }
    }

    fn measure(&mut self, y: usize, raw: &Row, near: (f64, f64), (w, h): (usize, usize)) {
        // The meter's spot is a quarter of the picture wide and high.
        let (hw, hh) = (0.125 * w as f64, 0.125 * h as f64);
        let in_rows = (y as f64 - near.1).abs() < hh;
        for x in (0..w).step_by(METER_STEP) {
            let green = f64::from(raw[1][x].max(0.0)).sqrt();
            self.meter.whole.0 += green;
            self.meter.whole.1 += 1.0;
            if in_rows && (x as f64 - near.0).abs() < hw {
                self.meter.near.0 += green;
                self.meter.near.1 += 1.0;
            }
            for (sum, (plane, gain)) in self.meter.rgb.iter_mut().zip(raw.iter().zip(self.now)) {
                *sum += f64::from(plane[x].max(0.0) * gain);
            }
        }
    }

    /// R'G'B' in `tone` to luma of row `y` and, when its rows are complete, a row of chroma (ITU-R BT.601 and BT.709).
    #[inline(never)]
    fn encode(&mut self, y: usize, frame: &mut Frame) {
        let (kr, kb) = match self.color.matrix {
            Matrix::Bt709 => (0.2126f32, 0.0722f32),
            _ => (0.299, 0.114),
        };
        let kg = 1.0 - kr - kb;
        let (y_scale, y_zero, c_scale) = if self.color.full_range {
            (255.0, 0.5, 255.0)
        } else {
            (219.0, 16.5, 224.0)
        };
        let (cb, cr) = (0.5 * c_scale / (1.0 - kb), 0.5 * c_scale / (1.0 - kr));
        let stride = frame.y.stride;
        let width = frame.y.width;
        let luma = &mut frame.y.data[y * stride..y * stride + width];
        let [r, g, b] = &self.tone;
        let [us, vs] = &mut self.chroma;
        let (sx, sy) = frame.chroma_shift;
        if y.is_multiple_of(1 << sy) {
            us.fill(0.0);
            vs.fill(0.0);
        }
        let pixels = r.iter().zip(g).zip(b).zip(us.iter_mut()).zip(vs.iter_mut());
        for (((((r, g), b), u), v), out) in pixels.zip(luma) {
            let l = kr * r + kg * g + kb * b;
            *out = (l * y_scale + y_zero) as u8;
            *u += (b - l) * cb;
            *v += (r - l) * cr;
        }
        let last = y + 1 == frame.y.height;
        if !(y + 1).is_multiple_of(1 << sy) && !last {
            return;
        }
        let rows = (y % (1 << sy) + 1) as f32;
        let row = y >> sy;
        for (sums, plane) in self.chroma.iter().zip([&mut frame.u, &mut frame.v]) {
            let out = &mut plane.data[row * plane.stride..row * plane.stride + plane.width];
            for (out, sums) in out.iter_mut().zip(sums.chunks(1 << sx)) {
                let mean = sums.iter().sum::<f32>() / (rows * sums.len() as f32);
                *out = (mean + 128.5) as u8;
            }
        }
    }
}

/// Unsharp mask on luma with the four neighbours: rings dark round a bright light, as phones do.
pub fn sharpen(frame: &mut Frame, gain: f64, copy: &mut Vec<u8>) {
    let (w, h, stride) = (frame.y.width, frame.y.height, frame.y.stride);
    if gain == 0.0 || w < 3 || h < 3 {
        return;
    }
    copy.clear();
    copy.extend_from_slice(&frame.y.data);
    // Fixed point with 8 bits: out = y + gain * (y - mean of neighbours).
    let k = (gain * 64.0) as i32;
    for y in 1..h - 1 {
        let at = y * stride;
        let up = &copy[at - stride..at - stride + w];
        let row = &copy[at..at + w];
        let down = &copy[at + stride..at + stride + w];
        let out = &mut frame.y.data[at..at + w];
        for x in 1..w - 1 {
            let near = i32::from(up[x])
                + i32::from(down[x])
                + i32::from(row[x - 1])
                + i32::from(row[x + 1]);
            let v = i32::from(row[x]);
            out[x] = (v + ((k * (4 * v - near)) >> 8)).clamp(0, 255) as u8;
        }
    }
}
