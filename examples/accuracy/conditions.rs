//! The clips that accuracy is measured on: one kind for each thing that makes it hard.

use blinkdx::devices::Library;
use blinkdx::pulses::Color;
use blinkdx::simulate::ClipSpec;
use blinkdx::simulate::output::Encoding;

use super::draws::{self, HANDHELD};

/// The devices that people ask about; what is assumed to be like them is not counted twice.
pub const MODELS: [&str; 8] = [
    "xt",
    "xt2",
    "outdoor-3",
    "outdoor-4",
    "mini",
    "mini-2",
    "video-doorbell",
    "sync-module-2",
];
/// A clip to judge.
#[derive(Debug, Clone)]
pub struct Clip {
    pub spec: ClipSpec,
    /// Compressed by x264 at this quality.
    pub crf: u32,
}

impl Clip {
    pub fn encoding(&self) -> Encoding {
        Encoding {
            crf: self.crf,
            options: vec!["-preset".into(), "veryfast".into()],
            ..Encoding::default()
        }
    }
}

pub type Draw = fn(&Library, u64) -> Clip;

/// What the last column of the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Nothing,
    /// RMS of edge times in frames.
    Edges,
    /// Light named by its colour.
    Color,
    /// Seen as steady or flickering, not as blinking.
    Steady,
    /// Gap known as unseen.
    Gap,
    /// No diagnosis where there is none to make.
    Silent,
}

/// One row of the table.
pub struct Condition {
    pub name: &'static str,
    pub what: &'static str,
    pub figure: Figure,
    pub draw: Draw,
}

/// Shorthand for a row.
const fn row(name: &'static str, what: &'static str, figure: Figure, draw: Draw) -> Condition {
    Condition {
        name,
        what,
        figure,
        draw,
    }
}

pub const CONDITIONS: [Condition; 23] = [
    row("tripod", "Tripod, lit room", Figure::Edges, |l, s| {
        draws::graded(l, s, 0.0)
    }),
    row(
        "handheld",
        "Hand-held, all states",
        Figure::Edges,
        |l, s| draws::graded(l, s, HANDHELD),
    ),
    row(
        "cluttered",
        "Cluttered, all states",
        Figure::Edges,
        |l, s| draws::graded(l, s, 0.7),
    ),
    row("extreme", "Extreme, all states", Figure::Edges, |l, s| {
        draws::graded(l, s, 1.0)
    }),
    row(
        "shake",
        "Light of 3 px across under 15 px of shake",
        Figure::Edges,
        draws::shake,
    ),
    row(
        "drift",
        "Drift of 10 to 25 px/s, roll and zoom",
        Figure::Nothing,
        draws::drift,
    ),
    row("covered", "Covered for a moment", Figure::Gap, |l, s| {
        draws::gap(l, s, true)
    }),
    row(
        "away",
        "Out of the picture for a moment",
        Figure::Gap,
        |l, s| draws::gap(l, s, false),
    ),
    row(
        "crowd",
        "Five other lights and things in view",
        Figure::Nothing,
        draws::crowd,
    ),
    row(
        "others-only",
        "Device dark, other lights and things in view",
        Figure::Silent,
        draws::others_only,
    ),
    row(
        "overexposed",
        "Burnt out 15 to 60 times",
        Figure::Nothing,
        draws::overexposed,
    ),
    row(
        "small",
        "Lens of 1.0 to 1.7 px radius",
        Figure::Nothing,
        draws::small,
    ),
    row(
        "dark-room",
        "Dark room, noisy",
        Figure::Nothing,
        draws::dark_room,
    ),
    row(
        "bright-room",
        "Sunlit room, weak light",
        Figure::Nothing,
        draws::bright_room,
    ),
    row(
        "white-balance",
        "White balance off and drifting",
        Figure::Color,
        draws::white_balance,
    ),
    row(
        "red-amber",
        "Red or amber lamp, any exposure",
        Figure::Color,
        |_, s| draws::lamp(s, &[Color::Red, Color::Amber]),
    ),
    row(
        "blue-white",
        "Blue or white lamp, any exposure",
        Figure::Color,
        |_, s| draws::lamp(s, &[Color::Blue, Color::White]),
    ),
    row(
        "two-colours",
        "Green and blue together",
        Figure::Nothing,
        draws::two_colours,
    ),
    row(
        "beat",
        "Steady light, PWM and mains beat with the rate",
        Figure::Steady,
        draws::beat,
    ),
    row(
        "frames",
        "Lost and repeated frames, variable rate",
        Figure::Edges,
        draws::broken_time,
    ),
    row(
        "compressed",
        "Coarsely compressed (x264, crf 30 to 38)",
        Figure::Edges,
        draws::compressed,
    ),
    row(
        "unknown",
        "Patterns of no state",
        Figure::Silent,
        draws::unknown,
    ),
    row(
        "held",
        "Held before a camera on a tripod, sways by 4 to 25 px (sd)",
        Figure::Nothing,
        draws::held,
    ),
];

/// With `--photos` alone: its pictures are not part of this project.
pub const PHOTOS: Condition = row(
    "photos",
    "Mixed difficulty, a photograph behind the device",
    Figure::Nothing,
    draws::mixed,
);
