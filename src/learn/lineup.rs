//! Which light of each clip it is: the one that does in all of them what no bystander does.

use super::agree::{self, Clip, align, gather};
use super::palette::{self, Palette};
use super::{LearnError, Lesson, Shown};
use crate::devices::{Pattern, Seconds, Seen};
use crate::matcher::Examined;
use crate::matcher::params::Params;
use crate::observe::Observation;

/// Log likelihood ratio, in nats, from which on a light is taken to show a pattern rather than to be none of the device's.
const SHOWS: f64 = 1.0;
/// No clip says more than this for a pattern: several that agree are worth more than one that fits perfectly.
const MOST: f64 = 12.0;
/// What a clip says against a pattern that no light of it shows.
const MISSING: f64 = -5.0;
/// Other devices may take so many times longer, or less long, than one clip's ranges say.
const LOOSE: f64 = 1.4;
/// Cost of each step of a pattern: of two that explain a light the shorter is meant.
const STEP: f64 = -1.5;
/// Below this a probability from looks says no more.
const LEAST_EMISSION: f64 = 0.01;
/// Lights of a clip that are considered, the surest: of those that change, and of those that are simply on.
const MOST_CHANGING: usize = 8;
const MOST_STEADY: usize = 4;

/// The lights of some clips, and how well what each does explains the others.
pub struct Lineup<'a> {
    clips: Vec<&'a Observation>,
    /// Lights by clip.
    lamps: Vec<Vec<Lamp>>,
    /// Patterns that they may show: each is what one of them does.
    suspects: Vec<Suspect>,
}

/// A light that may be the one.
struct Lamp {
    /// Index among the clip's lights.
    light: usize,
    seen: Seen,
    palette: Palette,
    /// Logarithm of the probability of its looks.
    looks: f64,
}

/// What one light does.
struct Suspect {
    clip: usize,
    lamp: usize,
    cost: f64,
    /// How much each light of each clip is like it.
    likeness: Vec<Vec<f64>>,
}

impl Lamp {
    fn clip(&self) -> Clip<'_> {
        Clip {
            seen: &self.seen,
            palette: &self.palette,
        }
    }
}

impl<'a> Lineup<'a> {
    pub fn new(clips: &[&'a Observation]) -> Self {
        let params = Params::DEFAULT;
        let lamps: Vec<Vec<Lamp>> = clips.iter().map(|c| lamps(c)).collect();
        let examined: Vec<Vec<Examined>> = clips
            .iter()
            .zip(&lamps)
            .map(|(clip, lamps)| {
                let train = |l: &Lamp| &clip.lights[l.light].train;
                lamps
                    .iter()
                    .map(|l| Examined::new(train(l), &params))
                    .collect()
            })
            .collect();
        let mut suspects = Vec::new();
        for (clip, of_clip) in lamps.iter().enumerate() {
            for (lamp, l) in of_clip.iter().enumerate() {
                let own = gather(&[l.clip()]).pattern();
                let pattern = own.with_times(|s| Seconds {
                    min: s.min / LOOSE,
                    max: s.max * LOOSE,
                });
                if own.check().is_err() {
                    continue;
                }
                let like = |of_clip: &Vec<Examined>| {
                    of_clip.iter().map(|e| e.likeness(&pattern)).collect()
                };
                suspects.push(Suspect {
                    clip,
                    lamp,
                    cost: STEP * pattern.steps.len() as f64,
                    likeness: examined.iter().map(like).collect(),
                });
            }
        }
        Self {
            clips: clips.to_vec(),
            lamps,
            suspects,
        }
    }

    /// The clips, in order.
    pub fn clips(&self) -> &[&'a Observation] {
        &self.clips
    }

    /// The pattern that all clips share.
    ///
    /// # Errors
    /// When they show no light, or not the same one, or nothing that a pattern can describe.
    pub fn learn(&self) -> Result<Lesson, LearnError> {
        self.learn_without(None)
    }

    /// The same from all clips but one, which is told with the others nevertheless.
    ///
    /// # Errors
    /// As for [`Lineup::learn`].
    pub fn learn_without(&self, left_out: Option<usize>) -> Result<Lesson, LearnError> {
        let asked: Vec<usize> = (0..self.clips.len())
            .filter(|&i| Some(i) != left_out)
            .collect();
        let suspects = self.suspects.iter().filter(|s| asked.contains(&s.clip));
        let scored = suspects.map(|s| (s, self.score(s, &asked)));
        let Some((best, _)) = scored.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return Err(self.nothing());
        };
        let model = &self.lamps[best.clip][best.lamp];
        let shown: Vec<Shown> = (0..self.clips.len())
            .map(|clip| {
                let like = self.like(best, clip).map(|(lamp, _)| lamp);
                let lamp = like.or_else(|| self.surest(clip));
                let lamp = lamp.map(|i| &self.lamps[clip][i]);
                let read = lamp.is_some_and(|l| align(model.clip(), l.clip()).is_some());
                Shown {
                    light: like.and(lamp).map(|l| l.light),
                    read: like.is_some() && read,
                    seen: lamp.map(|l| l.seen.clone()),
                    palette: lamp.map_or_else(Palette::default, |l| l.palette.clone()),
                }
            })
            .collect();
        let agreed = asked.iter().filter(|&&i| shown[i].light.is_some()).count();
        // Of two clips both; of many a few may have been misread.
        if 2 * agreed < asked.len() || agreed < asked.len().min(2) {
            return Err(self.nothing());
        }
        let read: Vec<Clip> = asked
            .iter()
            .map(|&i| &shown[i])
            .filter(|s| s.read)
            .filter_map(|s| s.clip())
            .collect();
        let pattern: Pattern = agree::gather(&read).pattern();
        pattern.check().map_err(LearnError::NoPattern)?;
        Ok(Lesson {
            pattern,
            clips: shown,
        })
    }

