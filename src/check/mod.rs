//! Clips against what they must show: manifests, comparison, and results for CI.

mod compare;
mod junit;
mod manifest;
mod outcome;
mod update;

pub use compare::{Difference, Shown, compare};
pub use junit::write as write_junit;
pub use manifest::{
    Bounds, Entry, Expect, ExpectedPlace, ExpectedPulse, MANIFEST_SCHEMA, Manifest, Timing,
    Tolerance,
};
pub use outcome::{CheckReport, Outcome, SCHEMA, Status, timelines};
pub use update::updated;
