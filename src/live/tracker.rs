//! The light between two looks of the matcher: what it does now, a frame after it does it.
//!
//! The eyes say where the light is and when it was lit; this measures the same place in every frame, learns
//! how it looks in each of its states, and names the state of each new frame.

use std::collections::VecDeque;

use super::Finding;
use crate::observe::Rect;
use crate::pulses::{ColorSet, Train};
use crate::source::{Frame, Plane};

/// Measurements kept, in s: enough to learn both states of the slowest blink.
const HISTORY_S: f64 = 12.0;
/// Frames of a state before its look is believed.
const MIN_FRAMES: usize = 2;
/// How much nearer (as a share of the distance) another state must be than the present one to be taken:
/// a margin against noise at the middle between two.
const MARGIN: f64 = 0.75;
/// Contrast in codes below which two states can't be told apart.
const MIN_CONTRAST: f64 = 6.0;
/// Px around the light that are left out for its halo, and the width of the ring beyond that is its surround.
const GAP: usize = 4;
const RING: usize = 6;

/// Contrast of the light to its surround in codes of Y, Cb, Cr.
type Contrast = [f64; 3];

/// Follows one light.
#[derive(Debug, Default)]
pub struct Tracker {
    place: Option<Rect>,
    /// Time in s of the watch, and the light then.
    history: VecDeque<(f64, Contrast)>,
    /// How each state looks.
    looks: Vec<(ColorSet, Contrast)>,
    lit: Option<ColorSet>,
}

impl Tracker {
    /// Takes what the eyes have found.
    pub fn learn(&mut self, finding: &Finding) {
        let (Some(place), Some(train)) = (finding.diagnosis.place, &finding.diagnosis.train) else {
            self.place = None;
            self.looks.clear();
            self.lit = None;
            return;
        };
        if self.place.is_none_or(|p| !p.meets(&place)) {
            self.history.clear();
            self.looks.clear();
            self.lit = None;
        }
        self.place = Some(place);
        self.looks = looks(&self.history, train, finding.from_s);
    }

    /// Measures the light in `frame`, taken at `now_s`; its colours, if they have changed since the last.
    pub fn see(&mut self, frame: &Frame, now_s: f64) -> Option<ColorSet> {
        let contrast = measure(frame, &self.place?)?;
        self.history.push_back((now_s, contrast));
        while self
            .history
            .front()
            .is_some_and(|(t, _)| *t < now_s - HISTORY_S)
        {
            self.history.pop_front();
        }
        let look = nearest(&self.looks, contrast, self.lit)?;
        let changed = self.lit != Some(look);
        self.lit = Some(look);
        changed.then_some(look)
    }

    /// The colours now; `None` while they are not known.
    pub fn lit(&self) -> Option<ColorSet> {
        self.lit
    }
}

/// The mean look of each state that `train` (whose time 0 is at `from_s`) names for the measured frames.
fn looks(
    history: &VecDeque<(f64, Contrast)>,
    train: &Train,
    from_s: f64,
) -> Vec<(ColorSet, Contrast)> {
    let mut sums: Vec<(ColorSet, Contrast, usize)> = Vec::new();
    let mut spans = train.spans.iter().peekable();
    for (t, contrast) in history {
        let t = t - from_s;
        while spans.peek().is_some_and(|s| s.end_s <= t) {
            spans.next();
        }
        let Some(set) = spans
            .peek()
            .filter(|s| s.start_s <= t)
            .and_then(|s| s.look.colors())
        else {
            continue;
        };
        let entry = match sums.iter_mut().find(|(s, ..)| *s == set) {
            Some(entry) => entry,
            None => {
                sums.push((set, [0.0; 3], 0));
                let last = sums.len() - 1;
                &mut sums[last]
            }
        };
        for (sum, c) in entry.1.iter_mut().zip(contrast) {
            *sum += c;
        }
        entry.2 += 1;
    }
    let mut looks: Vec<(ColorSet, Contrast)> = sums
        .into_iter()
        .filter(|(_, _, n)| *n >= MIN_FRAMES)
        .map(|(set, sum, n)| (set, sum.map(|s| s / n as f64)))
        .collect();
    // Never seen dark so far: then it will look like its surround.
    if !looks.is_empty() && !looks.iter().any(|(set, _)| set.is_dark()) {
        looks.push((ColorSet::NONE, [0.0; 3]));
    }
    looks
}

fn distance(a: Contrast, b: Contrast) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

