//! The result of `learn`, for programs and for people.

use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::FileChange;
use super::trial::{LeftOut, Rival};
use super::{Addition, Lesson};
use crate::matcher::Verdict;
use crate::observe::Observation;
use crate::report::json::{Box, round};
use crate::report::text::{BOLD, FAINT, percent};

/// Schema name of [`LearnReport`].
pub const SCHEMA: &str = "blinkdx-learn/1";

/// The result of `learn`. Patterns are in the notation of `--pattern`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LearnReport {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub device: String,
    pub state: String,
    /// The device file that was written.
    pub file: String,
    /// `created`, `added` or `replaced`.
    pub change: FileChange,
    /// What was learned, with ranges.
    pub pattern: String,
    pub clips: Vec<LearnedClip>,
    /// Each clip diagnosed by what the others teach; empty for a single clip.
    pub left_out: Vec<LeftOutClip>,
    /// States of known devices that it may be taken for, the most alike first.
    pub confused_with: Vec<Confusion>,
}

/// What one clip showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LearnedClip {
    pub name: String,
    /// What its light did; none when no light was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Its times are among those that the ranges were made from.
    pub used: bool,
    /// The light that shows the pattern; none when the clip shows something else than most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<Box>,
    /// How many lights the clip has; with more than one, look whether it is the right one.
    pub lights: usize,
}

/// A clip, diagnosed by what the other clips taught.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeftOutClip {
    pub name: String,
    /// The state was found.
    pub right: bool,
    /// None when the others alone teach nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Probability, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
}

/// A state that looks like the one that was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Confusion {
    pub models: Vec<String>,
    pub state: String,
    /// How surely a clip tells which of the two it is, by its length in s: 0.5 (not at all) to 1.
    pub told_apart: Vec<ToldApart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ToldApart {
    pub clip_s: f64,
    pub probability: f64,
}

impl LearnReport {
    pub fn new(
        path: &Path,
        change: FileChange,
        new: &Addition,
        lesson: &Lesson,
        clips: &[&Observation],
        left_out: &[LeftOut],
        rivals: &[Rival],
    ) -> Self {
        let named = || clips.iter().map(|c| c.name.clone());
        Self {
            schema: SCHEMA.to_owned(),
            device: new.device.clone(),
            state: new.state.clone(),
            file: path.display().to_string(),
            change,
            pattern: lesson.pattern.to_string(),
            clips: clips
                .iter()
                .zip(&lesson.clips)
                .map(|(clip, shown)| LearnedClip {
                    name: clip.name.clone(),
                    pattern: shown.seen.as_ref().map(|s| s.pattern().to_string()),
                    used: shown.read,
                    light: shown.light.map(|i| Box::from(clip.lights[i].place)),
                    lights: clip.lights.len(),
                })
                .collect(),
            left_out: named()
                .zip(left_out)
                .map(|(name, l)| LeftOutClip {
                    name,
                    right: l.is_right(&new.state),
                    verdict: l.verdict,
                    state: l.state.clone(),
                    confidence: l.confidence.map(|c| round(c, 4)),
                })
                .collect(),
            confused_with: rivals
                .iter()
                .map(|r| Confusion {
                    models: r.models.clone(),
                    state: r.state.clone(),
                    told_apart: [(Rival::SHORT_S, r.short), (Rival::LONG_S, r.long)]
                        .map(|(clip_s, p)| ToldApart {
                            clip_s,
                            probability: round(p, 4),
                        })
                        .to_vec(),
                })
                .collect(),
        }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{BOLD}{}: {}{BOLD:#}", self.device, self.state)?;
        writeln!(out, "{}", self.pattern)?;
        writeln!(out, "\nSeen in each clip:")?;
        for clip in &self.clips {
            let pattern = clip.pattern.as_deref().unwrap_or("no light");
            write!(out, "  {}: {pattern}", clip.name)?;
            match (clip.used, clip.light, clip.lights) {
                (false, None, _) => write!(out, " (unlike the others: not used)")?,
                (false, ..) => write!(out, " (alike, but not every flash was seen: not measured)")?,
                (true, Some(b), n) if n > 1 => write!(
                    out,
                    "{FAINT} (one of {n} lights, at {:.0},{:.0}){FAINT:#}",
                    b.x, b.y
                )?,
                _ => {}
            }
            writeln!(out)?;
        }
        if self.left_out.is_empty() {
            writeln!(
                out,
                "\nOne clip leaves nothing to test with: film it again, better another device, and give all clips."
            )?;
        } else {
            writeln!(out, "\nEach clip as the others alone would have it:")?;
        }
        for clip in &self.left_out {
            let told = match (clip.verdict, &clip.state, clip.confidence) {
                (None, ..) => "the others teach nothing".to_owned(),
                (Some(Verdict::Diagnosed), Some(state), Some(c)) => {
                    format!("{state}, {}", percent(c))
                }
                (Some(verdict), ..) => verdict.name().to_owned(),
            };
            let mark = if clip.right { "ok   " } else { "WRONG" };
            writeln!(out, "  {mark} {}: {told}", clip.name)?;
        }
        if self.confused_with.is_empty() {
            writeln!(out, "\nNo state of a known device looks like it.")?;
        } else {
            writeln!(
                out,
                "\nStates that look like it, and how surely a clip tells them apart (50 % is not at all):"
            )?;
        }
        for rival in &self.confused_with {
            let told: Vec<String> = rival
                .told_apart
                .iter()
                .map(|t| format!("{} in {:.0} s", percent(t.probability), t.clip_s))
                .collect();
            writeln!(
                out,
                "  {} ({}): {}",
                rival.state,
                rival.models.join(", "),
                told.join(", ")
            )?;
        }
        let change = match self.change {
            FileChange::Created => "written",
            FileChange::Added => "state added",
            FileChange::Replaced => "state described anew",
        };
        writeln!(out, "\n{}: {change}; read it with --devices {0}", self.file)
    }
}
