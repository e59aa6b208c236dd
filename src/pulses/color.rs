//! The colours a status light can show.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A colour name of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Color {
    Red,
    Green,
    Blue,
    Amber,
    White,
}

impl Color {
    pub const ALL: [Self; 5] = [Self::Red, Self::Green, Self::Blue, Self::Amber, Self::White];

    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Amber => "amber",
            Self::White => "white",
        }
    }
}

/// The colours lit at one time: empty is dark; blue and green together is what a camera sees as cyan.
///
/// Written as `dark`, `red` or `green+blue`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ColorSet(u8);

impl ColorSet {
    /// Dark.
    pub const NONE: Self = Self(0);

    pub const fn of(color: Color) -> Self {
        Self(1 << color as u8)
    }

    pub const fn with(self, color: Color) -> Self {
        Self(self.0 | 1 << color as u8)
    }

    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn contains(self, color: Color) -> bool {
        self.0 & 1 << color as u8 != 0
    }

    pub const fn is_dark(self) -> bool {
        self.0 == 0
    }

    /// One bit a colour, in the order of [`Color::ALL`].
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & 0b1_1111)
    }

    pub fn colors(self) -> impl Iterator<Item = Color> {
        Color::ALL.into_iter().filter(move |&c| self.contains(c))
    }
}

impl FromIterator<Color> for ColorSet {
    fn from_iter<I: IntoIterator<Item = Color>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for ColorSet {
    /// `dark`, `red`, `green+blue`, …: the notation of device files.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_dark() {
            return f.write_str("dark");
        }
        for (i, color) in self.colors().enumerate() {
            if i > 0 {
                f.write_str("+")?;
            }
            f.write_str(color.name())?;
        }
        Ok(())
    }
}

impl FromStr for ColorSet {
    type Err = String;

    /// Reads `dark`, or colour names joined by `+`.
    fn from_str(s: &str) -> Result<Self, String> {
        if s == "dark" {
            return Ok(Self::NONE);
        }
        s.split('+')
            .map(|name| {
                Color::ALL
                    .into_iter()
                    .find(|c| c.name() == name)
                    .ok_or_else(|| {
                        format!(
                            "`{name}` is no colour; use dark, red, green, blue, amber or white, joined by `+`"
                        )
                    })
            })
            .collect()
    }
}

impl TryFrom<String> for ColorSet {
    type Error = String;

    fn try_from(s: String) -> Result<Self, String> {
        s.parse()
    }
}

impl From<ColorSet> for String {
    fn from(set: ColorSet) -> Self {
        set.to_string()
    }
}
