//! The likelihood of a train under a script: what the light truly did is summed over, by a
//! beam of hypotheses that walk the train's spans and the script side by side.
//!
//! A hypothesis says at which place of the script the light is, since when, and what durations
//! this device keeps to. At each boundary of two spans it either goes on to the next place, whose
//! probability is the density of the duration that ended; or skips places that were too short to be
//! seen; or stays, when the span to come is none of the device's (a glitch). Unseen spans may hide
//! any number of places. Both ends of the clip cut: a first span is the rest of a duration, a last
//! one its beginning.

use super::duration::Known;
use super::params::{Noise, Priors};
use super::script::{MOST_KNOWN, MOST_PAINTS, Place, Script};
use super::signal::Signal;
use super::walk::Walk;

/// Hypotheses kept at each boundary.
const BEAM: usize = 24;
/// Log likelihood below the best at which a hypothesis is dropped, in nats.
const PRUNE: f64 = 14.0;

/// How well a script explains a train.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Log likelihood; densities are per s.
    pub log_likelihood: f64,
    /// Where the best hypothesis ends.
    pub place: Place,
    /// For how long it has been there at the end, in s.
    pub there_s: f64,
    /// The durations in s that it learned, by [`super::script::Phase::known`].
    pub learned: [Option<f64>; MOST_KNOWN],
}

/// One account of what the light truly did so far.
#[derive(Clone)]
pub struct Hypothesis {
    pub log: f64,
    pub place: Place,
    pub since_s: f64,
    pub since_var: f64,
    /// It was there before the clip.
    pub open: bool,
    /// The next span is none of the device's.
    pub glitch: bool,
    /// Spans so far that are none of the device's.
    pub glitches: u16,
    /// Light was seen that is this script's.
    pub shown: bool,
    /// One bit a step whose period was checked.
    pub checked: u16,
    pub known: [Known; MOST_KNOWN],
    /// What each paint was read as, 0 before it was seen.
    pub read_as: [u8; MOST_PAINTS],
}

/// The log likelihood of `signal` under `script`; `None` when the script can't make it.
pub fn fit(signal: &Signal, script: &Script, noise: &Noise, priors: &Priors) -> Option<Fit> {
    let first = signal.spans.first()?;
    let walk = Walk {
        signal,
        script,
        noise,
        priors,
        missed: vec![Default::default(); script.steps.len()],
    };
    let mut beam: Vec<Hypothesis> = script
        .starts()
        .into_iter()
        .filter(|s| s.1 > 0.0)
        .map(|(place, p)| Hypothesis {
            log: p.ln(),
            place,
            since_s: first.start_s,
            since_var: 0.0,
            open: true,
            glitch: false,
            glitches: 0,
            shown: false,
            checked: 0,
            known: [Known::NOTHING; MOST_KNOWN],
            read_as: [0; MOST_PAINTS],
        })
        .collect();
    let mut next: Vec<Hypothesis> = Vec::new();
    for i in 0..signal.spans.len() {
        next.clear();
        for h in &beam {
            walk.span(h, i, &mut next);
        }
        if i + 1 < signal.spans.len() {
            beam.clear();
            for h in &next {
                walk.boundary(h, i, &mut beam);
            }
        } else {
            std::mem::swap(&mut beam, &mut next);
        }
        prune(&mut beam);
        if beam.is_empty() {
            return None;
        }
    }
    // What never showed is not there: a script that waits for its start explains nothing.
    let lit = signal.spans.iter().any(|s| s.look.is_lit());
    beam.retain(|h| h.shown || !lit);
    for h in &mut beam {
        h.log += walk.rest(h).max(1e-300).ln();
    }
    let best = beam.iter().max_by(|a, b| a.log.total_cmp(&b.log))?;
    let sum: f64 = beam.iter().map(|h| (h.log - best.log).exp()).sum();
    let end_s = signal.spans.last()?.end_s;
    let log_likelihood = best.log + sum.ln();
    log_likelihood.is_finite().then(|| Fit {
        log_likelihood,
        place: best.place,
        there_s: end_s - best.since_s,
        learned: best.known.map(Known::value),
    })
}

/// Keeps the likeliest; of several at the same place since the same time with the same reading, one with their sum.
fn prune(beam: &mut Vec<Hypothesis>) {
    let Some(best) = beam.iter().map(|h| h.log).max_by(f64::total_cmp) else {
        return;
    };
    if !best.is_finite() {
        beam.clear();
        return;
    }
    // Before sorting, which moves whole hypotheses.
    beam.retain(|h| h.log >= best - PRUNE);
    beam.sort_by(|a, b| b.log.total_cmp(&a.log));
    let mut kept: usize = 0;
    for i in 0..beam.len() {
        let twin = (0..kept).find(|&k| {
            let (a, b) = (&beam[k], &beam[i]);
            a.place == b.place
                && a.glitch == b.glitch
                && a.open == b.open
                && a.shown == b.shown
                && a.read_as == b.read_as
                && (a.since_s - b.since_s).abs() < 1e-6
        });
        match twin {
            Some(k) => beam[k].log += (beam[i].log - beam[k].log).exp().ln_1p(),
            None if kept < BEAM => {
                beam.swap(kept, i);
                kept += 1;
            }
            None => {}
        }
    }
    beam.truncate(kept);
}
