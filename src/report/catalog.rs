//! The known devices, for people and for programs.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::text::{BOLD, FAINT};
use crate::devices::{Basis, Device, Grade, Source, State};

/// Schema name of [`Catalog`].
pub const SCHEMA: &str = "blinkdx-models/1";

/// The result of `models`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Catalog {
    /// Always [`SCHEMA`].
    pub schema: String,
    pub models: Vec<CatalogModel>,
}

/// One model of device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CatalogModel {
    /// The name for `--model`.
    pub name: String,
    /// The name on the box.
    pub title: String,
    pub family: String,
    pub states: Vec<CatalogState>,
    /// What a dark light says, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dark: Option<CatalogDark>,
    /// Flags for `--context`.
    pub contexts: Vec<String>,
}

/// One state of its light.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CatalogState {
    pub name: String,
    /// The ways it can look, in the notation of `--pattern`.
    pub patterns: Vec<String>,
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
    pub sources: Vec<Source>,
}

/// What a dark light says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CatalogDark {
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
}

impl Catalog {
    pub fn of(devices: &[&Device]) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            models: devices.iter().map(|d| CatalogModel::from(*d)).collect(),
        }
    }
}

impl From<&Device> for CatalogModel {
    fn from(d: &Device) -> Self {
        Self {
            name: d.name.clone(),
            title: d.title.clone(),
            family: d.family.clone(),
            states: d.states.iter().map(CatalogState::from).collect(),
            dark: d.dark.as_ref().map(|a| CatalogDark {
                meaning: a.meaning.clone(),
                action: a.action.clone(),
                basis: a.basis,
            }),
            contexts: d.contexts.keys().cloned().collect(),
        }
    }
}

impl From<&State> for CatalogState {
    fn from(s: &State) -> Self {
        Self {
            name: s.name.clone(),
            patterns: s.patterns.iter().map(ToString::to_string).collect(),
            meaning: s.meaning.clone(),
            action: s.action.clone(),
            basis: s.basis,
            sources: s.sources.clone(),
        }
    }
}

/// Writes one line for each model with the names of its states.
///
/// # Errors
/// What `out` reports.
pub fn list(devices: &[&Device], out: &mut dyn Write) -> io::Result<()> {
    let width = devices.iter().map(|d| d.name.len()).max().unwrap_or(0);
    for d in devices {
        let states: Vec<&str> = d.states.iter().map(|s| s.name.as_str()).collect();
        writeln!(out, "{BOLD}{:width$}{BOLD:#}  {}", d.name, d.title)?;
        writeln!(out, "{:width$}  {FAINT}{}{FAINT:#}", "", states.join(", "))?;
    }
    writeln!(
        out,
        "\n`blinkdx models MODEL` shows what the light of a device does in each state, and who says so."
    )
}

/// Writes all that is known of one model.
///
/// # Errors
/// What `out` reports.
pub fn device(d: &Device, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}  {} ({})", d.name, d.title, d.family)?;
    for state in &d.states {
        writeln!(out, "\n{BOLD}{}{BOLD:#}", state.name)?;
        for pattern in &state.patterns {
            let name = match pattern.name.as_str() {
                "" => String::new(),
                name => format!("  {FAINT}{name}{FAINT:#}"),
            };
            writeln!(out, "  light   {pattern}{name}")?;
        }
        told(
            &state.meaning,
            &state.action,
            state.basis,
            &state.sources,
            out,
        )?;
        for note in &state.notes {
            writeln!(out, "  note    {note}")?;
        }
    }
    if let Some(dark) = &d.dark {
        writeln!(out, "\n{BOLD}no light{BOLD:#}")?;
        told(&dark.meaning, &dark.action, dark.basis, &dark.sources, out)?;
    }
    if !d.contexts.is_empty() {
        writeln!(out, "\n{BOLD}--context{BOLD:#}")?;
        for (flag, says) in &d.contexts {
            writeln!(out, "  {flag}: {says}")?;
        }
    }
    for note in &d.notes {
        writeln!(out, "\n{FAINT}{note}{FAINT:#}")?;
    }
    Ok(())
}

/// Meaning, steps and sources of a state.
fn told(
    meaning: &str,
    action: &[String],
    basis: Basis,
    sources: &[Source],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "  means   {meaning}")?;
    for (i, step) in action.iter().enumerate() {
        let label = if i == 0 { "do" } else { "" };
        writeln!(out, "  {label:6}  {}. {step}", i + 1)?;
    }
    if basis == Basis::Assumed {
        writeln!(out, "  basis   assumed: no source says so of this model")?;
    }
    for s in sources {
        let address = s.address.as_deref().unwrap_or("no address");
        writeln!(
            out,
            "  {FAINT}source  {} ({}), {address}{FAINT:#}",
            s.title,
            grade(s.grade)
        )?;
    }
    Ok(())
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Official => "the maker's own",
        Grade::Seed => "where this project started",
        Grade::Agreeing => "agrees with another",
        Grade::Alone => "stands alone",
    }
}
