//! Pictures as cameras deliver them: the encodings that are read, and how.

use super::embedded::guard;
use super::{ColorInfo, Frame, Matrix, Plane, Transfer, jpeg, limits, mjpeg, rgb};

/// How the bytes of one picture are laid out. Names are V4L2's four-character codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// A JPEG (`MJPG`).
    Mjpeg,
    /// 4:2:2, packed Y0 Cb Y1 Cr.
    Yuyv,
    /// 4:2:2, packed Cb Y0 Cr Y1.
    Uyvy,
    /// 4:2:0, a plane of Y, then one of Cb Cr pairs.
    Nv12,
    /// 4:2:0, planes of Y, Cb, Cr.
    Yu12,
    /// Luma only, 8 bit.
    Grey,
    /// 8 bit each, R first.
    Rgb24,
    /// 8 bit each, B first.
    Bgr24,
}

impl Encoding {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Mjpeg, "MJPG"),
        (Self::Yuyv, "YUYV"),
        (Self::Uyvy, "UYVY"),
        (Self::Nv12, "NV12"),
        (Self::Yu12, "YU12"),
        (Self::Grey, "GREY"),
        (Self::Rgb24, "RGB3"),
        (Self::Bgr24, "BGR3"),
    ];

    /// The encoding that V4L2 calls `code`, if it can be read.
    pub fn from_code(code: &str) -> Option<Self> {
        // A JPEG is a JPEG; some drivers call it one.
        let code = if code == "JPEG" { "MJPG" } else { code };
        Self::ALL.iter().find(|(_, c)| *c == code).map(|(e, _)| *e)
    }

    /// V4L2's four-character code.
    pub fn code(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(e, _)| *e == self)
            .map_or("", |(_, c)| *c)
    }

    /// What video files call it (Windows' FOURCC, <https://fourcc.org/yuv.php>).
    pub(super) fn fourcc(self) -> &'static [u8; 4] {
        match self {
            Self::Mjpeg => b"MJPG",
            Self::Yuyv => b"YUY2",
            Self::Uyvy => b"UYVY",
            Self::Nv12 => b"NV12",
            Self::Yu12 => b"I420",
            Self::Grey => b"Y800",
            // No code of files means these rows from top to bottom: these are V4L2's.
            Self::Rgb24 => b"RGB3",
            Self::Bgr24 => b"BGR3",
        }
    }

    /// The encoding that video files call `code`, if it can be read.
    pub(super) fn from_fourcc(code: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter().map(|(e, _)| e);
        all.find(|e| e.fourcc() == code)
    }

    /// Bytes of a picture of `width` x `height` px; `None` where they vary.
    pub fn bytes(self, width: usize, height: usize) -> Option<usize> {
        let chroma = width.div_ceil(2) * height.div_ceil(2);
        match self {
            Self::Mjpeg => None,
            Self::Yuyv | Self::Uyvy => Some(width.div_ceil(2) * 4 * height),
            Self::Nv12 | Self::Yu12 => Some(width * height + 2 * chroma),
            Self::Grey => Some(width * height),
            Self::Rgb24 | Self::Bgr24 => Some(3 * width * height),
        }
    }

    /// The bytes of the picture itself. A camera's buffer may be longer than what is in it, the rest left
    /// over from pictures before: a JPEG is cut at its end marker.
    ///
    /// # Errors
    /// Where not even a whole picture is in it.
    pub fn trim(self, mut buffer: Vec<u8>, width: u32, height: u32) -> Result<Vec<u8>, String> {
        match self.bytes(width as usize, height as usize) {
            None => mjpeg::first_picture(&buffer).ok_or_else(|| "no whole JPEG".to_owned()),
            Some(n) if buffer.len() >= n => {
                buffer.truncate(n);
                Ok(buffer)
            }
            Some(n) => Err(format!("{} of {n} bytes", buffer.len())),
        }
    }

    /// Decodes one picture of `width` x `height` px into the planes of `frame`, whose time is left alone.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub fn decode(
        self,
        data: &[u8],
        width: u32,
        height: u32,
        frame: &mut Frame,
    ) -> Result<(), String> {
        let (w, h) = (width as usize, height as usize);
        limits::check_size(width, height)?;
        let Some(bytes) = self.bytes(w, h) else {
            guard::catch(|| jpeg::decode(data, frame)).map_err(|_| "a damaged JPEG")??;
            return if (frame.y.width, frame.y.height) == (w, h) {
                Ok(())
            } else {
                Err(format!(
                    "a picture of {}x{} px instead of {w}x{h}",
                    frame.y.width, frame.y.height
                ))
            };
        };
        let data = data
            .get(..bytes)
            .ok_or_else(|| format!("{} of {bytes} bytes", data.len()))?;
        // What cameras send untagged: BT.601, luma 16..235.
        frame.color = ColorInfo {
            matrix: Matrix::Bt601,
            transfer: Transfer::Sdr,
            full_range: false,
        };
        match self {
            Self::Mjpeg => {}
            Self::Yuyv => packed_422(data, w, h, [0, 1, 3], frame),
            Self::Uyvy => packed_422(data, w, h, [1, 0, 2], frame),
            Self::Nv12 | Self::Yu12 => {
                let (luma, chroma) = data.split_at(w * h);
                let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
                frame.chroma_shift = (1, 1);
                copy(&mut frame.y, w, h, luma.iter());
                if self == Self::Nv12 {
                    copy(&mut frame.u, cw, ch, chroma.iter().step_by(2));
                    copy(&mut frame.v, cw, ch, chroma.iter().skip(1).step_by(2));
                } else {
                    copy(&mut frame.u, cw, ch, chroma[..cw * ch].iter());
                    copy(&mut frame.v, cw, ch, chroma[cw * ch..].iter());
                }
            }
            Self::Grey => {
                copy(&mut frame.y, w, h, data.iter());
                frame.u.resize(0, 0);
                frame.v.resize(0, 0);
                frame.chroma_shift = (0, 0);
                frame.color.full_range = true;
            }
            Self::Rgb24 => rgb::fill(frame, w, h, 3, data),
            Self::Bgr24 => {
                let swapped: Vec<u8> = data
                    .chunks_exact(3)
                    .flat_map(|p| [p[2], p[1], p[0]])
                    .collect();
                rgb::fill(frame, w, h, 3, &swapped);
            }
        }
        Ok(())
    }
}

