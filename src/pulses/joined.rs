//! Two levels of one light between which it goes to and fro without going out: a second emitter joins the first.
//!
//! A second emitter adds the same light each time, while exposure, white balance and the codec move the level slowly. So the
//! two are told by the steps from one settled piece to the next, which are alike and take turns, and not by the levels
//! themselves: where the first emitter burns out, or the camera follows, those mix.

use super::levels::{LIT_SHARE, Level};

/// Times that a light goes directly from one of two levels to the other.
const LEAST_STEPS: usize = 3;
/// Frames of a piece whose level is settled.
const SETTLED_FRAMES: f64 = 3.0;
/// A step up to this share of the whole is none, and one short of the whole by more than this is half a one.
const CLEAR_GAP: f64 = 1.0 / 3.0;
/// Share of the time that the rarer of the two is seen: people are to notice it. A slip of tracking is rarer.
const LEAST_SHARE: f64 = 0.05;
/// Standard deviations of the steps that a step is long.
const CLEAR_SCATTERS: f64 = 5.0;
/// What a second emitter adds at least, as a share of the first.
pub(super) const ADDED_SHARE: f64 = 0.25;
/// What the camera takes off the first when the second joins, as a share of what that adds: exposure, clipping. Where one
/// emitter takes turns with another it is all.
const MOST_TAKEN: f64 = 0.5;
/// Rounds in which the direction of the steps settles: each has it, or is its contrary.
const ROUNDS: usize = 4;

pub(super) type Rgb = [f64; 3];

/// Takes the pieces of the lower of two levels out of `pieces`, and keeps the order of both; `None` if there is but one level.
/// `above` are the levels of all pieces of the signal in the order of time.
pub(super) fn part_levels(pieces: &mut Vec<usize>, above: &[Level]) -> Option<Vec<usize>> {
    let chains = chains(pieces, above);
    let steps: Vec<Rgb> = chains
        .iter()
        .flat_map(|c| c.windows(2))
        .map(|w| minus(above[w[1]].rgb, above[w[0]].rgb))
        .collect();
    let (along, whole) = usual(&steps)?;
    let way = |from: usize, to: usize| dot(minus(above[to].rgb, above[from].rgb), along) / whole;
    let mut high: Vec<Option<bool>> = vec![None; above.len()];
    for chain in &chains {
        let mut floor = vec![0];
        for w in chain.windows(2) {
            let up = match way(w[0], w[1]) {
                w if w.abs() < CLEAR_GAP => 0,
                w if w.abs() < 1.0 - CLEAR_GAP => return None,
                w => w.signum() as i32,
            };
            floor.push(floor[floor.len() - 1] + up);
        }
        let (least, most) = (floor.iter().min()?, floor.iter().max()?);
        if most - least > 1 {
            return None;
        }
        for (&i, f) in chain.iter().zip(&floor) {
            high[i] = (most > least).then_some(f == most);
        }
    }
    let lengths = steps.iter().map(|s| dot(*s, along).abs() / whole);
    let taken: Vec<f64> = lengths.filter(|w| *w > 0.5).collect();
    // Once, or there and back, may be the camera's exposure or a shadow.
    if taken.len() < LEAST_STEPS {
        return None;
    }
    let scatter: f64 = taken.iter().map(|w| (w - 1.0).powi(2)).sum();
    let scatter = (scatter / (taken.len() - 1) as f64).sqrt();
    let low: Vec<usize> = (0..above.len())
        .filter(|&i| high[i] == Some(false))
        .collect();
    let ground = low.iter().map(|&i| light(above[i].rgb)).sum::<f64>() / low.len() as f64;
    let added = whole * light(along.map(|a| a.max(0.0)));
    let taken_away = whole * light(along.map(|a| (-a).max(0.0)));
    if taken_away > MOST_TAKEN * added {
        return None;
    }
    if ground <= 0.0 || added < ADDED_SHARE * ground || scatter * CLEAR_SCATTERS > 1.0 {
        return None;
    }
    // What is too short to be settled, or stands alone, is of the level that the nearest in time tells.
    let told: Vec<usize> = (0..above.len()).filter(|&i| high[i].is_some()).collect();
    for &i in pieces.iter() {
        if high[i].is_none()
            && let Some(&near) = told.iter().min_by_key(|t| t.abs_diff(i))
        {
            let from = if high[near] == Some(true) { 0.5 } else { -0.5 };
            high[i] = Some(way(near, i) + from > 0.0);
        }
    }
    let frames = |level: Option<bool>| -> f64 {
        let of_level = pieces
            .iter()
            .filter(|&&i| level.is_none() || high[i] == level);
        of_level.map(|&i| above[i].frames).sum()
    };
    if frames(Some(true)).min(frames(Some(false))) < LEAST_SHARE * frames(None) {
        return None;
    }
    let (keep, out) = pieces.iter().partition(|&&i| high[i] == Some(true));
    *pieces = keep;
    Some(out)
}

/// Settled pieces that follow each other with nothing between but the edge itself.
fn chains(pieces: &[usize], above: &[Level]) -> Vec<Vec<usize>> {
    let most = pieces.iter().map(|&i| above[i].light()).fold(0.0, f64::max);
    let lit = |i: usize| above[i].light() >= LIT_SHARE * most;
    let settled = |i: usize| above[i].frames >= SETTLED_FRAMES;
    let mut chains: Vec<Vec<usize>> = vec![Vec::new()];
    for i in 0..above.len() {
        if pieces.contains(&i) && settled(i) && lit(i) {
            chains.last_mut().expect("there is always one").push(i);
        } else if settled(i) || !lit(i) {
            chains.push(Vec::new());
        }
    }
    chains.retain(|c| !c.is_empty());
    chains
}

/// Direction and length of most of the longer steps, to and fro.
fn usual(steps: &[Rgb]) -> Option<(Rgb, f64)> {
    let norm = |v: Rgb| dot(v, v).sqrt();
    let longest = steps
        .iter()
        .copied()
        .max_by(|a, b| norm(*a).total_cmp(&norm(*b)))?;
    let mut sum = longest;
    let mut count = 1.0;
    for _ in 0..ROUNDS {
        let along = sum.map(|v| v / norm(sum).max(1e-12));
        (sum, count) = ([0.0; 3], 0.0);
        for step in steps {
            let w = dot(*step, along);
            if w.abs() > 0.5 * norm(longest) {
                sum = std::array::from_fn(|k| sum[k] + w.signum() * step[k]);
                count += 1.0;
            }
        }
    }
    // What is added brightens.
    let up = light(sum).signum();
    let length = norm(sum);
    (length > 0.0).then(|| (sum.map(|v| up * v / length), length / count))
}

fn light(rgb: Rgb) -> f64 {
    rgb.iter().sum()
}

fn minus(a: Rgb, b: Rgb) -> Rgb {
    std::array::from_fn(|k| a[k] - b[k])
}

pub(super) fn dot(a: Rgb, b: Rgb) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
