//! JSON files that people write: read with a limit, refused with file, line and reason.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest file read, in bytes; the built-in device files have about 10 KB.
const LARGEST: u64 = 4 << 20;

/// A file that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    pub file: PathBuf,
    /// Where in the file, from 1; `None` when the file could not be read at all.
    pub line: Option<usize>,
    pub reason: String,
}

impl FileError {
    /// The file as a whole is at fault.
    pub fn whole(file: &Path, reason: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for FileError {}

/// The text of a file; `what` is for the error: `device file`.
///
/// # Errors
/// When it can't be read, is no UTF-8, or is larger than 4 MiB.
pub fn read(path: &Path, what: &str) -> Result<String, FileError> {
    let size = fs::metadata(path).map_or(0, |m| m.len());
    if size > LARGEST {
        let reason = format!("{size} bytes is too large for a {what}");
        return Err(FileError::whole(path, reason));
    }
    fs::read_to_string(path)
        .map_err(|e| FileError::whole(path, format!("can't read this {what}: {e}")))
}

/// Reads `text` as a `T`; `file` is for the error.
///
/// # Errors
/// Where it is not one.
pub fn parse<T: DeserializeOwned>(file: &Path, text: &str) -> Result<T, FileError> {
    serde_json::from_str(text).map_err(|e| {
        let message = e.to_string();
        // The line is said in its own place.
        let reason = message
            .rfind(" at line ")
            .map_or(message.as_str(), |at| &message[..at]);
        FileError {
            file: file.to_owned(),
            line: Some(e.line().max(1)),
            reason: reason.to_owned(),
        }
    })
}

/// `value` with two spaces of indentation and a line break at the end; `file` is for the error.
///
/// # Errors
/// When it can't be written as JSON.
pub fn text(file: &Path, value: &impl Serialize) -> Result<String, FileError> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| refuse(file, &e))?;
    text.push('\n');
    Ok(text)
}

/// Writes [`text`] of `value`.
///
/// # Errors
/// When the file can't be written.
pub fn write(file: &Path, value: &impl Serialize) -> Result<(), FileError> {
    fs::write(file, text(file, value)?).map_err(|e| refuse(file, &e))
}

fn refuse(file: &Path, e: &dyn fmt::Display) -> FileError {
    FileError::whole(file, format!("can't write: {e}"))
}
