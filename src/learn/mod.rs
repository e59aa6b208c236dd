//! Describing a device from clips of it: the pattern that they share, with ranges for its times.
//!
//! ```text
//! clips -> agree -> ranges -> pattern -> file     a device file for `--devices`
//!          one light of each    |
//!                               +-> trial         left-out clips, states that look alike
//! ```

mod agree;
mod file;
mod ranges;
mod report;
#[cfg(test)]
mod tests;
mod trial;

use std::fmt;

use crate::devices::{Pattern, Seen};
use crate::observe::Observation;

pub use file::{Addition, FileChange, extend};
pub use report::{Confusion, LearnReport, LearnedClip, LeftOutClip, SCHEMA, ToldApart};
pub use trial::{LeftOut, Rival, leave_one_out, rivals};

/// What clips of one state of a device have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// What the light does, with ranges for its times.
    pub pattern: Pattern,
    /// For each clip what it showed; one that has no light in common with the others is not part of `pattern`.
    pub clips: Vec<Shown>,
}

/// What one clip showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Index of the light that was learned from, among those of the clip.
    pub light: Option<usize>,
    /// What it did; where none was learned from, what the surest light of the clip did.
    pub seen: Option<Seen>,
}

/// Why nothing can be learned from clips.
#[derive(Debug, Clone, PartialEq)]
pub enum LearnError {
    /// None of them shows a light.
    NoLight,
    /// Most show something else than the others: each clip's name and what its surest light does.
    Disagree(Vec<(String, Option<Pattern>)>),
    /// What they show can't be described as a pattern, and why.
    NoPattern(String),
}

impl fmt::Display for LearnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLight => {
                f.write_str("no light was seen; `blinkdx measure` tells what a clip shows")
            }
            Self::Disagree(clips) => {
                f.write_str("the clips do not show the same light, so nothing is learned:")?;
                for (i, (name, pattern)) in clips.iter().enumerate() {
                    let comma = if i > 0 { ";" } else { "" };
                    match pattern {
                        Some(pattern) => write!(f, "{comma} {name} shows {pattern}")?,
                        None => write!(f, "{comma} {name} shows no light")?,
                    }
                }
                f.write_str("; leave out what does not belong, or say where to look with --region")
            }
            Self::NoPattern(reason) => {
                write!(f, "this light can't be written as a pattern: {reason}")
            }
        }
    }
}

impl std::error::Error for LearnError {}

/// The pattern that `clips` of one state share.
///
/// # Errors
/// When they show no light, or not the same one, or nothing that a pattern can describe.
pub fn learn(clips: &[&Observation]) -> Result<Lesson, LearnError> {
    let shown = agree::choose(clips)?;
    let same: Vec<&Seen> = shown
        .iter()
        .filter(|s| s.light.is_some())
        .filter_map(|s| s.seen.as_ref())
        .collect();
    let pattern = agree::gather(&same).pattern();
    pattern.check().map_err(LearnError::NoPattern)?;
    Ok(Lesson {
        pattern,
        clips: shown,
    })
}
