//! From the planes of a decoder to those of a [`crate::source::Frame`].

use crate::source::Plane;

/// As [`from_bytes`], from samples of two bytes each.
pub(super) fn from_words(data: &[u16], width: usize, height: usize, depth: u8) -> Plane {
    Plane {
        data: data.iter().map(|&sample| shifted(sample, depth)).collect(),
        stride: width,
        width,
        height,
    }
}

/// A tightly packed plane of `width` x `height` samples of `depth` bits, little-endian pairs of
/// bytes above 8 bits; deeper samples lose their low bits.
pub(super) fn from_bytes(data: Vec<u8>, width: usize, height: usize, depth: u8) -> Plane {
    let data = if depth > 8 {
        data.chunks_exact(2)
            .map(|pair| shifted(u16::from_le_bytes([pair[0], pair[1]]), depth))
            .collect()
    } else {
        data
    };
    Plane {
        data,
        stride: width,
        width,
        height,
    }
}

/// From rows `stride` bytes apart, of samples as in [`from_bytes`]; rows that are missing are black.
#[cfg(any(feature = "vp8", feature = "av1"))]
pub(super) fn from_rows(
    data: &[u8],
    stride: usize,
    width: usize,
    height: usize,
    depth: u8,
) -> Plane {
    let bytes = if depth > 8 { 2 * width } else { width };
    let mut packed = Vec::with_capacity(bytes * height);
    for row in data.chunks(stride.max(1)).take(height) {
        packed.extend_from_slice(&row[..bytes.min(row.len())]);
    }
    packed.resize(bytes * height, 0);
    from_bytes(packed, width, height, depth)
}

/// The upper 8 of `depth` bits.
fn shifted(sample: u16, depth: u8) -> u8 {
    (sample >> (depth - 8)).min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_bits_lose_the_lowest_two() {
        let plane = from_bytes(vec![0xff, 0x03, 0x40, 0x00], 2, 1, 10);
        assert_eq!(plane.row(0), [255, 16]);
    }
}
