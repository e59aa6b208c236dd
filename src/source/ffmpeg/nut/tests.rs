//! The reader on a stream that ffmpeg wrote, whole and damaged.

use super::*;

/// Six pictures of 16x12 px in 4:2:0, times in us from one hour on, made by
/// `ffmpeg -f lavfi -i testsrc2=s=16x12:r=10:d=0.6 -vf "settb=1/1000000,setpts='N*100000+mod(N*N,7)*3000'"
/// -copyts -fps_mode passthrough -enc_time_base 1:1000000 -output_ts_offset 3600 -pix_fmt yuv420p
/// -c:v rawvideo -f nut uneven.nut` (5.1.9).
const SAMPLE: &[u8] = include_bytes!("../../../../fixtures/nut/uneven.nut");
const PICTURE_BYTES: u64 = 16 * 12 * 3 / 2;

/// Reads what there is, at most `MAX_FRAMES` frames of `MAX_BYTES`, and gives the times.
fn read_all(stream: &[u8]) -> io::Result<Vec<i64>> {
    const MAX_FRAMES: usize = 100;
    const MAX_BYTES: u64 = 1 << 16;
    let mut reader = NutReader::new(stream)?;
    let mut times = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        let mut samples = vec![0; frame.size.min(MAX_BYTES) as usize];
        reader.samples(&mut samples)?;
        times.push(frame.pts);
        if times.len() > MAX_FRAMES {
            return Err(bad("too many frames"));
        }
    }
    Ok(times)
}

#[test]
fn a_stream_of_ffmpeg_is_read_exactly() {
    let mut reader = NutReader::new(SAMPLE).unwrap();
    let video = reader.video();
    assert_eq!(&video.fourcc, b"I420");
    assert_eq!((video.width, video.height), (16, 12));
    assert_eq!(video.time_base, (1, 1_000_000));
    // Frames lie in the file as they are.
    let mut frame = vec![0; PICTURE_BYTES as usize];
    for n in 0..6i64 {
        let header = reader.next_frame().unwrap().unwrap();
        assert_eq!(header.pts, 3_600_000_000 + n * 100_000 + n * n % 7 * 3000);
        assert_eq!(header.size, PICTURE_BYTES);
        let (y, chroma) = frame.split_at_mut(16 * 12);
        reader.samples(y).unwrap();
        reader.samples(chroma).unwrap();
        assert!(SAMPLE.windows(frame.len()).any(|w| w == frame));
    }
    assert_eq!(reader.next_frame().unwrap(), None);
}

/// Frames may leave out a beginning that the main header holds (section "elision headers").
#[test]
fn left_out_beginnings_come_back() {
    let code = FrameCode {
        flags: FLAG_SIZE_MSB | FLAG_HEADER_IDX,
        stream: 0,
        size_mul: 1,
        size_lsb: 0,
        pts_delta: 7,
        reserved: 0,
        header_idx: 0,
    };
    // Frame code, size 5, header 1, and the two bytes that are not left out; then header 2, which is none.
    let stream: &[u8] = &[0, 5, 1, 70, 80, 0, 5, 2];
    let mut reader = NutReader {
        codes: vec![code],
        elided: vec![Vec::new(), vec![0, 0, 1]],
        ..NutReader::new(SAMPLE).unwrap()
    };
    reader.bytes = Bytes {
        inner: stream,
        buf: [0; CHUNK],
        start: 0,
        end: 0,
    };
    let header = reader.next_frame().unwrap().unwrap();
    assert_eq!((header.pts, header.size), (7, 5));
    let (mut first, mut rest) = ([9; 2], [9; 3]);
    reader.samples(&mut first).unwrap();
    reader.samples(&mut rest).unwrap();
    assert_eq!((first, rest), ([0, 0], [1, 70, 80]));
    assert!(reader.next_frame().is_err());
}

/// A pipe gives any number of bytes at a time.
#[test]
fn small_reads_make_no_difference() {
    struct Trickle<'a>(&'a [u8], usize);
    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 = self.1 % 7 + 1;
            let n = out.len().min(self.1);
            self.0.read(&mut out[..n])
        }
    }
    let mut reader = NutReader::new(Trickle(SAMPLE, 0)).unwrap();
    let mut frames = 0;
    while let Some(header) = reader.next_frame().unwrap() {
        reader.samples(&mut vec![0; header.size as usize]).unwrap();
        frames += 1;
    }
    assert_eq!(frames, 6);
}

#[test]
fn a_stream_cut_anywhere_ends_without_a_wrong_frame() {
    let whole = read_all(SAMPLE).unwrap();
    for end in 0..SAMPLE.len() {
        match read_all(&SAMPLE[..end]) {
            Ok(times) => assert_eq!(times, whole[..times.len()]),
            Err(e) => assert_eq!(e.kind(), io::ErrorKind::UnexpectedEof, "cut at {end}"),
        }
    }
}

#[test]
fn flipped_bits_are_errors_or_frames_but_never_more() {
    for at in 0..SAMPLE.len() {
        for bit in 0..8 {
            let mut damaged = SAMPLE.to_vec();
            damaged[at] ^= 1 << bit;
            // Each frame takes at least one byte, so the stream bounds their number.
            let _ = read_all(&damaged);
        }
    }
}

#[test]
fn foreign_streams_are_refused() {
    for stream in [
        &b""[..],
        b"nut/multimedia containeR\0",
        &[0; 4096],
        b"\x47\x40\x00",
    ] {
        assert!(NutReader::new(stream).is_err());
    }
}

#[test]
fn numbers_longer_than_64_bit_are_errors() {
    let mut bytes = [0xff; 11].into_iter();
    assert!(read_v(|| Ok(bytes.next().unwrap())).is_err());
    let mut bytes = [0x82, 0x03].into_iter();
    assert_eq!(read_v(|| Ok(bytes.next().unwrap())).unwrap(), 0x103);
}
