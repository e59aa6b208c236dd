//! Videos of which only the changes were written: recorders of screens leave out pictures that are like the one before, and
//! time says how long each stands. What stands comes as often as a film would have it, so that a light that was seen to
//! stay on or off for a second is not one that was looked at twice.

use super::prefetch::LocalSource;
use super::{Frame, SourceError, VideoInfo, cells::Channel};
use std::collections::VecDeque;

/// No camera takes fewer than seven pictures a second: what stands for longer, in s, was left to stand, or lost.
pub(super) const LONGEST_S: f64 = 0.15;
/// Time in s for which a picture stands where no other is usual: nothing but changes was written, and when those came is
/// known to a hundredth of a second.
pub(super) const STEP_S: f64 = 0.04;
/// Times that one picture comes at most, 10 s of such: a damaged file may have it stand for ten minutes.
const MOST_TIMES: f64 = 250.0;

/// Pictures on either side of a gap that are asked what it is: two flashes and more. A camera that hangs does so once.
const AROUND: usize = 8;
/// Bytes of pictures read ahead at most.
pub(super) const AHEAD_BYTES: usize = 32 << 20;
/// A slow camera takes its pictures evenly, and loses few in a row: the longest gap to the shortest where changes made them.
const UNEVEN: f64 = 4.0;
/// Share of gaps that must end with a change. A recorder may write a picture now and then that changes nothing.
const CHANGES: f64 = 0.75;
/// A change by so many codes is no coding noise, and less than this share of the picture takes part in it: of a camera in a
/// hand or before a crowd most changes.
const CHANGED: u8 = 12;
const MOST_CHANGED: f64 = 0.25;

/// How often what stands for `length_s` comes, where one picture usually stands for `step_s`.
pub(super) fn copies(length_s: f64, step_s: f64) -> usize {
    (length_s / step_s).round().min(MOST_TIMES) as usize
}

/// A source whose pictures come as often as they stand for.
pub(super) struct Held<S> {
    source: S,
    /// Pictures not yet handed out; the first is the next.
    ahead: VecDeque<Frame>,
    /// The gaps between them, and some before the first.
    gaps: VecDeque<Gap>,
    /// How often the first of `ahead` is yet to be handed out, every so many s; 0 before that is known.
    left: usize,
    step_s: f64,
    /// How the stream ended, until it is told.
    end: Option<Result<bool, SourceError>>,
}

/// From one picture to the next.
#[derive(Clone, Copy)]
struct Gap {
    length_s: f64,
    /// It is long, and all that it brought is a change of a part of the picture.
    changes: bool,
}

impl Gap {
    fn between(before: &Frame, after: &Frame) -> Self {
        let length_s = after.pts_s - before.pts_s;
        Self {
            length_s,
            changes: length_s > LONGEST_S && changes_in_part(before, after),
        }
    }
}

impl<S: LocalSource> Held<S> {
    pub fn new(source: S) -> Self {
        Self {
            source,
            ahead: VecDeque::new(),
            gaps: VecDeque::new(),
            left: 0,
            step_s: 0.0,
            end: None,
        }
    }

    /// Reads on until `count` pictures are ahead, or the stream ends; the first into `frame`.
    fn fill(&mut self, count: usize, mut frame: Frame) {
        while self.ahead.len() < count && self.end.is_none() {
            match self.source.read(&mut frame) {
                Ok(true) => {
                    let next = std::mem::take(&mut frame);
                    let gap = self.ahead.back().map(|last| Gap::between(last, &next));
                    self.gaps.extend(gap);
                    self.ahead.push_back(next);
                }
                end => self.end = Some(end),
            }
        }
    }

    /// How often the first picture is to come, and for how long it stands each time, in s.
    fn times(&mut self) -> (usize, f64) {
        if self.ahead.len() < 2 {
            return (1, 0.0);
        }
        let before = self.gaps.len() + 1 - self.ahead.len();
        self.gaps.drain(..before.saturating_sub(AROUND));
        let length_s = self.gaps[before.min(AROUND)].length_s;
        if length_s > LONGEST_S {
            let most = AHEAD_BYTES / bytes(&self.ahead[0]).max(1);
            self.fill(2 + AROUND.min(most), Frame::default());
            if are_changes(&self.gaps) {
                let times = copies(length_s, STEP_S);
                return (times, length_s / times as f64);
            }
        }
        (1, length_s)
    }
}

impl<S: LocalSource> LocalSource for Held<S> {
    fn info(&self) -> &VideoInfo {
        self.source.info()
    }

    fn warnings(&self) -> &[String] {
        self.source.warnings()
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.left == 0 {
            self.fill(2, std::mem::take(frame));
            (self.left, self.step_s) = self.times();
        }
        self.left -= 1;
        if self.left == 0 {
            return match self.ahead.pop_front() {
                Some(next) => {
                    *frame = next;
                    Ok(true)
                }
                None => self.end.replace(Ok(false)).unwrap_or(Ok(false)),
            };
        }
        let first = &mut self.ahead[0];
        frame.clone_from(first);
        first.pts_s += self.step_s;
        Ok(true)
    }

    fn prefer_cells(&mut self) {
        self.source.prefer_cells();
    }

    fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
        let sought = self.source.seek(pts_s);
        if sought != Ok(false) {
            self.ahead.clear();
            self.gaps.clear();
            (self.left, self.end) = (0, None);
        }
        sought
    }
}

