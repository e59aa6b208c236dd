//! Reads all frames of a clip and does nothing with them: what decoding alone costs.
//!
//! `cargo run --release --example decode -- clip.mp4`

use blinkdx::source::{Frame, OpenOptions, open};

fn main() -> Result<(), blinkdx::source::SourceError> {
    for name in std::env::args().skip(1) {
        let mut source = open(&name, &OpenOptions::default())?;
        let mut frame = Frame::default();
        let (mut frames, mut first) = (0, None);
        let end = loop {
            match source.read(&mut frame) {
                Ok(true) => frames += 1,
                Ok(false) => break Ok(()),
                Err(e) => break Err(e),
            }
            first.get_or_insert(frame.pts_s);
        };
        println!(
            "{:?}\n{frames} frames, {first:?}..{} s, chroma {:?}, {:?}, {end:?}",
            source.info(),
            frame.pts_s,
            frame.chroma_shift,
            frame.color
        );
    }
    Ok(())
}
