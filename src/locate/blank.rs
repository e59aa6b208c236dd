//! Ends of a clip that show nothing or hardly anything: black pictures of a camera that starts, fades of who cut the clip.

use super::cells::Channel;
use super::relief::Relief;
use super::scene::{Scene, SceneFrame};

/// Share of the usual contrast under which a picture at an end shows too little: two stops less, farther than automatic
/// exposure lets a picture stay from the usual.
const FAINT: f32 = 0.25;
/// Usual contrast (codes) under which a picture is so flat that what is left of it, noise and coding, tells nothing: a bare
/// wall shows no less when it is not lit.
const FLAT: f32 = 0.5;
/// What grows out of one that shows too little shows enough from this share on: a fade, an exposure on its way.
const SETTLED: f32 = 0.8;
/// Share of the frames in the middle that may be as faint by chance (blurred, covered). More are what the place looks like: in
/// the dark it may show in a lamp's light alone, and then a dark picture says that the lamp is off.
const CHANCE: usize = 10;

impl Scene {
    /// If it begins or ends with pictures of nothing, the scene in which those do not count as seen. Coordinates
    /// and exposure count from the first that does.
    pub fn without_faint_ends(&self) -> Option<Self> {
        let seen: Vec<usize> = (0..self.frames.len())
            .filter(|&i| self.frames[i].aligned)
            .collect();
        let contrast = |i: usize| self.contrast(&self.frames[i]);
        let (&first, &last) = (seen.first()?, seen.last()?);
        let middle = &seen[seen.len() / 4..(3 * seen.len()).div_ceil(4)];
        let amid = FAINT * contrast(middle[middle.len() / 2]);
        if contrast(first) >= amid && contrast(last) >= amid {
            return None;
        }
        let mut usual: Vec<f32> = middle.iter().map(|&i| contrast(i)).collect();
        usual.sort_by(f32::total_cmp);
        let usual = usual[usual.len() / CHANCE];
        if usual < FLAT {
            return None;
        }
        let (mut from, mut to) = (first, last);
        if contrast(first) < FAINT * usual {
            from = *seen.iter().find(|&&i| contrast(i) >= SETTLED * usual)?;
        }
        if contrast(last) < FAINT * usual {
            to = *seen.iter().rfind(|&&i| contrast(i) >= SETTLED * usual)?;
        }
        ((from, to) != (first, last)).then(|| self.only(|i| (from..=to).contains(&i)))
    }

    fn contrast(&self, frame: &SceneFrame) -> f32 {
        Relief::of(&frame.cells.channel(Channel::YMean), self.grid)
            .levelled()
            .size()
    }
}
