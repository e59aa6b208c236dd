//! One decoded picture in planar YUV, as the decoder gave it.

use std::sync::Arc;

use super::cells::CellFrame;

/// One plane of 8-bit samples, rows `stride` apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plane {
    pub data: Vec<u8>,
    pub stride: usize,
    pub width: usize,
    pub height: usize,
}

impl Plane {
    /// The samples of row `y`; panics if `y >= height`.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.data[y * self.stride..y * self.stride + self.width]
    }

    /// Makes the plane `width` x `height`, tightly packed, keeping the allocation where it can.
    pub fn resize(&mut self, width: usize, height: usize) {
        self.width = width;
        self.height = height;
        self.stride = width;
        self.data.resize(width * height, 0);
    }
}

/// The matrix between RGB and YUV (ITU-T H.273 MatrixCoefficients).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Matrix {
    /// BT.601 (also JPEG).
    #[default]
    Bt601,
    /// BT.709, the rule for untagged pictures of 720 lines or more.
    Bt709,
    /// BT.2020 non-constant luminance.
    Bt2020,
}

/// The curve between linear light and code values (ITU-T H.273 TransferCharacteristics).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transfer {
    /// BT.709/sRGB-like.
    #[default]
    Sdr,
    /// SMPTE ST 2084.
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// How code values map to light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColorInfo {
    pub matrix: Matrix,
    pub transfer: Transfer,
    /// Luma 0..255 rather than 16..235.
    pub full_range: bool,
}

/// A decoded picture. Chroma planes are empty for grey pictures.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Presentation time in s on the stream's own clock (may be negative or start anywhere).
    pub pts_s: f64,
    pub y: Plane,
    /// Cb and Cr; each `1 << chroma_shift` times smaller than luma (rounded up) in x and y.
    pub u: Plane,
    pub v: Plane,
    /// log2 of the chroma subsampling in x and y: (1,1) is 4:2:0, (1,0) 4:2:2, (0,0) 4:4:4.
    pub chroma_shift: (u8, u8),
    pub color: ColorInfo,
    /// The picture pooled, in place of planes, where [`FrameSource::prefer_cells`] asked for it.
    ///
    /// [`FrameSource::prefer_cells`]: super::FrameSource::prefer_cells
    pub cells: Option<Arc<CellFrame>>,
}

#[cfg(test)]
impl Frame {
    /// The code of a wall of bricks of 20 px, no two rows of them alike, in a picture of waves.
    pub fn bricks(x: f64, y: f64, waves: f64) -> f64 {
        let (column, row) = ((x / 20.0).floor(), (y / 20.0).floor());
        130.0 + 15.0 * waves + 40.0 * (12.9 * column + 78.2 * row).sin()
    }

    /// A grey picture of 320 x 240 px that has moved right by `dx` px: `code` of the place that each pixel shows and of
    /// the waves there, -2 to 2, that alignment holds on to.
    pub fn waves(dx: f64, mut code: impl FnMut(f64, f64, f64) -> f64) -> Self {
        let (width, height) = (320, 240);
        let mut frame = Self::default();
        frame.y.resize(width, height);
        for (i, sample) in frame.y.data.iter_mut().enumerate() {
            let (x, y) = ((i % width) as f64 - dx, (i / width) as f64);
            let waves = (0.11 * x + 0.05 * y).sin() + (0.07 * x - 0.13 * y).sin();
            *sample = code(x, y, waves) as u8;
        }
        frame
    }
}

/// How a coded picture is turned for display: first mirrored left-right, then rotated clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    pub mirror: bool,
    /// Clockwise quarter turns, 0..=3.
    pub quarter_turns: u8,
}

impl Orientation {
    /// Size as shown of a coded picture of `w` x `h` px.
    pub fn shown_size(self, w: u32, h: u32) -> (u32, u32) {
        if self.quarter_turns % 2 == 1 {
            (h, w)
        } else {
            (w, h)
        }
    }

    /// Maps a point (px, continuous, pixel centres at .5) of the coded picture of `w` x `h` px to the picture as shown.
    pub fn to_shown(self, (x, y): (f64, f64), w: f64, h: f64) -> (f64, f64) {
        let x = if self.mirror { w - x } else { x };
        match self.quarter_turns % 4 {
            0 => (x, y),
            1 => (h - y, x),
            2 => (w - x, h - y),
            _ => (y, w - x),
        }
    }

    /// The inverse of [`Orientation::to_shown`]; `w` and `h` are those of the coded picture.
    pub fn to_coded(self, (x, y): (f64, f64), w: f64, h: f64) -> (f64, f64) {
        let (x, y) = match self.quarter_turns % 4 {
            0 => (x, y),
            1 => (y, h - x),
            2 => (w - x, h - y),
            _ => (w - y, x),
        };
        (if self.mirror { w - x } else { x }, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_and_coded_are_inverse() {
        for mirror in [false, true] {
            for quarter_turns in 0..4 {
                let o = Orientation {
                    mirror,
                    quarter_turns,
                };
                let p = (3.25, 1.5);
                assert_eq!(o.to_coded(o.to_shown(p, 8.0, 6.0), 8.0, 6.0), p);
            }
        }
    }

    #[test]
    fn a_quarter_turn_brings_the_top_left_to_the_top_right() {
        let o = Orientation {
            mirror: false,
            quarter_turns: 1,
        };
        assert_eq!(o.to_shown((0.5, 0.5), 8.0, 6.0), (5.5, 0.5));
        assert_eq!(o.shown_size(8, 6), (6, 8));
    }
}
