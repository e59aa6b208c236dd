//! How a light of one colour may be read as another.

use std::sync::OnceLock;

use crate::pulses::{Color, ColorSet};

/// Number of colour sets, dark included.
const SETS: usize = 32;
/// Probability of each look that an unknown light may plausibly have: five colours, two pairs and the rest.
pub const ANY: f64 = 1.0 / 8.0;

/// By how much the eyes take a light for coloured rather than white before they look: they call those white and coloured
/// alike likely that have a saturation of 0.3, where lights of 0.47 are as often white as coloured (2 in 100 rendered coloured
/// ones are below 0.45, 2 in 10 white ones above 0.6), two of their standard widths of log odds higher.
const WHITE_RARE: f64 = 8.0;

/// Weight of reading `seen` where `lit` is lit, before normalising. Reasons: an overexposed core is white, and is read so where
/// nothing around it tells better (2 of 183 red and blue lights of rendered clips); what clipping leaves open between red and
/// amber is in the belief, and beyond it 2 of 286 rendered red lights are read as amber, and more by a camera whose white
/// balance is unlike the simulator's; of two emitters one may outshine the other or both be seen where a lens colours one;
/// blue drifts towards white.
fn weight(lit: ColorSet, seen: ColorSet) -> f64 {
    use Color::{Amber, Blue, Green, Red, White};
    let is = |c: Color| ColorSet::of(c);
    if lit == seen {
        return 1.0;
    }
    let pair = |a: ColorSet, b: ColorSet| (lit == a && seen == b) || (lit == b && seen == a);
    if pair(is(Amber), is(Red).with(Green)) {
        return 0.5;
    }
    if pair(is(White), is(Red).with(Green).with(Blue)) {
        return 0.5;
    }
    if pair(is(Red), is(Amber)) {
        return 0.03;
    }
    if seen == is(White) {
        return 0.02;
    }
    if pair(is(Blue), is(White)) || pair(is(Amber), is(White)) {
        return 0.04;
    }
    if pair(is(Green), is(Amber)) {
        return 0.01;
    }
    let subset = |a: ColorSet, b: ColorSet| a.union(b) == b;
    if subset(seen, lit) {
        return 0.04;
    }
    if subset(lit, seen) {
        return 0.02;
    }
    1e-4
}

fn table() -> &'static [[f64; SETS]; SETS] {
    static TABLE: OnceLock<[[f64; SETS]; SETS]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut t = [[0.0; SETS]; SETS];
        for (i, row) in t.iter_mut().enumerate().skip(1) {
            for (j, p) in row.iter_mut().enumerate().skip(1) {
                *p = weight(ColorSet::from_bits(i as u8), ColorSet::from_bits(j as u8));
            }
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= sum);
        }
        t
    })
}

/// Probability that `lit` is read as `seen`; neither is dark.
pub fn confusion(lit: ColorSet, seen: ColorSet) -> f64 {
    table()[lit.bits() as usize][seen.bits() as usize]
}

/// How likely these beliefs are where `lit` is lit.
pub fn likelihood(lit: ColorSet, beliefs: &[(ColorSet, f64)]) -> f64 {
    let readings = beliefs.iter();
    readings
        .map(|&(seen, belief)| belief * confusion(lit, seen))
        .sum()
}

/// The beliefs by what was seen alone, without what the eyes expect of lights: how often a device shows white is for its
/// file to say, and counted twice it would make a pale lamp blue beyond doubt.
pub fn by_sight(beliefs: &[(ColorSet, f64)]) -> impl Iterator<Item = (ColorSet, f64)> {
    let white = ColorSet::of(Color::White);
    let odds = move |&(set, p): &(ColorSet, f64)| p * if set == white { WHITE_RARE } else { 1.0 };
    let sum: f64 = beliefs.iter().map(odds).sum();
    beliefs.iter().map(move |b| (b.0, odds(b) / sum))
}

/// The colour that is believed most.
pub fn likeliest(beliefs: &[(ColorSet, f64)]) -> ColorSet {
    let best = beliefs.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    best.map_or(ColorSet::NONE, |b| b.0)
}

/// The belief that the colour is `seen`.
pub fn belief(beliefs: &[(ColorSet, f64)], seen: ColorSet) -> f64 {
    beliefs.iter().filter(|b| b.0 == seen).map(|b| b.1).sum()
}
