//! Errors of the command line and the exit statuses they lead to.

use std::fmt;
use std::io;

use blinkdx::json_file::FileError;
use blinkdx::source::SourceError;

/// Exit statuses of the program; with several sources the highest of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Done = 0,
    /// A check found a difference.
    Difference = 1,
    Usage = 2,
    Input = 3,
    Camera = 4,
}

/// What ends a command, or one source of it, early. Its text is one line: what, where, remedy.
#[derive(Debug)]
pub enum Failure {
    /// The command line asks for something that is not there or makes no sense.
    Usage(String),
    Source(SourceError),
    /// A device file or a manifest was refused.
    File(FileError),
    /// Standard output can't be written.
    Output(io::Error),
}

impl Failure {
    pub fn status(&self) -> Status {
        match self {
            // The reader of the pipe has what it wanted (`blinkdx models | head -1`).
            Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe => Status::Done,
            Self::Usage(_) | Self::Output(_) => Status::Usage,
            Self::Source(SourceError::Camera { .. }) => Status::Camera,
            Self::Source(_) | Self::File(_) => Status::Input,
        }
    }

    /// Writes the line to standard error; nothing for a closed pipe.
    pub fn print(&self) {
        if self.status() != Status::Done {
            let bad = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{bad}error:{bad:#} {self}");
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Source(e) => e.fmt(f),
            Self::File(e) => e.fmt(f),
            Self::Output(e) => write!(f, "standard output: cannot be written: {e}"),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(e: SourceError) -> Self {
        Self::Source(e)
    }
}

impl From<FileError> for Failure {
    fn from(e: FileError) -> Self {
        Self::File(e)
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Self::Output(e)
    }
}
