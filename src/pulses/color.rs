//! The colours a status light can show.

use serde::{Deserialize, Serialize};

/// A colour name of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
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

    pub fn colors(self) -> impl Iterator<Item = Color> {
        Color::ALL.into_iter().filter(move |&c| self.contains(c))
    }
}

impl FromIterator<Color> for ColorSet {
    fn from_iter<I: IntoIterator<Item = Color>>(iter: I) -> Self {
        iter.into_iter().fold(Self::NONE, Self::with)
    }
}
