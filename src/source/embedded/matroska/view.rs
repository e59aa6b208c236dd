//! The file as `matroska-demuxer` may see it.
//!
//! On opening, the demuxer follows the seek head to the index and tags at the end of the file and fails
//! where a cut recording has none, and it never returns from a segment that starts with a checksum.
//! What is needed lies before the first cluster (RFC 9559 5: strongly recommended, and what every
//! known writer does), so on opening the file seems to end there, with seek heads and checksums blanked.

use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::Fault;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const CRC32: u32 = 0xbf;
const CLUSTER: u32 = 0x1f43_b675;

/// First byte of an element that is not blanked is kept; a blanked one becomes an identifier of the
/// same length that no element has, or that of Void.
const BLANK_LONG: u8 = 0x10;
const BLANK_SHORT: u8 = 0xec;

/// Elements before the first cluster, at most; files have some ten.
const MAX_HEAD_ELEMENTS: usize = 1000;

/// How far the demuxer sees; shared with the reader it owns.
#[derive(Clone)]
pub(super) struct Limit(Arc<AtomicU64>);

impl Limit {
    /// Shows the whole file.
    pub fn lift(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }
}

/// What the layout of the top level tells.
pub(super) struct Extent {
    /// The segment claims more bytes than the file has.
    pub cut_off: bool,
}

pub(super) struct View {
    file: BufReader<File>,
    file_len: u64,
    position: u64,
    limit: Limit,
    /// Offsets of first bytes that are replaced, and by what.
    blanks: Vec<(u64, u8)>,
}

impl View {
    /// Walks the top level as far as the first cluster.
    pub fn new(file: File) -> std::result::Result<(Self, Extent), Fault> {
        let file_len = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let header = element(&mut file, 0)?.filter(|e| e.id == EBML);
        let segment = match header.and_then(|header| header.end) {
            Some(end) => element(&mut file, end)?.filter(|e| e.id == SEGMENT),
            None => None,
        };
        let segment =
            segment.ok_or_else(|| Fault::Invalid("its Matroska header is damaged".to_owned()))?;

        let mut blanks = Vec::new();
        let mut limit = file_len;
        let mut start = segment.payload;
        for _ in 0..MAX_HEAD_ELEMENTS {
            let Some(child) = element(&mut file, start)? else {
                break;
            };
            match child.id {
                CLUSTER => {
                    limit = child.payload;
                    break;
                }
                SEEK_HEAD => blanks.push((start, BLANK_LONG)),
                CRC32 => blanks.push((start, BLANK_SHORT)),
                _ => {}
            }
            match child.end {
                Some(end) if end > start => start = end,
                _ => break,
            }
        }
        let view = Self {
            file,
            file_len,
            position: 0,
            limit: Limit(Arc::new(AtomicU64::new(limit))),
            blanks,
        };
        let extent = Extent {
            cut_off: segment.end.is_some_and(|end| end > file_len),
        };
        Ok((view, extent))
    }

    pub fn limit(&self) -> Limit {
        self.limit.clone()
    }

    fn end(&self) -> u64 {
        self.limit.0.load(Ordering::Relaxed).min(self.file_len)
    }
}

impl Read for View {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.end().saturating_sub(self.position);
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        // `seek_relative` keeps the buffer, which the many short steps of the demuxer live on.
        let here = self.file.stream_position()?;
        self.file
            .seek_relative(self.position.cast_signed() - here.cast_signed())?;
        let read = self.file.read(&mut buffer[..wanted])?;
        for &(offset, byte) in &self.blanks {
            let at = offset.wrapping_sub(self.position);
            if at < read as u64 {
                buffer[at as usize] = byte;
            }
        }
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for View {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(shift) => self.end().checked_add_signed(shift),
            SeekFrom::Current(shift) => self.position.checked_add_signed(shift),
        };
        // Beyond what a file can have, as the operating system would say.
        self.position = target
            .filter(|&position| i64::try_from(position).is_ok())
            .ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// Header of an EBML element (RFC 8794 4 and 5).
struct Element {
    id: u32,
    /// Offset of its content, and of what follows it unless its size is unknown.
    payload: u64,
    end: Option<u64>,
}

/// Reads the header at `start`; `None` at the end of the file or where no element can be.
fn element(file: &mut BufReader<File>, start: u64) -> Result<Option<Element>> {
    file.seek(SeekFrom::Start(start))?;
    // An identifier has up to 4 bytes, a size up to 8.
    let mut head = Vec::with_capacity(12);
    file.take(12).read_to_end(&mut head)?;
    let parse = || {
        let id_len = head.first()?.leading_zeros() as usize + 1;
        let id = head.get(..id_len).filter(|_| id_len <= 4)?;
        let id = id.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
        let size_len = head.get(id_len)?.leading_zeros() as usize + 1;
        let size = head
            .get(id_len..id_len + size_len)
            .filter(|_| size_len <= 8)?;
        let size = size
            .iter()
            .fold(0, |size, &byte| size << 8 | u64::from(byte));
        // The highest bit marks the length; all other bits set say that the size is unknown.
        let size = size & ((1 << (7 * size_len)) - 1);
        let payload = start + (id_len + size_len) as u64;
        let known = size != (1 << (7 * size_len)) - 1;
        Some(Element {
            id,
            payload,
            end: known.then(|| payload.saturating_add(size)),
        })
    };
    Ok(parse())
}
