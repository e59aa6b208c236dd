//! The headers at the start of a NUT stream.

use super::{FLAG_INVALID, Video, bad, read_v};
use std::io;

/// Time bases of a file at most; ffmpeg writes one per distinct base of its streams.
const MAX_TIME_BASES: u64 = 16;

/// The body of a header packet.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    pub fn v(&mut self) -> io::Result<u64> {
        read_v(|| {
            let (first, rest) = self.0.split_first().ok_or(bad("header too short"))?;
            self.0 = rest;
            Ok(*first)
        })
    }

    fn s(&mut self) -> io::Result<i64> {
        let v = self.v()?.wrapping_add(1);
        let half = (v >> 1) as i64;
        Ok(if v & 1 == 1 { -half } else { half })
    }

    fn vb(&mut self) -> io::Result<&[u8]> {
        let n = self.v()?;
        if n > self.0.len() as u64 {
            return Err(bad("header too short"));
        }
        let (bytes, rest) = self.0.split_at(n as usize);
        self.0 = rest;
        Ok(bytes)
    }
}

/// What a first byte of a frame stands for (one row of the main header's table).
#[derive(Clone, Copy)]
pub(super) struct FrameCode {
    pub flags: u64,
    pub stream: u64,
    pub size_mul: u64,
    pub size_lsb: u64,
    pub pts_delta: i64,
    pub reserved: u64,
    pub header_idx: u64,
}

/// What holds for the whole file.
pub(super) struct MainHeader {
    pub codes: Vec<FrameCode>,
    pub time_bases: Vec<(u32, u32)>,
    /// Beginnings that small frames of a header index leave out.
    pub elided: Vec<Vec<u8>>,
}

impl MainHeader {
    pub fn parse(body: &[u8]) -> io::Result<Self> {
        let mut f = Fields(body);
        let version = f.v()?;
        if !(2..=4).contains(&version) {
            return Err(bad("unknown NUT version"));
        }
        if version > 3 {
            f.v()?; // minor version
        }
        let (streams, _max_distance) = (f.v()?, f.v()?);
        if streams != 1 {
            return Err(bad("not exactly one stream"));
        }
        let count = f.v()?;
        if !(1..=MAX_TIME_BASES).contains(&count) {
            return Err(bad("implausible number of time bases"));
        }
        let mut time_bases = Vec::new();
        for _ in 0..count {
            let part = |v: u64| {
                u32::try_from(v)
                    .ok()
                    .filter(|&v| v != 0 && v < 1 << 31)
                    .ok_or(bad("implausible time base"))
            };
            time_bases.push((part(f.v()?)?, part(f.v()?)?));
        }
        let codes = parse_codes(&mut f)?;
        let mut elided = vec![Vec::new()];
        let count = f.v()?;
        if count > 127 {
            return Err(bad("too many elision headers"));
        }
        for _ in 0..count {
            elided.push(f.vb()?.to_vec());
        }
        Ok(Self {
            codes,
            time_bases,
            elided,
        })
    }
}

/// The table of the 256 frame codes, sent as runs.
fn parse_codes(f: &mut Fields<'_>) -> io::Result<Vec<FrameCode>> {
    let invalid = FrameCode {
        flags: FLAG_INVALID,
        stream: 0,
        size_mul: 1,
        size_lsb: 0,
        pts_delta: 0,
        reserved: 0,
        header_idx: 0,
    };
    let mut codes = Vec::with_capacity(256);
    let (mut pts_delta, mut size_mul, mut stream, mut header_idx) = (0, 1, 0, 0);
    while codes.len() < 256 {
        let (flags, fields) = (f.v()?, f.v()?);
        if fields > 0 {
            pts_delta = f.s()?;
        }
        if fields > 1 {
            size_mul = f.v()?;
        }
        if fields > 2 {
            stream = f.v()?;
        }
        let first_lsb = if fields > 3 { f.v()? } else { 0 };
        let reserved = if fields > 4 { f.v()? } else { 0 };
        let count = if fields > 5 {
            f.v()?
        } else {
            size_mul.saturating_sub(first_lsb)
        };
        if fields > 6 {
            f.s()?; // match time, not needed to decode
        }
        if fields > 7 {
            header_idx = f.v()?;
        }
        for _ in 8..fields {
            f.v()?;
        }
        // 'N' begins a startcode, never a frame; it takes no part in the run.
        let room = if codes.len() <= usize::from(b'N') {
            255
        } else {
            256
        } - codes.len() as u64;
        if count == 0 || count > room {
            return Err(bad("damaged table of frame codes"));
        }
        for j in 0..count {
            if codes.len() == usize::from(b'N') {
                codes.push(invalid);
            }
            codes.push(FrameCode {
                flags,
                stream,
                size_mul,
                size_lsb: first_lsb
                    .checked_add(j)
                    .ok_or(bad("frame size too large"))?,
                pts_delta,
                reserved,
                header_idx,
            });
        }
        if codes.len() == usize::from(b'N') {
            codes.push(invalid);
        }
    }
    Ok(codes)
}

/// The header of the video stream.
pub(super) fn parse_stream(body: &[u8], time_bases: &[(u32, u32)]) -> io::Result<Video> {
    const CLASS_VIDEO: u64 = 0;
    /// More would leave no bits for the timestamp itself.
    const MAX_PTS_SHIFT: u64 = 62;
    let mut f = Fields(body);
    let (id, class) = (f.v()?, f.v()?);
    if id != 0 || class != CLASS_VIDEO {
        return Err(bad("not a video stream"));
    }
    let fourcc = f.vb()?.try_into().map_err(|_| bad("no four-letter tag"))?;
    let time_base = usize::try_from(f.v()?)
        .ok()
        .and_then(|i| time_bases.get(i))
        .copied()
        .ok_or(bad("unknown time base"))?;
    let pts_shift = f.v()?;
    if pts_shift > MAX_PTS_SHIFT {
        return Err(bad("implausible timestamp width"));
    }
    let (_max_pts_distance, _decode_delay, _flags) = (f.v()?, f.v()?, f.v()?);
    f.vb()?; // codec-specific data, none for raw video
    let mut side = || -> io::Result<u32> {
        u32::try_from(f.v()?)
            .ok()
            .filter(|&n| n > 0)
            .ok_or(bad("implausible picture size"))
    };
    Ok(Video {
        fourcc,
        width: side()?,
        height: side()?,
        time_base,
        pts_shift: pts_shift as u32,
    })
}
