//! What a device file must keep to beyond its syntax.

use std::collections::BTreeSet;

use super::file::{SCHEMA, StateEntry};
use super::library::{DeviceError, Parsed};

impl Parsed {
    /// An error at the first line that has `what` in quotes.
    pub(super) fn refuse(&self, what: &str, reason: String) -> DeviceError {
        let quoted = format!("\"{what}\"");
        DeviceError {
            file: self.name.clone(),
            line: Some(
                self.text
                    .lines()
                    .position(|l| l.contains(&quoted))
                    .map_or(1, |i| i + 1),
            ),
            reason,
        }
    }

    pub(super) fn check(&self) -> Result<(), DeviceError> {
        let file = &self.file;
        if file.schema != SCHEMA {
            return Err(self.refuse("schema", format!("schema is not \"{SCHEMA}\"")));
        }
        for m in &file.models {
            let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if m.name.is_empty() || !m.name.chars().all(sound) {
                return Err(self.refuse(
                    &m.name,
                    format!("model `{}`: lower-case letters, digits and - only", m.name),
                ));
            }
            if !positive(m.prior) {
                return Err(
                    self.refuse(&m.name, format!("model `{}`: prior is not above 0", m.name))
                );
            }
            if let Some(i) = &m.inherit
                && !(i.trust > 0.0 && i.trust <= 1.0)
            {
                return Err(self.refuse(
                    &m.name,
                    format!("model `{}`: trust is a probability above 0", m.name),
                ));
            }
            if let Some(dark) = m.dark.as_ref().or(file.dark.as_ref()) {
                self.known_sources(&m.name, &dark.sources)?;
            }
        }
        for s in &file.states {
            self.check_state(s)?;
        }
        for t in &file.tell_apart {
            for s in &t.states {
                if !file.states.iter().any(|e| e.name == *s) {
                    return Err(
                        self.refuse(s, format!("tell_apart names `{s}`, which is no state here"))
                    );
                }
            }
        }
        Ok(())
    }

    /// Two states of one name would hide one another.
    pub(super) fn check_names(&self, model: &str) -> Result<(), DeviceError> {
        let mut seen = BTreeSet::new();
        match self
            .own_states(model)
            .into_iter()
            .find(|s| !seen.insert(s.name.clone()))
        {
            Some(s) => Err(self.refuse(
                &s.name,
                format!("model `{model}` has state `{}` twice", s.name),
            )),
            None => Ok(()),
        }
    }

    fn check_state(&self, s: &StateEntry) -> Result<(), DeviceError> {
        let fail =
            |reason: String| Err(self.refuse(&s.name, format!("state `{}`: {reason}", s.name)));
        if s.name.is_empty() {
            return fail("has no name".into());
        }
        if !positive(s.prior) {
            return fail("prior is not above 0".into());
        }
        if s.patterns.is_empty() {
            return fail("has no pattern".into());
        }
        if let Some((flag, _)) = s.contexts.iter().find(|(_, f)| !positive(**f)) {
            return fail(format!("the factor of context `{flag}` is not above 0"));
        }
        if let Some((flag, _)) = s
            .contexts
            .iter()
            .find(|(f, _)| !self.file.contexts.contains_key(*f))
        {
            return fail(format!("context `{flag}` is not described in contexts"));
        }
        let named = s.models.iter().flatten().chain(s.model_notes.keys());
        for m in named {
            if !self.file.models.iter().any(|e| e.name == *m) {
                return fail(format!("`{m}` is no model of this file"));
            }
        }
        self.known_sources(&s.name, &s.sources)?;
        s.patterns
            .iter()
            .try_for_each(|p| self.known_sources(&s.name, &p.sources))
    }

    fn known_sources(&self, what: &str, ids: &[String]) -> Result<(), DeviceError> {
        match ids.iter().find(|id| !self.file.sources.contains_key(*id)) {
            Some(id) => Err(self.refuse(
                what,
                format!("`{what}` names source `{id}`, which is not in sources"),
            )),
            None => Ok(()),
        }
    }
}

fn positive(x: f64) -> bool {
    x > 0.0 && x.is_finite()
}
