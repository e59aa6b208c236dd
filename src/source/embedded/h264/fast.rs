//! H.264 by `rusty_h264-decoder`: progressive 8-bit 4:2:0, for two thirds of the time of the general
//! decoder. It gives each access unit's picture at once; order is ours.

use rust_h264::nal::{NalUnitType, parse_avcc};
use rusty_h264_common::YuvFrame;
use rusty_h264_decoder::Decoder;

use super::super::guard::{self, Panicked};
use super::super::{Fault, Stamp, planes};
use super::setup::{self, START_CODE, Sequence, Setup};
use crate::source::Frame;
use crate::source::color::ColorHint;

pub(super) struct Fast {
    decoder: Decoder,
    length_size: usize,
    reorder: usize,
    container_color: ColorHint,
    color: ColorHint,
    /// Decoded pictures that earlier ones may still come before.
    held: Vec<(Stamp, Frame)>,
}

/// An access unit as the decoder takes it.
pub(super) struct Unit {
    annex_b: Vec<u8>,
    /// It starts a group of pictures that needs nothing before it.
    pub idr: bool,
    has_picture: bool,
    /// The sequence parameter set it carries, if any.
    sequence: Option<Sequence>,
}

impl Fast {
    /// `None` if the stream is none for this decoder.
    pub fn new(setup: &Setup, container_color: ColorHint) -> Option<Self> {
        if setup.sequences.is_empty() || !setup.sequences.iter().all(decodes) {
            return None;
        }
        let mut fast = Self {
            decoder: Decoder::new(),
            length_size: setup.length_size,
            reorder: setup.reorder(),
            container_color,
            color: setup.sequences[0].color().or(container_color),
            held: Vec::new(),
        };
        fast.read(&setup.annex_b()).ok()?;
        Some(fast)
    }

    /// Converts an access unit.
    pub fn prepare(&self, data: &[u8]) -> Result<Unit, Fault> {
        let mut unit = Unit {
            annex_b: Vec::with_capacity(data.len() + 16),
            idr: false,
            has_picture: false,
            sequence: None,
        };
        for prefixed in setup::nal_units(data, self.length_size) {
            let nal = &prefixed[self.length_size..];
            unit.annex_b.extend_from_slice(&START_CODE);
            unit.annex_b.extend_from_slice(nal);
            match nal.first().map(|header| NalUnitType::from(header & 0x1f)) {
                Some(NalUnitType::SliceIdr) => (unit.idr, unit.has_picture) = (true, true),
                Some(NalUnitType::Slice) => unit.has_picture = true,
                Some(NalUnitType::Sps) => {
                    if let Some(sps) = parse_avcc(prefixed, self.length_size).first() {
                        unit.sequence = Some(Sequence::parse(sps)?);
                    }
                }
                _ => {}
            }
        }
        Ok(unit)
    }

    /// Decodes an access unit; the pictures that are in order now, whether shown or not.
    pub fn decode(&mut self, unit: &Unit, stamp: Stamp) -> Result<Vec<(Stamp, Frame)>, Fault> {
        if let Some(sequence) = &unit.sequence {
            if !decodes(sequence) {
                return Err(Fault::Invalid("H.264 beyond the fast decoder".to_owned()));
            }
            self.reorder = self.reorder.max(sequence.reorder);
            self.color = sequence.color().or(self.container_color);
        }
        let picture = self.read(&unit.annex_b)?;
        if picture.is_none() && unit.has_picture {
            return Err(Fault::Invalid("damaged H.264: a lost picture".to_owned()));
        }
        if let Some(picture) = picture {
            let frame = frame(picture, stamp.pts_s.unwrap_or_default(), self.color);
            let at = self.held.partition_point(|(s, _)| s.order < stamp.order);
            self.held.insert(at, (stamp, frame));
        }
        let surplus = self.held.len().saturating_sub(self.reorder);
        Ok(self.held.drain(..surplus).collect())
    }

    /// The pictures still held, in order.
    pub fn flush(&mut self) -> Vec<(Stamp, Frame)> {
        std::mem::take(&mut self.held)
    }

    fn read(&mut self, annex_b: &[u8]) -> Result<Option<YuvFrame>, Fault> {
        let decoder = &mut self.decoder;
        match guard::catch(|| decoder.decode(annex_b)) {
            Ok(Ok(picture)) => Ok(picture),
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged H.264: {error}"))),
            Err(Panicked) => Err(Fault::Invalid("damaged H.264".to_owned())),
        }
    }
}

/// Whether the decoder is exact on a sequence: what the profiles beyond High bring it does not know.
fn decodes(sequence: &Sequence) -> bool {
    const BASELINE_MAIN_HIGH: [u8; 3] = [66, 77, 100];
    let info = &sequence.info;
    BASELINE_MAIN_HIGH.contains(&info.profile)
        && info.progressive
        && info.chroma_format == 1
        && (info.bit_depth_luma, info.bit_depth_chroma) == (8, 8)
}

fn frame(picture: YuvFrame, pts_s: f64, color: ColorHint) -> Frame {
    let (width, height) = (picture.width, picture.height);
    Frame {
        pts_s,
        y: planes::from_bytes(picture.y, width, height, 8),
        u: planes::from_bytes(picture.u, width / 2, height / 2, 8),
        v: planes::from_bytes(picture.v, width / 2, height / 2, 8),
        chroma_shift: (1, 1),
        color: color.resolve(height),
        cells: None,
    }
}
