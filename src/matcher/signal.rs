//! A train as the scorer reads it.

use crate::pulses::{Look, Span, Train};

use super::params::Noise;

/// Spans scored, the last ones of longer trains: what the light does now is asked for.
const MOST_SPANS: usize = 240;

/// A train prepared for scoring. Times in s.
pub struct Signal<'a> {
    pub spans: Vec<Seen<'a>>,
    pub frame_s: f64,
}

pub struct Seen<'a> {
    pub start_s: f64,
    pub end_s: f64,
    /// Variance of the end's time.
    pub end_var: f64,
    pub look: &'a Look,
}

impl<'a> Signal<'a> {
    pub fn new(train: &'a Train, noise: &Noise) -> Self {
        let spans = &train.spans;
        let seen = |s: &&Span| s.look != Look::Unseen;
        // What was not seen at the ends says nothing: the clip is that much shorter.
        let first = spans.iter().position(|s| seen(&s)).unwrap_or(spans.len());
        let last = spans
            .iter()
            .rposition(|s| seen(&s))
            .map_or(first, |i| i + 1);
        let first = first.max(last.saturating_sub(MOST_SPANS));
        let frame_s = train.frame_interval_s.max(1e-4);
        let floor = (noise.edge_frames * frame_s).powi(2);
        let spans = (first..last)
            .map(|i| {
                let next_sd = spans.get(i + 1).map_or(0.0, |n| n.start_sd_s);
                Seen {
                    start_s: spans[i].start_s,
                    end_s: spans[i].end_s,
                    end_var: spans[i].end_sd_s.max(next_sd).powi(2) + floor,
                    look: &spans[i].look,
                }
            })
            .collect();
        Self { spans, frame_s }
    }
}
