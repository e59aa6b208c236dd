//! What an H.264 stream says of itself before its pictures: size, colours, depth of reordering.

use rust_h264::nal::{NalUnit, SpsInfo, parse_avcc_config, parse_sps_info};

use super::super::guard::{self, Panicked};
use super::super::{Fault, check_size};
use crate::source::color::ColorHint;

/// What separates NAL units in a byte stream (ITU-T H.264 annex B).
pub(super) const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Pictures that a decoder holds at most (ITU-T H.264 A.3.1 h).
const MAX_DPB_FRAMES: usize = 16;

/// A checked `avcC` record (ISO/IEC 14496-15 5.3.3.1).
pub(super) struct Setup {
    /// Bytes of the length before each NAL unit.
    pub length_size: usize,
    /// The record, whose parameter sets start a decoder.
    pub avcc: Vec<u8>,
    /// The sequences it announces; none if they come with the pictures.
    pub sequences: Vec<Sequence>,
}

/// What a sequence parameter set says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    pub info: SpsInfo,
    /// Pictures to be held for putting them in order.
    pub reorder: usize,
}

impl Setup {
    pub fn parse(avcc: &[u8]) -> Result<Self, Fault> {
        let config = parse_avcc_config(avcc)
            .map_err(|cause| Fault::Invalid(format!("its H.264 set-up is damaged ({cause})")))?;
        Ok(Self {
            length_size: config.length_size,
            avcc: avcc.to_vec(),
            sequences: config
                .sps_nals
                .iter()
                .map(Sequence::parse)
                .collect::<Result<_, _>>()?,
        })
    }

    /// The parameter sets as a byte stream (ITU-T H.264 annex B).
    pub fn annex_b(&self) -> Vec<u8> {
        let mut stream = Vec::new();
        // Five bytes of versions, then the sequence sets and the picture sets, each list with its
        // count, each set with its length in two bytes.
        let mut rest = self.avcc.get(5..).unwrap_or_default();
        for mask in [0x1f, 0xff] {
            let Some((count, after)) = rest.split_first() else {
                break;
            };
            rest = after;
            for _ in 0..count & mask {
                let Some(prefixed) = nal_units(rest, 2).next() else {
                    break;
                };
                stream.extend_from_slice(&START_CODE);
                stream.extend_from_slice(&prefixed[2..]);
                rest = &rest[prefixed.len()..];
            }
        }
        stream
    }

    /// Calls `feed` with each parameter set.
    pub fn for_each(
        &self,
        mut feed: impl FnMut(&NalUnit<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Ok(config) = parse_avcc_config(&self.avcc) else {
            return Ok(());
        };
        let mut sets = config.sps_nals.iter().chain(&config.pps_nals);
        sets.try_for_each(&mut feed)
    }

    /// Pictures to be held for putting them in order.
    pub fn reorder(&self) -> usize {
        let depths = self.sequences.iter().map(|sequence| sequence.reorder);
        depths.max().unwrap_or(MAX_DPB_FRAMES)
    }
}

impl Sequence {
    /// Parses and checks a sequence parameter set before a decoder allocates for it.
    pub fn parse(nal: &NalUnit<'_>) -> Result<Self, Fault> {
        let info = guard::catch(|| parse_sps_info(nal))
            .map_err(|Panicked| "a damaged parameter set".to_owned())
            .and_then(|info| info.map_err(|error| error.to_string()))
            .map_err(|error| Fault::Invalid(format!("damaged H.264: {error}")))?;
        check_size(info.coded_width, info.coded_height)?;
        let level = nal.rbsp.get(2).copied().unwrap_or(u8::MAX);
        let reorder = match info.max_reorder_frames {
            Some(frames) => (frames as usize).min(MAX_DPB_FRAMES),
            // Where it is not said it is what the level allows (E.2.1, max_num_reorder_frames).
            None => max_dpb_frames(level, info.coded_width, info.coded_height),
        };
        Ok(Self { info, reorder })
    }

    pub fn color(&self) -> ColorHint {
        ColorHint::from_code_points(
            self.info.matrix.into(),
            self.info.transfer.into(),
            self.info.full_range.then_some(true),
        )
    }
}

/// The NAL units in `data`, each with the length of `length_size` bytes before it; one that is cut
/// ends the list.
pub(super) fn nal_units(data: &[u8], length_size: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let prefix = rest.get(..length_size)?;
        let length = prefix
            .iter()
            .fold(0, |length, &byte| length << 8 | usize::from(byte));
        let (unit, after) = rest.split_at_checked(length_size + length)?;
        rest = after;
        Some(unit)
    })
}

/// MaxDpbFrames (A.3.1 h) of a level and a picture of that many luma samples.
fn max_dpb_frames(level: u8, width: u32, height: u32) -> usize {
    // level_idc and MaxDpbMbs of table A-1; level 1b has that of 1.
    const MAX_DPB_MBS: [(u8, u32); 16] = [
        (10, 396),
        (11, 900),
        (12, 2_376),
        (13, 2_376),
        (20, 2_376),
        (21, 4_752),
        (22, 8_100),
        (30, 8_100),
        (31, 18_000),
        (32, 20_480),
        (41, 32_768),
        (42, 34_816),
        (50, 110_400),
        (51, 184_320),
        (52, 184_320),
        (62, 696_320),
    ];
    let macroblocks = (width / 16).max(1) * (height / 16).max(1);
    let allowed = MAX_DPB_MBS.iter().find(|(idc, _)| level <= *idc);
    allowed.map_or(MAX_DPB_FRAMES, |&(_, max)| {
        ((max / macroblocks) as usize).min(MAX_DPB_FRAMES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_end_where_the_data_do() {
        let units: Vec<_> = nal_units(&[0, 1, 9, 0, 2, 7, 7, 0, 5, 1], 2).collect();
        assert_eq!(units, [&[0, 1, 9][..], &[0, 2, 7, 7]]);
    }

    #[test]
    fn buffers_by_level() {
        assert_eq!(max_dpb_frames(40, 1920, 1088), 4);
        assert_eq!(max_dpb_frames(51, 3840, 2160), 5);
        assert_eq!(max_dpb_frames(30, 64, 48), 16);
        assert_eq!(max_dpb_frames(255, 64, 48), 16);
    }
}
