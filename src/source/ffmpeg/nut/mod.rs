//! Reader of the NUT container, as far as one raw-video stream from a pipe needs it.
//!
//! The layout is that of the NUT open container format specification, version 4
//! (<https://ffmpeg.org/~michael/nut.txt>). A value `v` is written in base 128, most significant
//! group first; `s` is `v` with the sign in its lowest bit; `vb` is a length `v` and its bytes.
//!
//! Checksums are not verified: the writer is our own child process, and every field that
//! leads to an allocation or a loop is bounded here whatever it says.

mod headers;
#[cfg(test)]
mod tests;

use headers::{Fields, FrameCode, MainHeader, parse_stream};
use std::io::{self, Read};

const FILE_ID: &[u8] = b"nut/multimedia container\0";
const MAIN: u64 = 0x4E4D_7A56_1F5F_04AD;
const STREAM: u64 = 0x4E53_1140_5BF2_F9DB;
const SYNCPOINT: u64 = 0x4E4B_E4AD_EECA_4569;
const INDEX: u64 = 0x4E58_DD67_2F23_E64E;
const INFO: u64 = 0x4E49_AB68_B596_BA78;

const FLAG_CODED_PTS: u64 = 8;
const FLAG_STREAM_ID: u64 = 16;
const FLAG_SIZE_MSB: u64 = 32;
const FLAG_CHECKSUM: u64 = 64;
const FLAG_RESERVED: u64 = 128;
const FLAG_SIDE_DATA: u64 = 256;
const FLAG_HEADER_IDX: u64 = 1024;
const FLAG_MATCH_TIME: u64 = 2048;
const FLAG_CODED_FLAGS: u64 = 4096;
const FLAG_INVALID: u64 = 8192;

/// Bytes of a header packet that are taken at most; ffmpeg's are some hundred bytes.
const MAX_HEADER: u64 = 1 << 16;
/// Bytes of an index or info packet that are skipped at most: an index of a 10-hour clip has some MB.
const MAX_SKIPPED: u64 = 1 << 30;
/// Bytes asked of the pipe where no picture is being read: more than any frame header, and little enough
/// that most of a picture still goes from the pipe straight to its plane.
const CHUNK: usize = 512;

/// A damaged or foreign stream; the text says what was wrong.
fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Buffered bytes of which large reads go round the buffer.
struct Bytes<R> {
    inner: R,
    buf: [u8; CHUNK],
    start: usize,
    end: usize,
}

