//! Pictures with exact times in Matroska (RFC 9559), one after the other.

use std::io::{self, Write};

use super::{ColorInfo, Matrix};

/// Who wrote the file, as it says itself.
pub const WRITER: &str = concat!("blinkdx ", env!("CARGO_PKG_VERSION"));
/// A size that is not known in advance.
const UNKNOWN: [u8; 8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

/// An element: identifier, size in 8 bytes, body.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let mut size = (body.len() as u64).to_be_bytes();
    size[0] = 0x01;
    [id, &size, body].concat()
}

fn number(id: &[u8], value: u64) -> Vec<u8> {
    element(id, &value.to_be_bytes())
}

/// What a file holds: one track of pictures.
pub struct Track<'a> {
    /// Matroska's name for the codec.
    pub codec: &'a str,
    /// The layout of pictures of the codec `V_UNCOMPRESSED`.
    pub fourcc: Option<&'a str>,
    /// What the codec's decoder needs to know; may be empty.
    pub setup: &'a [u8],
    /// In px.
    pub width: u32,
    pub height: u32,
    /// Unit of times in ns.
    pub tick_ns: u64,
    pub color: Option<ColorInfo>,
}

/// The file's head.
pub fn head(track: &Track) -> Vec<u8> {
    let ebml = [
        element(&[0x42, 0x82], b"matroska"),
        number(&[0x42, 0x87], 4),
        number(&[0x42, 0x85], 2),
    ]
    .concat();
    let info = [
        number(&[0x2A, 0xD7, 0xB1], track.tick_ns),
        element(&[0x4D, 0x80], WRITER.as_bytes()),
        element(&[0x57, 0x41], WRITER.as_bytes()),
    ]
    .concat();
    let colour = track.color.map_or_else(Vec::new, |color| {
        // H.273 codes: matrix 1 is BT.709, 6 is BT.601; transfer likewise; range 2 is full.
        let code = if color.matrix == Matrix::Bt709 { 1 } else { 6 };
        let colour = [
            number(&[0x55, 0xB1], code),
            number(&[0x55, 0xB9], if color.full_range { 2 } else { 1 }),
            number(&[0x55, 0xBA], code),
            number(&[0x55, 0xBB], code),
        ]
        .concat();
        element(&[0x55, 0xB0], &colour)
    });
    let fourcc = track.fourcc.map_or_else(Vec::new, |code| {
        element(&[0x2E, 0xB5, 0x24], code.as_bytes())
    });
    let video = [
        number(&[0xB0], u64::from(track.width)),
        number(&[0xBA], u64::from(track.height)),
        fourcc,
        colour,
    ]
    .concat();
    let setup = match track.setup {
        [] => Vec::new(),
        setup => element(&[0x63, 0xA2], setup),
    };
    let entry = [
        number(&[0xD7], 1),
        number(&[0x73, 0xC5], 1),
        number(&[0x83], 1),
        element(&[0x86], track.codec.as_bytes()),
        setup,
        element(&[0xE0], &video),
    ]
    .concat();
    [
        element(&[0x1A, 0x45, 0xDF, 0xA3], &ebml),
        [0x18, 0x53, 0x80, 0x67].to_vec(),
        UNKNOWN.to_vec(),
        element(&[0x15, 0x49, 0xA9, 0x66], &info),
        element(&[0x16, 0x54, 0xAE, 0x6B], &element(&[0xAE], &entry)),
    ]
    .concat()
}

/// Writes one picture of `bytes` bytes, which `data` writes, as a cluster of its own.
pub fn cluster<W: Write>(
    out: &mut W,
    ticks: u64,
    bytes: usize,
    data: impl FnOnce(&mut W) -> io::Result<()>,
) -> io::Result<()> {
    let time = number(&[0xE7], ticks);
    // SimpleBlock: track 1, time 0 after the cluster's, keyframe.
    let block_head = [0x81, 0, 0, 0x80];
    let size = |n: usize| {
        let mut s = (n as u64).to_be_bytes();
        s[0] = 0x01;
        s
    };
    let block = block_head.len() + bytes;
    out.write_all(&[0x1F, 0x43, 0xB6, 0x75])?;
    out.write_all(&size(time.len() + 1 + 8 + block))?;
    out.write_all(&time)?;
    out.write_all(&[0xA3])?;
    out.write_all(&size(block))?;
    out.write_all(&block_head)?;
    data(out)
}
