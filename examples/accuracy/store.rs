//! Outcomes kept in a file, one JSON object a line, so that a long run can be stopped, gone on with and grown.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::judge::Outcome;

/// A clip that was judged.
#[derive(Serialize, Deserialize)]
struct Line {
    condition: String,
    seed: u64,
    outcome: Outcome,
}

/// Outcomes by condition and seed.
pub struct Store {
    done: BTreeMap<(String, u64), Outcome>,
    file: Option<File>,
}

impl Store {
    /// With what `path` holds already; new outcomes are added to it. They are those of the program that judged them:
    /// a changed one needs a fresh file.
    ///
    /// # Errors
    /// When the file can't be read or written, or a line is no outcome.
    pub fn open(path: Option<&Path>) -> Result<Self, String> {
        let mut store = Self {
            done: BTreeMap::new(),
            file: None,
        };
        let Some(path) = path else { return Ok(store) };
        let told = |e: String| format!("{}: {e}", path.display());
        if path.exists() {
            let text = std::fs::read_to_string(path).map_err(|e| told(e.to_string()))?;
            for line in text.lines() {
                let line: Line = serde_json::from_str(line).map_err(|e| told(e.to_string()))?;
                store.done.insert((line.condition, line.seed), line.outcome);
            }
        }
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(path);
        store.file = Some(file.map_err(|e| told(e.to_string()))?);
        Ok(store)
    }

    pub fn has(&self, condition: &str, seed: u64) -> bool {
        self.done.contains_key(&(condition.to_owned(), seed))
    }

    /// # Errors
    /// When the outcome can't be written.
    pub fn add(&mut self, condition: &str, seed: u64, outcome: Outcome) -> Result<(), String> {
        let line = Line {
            condition: condition.to_owned(),
            seed,
            outcome,
        };
        if let Some(file) = &mut self.file {
            let mut text = serde_json::to_string(&line).map_err(|e| e.to_string())?;
            text.push('\n');
            file.write_all(text.as_bytes()).map_err(|e| e.to_string())?;
        }
        self.done.insert((line.condition, seed), line.outcome);
        Ok(())
    }

    /// Outcomes of `condition` in the order of their seeds.
    pub fn of(&self, condition: &str) -> Vec<Outcome> {
        self.done
            .iter()
            .filter(|((name, _), _)| name == condition)
            .map(|(_, outcome)| outcome.clone())
            .collect()
    }
}
