//! What a picture may claim of itself before memory is given to it.

/// Width or height of a picture in px at most; also the limit of JPEG's and H.264's common decoders.
pub(super) const MAX_SIDE: u32 = 16_384;

/// Samples of a plane at most (64 Mpx, twice an 8K frame). Larger claims are damage or a trap.
pub(super) const MAX_PIXELS: u64 = 1 << 26;

/// Checks the size of a picture; the error says what is wrong with it.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err(format!("a picture of {width}x{height} px"));
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!(
            "a picture of {width}x{height} px, more than this program reads; scale it down"
        ));
    }
    Ok(())
}

/// Limits for the decoders of the `image` crate: the same, and memory for a few RGBA pictures of that size.
pub(super) fn of_decoder() -> image::Limits {
    let mut limits = image::Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(4 * 4 * MAX_PIXELS);
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_picture_passes_and_a_bomb_does_not() {
        assert!(check_size(10_000, 5_000).is_ok());
        assert!(check_size(0, 5).is_err());
        assert!(check_size(MAX_SIDE + 1, 1).is_err());
        assert!(check_size(MAX_SIDE, MAX_SIDE).is_err());
    }
}