/// The state that looks most like `now`; the `present` one unless another is clearly nearer. `None` where states
/// do not differ.
fn nearest(
    looks: &[(ColorSet, Contrast)],
    now: Contrast,
    present: Option<ColorSet>,
) -> Option<ColorSet> {
    let (set, best) = looks
        .iter()
        .map(|(set, look)| (*set, distance(*look, now)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    let held = looks.iter().find(|(s, _)| Some(*s) == present);
    match held {
        Some((held, look)) if *held != set && best > MARGIN * distance(*look, now) => Some(*held),
        _ => {
            let chosen = looks.iter().find(|(s, _)| *s == set)?.1;
            let others = looks.iter().filter(|(s, _)| *s != set);
            let apart = others
                .map(|(_, l)| distance(*l, chosen))
                .fold(f64::INFINITY, f64::min);
            (apart >= MIN_CONTRAST).then_some(set)
        }
    }
}

/// Mean of the light's box above the mean of a ring around it.
fn measure(frame: &Frame, place: &Rect) -> Option<Contrast> {
    let mut out = [0.0; 3];
    let planes = [
        (&frame.y, (0, 0)),
        (&frame.u, frame.chroma_shift),
        (&frame.v, frame.chroma_shift),
    ];
    for (value, (plane, shift)) in out.iter_mut().zip(planes) {
        if plane.width == 0 {
            continue;
        }
        let (sx, sy) = (f64::from(1u32 << shift.0), f64::from(1u32 << shift.1));
        let scaled = |v: f64, s: f64| (v / s).max(0.0) as usize;
        let (x0, y0) = (scaled(place.x, sx), scaled(place.y, sy));
        let x1 = scaled((place.x + place.w).ceil(), sx).max(x0 + 1);
        let y1 = scaled((place.y + place.h).ceil(), sy).max(y0 + 1);
        let inner = sum(plane, (x0, y0), (x1, y1))?;
        let around = |by: usize| {
            let from = (x0.saturating_sub(by), y0.saturating_sub(by));
            sum(plane, from, (x1 + by, y1 + by))
        };
        let (near, far) = (around(GAP)?, around(GAP + RING)?);
        let ring = (far.0 - near.0, far.1 - near.1);
        if ring.1 > 0.0 {
            *value = inner.0 / inner.1 - ring.0 / ring.1;
        }
    }
    Some(out)
}

/// Sum and number of the samples from `from` up to, without, `to`; `None` if there are none.
fn sum(plane: &Plane, from: (usize, usize), to: (usize, usize)) -> Option<(f64, f64)> {
    let (x1, y1) = (to.0.min(plane.width), to.1.min(plane.height));
    if from.0 >= x1 || from.1 >= y1 {
        return None;
    }
    let rows = (from.1..y1).map(|y| &plane.row(y)[from.0..x1]);
    let total: u64 = rows.flatten().map(|&s| u64::from(s)).sum();
    Some((total as f64, ((x1 - from.0) * (y1 - from.1)) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulses::Color;

    /// A grey picture with a square of 10 px at (40, 30), `y` and `v` bright.
    fn frame(y: u8, v: u8) -> Frame {
        let mut f = Frame::default();
        for (plane, ground, square) in [(&mut f.y, 60, y), (&mut f.u, 128, 128), (&mut f.v, 128, v)]
        {
            plane.resize(100, 80);
            plane.data.fill(ground);
            for row in 30..40 {
                plane.data[row * 100 + 40..row * 100 + 50].fill(square);
            }
        }
        f
    }

    #[test]
    fn a_change_shows_in_the_frame_that_has_it() {
        let red = ColorSet::of(Color::Red);
        let mut tracker = Tracker {
            place: Some(Rect {
                x: 40.0,
                y: 30.0,
                w: 10.0,
                h: 10.0,
            }),
            ..Tracker::default()
        };
        for i in 0..6 {
            let f = if i < 3 {
                frame(110, 200)
            } else {
                frame(62, 128)
            };
            assert_eq!(tracker.see(&f, f64::from(i)), None, "nothing is known yet");
        }
        let mut train = crate::matcher::synthetic::train(&[], 1.0, 0);
        let span = |start_s, end_s, look| crate::pulses::Span {
            start_s,
            end_s,
            start_sd_s: 0.0,
            end_sd_s: 0.0,
            look,
        };
        train.spans = vec![
            span(0.0, 2.5, crate::pulses::Look::lit(red)),
            span(2.5, 6.0, crate::pulses::Look::Off),
        ];
        tracker.looks = looks(&tracker.history, &train, 0.0);
        assert_eq!(tracker.see(&frame(62, 128), 6.0), Some(ColorSet::NONE));
        assert_eq!(tracker.see(&frame(63, 129), 7.0), None);
        assert_eq!(tracker.see(&frame(112, 198), 8.0), Some(red));
        // Half way is no change.
        assert_eq!(tracker.see(&frame(88, 166), 9.0), None);
        assert_eq!(tracker.lit(), Some(red));
    }

    #[test]
    fn a_light_never_seen_dark_goes_out_all_the_same() {
        let red = ColorSet::of(Color::Red);
        let history = VecDeque::from([(0.0, [50.0, 0.0, 70.0]), (1.0, [50.0, 0.0, 70.0])]);
        let mut train = crate::matcher::synthetic::train(&[], 1.0, 0);
        train.spans = vec![crate::pulses::Span {
            start_s: 0.0,
            end_s: 2.0,
            start_sd_s: 0.0,
            end_sd_s: 0.0,
            look: crate::pulses::Look::lit(red),
        }];
        let looks = looks(&history, &train, 0.0);
        assert_eq!(
            nearest(&looks, [1.0, 0.0, 2.0], Some(red)),
            Some(ColorSet::NONE)
        );
    }

    #[test]
    fn places_at_the_border_are_measured_and_those_outside_are_not() {
        let at = |x, y| {
            measure(
                &frame(110, 200),
                &Rect {
                    x,
                    y,
                    w: 10.0,
                    h: 10.0,
                },
            )
        };
        assert!(at(95.0, 75.0).is_some());
        assert!(at(0.0, 0.0).is_some());
        assert!(at(100.0, 30.0).is_none());
    }
}
