//! The few syntax elements of HEVC (ITU-T H.265 7.3) that tell a picture's place in time.
//!
//! The decoder says which picture order count a frame has, and not which access unit it came from.

/// Reads bits of an RBSP, most significant first.
struct Bits<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    fn bit(&mut self) -> Option<u32> {
        let byte = self.data.get(self.position / 8)?;
        let bit = byte >> (7 - self.position % 8) & 1;
        self.position += 1;
        Some(u32::from(bit))
    }

    /// An unsigned number of `count` bits, at most 32.
    fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | self.bit()?))
    }

    fn flag(&mut self) -> Option<bool> {
        self.bit().map(|bit| bit == 1)
    }

    fn skip(&mut self, count: usize) {
        self.position += count;
    }

    /// An Exp-Golomb number, ue(v) of 9.2.
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros == 32 {
                return None;
            }
        }
        Some(((1_u64 << zeros) - 1) as u32 + self.bits(zeros)?)
    }
}

/// What a sequence parameter set (7.3.2.2) says of size and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sps {
    pub id: u32,
    /// Coded size in luma samples.
    pub width: u32,
    pub height: u32,
    pub separate_colour_planes: bool,
    /// Bits of `slice_pic_order_cnt_lsb`, 4 to 16.
    pub poc_bits: u32,
}

impl Sps {
    pub fn parse(rbsp: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(rbsp);
        bits.skip(4);
        let sub_layers = bits.bits(3)?;
        bits.skip(1);
        // profile_tier_level (7.3.3): 88 bits of profile, 8 of level, then as much for each
        // sub-layer that has them, their flags padded to eight pairs.
        bits.skip(88 + 8);
        let mut sub_layer_bits = 0;
        for _ in 0..sub_layers {
            sub_layer_bits += 88 * bits.bits(1)? + 8 * bits.bits(1)?;
        }
        if sub_layers > 0 {
            bits.skip(2 * (8 - sub_layers as usize));
        }
        bits.skip(sub_layer_bits as usize);
        let id = bits.golomb()?;
        let chroma_format = bits.golomb()?;
        let separate_colour_planes = chroma_format == 3 && bits.flag()?;
        let (width, height) = (bits.golomb()?, bits.golomb()?);
        if bits.flag()? {
            for _ in 0..4 {
                bits.golomb()?;
            }
        }
        let _bit_depths = (bits.golomb()?, bits.golomb()?);
        let poc_bits = bits.golomb()?.checked_add(4)?;
        (poc_bits <= 16).then_some(Self {
            id,
            width,
            height,
            separate_colour_planes,
            poc_bits,
        })
    }
}

/// What a picture parameter set (7.3.2.3) says of the slice headers that use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pps {
    pub id: u32,
    pub sps_id: u32,
    output_flag_present: bool,
    extra_slice_header_bits: u32,
}

impl Pps {
    pub fn parse(rbsp: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(rbsp);
        let (id, sps_id) = (bits.golomb()?, bits.golomb()?);
        let _dependent_slices = bits.flag()?;
        Some(Self {
            id,
            sps_id,
            output_flag_present: bits.flag()?,
            extra_slice_header_bits: bits.bits(3)?,
        })
    }
}

/// The order count bits of the first slice segment of a picture (7.3.6.1), 0 for an IDR picture;
/// `None` for a further slice segment of it or a damaged one. `sets` finds the parameter sets of
/// a picture parameter set id.
pub(super) fn poc_lsb(
    rbsp: &[u8],
    irap: bool,
    idr: bool,
    sets: impl Fn(u32) -> Option<(Pps, Sps)>,
) -> Option<(u32, Sps)> {
    let mut bits = Bits::new(rbsp);
    if !bits.flag()? {
        return None;
    }
    if irap {
        bits.skip(1);
    }
    let (pps, sps) = sets(bits.golomb()?)?;
    if idr {
        return Some((0, sps));
    }
    bits.skip(pps.extra_slice_header_bits as usize);
    let _slice_type = bits.golomb()?;
    if pps.output_flag_present {
        bits.skip(1);
    }
    if sps.separate_colour_planes {
        bits.skip(2);
    }
    Some((bits.bits(sps.poc_bits)?, sps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb() {
        // 1 010 011 00100 0001000
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0001, 0]);
        let numbers: Vec<_> = (0..5).map_while(|_| bits.golomb()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 7]);
        assert_eq!(Bits::new(&[0; 8]).golomb(), None);
        assert_eq!(Bits::new(&[]).golomb(), None);
    }
}
