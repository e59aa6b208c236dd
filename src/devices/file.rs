//! The device file as it is written: one JSON file per family of devices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::{Basis, Lens, Source, TellApart};

/// Schema name of a device file.
pub const SCHEMA: &str = "blinkdx-devices/1";

/// A family of devices that share states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceFile {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What the devices have in common, for people.
    pub family: String,
    /// What a reader of the file should know: choices made, contradictions between sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Where the facts come from, by the id that states refer to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Source>,
    /// What the user may know of the situation: name of the flag and what it says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<String, String>,
    /// The shape of the devices' light.
    #[serde(default)]
    pub lens: Lens,
    /// What a dark light says, for models that do not say it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dark: Option<AdviceEntry>,
    pub models: Vec<Model>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateEntry>,
    /// Questions whose answer tells states apart that look alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tell_apart: Vec<TellApart>,
}

/// One model of the family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The name of the command line: lower case, digits and `-`.
    pub name: String,
    /// The name on the box.
    pub title: String,
    /// How often it is filmed, relative to other models; counts only when no model is given.
    #[serde(default = "one")]
    pub prior: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dark: Option<AdviceEntry>,
    /// States taken over from another model, of this file or another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<Inherit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a dark light says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AdviceEntry {
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
    /// Ids of sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

/// States that a model takes over from another: those that it does not have itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Inherit {
    pub from: String,
    /// Only these; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<String>>,
    /// Probability that a state which holds for the other holds for this model.
    pub trust: f64,
    pub basis: Basis,
    /// Said with each of these states, for example why they are taken over.
    pub note: String,
}

/// A state of the family's devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StateEntry {
    pub name: String,
    /// The models that have it; all of the file without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    /// How often it is filmed, relative to the model's other states.
    pub prior: f64,
    pub basis: Basis,
    /// Ids of sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// By how much a context flag multiplies the prior.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<String, f64>,
    pub patterns: Vec<Pattern>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What holds for one model only, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub model_notes: BTreeMap<String, String>,
}

fn one() -> f64 {
    1.0
}
