//! What colours the flashes of a clip are, taken together.
//!
//! One flash of ten may be read as red where the others are amber, and one camera sees as blue and green what is green
//! to another. What a light shows again and again is likelier than what it shows once.

use crate::pulses::{ColorSet, Look, Span, Train};

/// Chance that a flash is of a colour that the eyes hold impossible for it.
const SLIP: f64 = 0.005;
/// Rounds of estimation; the shares change no more after a few.
const ROUNDS: usize = 20;
/// Two beliefs (as a sum of roots of products: 1 is the same, 0 excludes one another) that may be of one colour.
const ALIKE: f64 = 0.35;

/// Probabilities of colour sets; those that it does not name have [`SLIP`].
type Belief = Vec<(ColorSet, f64)>;

/// For each look of a clip what it may be.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Palette(Vec<(ColorSet, Belief)>);

fn of(belief: &[(ColorSet, f64)], set: ColorSet) -> f64 {
    let named = belief.iter().find(|b| b.0 == set);
    named.map_or(SLIP, |b| b.1.max(SLIP))
}

/// `train` with each flash in the colour that it likeliest has, given all of them, and what the colours may be instead.
pub fn settle(train: &Train) -> (Train, Palette) {
    let mut shares: Belief = Vec::new();
    for span in &train.spans {
        if let Look::Lit(belief) = &span.look {
            for &(set, p) in belief {
                add(&mut shares, set, p);
            }
        }
    }
    for _ in 0..ROUNDS {
        let mut next: Belief = shares.iter().map(|&(set, _)| (set, 0.0)).collect();
        for span in &train.spans {
            if let Look::Lit(belief) = &span.look {
                let weight = |&(set, share): &(ColorSet, f64)| share * of(belief, set);
                let sum: f64 = shares.iter().map(weight).sum();
                for (to, from) in next.iter_mut().zip(&shares) {
                    to.1 += weight(from) / sum;
                }
            }
        }
        shares = next;
    }
    let mut palette = Palette::default();
    let mut spans: Vec<Span> = Vec::new();
    for span in &train.spans {
        let mut span = span.clone();
        if let Look::Lit(belief) = &span.look {
            let likely = |b: &(ColorSet, f64)| b.1 * of(belief, b.0);
            let best = shares.iter().max_by(|a, b| likely(a).total_cmp(&likely(b)));
            if let Some(&(set, _)) = best {
                palette.add(set, belief);
                span.look = Look::lit(set);
            }
        }
        match spans.last_mut() {
            Some(last) if last.look == span.look => {
                (last.end_s, last.end_sd_s) = (span.end_s, span.end_sd_s);
            }
            _ => spans.push(span),
        }
    }
    palette.normalise();
    (Train { spans, ..*train }, palette)
}

fn add(belief: &mut Belief, set: ColorSet, p: f64) {
    match belief.iter_mut().find(|b| b.0 == set) {
        Some(b) => b.1 += p,
        None => belief.push((set, p)),
    }
}

impl Palette {
    fn add(&mut self, set: ColorSet, belief: &[(ColorSet, f64)]) {
        let i = self.0.iter().position(|e| e.0 == set).unwrap_or_else(|| {
            self.0.push((set, Vec::new()));
            self.0.len() - 1
        });
        for &(other, p) in belief {
            add(&mut self.0[i].1, other, p);
        }
    }

    fn normalise(&mut self) {
        for (_, belief) in &mut self.0 {
            let sum: f64 = belief.iter().map(|b| b.1).sum();
            belief.iter_mut().for_each(|b| b.1 /= sum);
        }
    }

    /// What a look of this clip may be; dark is dark.
    fn belief(&self, look: ColorSet) -> Belief {
        let known = self.0.iter().find(|e| e.0 == look);
        known.map_or_else(|| vec![(look, 1.0)], |e| e.1.clone())
    }

    /// Whether `look` of this clip may be `other_look` of the other.
    pub fn may_be(&self, look: ColorSet, other: &Self, other_look: ColorSet) -> bool {
        if look == other_look || look.is_dark() || other_look.is_dark() {
            return look == other_look;
        }
        let (a, b) = (self.belief(look), other.belief(other_look));
        let named = |belief: &Belief, set| belief.iter().any(|x| x.0 == set);
        let both = a.iter().chain(b.iter().filter(|x| !named(&a, x.0)));
        let alike: f64 = both.map(|x| (of(&a, x.0) * of(&b, x.0)).sqrt()).sum();
        alike > ALIKE
    }
}

/// The colour that looks of several clips likeliest are.
pub fn likeliest(looks: &[(&Palette, ColorSet)]) -> ColorSet {
    let beliefs: Vec<Belief> = looks.iter().map(|(p, look)| p.belief(*look)).collect();
    let log = |set: ColorSet| -> f64 { beliefs.iter().map(|b| of(b, set).ln()).sum() };
    beliefs
        .iter()
        .flatten()
        .map(|b| b.0)
        .max_by(|&a, &b| log(a).total_cmp(&log(b)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pulses::Color;

    const RED: ColorSet = ColorSet::of(Color::Red);
    const AMBER: ColorSet = ColorSet::of(Color::Amber);
    const GREEN: ColorSet = ColorSet::of(Color::Green);
    const CYAN: ColorSet = GREEN.with(Color::Blue);

    fn train(flashes: &[&[(ColorSet, f64)]]) -> Train {
        let looks = flashes
            .iter()
            .flat_map(|b| [Look::Off, Look::Lit(b.to_vec())]);
        let spans: Vec<Span> = looks
            .enumerate()
            .map(|(i, look)| Span {
                start_s: i as f64,
                end_s: i as f64 + 1.0,
                start_sd_s: 0.0,
                end_sd_s: 0.0,
                look,
            })
            .collect();
        Train {
            duration_s: spans.len() as f64,
            spans,
            frame_interval_s: 0.1,
        }
    }

    fn colors(train: &Train) -> Vec<ColorSet> {
        train
            .pulses()
            .iter()
            .map(|p| ColorSet::of(p.color))
            .collect()
    }

    #[test]
    fn one_doubtful_flash_is_of_the_colour_of_the_others() {
        let amber: &[_] = &[(AMBER, 0.9), (RED, 0.1)];
        let doubtful: &[_] = &[(RED, 0.8), (AMBER, 0.2)];
        let (settled, _) = settle(&train(&[amber, amber, doubtful, amber, amber]));
        assert_eq!(colors(&settled), [AMBER; 5]);
        // Without doubt it is another one.
        let (settled, _) = settle(&train(&[amber, amber, &[(RED, 1.0)], amber, amber]));
        assert_eq!(colors(&settled), [AMBER, AMBER, RED, AMBER, AMBER]);
    }

    #[test]
    fn clips_in_doubt_about_a_colour_agree_on_one() {
        let (_, sure) = settle(&train(&[&[(GREEN, 0.95), (CYAN, 0.05)]]));
        let (_, doubtful) = settle(&train(&[&[(CYAN, 0.7), (GREEN, 0.3)]]));
        let (_, red) = settle(&train(&[&[(RED, 0.95), (AMBER, 0.05)]]));
        assert!(sure.may_be(GREEN, &doubtful, CYAN));
        assert!(!sure.may_be(GREEN, &red, RED));
        assert_eq!(likeliest(&[(&sure, GREEN), (&doubtful, CYAN)]), GREEN);
    }
}
