//! H.264 by `rust_h264`: interlaced, 10 bit, 4:2:2 and damaged streams too.

use std::collections::VecDeque;

use rust_h264::decoder::{ChromaFormat, Frame as Picture, OrderedDecoder};
use rust_h264::error::DecodeError;
use rust_h264::nal::{NalUnit, NalUnitType, parse_avcc};

use super::super::guard::{self, Panicked};
use super::super::{Fault, Stamp, planes};
use super::setup::{Sequence, Setup};
use crate::source::Frame;
use crate::source::color::ColorHint;

pub(super) struct General {
    decoder: OrderedDecoder<Stamp>,
    setup: Setup,
    /// Pictures the decoder holds for reordering.
    reorder: usize,
    container_color: ColorHint,
    color: ColorHint,
}

impl General {
    pub fn new(setup: Setup, container_color: ColorHint) -> Result<Self, Fault> {
        let reorder = setup.reorder();
        let mut general = Self {
            decoder: OrderedDecoder::with_max_depth(reorder),
            setup,
            reorder,
            container_color,
            color: container_color,
        };
        general.restart()?;
        Ok(general)
    }

    /// A fresh decoder with the parameter sets of the container.
    fn restart(&mut self) -> Result<(), Fault> {
        self.decoder = OrderedDecoder::with_max_depth(self.reorder);
        let decoder = &mut self.decoder;
        let mut color = None;
        let outcome = self.setup.for_each(|nal| {
            if nal.nal_unit_type == NalUnitType::Sps {
                color = Some(Sequence::parse(nal)?.color());
            }
            feed(decoder, nal, Stamp::default())?;
            Ok(())
        });
        if let Some(color) = color {
            self.color = color.or(self.container_color);
        }
        outcome
    }

    /// Decodes one access unit and appends what became ready, in presentation order.
    pub fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<(Stamp, Frame)>,
    ) -> Result<(), Fault> {
        let mut outcome = Ok(());
        for nal in parse_avcc(data, self.setup.length_size) {
            // One damaged slice does not make the others of the picture useless.
            match self.decode_nal(&nal, stamp, out) {
                Err(fault @ Fault::Invalid(_)) => outcome = Err(fault),
                other => other?,
            }
        }
        outcome
    }

    fn decode_nal(
        &mut self,
        nal: &NalUnit<'_>,
        stamp: Stamp,
        out: &mut VecDeque<(Stamp, Frame)>,
    ) -> Result<(), Fault> {
        if nal.nal_unit_type == NalUnitType::Sps {
            let sequence = Sequence::parse(nal)?;
            if sequence.reorder > self.reorder {
                // A sequence that reorders more begins: what is held belongs before it.
                self.flush(out)?;
                self.reorder = sequence.reorder;
                self.restart()?;
            }
            self.color = sequence.color().or(self.container_color);
        }
        match feed(&mut self.decoder, nal, stamp) {
            Ok(pictures) => {
                self.emit(pictures, out);
                Ok(())
            }
            Err(Failure::Panicked) => {
                self.restart()?;
                Err(Fault::Invalid("damaged H.264".to_owned()))
            }
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }

    /// Appends what is still held at the end of the stream.
    pub fn flush(&mut self, out: &mut VecDeque<(Stamp, Frame)>) -> Result<(), Fault> {
        let decoder = &mut self.decoder;
        let pictures = guard::catch(|| decoder.flush_with_meta())
            .map_err(|Panicked| Fault::Invalid("damaged H.264".to_owned()))?;
        self.emit(pictures, out);
        Ok(())
    }

    fn emit(&self, pictures: Vec<(Picture, Stamp)>, out: &mut VecDeque<(Stamp, Frame)>) {
        let shown = pictures.into_iter().filter_map(|(picture, stamp)| {
            let pts_s = stamp.pts_s?;
            Some((stamp, frame(picture, pts_s, self.color)))
        });
        out.extend(shown);
    }
}

/// Why a NAL unit was not decoded.
enum Failure {
    Panicked,
    Fault(Fault),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Panicked => Self::Invalid("damaged H.264".to_owned()),
            Failure::Fault(fault) => fault,
        }
    }
}

fn feed(
    decoder: &mut OrderedDecoder<Stamp>,
    nal: &NalUnit<'_>,
    stamp: Stamp,
) -> Result<Vec<(Picture, Stamp)>, Failure> {
    match guard::catch(|| decoder.decode_nal_with_meta(nal, stamp)) {
        Ok(Ok(pictures)) => Ok(pictures),
        Ok(Err(DecodeError::Unsupported(what))) => Err(Failure::Fault(Fault::unsupported(
            format!("H.264 video with {what}"),
        ))),
        Ok(Err(error)) => Err(Failure::Fault(Fault::Invalid(format!(
            "damaged H.264: {error}"
        )))),
        Err(Panicked) => Err(Failure::Panicked),
    }
}

fn frame(picture: Picture, pts_s: f64, color: ColorHint) -> Frame {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (chroma_width, chroma_height) = (
        picture.chroma_width() as usize,
        picture.chroma_height() as usize,
    );
    let depth = picture.bit_depth;
    Frame {
        pts_s,
        y: planes::from_bytes(picture.y, width, height, depth),
        u: planes::from_bytes(picture.u, chroma_width, chroma_height, depth),
        v: planes::from_bytes(picture.v, chroma_width, chroma_height, depth),
        chroma_shift: match picture.chroma_format {
            ChromaFormat::Yuv420 => (1, 1),
            ChromaFormat::Yuv422 => (1, 0),
        },
        color: color.resolve(height),
        cells: None,
    }
}
