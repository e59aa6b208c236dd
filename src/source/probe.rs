//! What a file is, from its first bytes; its name is never asked.

/// A container or picture format, by its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// ISO base media: MP4, MOV, 3GP, fragmented or not.
    Mp4,
    /// Matroska or WebM.
    Matroska,
    Avi,
    Gif,
    /// PNG, animated or a still.
    Png,
    /// WebP, animated or a still.
    WebP,
    /// One JPEG, or a stream of them.
    Jpeg,
    Bmp,
    /// Uncompressed YUV4MPEG2.
    Y4m,
    /// A video container that only the `ffmpeg` route reads; its name for people.
    Other(&'static str),
    /// H.264 or HEVC without a container, which only the `ffmpeg` route reads; told by three bytes alone.
    RawStream,
    /// A list of further files, which is never followed.
    Playlist,
}

impl Format {
    /// Whether it is a still, an animation or raw pictures, which need no video decoder.
    pub fn is_picture(self) -> bool {
        matches!(
            self,
            Self::Gif | Self::Png | Self::WebP | Self::Jpeg | Self::Bmp | Self::Y4m
        )
    }

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "MP4",
            Self::Matroska => "Matroska",
            Self::Avi => "AVI",
            Self::Gif => "GIF",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Jpeg => "JPEG",
            Self::Bmp => "BMP",
            Self::Y4m => "Y4M",
            Self::Other(name) => name,
            Self::RawStream => "raw H.264 or HEVC stream",
            Self::Playlist => "playlist",
        }
    }
}

/// Bytes from the start of a file that [`format`] wants to see; fewer will do for a short file.
pub const PROBE_BYTES: usize = 1024;

/// Size of an MPEG transport stream packet in bytes, whose first is always [`TS_SYNC`].
const TS_PACKET: usize = 188;
const TS_SYNC: u8 = 0x47;

/// The format of a file that starts with `head`, or `None` if it is no video or picture known.
pub fn format(head: &[u8]) -> Option<Format> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    // Box types that open an MP4 or an old QuickTime file (which has no `ftyp`).
    const FIRST_BOXES: [&[u8; 4]; 9] = [
        b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot",
    ];
    if FIRST_BOXES.iter().any(|kind| at(4, *kind)) {
        return Some(Format::Mp4);
    }
    let known = [
        (0, &b"\x1a\x45\xdf\xa3"[..], Format::Matroska),
        (0, b"GIF8", Format::Gif),
        (0, b"\x89PNG\r\n\x1a\n", Format::Png),
        (0, b"\xff\xd8\xff", Format::Jpeg),
        (0, b"YUV4MPEG2", Format::Y4m),
        (0, b"BM", Format::Bmp),
        (0, b"FLV\x01", Format::Other("FLV")),
        (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Format::Other("ASF")),
        (0, b"OggS", Format::Other("Ogg")),
        (0, b"\0\0\x01\xba", Format::Other("MPEG program stream")),
        (0, b"\0\0\x01\xb3", Format::Other("MPEG video stream")),
        (0, b"\x06\x0e\x2b\x34", Format::Other("MXF")),
        (0, b"DKIF", Format::Other("IVF")),
        (0, b"nut/multimedia", Format::Other("NUT")),
        (0, b"#EXTM3U", Format::Playlist),
        (0, b"ffconcat", Format::Playlist),
    ];
    if let Some(&(_, _, format)) = known.iter().find(|(offset, magic, _)| at(*offset, magic)) {
        return Some(format);
    }
    if at(0, b"RIFF") {
        return match head.get(8..12) {
            Some(b"AVI ") => Some(Format::Avi),
            Some(b"WEBP") => Some(Format::WebP),
            _ => None,
        };
    }
    if at(0, b"\0\0\0\x01") || at(0, b"\0\0\x01") {
        return Some(Format::RawStream);
    }
    // One sync byte proves nothing: ask for a second packet. M2TS puts 4 bytes of time before each.
    let ts = |first: usize, step: usize| {
        head.get(first) == Some(&TS_SYNC) && head.get(first + step) == Some(&TS_SYNC)
    };
    if ts(0, TS_PACKET) || ts(4, TS_PACKET + 4) {
        return Some(Format::Other("MPEG transport stream"));
    }
    None
}

/// Whether `head` looks like text, for an error that says so.
pub fn is_text(head: &[u8]) -> bool {
    !head.is_empty()
        && head
            .iter()
            .all(|&b| b >= 0x20 && b != 0x7f || matches!(b, b'\t' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_told_apart() {
        assert_eq!(format(b"\0\0\0\x20ftypisom"), Some(Format::Mp4));
        assert_eq!(format(b"\0\0\x01\0moov"), Some(Format::Mp4));
        assert_eq!(format(b"RIFF\0\0\0\0AVI LIST"), Some(Format::Avi));
        assert_eq!(format(b"RIFF\0\0\0\0WEBPVP8X"), Some(Format::WebP));
        assert_eq!(format(b"RIFF\0\0\0\0WAVEfmt "), None);
        assert_eq!(format(b"#EXTM3U\n#EXT-X"), Some(Format::Playlist));
        assert_eq!(format(b"hello, this is text"), None);
        assert_eq!(format(b""), None);
    }

    #[test]
    fn a_transport_stream_needs_two_sync_bytes() {
        let mut head = vec![0xff; 512];
        head[0] = TS_SYNC;
        assert_eq!(format(&head), None);
        head[TS_PACKET] = TS_SYNC;
        assert_eq!(format(&head), Some(Format::Other("MPEG transport stream")));
    }

    #[test]
    fn text_is_text() {
        assert!(is_text("Grüße\n".as_bytes()));
        assert!(!is_text(b"\0\x01\x02"));
        assert!(!is_text(b""));
    }
}
