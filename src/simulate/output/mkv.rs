//! Uncompressed frames with exact times in Matroska (RFC 9559), to feed `ffmpeg` through a pipe.

use std::io::{self, Write};

use crate::source::{Frame, Matrix};

/// Times are written in units of this many ns.
const TICK_NS: u64 = 10_000;
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

/// The file's head for frames like `frame`.
pub fn head(frame: &Frame) -> Vec<u8> {
    let ebml = [
        element(&[0x42, 0x82], b"matroska"),
        number(&[0x42, 0x87], 4),
        number(&[0x42, 0x85], 2),
    ]
    .concat();
    let info = number(&[0x2A, 0xD7, 0xB1], TICK_NS);
    // H.273 codes: matrix 1 is BT.709, 6 is BT.601; transfer likewise; range 2 is full.
    let code = if frame.color.matrix == Matrix::Bt709 {
        1
    } else {
        6
    };
    let colour = [
        number(&[0x55, 0xB1], code),
        number(&[0x55, 0xB9], if frame.color.full_range { 2 } else { 1 }),
        number(&[0x55, 0xBA], code),
        number(&[0x55, 0xBB], code),
    ]
    .concat();
    let video = [
        number(&[0xB0], frame.y.width as u64),
        number(&[0xBA], frame.y.height as u64),
        element(&[0x2E, 0xB5, 0x24], b"I420"),
        element(&[0x55, 0xB0], &colour),
    ]
    .concat();
    let track = [
        number(&[0xD7], 1),
        number(&[0x73, 0xC5], 1),
        number(&[0x83], 1),
        element(&[0x86], b"V_UNCOMPRESSED"),
        element(&[0xE0], &video),
    ]
    .concat();
    [
        element(&[0x1A, 0x45, 0xDF, 0xA3], &ebml),
        [0x18, 0x53, 0x80, 0x67].to_vec(),
        UNKNOWN.to_vec(),
        element(&[0x15, 0x49, 0xA9, 0x66], &info),
        element(&[0x16, 0x54, 0xAE, 0x6B], &element(&[0xAE], &track)),
    ]
    .concat()
}

/// Writes one frame as a cluster of its own.
pub fn cluster(out: &mut impl Write, frame: &Frame) -> io::Result<()> {
    let planes = [&frame.y, &frame.u, &frame.v];
    let bytes: usize = planes.iter().map(|p| p.width * p.height).sum();
    let ticks = (frame.pts_s * 1e9 / TICK_NS as f64).round().max(0.0) as u64;
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
    for plane in planes {
        for y in 0..plane.height {
            out.write_all(plane.row(y))?;
        }
    }
    Ok(())
}
