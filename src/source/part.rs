//! A part of a clip, by time.

use super::{Frame, FrameSource, SourceError, VideoInfo};

/// From when to when a clip is read, in s from its first frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Part {
    pub from_s: f64,
    /// The first frame that is left out; none if the clip is read to its end.
    pub to_s: Option<f64>,
}

/// A source of which only a part is read.
pub(super) struct PartOf {
    source: Box<dyn FrameSource>,
    info: VideoInfo,
    begins_s: f64,
    /// Presentation times between which frames are handed out, in s.
    from_pts_s: f64,
    to_pts_s: f64,
    /// A frame that was read already.
    held: Option<Frame>,
    over: bool,
}

impl PartOf {
    /// Goes to the beginning of `part`.
    ///
    /// # Errors
    /// Those of `source`, and `Invalid` if the clip ends before the part begins.
    pub fn new(mut source: Box<dyn FrameSource>, part: Part) -> Result<Self, SourceError> {
        let mut info = source.info().clone();
        let whole_s = info.duration_s;
        let end_s = match (whole_s, part.to_s) {
            (Some(whole), Some(to)) => Some(whole.min(to)),
            (whole, to) => to.or(whole),
        };
        info.duration_s = end_s.map(|end| (end - part.from_s).max(0.0));
        let mut frame = Frame::default();
        if !source.read(&mut frame)? {
            return Err(SourceError::Invalid {
                name: info.name,
                cause: "it holds no picture".to_owned(),
            });
        }
        let zero_s = frame.pts_s;
        let from_pts_s = zero_s + part.from_s;
        if from_pts_s > zero_s {
            source.seek(from_pts_s)?;
            loop {
                if !source.read(&mut frame)? {
                    return Err(SourceError::Invalid {
                        name: info.name,
                        cause: format!(
                            "it ends at {:.1} s, before the time that is asked for",
                            frame.pts_s - zero_s
                        ),
                    });
                }
                if frame.pts_s >= from_pts_s {
                    break;
                }
            }
        }
        Ok(Self {
            source,
            info,
            begins_s: frame.pts_s - zero_s,
            from_pts_s,
            to_pts_s: zero_s + part.to_s.unwrap_or(f64::INFINITY),
            held: Some(frame),
            over: false,
        })
    }
}

impl FrameSource for PartOf {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        self.source.warnings()
    }

    fn prefer_cells(&mut self) {
        self.source.prefer_cells();
    }

    fn begins_s(&self) -> f64 {
        self.begins_s
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.over {
            return Ok(false);
        }
        let more = match self.held.take() {
            Some(held) => {
                *frame = held;
                true
            }
            None => self.source.read(frame)?,
        };
        // Frames come in order of time, so that the first one outside is the end.
        self.over = !more || !(self.from_pts_s..self.to_pts_s).contains(&frame.pts_s);
        Ok(!self.over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame every 0.1 s from 5 s on; seeking lands on whole seconds.
    struct Ticks {
        info: VideoInfo,
        next: u32,
        frames: u32,
        seeks: bool,
    }

    const ZERO_S: f64 = 5.0;
    const STEP_S: f64 = 0.1;

    impl FrameSource for Ticks {
        fn info(&self) -> &VideoInfo {
            &self.info
        }

        fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
            frame.pts_s = ZERO_S + f64::from(self.next) * STEP_S;
            self.next += 1;
            Ok(self.next <= self.frames)
        }

        fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
            if self.seeks {
                self.next = (pts_s - ZERO_S).floor() as u32 * 10;
            }
            Ok(self.seeks)
        }
    }

    fn times(part: Part, seeks: bool) -> Result<(Vec<f64>, Option<f64>), SourceError> {
        let info = VideoInfo {
            name: "ticks".into(),
            coded_width: 1,
            coded_height: 1,
            orientation: Default::default(),
            duration_s: Some(4.0),
            format: String::new(),
            decoder: String::new(),
        };
        let ticks = Ticks {
            info,
            next: 0,
            frames: 40,
            seeks,
        };
        let mut source = PartOf::new(Box::new(ticks), part)?;
        let mut frame = Frame::default();
        let mut times = Vec::new();
        while source.read(&mut frame)? {
            times.push(((frame.pts_s - ZERO_S) * 1e3).round() / 1e3);
        }
        assert_eq!(source.read(&mut frame), Ok(false));
        assert!((source.begins_s() - times[0]).abs() < 1e-9);
        Ok((times, source.info().duration_s))
    }

    #[test]
    fn a_part_has_the_frames_of_its_time_alone() {
        for seeks in [false, true] {
            let part = |from_s, to_s| times(Part { from_s, to_s }, seeks).unwrap();
            let (middle, length) = part(2.15, Some(2.55));
            assert_eq!(middle, [2.2, 2.3, 2.4, 2.5], "seeks: {seeks}");
            assert!((length.unwrap() - 0.4).abs() < 1e-9);
            let (end, length) = part(3.75, None);
            assert_eq!(end, [3.8, 3.9], "seeks: {seeks}");
            assert_eq!(length, Some(0.25));
            let (start, length) = part(0.0, Some(0.15));
            assert_eq!(start, [0.0, 0.1], "seeks: {seeks}");
            assert_eq!(length, Some(0.15));
            assert_eq!(part(3.5, Some(99.0)).1, Some(0.5));
        }
    }

    #[test]
    fn a_part_after_the_end_is_refused() {
        let part = Part {
            from_s: 4.2,
            to_s: None,
        };
        let error = times(part, false).unwrap_err().to_string();
        assert!(error.contains("ends at"), "{error}");
    }
}
