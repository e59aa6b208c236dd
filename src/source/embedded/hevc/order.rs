//! Which access unit a decoded frame came from, by its picture order count (ITU-T H.265 8.3.1).

use std::collections::VecDeque;

use rust_h265::{NalUnit, NalUnitType};

use super::super::Stamp;
use super::syntax::{Pps, Sps, poc_lsb};

/// Pictures whose stamps are kept: more than any decoder holds (16 waiting for output, some being
/// decoded); of what is lost to damage the stamps are dropped after as many.
const MAX_PENDING: usize = 64;

/// A picture on its way through the decoder.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pending {
    /// Number of its coded video sequence; order counts start anew in each.
    sequence: u64,
    poc: i32,
    stamp: Stamp,
}

/// Follows order counts into the decoder and out of it.
#[derive(Default)]
pub(super) struct Order {
    sps: Vec<Sps>,
    pps: Vec<Pps>,
    /// Order count of the last picture that others of its kind refer to (prevTid0Pic).
    previous_poc: i32,
    /// No picture yet, or the one before ended its sequence.
    sequence_starts: bool,
    sequence: u64,
    pending: VecDeque<Pending>,
    /// Sequence and order count of the frame that came out last.
    last_out: Option<(u64, i32)>,
}

impl Order {
    pub fn new() -> Self {
        Self {
            sequence_starts: true,
            ..Self::default()
        }
    }

    /// Sees a NAL unit on its way to the decoder.
    pub fn enter(&mut self, nal: &NalUnit<'_>, stamp: Stamp) {
        match nal.nal_unit_type {
            NalUnitType::Sps => {
                if let Some(sps) = Sps::parse(&nal.rbsp) {
                    self.sps.retain(|known| known.id != sps.id);
                    self.sps.push(sps);
                }
            }
            NalUnitType::Pps => {
                if let Some(pps) = Pps::parse(&nal.rbsp) {
                    self.pps.retain(|known| known.id != pps.id);
                    self.pps.push(pps);
                }
            }
            NalUnitType::Eos => self.sequence_starts = true,
            kind if kind.is_vcl() => self.enter_slice(nal, kind, stamp),
            _ => {}
        }
    }

    fn enter_slice(&mut self, nal: &NalUnit<'_>, kind: NalUnitType, stamp: Stamp) {
        let sets = |id| {
            let pps = self.pps.iter().find(|pps| pps.id == id)?;
            let sps = self.sps.iter().find(|sps| sps.id == pps.sps_id)?;
            Some((*pps, *sps))
        };
        let Some((lsb, sps)) = poc_lsb(&nal.rbsp, kind.is_irap(), kind.is_idr(), sets) else {
            return;
        };
        // IDR and BLA pictures always start a sequence, a CRA only where nothing precedes it.
        let starts = kind.is_irap() && (!kind.is_cra() || self.sequence_starts);
        if starts {
            self.sequence += 1;
        }
        self.sequence_starts = false;
        let poc = if starts {
            lsb as i32
        } else {
            order_count(self.previous_poc, lsb as i32, 1 << sps.poc_bits)
        };
        let referred = !matches!(
            kind,
            NalUnitType::TrailN
                | NalUnitType::TsaN
                | NalUnitType::StsaN
                | NalUnitType::RadlN
                | NalUnitType::RadlR
                | NalUnitType::RaslN
                | NalUnitType::RaslR
        );
        if nal.temporal_id == 0 && referred {
            self.previous_poc = poc;
        }
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(Pending {
            sequence: self.sequence,
            poc,
            stamp,
        });
    }

    /// The stamp of a frame that came out, the frames being taken in output order.
    pub fn leave(&mut self, poc: i32) -> Option<Stamp> {
        // Within a sequence order counts rise, so that a lower one is of a later sequence. Skipped
        // leading pictures never come out; their stamps are passed over.
        let at = self.pending.iter().position(|p| {
            p.poc == poc && self.last_out.is_none_or(|last| (p.sequence, poc) > last)
        })?;
        let found = self.pending.remove(at)?;
        self.last_out = Some((found.sequence, poc));
        self.pending
            .retain(|p| (p.sequence, p.poc) > (found.sequence, poc));
        Some(found.stamp)
    }
}

/// The order count whose low bits are `lsb` and that lies nearest to the one before (8-1).
fn order_count(previous: i32, lsb: i32, modulus: i32) -> i32 {
    let previous_lsb = previous.rem_euclid(modulus);
    let msb = previous - previous_lsb;
    let step = if lsb < previous_lsb && previous_lsb - lsb >= modulus / 2 {
        modulus
    } else if lsb > previous_lsb && lsb - previous_lsb > modulus / 2 {
        -modulus
    } else {
        0
    };
    msb.wrapping_add(step).wrapping_add(lsb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(sequence: u64, poc: i32, order: i64) -> Pending {
        let stamp = Stamp { order, pts_s: None };
        Pending {
            sequence,
            poc,
            stamp,
        }
    }

    #[test]
    fn order_counts_wrap() {
        assert_eq!(order_count(15, 1, 16), 17);
        assert_eq!(order_count(17, 15, 16), 15);
        assert_eq!(order_count(4, 5, 16), 5);
    }

    #[test]
    fn frames_find_their_stamps_past_lost_ones_and_into_the_next_sequence() {
        let mut order = Order::new();
        order.pending.extend([
            pending(1, 0, 10),
            pending(1, 4, 14),
            pending(1, 2, 12),
            pending(2, 0, 20),
            pending(2, 2, 22),
        ]);
        let mut leave = |poc| order.leave(poc).map(|stamp| stamp.order);
        assert_eq!(leave(0), Some(10));
        // Order count 2 of the first sequence is lost.
        assert_eq!(leave(4), Some(14));
        assert_eq!(leave(0), Some(20));
        assert_eq!(leave(2), Some(22));
        assert_eq!(leave(6), None);
    }
}
