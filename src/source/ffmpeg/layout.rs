//! Where the samples of a raw picture lie.

/// Arrangement of the samples in the pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Gray,
    Yuv420,
    Yuv422,
    Yuv444,
}

impl Layout {
    /// From the tag that NUT gives it.
    pub fn of(fourcc: [u8; 4]) -> Option<Self> {
        Some(match &fourcc {
            b"Y800" => Self::Gray,
            b"I420" => Self::Yuv420,
            b"Y42B" => Self::Yuv422,
            b"444P" => Self::Yuv444,
            _ => return None,
        })
    }

    pub fn chroma_shift(self) -> (u8, u8) {
        match self {
            Self::Gray | Self::Yuv444 => (0, 0),
            Self::Yuv420 => (1, 1),
            Self::Yuv422 => (1, 0),
        }
    }

    /// Width and height in px of each chroma plane of a picture of `width` x `height` px.
    pub fn chroma_size(self, width: usize, height: usize) -> (usize, usize) {
        if self == Self::Gray {
            return (0, 0);
        }
        let (x, y) = self.chroma_shift();
        (width.div_ceil(1 << x), height.div_ceil(1 << y))
    }
}
