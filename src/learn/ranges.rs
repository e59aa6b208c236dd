//! From measured lengths to the range that other devices of the model are expected to keep to.
//!
//! A length that is seen again and again in one clip is soon known to a millisecond, for this device on this day.
//! Others of its model differ, and how much is what few clips tell little about. So the spread between clips is
//! estimated from them together with what is known of small controllers beforehand, as a normal model with a
//! conjugate prior has it, and the range is the one in which the next clip's length is expected to lie with 95 %.

use crate::devices::{Length, Seconds};

/// Spread of one nominal time over devices before any is seen, as a share (standard deviation). Small controllers count
/// time by an RC oscillator that its maker calibrates to ±10 % (ATmega48A/PA/88A/PA/168A/PA/328/P data sheet,
/// "Calibration accuracy of internal RC oscillator"), here two standard deviations.
const SPREAD: f64 = 0.05;
/// How many clips that is worth.
const SPREAD_CLIPS: f64 = 4.0;
/// Error that all lengths of a clip share, in frames (standard deviation): a saturated flash counts whole for a
/// frame that it lit in part only, so all flashes look longer and all gaps shorter.
const SHARED_FRAMES: f64 = 0.5;

/// The range in s for the lengths that each clip showed (one list a clip, with that clip's time between frames in s);
/// `None` when no length was seen with both ends. It holds the mean length of every clip.
pub fn range(clips: &[Vec<Length>], frame_s: &[f64]) -> Option<Seconds> {
    // Logarithms: errors of clocks are shares.
    let measured: Vec<(f64, f64)> = clips
        .iter()
        .zip(frame_s)
        .filter_map(|(lengths, &frame_s)| clip(lengths, frame_s))
        .collect();
    let m = measured.len() as f64;
    if measured.is_empty() {
        return None;
    }
    let mean = measured.iter().map(|c| c.0).sum::<f64>() / m;
    let squares: f64 = measured.iter().map(|c| (c.0 - mean).powi(2)).sum();
    let freedom = SPREAD_CLIPS + m - 1.0;
    let between = (SPREAD_CLIPS * SPREAD.powi(2) + squares) / freedom;
    let within = measured.iter().map(|c| c.1).sum::<f64>() / m;
    let half = student(freedom) * (between * (1.0 + 1.0 / m) + within).sqrt();
    let least = measured.iter().map(|c| c.0).fold(mean - half, f64::min);
    let most = measured.iter().map(|c| c.0).fold(mean + half, f64::max);
    Some(Seconds {
        min: down(least.exp()),
        max: up(most.exp()),
    })
}

/// Logarithm of a clip's mean length, and its variance.
fn clip(lengths: &[Length], frame_s: f64) -> Option<(f64, f64)> {
    let whole: Vec<&Length> = lengths.iter().filter(|l| !l.cut).collect();
    let n = whole.len() as f64;
    let mean = whole.iter().map(|l| l.s).sum::<f64>() / n;
    if whole.is_empty() || mean <= 0.0 {
        return None;
    }
    let measured = whole.iter().map(|l| l.sd_s.powi(2)).sum::<f64>() / n;
    let seen = whole.iter().map(|l| (l.s - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let variance = measured.max(seen) / n + (SHARED_FRAMES * frame_s).powi(2);
    Some((mean.ln(), variance / mean.powi(2)))
}

/// The 97.5 % quantile of Student's distribution with `freedom` degrees of freedom, 4 or more: the expansion
/// of Abramowitz and Stegun 26.7.5, off by less than 0.01 there.
fn student(freedom: f64) -> f64 {
    const Z: f64 = 1.959_964;
    let z = |n: i32| Z.powi(n);
    Z + (z(3) + Z) / (4.0 * freedom)
        + (5.0 * z(5) + 16.0 * z(3) + 3.0 * Z) / (96.0 * freedom.powi(2))
        + (3.0 * z(7) + 19.0 * z(5) + 17.0 * z(3) - 15.0 * Z) / (384.0 * freedom.powi(3))
}

/// Rounded to 10 ms, finer than any range, outwards; never 0.
pub fn down(s: f64) -> f64 {
    ((s * 100.0).floor() / 100.0).max(0.01)
}

fn up(s: f64) -> f64 {
    ((s * 100.0).ceil() / 100.0).max(0.01)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_S: f64 = 1.0 / 30.0;

    fn lengths(s: &[f64]) -> Vec<Length> {
        s.iter()
            .map(|&s| Length {
                s,
                sd_s: 0.01,
                cut: false,
            })
            .collect()
    }

    fn of(clips: &[&[f64]]) -> Seconds {
        let clips: Vec<Vec<Length>> = clips.iter().map(|c| lengths(c)).collect();
        range(&clips, &vec![FRAME_S; clips.len()]).unwrap()
    }

    #[test]
    fn the_quantiles_are_those_of_the_tables() {
        for (freedom, t) in [(4.0, 2.776), (6.0, 2.447), (10.0, 2.228), (30.0, 2.042)] {
            assert!((student(freedom) - t).abs() < 0.01, "{freedom}");
        }
    }

    #[test]
    fn one_clip_leaves_room_for_other_devices_and_more_clips_for_less() {
        let width = |s: Seconds| s.max - s.min;
        let one = of(&[&[1.0, 1.01, 0.99]]);
        assert!(one.min < 0.85 && one.min > 0.7, "{one:?}");
        let alike = of(&[&[1.0, 1.01], &[1.0, 0.99], &[1.0], &[1.0, 1.0]]);
        assert!(width(alike) < width(one), "{alike:?} {one:?}");
        let unlike = of(&[&[1.0, 1.01], &[1.3, 1.31], &[0.8], &[1.1]]);
        assert!(width(unlike) > width(one), "{unlike:?} {one:?}");
        assert!(unlike.contains(0.8) && unlike.contains(1.3), "{unlike:?}");
    }

    #[test]
    fn short_flashes_are_known_less_well_at_the_same_frame_rate() {
        let share = |s: Seconds| (s.max / s.min).ln();
        assert!(share(of(&[&[0.1, 0.1]])) > 1.5 * share(of(&[&[1.0, 1.0]])));
    }

    #[test]
    fn what_was_cut_is_no_length() {
        let mut cut = lengths(&[0.2]);
        cut[0].cut = true;
        assert_eq!(range(&[cut], &[FRAME_S]), None);
        assert_eq!(range(&[], &[]), None);
    }
}
