//! Period, duty cycle, jitter and lengths of a train, each with its uncertainty.

use super::{Estimate, Look, Span, Train};

/// Lengths of the complete spans of one kind, in s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// How many spans had both ends in view.
    pub count: usize,
    pub mean: Estimate,
    pub min_s: f64,
    pub max_s: f64,
    /// Spread from span to span: sample standard deviation, 0 for a single one.
    pub spread_s: f64,
}

/// What repeats in a train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Time of one repetition in s.
    pub period: Estimate,
    /// Flashes in one repetition: 1 for plain blinking, 5 for groups of five.
    pub flashes: usize,
    /// Share of the time that is lit, 0..1.
    pub duty: Estimate,
    /// Standard deviation of single repetitions in s; it holds the error of measuring too.
    pub jitter_s: f64,
}

/// The timing of a train, whatever its colours.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rhythm {
    pub on: Option<Lengths>,
    pub off: Option<Lengths>,
    pub period: Option<Period>,
}

/// Times that differ by more than this share are not the same time of a rhythm.
const SAME: f64 = 0.12;
/// This share of the times must be the same after one repetition: a flash may be lost between two frames,
/// which spoils the comparison on both sides of it.
const AGREE: f64 = 0.75;
/// A longer repetition must agree better by this share, or the shorter one is taken.
const MARGIN: f64 = 0.1;
/// Most flashes of one repetition that are looked for; status lights count up to 8.
const MAX_FLASHES: usize = 12;

impl Rhythm {
    /// Measures `train`. Spans cut by the clip's ends or by an unseen time tell no length.
    pub fn of(train: &Train) -> Self {
        let spans = merged(train);
        let lengths = |lit: bool| {
            let whole = spans.windows(3).filter_map(|w| {
                let [before, span, after] = w else {
                    return None;
                };
                let seen = [before, span, after].iter().all(|s| s.look != Look::Unseen);
                (seen && span.look.is_lit() == lit).then_some(span)
            });
            Lengths::of(whole)
        };
        Self {
            on: lengths(true),
            off: lengths(false),
            period: period(&spans, train.frame_interval_s),
        }
    }
}

/// The train's spans with neighbours that differ only in colour made one.
pub fn merged(train: &Train) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    for s in &train.spans {
        match out.last_mut() {
            Some(last) if last.look.is_lit() && s.look.is_lit() || last.look == s.look => {
                last.end_s = s.end_s;
                last.end_sd_s = s.end_sd_s;
            }
            _ => out.push(s.clone()),
        }
    }
    out
}

impl Lengths {
    fn of<'a>(spans: impl Iterator<Item = &'a Span>) -> Option<Self> {
        let (lengths, variances): (Vec<f64>, Vec<f64>) = spans
            .map(|s| (s.duration_s(), s.start_sd_s.powi(2) + s.end_sd_s.powi(2)))
            .unzip();
        let count = lengths.len();
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let value = lengths.iter().sum::<f64>() / n;
        let spread_s = spread(&lengths, value);
        let measured = variances.iter().sum::<f64>().sqrt() / n;
        Some(Self {
            count,
            mean: Estimate {
                value,
                sd: measured.max(spread_s / n.sqrt()),
            },
            min_s: lengths.iter().copied().fold(f64::INFINITY, f64::min),
            max_s: lengths.iter().copied().fold(0.0, f64::max),
            spread_s,
        })
    }
}

/// Sample standard deviation about `mean`; 0 for fewer than two values.
fn spread(values: &[f64], mean: f64) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// From one edge to the next of the same kind.
#[derive(Debug, Clone, Copy)]
struct Cycle {
    length_s: f64,
    lit_s: f64,
    /// Standard error of an edge in s.
    edge_sd_s: f64,
}

