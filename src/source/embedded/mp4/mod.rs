//! MP4 and QuickTime files: the index is read, the samples are fetched one by one.

mod boxes;
mod edits;
mod fragments;
mod samples;
mod track;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use re_mp4::{MdhdBox, MvhdBox, TkhdBox, TrexBox};

use self::boxes::{Atom, TopLevel};
use self::edits::Edits;
use self::fragments::Fragments;
use self::samples::{Sample, SampleTable};
use super::{Demuxer, Fault, Packet, Stamp, Track};

/// Largest `moov` accepted, in bytes; that of a ten-hour film with sound has some 40 MB.
const MAX_MOOV: u64 = 256 << 20;

/// Opens the first video track.
pub(super) fn open(mut file: File) -> Result<Track, Fault> {
    let file_len = file.metadata()?.len();
    let moov = find_moov(&mut file, file_len)?;
    let data = boxes::payload(&mut file, moov, file_len, MAX_MOOV)?;
    let whole = Atom::of_payload(*b"moov", &data);

    let mvhd: Option<MvhdBox> = whole.child(b"mvhd").and_then(|atom| atom.parse());
    let trak = whole
        .all(b"trak")
        .find(|trak| handler(trak) == Some(*b"vide"))
        .ok_or_else(|| Fault::Invalid("it has no video track".to_owned()))?;
    let damaged = |what: &str| Fault::Invalid(format!("its index is damaged ({what})"));
    let tkhd: Option<TkhdBox> = trak.child(b"tkhd").and_then(|atom| atom.parse());
    let mdhd: MdhdBox = trak
        .descend(&[b"mdia", b"mdhd"])
        .and_then(|atom| atom.parse())
        .filter(|mdhd: &MdhdBox| mdhd.timescale != 0)
        .ok_or_else(|| damaged("no time scale"))?;
    let stbl = trak
        .descend(&[b"mdia", b"minf", b"stbl"])
        .ok_or_else(|| damaged("no sample tables"))?;
    let (codec, color) = stbl
        .child(b"stsd")
        .and_then(|stsd| track::describe(&stsd))
        .ok_or_else(|| damaged("no codec description"))?;

    let track_id = tkhd.as_ref().map_or(0, |tkhd| tkhd.track_id);
    let fragmented = whole.child(b"mvex");
    let fragments = fragmented.map(|mvex| {
        let defaults = mvex
            .all(b"trex")
            .filter_map(|trex| trex.parse::<TrexBox>())
            .find(|trex| trex.track_id == track_id)
            .unwrap_or_default();
        Fragments::new(track_id, defaults, moov.end)
    });
    // A film clock of 0 ticks per second would put every edit at infinity.
    let movie_scale = mvhd.as_ref().map_or(1000, |mvhd| mvhd.timescale.max(1));
    // In a fragmented file the duration of the track is 0 or that of the first part.
    let duration_s = (fragments.is_none() && mdhd.duration > 0)
        .then(|| mdhd.duration as f64 / f64::from(mdhd.timescale));
    Ok(Track {
        codec,
        color,
        orientation: track::orientation(mvhd.as_ref(), tkhd.as_ref()),
        duration_s,
        demuxer: Box::new(Mp4 {
            edits: Edits::new(&trak, movie_scale, mdhd.timescale, fragments.is_some()),
            table: SampleTable::new(&stbl)?,
            fragments,
            file,
            file_len,
        }),
    })
}

/// The type of a track's handler (ISO/IEC 14496-12 8.4.3): `vide` for video.
fn handler(trak: &Atom<'_>) -> Option<[u8; 4]> {
    let hdlr = trak.descend(&[b"mdia", b"hdlr"])?;
    hdlr.payload.get(8..12)?.try_into().ok()
}

/// Finds the index, which may lie before or after the media data.
fn find_moov<R: Read + Seek>(reader: &mut R, file_len: u64) -> Result<TopLevel, Fault> {
    let mut position = 0;
    while let Some(atom) = boxes::top_level(reader, position, file_len)? {
        if &atom.kind == b"moov" {
            if atom.end > file_len {
                break;
            }
            return Ok(atom);
        }
        position = atom.end;
    }
    Err(Fault::Invalid(
        "its index (moov) is missing: the file is cut off or its recording was not closed; \
         copy it again from the phone or camera"
            .to_owned(),
    ))
}

/// The samples of one track, in decoding order.
struct Mp4 {
    file: File,
    file_len: u64,
    table: SampleTable,
    fragments: Option<Fragments>,
    edits: Edits,
}

impl Mp4 {
    fn next_sample(&mut self) -> Result<Option<Sample>, Fault> {
        if let Some(sample) = self.table.next() {
            return Ok(Some(sample));
        }
        match &mut self.fragments {
            Some(fragments) => fragments.next(&mut self.file, self.file_len),
            None => Ok(None),
        }
    }
}

impl Demuxer for Mp4 {
    fn read(&mut self, packet: &mut Packet) -> Result<bool, Fault> {
        let Some(sample) = self.next_sample()? else {
            return Ok(false);
        };
        let end = sample.offset.saturating_add(u64::from(sample.size));
        if end > self.file_len {
            return Err(Fault::Truncated(format!(
                "the picture at {:.1} s lies beyond the end of the file",
                self.edits.present(sample.composition).unwrap_or(0.0)
            )));
        }
        self.file.seek(SeekFrom::Start(sample.offset))?;
        packet.resize(sample.size.into())?;
        self.file.read_exact(&mut packet.data)?;
        packet.stamp = Stamp {
            order: sample.composition,
            pts_s: self.edits.present(sample.composition),
        };
        Ok(true)
    }
}
