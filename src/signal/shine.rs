//! How a place looks while it is lit: the cues that tell a lamp from a bright or coloured thing.

use super::blob::Moments;
use super::patch::{Patch, spread};
use super::reader::Reader;
use super::{Change, Linearizer};
use crate::locate::cells::Channel;
use crate::locate::scene::Scene;
use crate::median::median;

/// Looks are averaged over at most this many frames, evenly spread: enough to beat noise.
const FRAMES: usize = 24;

/// Light of a rim (linear, all channels) that is noise: it has no colour.
const HALO_NOISE: f64 = 0.01;
/// Share of the halo's light in its own channel where that is not known: between the paint and the lamps of primary colours.
const USUAL_HALO: f64 = 0.65;

/// Ratios of axes that lamps have as often as other places do: of what shines all the time, and of what changes.
const UNDECIDED: f64 = 0.65;
const CHANGE_UNDECIDED: f64 = 0.5;
/// A shape of fewer cells than this says little.
const FEW_CELLS: f64 = 6.0;

/// Cues from the mean picture of the lit frames. Linear light, 0..1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shine {
    /// Brightest channel of the brightest tenth of the region. A lamp filmed so that the room is visible burns out.
    pub top: f64,
    /// Natural log of the region's light over its surround's (brightest channel of each).
    pub contrast: f64,
    /// Light of the rim above the surround, as a share of the region's: the halo.
    pub halo: f64,
    /// Shares of the channels in it.
    pub halo_color: [f64; 3],
    /// The region's form.
    pub(super) shape: Shape,
    /// Brightest channel of the region above the surround.
    pub light: f64,
    /// Natural log of the share of the picture outside it that is at least as bright, and as coloured.
    pub brighter: f64,
    pub more_colored: f64,
    /// Mean of the largest luma code in the region.
    pub peak: f64,
}

impl Shine {
    /// Looks at `patch` in the frames that `lit` marks, against the whole picture's `backdrop`.
    pub fn of(
        scene: &Scene,
        patch: &Patch,
        linear: &Linearizer,
        backdrop: &Backdrop,
        lit: &[Option<bool>],
    ) -> Self {
        let frames: Vec<usize> = (0..scene.frames.len())
            .filter(|&i| lit[i] == Some(true) && scene.frames[i].aligned)
            .collect();
        let chosen = spread(&frames, FRAMES);
        let n = chosen.len();
        let mut region = vec![Mean::default(); patch.region.len()];
        let mut rim = vec![Mean::default(); patch.rim.len()];
        let mut around = vec![Mean::default(); patch.surround.len()];
        let mut peak = 0.0;
        for &i in &chosen {
            let reader = Reader::new(scene.grid, &scene.frames[i], linear);
            let add = |sum: &mut Mean, x: f64, y: f64| {
                if let Some(c) = reader.rgb(x, y) {
                    sum.add(c);
                }
            };
            let mut top = 0;
            for (sum, &(x, y, _)) in region.iter_mut().zip(&patch.region) {
                add(sum, x, y);
                top = top.max(reader.peak(x, y));
            }
            peak += f64::from(top) / n as f64;
            for (sum, &(x, y)) in rim.iter_mut().zip(&patch.rim) {
                add(sum, x, y);
            }
            for (sum, &(x, y)) in around.iter_mut().zip(&patch.surround) {
                add(sum, x, y);
            }
        }
        let mut region = Mean::seen(&region, n);
        let rim = Mean::seen(&rim, n);
        let around = Mean::seen(&around, n);
        // At the picture's border there may be nothing to compare with.
        if region.is_empty() || around.len() * 4 < patch.surround.len() {
            return Self::default();
        }
        let surround: [f64; 3] = std::array::from_fn(|k| {
            let mut v: Vec<f64> = around.iter().map(|c| c[k]).collect();
            median(&mut v, f64::total_cmp).unwrap_or(0.0)
        });
        let above = |c: &[f64; 3]| -> [f64; 3] { std::array::from_fn(|k| c[k] - surround[k]) };
        region.sort_by(|a, b| most(b).total_cmp(&most(a)));
        let core = &region[..region.len().div_ceil(10)];
        let core_mean = mean(core);
        let region_mean = mean(&region);
        let rim_mean = mean(&rim);
        let light = most(&above(&region_mean));
        let halo = above(&rim_mean);
        let colors = halo.map(|v| v.max(0.0) + HALO_NOISE / 3.0);
        let whole: f64 = colors.iter().sum();
        let vivid = region
            .iter()
            .chain(&rim)
            .map(|c| most(c) - least(c))
            .fold(0.0, f64::max);
        Self {
            top: most(&core_mean),
            contrast: ((most(&region_mean) + 0.005) / (most(&surround) + 0.005)).ln(),
            halo: (most(&halo) / light.max(1e-4)).clamp(-1.0, 2.0),
            halo_color: colors.map(|v| v / whole),
            light,
            brighter: backdrop.share(&backdrop.light, most(&core_mean), patch.region.len()),
            more_colored: backdrop.share(
                &backdrop.color,
                vivid,
                patch.region.len() + patch.rim.len(),
            ),
            shape: Shape::of(patch.region.iter().map(|c| (c.0, c.1))),
            peak,
        }
    }

