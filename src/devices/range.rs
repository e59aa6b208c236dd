//! Ranges as device files write them: `[least, most]`, with `null` for "no upper end".

use serde::{Deserialize, Serialize};

/// Longest duration a file may name, in s: one day. Longer ones are typing errors (milliseconds for seconds).
const LONGEST_S: f64 = 86_400.0;

/// A duration in s between two ends: `[0.05, 0.45]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct Seconds {
    pub min: f64,
    pub max: f64,
}

impl Seconds {
    pub fn contains(self, value_s: f64) -> bool {
        (self.min..=self.max).contains(&value_s)
    }
}

impl TryFrom<[f64; 2]> for Seconds {
    type Error = String;

    fn try_from([min, max]: [f64; 2]) -> Result<Self, String> {
        check(min, max)?;
        Ok(Self { min, max })
    }
}

impl From<Seconds> for [f64; 2] {
    fn from(s: Seconds) -> Self {
        [s.min, s.max]
    }
}

/// A duration in s that may be without upper end: `[1.0, null]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "(f64, Option<f64>)", into = "(f64, Option<f64>)")]
pub struct OpenSeconds {
    pub min: f64,
    pub max: Option<f64>,
}

impl TryFrom<(f64, Option<f64>)> for OpenSeconds {
    type Error = String;

    fn try_from((min, max): (f64, Option<f64>)) -> Result<Self, String> {
        check(min, max.unwrap_or(LONGEST_S))?;
        Ok(Self { min, max })
    }
}

impl From<OpenSeconds> for (f64, Option<f64>) {
    fn from(s: OpenSeconds) -> Self {
        (s.min, s.max)
    }
}

fn check(min: f64, max: f64) -> Result<(), String> {
    if !(min.is_finite() && max.is_finite() && min >= 0.0 && max > 0.0) {
        return Err(format!("[{min}, {max}] s is no range of durations"));
    }
    if min > max {
        return Err(format!("[{min}, {max}] s: the least is above the most"));
    }
    if max > LONGEST_S {
        return Err(format!(
            "[{min}, {max}] s is longer than a day; durations are in seconds"
        ));
    }
    Ok(())
}

/// How many times: `[5, 6]`, or `[2, null]` for "two or more".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "(u32, Option<u32>)", into = "(u32, Option<u32>)")]
pub struct Times {
    pub min: u32,
    pub max: Option<u32>,
}

impl TryFrom<(u32, Option<u32>)> for Times {
    type Error = String;

    fn try_from((min, max): (u32, Option<u32>)) -> Result<Self, String> {
        if min == 0 || max.is_some_and(|m| m < min || m > 10_000) {
            return Err(format!(
                "{} is no number of times: from 1 up to 10000, the least first",
                max.map_or(format!("[{min}, null]"), |m| format!("[{min}, {m}]"))
            ));
        }
        Ok(Self { min, max })
    }
}

impl From<Times> for (u32, Option<u32>) {
    fn from(t: Times) -> Self {
        (t.min, t.max)
    }
}
