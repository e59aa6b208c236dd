//! The known devices: reading their files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Device;
use super::file::DeviceFile;
use super::resolve::resolve;
use crate::json_file::{self, FileError};

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

/// A device file that was refused.
pub type DeviceError = FileError;

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
        Self::with(added)
    }

    /// The built-in devices and those of one more file, given its text; `name` is for errors.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn with_text(name: &Path, text: &str) -> Result<Self, DeviceError> {
        Self::with(vec![parse(name.to_owned(), text.to_owned())?])
    }

    fn with(added: Vec<Parsed>) -> Result<Self, DeviceError> {
        let names: BTreeSet<String> = added
            .iter()
            .flat_map(|p| p.file.models.iter().map(|m| m.name.clone()))
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

/// The device files of a folder, or the one file.
fn read_dir(dir: &Path) -> Result<Vec<Parsed>, DeviceError> {
    let mut paths: Vec<PathBuf> = if dir.is_file() {
        vec![dir.to_owned()]
    } else {
        fs::read_dir(dir)
            .map_err(|e| {
                FileError::whole(dir, format!("can't read this folder of device files: {e}"))
            })?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "json"))
            .collect()
    };
    paths.sort();
    if paths.is_empty() {
        let reason = "no device file (*.json) in this folder";
        return Err(FileError::whole(dir, reason));
    }
    paths
        .into_iter()
        .map(|path| {
            let text = json_file::read(&path, "device file")?;
            parse(path, text)
        })
        .collect()
}

fn parse(name: PathBuf, text: String) -> Result<Parsed, DeviceError> {
    let file = json_file::parse(&name, &text)?;
    Ok(Parsed { name, text, file })
}