    /// Probability that this is a lamp rather than a bright, painted or moving thing.
    ///
    /// `radius_px` is that of the region, `primary` the channel of the light's colour if that is known and is red, green or
    /// blue, `change` what is known of its switching if it was ever dark. A logistic model of a few cues, each with the sign
    /// physics gives it.
    ///
    /// Of a light that shines all the time: a lens is round and burns out, what it scatters has its own colour, where a gloss
    /// on paint is white and the rim of a thing is half what is behind it, and few things in the picture are as bright or as
    /// coloured. The weights were fitted to practice clips, then moved towards what 126 steady lamps of rendered film, a third
    /// of it before photographs, need against 4000 other places there and in film without a lamp, as far as each kind of film
    /// left out in turn gained by it, and rounded.
    ///
    /// Of one that switches: a lens is round, and what else changes with it does so alike each time, while where things pass
    /// or the camera shakes other places change differently each time, mostly those right beside it; its weights were fitted
    /// to 7000 places of rendered and real film, each of five kinds left out in turn, rounded, and moved towards what six
    /// recordings of real lamps need (more for roundness, less for size and glow). Its constant takes a picture's best places
    /// for lamps more readily than those films do, of which many show none.
    pub fn emission(&self, radius_px: f64, primary: Option<usize>, change: Option<Change>) -> f64 {
        let rare = -0.3 * (self.brighter + self.more_colored);
        let z = match change {
            None => {
                let own = primary.map_or(USUAL_HALO, |k| self.halo_color[k]);
                -9.3 + 1.4 * rare
                    + 2.4 * self.top
                    + 6.0 * self.shape.roundness(UNDECIDED)
                    + 0.55 * self.contrast.clamp(-1.0, 3.0)
                    + 1.2 * self.halo.clamp(-0.5, 1.0)
                    - 0.3 * (radius_px + 1.0).ln()
                    + 1.5 * (own - USUAL_HALO)
            }
            Some(change) => {
                -13.0
                    + rare
                    + 1.5 * self.shape.roundness(CHANGE_UNDECIDED)
                    + 0.25 * change.cells
                    + 1.2 * change.swing.ln()
                    + 0.6 * change.switches
                    - change.others
                    - 2.0 * change.around
                    - 0.3 * change.glow
            }
        };
        1.0 / (1.0 + (-z).exp())
    }
}

/// How bright and how coloured the cells of the whole picture are.
#[derive(Debug, Clone)]
pub struct Backdrop {
    /// Brightest channel, and brightest less darkest channel, of the cells of some frames: ascending, linear light.
    light: Vec<f32>,
    color: Vec<f32>,
    frames: usize,
    /// Scene points evenly over the first picture, or the layer, in cells.
    places: Vec<(f64, f64)>,
}

/// Frames of a backdrop, and the step between its cells: some thousands of samples fix a share of one in a thousand.
const BACKDROP_FRAMES: usize = 4;
const BACKDROP_STEP: usize = 2;
/// Points of it, each way: where a thing the size of a face changes, one does.
const PLACES: usize = 20;
/// Places further from a light than this many of its radii, and cells, are not in its glow.
const GLOW_RADII: f64 = 3.0;
const GLOW_CELLS: f64 = 3.0;

impl Backdrop {
    pub fn of(scene: &Scene, linear: &Linearizer) -> Self {
        let (mut light, mut color) = (Vec::new(), Vec::new());
        let frames: Vec<_> = scene.frames.iter().filter(|f| f.aligned).collect();
        let n = frames.len().min(BACKDROP_FRAMES);
        for k in 0..n {
            let cells = &frames[k * frames.len() / n].cells;
            let [y, u, v] =
                [Channel::YMean, Channel::UMean, Channel::VMean].map(|c| cells.channel(c));
            for i in (0..y.len()).step_by(BACKDROP_STEP) {
                let c = linear.rgb(f32::from(y[i]), f32::from(u[i]), f32::from(v[i]));
                let top = c[0].max(c[1]).max(c[2]);
                light.push(top);
                color.push(top - c[0].min(c[1]).min(c[2]));
            }
        }
        light.sort_by(f32::total_cmp);
        color.sort_by(f32::total_cmp);
        let along = |k: usize, cells: usize| (k as f64 + 0.5) / PLACES as f64 * cells as f64 - 0.5;
        let places = (0..PLACES * PLACES).map(|k| {
            let (col, row) = (k % PLACES, k / PLACES);
            (along(col, scene.grid.cols), along(row, scene.grid.rows))
        });
        Self {
            light,
            color,
            frames: n.max(1),
            places: match scene.area() {
                None => places.collect(),
                Some(area) => spread(&area.places().collect::<Vec<_>>(), PLACES * PLACES),
            },
        }
    }

