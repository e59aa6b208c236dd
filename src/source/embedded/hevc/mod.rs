//! HEVC by `rust_h265`, whose frame threads and output order are exact; times are ours to carry.

mod order;
mod syntax;

use std::collections::VecDeque;

use rust_h265::{
    DecodeError, Decoder, Frame as Picture, NalUnit, NalUnitType, PixelData, parse_hvcc, parse_nal,
};
use scuffle_h265::SpsRbsp;

use self::order::Order;
use super::guard::{self, Panicked};
use super::{Fault, Stamp, VideoDecoder, check_size, planes};
use crate::source::Frame;
use crate::source::color::ColorHint;
use crate::threads::processors;

/// Threads at most. Each holds a picture; more gain little on the clips of a phone.
const MAX_THREADS: usize = 4;

pub(super) struct Hevc {
    decoder: Decoder,
    order: Order,
    /// Bytes of the length before each NAL unit.
    length_size: u8,
    /// Parameter sets of the container, to start again after damage.
    parameter_sets: Vec<Vec<u8>>,
    container_color: ColorHint,
    color: ColorHint,
}

impl Hevc {
    /// From an `hvcC` record; `container_color` is what the container says of the colours.
    pub fn new(hvcc: &[u8], container_color: ColorHint) -> Result<Self, Fault> {
        let (length_size, parameter_sets) = parse_record(hvcc)
            .ok_or_else(|| Fault::Invalid("its HEVC set-up is damaged".to_owned()))?;
        let mut hevc = Self {
            decoder: Decoder::new(),
            order: Order::new(),
            length_size,
            parameter_sets,
            container_color,
            color: container_color,
        };
        hevc.restart()?;
        Ok(hevc)
    }

    /// A fresh decoder with the parameter sets of the container.
    fn restart(&mut self) -> Result<(), Fault> {
        let threads = processors().min(MAX_THREADS);
        self.decoder = Decoder::new().with_display_order().with_threads(threads);
        self.order = Order::new();
        let sets = std::mem::take(&mut self.parameter_sets);
        let outcome = sets
            .iter()
            .filter_map(|set| parse_nal(set))
            .try_for_each(|nal| self.feed(&nal, Stamp::default()));
        self.parameter_sets = sets;
        outcome
    }

    fn feed(&mut self, nal: &NalUnit<'_>, stamp: Stamp) -> Result<(), Fault> {
        // Further layers hold a second eye or more detail, which the decoder does not know.
        if nal.nuh_layer_id != 0 {
            return Ok(());
        }
        if nal.nal_unit_type == NalUnitType::Sps {
            if let Some(sps) = syntax::Sps::parse(&nal.rbsp) {
                check_size(sps.width, sps.height)?;
            }
            self.color = vui_color(&nal.rbsp).or(self.container_color);
        }
        self.order.enter(nal, stamp);
        let decoder = &mut self.decoder;
        match guard::catch(|| decoder.decode_nal(nal)) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(DecodeError::Unsupported(what))) => {
                Err(Fault::unsupported(format!("HEVC video with {what}")))
            }
            Ok(Err(DecodeError::ResourceLimit(what))) => Err(Fault::unsupported(format!(
                "HEVC video beyond a limit ({what})"
            ))),
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged HEVC: {error}"))),
            Err(Panicked) => {
                self.restart()?;
                Err(Fault::Invalid("damaged HEVC".to_owned()))
            }
        }
    }

    fn emit(&mut self, picture: Picture, out: &mut VecDeque<Frame>) {
        let stamp = self.order.leave(picture.pic_order_cnt);
        if let Some(pts_s) = stamp.and_then(|stamp| stamp.pts_s) {
            out.push_back(frame(picture, pts_s, self.color));
        }
    }
}

impl VideoDecoder for Hevc {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        let mut outcome = Ok(());
        for nal in parse_hvcc(data, self.length_size) {
            // One damaged slice does not make the others of the picture useless.
            match self.feed(&nal, stamp) {
                Err(fault @ Fault::Invalid(_)) => outcome = Err(fault),
                other => other?,
            }
        }
        let next = |decoder: &mut Decoder| guard::catch(|| decoder.next_output());
        while let Ok(Some(picture)) = next(&mut self.decoder) {
            self.emit(picture, out);
        }
        outcome
    }

    fn flush(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        let next = |decoder: &mut Decoder| guard::catch(|| decoder.flush());
        loop {
            match next(&mut self.decoder) {
                Ok(Some(picture)) => self.emit(picture, out),
                Ok(None) => return Ok(()),
                Err(Panicked) => return Err(Fault::Invalid("damaged HEVC".to_owned())),
            }
        }
    }
}

/// Length size and parameter sets of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1).
fn parse_record(hvcc: &[u8]) -> Option<(u8, Vec<Vec<u8>>)> {
    let length_size = (hvcc.get(21)? & 3) + 1;
    let arrays = *hvcc.get(22)?;
    let mut rest = &hvcc[23..];
    let mut sets = Vec::new();
    let number = |rest: &mut &[u8]| {
        let (number, after) = rest.split_first_chunk::<2>()?;
        *rest = after;
        Some(usize::from(u16::from_be_bytes(*number)))
    };
    for _ in 0..arrays {
        rest = rest.get(1..)?;
        for _ in 0..number(&mut rest)? {
            let len = number(&mut rest)?;
            sets.push(rest.get(..len)?.to_vec());
            rest = &rest[len..];
        }
    }
    Some((length_size, sets))
}

/// Colours in the usability information of a sequence parameter set, where there is any.
fn vui_color(rbsp: &[u8]) -> ColorHint {
    // Only colours are at stake: a set that this parser refuses leaves them to the container.
    let parsed = guard::catch(|| SpsRbsp::parse(with_emulation_prevention(rbsp).as_slice(), 0));
    let Ok(Ok(SpsRbsp {
        vui_parameters: Some(vui),
        ..
    })) = parsed
    else {
        return ColorHint::default();
    };
    let signal = vui.video_signal_type;
    ColorHint::from_code_points(
        signal.matrix_coeffs.into(),
        signal.transfer_characteristics.into(),
        signal.video_full_range_flag.then_some(true),
    )
}

/// Puts back the bytes that keep start codes out of a NAL unit (7.4.2), which the parser removes.
fn with_emulation_prevention(rbsp: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(rbsp.len() + 8);
    let mut zeros = 0;
    for &byte in rbsp {
        if zeros >= 2 && byte <= 3 {
            escaped.push(3);
            zeros = 0;
        }
        escaped.push(byte);
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    escaped
}

fn frame(picture: Picture, pts_s: f64, color: ColorHint) -> Frame {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let shift = match picture.chroma_format_idc {
        3 => (0, 0),
        2 => (1, 0),
        _ => (1, 1),
    };
    let (chroma_width, chroma_height) = (width >> shift.0, height >> shift.1);
    let plane = |data: PixelData, width, height| match data {
        PixelData::U8(data) => planes::from_bytes(data, width, height, 8),
        PixelData::U16(data) => planes::from_words(&data, width, height, picture.bit_depth),
    };
    Frame {
        pts_s,
        y: plane(picture.y, width, height),
        u: plane(picture.u, chroma_width, chroma_height),
        v: plane(picture.v, chroma_width, chroma_height),
        chroma_shift: shift,
        color: color.resolve(height),
        cells: None,
    }
}
