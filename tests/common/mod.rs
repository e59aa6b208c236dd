//! Runs the program as its users do.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub status: i32,
}

impl Run {
    /// The one object that was printed.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("no JSON object ({e}): {self:?}"))
    }

    /// The one line on standard error that an error is; it must name `about`.
    #[track_caller]
    pub fn error(&self, status: i32, about: &str) -> &str {
        assert_eq!(self.status, status, "{self:?}");
        let line = self.stderr.strip_suffix('\n').unwrap_or(&self.stderr);
        assert!(line.starts_with("error: "), "{self:?}");
        assert!(!line.contains('\n'), "more than one line: {self:?}");
        assert!(line.contains(about), "nothing of {about:?}: {self:?}");
        line
    }
}

/// Runs `blinkdx` with `args`, in the repository's folder, without colours or backtraces.
pub fn blinkdx<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Run {
    run(command().args(args))
}

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blinkdx"));
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("RUST_BACKTRACE")
        .env_remove("GITHUB_ACTIONS")
        .stdin(Stdio::null());
    command
}

pub fn run(command: &mut Command) -> Run {
    let output = command.output().expect("the program was built");
    Run {
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        status: output.status.code().expect("ended by itself"),
    }
}

/// A folder for the files of one test, removed at its end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
        // What an aborted run of the same number left.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a writable target folder");
        Self(path)
    }

    /// Writes a file and returns its path as text.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a writable target folder");
        path.display().to_string()
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("a file that was written")
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder of labelled clips that `BLINKDX_CORPUS` names; without it `None`, and that `test` is skipped is said.
pub fn corpus(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("BLINKDX_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {test}: BLINKDX_CORPUS does not name a folder of labelled clips");
    }
    folder
}
