//! What was learned, in a device file: a new one, or one more state of what is there.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::devices::{Basis, DeviceFile, Library, Model, Pattern, SCHEMA, StateEntry};
use crate::json_file::{self, FileError};

/// Said where no meaning was given.
const NO_MEANING: &str = "Not described yet.";

/// A state to add.
#[derive(Debug, Clone, PartialEq)]
pub struct Addition {
    /// The model's name on the command line.
    pub device: String,
    /// The name on the box; that of the command line without it.
    pub title: Option<String>,
    pub state: String,
    pub meaning: Option<String>,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub pattern: Pattern,
    /// Where it was learned from.
    pub note: String,
    /// A state of this name may be there: it is described anew.
    pub replace: bool,
}

/// What became of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileChange {
    Created,
    Added,
    Replaced,
}

/// The device file `path` (`text` where it exists) with the state added; all else stays.
///
/// # Errors
/// When the file is malformed, has the state and it is not to be replaced, or would take the place of a built-in model.
pub fn extend(
    path: &Path,
    text: Option<&str>,
    new: &Addition,
) -> Result<(DeviceFile, FileChange), FileError> {
    let mut file: DeviceFile = match text {
        Some(text) => {
            // As strictly as `--devices` will read it.
            Library::with_text(path, text)?;
            json_file::parse(path, text)?
        }
        None => DeviceFile {
            schema: SCHEMA.to_owned(),
            family: new.title.clone().unwrap_or_else(|| new.device.clone()),
            notes: Vec::new(),
            sources: Default::default(),
            contexts: Default::default(),
            lens: Default::default(),
            dark: None,
            models: Vec::new(),
            states: Vec::new(),
            tell_apart: Vec::new(),
        },
    };
    let mut change = match text {
        Some(_) => FileChange::Added,
        None => FileChange::Created,
    };
    add_model(path, &mut file, new)?;
    let models: Vec<String> = file.models.iter().map(|m| m.name.clone()).collect();
    let has = |s: &StateEntry| {
        let own = |m: &Vec<String>| m.contains(&new.device);
        s.name == new.state && s.models.as_ref().is_none_or(own)
    };
    let mut entry = StateEntry {
        name: new.state.clone(),
        models: (models.len() > 1).then(|| vec![new.device.clone()]),
        meaning: NO_MEANING.to_owned(),
        action: Vec::new(),
        prior: 1.0,
        basis: Basis::Assumed,
        sources: Vec::new(),
        contexts: Default::default(),
        patterns: Vec::new(),
        notes: Vec::new(),
        model_notes: Default::default(),
    };
    let at = file.states.iter().position(has);
    if let Some(i) = at {
        if !new.replace {
            let reason = format!(
                "{} has a state {:?} already; --replace describes it anew",
                new.device, new.state
            );
            return Err(FileError::whole(path, reason));
        }
        change = FileChange::Replaced;
        let old = &mut file.states[i];
        let others: Vec<String> = old
            .models
            .as_ref()
            .unwrap_or(&models)
            .iter()
            .filter(|m| **m != new.device)
            .cloned()
            .collect();
        entry = StateEntry {
            models: entry.models,
            ..old.clone()
        };
        entry.model_notes.retain(|m, _| *m == new.device);
        if others.is_empty() {
            file.states.remove(i);
        } else {
            // It stays what it is for the other models.
            old.model_notes.remove(&new.device);
            old.models = Some(others);
        }
    }
    if let Some(meaning) = &new.meaning {
        entry.meaning.clone_from(meaning);
    }
    if !new.action.is_empty() {
        entry.action.clone_from(&new.action);
    }
    entry.patterns = vec![new.pattern.clone()];
    entry.notes = vec![new.note.clone()];
    file.states.insert(at.unwrap_or(file.states.len()), entry);
    Ok((file, change))
}

/// Adds the model where the file does not have it.
fn add_model(path: &Path, file: &mut DeviceFile, new: &Addition) -> Result<(), FileError> {
    if file.models.iter().any(|m| m.name == new.device) {
        return Ok(());
    }
    if Library::built_in().get(&new.device).is_some() {
        let reason = format!(
            "{0} is built in, and a file with that name would take its place with all its states: choose another name, such as my-{0}",
            new.device
        );
        return Err(FileError::whole(path, reason));
    }
    // States of all models of the file are not the new one's.
    let before: Vec<String> = file.models.iter().map(|m| m.name.clone()).collect();
    for state in &mut file.states {
        state.models.get_or_insert_with(|| before.clone());
    }
    file.models.push(Model {
        name: new.device.clone(),
        title: new.title.clone().unwrap_or_else(|| new.device.clone()),
        prior: 1.0,
        dark: None,
        inherit: None,
        notes: Vec::new(),
    });
    Ok(())
}