    fn score(&self, suspect: &Suspect, clips: &[usize]) -> f64 {
        let of_clip = |&clip: &usize| self.like(suspect, clip).map_or(MISSING, |(_, w)| w);
        suspect.cost + clips.iter().map(of_clip).sum::<f64>()
    }

    /// The light of a clip that shows what `suspect` does, and how much speaks for it.
    fn like(&self, suspect: &Suspect, clip: usize) -> Option<(usize, f64)> {
        suspect.likeness[clip]
            .iter()
            .enumerate()
            .filter(|(_, likeness)| **likeness > SHOWS)
            .map(|(i, likeness)| (i, self.lamps[clip][i].looks + likeness.min(MOST)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn surest(&self, clip: usize) -> Option<usize> {
        let looks = |i: &usize| self.lamps[clip][*i].looks;
        (0..self.lamps[clip].len()).max_by(|a, b| looks(a).total_cmp(&looks(b)))
    }

    fn nothing(&self) -> LearnError {
        if self.lamps.iter().all(Vec::is_empty) {
            return LearnError::NoLight;
        }
        let shows = |(i, clip): (usize, &&Observation)| {
            let pattern = self
                .surest(i)
                .map(|lamp| self.lamps[i][lamp].seen.pattern());
            (clip.name.clone(), pattern)
        };
        LearnError::Disagree(self.clips.iter().enumerate().map(shows).collect())
    }
}

/// The lights of a clip that are considered.
fn lamps(clip: &Observation) -> Vec<Lamp> {
    let (mut changing, mut steady) = (0, 0);
    let lamp = |(i, light): (usize, &crate::observe::Light)| {
        let (train, palette) = palette::settle(&light.train);
        let seen = Seen::of(&train)?;
        let (count, most) = match &seen.steps[..] {
            [only] if only.over.is_none() => (&mut steady, MOST_STEADY),
            _ => (&mut changing, MOST_CHANGING),
        };
        *count += 1;
        (*count <= most).then(|| Lamp {
            light: i,
            looks: light.emission.max(LEAST_EMISSION).ln(),
            seen,
            palette,
        })
    };
    // Surest first.
    clip.lights.iter().enumerate().filter_map(lamp).collect()
}
