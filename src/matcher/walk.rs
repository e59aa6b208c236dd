//! One step of the beam: a hypothesis through a span and over a boundary.

use std::cell::OnceCell;

use crate::pulses::{ColorSet, Look};

use super::color;
use super::duration::normal_below;
use super::params::{Noise, Priors};
use super::score::Hypothesis;
use super::script::{Paint, Place, Script};
use super::signal::{Seen, Signal};

/// Spans that may be none of the device's: so many, or one in so many. With more the script explains nothing.
const FEW_GLITCHES: usize = 2;
const GLITCHED_SHARE: usize = 6;

/// What all steps refer to.
pub struct Walk<'a> {
    pub signal: &'a Signal<'a>,
    pub script: &'a Script,
    pub noise: &'a Noise,
    pub priors: &'a Priors,
    /// Probability that nothing shows of the phases of each step while only their ranges are known.
    pub missed: Vec<[OnceCell<f64>; 2]>,
}

impl Walk<'_> {
    /// `h` through span `i`.
    pub fn span(&self, h: &Hypothesis, i: usize, out: &mut Vec<Hypothesis>) {
        let span = &self.signal.spans[i];
        if *span.look == Look::Unseen {
            self.hidden(h, i, out);
            return;
        }
        if !h.glitch {
            self.readings(h, span.look, |p, read| {
                let mut fits = h.clone();
                fits.log += p.ln();
                fits.read_as[self.script.paint(h.place)] = read;
                fits.shown |= span.look.is_lit() && self.script.shows(h.place);
                out.push(fits);
            });
        }
        if !self.may_be_glitch(h, span.look) {
            return;
        }
        let most = FEW_GLITCHES.max(self.signal.spans.len() / GLITCHED_SHARE);
        let paint = self.script.paints[self.script.paint(h.place)];
        let lost = loses_one(paint, span.look);
        if lost || usize::from(h.glitches) < most {
            let mut g = h.clone();
            g.log += self.glitch_log(span, lost);
            g.glitch = true;
            g.glitches += u16::from(!lost);
            out.push(g);
        }
    }

    /// What this look may be at the place of `h`: to `each` its probability, and as what its colour is read. Of a colour that
    /// the eyes leave open every reading is followed, as what comes next shows it again.
    fn readings(&self, h: &Hypothesis, look: &Look, mut each: impl FnMut(f64, u8)) {
        let at = self.script.paint(h.place);
        let paint = self.script.paints[at];
        let before = h.read_as[at];
        match (paint, look) {
            (Paint::Fresh, _) => each(1.0 / 9.0, 0),
            (Paint::Dark, Look::Off) => each(1.0, 0),
            (Paint::Lit(_) | Paint::Any, Look::Lit(beliefs)) if before != 0 => {
                let first = match paint {
                    Paint::Lit(set) => color::likelihood(set, beliefs),
                    _ => color::ANY,
                };
                let same = color::belief(beliefs, ColorSet::from_bits(before));
                let slip = self.noise.color_slip;
                each(((1.0 - slip) * same + slip * first).max(1e-6), before);
            }
            (Paint::Lit(set), Look::Lit(beliefs)) => {
                for (seen, belief) in color::by_sight(beliefs) {
                    each(
                        (belief * color::confusion(set, seen)).max(1e-6),
                        seen.bits(),
                    );
                }
            }
            (Paint::Any, Look::Lit(beliefs)) => each(color::ANY, color::likeliest(beliefs).bits()),
            _ => (),
        }
    }

    /// Whether `look` would differ from what is truly lit.
    fn may_be_glitch(&self, h: &Hypothesis, look: &Look) -> bool {
        match (self.script.paints[self.script.paint(h.place)], look) {
            (Paint::Fresh, _) | (Paint::Dark, Look::Off) => false,
            (Paint::Lit(_) | Paint::Any, Look::Lit(_)) => {
                h.read_as[self.script.paint(h.place)] != 0 || !h.open
            }
            _ => true,
        }
    }

    /// A span that the device did not make: its rate, and the density of its duration.
    fn glitch_log(&self, span: &Seen, lost: bool) -> f64 {
        let n = self.noise;
        let d = span.end_s - span.start_s;
        let short = n.glitch_frames * self.signal.frame_s;
        let density = (1.0 - n.glitch_long) * (-d / short).exp() / short
            + n.glitch_long * (-d / n.glitch_long_s).exp() / n.glitch_long_s;
        let look = if span.look.is_lit() { color::ANY } else { 1.0 };
        let rate = if lost { n.lost_rate } else { n.glitch_rate };
        (rate * density * look).max(1e-300).ln()
    }

    /// `h` over the boundary at the end of span `i`.
    pub fn boundary(&self, h: &Hypothesis, i: usize, out: &mut Vec<Hypothesis>) {
        let spans = &self.signal.spans;
        if *spans[i].look == Look::Unseen {
            // What it hid was dealt with there.
            out.push(h.clone());
            return;
        }
        if *spans[i + 1].look == Look::Unseen {
            out.push(Hypothesis {
                glitch: false,
                ..h.clone()
            });
            return;
        }
        // Stay: back from a glitch, or into one.
        if h.glitch {
            out.push(Hypothesis {
                glitch: false,
                ..h.clone()
            });
            out.push(h.clone());
        } else {
            out.push(Hypothesis {
                glitch: true,
                ..h.clone()
            });
        }
        let ends = Ended {
            at_s: spans[i].end_s,
            var: spans[i].end_var,
        };
        self.go_on(h, &ends, out);
    }

    /// `h` to the places that may follow at `ends`, some of them unseen.
    fn go_on(&self, h: &Hypothesis, ends: &Ended, out: &mut Vec<Hypothesis>) {
        let d = ends.at_s - h.since_s;
        let var = ends.var + h.since_var;
        let single = self.density(h, d, var);
        for (place, p) in self.script.next(h.place).into_iter().flatten() {
            if single > 0.0 {
                self.arrive(h, place, (p * single).ln(), ends, Some((d, var)), out);
            }
        }
        if self.script.phase(h.place).is_some() || h.place == Place::Before {
            let sum = self.moments(h, h.place, h.open);
            self.skip(h, h.place, sum, 1.0, 0, ends, out);
        }
    }

    /// Adds `h` at `place` from `ends` on; `lasted` is what was measured of the place before.
    pub fn arrive(
        &self,
        h: &Hypothesis,
        place: Place,
        log: f64,
        ends: &Ended,
        lasted: Option<(f64, f64)>,
        out: &mut Vec<Hypothesis>,
    ) {
        let mut to = Hypothesis {
            log: h.log + log,
            place,
            since_s: ends.at_s,
            since_var: ends.var,
            open: false,
            glitch: false,
            ..h.clone()
        };
        if let Some((d, var)) = lasted
            && let Some(k) = self.script.phase(h.place).and_then(|p| p.known)
        {
            if h.open {
                to.known[k].learn_least(d);
            } else {
                to.known[k].learn(d, var, self.noise);
                self.check_period(&mut to, h.place);
            }
        }
        out.push(to);
    }

    /// Once both durations of a blink are known, its period must be within its range.
    fn check_period(&self, h: &mut Hypothesis, at: Place) {
        let (Place::At { step, .. }, Some(s)) = (at, self.script.step(at)) else {
            return;
        };
        let Some((min, max, share)) = s.period else {
            return;
        };
        let value = |k: Option<usize>| k.and_then(|k| h.known[k].value());
        let (Some(on), Some(off)) = (value(s.on.known), value(s.off.and_then(|o| o.known))) else {
            return;
        };
        let bit = 1 << step;
        if h.checked & bit != 0 {
            return;
        }
        h.checked |= bit;
        let soft = self.noise.range_edge;
        let period = on + off;
        let inside = normal_below((max - period) / (soft * max))
            - normal_below((min - period) / (soft * min));
        h.log += (inside / share).max(1e-12).ln();
    }

    /// Density of `h`'s place ending after `d`.
    fn density(&self, h: &Hypothesis, d: f64, var: f64) -> f64 {
        let Some(phase) = self.script.phase(h.place) else {
            return match h.place {
                Place::Before => self.lead_density(d),
                _ => 0.0,
            };
        };
        if self.script.is_terminal(h.place) {
            if self.script.paints[phase.paint] == Paint::Dark {
                return 0.0;
            }
            // A lasting light that goes out while one films.
            let long_enough = if h.open {
                1.0
            } else {
                1.0 - phase.range.outlasts(d).min(1.0 - 1e-3)
            };
            return self.script.condition_ends * long_enough.max(1e-3);
        }
        if h.open {
            return phase.range.rest_density(d);
        }
        match phase.known {
            Some(k) => h.known[k].density(phase.range, d, var, self.noise),
            None => phase.range.density(d, var, self.noise),
        }
    }

    /// Probability of what `h` says of the time after the last boundary.
    pub fn rest(&self, h: &Hypothesis) -> f64 {
        let Some(end) = self.signal.spans.last() else {
            return 1.0;
        };
        let d = end.end_s - h.since_s;
        self.outlasts(h, d) + self.rest_skipping(h, d)
    }

    /// Probability that the place of `h` lasts beyond `d`.
    pub fn outlasts(&self, h: &Hypothesis, d: f64) -> f64 {
        if self.script.is_terminal(h.place) {
            return 1.0;
        }
        let Some(phase) = self.script.phase(h.place) else {
            return self.lead_outlasts(d);
        };
        if h.open {
            return phase.range.rest_outlasts(d);
        }
        match phase.known {
            Some(k) => h.known[k].outlasts(phase.range, d, h.since_var, self.noise),
            None => phase.range.outlasts(d),
        }
    }

    /// Mean and variance of the time at `place`; of the rest of it when it was there before the clip.
    pub fn moments(&self, h: &Hypothesis, place: Place, open: bool) -> (f64, f64) {
        let Some(phase) = self.script.phase(place) else {
            return match place {
                Place::Before => (self.priors.lead_s, self.priors.lead_s.powi(2)),
                _ => (f64::MAX.sqrt(), 1.0),
            };
        };
        let (mean, var) = match phase.known {
            Some(k) => h.known[k].moments(phase.range, self.noise),
            None => (phase.range.mean(), phase.range.var()),
        };
        if open {
            (0.5 * mean, var + mean * mean / 12.0)
        } else {
            (mean, var)
        }
    }

    /// The time from the start of filming to the first light: short, or long when one waits for it.
    fn lead_density(&self, d: f64) -> f64 {
        let p = self.priors;
        (1.0 - p.long_lead) * (-d / p.lead_s).exp() / p.lead_s
            + p.long_lead * (-d / p.long_lead_s).exp() / p.long_lead_s
    }

    fn lead_outlasts(&self, d: f64) -> f64 {
        let p = self.priors;
        (1.0 - p.long_lead) * (-d / p.lead_s).exp() + p.long_lead * (-d / p.long_lead_s).exp()
    }
}

/// Of two emitters that are lit, one is not seen.
fn loses_one(paint: Paint, look: &Look) -> bool {
    let (Paint::Lit(lit), Some(seen)) = (paint, look.colors()) else {
        return false;
    };
    seen != lit && !seen.is_dark() && seen.union(lit) == lit
}

/// The time at which a place ended, with its variance.
pub struct Ended {
    pub at_s: f64,
    pub var: f64,
}

/// Normal density at `x` from the mean.
pub fn gauss(x: f64, var: f64) -> f64 {
    (-0.5 * x * x / var).exp() / (std::f64::consts::TAU * var).sqrt()
}
