//! Naming the colour of a light from its linear excess over the surround.

use super::{Color, ColorSet};

/// Share of colour in the light (largest excess channel over total light) at which white and coloured are
/// equally likely, and the width of the change. A burnt-out coloured light still colours its rim by a third;
/// white light under a wrong white balance stays below a seventh.
const WHITE_SATURATION: f64 = 0.22;
const WHITE_WIDTH: f64 = 0.05;
/// A belief below this is dropped.
const MIN_BELIEF: f64 = 0.03;

/// What a camera makes of an emitter or a pair: centre and standard deviation of the hue in degrees, and how often
/// status lights have it. Centres: dominant wavelengths of common indicator LEDs (red 620-630, amber 590-605, green
/// 520-530, blue 465-470 nm) through the colour matrices of consumer sensors. Spreads: white balance, and clipping,
/// which pulls red towards yellow and blue towards cyan; for that reason amber needs a clear hue.
const HUES: [(f64, f64, f64, &[Color]); 7] = [
    (4.0, 14.0, 1.0, &[Color::Red]),
    (38.0, 10.0, 0.2, &[Color::Amber]),
    (60.0, 10.0, 0.2, &[Color::Amber]),
    (135.0, 20.0, 1.0, &[Color::Green]),
    (180.0, 12.0, 0.5, &[Color::Green, Color::Blue]),
    (220.0, 16.0, 1.0, &[Color::Blue]),
    (300.0, 20.0, 0.1, &[Color::Red, Color::Blue]),
];

/// Hue in degrees, 0 red, 120 green, 240 blue; `None` for grey.
pub fn hue([r, g, b]: [f64; 3]) -> Option<f64> {
    let max = r.max(g).max(b);
    let min = r.min(g).min(b);
    let c = max - min;
    if c <= 1e-9 {
        return None;
    }
    let h = if max == r {
        (g - b) / c
    } else if max == g {
        2.0 + (b - r) / c
    } else {
        4.0 + (r - g) / c
    };
    Some((h * 60.0).rem_euclid(360.0))
}

/// The colour sets that light of this `excess` (coloured part) and `total` (all of it, both linear) may be,
/// likeliest first; the probabilities sum to 1.
pub fn name(excess: [f64; 3], total: [f64; 3]) -> Vec<(ColorSet, f64)> {
    let e = excess.map(|v| v.max(0.0));
    let most = e.iter().copied().fold(0.0, f64::max);
    let light = total.iter().copied().fold(0.0, f64::max).max(most);
    let saturation = if light > 0.0 { most / light } else { 0.0 };
    let white = 1.0 / (1.0 + ((saturation - WHITE_SATURATION) / WHITE_WIDTH).exp());
    let mut beliefs: Vec<(ColorSet, f64)> = vec![(ColorSet::of(Color::White), white)];
    if let Some(h) = hue(e) {
        let weights = HUES.map(|(centre, sd, prior, _)| {
            let d = (h - centre + 180.0).rem_euclid(360.0) - 180.0;
            // A floor keeps hues between classes from being certain.
            prior * ((-0.5 * (d / sd).powi(2)).exp() / sd + 1e-6)
        });
        let all: f64 = weights.iter().sum();
        for ((_, _, _, colors), w) in HUES.iter().zip(weights) {
            let set: ColorSet = colors.iter().copied().collect();
            let p = (1.0 - white) * w / all;
            match beliefs.iter_mut().find(|b| b.0 == set) {
                Some(b) => b.1 += p,
                None => beliefs.push((set, p)),
            }
        }
    }
    beliefs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let best = beliefs[0].1;
    beliefs.retain(|b| b.1 >= MIN_BELIEF || b.1 == best);
    let kept: f64 = beliefs.iter().map(|b| b.1).sum();
    for b in &mut beliefs {
        b.1 /= kept;
    }
    beliefs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_and_mixed_colours_get_their_names() {
        let cases: [([f64; 3], &[Color]); 7] = [
            ([1.0, 0.05, 0.0], &[Color::Red]),
            ([1.0, 0.55, 0.0], &[Color::Amber]),
            ([0.0, 1.0, 0.3], &[Color::Green]),
            ([0.0, 0.25, 1.0], &[Color::Blue]),
            ([0.0, 1.0, 1.0], &[Color::Green, Color::Blue]),
            ([0.02, 0.0, 0.01], &[Color::White]),
            ([1.0, 0.0, 1.0], &[Color::Red, Color::Blue]),
        ];
        for (excess, want) in cases {
            let total = if want == [Color::White] {
                [1.0; 3]
            } else {
                excess
            };
            let named = name(excess, total);
            assert_eq!(
                named[0].0,
                want.iter().copied().collect(),
                "{excess:?}: {named:?}"
            );
            assert!((named.iter().map(|b| b.1).sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_hue_between_two_names_is_told_as_doubt() {
        let named = name([1.0, 0.45, 0.0], [1.0, 0.45, 0.0]);
        assert!(named[0].1 < 0.97 && named.len() > 1, "{named:?}");
    }
}