    /// Places that are not in the glow of `patch`.
    pub(super) fn places_far_from(&self, patch: &Patch) -> Vec<(f64, f64)> {
        let n = patch.region.len() as f64;
        let middle = patch
            .region
            .iter()
            .fold((0.0, 0.0), |s, c| (s.0 + c.0 / n, s.1 + c.1 / n));
        let far = GLOW_RADII * (n / std::f64::consts::PI).sqrt() + GLOW_CELLS;
        let places = self.places.iter().copied();
        places
            .filter(|p| (p.0 - middle.0).hypot(p.1 - middle.1) > far)
            .collect()
    }

    /// Natural log of the share of `values` that reach `level`, without as many as the light's own `cells`.
    fn share(&self, values: &[f32], level: f64, cells: usize) -> f64 {
        let own = cells * self.frames / BACKDROP_STEP;
        let reach = values.len() - values.partition_point(|&v| f64::from(v) < level);
        (reach.saturating_sub(own) as f64 / values.len().max(1) as f64 + 1e-3).ln()
    }
}

/// Light of one cell over the chosen frames.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: [f64; 3],
    count: usize,
}

impl Mean {
    pub(super) fn add(&mut self, c: [f32; 3]) {
        for (s, v) in self.sum.iter_mut().zip(c) {
            *s += f64::from(v);
        }
        self.count += 1;
    }

    /// `None` of a cell that was never in the picture.
    pub(super) fn value(&self) -> Option<[f64; 3]> {
        (self.count > 0).then(|| self.sum.map(|v| v / self.count as f64))
    }

    /// Means of the cells that were in the picture in at least half of `frames`.
    fn seen(cells: &[Self], frames: usize) -> Vec<[f64; 3]> {
        cells
            .iter()
            .filter(|c| c.count * 2 >= frames)
            .filter_map(Self::value)
            .collect()
    }
}

pub(super) fn mean(cells: &[[f64; 3]]) -> [f64; 3] {
    let n = cells.len().max(1) as f64;
    std::array::from_fn(|k| cells.iter().map(|c| c[k]).sum::<f64>() / n)
}

pub(super) fn most(c: &[f64; 3]) -> f64 {
    c[0].max(c[1]).max(c[2])
}

fn least(c: &[f64; 3]) -> f64 {
    c[0].min(c[1]).min(c[2])
}

/// The form of a region, from its second moments.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    /// Ratio of its axes, 0..1.
    ratio: f64,
    /// How much that tells, 0..1: a few cells look round, or long, by chance.
    told: f64,
}

impl Shape {
    pub fn of(region: impl ExactSizeIterator<Item = (f64, f64)> + Clone) -> Self {
        let n = region.len() as f64;
        let moments = Moments::of(region);
        // A cell has a width of its own.
        let [large, small] = Moments {
            xx: moments.xx + 1.0 / 12.0,
            yy: moments.yy + 1.0 / 12.0,
            ..moments
        }
        .along_axes();
        Self {
            ratio: (small.max(1e-3) / large).sqrt(),
            told: n / (n + FEW_CELLS),
        }
    }

    /// Ratio of the axes, pulled to `undecided` as far as it tells nothing.
    pub fn roundness(&self, undecided: f64) -> f64 {
        undecided + self.told * (self.ratio - undecided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halo_of_its_own_colour_speaks_for_a_lamp_and_a_white_one_against() {
        let looks = |halo_color| Shine {
            top: 1.0,
            contrast: 1.0,
            halo: 0.2,
            halo_color,
            brighter: -3.0,
            more_colored: -3.0,
            shape: Shape {
                ratio: 0.8,
                told: 0.9,
            },
            ..Shine::default()
        };
        let emission = |halo_color| looks(halo_color).emission(8.0, Some(0), None);
        let (lamp, gloss) = (emission([0.95, 0.03, 0.02]), emission([0.3, 0.35, 0.35]));
        assert!(lamp > gloss + 0.05, "{lamp} {gloss}");
        let unknown = looks([0.3, 0.35, 0.35]).emission(8.0, None, None);
        assert!(gloss < unknown && unknown < lamp, "{unknown}");
    }

    #[test]
    fn a_few_cells_are_neither_round_nor_long() {
        let row = |n: usize| (0..n).map(|i| (i as f64, 0.0)).collect::<Vec<_>>();
        let shape = |n| Shape::of(row(n).into_iter()).roundness(0.65);
        assert!((shape(1) - 0.65).abs() < 0.06, "{}", shape(1));
        assert!(shape(40) < 0.2, "{}", shape(40));
    }
}
