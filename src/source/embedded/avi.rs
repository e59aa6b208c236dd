//! AVI files (Microsoft's RIFF form, with the OpenDML 1.02 extension for more than 1 GB).
//!
//! The chunks are read in file order, which needs no index: a recording that was broken off has none.
//! No Rust library reads AVI; the container is a list of chunks.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

use super::{Codec, Demuxer, Fault, Packet, Stamp, Track};
use crate::source::Orientation;
use crate::source::color::ColorHint;

/// Largest header list read into memory, in bytes; real ones have a few thousand.
const MAX_HEADER: u64 = 1 << 20;

/// Bytes of a chunk's header: its identifier and its size.
const CHUNK_HEADER: u64 = 8;

/// Opens the first video stream.
pub(super) fn open(file: File) -> Result<Track, Fault> {
    let file_len = file.metadata()?.len();
    let mut chunks = Chunks {
        reader: BufReader::new(file),
        file_len,
        position: 0,
    };
    let mut stream = None;
    loop {
        let Some(chunk) = chunks.next()? else {
            return Err(Fault::Invalid("it holds no picture".to_owned()));
        };
        match (&chunk.id, chunk.list.as_ref()) {
            (b"LIST", Some(b"hdrl")) => {
                let data = chunks.list(&chunk, MAX_HEADER)?;
                stream = video_stream(&data);
            }
            (b"LIST", Some(b"movi")) => break,
            _ => chunks.skip(&chunk),
        }
    }
    let stream = stream.ok_or_else(|| Fault::Invalid("it has no video track".to_owned()))?;
    Ok(Track {
        codec: stream.codec,
        color: ColorHint::default(),
        orientation: Orientation::default(),
        duration_s: (stream.length > 0).then(|| f64::from(stream.length) * stream.frame_s),
        demuxer: Box::new(Avi {
            chunks,
            number: stream.number,
            frame_s: stream.frame_s,
            next: stream.start,
        }),
    })
}

/// What the headers say of the video stream.
struct Stream {
    codec: Codec,
    /// Its position among the streams, which the names of its chunks begin with.
    number: u8,
    /// Seconds per frame.
    frame_s: f64,
    /// Frames before its first, and in all.
    start: u32,
    length: u32,
}

/// The first video stream of a header list.
fn video_stream(hdrl: &[u8]) -> Option<Stream> {
    let streams = sub_chunks(hdrl).filter(|(id, data)| id == b"LIST" && data.starts_with(b"strl"));
    streams.zip(0..100).find_map(|((_, strl), number)| {
        let find = |wanted: &[u8; 4]| {
            sub_chunks(&strl[4..])
                .find(|(id, _)| id == wanted)
                .map(|(_, data)| data)
        };
        let header = find(b"strh").filter(|header| header.starts_with(b"vids"))?;
        // AVISTREAMHEADER: dwScale, dwRate, dwStart and dwLength from byte 20 on.
        let field = |at: usize| Some(u32::from_le_bytes(*header.get(at..)?.first_chunk()?));
        let (scale, rate) = (field(20)?, field(24)?);
        // BITMAPINFOHEADER: biCompression at byte 16.
        let fourcc = find(b"strf")?.get(16..20)?;
        (scale > 0 && rate > 0).then_some(Stream {
            codec: codec(fourcc),
            number,
            frame_s: f64::from(scale) / f64::from(rate),
            start: field(28)?,
            length: field(32)?,
        })
    })
}

fn codec(fourcc: &[u8]) -> Codec {
    let upper = fourcc.to_ascii_uppercase();
    match upper.as_slice() {
        b"MJPG" | b"JPEG" | b"AVRN" | b"LJPG" | b"DMB1" => Codec::Mjpeg,
        b"H264" | b"X264" | b"AVC1" => Codec::Other("H.264 in AVI".to_owned()),
        b"XVID" | b"DIVX" | b"DX50" | b"FMP4" | b"MP4V" => Codec::Other("MPEG-4 part 2".to_owned()),
        b"\0\0\0\0" => Codec::Other("uncompressed RGB".to_owned()),
        other => Codec::Other(String::from_utf8_lossy(other).trim().to_owned()),
    }
}

/// The chunks in a piece of memory, each with its content; one that is cut ends with it.
fn sub_chunks(data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let id = *rest.first_chunk::<4>()?;
        let size = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let end = (CHUNK_HEADER as usize).saturating_add(size).min(rest.len());
        let content = &rest[CHUNK_HEADER as usize..end];
        // Contents are padded to an even number of bytes.
        rest = rest.get(end + size % 2..).unwrap_or_default();
        Some((id, content))
    })
}

