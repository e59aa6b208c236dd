//! VP8 by `oximedia-codec`: every packet gives its picture at once, or none if it is hidden.

use std::collections::VecDeque;

use oximedia_codec::traits::{DecoderConfig, VideoDecoder as _};
use oximedia_codec::vp8::Vp8Decoder;
use oximedia_codec::{CodecError, VideoFrame};

use super::guard::{self, Panicked};
use super::{Fault, Stamp, VideoDecoder, check_size, planes};
use crate::source::color::ColorHint;
use crate::source::{Frame, Plane};

pub(super) struct Vp8 {
    decoder: Vp8Decoder,
    color: ColorHint,
}

impl Vp8 {
    /// `color` is what the container says of the colours; the stream says nothing that counts.
    pub fn new(color: ColorHint) -> Result<Self, Fault> {
        Ok(Self {
            decoder: fresh()?,
            color,
        })
    }
}

fn fresh() -> Result<Vp8Decoder, Fault> {
    Vp8Decoder::new(DecoderConfig::default()).map_err(|e| Fault::Invalid(e.to_string()))
}

impl VideoDecoder for Vp8 {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        if let Some((width, height)) = key_frame_size(data) {
            check_size(width, height)?;
        }
        let decoder = &mut self.decoder;
        let decoded: Result<Result<_, CodecError>, _> = guard::catch(|| {
            decoder.send_packet(data, 0)?;
            decoder.receive_frame()
        });
        match decoded {
            Ok(Ok(picture)) => {
                if let (Some(picture), Some(pts_s)) = (picture, stamp.pts_s) {
                    out.push_back(frame(picture, pts_s, self.color));
                }
                Ok(())
            }
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged VP8: {error}"))),
            Err(Panicked) => {
                self.decoder = fresh()?;
                Err(Fault::Invalid("damaged VP8".to_owned()))
            }
        }
    }

    fn flush(&mut self, _out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        Ok(())
    }
}

/// Width and height in px that a key frame says it has (RFC 6386 9.1); `None` for other frames.
fn key_frame_size(data: &[u8]) -> Option<(u32, u32)> {
    if data.first()? & 1 != 0 {
        return None;
    }
    // Below the 14 bits of a size are two of scaling, which is for display only.
    let field = |at: usize| {
        let bytes = data.get(at..)?.first_chunk::<2>()?;
        Some(u32::from(u16::from_le_bytes(*bytes) & 0x3fff))
    };
    Some((field(6)?, field(8)?))
}

fn frame(picture: VideoFrame, pts_s: f64, color: ColorHint) -> Frame {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut planes = picture.planes.into_iter();
    let mut plane = |width: usize, height: usize| match planes.next() {
        Some(plane) => planes::from_rows(&plane.data, plane.stride, width, height, 8),
        None => Plane::default(),
    };
    let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
    Frame {
        pts_s,
        y: plane(width, height),
        u: plane(chroma_width, chroma_height),
        v: plane(chroma_width, chroma_height),
        chroma_shift: (1, 1),
        color: color.resolve(height),
        cells: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_key_frame() {
        let key = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x41, 0xf0, 0x00];
        assert_eq!(key_frame_size(&key), Some((0x140, 0xf0)));
        assert_eq!(key_frame_size(&[0x11, 0, 0]), None);
        assert_eq!(key_frame_size(&[0x10]), None);
    }
}
