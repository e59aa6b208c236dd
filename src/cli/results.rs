//! A file of results, one line of JSON for each clip, that a later run goes on with.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use blinkdx::json_file::FileError;
use blinkdx::report::json::SCHEMA;
use serde::Deserialize;

use super::failure::Failure;

/// What of a line is needed to know its clip, and whether it is the clip's result or an event before it.
#[derive(Deserialize)]
struct Line {
    schema: String,
    source: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Results of this run and those before. It is locked: a second run would do the same clips again.
pub struct Results {
    path: PathBuf,
    file: File,
    done: HashSet<String>,
    /// Standard output goes to this very file.
    pub is_stdout: bool,
}

impl Results {
    /// Opens or creates the file. What a crash or a full disk left of the last clip, a line cut off or events
    /// without a result, is removed: that clip is done again.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let refuse = |text: String| Failure::File(FileError::whole(path, text));
        let io = |e: io::Error| refuse(format!("can't be used for results: {e}"));
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(refuse("another run writes to it; wait for its end".into()));
            }
            // Some network file systems know no locks.
            Err(TryLockError::Error(_)) => {}
        }
        let mut reader = BufReader::new(&file);
        reader.seek(SeekFrom::Start(0)).map_err(io)?;
        let (mut done, mut number) = (HashSet::new(), 0);
        // Bytes up to here, and those of them that end with a result.
        let (mut at, mut whole) = (0, 0);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(io)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            number += 1;
            at += read as u64;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let line: Line = serde_json::from_slice(&line).map_err(|_| {
                Failure::File(FileError {
                    file: path.to_owned(),
                    line: Some(number),
                    reason: "no result of analyze; name a file that --resume wrote, or a new one"
                        .into(),
                })
            })?;
            if line.schema == SCHEMA {
                done.insert(line.source.name);
                whole = at;
            }
        }
        if file.metadata().map_err(io)?.len() > whole {
            file.set_len(whole).map_err(io)?;
        }
        Ok(Self {
            path: path.to_owned(),
            is_stdout: is_stdout(&file),
            file,
            done,
        })
    }

    /// Whether there is a result of this clip, or its error.
    pub fn has(&self, name: &str) -> bool {
        self.done.contains(name)
    }

    /// Writes the lines of one clip, in one piece.
    pub fn append(&mut self, lines: &str) -> Result<(), Failure> {
        let written = self.file.write_all(format!("{lines}\n").as_bytes());
        written.map_err(|e| {
            let text = format!("can't be written: {e}; what is in it is kept, so run it again");
            Failure::File(FileError::whole(&self.path, text))
        })
    }
}

#[cfg(unix)]
fn is_stdout(file: &File) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let identity = |file: &File| file.metadata().map(|m| (m.dev(), m.ino())).ok();
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    identity(file).is_some() && stdout.is_ok_and(|stdout| identity(&stdout) == identity(file))
}

/// Elsewhere it is not asked: there is no stable way in the standard library.
#[cfg(not(unix))]
fn is_stdout(_file: &File) -> bool {
    false
}
