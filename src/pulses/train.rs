//! Spans of light, dark and unseen, contiguous over a clip.

use super::{Color, ColorSet};

/// What a light looked like during a span.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// Out of the picture, covered, or too blurred to tell.
    Unseen,
    /// Dark.
    Off,
    /// Lit. The colour sets it may have been, likeliest first, with probabilities that sum to 1.
    Lit(Vec<(ColorSet, f64)>),
}

impl Look {
    /// Lit in `colors`, without doubt.
    pub fn lit(colors: ColorSet) -> Self {
        Self::Lit(vec![(colors, 1.0)])
    }

    /// The likeliest colours; dark when off, `None` when unseen.
    pub fn colors(&self) -> Option<ColorSet> {
        match self {
            Self::Unseen => None,
            Self::Off => Some(ColorSet::NONE),
            Self::Lit(c) => c.first().map(|&(set, _)| set),
        }
    }

    /// Each reading of the colours of what is lit, with its probability, the likeliest first.
    pub fn beliefs(&self) -> &[(ColorSet, f64)] {
        match self {
            Self::Lit(beliefs) => beliefs,
            Self::Unseen | Self::Off => &[],
        }
    }

    pub fn is_lit(&self) -> bool {
        matches!(self, Self::Lit(_))
    }
}

/// A time during which the look did not change. Times in s from the first frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub start_s: f64,
    pub end_s: f64,
    /// Standard error of each end in s; 0 where the clip cuts.
    pub start_sd_s: f64,
    pub end_sd_s: f64,
    pub look: Look,
}

impl Span {
    pub fn duration_s(&self) -> f64 {
        self.end_s - self.start_s
    }
}

/// What one light did from the first frame (0 s) to the end of the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Train {
    /// Contiguous, in order, neighbours of different look; from 0 to `duration_s`.
    pub spans: Vec<Span>,
    pub duration_s: f64,
    /// Median time between frames in s; shorter pulses can be missed altogether.
    pub frame_interval_s: f64,
}

/// One lit span of one colour, in s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pulse {
    pub color: Color,
    pub start_s: f64,
    pub end_s: f64,
}

/// Share of the time during which a light may be dark and still shine all the time: what passes before it takes a second
/// of the 8 to 10 s that people film.
const INTERRUPTED: f64 = 0.15;

/// How long these spans last together, in s.
fn whole_s<'a>(spans: impl Iterator<Item = &'a Span>) -> f64 {
    spans.map(Span::duration_s).sum()
}

impl Train {
    /// Lit all the time, but for one moment at most that is amid it: something passed before it.
    pub fn shines_throughout(&self) -> bool {
        let seen = || self.spans.iter().filter(|s| s.look != Look::Unseen);
        let dark = || seen().filter(|s| !s.look.is_lit());
        let mut ends = seen().next().into_iter().chain(seen().next_back());
        dark().count() <= 1
            && ends.all(|s| s.look.is_lit())
            && whole_s(dark()) <= INTERRUPTED * whole_s(seen())
    }

    /// Lit in different colours at different times.
    pub fn has_several_looks(&self) -> bool {
        let mut lit = self.spans.iter().filter(|s| s.look.is_lit());
        let first = lit.next().and_then(|s| s.look.colors());
        lit.any(|s| s.look.colors() != first)
    }

    /// Nothing lit for `duration_s`, in frames of `frame_interval_s`, both in s.
    pub fn dark(duration_s: f64, frame_interval_s: f64) -> Self {
        Self {
            spans: vec![Span {
                start_s: 0.0,
                end_s: duration_s,
                start_sd_s: 0.0,
                end_sd_s: 0.0,
                look: Look::Off,
            }],
            duration_s,
            frame_interval_s,
        }
    }

    /// Lit spans, one per colour: neighbours that share a colour are one pulse of it. Ordered by start.
    pub fn pulses(&self) -> Vec<Pulse> {
        let mut out: Vec<Pulse> = Vec::new();
        for color in Color::ALL {
            let mut open: Option<Pulse> = None;
            for s in &self.spans {
                let lit = s.look.colors().is_some_and(|set| set.contains(color));
                match (&mut open, lit) {
                    (Some(p), true) => p.end_s = s.end_s,
                    (None, true) => {
                        open = Some(Pulse {
                            color,
                            start_s: s.start_s,
                            end_s: s.end_s,
                        });
                    }
                    (_, false) => out.extend(open.take()),
                }
            }
            out.extend(open);
        }
        out.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        out
    }

    /// What one colour did: lit where it was lit, dark elsewhere.
    pub fn of_color(&self, color: Color) -> Self {
        let mut spans: Vec<Span> = Vec::new();
        for s in &self.spans {
            let look = match s.look.colors() {
                None => Look::Unseen,
                Some(set) if set.contains(color) => Look::lit(ColorSet::of(color)),
                Some(_) => Look::Off,
            };
            match spans.last_mut() {
                Some(last) if last.look == look => {
                    last.end_s = s.end_s;
                    last.end_sd_s = s.end_sd_s;
                }
                _ => spans.push(Span { look, ..s.clone() }),
            }
        }
        Self { spans, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_that_stays_on_while_another_blinks_is_one_pulse() {
        let blue = ColorSet::of(Color::Blue);
        let both = blue.with(Color::Green);
        let span = |a: f64, b: f64, set| Span {
            start_s: a,
            end_s: b,
            start_sd_s: 0.0,
            end_sd_s: 0.0,
            look: Look::lit(set),
        };
        let t = Train {
            spans: vec![
                span(0.0, 1.0, blue),
                span(1.0, 2.0, both),
                span(2.0, 3.0, blue),
            ],
            duration_s: 3.0,
            frame_interval_s: 1.0 / 30.0,
        };
        let p = t.pulses();
        assert_eq!(p.len(), 2);
        assert_eq!(
            (p[0].color, p[0].start_s, p[0].end_s),
            (Color::Blue, 0.0, 3.0)
        );
        assert_eq!(
            (p[1].color, p[1].start_s, p[1].end_s),
            (Color::Green, 1.0, 2.0)
        );
    }

    #[test]
    fn only_a_moment_amid_its_light_leaves_a_light_steady() {
        let through = |looks: &[(bool, f64)]| {
            let mut at = 0.0;
            let spans = looks.iter().map(|&(on, s)| {
                at += s;
                Span {
                    start_s: at - s,
                    end_s: at,
                    start_sd_s: 0.0,
                    end_sd_s: 0.0,
                    look: if on {
                        Look::lit(ColorSet::of(Color::Red))
                    } else {
                        Look::Off
                    },
                }
            });
            let spans: Vec<Span> = spans.collect();
            Train {
                spans,
                duration_s: at,
                frame_interval_s: 1.0 / 30.0,
            }
            .shines_throughout()
        };
        assert!(through(&[(true, 10.0)]));
        assert!(through(&[(true, 4.0), (false, 1.0), (true, 5.0)]));
        assert!(!through(&[(true, 4.0), (false, 3.0), (true, 3.0)]));
        assert!(!through(&[(true, 9.0), (false, 1.0)]));
        let twice = [
            (true, 4.0),
            (false, 0.5),
            (true, 4.0),
            (false, 0.5),
            (true, 4.0),
        ];
        assert!(!through(&twice));
        assert!(!through(&[(false, 10.0)]));
    }
}
