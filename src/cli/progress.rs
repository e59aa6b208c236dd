//! A progress bar on standard error, for a person who waits.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Redrawn in place while a clip is read; draws nothing unless standard error is a terminal.
pub struct Progress {
    name: String,
    /// Length of the clip in s, where its container says it.
    duration_s: Option<f64>,
    shown: bool,
    start: Instant,
    last: Instant,
}

/// Readings that end sooner than this need no bar.
const PATIENCE: Duration = Duration::from_millis(700);
/// Time between redraws: smooth to the eye, nothing to the terminal.
const REDRAW: Duration = Duration::from_millis(100);
/// Length of the bar in columns; with name and times it fits 80.
const BAR: usize = 30;

impl Progress {
    pub fn new(name: &str, duration_s: Option<f64>, wanted: bool) -> Self {
        let now = Instant::now();
        Self {
            name: name.to_owned(),
            duration_s: duration_s.filter(|d| *d > 0.0),
            shown: wanted && stderr().is_terminal(),
            start: now,
            last: now,
        }
    }

    /// The clip was read up to `position_s`.
    pub fn update(&mut self, position_s: f64) {
        let now = Instant::now();
        if self.shown && now - self.start >= PATIENCE && now - self.last >= REDRAW {
            self.last = now;
            let line = line(&self.name, position_s, self.duration_s, now - self.start);
            // A terminal that went away is no reason to stop reading.
            let _ = write!(stderr(), "\r{line}\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown && self.last > self.start {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

/// How many of several clips are done; as [`Progress`], for a person who waits.
pub struct Tally {
    of: usize,
    shown: bool,
    start: Instant,
}

impl Tally {
    pub fn new(of: usize, wanted: bool) -> Self {
        Self {
            of,
            shown: wanted && of > 1 && stderr().is_terminal(),
            start: Instant::now(),
        }
    }

    /// Takes the line away, for something else to be printed.
    pub fn clear(&self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }

    pub fn update(&mut self, done: usize) {
        if self.shown && done < self.of {
            let line = tally(done, self.of, self.start.elapsed());
            let _ = write!(stderr(), "{line}");
        }
    }
}

/// Bar, clips done, time left.
fn tally(done: usize, of: usize, spent: Duration) -> String {
    let full = BAR * done / of.max(1);
    let left_s = spent.as_secs_f64() / done.max(1) as f64 * of.saturating_sub(done) as f64;
    format!(
        "{}{}  {done} of {of} clips, {} left",
        "█".repeat(full),
        "░".repeat(BAR - full),
        clock(left_s)
    )
}

/// The bar as text: name, bar, place in the clip, time left.
fn line(name: &str, position_s: f64, duration_s: Option<f64>, spent: Duration) -> String {
    let tail = name.chars().count().saturating_sub(24);
    let name: String = name.chars().skip(tail).collect();
    let Some(duration_s) = duration_s else {
        return format!("{name}  {}", clock(position_s));
    };
    let part = (position_s / duration_s).clamp(0.0, 1.0);
    let full = (part * BAR as f64) as usize;
    let left_s = spent.as_secs_f64() * (1.0 - part) / part.max(1e-3);
    format!(
        "{name}  {}{}  {} of {}, {} left",
        "█".repeat(full),
        "░".repeat(BAR - full),
        clock(position_s),
        clock(duration_s),
        clock(left_s)
    )
}

/// Seconds as `m:ss` or `h:mm:ss`.
fn clock(s: f64) -> String {
    let s = s.max(0.0) as u64;
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    if h > 0 {
        format!("{h}:{m:02}:{s:02}")
    } else {
        format!("{m}:{s:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_place_and_time_left() {
        let text = line("clip.mp4", 30.0, Some(120.0), Duration::from_secs(10));
        assert!(text.contains("0:30 of 2:00, 0:30 left"), "{text}");
        assert_eq!(text.matches('█').count(), BAR / 4);
        assert_eq!(
            tally(10, 40, Duration::from_secs(20)).trim_start_matches(['█', '░']),
            "  10 of 40 clips, 1:00 left"
        );
        assert_eq!(line("-", 3700.0, None, Duration::ZERO), "-  1:01:40");
    }
}
