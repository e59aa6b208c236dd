//! A pulse train as one line of characters, for terminals and logs.

use crate::pulses::{Color, Look, Train};

/// Columns of a timeline: with its label in front it fits a terminal of 80.
pub const WIDTH: usize = 64;

/// Lit, dark and unseen, as shares of one column's time.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    lit_s: f64,
    unseen_s: f64,
}

/// `train` from `start_s` to `end_s`, one character for each of `width` equal times.
///
/// `█` lit for more than half of the time, `▌` lit for less, `·` dark, `?` not seen. With `color`,
/// lit means lit in that colour. Never longer than `width`, empty when the window is.
pub fn row(train: &Train, color: Option<Color>, start_s: f64, end_s: f64, width: usize) -> String {
    let step = (end_s - start_s) / width as f64;
    if !step.is_finite() || step <= 0.0 {
        return String::new();
    }
    let mut cells = vec![Cell::default(); width];
    for span in &train.spans {
        let lit = match &span.look {
            Look::Unseen => false,
            look => look
                .colors()
                .is_some_and(|set| color.map_or(!set.is_dark(), |c| set.contains(c))),
        };
        let unseen = span.look == Look::Unseen;
        if !lit && !unseen {
            continue;
        }
        let first = ((span.start_s - start_s) / step).floor().max(0.0) as usize;
        for (i, cell) in cells.iter_mut().enumerate().skip(first) {
            let from = start_s + i as f64 * step;
            let shared = span.end_s.min(from + step) - span.start_s.max(from);
            if shared <= 0.0 {
                break;
            }
            if lit {
                cell.lit_s += shared;
            } else {
                cell.unseen_s += shared;
            }
        }
    }
    let half = step / 2.0;
    cells
        .iter()
        .map(|c| match c {
            c if c.lit_s > half => '█',
            // A touch of rounding at a column's border is no light.
            c if c.lit_s > step * 1e-6 => '▌',
            c if c.unseen_s > half => '?',
            _ => '·',
        })
        .collect()
}

/// A scale under a timeline from `start_s` to `end_s`: times in s at every quarter.
pub fn scale(start_s: f64, end_s: f64, width: usize) -> String {
    let mut out = String::new();
    for quarter in 0..=4 {
        let at = width * quarter / 4;
        let t = start_s + (end_s - start_s) * quarter as f64 / 4.0;
        let text = format!("{}s", trim(t));
        // The last one ends at the border, the others start at their place.
        let at = if quarter == 4 {
            at.saturating_sub(text.len())
        } else {
            at
        };
        if at + text.len() <= width && (out.is_empty() || out.len() < at) {
            out.push_str(&" ".repeat(at - out.len()));
            out.push_str(&text);
        }
    }
    out
}

/// A time in s with one decimal, or none where it is zero.
fn trim(t: f64) -> String {
    let text = format!("{t:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulses::{ColorSet, Span};

    fn train(spans: &[(f64, f64, Look)]) -> Train {
        Train {
            spans: spans
                .iter()
                .map(|(a, b, look)| Span {
                    start_s: *a,
                    end_s: *b,
                    start_sd_s: 0.0,
                    end_sd_s: 0.0,
                    look: look.clone(),
                })
                .collect(),
            duration_s: spans.last().map_or(0.0, |s| s.1),
            frame_interval_s: 1.0 / 30.0,
        }
    }

    #[test]
    fn each_character_is_a_share_of_time() {
        let red = Look::lit(ColorSet::of(Color::Red));
        let t = train(&[
            (0.0, 2.0, red.clone()),
            (2.0, 4.0, Look::Off),
            (4.0, 4.3, red),
            (4.3, 6.0, Look::Off),
            (6.0, 8.0, Look::Unseen),
        ]);
        assert_eq!(row(&t, None, 0.0, 8.0, 8), "██··▌·??");
        assert_eq!(row(&t, Some(Color::Red), 1.0, 5.0, 4), "█··▌");
        assert_eq!(row(&t, Some(Color::Blue), 0.0, 8.0, 8), "······??");
        assert_eq!(row(&t, None, 3.0, 3.0, 8), "");
    }

    #[test]
    fn the_scale_is_as_wide_as_the_row() {
        assert_eq!(scale(0.0, 10.0, 32), "0s      2.5s    5s      7.5s 10s");
        assert_eq!(scale(0.0, 10.0, 4), "0s");
    }
}
