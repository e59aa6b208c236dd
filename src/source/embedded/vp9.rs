//! VP9 by `rusty_vp9`: every packet gives its picture at once, or none if it is only referred to.

use std::collections::VecDeque;

use rusty_vp9::{BitReader, DecodedFrame, Error, Vp9Decoder, parse_uncompressed_header};

use super::guard::{self, Panicked};
use super::{Fault, Stamp, VideoDecoder, check_size, planes};
use crate::source::color::ColorHint;
use crate::source::{Frame, Matrix};

pub(super) struct Vp9 {
    decoder: Vp9Decoder,
    container_color: ColorHint,
    color: ColorHint,
}

impl Vp9 {
    /// `container_color` is what the container says of the colours.
    pub fn new(container_color: ColorHint) -> Self {
        Self {
            decoder: fresh(),
            container_color,
            color: container_color,
        }
    }

    /// Reads the headers of a packet's pictures before the decoder allocates for them.
    fn inspect(&mut self, data: &[u8]) -> Result<(), Fault> {
        for picture in pictures(data) {
            // Sizes taken over from other pictures were checked with those.
            let header = parse_uncompressed_header(&mut BitReader::new(picture), &[(1, 1); 8]);
            let Ok(header) = header else { continue };
            if header.show_existing_frame {
                continue;
            }
            check_size(header.width, header.height)?;
            if header.key_frame {
                // color_space of the VP9 bitstream specification, 7.2.2.
                let matrix = match header.color_space {
                    1 | 3 => Some(Matrix::Bt601),
                    2 | 4 => Some(Matrix::Bt709),
                    5 => Some(Matrix::Bt2020),
                    7 => return Err(Fault::unsupported("RGB video")),
                    _ => None,
                };
                let stream = ColorHint {
                    matrix,
                    ..ColorHint::default()
                };
                self.color = stream.or(self.container_color);
            }
        }
        Ok(())
    }
}

impl VideoDecoder for Vp9 {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        guard::catch(|| self.inspect(data))
            .unwrap_or_else(|Panicked| Err(Fault::Invalid("damaged VP9".to_owned())))?;
        let decoder = &mut self.decoder;
        let mut shown = Vec::new();
        let decoded = guard::catch(|| {
            decoder.push(data, None)?;
            let mut outcome = Ok(());
            loop {
                match decoder.next_frame() {
                    Ok(picture) => shown.push(picture),
                    // A picture that is only referred to.
                    Err(Error::Again) => {}
                    Err(Error::Eof) => return outcome,
                    // The others of the packet may be whole.
                    Err(error) => outcome = Err(error),
                }
            }
        });
        if let Some(pts_s) = stamp.pts_s {
            out.extend(shown.into_iter().map(|p| frame(p, pts_s, self.color)));
        }
        match decoded {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Error::Unsupported(what))) => {
                Err(Fault::unsupported(format!("VP9 video with {what}")))
            }
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged VP9: {error}"))),
            Err(Panicked) => {
                self.decoder = fresh();
                Err(Fault::Invalid("damaged VP9".to_owned()))
            }
        }
    }

    fn flush(&mut self, _out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        Ok(())
    }
}

/// A decoder that says `Eof` when it has no further picture in hand, where it would say `Again` as
/// it does for a hidden one.
fn fresh() -> Vp9Decoder {
    let mut decoder = Vp9Decoder::new();
    decoder.flush();
    decoder
}

/// The pictures of a packet, which is one or a superframe with an index at its end (VP9 bitstream
/// specification, annex B).
fn pictures(data: &[u8]) -> Vec<&[u8]> {
    let indexed = || {
        let marker = *data.last()?;
        if marker & 0xe0 != 0xc0 {
            return None;
        }
        let count = usize::from(marker & 7) + 1;
        let width = usize::from(marker >> 3 & 3) + 1;
        let start = data.len().checked_sub(2 + width * count)?;
        if data[start] != marker {
            return None;
        }
        let mut rest = &data[..start];
        let sizes = data[start + 1..data.len() - 1].chunks_exact(width);
        let split = sizes.map_while(|size| {
            let size = size
                .iter()
                .rev()
                .fold(0, |n, &byte| n << 8 | usize::from(byte));
            let (picture, after) = rest.split_at_checked(size)?;
            rest = after;
            Some(picture)
        });
        Some(split.collect())
    };
    indexed().unwrap_or_else(|| vec![data])
}

fn frame(picture: DecodedFrame, pts_s: f64, color: ColorHint) -> Frame {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let shift = (picture.subsampling_x as u8, picture.subsampling_y as u8);
    let chroma_width = width.div_ceil(1 << shift.0);
    let chroma_height = height.div_ceil(1 << shift.1);
    let depth = picture.bit_depth as u8;
    let mut planes = picture.planes.into_iter();
    let mut plane =
        |width, height| planes::from_bytes(planes.next().unwrap_or_default(), width, height, depth);
    Frame {
        pts_s,
        y: plane(width, height),
        u: plane(chroma_width, chroma_height),
        v: plane(chroma_width, chroma_height),
        chroma_shift: shift,
        color: color.resolve(height),
        cells: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_superframe_is_split_by_its_index() {
        let packet = [1, 2, 3, 0xc1, 2, 1, 0xc1];
        assert_eq!(pictures(&packet), [&[1, 2][..], &[3]]);
        assert_eq!(pictures(&[1, 2, 3]), [&[1, 2, 3][..]]);
        assert_eq!(pictures(&[0xc1]), [&[0xc1][..]]);
    }
}
