//! Device files: what each state of a device's light looks like, means and asks for.

use serde::{Deserialize, Serialize};

/// One model of device.
#[derive(Debug, Clone)]
pub struct Device {
    /// The name of the command line, for example `mini-2`.
    pub name: String,
    pub states: Vec<State>,
}

/// One state of a device's light.
#[derive(Debug, Clone)]
pub struct State {
    pub name: String,
    pub meaning: String,
    /// Steps for the user, in order.
    pub action: Vec<String>,
    pub basis: Basis,
}

/// Whether a source says so or it is an engineering assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    Sourced,
    Assumed,
}
