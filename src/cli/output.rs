//! Standard output: results alone, so that it can be read by programs.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

/// Writes one object as one line.
pub fn json(value: &impl Serialize) -> io::Result<()> {
    raw(|out| {
        serde_json::to_writer(&mut *out, value)?;
        writeln!(out)
    })
}

/// Writes bytes for programs: no colours, few system calls, nothing held back at the end.
pub fn raw(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}

/// Writes text for people: colours on a terminal, plain in a pipe and where `NO_COLOR` is set.
pub fn text(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    write(&mut out)?;
    out.flush()
}