/// Cycles between edges to light (`rising`) or to dark, in runs without an unseen time.
fn cycles(spans: &[Span], rising: bool) -> Vec<Vec<Cycle>> {
    spans
        .split(|s| s.look == Look::Unseen)
        .map(|run| {
            // The run's first span starts with no edge of the light's own.
            let from = run.iter().skip(1).position(|s| s.look.is_lit() == rising);
            let starts = &run[from.map_or(run.len(), |i| i + 1)..];
            // Two spans make a cycle, and the third proves that the second was complete.
            starts
                .windows(3)
                .step_by(2)
                .map(|w| Cycle {
                    length_s: w[2].start_s - w[0].start_s,
                    lit_s: if rising { &w[0] } else { &w[1] }.duration_s(),
                    edge_sd_s: w[0].start_sd_s,
                })
                .collect()
        })
        .collect()
}

/// The shortest repetition that most of the train agrees with, seen at least twice.
fn period(spans: &[Span], frame_interval_s: f64) -> Option<Period> {
    let (rising, falling) = (cycles(spans, true), cycles(spans, false));
    let count = |runs: &[Vec<Cycle>]| runs.iter().map(Vec::len).sum::<usize>();
    let runs = if count(&falling) > count(&rising) {
        falling
    } else {
        rising
    };
    // An edge lies anywhere between two frames, at both ends of a time.
    let same = |a: f64, b: f64| (a - b).abs() <= (SAME * a.max(b)).max(1.5 * frame_interval_s);
    let agreements: Vec<f64> = (1..=MAX_FLASHES)
        .map(|flashes| {
            let pairs = runs
                .iter()
                .flat_map(|run| run.iter().zip(run.iter().skip(flashes)));
            let (mut agreed, mut compared) = (0, 0);
            for (a, b) in pairs {
                compared += 1;
                if same(a.length_s, b.length_s) && same(a.lit_s, b.lit_s) {
                    agreed += 1;
                }
            }
            if compared >= flashes {
                f64::from(agreed) / compared as f64
            } else {
                0.0
            }
        })
        .collect();
    let best = agreements.iter().copied().fold(0.0, f64::max);
    let enough = AGREE.max(best - MARGIN);
    let shortest = agreements.iter().position(|&a| a >= enough)?;
    repetition(&runs, shortest + 1, same)
}

