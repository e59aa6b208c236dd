//! The known devices: reading their files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Device;
use super::file::DeviceFile;
use super::resolve::resolve;

/// The files that are compiled in: name and text.
const BUILT_IN: &[(&str, &str)] = &[
    (
        "blink-battery.json",
        include_str!("data/blink-battery.json"),
    ),
    (
        "blink-outdoor-4.json",
        include_str!("data/blink-outdoor-4.json"),
    ),
    ("blink-mini.json", include_str!("data/blink-mini.json")),
    (
        "blink-doorbell.json",
        include_str!("data/blink-doorbell.json"),
    ),
    (
        "blink-sync-module.json",
        include_str!("data/blink-sync-module.json"),
    ),
];

/// Largest device file read, in bytes; the built-in ones have about 10 KB.
const LARGEST_FILE: u64 = 4 << 20;

/// A device file that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceError {
    pub file: PathBuf,
    /// Where in the file, from 1; `None` when the file could not be read at all.
    pub line: Option<usize>,
    pub reason: String,
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::error::Error for DeviceError {}

/// All known devices.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    devices: Vec<Device>,
}

/// A file that was parsed but not yet resolved.
pub(super) struct Parsed {
    pub(super) name: PathBuf,
    pub(super) text: String,
    pub(super) file: DeviceFile,
}

impl Library {
    /// The devices that are compiled in.
    pub fn built_in() -> &'static Self {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(|| {
            Self::of(&built_in_files()).expect("the built-in device files are tested to be sound")
        })
    }

    /// The built-in devices and those of every `*.json` file in each of `dirs`. A model of the
    /// same name as a built-in one takes its place.
    ///
    /// # Errors
    /// When a folder can't be read, holds no JSON file, or a file is malformed.
    pub fn with_dirs(dirs: &[PathBuf]) -> Result<Self, DeviceError> {
        let mut added = Vec::new();
        for dir in dirs {
            added.extend(read_dir(dir)?);
        }
        let names: BTreeSet<String> = added
            .iter()
            .flat_map(|p: &Parsed| p.file.models.iter().map(|m| m.name.clone()))
            .collect();
        let mut files = built_in_files();
        for p in &mut files {
            p.file.models.retain(|m| !names.contains(&m.name));
            for s in &mut p.file.states {
                if let Some(models) = &mut s.models {
                    models.retain(|m| !names.contains(m));
                }
                s.model_notes.retain(|m, _| !names.contains(m));
            }
        }
        files.extend(added);
        Self::of(&files)
    }

    /// The devices of one file alone, given its text; `name` is for errors.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn from_text(name: &str, text: &str) -> Result<Self, DeviceError> {
        Self::of(&[parse(PathBuf::from(name), text.to_owned())?])
    }

    fn of(files: &[Parsed]) -> Result<Self, DeviceError> {
        Ok(Self {
            devices: resolve(files)?,
        })
    }

    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    pub fn get(&self, name: &str) -> Option<&Device> {
        self.devices.iter().find(|d| d.name == name)
    }

    /// Every context flag that some device knows, with what it says.
    pub fn contexts(&self) -> BTreeMap<&str, &str> {
        self.devices
            .iter()
            .flat_map(|d| d.contexts.iter())
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect()
    }
}

fn built_in_files() -> Vec<Parsed> {
    BUILT_IN
        .iter()
        .map(|&(name, text)| {
            parse(PathBuf::from(name), text.to_owned())
                .expect("the built-in device files are tested to be sound")
        })
        .collect()
}

fn read_dir(dir: &Path) -> Result<Vec<Parsed>, DeviceError> {
    let refuse = |file: &Path, reason: String| DeviceError {
        file: file.to_owned(),
        line: None,
        reason,
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .map_err(|e| refuse(dir, format!("can't read this folder of device files: {e}")))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(refuse(dir, "no device file (*.json) in this folder".into()));
    }
    paths
        .into_iter()
        .map(|path| {
            let size = fs::metadata(&path).map_or(0, |m| m.len());
            if size > LARGEST_FILE {
                return Err(refuse(
                    &path,
                    format!("{size} bytes is too large for a device file"),
                ));
            }
            let text = fs::read_to_string(&path)
                .map_err(|e| refuse(&path, format!("can't read this device file: {e}")))?;
            parse(path, text)
        })
        .collect()
}

fn parse(name: PathBuf, text: String) -> Result<Parsed, DeviceError> {
    match serde_json::from_str(&text) {
        Ok(file) => Ok(Parsed { name, text, file }),
        Err(e) => Err(DeviceError {
            file: name,
            line: Some(e.line().max(1)),
            reason: without_position(&e.to_string()),
        }),
    }
}

/// The message without the `at line 3 column 7` that [`DeviceError`] says in its own way.
fn without_position(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_owned(),
        None => message.to_owned(),
    }
}