impl<R: Read> Bytes<R> {
    fn fill(&mut self) -> io::Result<bool> {
        while self.start == self.end {
            match self.inner.read(&mut self.buf) {
                Ok(0) => return Ok(false),
                Ok(n) => (self.start, self.end) = (0, n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// The next byte, or `None` at the end of the stream.
    fn next(&mut self) -> io::Result<Option<u8>> {
        Ok(self.fill()?.then(|| {
            self.start += 1;
            self.buf[self.start - 1]
        }))
    }

    fn u8(&mut self) -> io::Result<u8> {
        self.next()?
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn v(&mut self) -> io::Result<u64> {
        read_v(|| self.u8())
    }

    fn read_exact(&mut self, out: &mut [u8]) -> io::Result<()> {
        let n = out.len().min(self.end - self.start);
        out[..n].copy_from_slice(&self.buf[self.start..self.start + n]);
        self.start += n;
        self.inner.read_exact(&mut out[n..])
    }

    fn skip(&mut self, mut n: u64) -> io::Result<()> {
        while n > 0 {
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let step = n.min((self.end - self.start) as u64);
            self.start += step as usize;
            n -= step;
        }
        Ok(())
    }
}

/// A `v` of the format; one longer than 64 bits is damage.
fn read_v(mut byte: impl FnMut() -> io::Result<u8>) -> io::Result<u64> {
    let mut value = 0u64;
    for _ in 0..10 {
        let b = byte()?;
        value = value << 7 | u64::from(b & 0x7f);
        if b & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(bad("number too long"))
}

/// The one video stream of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Tag of the sample layout, for example `I420`.
    pub fourcc: [u8; 4],
    /// Size of the picture in px.
    pub width: u32,
    pub height: u32,
    /// Unit of the timestamps, in s: numerator over denominator.
    pub time_base: (u32, u32),
    /// Timestamps below 1 << this are sent by their low bits only.
    pts_shift: u32,
}

/// What stands before a frame's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Presentation time in units of [`Video::time_base`].
    pub pts: i64,
    /// Bytes of samples that follow.
    pub size: u64,
}

/// Reads frames of raw video one after the other.
pub struct NutReader<R> {
    bytes: Bytes<R>,
    codes: Vec<FrameCode>,
    time_bases: Vec<(u32, u32)>,
    /// Beginnings that small frames of a header index leave out.
    elided: Vec<Vec<u8>>,
    /// The one of `elided` that begins the current frame, and how much of it was handed out.
    beginning: (usize, usize),
    video: Video,
    last_pts: i64,
}

impl<R: Read> NutReader<R> {
    /// Reads the headers up to and with the video stream's.
    ///
    /// # Errors
    /// `UnexpectedEof` if the stream ends before, `InvalidData` if it is not NUT with one video stream.
    pub fn new(inner: R) -> io::Result<Self> {
        let mut bytes = Bytes {
            inner,
            buf: [0; CHUNK],
            start: 0,
            end: 0,
        };
        let mut id = [0; FILE_ID.len()];
        bytes.read_exact(&mut id)?;
        if id != FILE_ID {
            return Err(bad("not a NUT stream"));
        }
        let mut main = None;
        loop {
            let first = bytes.u8()?;
            let code = startcode(&mut bytes, first)?;
            match code {
                MAIN => main = Some(MainHeader::parse(&packet(&mut bytes)?)?),
                STREAM => {
                    let main = main.ok_or(bad("stream header before main header"))?;
                    let video = parse_stream(&packet(&mut bytes)?, &main.time_bases)?;
                    return Ok(Self {
                        bytes,
                        codes: main.codes,
                        time_bases: main.time_bases,
                        elided: main.elided,
                        beginning: (0, 0),
                        video,
                        last_pts: 0,
                    });
                }
                _ => skip_packet(&mut bytes)?,
            }
        }
    }

    pub fn video(&self) -> &Video {
        &self.video
    }

    /// The next frame's header, or `None` at the end; [`NutReader::samples`] must take all its bytes.
    pub fn next_frame(&mut self) -> io::Result<Option<FrameHeader>> {
        while let Some(first) = self.bytes.next()? {
            if first != b'N' {
                return self.frame_header(first).map(Some);
            }
            match startcode(&mut self.bytes, first)? {
                SYNCPOINT => {
                    let body = packet(&mut self.bytes)?;
                    self.syncpoint(&body)?;
                }
                // The headers are repeated now and then for readers that join late.
                _ => skip_packet(&mut self.bytes)?,
            }
        }
        Ok(None)
    }

    /// Reads the next `out.len()` bytes of the current frame.
    pub fn samples(&mut self, out: &mut [u8]) -> io::Result<()> {
        let (index, taken) = self.beginning;
        let beginning = &self.elided[index][taken..];
        let n = beginning.len().min(out.len());
        out[..n].copy_from_slice(&beginning[..n]);
        self.beginning.1 += n;
        self.bytes.read_exact(&mut out[n..])
    }

    fn syncpoint(&mut self, body: &[u8]) -> io::Result<()> {
        let t = Fields(body).v()? as i64;
        let n = self.time_bases.len() as i64;
        // The value counts in all time bases in turn. It may be negative (as two's complement).
        let (from_num, from_den) = self.time_bases[t.rem_euclid(n) as usize];
        let (num, den) = self.video.time_base;
        let scaled = i128::from(t.div_euclid(n)) * i128::from(from_num) * i128::from(den)
            / (i128::from(from_den) * i128::from(num));
        self.last_pts = i64::try_from(scaled).map_err(|_| bad("timestamp too large"))?;
        Ok(())
    }

    fn frame_header(&mut self, code: u8) -> io::Result<FrameHeader> {
        let FrameCode {
            mut flags,
            mut stream,
            size_mul,
            size_lsb,
            pts_delta,
            mut reserved,
            mut header_idx,
        } = self.codes[usize::from(code)];
        if flags & FLAG_INVALID != 0 {
            return Err(bad("invalid frame code"));
        }
        if flags & FLAG_CODED_FLAGS != 0 {
            flags ^= self.bytes.v()?;
        }
        if flags & FLAG_STREAM_ID != 0 {
            stream = self.bytes.v()?;
        }
        let pts = if flags & FLAG_CODED_PTS != 0 {
            let coded = self.bytes.v()?;
            self.full_pts(coded)
        } else {
            self.last_pts.wrapping_add(pts_delta)
        };
        let mut size = size_lsb;
        if flags & FLAG_SIZE_MSB != 0 {
            size = self
                .bytes
                .v()?
                .checked_mul(size_mul)
                .and_then(|msb| msb.checked_add(size_lsb))
                .ok_or(bad("frame size too large"))?;
        }
        if flags & FLAG_MATCH_TIME != 0 {
            self.bytes.v()?;
        }
        if flags & FLAG_HEADER_IDX != 0 {
            header_idx = self.bytes.v()?;
        }
        if flags & FLAG_RESERVED != 0 {
            reserved = self.bytes.v()?;
        }
        if reserved > 256 {
            return Err(bad("too many reserved fields"));
        }
        for _ in 0..reserved {
            self.bytes.v()?;
        }
        if flags & FLAG_CHECKSUM != 0 {
            self.bytes.skip(4)?;
        }
        if stream != 0 || flags & FLAG_SIDE_DATA != 0 {
            return Err(bad("unexpected stream or side data"));
        }
        // Frames above 4096 bytes keep their beginning (section "elision headers").
        let index = if size > 4096 { 0 } else { header_idx };
        let index = usize::try_from(index)
            .ok()
            .filter(|&i| self.elided.get(i).is_some_and(|e| e.len() as u64 <= size))
            .ok_or(bad("unknown elision header"))?;
        self.beginning = (index, 0);
        self.last_pts = pts;
        Ok(FrameHeader { pts, size })
    }

    /// The timestamp that `coded` stands for: all of it, or its low bits, nearest to the last one.
    fn full_pts(&self, coded: u64) -> i64 {
        let one = 1i64 << self.video.pts_shift;
        let coded = coded as i64;
        if (0..one).contains(&coded) {
            let mask = one - 1;
            let delta = self.last_pts.wrapping_sub(mask / 2);
            (coded.wrapping_sub(delta) & mask).wrapping_add(delta)
        } else {
            coded.wrapping_sub(one)
        }
    }
}

fn startcode<R: Read>(bytes: &mut Bytes<R>, first: u8) -> io::Result<u64> {
    let mut code = [first; 8];
    bytes.read_exact(&mut code[1..])?;
    match u64::from_be_bytes(code) {
        code @ (MAIN | STREAM | SYNCPOINT | INDEX | INFO) => Ok(code),
        _ => Err(bad("unknown packet")),
    }
}

/// Length of the packet after its startcode, its checksums included.
fn packet_len<R: Read>(bytes: &mut Bytes<R>) -> io::Result<u64> {
    let len = bytes.v()?;
    if len > 4096 {
        bytes.skip(4)?;
    }
    Ok(len)
}

fn packet<R: Read>(bytes: &mut Bytes<R>) -> io::Result<Vec<u8>> {
    let len = packet_len(bytes)?;
    if !(4..=MAX_HEADER).contains(&len) {
        return Err(bad("implausible header length"));
    }
    let mut body = vec![0; len as usize];
    bytes.read_exact(&mut body)?;
    body.truncate(body.len() - 4);
    Ok(body)
}

fn skip_packet<R: Read>(bytes: &mut Bytes<R>) -> io::Result<()> {
    let len = packet_len(bytes)?;
    if len > MAX_SKIPPED {
        return Err(bad("implausible packet length"));
    }
    bytes.skip(len)
}
