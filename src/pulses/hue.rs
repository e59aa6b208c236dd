//! Naming the colour of a light from its linear light over the surround.

use super::{Color, ColorSet};

/// Share of colour in a light (largest excess channel over total light) at which white and coloured are equally likely, and the
/// width of the change, for status lights of which few are white. Of 340 rendered coloured lights 2 in 100 fell below 0.45,
/// where bleeding chroma or a burnt-out core pales them; of 9 white ones 2 in 10 reached 0.6.
const WHITE_SATURATION: f64 = 0.3;
const WHITE_WIDTH: f64 = 0.08;
/// The same of a halo, which does not clip: a coloured one has 0.75 and more, a white one under a wrong white balance up to that.
const WHITE_HALO: f64 = 0.7;
/// The same of a light of a hue that no white balance gives to white: that of green, or of red with blue.
const WHITE_OFF_LOCUS: f64 = 0.22;
/// Hues in degrees to which a wrong white balance turns white, as of black bodies: of bulbs, of shade; and how far others lie
/// from them.
const LOCUS: [f64; 2] = [20.0, 235.0];
const LOCUS_WIDTH: f64 = 45.0;
/// Natural log of the odds of white that either of the two may tell at most: 3 in 100 look quite otherwise.
const MOST_LOG_ODDS: f64 = 3.5;
/// Saturation from which on a halo tells a colour: the least pure emitters have it after a camera's crosstalk, white
/// under a wrong white balance has half of it. A paler one may as well be the plate around.
const COLORED_HALO: f64 = 0.5;
/// Light of the halo (linear) from which on its colour is told: cell noise of 0.02 over a dozen cells leaves a quarter.
const LEAST_HALO: f64 = 0.02;
/// Share of its brightest channel that a halo's darkest may fall short of the surround by noise. Light takes none away: where
/// more is missing, it is chroma that bled from the core without its luma (4:2:0), which makes any halo look purer.
const BLED: f64 = 0.1;
/// Share of the core's chroma that reaches the halo where chroma is stored at half the size (4:2:0): a sample in four
/// straddles the lens's border, and codecs smooth it further.
const LEAK: f64 = 0.25;
/// Smallest channel of a coloured emitter as a share of its largest: crosstalk of the sensor's filters.
const CROSSTALK: f64 = 0.05;
/// Standard deviations of hue (degrees) and saturation as measured of what clips: noise, compression, the rim that does not.
const CLIPPED_HUE_SD: f64 = 10.0;
const SATURATION_SD: f64 = 0.15;
/// Share of a light that clips up to which its hue is that of the emitter.
const CLEAR_BURNT: f64 = 0.01;
/// Emitters of a class differ, and clipping makes more of it: a green of a little more yellow burns out to yellow, one of a
/// little more blue to cyan. Standard deviations from the class's centre, and their weights (normal).
const MAKES: [(f64, f64); 5] = [
    (-2.0, 0.054),
    (-1.0, 0.242),
    (0.0, 0.408),
    (1.0, 0.242),
    (2.0, 0.054),
];
/// Times that a light may be burnt out, in steps of equal ratio: what phones do in a dark room.
const EXPOSURES: [f64; 10] = [1.0, 1.4, 1.9, 2.7, 3.7, 5.2, 7.2, 10.0, 14.0, 20.0];
/// A belief below this is dropped.
const MIN_BELIEF: f64 = 0.03;