/// A chunk in the file.
struct Chunk {
    id: [u8; 4],
    /// The type of a list.
    list: Option<[u8; 4]>,
    /// Byte range of its content, after the type of a list.
    start: u64,
    size: u64,
}

/// Walks the chunks of a file, going into lists and further RIFF parts.
struct Chunks {
    reader: BufReader<File>,
    file_len: u64,
    position: u64,
}

impl Chunks {
    /// The next chunk; of a list its first inner chunk comes next unless it is skipped.
    fn next(&mut self) -> Result<Option<Chunk>, Fault> {
        if self.position.saturating_add(CHUNK_HEADER) > self.file_len {
            return Ok(None);
        }
        self.reader.seek(SeekFrom::Start(self.position))?;
        let mut head = [0; 12];
        let wanted = (self.file_len - self.position).min(12) as usize;
        match self.reader.read_exact(&mut head[..wanted]) {
            Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let [a, b, c, d, s0, s1, s2, s3, list @ ..] = head;
        let (id, size) = (
            [a, b, c, d],
            u64::from(u32::from_le_bytes([s0, s1, s2, s3])),
        );
        let content = self.position + CHUNK_HEADER;
        if matches!(&id, b"RIFF" | b"LIST") && size >= 4 {
            self.position = content + 4;
            return Ok(Some(Chunk {
                id,
                list: Some(list),
                start: content + 4,
                size: size - 4,
            }));
        }
        self.position = content + size + size % 2;
        Ok(Some(Chunk {
            id,
            list: None,
            start: content,
            size,
        }))
    }

    /// Goes past a list; other chunks are passed already.
    fn skip(&mut self, chunk: &Chunk) {
        // Of the file itself and of its further parts the inside is wanted.
        if &chunk.id == b"LIST" {
            self.position = chunk.start + chunk.size + chunk.size % 2;
        }
    }

    /// Reads the content of a list of at most `limit` bytes and goes past it.
    fn list(&mut self, chunk: &Chunk, limit: u64) -> Result<Vec<u8>, Fault> {
        let mut data = vec![0; chunk.size.min(limit) as usize];
        self.content(chunk, &mut data)?;
        self.skip(chunk);
        Ok(data)
    }

    /// Reads the start of a chunk's content, as much as `data` takes.
    fn content(&mut self, chunk: &Chunk, data: &mut [u8]) -> Result<(), Fault> {
        if chunk.start.saturating_add(chunk.size) > self.file_len {
            return Err(Fault::Truncated("the file is cut off".to_owned()));
        }
        self.reader.seek(SeekFrom::Start(chunk.start))?;
        self.reader.read_exact(data)?;
        Ok(())
    }
}

struct Avi {
    chunks: Chunks,
    number: u8,
    frame_s: f64,
    /// Number of the next frame, which is all the time that AVI knows.
    next: u32,
}

impl Demuxer for Avi {
    fn read(&mut self, packet: &mut Packet) -> Result<bool, Fault> {
        while let Some(chunk) = self.chunks.next()? {
            if chunk.list.is_some() {
                // Pictures lie in `movi` and, grouped for reading from CD, in `rec ` within it.
                if !matches!(chunk.list.as_ref(), Some(b"movi" | b"rec " | b"AVIX")) {
                    self.chunks.skip(&chunk);
                }
                continue;
            }
            let [tens, ones, kind @ ..] = chunk.id;
            let ours = [tens, ones] == [b'0' + self.number / 10, b'0' + self.number % 10]
                && matches!(&kind, b"dc" | b"db");
            if !ours {
                continue;
            }
            let number = i64::from(self.next);
            self.next += 1;
            // An empty chunk repeats the picture before it: nothing changed until the next.
            if chunk.size == 0 {
                continue;
            }
            packet.resize(chunk.size)?;
            self.chunks.content(&chunk, &mut packet.data)?;
            packet.stamp = Stamp {
                order: number,
                pts_s: Some(number as f64 * self.frame_s),
            };
            return Ok(true);
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_chunks_are_padded_and_cut() {
        let data = b"aaaa\x01\0\0\0x\0bbbb\x09\0\0\0yz";
        let found: Vec<_> = sub_chunks(data).collect();
        assert_eq!(found, [(*b"aaaa", &b"x"[..]), (*b"bbbb", b"yz")]);
    }

    #[test]
    fn codecs_are_named() {
        assert_eq!(codec(b"mjpg"), Codec::Mjpeg);
        assert_eq!(codec(b"XVID").name(), "MPEG-4 part 2");
    }
}