/// Measures repetitions of `flashes` cycles; those unlike the median one had a flash lost or doubled.
fn repetition(
    runs: &[Vec<Cycle>],
    flashes: usize,
    same: impl Fn(f64, f64) -> bool,
) -> Option<Period> {
    let mut whole: Vec<Cycle> = runs
        .iter()
        .flat_map(|run| run.windows(flashes))
        .map(|w| Cycle {
            length_s: w.iter().map(|c| c.length_s).sum(),
            lit_s: w.iter().map(|c| c.lit_s).sum(),
            edge_sd_s: w[0].edge_sd_s,
        })
        .collect();
    whole.sort_by(|a, b| a.length_s.total_cmp(&b.length_s));
    let median = whole.get(whole.len() / 2)?.length_s;
    whole.retain(|c| same(c.length_s, median));
    // Windows that overlap share their edges: so many of them are of their own.
    let n = (whole.len() as f64 / flashes as f64).max(1.0);
    let mean = |f: &dyn Fn(&Cycle) -> f64| whole.iter().map(f).sum::<f64>() / whole.len() as f64;
    let lengths: Vec<f64> = whole.iter().map(|c| c.length_s).collect();
    let value = mean(&|c| c.length_s);
    let jitter_s = spread(&lengths, value);
    let edge_sd_s = mean(&|c| c.edge_sd_s.powi(2)).sqrt();
    let duties: Vec<f64> = whole.iter().map(|c| c.lit_s / c.length_s).collect();
    let duty = mean(&|c| c.lit_s / c.length_s);
    // Each flash has two edges.
    let duty_edges = edge_sd_s * (2.0 * flashes as f64).sqrt() / value;
    Some(Period {
        period: Estimate {
            value,
            sd: (jitter_s / n.sqrt()).max(edge_sd_s * 2f64.sqrt() / n),
        },
        flashes,
        duty: Estimate {
            value: duty,
            sd: duty_edges.max(spread(&duties, duty)) / n.sqrt(),
        },
        jitter_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulses::{Color, ColorSet};

    const EDGE_SD_S: f64 = 0.005;

    /// Spans of these lengths in s: positive lit, negative dark, NaN one second unseen.
    fn train(lengths: &[f64]) -> Train {
        let mut at = 0.0;
        let mut spans = Vec::new();
        for &l in lengths {
            let (length, look) = match l {
                l if l.is_nan() => (1.0, Look::Unseen),
                l if l > 0.0 => (l, Look::lit(ColorSet::of(Color::Red))),
                l => (-l, Look::Off),
            };
            spans.push(Span {
                start_s: at,
                end_s: at + length,
                start_sd_s: EDGE_SD_S,
                end_sd_s: EDGE_SD_S,
                look,
            });
            at += length;
        }
        Train {
            spans,
            duration_s: at,
            frame_interval_s: 1.0 / 30.0,
        }
    }

    #[test]
    fn plain_blinking_has_period_and_duty() {
        let r = Rhythm::of(&train(&[-0.2, 0.3, -0.7, 0.32, -0.68, 0.28, -0.72, 0.1]));
        let p = r.period.unwrap();
        assert!((p.period.value - 1.0).abs() < 1e-9, "{p:?}");
        assert!((p.duty.value - 0.3).abs() < 0.01, "{p:?}");
        assert_eq!(p.flashes, 1);
        let on = r.on.unwrap();
        assert_eq!(on.count, 3, "the span that the clip cuts is left out");
        assert!((on.min_s - 0.28).abs() < 1e-9 && (on.max_s - 0.32).abs() < 1e-9);
        assert!((on.spread_s - 0.02).abs() < 1e-9, "{on:?}");
        assert!((on.mean.sd - 0.02 / 3f64.sqrt()).abs() < 1e-9, "{on:?}");
    }

    #[test]
    fn groups_repeat_as_a_whole() {
        let group = [0.2, -0.2, 0.2, -0.2, 0.2, -2.0];
        let lengths = [&[-1.0], &group[..], &group[..], &group[..]].concat();
        let p = Rhythm::of(&train(&lengths)).period.unwrap();
        assert_eq!(p.flashes, 3);
        assert!((p.period.value - 3.0).abs() < 1e-9, "{p:?}");
        assert!((p.duty.value - 0.2).abs() < 1e-9, "{p:?}");
    }

    #[test]
    fn a_long_group_is_not_plain_blinking() {
        let group = [[0.2, -0.2].repeat(9), vec![0.2, -2.0]].concat();
        let lengths = [&[-1.0], &group[..], &group[..], &group[..]].concat();
        let p = Rhythm::of(&train(&lengths)).period.unwrap();
        assert_eq!(p.flashes, 10);
        assert!((p.period.value - 5.8).abs() < 1e-9, "{p:?}");
    }

    #[test]
    fn irregular_switching_has_no_period() {
        let r = Rhythm::of(&train(&[
            -1.0, 0.3, -0.9, 1.2, -0.4, 0.5, -2.0, 2.1, -0.3, 0.4, -1.0,
        ]));
        assert_eq!(r.period, None);
        assert_eq!(r.on.unwrap().count, 5);
    }

    #[test]
    fn steady_and_empty_trains_have_no_lengths() {
        assert_eq!(Rhythm::of(&train(&[5.0])), Rhythm::default());
        assert_eq!(Rhythm::of(&train(&[])), Rhythm::default());
    }

    #[test]
    fn a_time_out_of_sight_breaks_the_cycle_and_not_the_period() {
        let mut lengths = vec![-0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.2, f64::NAN];
        lengths.extend([0.1, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5]);
        let r = Rhythm::of(&train(&lengths));
        assert!((r.period.unwrap().period.value - 1.0).abs() < 1e-9);
        assert!((r.on.unwrap().max_s - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_lost_flash_does_not_hide_the_period() {
        let mut lengths = vec![-0.5];
        for i in 0..12 {
            if i == 5 {
                let last: &mut f64 = lengths.last_mut().unwrap();
                *last -= 1.0;
            } else {
                lengths.extend([0.5, -0.5]);
            }
        }
        let p = Rhythm::of(&train(&lengths)).period.unwrap();
        assert!((p.period.value - 1.0).abs() < 1e-9, "{p:?}");
    }
}
