//! Describing a device from clips of it: the pattern that they share, with ranges for its times.
//!
//! ```text
//! clips -> lineup -> agree -> ranges -> pattern -> file   a device file for `--devices`
//!          one light of each            |
//!                                       +-> trial        left-out clips, states that look alike
//! ```

mod agree;
mod file;
mod lineup;
mod palette;
mod ranges;
mod report;
#[cfg(test)]
mod tests;
mod trial;

use std::fmt;

use crate::devices::{Pattern, Seen};

pub use file::{Addition, FileChange, extend};
pub use lineup::Lineup;
pub use report::{Confusion, LearnReport, LearnedClip, LeftOutClip, SCHEMA, ToldApart};
pub use trial::{LeftOut, Rival, leave_one_out, rivals};

/// What clips of one state of a device have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    /// What the light does, with ranges for its times.
    pub pattern: Pattern,
    /// What each clip showed.
    pub clips: Vec<Shown>,
}

/// What one clip showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Index of the light that shows the pattern, among those of the clip; none when it shows something else.
    pub light: Option<usize>,
    /// Its times are among those that the ranges were made from. False also for a clip in which the light was seen, but
    /// not so well that each flash could be told.
    pub read: bool,
    /// What it did; where none shows the pattern, what the surest light of the clip did.
    pub seen: Option<Seen>,
    /// What its colours may be.
    palette: palette::Palette,
}

impl Shown {
    fn clip(&self) -> Option<agree::Clip<'_>> {
        Some(agree::Clip {
            seen: self.seen.as_ref()?,
            palette: &self.palette,
        })
    }
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
