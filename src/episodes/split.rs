//! From spans to episodes.

use serde::{Deserialize, Serialize};

use crate::pulses::{ColorSet, Look, Span, Train};

/// A light that is lit for this long, in s, is steady: the longest flash of a known device is under 2 s.
const STEADY_S: f64 = 3.0;
/// A pause of this length, in s, is darkness and no part of a rhythm: known devices flash every 3 s at the
/// slowest, and some pause twice that between groups.
const DARK_S: f64 = 10.0;
/// A light out of view for less, in s, is not worth a line: someone walked past.
const UNSEEN_S: f64 = 1.0;
/// Flashes before and after a place that are compared to tell a change of rhythm. More than the flashes of
/// most groups, so that groups with pauses between them are one rhythm.
const WINDOW: usize = 6;
/// Fewer flashes than this tell no rhythm.
const FEWEST: usize = 3;
/// Times of one rhythm stay within this share of each other; those of two do not reach each other by it.
const APART: f64 = 0.6;

/// What a light shows for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    Steady,
    /// Flashes, one or many.
    Blinking,
    Dark,
    /// Out of the picture or covered.
    Unseen,
}

/// A time during which a light showed one thing. Times in s from the first frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    pub start_s: f64,
    /// Where the next one begins.
    pub end_s: f64,
    pub shows: Shows,
    /// All that was lit during it.
    pub light: ColorSet,
    pub flashes: usize,
}

impl Episode {
    /// What `train` did during it, as a train of its own that begins at 0 s.
    pub fn cut(&self, train: &Train) -> Train {
        let spans = train
            .spans
            .iter()
            .filter(|s| s.end_s > self.start_s && s.start_s < self.end_s)
            .map(|s| {
                let (start_cut, end_cut) = (s.start_s < self.start_s, s.end_s > self.end_s);
                Span {
                    start_s: s.start_s.max(self.start_s) - self.start_s,
                    end_s: s.end_s.min(self.end_s) - self.start_s,
                    start_sd_s: if start_cut { 0.0 } else { s.start_sd_s },
                    end_sd_s: if end_cut { 0.0 } else { s.end_sd_s },
                    look: s.look.clone(),
                }
            })
            .collect();
        Train {
            spans,
            duration_s: self.end_s - self.start_s,
            frame_interval_s: train.frame_interval_s,
        }
    }
}

/// One lit time: neighbouring lit spans of several colours are one.
#[derive(Debug, Clone, Copy)]
struct Flash {
    start_s: f64,
    end_s: f64,
    light: ColorSet,
}

/// The episodes of `train`, contiguous from its start to its end.
pub fn split(train: &Train) -> Vec<Episode> {
    let mut parts = Vec::new();
    let mut run: Vec<Flash> = Vec::new();
    let end_run = |run: &mut Vec<Flash>, parts: &mut Vec<Episode>| {
        parts.extend(blinking(run));
        run.clear();
    };
    for span in &train.spans {
        let length_s = span.duration_s();
        let alone = |shows, light| Episode {
            start_s: span.start_s,
            end_s: span.end_s,
            shows,
            light,
            flashes: 0,
        };
        match &span.look {
            Look::Unseen if length_s >= UNSEEN_S => {
                end_run(&mut run, &mut parts);
                parts.push(alone(Shows::Unseen, ColorSet::NONE));
            }
            Look::Off if length_s >= DARK_S => {
                end_run(&mut run, &mut parts);
                parts.push(alone(Shows::Dark, ColorSet::NONE));
            }
            // Within a rhythm, or the phase in which the recording found one.
            Look::Unseen => {}
            Look::Off if run.is_empty() => parts.push(alone(Shows::Dark, ColorSet::NONE)),
            Look::Off => {}
            Look::Lit(_) => {
                let light = span.look.colors().unwrap_or_default();
                if length_s >= STEADY_S {
                    end_run(&mut run, &mut parts);
                    parts.push(alone(Shows::Steady, light));
                } else {
                    run.push(Flash {
                        start_s: span.start_s,
                        end_s: span.end_s,
                        light,
                    });
                }
            }
        }
    }
    end_run(&mut run, &mut parts);
    joined(parts, train.duration_s)
}

/// A run of flashes, cut where the colour or the rhythm changes for good.
fn blinking(flashes: &[Flash]) -> Vec<Episode> {
    let mut episodes = Vec::new();
    let mut first = 0;
    for i in 1..=flashes.len() {
        if i < flashes.len() && !changes(&flashes[first..], i - first) {
            continue;
        }
        let run = &flashes[first..i];
        episodes.push(Episode {
            start_s: run[0].start_s,
            end_s: run[run.len() - 1].end_s,
            shows: Shows::Blinking,
            light: run.iter().fold(ColorSet::NONE, |all, f| all.union(f.light)),
            flashes: run.len(),
        });
        first = i;
    }
    episodes
}

/// Whether the flashes from `at` on are of another colour or rhythm than those before.
fn changes(flashes: &[Flash], at: usize) -> bool {
    let before = &flashes[at.saturating_sub(WINDOW)..at];
    let after = &flashes[at..flashes.len().min(at + WINDOW)];
    let colours_shared = before
        .iter()
        .any(|b| after.iter().any(|a| b.light.bits() & a.light.bits() != 0));
    if !colours_shared {
        return true;
    }
    if before.len() < FEWEST || after.len() < FEWEST {
        return false;
    }
    let lengths = |run: &[Flash]| range(run.iter().map(|f| f.end_s - f.start_s));
    let intervals = |run: &[Flash]| range(run.windows(2).map(|w| w[1].start_s - w[0].start_s));
    apart(lengths(before), lengths(after)) || apart(intervals(before), intervals(after))
}

/// Least and most.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, 0.0), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

fn apart(a: (f64, f64), b: (f64, f64)) -> bool {
    a.1 < APART * b.0 || b.1 < APART * a.0
}

/// Makes the parts contiguous, each up to the next; neighbours that show the same become one.
fn joined(parts: Vec<Episode>, duration_s: f64) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    for part in parts {
        match episodes.last_mut() {
            Some(last)
                if last.shows == part.shows && last.light == part.light && part.flashes == 0 => {}
            Some(last) => {
                last.end_s = part.start_s;
                episodes.push(part);
            }
            None => episodes.push(Episode {
                start_s: 0.0,
                ..part
            }),
        }
    }
    if let Some(last) = episodes.last_mut() {
        last.end_s = duration_s;
    }
    episodes
}
