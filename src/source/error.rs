//! Why frames could not be had, in words a user can act on.

use std::fmt;

/// An input that can't be opened, read or decoded. Its text is one line: file, cause, remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// The file can't be opened or read (missing, a directory, no permission, I/O error).
    Unreadable { name: String, cause: String },
    /// It was read, and is no video this program knows, or is damaged beyond use.
    Invalid { name: String, cause: String },
    /// A known format that this build or this decoder can't decode; `help` says what can.
    Unsupported {
        name: String,
        what: String,
        help: String,
    },
    /// The stream broke off after some frames.
    Truncated { name: String, cause: String },
    /// No camera, or it went away.
    Camera { name: String, cause: String },
}

impl SourceError {
    /// The input `name` broke off after its picture at `last_pts_s`, in s.
    pub(super) fn broken_off(name: &str, cause: &str, last_pts_s: f64) -> Self {
        Self::Truncated {
            name: name.to_owned(),
            cause: format!("{cause} (last picture at {last_pts_s:.2} s)"),
        }
    }

    /// What is wrong, without the name.
    pub fn reason(&self) -> String {
        match self {
            Self::Unreadable { cause, .. } => format!("cannot be read: {cause}"),
            Self::Invalid { cause, .. } => format!("no usable video: {cause}"),
            Self::Unsupported { what, help, .. } => {
                format!("{what} is not supported here: {help}")
            }
            Self::Truncated { cause, .. } => format!("ends early: {cause}"),
            Self::Camera { cause, .. } => cause.clone(),
        }
    }

    /// What the user called the input.
    pub fn name(&self) -> &str {
        match self {
            Self::Unreadable { name, .. }
            | Self::Invalid { name, .. }
            | Self::Unsupported { name, .. }
            | Self::Truncated { name, .. }
            | Self::Camera { name, .. } => name,
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.reason())
    }
}

impl std::error::Error for SourceError {}
