//! The sample tables of a track (ISO/IEC 14496-12 8.6 to 8.7), walked one sample at a time.
//!
//! Only the tables are held, some 12 bytes a picture: a ten-hour recording takes 13 MB.

use re_mp4::{Co64Box, CttsBox, StcoBox, StscBox, StszBox, SttsBox};

use super::super::Fault;
use super::boxes::Atom;

/// Where a coded picture lies and when it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// Byte range in the file.
    pub offset: u64,
    pub size: u32,
    /// Composition time in ticks of the track, before any edit list.
    pub composition: i64,
}

/// Chunk offsets, 32 or 64 bits wide.
enum Offsets {
    Short(StcoBox),
    Long(Co64Box),
}

impl Offsets {
    fn get(&self, chunk: usize) -> Option<u64> {
        match self {
            Self::Short(stco) => stco.entries.get(chunk).map(|&offset| u64::from(offset)),
            Self::Long(co64) => co64.entries.get(chunk).copied(),
        }
    }
}

/// A position in a run-length table: which entry, and how many samples of it are used.
#[derive(Default)]
struct Run {
    entry: usize,
    used: u32,
}

impl Run {
    /// Advances by one sample and returns the entry it falls into. `count` gives an entry's length.
    fn step(&mut self, count: impl Fn(usize) -> Option<u32>) -> Option<usize> {
        while self.used >= count(self.entry)? {
            self.entry += 1;
            self.used = 0;
        }
        self.used += 1;
        Some(self.entry)
    }
}

/// The samples of a track in decoding order.
pub(super) struct SampleTable {
    sizes: StszBox,
    chunks: StscBox,
    offsets: Offsets,
    deltas: SttsBox,
    compositions: Option<CttsBox>,
    next_sample: usize,
    /// Position in `chunks`, the current chunk (from 0), samples of it used, next byte in it.
    chunk_entry: usize,
    chunk: usize,
    used_in_chunk: u32,
    next_offset: u64,
    delta_run: Run,
    composition_run: Run,
    decode_time: i64,
}

impl SampleTable {
    /// From an `stbl` box.
    pub fn new(stbl: &Atom<'_>) -> Result<Self, Fault> {
        let missing = || Fault::Invalid("its sample tables are damaged".to_owned());
        let offsets = match (stbl.child(b"stco"), stbl.child(b"co64")) {
            (Some(stco), _) => Offsets::Short(stco.parse().ok_or_else(missing)?),
            (None, Some(co64)) => Offsets::Long(co64.parse().ok_or_else(missing)?),
            // A fragmented file may leave the tables out.
            (None, None) => Offsets::Short(StcoBox::default()),
        };
        fn table<T: Default>(
            atom: Option<Atom<'_>>,
            parse: impl Fn(&Atom<'_>) -> Option<T>,
        ) -> Option<T> {
            atom.map_or_else(|| Some(T::default()), |atom| parse(&atom))
        }
        let chunks: StscBox = table(stbl.child(b"stsc"), |a| a.parse()).ok_or_else(missing)?;
        if chunks
            .entries
            .iter()
            .any(|e| e.sample_description_index > 1)
        {
            return Err(Fault::unsupported("a track that changes its codec set-up"));
        }
        Ok(Self {
            sizes: table(stbl.child(b"stsz"), |a| a.parse()).ok_or_else(missing)?,
            chunks,
            deltas: table(stbl.child(b"stts"), |a| a.parse()).ok_or_else(missing)?,
            compositions: match stbl.child(b"ctts") {
                Some(ctts) => Some(ctts.parse().ok_or_else(missing)?),
                None => None,
            },
            offsets,
            next_sample: 0,
            chunk_entry: 0,
            chunk: 0,
            used_in_chunk: 0,
            next_offset: 0,
            delta_run: Run::default(),
            composition_run: Run::default(),
            decode_time: 0,
        })
    }

    fn size(&self, sample: usize) -> Option<u32> {
        if self.sizes.sample_size != 0 {
            (sample < self.sizes.sample_count as usize).then_some(self.sizes.sample_size)
        } else {
            self.sizes.sample_sizes.get(sample).copied()
        }
    }

    /// Byte offset of the next sample, entering the next chunk where one is used up.
    fn locate(&mut self, size: u32) -> Option<u64> {
        loop {
            let entry = self.chunks.entries.get(self.chunk_entry)?;
            if self.used_in_chunk < entry.samples_per_chunk {
                if self.used_in_chunk == 0 {
                    self.next_offset = self.offsets.get(self.chunk)?;
                }
                self.used_in_chunk += 1;
                let offset = self.next_offset;
                self.next_offset = offset.checked_add(u64::from(size))?;
                return Some(offset);
            }
            // A chunk of no samples still counts, and the table of offsets bounds the loop.
            self.offsets.get(self.chunk)?;
            self.chunk += 1;
            self.used_in_chunk = 0;
            let next = self.chunks.entries.get(self.chunk_entry + 1);
            if next.is_some_and(|next| self.chunk + 1 >= next.first_chunk as usize) {
                self.chunk_entry += 1;
            }
        }
    }
}

impl Iterator for SampleTable {
    type Item = Sample;

    /// The next sample, or `None` where any table ends.
    fn next(&mut self) -> Option<Sample> {
        let size = self.size(self.next_sample)?;
        let offset = self.locate(size)?;
        let shift = match &self.compositions {
            // A table that is too short leaves the rest unshifted, as FFmpeg takes it.
            Some(ctts) => self
                .composition_run
                .step(|entry| ctts.entries.get(entry).map(|e| e.sample_count))
                .and_then(|entry| ctts.entries.get(entry))
                .map_or(0, |entry| entry.sample_offset),
            None => 0,
        };
        let composition = self.decode_time.checked_add(i64::from(shift))?;
        let deltas = &self.deltas;
        let delta = self
            .delta_run
            .step(|entry| deltas.entries.get(entry).map(|e| e.sample_count))
            .and_then(|entry| deltas.entries.get(entry))?
            .sample_delta;
        self.decode_time = self.decode_time.checked_add(i64::from(delta))?;
        self.next_sample += 1;
        Some(Sample {
            offset,
            size,
            composition,
        })
    }
}
