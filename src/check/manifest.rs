//! What must be seen: the manifest as it is written.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::json_file::{self, FileError};
use crate::matcher::Verdict;
use crate::pulses::Color;

/// Schema name of [`Manifest`].
pub const MANIFEST_SCHEMA: &str = "blinkdx-manifest/1";

/// Largest number that makes sense in an entry: a day in s. Larger ones are typing errors.
const LONGEST_S: f64 = 86_400.0;

/// What follows a clip's name in that of the file that says what it must show.
const BESIDE: &str = ".expect.json";

/// Clips and what each must show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`MANIFEST_SCHEMA`].
    pub schema: String,
    pub entries: Vec<Entry>,
}

/// One clip, or a look through a camera, and what it must show.
///
/// Beside a clip, as `CLIP.expect.json`, it has neither `clip` nor `camera`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is called in results; the clip's name without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A video file, an animation or a folder of stills, seen from the manifest's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<String>,
    /// A camera in place of a clip: number or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// How long to look through the camera, in s; 10 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<f64>,
    /// The device; every known one is considered without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// In place of a model: the light's pattern, as for `--pattern`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What is known of the situation, as for `--context`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    /// Look only here: x, y, w, h in px of the picture as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<[f64; 4]>,
    /// Frames per second of a folder of stills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// The reading must be done within so many seconds of real time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_s: Option<f64>,
    pub expect: Expect,
}

/// What must be seen. What is absent is not looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expect {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The model diagnosed, for entries that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The state diagnosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Of the diagnosis, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Bounds>,
    /// States that must be neither the diagnosis nor, for an ambiguous verdict, among those that fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_states: Vec<String>,
    /// Where the light is in the first frame where it is lit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<ExpectedPlace>,
    /// What the light's pulses must be like, by colour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timing: Vec<Timing>,
    /// There must be no pulse of a colour that `timing` does not name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_other_pulses: bool,
    /// Every pulse, in s from the first frame (for a camera: from the first pulse).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulses: Option<Vec<ExpectedPulse>>,
    /// By how much an end of a pulse may differ from `pulses`, in s; 0.1 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_s: Option<f64>,
}

/// Timings of the pulses of one colour. Lengths are of those that have both ends in view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Timing {
    pub color: Color,
    /// How many pulses are seen, cut ones too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Bounds>,
    /// Length of every pulse in s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_s: Option<Tolerance>,
    /// Every time between two pulses in s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_s: Option<Tolerance>,
    /// Time of one repetition in s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_s: Option<Tolerance>,
    /// Share of the time that is lit, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<Tolerance>,
}

/// At least, at most, or both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// A value and how far from it is still right: `within` in the value's unit, or `percent` of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    pub value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
}

/// A point that the light's box must hold, or come near to, in px of the picture as shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectedPlace {
    pub x: f64,
    pub y: f64,
    /// How far from the box the point may lie; 10 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_px: Option<f64>,
}

/// One lit span of one colour, in s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpectedPulse {
    pub color: Color,
    pub start_s: f64,
    pub end_s: f64,
}

fn is_false(b: &bool) -> bool {
    !b
}

impl Bounds {
    pub fn allows(self, value: f64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => write!(f, "{min}"),
            (Some(min), Some(max)) => write!(f, "{min} to {max}"),
            (Some(min), None) => write!(f, "at least {min}"),
            (None, Some(max)) => write!(f, "at most {max}"),
            (None, None) => f.write_str("anything"),
        }
    }
}

/// Taken where neither `within` nor `percent` is given.
const DEFAULT_PERCENT: f64 = 5.0;

impl Tolerance {
    /// The farthest that is still right, in the value's unit.
    pub fn margin(self) -> f64 {
        match (self.within, self.percent) {
            (Some(within), _) => within,
            (None, percent) => self.value * percent.unwrap_or(DEFAULT_PERCENT) / 100.0,
        }
    }

    pub fn allows(self, value: f64) -> bool {
        // Sums such as 0.8 + 0.1 are not exact in binary.
        (value - self.value).abs() <= self.margin() + 1e-9
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.within, self.percent) {
            (Some(within), _) => write!(f, "{} ± {within}", self.value),
            (None, percent) => write!(
                f,
                "{} ± {} %",
                self.value,
                percent.unwrap_or(DEFAULT_PERCENT)
            ),
        }
    }
}

