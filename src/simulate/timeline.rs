//! When frames are taken: variable rate, lost and repeated frames.

use crate::simulate::random::Random;

/// One frame of the clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Presentation time in s: when the first row's exposure begins.
    pub pts_s: f64,
    /// The picture of the frame before is shown again.
    pub repeat: bool,
}

/// The frames of a clip in order, the first at 0 s.
#[derive(Debug, Clone)]
pub struct Timeline {
    rng: Random,
    interval_s: f64,
    duration_s: f64,
    vfr: f64,
    drop: f64,
    dup: f64,
    next_s: f64,
    /// Slow part of the interval's variation, -1..1.
    slow: f64,
    first: bool,
}

impl Timeline {
    pub fn new(e: &super::Effects, fps: f64, duration_s: f64, rng: Random) -> Self {
        Self {
            rng,
            interval_s: 1.0 / fps,
            duration_s,
            vfr: e.vfr,
            drop: e.drop,
            dup: e.dup,
            next_s: 0.0,
            slow: 0.0,
            first: true,
        }
    }
}

impl Iterator for Timeline {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        loop {
            // Half an interval of grace, so that a clip of n intervals has n frames.
            if self.next_s > self.duration_s - 0.5 * self.interval_s && !self.first {
                return None;
            }
            let pts_s = self.next_s;
            // Phones change their rate slowly with the light, and each frame's time jitters a little.
            self.slow = 0.97 * self.slow + 0.06 * self.rng.real(-1.0..1.0);
            let vary = 2.0 * self.slow.clamp(-0.35, 0.35) + 0.3 * self.rng.real(-1.0..1.0);
            self.next_s += self.interval_s * (1.0 + self.vfr * vary);
            let (drop, dup) = (self.rng.chance(self.drop), self.rng.chance(self.dup));
            if self.first {
                self.first = false;
                return Some(Slot {
                    pts_s,
                    repeat: false,
                });
            }
            if !drop {
                return Some(Slot { pts_s, repeat: dup });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Effects;
    use super::*;

    fn slots(e: &Effects) -> Vec<Slot> {
        Timeline::new(e, 30.0, 20.0, Random::new(0, 7)).collect()
    }

    #[test]
    fn a_steady_clip_has_every_frame() {
        let s = slots(&Effects::default());
        assert_eq!(s.len(), 600);
        assert!((s[599].pts_s - 599.0 / 30.0).abs() < 1e-9);
    }

    #[test]
    fn lost_frames_leave_gaps_and_time_never_goes_back() {
        let e = Effects {
            drop: 0.1,
            dup: 0.1,
            vfr: 0.9,
            ..Effects::default()
        };
        let s = slots(&e);
        assert!(s.windows(2).all(|w| w[1].pts_s > w[0].pts_s));
        assert!((430..640).contains(&s.len()), "{}", s.len());
        let repeats = s.iter().filter(|s| s.repeat).count();
        assert!((25..100).contains(&repeats), "{repeats}");
        assert!(!s[0].repeat);
    }
}
