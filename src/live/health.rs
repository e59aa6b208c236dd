//! Whether the pictures are those of a working camera.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};

use super::event::{Happening, Trouble};
use crate::source::Frame;

/// Time in s after which identical pictures are no chance: a sensor's noise changes every one.
const FROZEN_S: f64 = 3.0;
/// The same, after which they are no longer shown to the eyes, in case they turn out to stand still.
const STILL_S: f64 = 0.5;
/// Rows of which one is compared; noise shows in any.
const ROWS: usize = 4;
/// Time in s of black after which it is said. A dark room with the light off is black too, for shorter.
const BLACK_S: f64 = 5.0;
/// Codes of luma above black up to which a picture is black, all of it.
const BLACK_CODES: u8 = 12;
/// Time in s over which the rate is measured.
const RATE_S: f64 = 4.0;
/// Share of the promised rate below which it is said.
const SLOW_SHARE: f64 = 0.7;
/// Frames per second below which short flashes are missed: one of 0.2 s needs 1.5 frames, with some to spare.
const SLOW_FPS: f64 = 10.0;

/// Follows the pictures of one camera.
pub struct Health {
    /// Frames per second by the camera's own account.
    promised: f64,
    times: VecDeque<f64>,
    /// Fingerprint of the last picture, and since when it is the same, in s.
    last: Option<(u64, f64)>,
    black_since_s: Option<f64>,
    still: bool,
    frozen: bool,
    black: bool,
    slow: bool,
}

impl Health {
    pub fn new(promised: f64) -> Self {
        Self {
            promised,
            times: VecDeque::new(),
            last: None,
            black_since_s: None,
            still: false,
            frozen: false,
            black: false,
            slow: false,
        }
    }

    /// The picture stands still, or seems to.
    pub fn still(&self) -> bool {
        self.still
    }

    /// Takes in a frame taken at `now_s`; what is wrong that was not before, and what no longer is.
    pub fn check(&mut self, frame: &Frame, now_s: f64) -> Vec<Happening> {
        let mut news = Vec::new();
        let floor = if frame.color.full_range { 0 } else { 16 };
        let black = frame.y.data.iter().all(|&y| y <= floor + BLACK_CODES);
        if black {
            self.black_since_s.get_or_insert(now_s);
        } else {
            self.black_since_s = None;
        }
        let black_s = self.black_since_s.map_or(0.0, |since| now_s - since);
        change(
            &mut self.black,
            black_s >= BLACK_S,
            Trouble::Black,
            &mut news,
            || "the picture is black: is the lens covered, or is it dark?".to_owned(),
        );

        let print = fingerprint(frame);
        let same_since_s = match self.last {
            Some((last, since)) if last == print => since,
            _ => now_s,
        };
        self.last = Some((print, same_since_s));
        // In the dark a camera may well deliver the same black again and again.
        let same_s = if black { 0.0 } else { now_s - same_since_s };
        self.still = same_s >= STILL_S;
        let frozen = same_s >= FROZEN_S;
        change(&mut self.frozen, frozen, Trouble::Frozen, &mut news, || {
            "the picture stands still: plug the camera in again".to_owned()
        });
        news.extend(self.check_rate(now_s));
        news
    }

    fn check_rate(&mut self, now_s: f64) -> Vec<Happening> {
        let mut news = Vec::new();
        self.times.push_back(now_s);
        while self.times.front().is_some_and(|t| *t < now_s - RATE_S) {
            self.times.pop_front();
        }
        let from_s = self.times.front().copied().unwrap_or(now_s);
        let over_s = now_s - from_s;
        if over_s < RATE_S * 0.8 {
            return news;
        }
        let fps = (self.times.len() - 1) as f64 / over_s;
        // Once it is slow it must be clearly better to be right again.
        let slack = if self.slow { 1.1 } else { 1.0 };
        let slow = fps < slack * (SLOW_SHARE * self.promised).max(SLOW_FPS);
        let promised = self.promised;
        change(&mut self.slow, slow, Trouble::Slow, &mut news, || {
            let of = if fps < SLOW_SHARE * promised {
                format!(" of {promised:.0}")
            } else {
                String::new()
            };
            format!(
                "only {fps:.1}{of} frames/s: flashes shorter than {:.2} s may be missed; more light, or a smaller --size, may help",
                1.5 / fps
            )
        });
        news
    }
}

/// Notes that a trouble began or ended.
fn change(
    was: &mut bool,
    is: bool,
    kind: Trouble,
    news: &mut Vec<Happening>,
    text: impl FnOnce() -> String,
) {
    if is && !*was {
        news.push(Happening::Trouble { kind, text: text() });
    } else if *was && !is {
        news.push(Happening::Recovered { kind });
    }
    *was = is;
}

/// Two pictures with the same number are the same, but for a chance of 1 in 2^64.
fn fingerprint(frame: &Frame) -> u64 {
    let mut hasher = DefaultHasher::new();
    for y in (0..frame.y.height).step_by(ROWS) {
        hasher.write(frame.y.row(y));
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of pictures at `fps`, whose luma is that of `code` at each frame, for `s` seconds.
    fn told(
        health: &mut Health,
        fps: f64,
        from_s: f64,
        s: f64,
        code: impl Fn(usize) -> u8,
    ) -> Vec<String> {
        let mut frame = Frame::default();
        frame.y.resize(32, 16);
        let mut out = Vec::new();
        for i in 0..(s * fps) as usize {
            frame.y.data.fill(code(i));
            for news in health.check(&frame, from_s + i as f64 / fps) {
                out.push(match news {
                    Happening::Trouble { kind, .. } => format!("{kind:?}"),
                    Happening::Recovered { kind } => format!("not {kind:?}"),
                    _ => unreachable!("no other news"),
                });
            }
        }
        out
    }

    #[test]
    fn a_frozen_picture_is_told_and_that_it_moves_again() {
        let mut health = Health::new(30.0);
        assert_eq!(told(&mut health, 30.0, 0.0, 5.0, |_| 90), ["Frozen"]);
        assert!(health.still());
        let again = told(&mut health, 30.0, 5.0, 5.0, |i| 90 + (i % 3) as u8);
        assert_eq!(again, ["not Frozen"]);
    }

    #[test]
    fn black_is_no_frozen_picture() {
        let mut health = Health::new(30.0);
        assert_eq!(told(&mut health, 30.0, 0.0, 8.0, |_| 17), ["Black"]);
        assert!(!health.still());
        assert_eq!(
            told(&mut health, 30.0, 8.0, 1.0, |i| 80 + (i % 2) as u8),
            ["not Black"]
        );
    }

    #[test]
    fn a_slow_camera_is_told_whatever_it_promised() {
        let noise = |i: usize| 90 + (i % 3) as u8;
        let mut health = Health::new(30.0);
        assert_eq!(told(&mut health, 5.0, 0.0, 8.0, noise), ["Slow"]);
        assert_eq!(told(&mut health, 30.0, 8.0, 8.0, noise), ["not Slow"]);
        assert_eq!(told(&mut Health::new(5.0), 5.0, 0.0, 8.0, noise), ["Slow"]);
        let fine: [String; 0] = [];
        assert_eq!(told(&mut Health::new(15.0), 15.0, 0.0, 8.0, noise), fine);
    }
}
