//! H.264 by `rust_h264`, which carries each picture's time through reordering.

use std::collections::VecDeque;

use rust_h264::decoder::{ChromaFormat, Frame as Picture, OrderedDecoder};
use rust_h264::error::DecodeError;
use rust_h264::nal::{
    NalUnit, NalUnitType, SpsInfo, parse_avcc, parse_avcc_config, parse_sps_info,
};

use super::color::ColorHint;
use super::guard;
use super::planes;
use super::{Fault, Stamp, VideoDecoder, check_size};
use crate::source::Frame;

/// Pictures held for reordering where the stream does not say: the largest buffer of any level
/// (ITU-T H.264 A.3.1 h).
const MAX_REORDER: usize = 16;

pub(super) struct H264 {
    decoder: OrderedDecoder<Stamp>,
    /// Bytes of the length before each NAL unit.
    length_size: usize,
    /// The `avcC` record, to start again after damage or with other settings.
    avcc: Vec<u8>,
    /// Pictures the decoder holds for reordering.
    reorder: usize,
    container_color: ColorHint,
    color: ColorHint,
}

impl H264 {
    /// From an `avcC` record; `container_color` is what the container says of the colours.
    pub fn new(avcc: &[u8], container_color: ColorHint) -> Result<Self, Fault> {
        let config = parse_avcc_config(avcc)
            .map_err(|cause| Fault::Invalid(format!("its H.264 set-up is damaged ({cause})")))?;
        let mut decoder = Self {
            decoder: OrderedDecoder::with_max_depth(MAX_REORDER),
            length_size: config.length_size,
            avcc: avcc.to_vec(),
            reorder: MAX_REORDER,
            container_color,
            color: container_color,
        };
        let infos = config.sps_nals.iter().map(sps_info);
        let reorder = infos
            .map(|info| info.map(|info| reorder_depth(&info)))
            .collect::<Result<Vec<_>, _>>()?;
        decoder.reorder = reorder.into_iter().max().unwrap_or(MAX_REORDER);
        decoder.restart()?;
        Ok(decoder)
    }

    /// A fresh decoder with the parameter sets of the container.
    fn restart(&mut self) -> Result<(), Fault> {
        self.decoder = OrderedDecoder::with_max_depth(self.reorder);
        let avcc = std::mem::take(&mut self.avcc);
        if let Ok(config) = parse_avcc_config(&avcc) {
            for nal in config.sps_nals.iter().chain(&config.pps_nals) {
                self.feed(nal, Stamp::default(), &mut VecDeque::new())?;
            }
        }
        self.avcc = avcc;
        Ok(())
    }

    fn feed(
        &mut self,
        nal: &NalUnit<'_>,
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        if nal.nal_unit_type == NalUnitType::Sps {
            let info = sps_info(nal)?;
            self.color = ColorHint::from_code_points(
                info.matrix.into(),
                info.transfer.into(),
                info.full_range.then_some(true),
            )
            .or(self.container_color);
        }
        let decoder = &mut self.decoder;
        match guard::catch(|| decoder.decode_nal_with_meta(nal, stamp)) {
            Ok(Ok(pictures)) => {
                self.emit(pictures, out);
                Ok(())
            }
            Ok(Err(DecodeError::Unsupported(what))) => {
                Err(Fault::unsupported(format!("H.264 video with {what}")))
            }
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged H.264: {error}"))),
            Err(guard::Panicked) => {
                self.restart()?;
                Err(Fault::Invalid("damaged H.264".to_owned()))
            }
        }
    }

    fn emit(&self, pictures: Vec<(Picture, Stamp)>, out: &mut VecDeque<Frame>) {
        for (picture, stamp) in pictures {
            if let Some(pts_s) = stamp.pts_s {
                out.push_back(frame(picture, pts_s, self.color));
            }
        }
    }
}

impl VideoDecoder for H264 {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        let mut outcome = Ok(());
        for nal in parse_avcc(data, self.length_size) {
            if nal.nal_unit_type == NalUnitType::Sps {
                let depth = reorder_depth(&sps_info(&nal)?);
                if depth > self.reorder {
                    // A sequence that reorders more begins: what is held belongs before it.
                    self.flush(out)?;
                    self.reorder = depth;
                    self.restart()?;
                }
            }
            // One damaged slice does not make the others of the picture useless.
            match self.feed(&nal, stamp, out) {
                Err(fault @ Fault::Invalid(_)) => outcome = Err(fault),
                other => other?,
            }
        }
        outcome
    }

    fn flush(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        let decoder = &mut self.decoder;
        match guard::catch(|| decoder.flush_with_meta()) {
            Ok(pictures) => {
                self.emit(pictures, out);
                Ok(())
            }
            Err(guard::Panicked) => Err(Fault::Invalid("damaged H.264".to_owned())),
        }
    }
}

/// Parses and checks a sequence parameter set before the decoder allocates for it.
fn sps_info(nal: &NalUnit<'_>) -> Result<SpsInfo, Fault> {
    let info = guard::catch(|| parse_sps_info(nal))
        .map_err(|guard::Panicked| "a damaged parameter set".to_owned())
        .and_then(|info| info.map_err(|error| error.to_string()))
        .map_err(|error| Fault::Invalid(format!("damaged H.264: {error}")))?;
    check_size(info.coded_width, info.coded_height)?;
    Ok(info)
}

fn reorder_depth(info: &SpsInfo) -> usize {
    info.max_reorder_frames
        .map_or(MAX_REORDER, |n| (n as usize).min(MAX_REORDER))
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
    }
}
