//! Movie fragments (ISO/IEC 14496-12 8.8), read one at a time as the film goes on.

use std::collections::VecDeque;
use std::io::{Read, Seek};

use re_mp4::{TfdtBox, TfhdBox, TrexBox, TrunBox};

use super::super::Fault;
use super::boxes::{self, Atom, TopLevel};
use super::samples::Sample;

/// Largest `moof` accepted, in bytes; one of a ten-hour film in a single fragment has 17 MB.
const MAX_MOOF: u64 = 64 << 20;

/// Most samples of one track in one fragment: ten hours at 240 frames per second.
const MAX_SAMPLES: usize = 10 * 3600 * 240;

/// Reads the fragments of one track in file order.
pub(super) struct Fragments {
    track_id: u32,
    defaults: TrexBox,
    /// Where the next top-level box starts.
    position: u64,
    /// Decoding time at the end of the last fragment, for one that does not give its own.
    decode_time: i64,
    queue: VecDeque<Sample>,
}

impl Fragments {
    /// `position` is the offset of the first top-level box that may be a fragment.
    pub fn new(track_id: u32, defaults: TrexBox, position: u64) -> Self {
        Self {
            track_id,
            defaults,
            position,
            decode_time: 0,
            queue: VecDeque::new(),
        }
    }

    /// The next sample, reading a further fragment where one is used up; `None` at the end.
    pub fn next<R: Read + Seek>(
        &mut self,
        reader: &mut R,
        file_len: u64,
    ) -> Result<Option<Sample>, Fault> {
        while self.queue.is_empty() {
            let Some(atom) = boxes::top_level(reader, self.position, file_len)? else {
                return Ok(None);
            };
            self.position = atom.end;
            if &atom.kind == b"moof" {
                if atom.end > file_len {
                    return Err(Fault::Truncated(
                        "the file is cut off within its index".to_owned(),
                    ));
                }
                let data = boxes::payload(reader, atom, file_len, MAX_MOOF)?;
                self.read_moof(atom, &data)?;
            }
        }
        Ok(self.queue.pop_front())
    }

    fn read_moof(&mut self, moof: TopLevel, data: &[u8]) -> Result<(), Fault> {
        // Without an explicit base, data follow those of the track fragment before (8.8.7.1).
        let mut next_offset = moof.start;
        for traf in boxes::children(data).filter(|atom| &atom.kind == b"traf") {
            let tfhd: TfhdBox = traf
                .child(b"tfhd")
                .and_then(|atom| atom.parse())
                .ok_or_else(damaged)?;
            let base = match tfhd.base_data_offset {
                Some(base) => base,
                None if tfhd.flags & TfhdBox::FLAG_DEFAULT_BASE_IS_MOOF != 0 => moof.start,
                None => next_offset,
            };
            next_offset = self.read_traf(&traf, &tfhd, base)?;
        }
        Ok(())
    }

    /// Queues the samples of a `traf` if it is of this track; the offset after its last byte.
    fn read_traf(&mut self, traf: &Atom<'_>, tfhd: &TfhdBox, base: u64) -> Result<u64, Fault> {
        let ours = tfhd.track_id == self.track_id;
        let mut time = self.decode_time;
        if let Some(tfdt) = traf.child(b"tfdt") {
            let tfdt: TfdtBox = tfdt.parse().ok_or_else(damaged)?;
            time = tfdt.base_media_decode_time.cast_signed();
        }
        let duration = tfhd
            .default_sample_duration
            .unwrap_or(self.defaults.default_sample_duration);
        let size = tfhd
            .default_sample_size
            .unwrap_or(self.defaults.default_sample_size);
        let mut offset = base;
        for trun in traf.all(b"trun") {
            let trun: TrunBox = trun.parse().ok_or_else(damaged)?;
            if let Some(shift) = trun.data_offset {
                offset = base.saturating_add_signed(i64::from(shift));
            }
            let count = trun.sample_count as usize;
            if count > MAX_SAMPLES {
                return Err(damaged());
            }
            for i in 0..count {
                let size = trun.sample_sizes.get(i).copied().unwrap_or(size);
                let duration = trun.sample_durations.get(i).copied().unwrap_or(duration);
                // Signed in every version: writers of version 0 use negative offsets too.
                let shift = trun.sample_cts.get(i).copied().unwrap_or(0).cast_signed();
                if ours {
                    self.queue.push_back(Sample {
                        offset,
                        size,
                        composition: time.saturating_add(i64::from(shift)),
                    });
                }
                time = time.saturating_add(i64::from(duration));
                offset = offset.saturating_add(u64::from(size));
            }
        }
        if ours {
            self.decode_time = time;
        }
        Ok(offset)
    }
}

fn damaged() -> Fault {
    Fault::Invalid("the index of a fragment is damaged".to_owned())
}
