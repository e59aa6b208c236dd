//! The devices that a command considers.

use std::borrow::Cow;

use blinkdx::devices::{Device, Library};

use super::args::Common;
use super::failure::Failure;

/// The built-in devices, with those of `--devices`.
pub fn load(common: &Common) -> Result<Cow<'static, Library>, Failure> {
    if common.devices.is_empty() {
        return Ok(Cow::Borrowed(Library::built_in()));
    }
    Ok(Cow::Owned(Library::with_dirs(&common.devices)?))
}

/// The device called `model`, or all of them.
pub fn choose<'a>(library: &'a Library, model: Option<&str>) -> Result<Vec<&'a Device>, Failure> {
    let Some(model) = model else {
        return Ok(library.devices().iter().collect());
    };
    match library.get(model) {
        Some(device) => Ok(vec![device]),
        None => Err(unknown(model, library)),
    }
}

/// Refuses context flags that no device knows: a misspelt one would change nothing, silently.
pub fn check_context(flags: &[String], library: &Library) -> Result<(), Failure> {
    let known = library.contexts();
    match flags.iter().find(|f| !known.contains_key(f.as_str())) {
        None => Ok(()),
        Some(flag) => Err(Failure::Usage(format!(
            "--context {flag}: no device knows it; known are {}",
            known.keys().copied().collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// Says that there is no such model, and which one may have been meant.
fn unknown(model: &str, library: &Library) -> Failure {
    let names = library.devices().iter().map(|d| d.name.as_str());
    let hint = match nearest(model, names) {
        Some(name) => format!("did you mean {name}?"),
        None => "`blinkdx models` lists those that there are".to_owned(),
    };
    Failure::Usage(format!("unknown model {model:?}: {hint}"))
}

/// The name most like `word`, if any is like it at all.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // People write "Mini 2", "mini_2" and "mini2" for mini-2.
    let plain = |name: &str| name.to_lowercase().replace([' ', '_', '-'], "");
    let word = plain(word);
    names
        .map(|name| (strsim::jaro_winkler(&word, &plain(name)), name))
        // 0.7 is what clap asks of its own suggestions.
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_model_is_found_under_other_spellings() {
        let library = Library::built_in();
        let names = || library.devices().iter().map(|d| d.name.as_str());
        for (word, name) in [
            ("Mini 2", "mini-2"),
            ("mini2", "mini-2"),
            ("outdor-4", "outdoor-4"),
            ("doorbell", "video-doorbell"),
            ("sync module 2", "sync-module-2"),
            ("XT2", "xt2"),
        ] {
            assert_eq!(nearest(word, names()), Some(name), "{word}");
        }
        assert_eq!(nearest("toaster", names()), None);
    }
}
