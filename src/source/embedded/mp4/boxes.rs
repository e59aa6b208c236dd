//! Walking the boxes of ISO base media (ISO/IEC 14496-12 4.2), tolerant of what phones write.
//!
//! re_mp4 parses the tables inside the boxes. Its own walk of the whole file is not used: it
//! refuses a file whose media data is cut short, expands every sample of every track at once,
//! and panics or allocates without bound on a hostile one.

use std::io::{Cursor, Read, Seek, SeekFrom};

use re_mp4::ReadBox;

use super::super::Fault;

/// Bytes of a box header without the 64-bit size, which re_mp4 counts into the size of a box.
const HEADER: usize = 8;

/// A box within bytes held in memory.
#[derive(Clone, Copy)]
pub(super) struct Atom<'a> {
    pub kind: [u8; 4],
    pub payload: &'a [u8],
    /// The payload with at least 8 bytes before it, as [`Atom::parse`] needs.
    whole: &'a [u8],
}

impl<'a> Atom<'a> {
    /// A box of which only the payload is at hand; for walking its children.
    pub fn of_payload(kind: [u8; 4], payload: &'a [u8]) -> Self {
        Self {
            kind,
            payload,
            whole: &[],
        }
    }

    /// Parses a table box with re_mp4; `None` if it is malformed.
    pub fn parse<T>(&self) -> Option<T>
    where
        T: for<'r> ReadBox<&'r mut Cursor<&'a [u8]>>,
    {
        let mut reader = Cursor::new(self.whole);
        reader.set_position(HEADER as u64);
        T::read_box(&mut reader, self.whole.len() as u64).ok()
    }

    /// The first child of a kind.
    pub fn child(&self, kind: &[u8; 4]) -> Option<Atom<'a>> {
        children(self.payload).find(|atom| &atom.kind == kind)
    }

    /// Follows a path of first children.
    pub fn descend(&self, path: &[&[u8; 4]]) -> Option<Atom<'a>> {
        path.iter().try_fold(*self, |atom, kind| atom.child(kind))
    }

    /// Its children of a kind.
    pub fn all(&self, kind: &'static [u8; 4]) -> impl Iterator<Item = Atom<'a>> + use<'a> {
        children(self.payload).filter(move |atom| &atom.kind == kind)
    }
}

/// The boxes that lie one after the other in `data`. One that claims to be longer than what is
/// there ends with it.
pub(super) fn children(data: &[u8]) -> impl Iterator<Item = Atom<'_>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?) as u64;
        let kind: [u8; 4] = rest.get(4..HEADER)?.try_into().ok()?;
        let (header, size) = match size {
            0 => (HEADER, rest.len() as u64),
            1 => (16, u64::from_be_bytes(rest.get(8..16)?.try_into().ok()?)),
            size => (HEADER, size),
        };
        let end = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        if end < header {
            return None;
        }
        let atom = Atom {
            kind,
            payload: &rest[header..end],
            whole: &rest[header - HEADER..end],
        };
        rest = &rest[end..];
        Some(atom)
    })
}

/// A box at the top level of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct TopLevel {
    pub kind: [u8; 4],
    /// Offset of its header in bytes from the start of the file.
    pub start: u64,
    /// Offset of its payload.
    pub payload: u64,
    /// Offset of the first byte after it; may lie beyond the end of a file that is cut short.
    pub end: u64,
}

/// Reads the header of the box at `start`; `None` at the end of the file.
pub(super) fn top_level<R: Read + Seek>(
    reader: &mut R,
    start: u64,
    file_len: u64,
) -> Result<Option<TopLevel>, Fault> {
    if start.saturating_add(HEADER as u64) > file_len {
        return Ok(None);
    }
    reader.seek(SeekFrom::Start(start))?;
    let mut head = [0; 16];
    let wanted = 16.min(file_len - start) as usize;
    reader.read_exact(&mut head[..wanted])?;
    let [a, b, c, d, kind @ .., _, _, _, _, _, _, _, _] = head;
    let (header, end) = match u32::from_be_bytes([a, b, c, d]) {
        0 => (HEADER as u64, file_len),
        1 => {
            let [_, _, _, _, _, _, _, _, long @ ..] = head;
            (16, start.saturating_add(u64::from_be_bytes(long)))
        }
        size => (HEADER as u64, start + u64::from(size)),
    };
    let payload = start + header;
    if end < payload {
        return Err(Fault::Invalid(
            "its box structure is damaged (a box smaller than its header)".to_owned(),
        ));
    }
    Ok(Some(TopLevel {
        kind,
        start,
        payload,
        end,
    }))
}

/// Reads the payload of a top-level box of at most `limit` bytes, as far as the file has it.
pub(super) fn payload<R: Read + Seek>(
    reader: &mut R,
    atom: TopLevel,
    file_len: u64,
    limit: u64,
) -> Result<Vec<u8>, Fault> {
    let len = atom.end.min(file_len).saturating_sub(atom.payload);
    if len > limit {
        return Err(Fault::Invalid(format!(
            "its index is {} MB large, more than any recording needs",
            len >> 20
        )));
    }
    reader.seek(SeekFrom::Start(atom.payload))?;
    let mut data = vec![0; len as usize];
    reader.read_exact(&mut data)?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_longer_than_its_parent_is_cut() {
        let data = b"\0\0\0\x0cfreeabcd\0\0\xff\xffmoovxy";
        let kinds: Vec<_> = children(data).map(|a| (a.kind, a.payload.len())).collect();
        assert_eq!(kinds, [(*b"free", 4), (*b"moov", 2)]);
    }

    #[test]
    fn a_box_smaller_than_its_header_ends_the_walk() {
        assert_eq!(children(b"\0\0\0\x04moov\0\0\0\0").count(), 0);
        let mut file = Cursor::new(b"\0\0\0\x04moov\0\0\0\0".to_vec());
        assert!(top_level(&mut file, 0, 12).is_err());
    }
}