/// Whether what lies between pictures is the time in which nothing changed.
fn are_changes(gaps: &VecDeque<Gap>) -> bool {
    let long: Vec<_> = gaps.iter().filter(|g| g.length_s > LONGEST_S).collect();
    let changes = long.iter().filter(|g| g.changes).count();
    let lengths = || gaps.iter().map(|g| g.length_s);
    let longest_s = lengths().fold(0.0, f64::max);
    let shortest_s = lengths().fold(f64::INFINITY, f64::min);
    long.len() > 1
        && changes as f64 >= CHANGES * long.len() as f64
        && longest_s >= UNEVEN * shortest_s
}

/// Whether a part of the picture changed, and nothing else did.
fn changes_in_part(before: &Frame, after: &Frame) -> bool {
    let (before, after) = match (&before.cells, &after.cells) {
        (Some(b), Some(a)) => (b.channel(Channel::YMax), a.channel(Channel::YMax)),
        (None, None) => (&*before.y.data, &*after.y.data),
        // One that was read ahead before cells were asked for.
        _ => return true,
    };
    let pairs = before.iter().zip(after);
    let changed = pairs.filter(|(b, a)| b.abs_diff(**a) >= CHANGED).count();
    before.len() == after.len()
        && changed > 0
        && (changed as f64) < MOST_CHANGED * after.len() as f64
}

/// Bytes of a picture in memory.
fn bytes(frame: &Frame) -> usize {
    let planes = [&frame.y, &frame.u, &frame.v].map(|p| p.data.len());
    planes.iter().sum::<usize>() + frame.cells.as_ref().map_or(0, |c| c.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of a wall with a lamp at these times in s, each with the codes of lamp and wall.
    struct Drawn(VideoInfo, Vec<(f64, u8, u8)>, usize);

    impl LocalSource for Drawn {
        fn info(&self) -> &VideoInfo {
            &self.0
        }

        fn warnings(&self) -> &[String] {
            &[]
        }

        fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
            let Some(&(pts_s, lamp, wall)) = self.1.get(self.2) else {
                return Err(SourceError::Truncated {
                    name: "drawn".into(),
                    cause: "test".into(),
                });
            };
            self.2 += 1;
            frame.pts_s = pts_s;
            frame.y.resize(10, 10);
            frame.y.data.fill(wall);
            frame.y.data[44] = lamp;
            Ok(true)
        }

        fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
            self.2 = self.1.partition_point(|p| p.0 <= pts_s).saturating_sub(1);
            Ok(true)
        }
    }

    fn held(pictures: impl IntoIterator<Item = (f64, u8, u8)>) -> Held<Drawn> {
        let info = VideoInfo {
            name: "drawn".into(),
            coded_width: 10,
            coded_height: 10,
            orientation: Default::default(),
            duration_s: None,
            format: String::new(),
            decoder: String::new(),
        };
        Held::new(Drawn(info, pictures.into_iter().collect(), 0))
    }

    /// Times and lamps of what comes, until the error that ends it.
    fn all(source: &mut Held<Drawn>) -> Vec<(f64, u8)> {
        let mut frame = Frame::default();
        let mut out = Vec::new();
        while source.read(&mut frame) == Ok(true) {
            out.push((frame.pts_s, frame.y.data[44]));
        }
        assert_eq!(source.read(&mut frame), Ok(false));
        out
    }

    /// A flash of .2 s every 3 s.
    fn flashes() -> impl Iterator<Item = (f64, u8, u8)> {
        (0..4).flat_map(|k| {
            [
                (3.0 * f64::from(k), 200, 60),
                (3.0 * f64::from(k) + 0.2, 60, 60),
            ]
        })
    }

    #[test]
    fn what_stands_while_nothing_changes_comes_as_a_film_has_it() {
        let out = all(&mut held(flashes()));
        // Three times 3 s and a flash, at 25 a second; for how long the last stands is not known.
        assert_eq!(out.len(), 3 * 75 + 5 + 1);
        assert!(out.is_sorted_by(|a, b| a.0 < b.0));
        let lit = |t: f64| (t + 1e-9) % 3.0 < 0.2;
        assert!(out.iter().all(|&(t, lamp)| (lamp == 200) == lit(t)));
    }

    #[test]
    fn where_a_slow_or_hanging_camera_saw_nothing_nothing_is_made_up() {
        let even = (0..20).map(|k| (0.5 * f64::from(k), if k % 2 == 0 { 200 } else { 60 }, 60));
        let hangs = (0..40).map(|k| {
            (
                0.03 * f64::from(k) + if k > 20 { 1.0 } else { 0.0 },
                60 + k as u8,
                60,
            )
        });
        let in_a_hand = flashes()
            .enumerate()
            .map(|(k, (t, lamp, _))| (t, lamp, 20 * k as u8));
        let unchanged = flashes().map(|(t, ..)| (t, 60, 60));
        let cases: [Vec<_>; 4] = [
            even.collect(),
            hangs.collect(),
            in_a_hand.collect(),
            unchanged.collect(),
        ];
        for pictures in cases {
            let times: Vec<f64> = all(&mut held(pictures.clone()))
                .iter()
                .map(|p| p.0)
                .collect();
            let given: Vec<f64> = pictures.iter().map(|p| p.0).collect();
            assert_eq!(times, given);
        }
    }

    #[test]
    fn seeking_forgets_what_was_read_ahead() {
        let mut source = held(flashes());
        let mut frame = Frame::default();
        assert_eq!(source.read(&mut frame), Ok(true));
        assert_eq!(source.seek(6.1), Ok(true));
        let out = all(&mut source);
        assert_eq!(out[0], (6.0, 200));
        assert_eq!(out.len(), 75 + 5 + 1);
    }
}
