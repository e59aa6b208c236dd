//! Edit lists (ISO/IEC 14496-12 8.6.6): which part of a track is shown, and when.

use re_mp4::ElstBox;

use super::boxes::Atom;

/// One stretch of the track that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edit {
    /// When it starts on the film's clock, in s.
    start_s: f64,
    /// The stretch of composition times shown, in ticks of the track, half open.
    from: i64,
    to: i64,
}

/// Maps composition times of a track to presentation times.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edits {
    /// Empty: the whole track is shown on its own clock.
    edits: Vec<Edit>,
    /// Ticks per second of the track.
    timescale: f64,
}

impl Edits {
    /// From a `trak` box, whose `elst` may be missing. `movie_scale` and `timescale` are ticks per
    /// second of the film and of the track. The length of an edit is not trusted in a fragmented
    /// file, where it was written before the film was complete.
    pub fn new(trak: &Atom<'_>, movie_scale: u32, timescale: u32, fragmented: bool) -> Self {
        let list = trak
            .descend(&[b"edts", b"elst"])
            .and_then(|elst| elst.parse::<ElstBox>());
        let mut edits = Vec::new();
        let mut start = 0.0;
        for entry in list.iter().flat_map(|list| &list.entries) {
            let duration_s = entry.segment_duration as f64 / f64::from(movie_scale);
            // Version 0 has 32-bit times, which re_mp4 does not sign-extend.
            let from = match list.as_ref().map(|list| list.version) {
                Some(1) => entry.media_time.cast_signed(),
                _ => i64::from((entry.media_time as u32).cast_signed()),
            };
            // Media time -1 is a gap before what follows.
            if from >= 0 {
                let to = if entry.segment_duration == 0 || fragmented {
                    i64::MAX
                } else {
                    let ticks = duration_s * f64::from(timescale);
                    from.saturating_add(ticks.round() as i64)
                };
                edits.push(Edit {
                    start_s: start,
                    from,
                    to,
                });
            }
            start += duration_s;
        }
        Self {
            edits,
            timescale: f64::from(timescale),
        }
    }

    /// Presentation time in s of a picture, or `None` if it is not shown.
    ///
    /// A picture that several edits repeat is shown once, in the first.
    pub fn present(&self, composition: i64) -> Option<f64> {
        if self.edits.is_empty() {
            return Some(composition as f64 / self.timescale);
        }
        let edit = self
            .edits
            .iter()
            .find(|edit| (edit.from..edit.to).contains(&composition))?;
        Some(edit.start_s + (composition - edit.from) as f64 / self.timescale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trim_after_a_gap() {
        let edits = Edits {
            edits: vec![Edit {
                start_s: 0.5,
                from: 100,
                to: 200,
            }],
            timescale: 100.0,
        };
        assert_eq!(edits.present(99), None);
        assert_eq!(edits.present(100), Some(0.5));
        assert_eq!(edits.present(199), Some(1.49));
        assert_eq!(edits.present(200), None);
    }
}