fn copy<'a>(plane: &mut Plane, width: usize, height: usize, data: impl Iterator<Item = &'a u8>) {
    plane.resize(width, height);
    for (to, from) in plane.data.iter_mut().zip(data) {
        *to = *from;
    }
}

/// Unpacks groups of two pixels in four bytes; `at` says where Y0, Cb and Cr stand, Y1 two after Y0.
fn packed_422(data: &[u8], w: usize, h: usize, at: [usize; 3], frame: &mut Frame) {
    let pairs = w.div_ceil(2);
    frame.y.resize(w, h);
    frame.u.resize(pairs, h);
    frame.v.resize(pairs, h);
    frame.chroma_shift = (1, 0);
    for (row, line) in data.chunks_exact(pairs * 4).take(h).enumerate() {
        let y = &mut frame.y.data[row * w..(row + 1) * w];
        let u = &mut frame.u.data[row * pairs..(row + 1) * pairs];
        let v = &mut frame.v.data[row * pairs..(row + 1) * pairs];
        let groups = line.chunks_exact(4);
        for (((group, y), u), v) in groups.zip(y.chunks_mut(2)).zip(u).zip(v) {
            for (i, y) in y.iter_mut().enumerate() {
                *y = group[at[0] + 2 * i];
            }
            (*u, *v) = (group[at[1]], group[at[2]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes `data` of 3 x 2 px.
    fn decoded(encoding: Encoding, data: &[u8]) -> Frame {
        let mut frame = Frame::default();
        encoding.decode(data, 3, 2, &mut frame).unwrap();
        frame
    }

    #[test]
    fn packed_and_planar_pictures_of_odd_width_are_unpacked() {
        let yuyv = decoded(
            Encoding::Yuyv,
            &[1, 90, 2, 91, 3, 92, 0, 93, 4, 94, 5, 95, 6, 96, 0, 97],
        );
        let uyvy = decoded(
            Encoding::Uyvy,
            &[90, 1, 91, 2, 92, 3, 93, 0, 94, 4, 95, 5, 96, 6, 97, 0],
        );
        for f in [yuyv, uyvy] {
            assert_eq!(f.y.data, [1, 2, 3, 4, 5, 6]);
            assert_eq!(f.u.data, [90, 92, 94, 96]);
            assert_eq!(f.v.data, [91, 93, 95, 97]);
            assert_eq!(f.chroma_shift, (1, 0));
        }
        let nv12 = decoded(Encoding::Nv12, &[1, 2, 3, 4, 5, 6, 90, 91, 92, 93]);
        let yu12 = decoded(Encoding::Yu12, &[1, 2, 3, 4, 5, 6, 90, 92, 91, 93]);
        for f in [nv12, yu12] {
            assert_eq!(f.y.data, [1, 2, 3, 4, 5, 6]);
            assert_eq!((f.u.data, f.v.data), (vec![90, 92], vec![91, 93]));
            assert_eq!(f.chroma_shift, (1, 1));
        }
        let red = [255, 0, 0].repeat(6);
        let blue_first: Vec<u8> = [0, 0, 255].repeat(6);
        assert_eq!(
            decoded(Encoding::Rgb24, &red).v.data,
            decoded(Encoding::Bgr24, &blue_first).v.data
        );
        assert!(decoded(Encoding::Grey, &[7; 6]).u.data.is_empty());
    }

    #[test]
    fn what_is_left_over_from_pictures_before_is_cut_off() {
        let jpeg = [0xff, 0xd8, 0xff, 0xdb, 0, 3, 9, 1, 2, 0xff, 0xd9];
        let mut buffer = jpeg.to_vec();
        buffer.extend([7; 50]);
        assert_eq!(Encoding::Mjpeg.trim(buffer, 3, 2), Ok(jpeg.to_vec()));
        assert_eq!(Encoding::Grey.trim(vec![1; 9], 3, 2), Ok(vec![1; 6]));
    }

    #[test]
    fn short_and_broken_pictures_are_refused() {
        let mut frame = Frame::default();
        for (encoding, _) in Encoding::ALL {
            assert!(encoding.decode(&[1, 2, 3], 3, 2, &mut frame).is_err());
            assert!(encoding.trim(vec![0xff, 0xd8, 1], 3, 2).is_err());
            assert_eq!(Encoding::from_code(encoding.code()), Some(encoding));
        }
        assert_eq!(Encoding::from_code("H264"), None);
    }
}