impl Manifest {
    /// Reads a manifest, or gathers the `CLIP.expect.json` files of a folder in the order of their names.
    ///
    /// # Errors
    /// When it can't be read, or an entry makes no sense; with file, line and reason.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        if path.is_dir() {
            return Self::gather(path);
        }
        let text = json_file::read(path, "manifest")?;
        let manifest: Self = json_file::parse(path, &text)?;
        if manifest.schema != MANIFEST_SCHEMA {
            let reason = format!(
                "schema {:?} is not {MANIFEST_SCHEMA:?}, which this program reads",
                manifest.schema
            );
            return Err(FileError::whole(path, reason));
        }
        for (i, entry) in manifest.entries.iter().enumerate() {
            entry.check().map_err(|reason| {
                FileError::whole(
                    path,
                    format!("entry {} ({}): {reason}", i + 1, entry.title()),
                )
            })?;
        }
        Ok(manifest)
    }

    fn gather(folder: &Path) -> Result<Self, FileError> {
        let unreadable = |e| FileError::whole(folder, format!("can't read this folder: {e}"));
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map_err(unreadable)?
            .filter_map(|f| Some(f.ok()?.path()))
            .filter(|f| f.to_string_lossy().ends_with(BESIDE))
            .collect();
        files.sort();
        if files.is_empty() {
            let reason = format!("no CLIP{BESIDE} in this folder");
            return Err(FileError::whole(folder, reason));
        }
        let entries = files
            .iter()
            .map(|file| {
                let mut entry: Entry =
                    json_file::parse(file, &json_file::read(file, "expectation")?)?;
                if entry.clip.is_some() || entry.camera.is_some() {
                    let reason = "a file beside a clip names neither clip nor camera";
                    return Err(FileError::whole(file, reason));
                }
                entry.clip = file
                    .file_name()
                    .and_then(|n| n.to_str())
                    .and_then(|n| n.strip_suffix(BESIDE))
                    .map(str::to_owned);
                entry
                    .check()
                    .map_err(|reason| FileError::whole(file, reason))?;
                Ok(entry)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            schema: MANIFEST_SCHEMA.to_owned(),
            entries,
        })
    }

    /// Writes it back to where [`Manifest::read`] had it from; of a folder's files those of the entries
    /// `changed`, by index.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write(&self, path: &Path, changed: &[usize]) -> Result<(), FileError> {
        if !path.is_dir() {
            return json_file::write(path, self);
        }
        for entry in changed.iter().filter_map(|&i| self.entries.get(i)) {
            if let Some(clip) = &entry.clip {
                let beside = Entry {
                    clip: None,
                    ..entry.clone()
                };
                json_file::write(&path.join(format!("{clip}{BESIDE}")), &beside)?;
            }
        }
        Ok(())
    }
}

impl Entry {
    /// What it is called in results.
    pub fn title(&self) -> &str {
        let names = [&self.name, &self.clip, &self.camera];
        names.into_iter().flatten().next().map_or("", |n| n)
    }

    /// Whether it can be carried out.
    fn check(&self) -> Result<(), String> {
        match (&self.clip, &self.camera) {
            (Some(_), None) | (None, Some(_)) => {}
            _ => return Err("name either a clip or a camera".to_owned()),
        }
        if self.model.is_some() && self.pattern.is_some() {
            return Err("give either a model or a pattern".to_owned());
        }
        if self.for_s.is_some() && self.camera.is_none() {
            return Err("for_s is for a camera; a clip is read to its end".to_owned());
        }
        for (name, value) in [
            ("for_s", self.for_s),
            ("fps", self.fps),
            ("time_limit_s", self.time_limit_s),
            ("within_s", self.expect.within_s),
        ] {
            if value.is_some_and(|v| !(v > 0.0 && v <= LONGEST_S)) {
                return Err(format!("{name} must be above 0, and at most {LONGEST_S}"));
            }
        }
        Ok(())
    }
}