/// Centre and standard deviation in degrees, how often status lights have it, and its colours.
type Hue = (f64, f64, f64, &'static [Color]);

/// What a camera makes of an emitter or a pair. Centres: dominant wavelengths of common indicator LEDs (red 620-630, amber
/// 590-605, green 520-530, blue 465-470 nm) through the colour matrices of consumer sensors. Spreads: white balance, and
/// clipping, which pulls red towards yellow and blue towards cyan; for that reason amber needs a clear hue.
const HUES: [Hue; 7] = [
    (4.0, 14.0, 1.0, &[Color::Red]),
    (38.0, 10.0, 0.5, &[Color::Amber]),
    (60.0, 10.0, 0.2, &[Color::Amber]),
    (135.0, 20.0, 1.0, &[Color::Green]),
    (180.0, 12.0, 0.5, &[Color::Green, Color::Blue]),
    (220.0, 16.0, 1.0, &[Color::Blue]),
    (300.0, 20.0, 0.1, &[Color::Red, Color::Blue]),
];

/// The same of light that does not clip, where red and amber are narrow: of monochromatic light 620 nm and more has no green
/// left in linear sRGB (0 degrees), 600 nm has 4 degrees, 590 nm 12, 580 nm 27 (CIE 1931 observer); a sensor's broader filters
/// add some. 210 rendered reds read from their halo were at -10 to 7 degrees and, after coarser codecs, up to 14, 15 ambers
/// at 3 to 25.
const CLEAR_HUES: [Hue; 7] = [
    (2.0, 6.0, 1.0, &[Color::Red]),
    (14.0, 7.0, 0.4, &[Color::Amber]),
    (38.0, 15.0, 0.3, &[Color::Amber]),
    HUES[3],
    HUES[4],
    HUES[5],
    HUES[6],
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

/// What the eyes measured of a light's colour. Linear light.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tint {
    /// The coloured part, and all of it.
    pub excess: [f64; 3],
    pub total: [f64; 3],
    /// Share of it that clips, 0..1, and the light around that does not; 0 where nothing clips.
    pub burnt: f64,
    pub halo: [f64; 3],
}

/// The colour sets that a light of this tint may be, likeliest first; the probabilities sum to 1.
///
/// What clips leans to yellow or to cyan the more it does; the halo of a light that burns out shows what the emitter does. Each
/// says its part, and what one leaves open the other decides.
pub fn name(tint: &Tint) -> Vec<(ColorSet, f64)> {
    let core = tint.excess.map(|v| v.max(0.0));
    let halo = tint.clear_halo();
    let white = white(tint, core, halo);
    let mut beliefs: Vec<(ColorSet, f64)> = vec![(ColorSet::of(Color::White), white)];
    if let Some(h) = hue(core) {
        let hues = if tint.burnt < CLEAR_BURNT {
            &CLEAR_HUES
        } else {
            &HUES
        };
        let saturation = saturation(core, tint.total);
        let halo = halo.and_then(hue);
        let weights: [f64; 7] = std::array::from_fn(|i| {
            let by_core = density(&hues[i], h, saturation, tint.burnt);
            let by_halo = halo.map_or(1.0, |h| density(&CLEAR_HUES[i], h, 1.0, 0.0));
            hues[i].2 * by_core * by_halo
        });
        let all: f64 = weights.iter().sum();
        for ((_, _, _, colors), w) in hues.iter().zip(weights) {
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

impl Tint {
    /// The coloured part of the halo, where that tells a colour.
    fn clear_halo(&self) -> Option<[f64; 3]> {
        let least = self.halo.iter().copied().fold(f64::INFINITY, f64::min);
        let halo = self.halo.map(|v| (v - least.max(0.0)).max(0.0));
        let top = most(self.halo);
        (top >= LEAST_HALO && most(halo) >= COLORED_HALO * top && least >= -BLED * top)
            .then_some(halo)
    }
}

/// Likelihood of a hue (degrees) and a saturation, of a light of which the share `burnt` clips, where the emitter is of this kind.
fn density(&(centre, sd, ..): &Hue, hue: f64, saturation: f64, burnt: f64) -> f64 {
    // What a light of this hue looks like that is exposed so many times.
    let seen = |centre: f64, sd: f64, times: f64| {
        let (clipped, pure) = burnt_out(centre, times);
        let d = turn(hue, clipped);
        let s = (saturation - pure) / SATURATION_SD;
        (-0.5 * (d / sd).powi(2) - 0.5 * s * s).exp() / sd
    };
    let exposed = |times: f64| -> f64 {
        let makes = MAKES.iter();
        makes
            .map(|(z, w)| w * seen(centre + z * sd, CLIPPED_HUE_SD, times))
            .sum()
    };
    let plain = seen(centre, sd, 1.0);
    let density = match burnt {
        0.0 => plain,
        b => {
            let sum: f64 = EXPOSURES.iter().map(|&k| exposed(k)).sum();
            (1.0 - b) * plain + b * sum / EXPOSURES.len() as f64
        }
    };
    // A floor keeps hues between classes from being certain.
    density + 1e-6
}

/// Largest channel, 0 at least.
fn most(c: [f64; 3]) -> f64 {
    c.iter().copied().fold(0.0, f64::max)
}

/// Share of colour in a light, 0..1, given the coloured part and all of it.
fn saturation(excess: [f64; 3], total: [f64; 3]) -> f64 {
    let light = most(total).max(most(excess));
    if light > 0.0 {
        most(excess) / light
    } else {
        0.0
    }
}

/// Probability that a light is white, given the coloured parts of its core and, where that tells a colour, of its halo.
fn white(tint: &Tint, core: [f64; 3], halo: Option<[f64; 3]>) -> f64 {
    let tinted = hue(halo.unwrap_or(core)).is_some_and(|h| {
        let away = LOCUS.map(|l| turn(h, l).abs());
        away[0].min(away[1]) < LOCUS_WIDTH
    });
    let log_odds = |even: f64, saturation: f64| {
        ((even - saturation) / WHITE_WIDTH).clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS)
    };
    let even = if tinted {
        WHITE_SATURATION
    } else {
        WHITE_OFF_LOCUS
    };
    let mut log = log_odds(even, saturation(core, tint.total));
    if let Some(halo) = halo {
        if log > 0.0 {
            // A white core tells as far as its chroma explains the halo's.
            log *= (LEAK * most(core) / most(halo)).min(1.0);
        }
        log += log_odds(WHITE_HALO, most(halo) / most(tint.halo));
    }
    1.0 / (1.0 + (-log).exp())
}

/// From hue `b` to hue `a`, -180 to 180 degrees.
fn turn(a: f64, b: f64) -> f64 {
    (a - b + 180.0).rem_euclid(360.0) - 180.0
}

/// Hue in degrees and saturation of what clips of a light of hue `centre` that is burnt out `times`.
fn burnt_out(centre: f64, times: f64) -> (f64, f64) {
    // Distance from the hue of the channel, 0 to 60 degrees either way, is that of the second channel from 0 to 1.
    let ramp = |offset: f64| {
        let d = turn(centre, offset);
        (2.0 - d.abs() / 60.0).clamp(0.0, 1.0)
    };
    let clipped = [0.0, 120.0, 240.0]
        .map(|offset| (times * (CROSSTALK + (1.0 - CROSSTALK) * ramp(offset))).min(1.0));
    let least = clipped.into_iter().fold(1.0, f64::min);
    (hue(clipped).unwrap_or(centre), 1.0 - least)
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
            let named = name(&Tint {
                excess,
                total,
                ..Tint::default()
            });
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
        let named = |green: f64, burnt: f64| {
            let excess = [1.0, green, 0.0];
            name(&Tint {
                excess,
                total: excess,
                burnt,
                ..Tint::default()
            })
        };
        for between in [named(0.16, 0.0), named(0.45, 0.6)] {
            assert!(between[0].1 < 0.97 && between.len() > 1, "{between:?}");
        }
        // The same hue that a burnt-out red may have is amber where nothing clips.
        assert_eq!(named(0.45, 0.0), [(ColorSet::of(Color::Amber), 1.0)]);
    }

    #[test]
    fn core_and_halo_each_say_their_part() {
        let belief = |core: [f64; 3], halo: [f64; 3], color| {
            let named = name(&Tint {
                excess: core,
                total: core.map(|v| v.max(0.5)),
                burnt: 0.5,
                halo,
            });
            let set = ColorSet::of(color);
            named.iter().find(|b| b.0 == set).map_or(0.0, |b| b.1)
        };
        let (orange, red) = ([0.9, 0.6, 0.0], [0.9, 0.1, 0.0]);
        let (between, pure) = ([0.04, 0.006, 0.0], [0.2, 0.0, 0.0]);
        assert!(belief(orange, between, Color::Amber) > 0.8);
        assert!(belief(red, between, Color::Red) > 0.7);
        assert!(belief(red, pure, Color::Red) > 0.95);
        let contrary = belief(orange, pure, Color::Red);
        assert!((0.1..0.9).contains(&contrary), "{contrary}");
        // A white lamp in the light of bulbs: its core is pale, its halo no purer than shade is.
        let white = name(&Tint {
            excess: [0.0, 0.0, 0.177],
            total: [0.41, 0.41, 0.53],
            burnt: 0.46,
            halo: [0.04, 0.044, 0.113],
        });
        assert_eq!(white[0].0, ColorSet::of(Color::White), "{white:?}");
    }

    #[test]
    fn a_green_that_burns_out_to_yellow_is_no_red() {
        let green = ColorSet::of(Color::Green);
        let tint = Tint {
            excess: [0.13, 0.36, 0.0],
            total: [0.5, 0.66, 0.35],
            burnt: 0.6,
            ..Tint::default()
        };
        assert_eq!(name(&tint)[0].0, green);
    }

    #[test]
    fn a_halo_no_stronger_than_what_leaks_from_the_core_leaves_white_possible() {
        let belief = |halo: [f64; 3]| {
            let tint = Tint {
                excess: [0.0, 0.02, 0.13],
                total: [0.49, 0.51, 0.56],
                burnt: 0.56,
                halo,
            };
            let named = name(&tint);
            let white = named.iter().find(|b| b.0 == ColorSet::of(Color::White));
            white.map_or(0.0, |b| b.1)
        };
        assert!(belief([0.010, 0.012, 0.040]) > 0.3);
        assert!(belief([0.03, 0.04, 0.40]) < 0.1);
    }

    #[test]
    fn what_clips_leans_to_cyan_and_the_halo_knows_better() {
        let blue = ColorSet::of(Color::Blue);
        let burnt = Tint {
            excess: [0.0, 0.6, 0.66],
            total: [0.3, 0.9, 1.0],
            burnt: 1.0,
            ..Tint::default()
        };
        let belief = |t: &Tint, set| {
            let named = name(t);
            named.iter().find(|b| b.0 == set).map_or(0.0, |b| b.1)
        };
        let measured = Tint {
            burnt: 0.0,
            ..burnt
        };
        let (known, unknown) = (belief(&burnt, blue), belief(&measured, blue));
        assert!(known > 0.25 && known > 2.0 * unknown, "{known} {unknown}");
        let with_halo = Tint {
            halo: [0.02, 0.06, 0.2],
            ..burnt
        };
        assert!(belief(&with_halo, blue) > 0.9);
        let (plain, much) = (burnt_out(4.0, 1.0), burnt_out(4.0, 14.0));
        assert!((plain.0 - 4.0).abs() < 4.0 && plain.1 > 0.9, "{plain:?}");
        assert!(much.0 > 50.0 && much.1 < 0.4, "{much:?}");
    }
}
