//! What code values mean, from the code points of ITU-T H.273 and the rule for untagged video.

use super::{ColorInfo, Matrix, Transfer};

/// Lines from which an untagged picture is taken as BT.709, as players do.
const HD_LINES: usize = 720;

/// The matrix of a picture of `lines` rows that does not name its own.
pub(super) fn untagged(lines: usize) -> Matrix {
    if lines < HD_LINES {
        Matrix::Bt601
    } else {
        Matrix::Bt709
    }
}

/// What a container or bitstream says of its colours; `None` where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ColorHint {
    pub matrix: Option<Matrix>,
    pub transfer: Option<Transfer>,
    pub full_range: Option<bool>,
}

impl ColorHint {
    /// From MatrixCoefficients and TransferCharacteristics of ITU-T H.273 (tables 4 and 3).
    pub fn from_code_points(matrix: u16, transfer: u16, full_range: Option<bool>) -> Self {
        Self {
            matrix: match matrix {
                1 | 7 => Some(Matrix::Bt709),
                4..=6 => Some(Matrix::Bt601),
                9 | 10 => Some(Matrix::Bt2020),
                _ => None,
            },
            transfer: match transfer {
                16 => Some(Transfer::Pq),
                18 => Some(Transfer::Hlg),
                0 | 2 | 3 => None,
                _ => Some(Transfer::Sdr),
            },
            full_range,
        }
    }

    /// This hint, completed by `other` where it says nothing.
    pub fn or(self, other: Self) -> Self {
        Self {
            matrix: self.matrix.or(other.matrix),
            transfer: self.transfer.or(other.transfer),
            full_range: self.full_range.or(other.full_range),
        }
    }

    /// Settled for a picture of `lines` rows.
    pub fn resolve(self, lines: usize) -> ColorInfo {
        ColorInfo {
            matrix: self.matrix.unwrap_or(untagged(lines)),
            transfer: self.transfer.unwrap_or_default(),
            full_range: self.full_range.unwrap_or(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untagged_follows_the_lines() {
        let hint = ColorHint::from_code_points(2, 2, None);
        assert_eq!(hint.resolve(480).matrix, Matrix::Bt601);
        assert_eq!(hint.resolve(1080).matrix, Matrix::Bt709);
    }

    #[test]
    fn the_bitstream_wins_over_the_container() {
        let bitstream = ColorHint::from_code_points(9, 16, None);
        let container = ColorHint::from_code_points(1, 1, Some(true));
        let info = bitstream.or(container).resolve(1080);
        assert_eq!(info.matrix, Matrix::Bt2020);
        assert_eq!(info.transfer, Transfer::Pq);
        assert!(info.full_range);
    }
}
