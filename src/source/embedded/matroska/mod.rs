//! Matroska and WebM by `matroska-demuxer`.

mod view;

use std::fs::File;

use matroska_demuxer::{
    ContentCompAlgo, ContentEncodingValue, DemuxError, Frame as Block, MatrixCoefficients,
    MatroskaFile, Range, TrackEntry, TrackType, TransferCharacteristics, Video,
};

use self::view::View;
use super::guard::{self, Panicked};
use super::{Codec, Demuxer, Fault, Packet, Stamp, Track};
use crate::source::color::ColorHint;
use crate::source::{Encoding, Orientation};

/// Opens the first video track.
pub(super) fn open(file: File) -> Result<Track, Fault> {
    let (view, extent) = View::new(file)?;
    let limit = view.limit();
    let mkv = guarded(|| MatroskaFile::open(view))?;
    limit.lift();

    let scale = mkv.info().timestamp_scale().get() as f64 / 1e9;
    let duration_s = mkv.info().duration().map(|ticks| ticks * scale);
    let entry = mkv
        .tracks()
        .iter()
        .find(|track| track.track_type() == TrackType::Video)
        .ok_or_else(|| Fault::Invalid("it has no video track".to_owned()))?;
    Ok(Track {
        codec: codec(entry)?,
        color: entry.video().map_or_else(ColorHint::default, color_hint),
        orientation: Orientation::default(),
        duration_s: duration_s.filter(|d| d.is_finite() && *d > 0.0),
        demuxer: Box::new(Matroska {
            track: entry.track_number().get(),
            stripped: stripped_header(entry)?,
            mkv,
            block: Block::default(),
            scale,
            cut_off: extent.cut_off,
        }),
    })
}

fn codec(track: &TrackEntry) -> Result<Codec, Fault> {
    let setup = || {
        track
            .codec_private()
            .map(<[u8]>::to_vec)
            .ok_or_else(|| Fault::Invalid("its index is damaged (no codec description)".to_owned()))
    };
    Ok(match track.codec_id() {
        "V_MPEG4/ISO/AVC" => Codec::H264 { avcc: setup()? },
        "V_MPEGH/ISO/HEVC" => Codec::Hevc { hvcc: setup()? },
        "V_VP8" => Codec::Vp8,
        "V_VP9" => Codec::Vp9,
        "V_AV1" => Codec::Av1,
        "V_MJPEG" => Codec::Mjpeg,
        "V_MS/VFW/FOURCC" => by_fourcc(&setup()?),
        "V_MPEG1" => Codec::Other("MPEG-1".to_owned()),
        "V_MPEG2" => Codec::Other("MPEG-2".to_owned()),
        "V_MPEG4/ISO/ASP" | "V_MPEG4/ISO/SP" | "V_MPEG4/ISO/AP" => {
            Codec::Other("MPEG-4 part 2".to_owned())
        }
        other => Codec::Other(other.trim_start_matches("V_").to_owned()),
    })
}

/// The codec that a `BITMAPINFOHEADER` names.
fn by_fourcc(setup: &[u8]) -> Codec {
    let number = |at: usize| {
        let bytes = setup.get(at..at + 4)?;
        bytes.try_into().ok().map(u32::from_le_bytes)
    };
    let code = setup.get(16..20).unwrap_or_default();
    match (Encoding::from_fourcc(code), number(4), number(8)) {
        (Some(Encoding::Mjpeg), ..) => Codec::Mjpeg,
        (Some(encoding), Some(width), Some(height)) => Codec::Raw {
            encoding,
            width,
            height,
        },
        _ => Codec::Other(code.escape_ascii().to_string()),
    }
}

/// Bytes that were taken off the start of every frame (RFC 9559 5.1.4.1.31.6, algorithm 3).
fn stripped_header(track: &TrackEntry) -> Result<Vec<u8>, Fault> {
    let mut stripped = Vec::new();
    for encoding in track.content_encodings().unwrap_or_default() {
        match encoding.encoding() {
            ContentEncodingValue::Compression(compression)
                if compression.algo() == ContentCompAlgo::Stripping =>
            {
                stripped.extend_from_slice(compression.settings().unwrap_or_default());
            }
            ContentEncodingValue::Compression(_) => {
                return Err(Fault::unsupported("a compressed Matroska track"));
            }
            _ => return Err(Fault::unsupported("an encrypted Matroska track")),
        }
    }
    Ok(stripped)
}

fn color_hint(video: &Video) -> ColorHint {
    let Some(colour) = video.colour() else {
        return ColorHint::default();
    };
    // Back to the code points of ITU-T H.273 that the file holds; 2 is "unspecified".
    let matrix = match colour.matrix_coefficients() {
        Some(MatrixCoefficients::Bt709 | MatrixCoefficients::Smpte240) => 1,
        Some(
            MatrixCoefficients::Fcc73682
            | MatrixCoefficients::Bt470bg
            | MatrixCoefficients::Smpte170,
        ) => 6,
        Some(MatrixCoefficients::Bt2020Ncl | MatrixCoefficients::Bt2020Cl) => 9,
        _ => 2,
    };
    let transfer = match colour.transfer_characteristics() {
        Some(TransferCharacteristics::Bt2100) => 16,
        Some(TransferCharacteristics::Hlg) => 18,
        Some(TransferCharacteristics::Unknown) | None => 2,
        Some(_) => 1,
    };
    let full_range = match colour.range() {
        Some(Range::Full) => Some(true),
        Some(Range::Broadcast) => Some(false),
        _ => None,
    };
    ColorHint::from_code_points(matrix, transfer, full_range)
}

struct Matroska {
    mkv: MatroskaFile<View>,
    /// Number of the video track.
    track: u64,
    stripped: Vec<u8>,
    block: Block,
    /// Seconds per tick.
    scale: f64,
    /// The segment claims more bytes than the file has.
    cut_off: bool,
}

impl Demuxer for Matroska {
    fn read(&mut self, packet: &mut Packet) -> Result<bool, Fault> {
        loop {
            let (mkv, block) = (&mut self.mkv, &mut self.block);
            if !guarded(|| mkv.next_frame(block))? {
                if self.cut_off {
                    return Err(Fault::Truncated("the file is cut off".to_owned()));
                }
                return Ok(false);
            }
            if self.block.track == self.track {
                break;
            }
        }
        packet.data.clear();
        packet.data.extend_from_slice(&self.stripped);
        packet.data.extend_from_slice(&self.block.data);
        let shown = !self.block.is_invisible;
        packet.stamp = Stamp {
            order: self.block.timestamp.cast_signed(),
            pts_s: shown.then_some(self.block.timestamp as f64 * self.scale),
        };
        Ok(true)
    }
}

/// Calls the demuxer, which may meet numbers that overflow in a hostile file.
fn guarded<T>(call: impl FnOnce() -> Result<T, DemuxError>) -> Result<T, Fault> {
    match guard::catch(call) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(DemuxError::ElementSizeExceedsStream { .. })) => {
            Err(Fault::Truncated("the file is cut off".to_owned()))
        }
        Ok(Err(DemuxError::IoError(error))) => Err(error.into()),
        Ok(Err(error)) => Err(Fault::Invalid(format!("damaged Matroska: {error}"))),
        Err(Panicked) => Err(Fault::Invalid("damaged Matroska".to_owned())),
    }
}
