//! Peaks of a map over a canvas, and what belongs to each.

use super::maps::Canvas;

/// Two hills whose saddle is below this share of the lower top are looked at as two lights: noise dents means over time
/// by a few per cent. One lens that is cut in two by this is found twice, and the two trains are then alike.
const SADDLE: f32 = 0.85;
/// Regions of more cells than this are not checked cell by cell: a wide light has no close neighbour inside it.
pub const MAX_CHECKED: usize = 900;

/// Indices of the local maxima (8 neighbours) of at least `least`, highest first; of a plateau, as a burnt-out lens is one,
/// the first cell.
pub fn peaks(canvas: &Canvas, score: &[f32], least: f32) -> Vec<usize> {
    let mut out: Vec<usize> = (0..canvas.cells())
        .filter(|&i| {
            let below = |j: usize| score[j] < score[i] || score[j] == score[i] && j > i;
            score[i] >= least && canvas.neighbours(i).all(below)
        })
        .collect();
    out.sort_by(|&a, &b| score[b].total_cmp(&score[a]));
    out
}

/// The cells connected to `start` that `inside` accepts and nobody has taken; empty `taken` means none.
pub fn flood(
    canvas: &Canvas,
    start: usize,
    taken: &[bool],
    inside: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let mut mark = vec![false; canvas.cells()];
    mark[start] = true;
    let mut region = vec![start];
    let mut next = 0;
    while next < region.len() {
        for j in canvas.neighbours(region[next]) {
            if !mark[j] && !taken.get(j).copied().unwrap_or(false) && inside(j) {
                mark[j] = true;
                region.push(j);
            }
        }
        next += 1;
    }
    region
}

/// The part of `region` that belongs to the hill of `peak`: hills that are parted by a dip are different lights.
pub fn basin(
    canvas: &Canvas,
    peak: usize,
    region: &[usize],
    height: impl Fn(usize) -> f32,
) -> Vec<usize> {
    if region.len() < 3 || region.len() > MAX_CHECKED {
        return region.to_vec();
    }
    let mut order = region.to_vec();
    order.sort_by(|&a, &b| height(b).total_cmp(&height(a)));
    // Highest first, each cell joins the hill of a neighbour; where two meet, the lower one joins if its top is
    // little above the saddle.
    let place: std::collections::HashMap<usize, usize> =
        order.iter().enumerate().map(|(k, &i)| (i, k)).collect();
    let mut parent: Vec<usize> = (0..order.len()).collect();
    fn root(parent: &mut [usize], mut k: usize) -> usize {
        while parent[k] != k {
            parent[k] = parent[parent[k]];
            k = parent[k];
        }
        k
    }
    let mut label: Vec<usize> = (0..order.len()).collect();
    for (k, &i) in order.iter().enumerate() {
        let mut hills: Vec<usize> = canvas
            .neighbours(i)
            .filter_map(|j| place.get(&j).copied())
            .filter(|&m| m < k)
            .map(|m| root(&mut parent, label[m]))
            .collect();
        // The hill of the highest top is the one of the least index.
        hills.sort_unstable();
        hills.dedup();
        let Some(&first) = hills.first() else {
            continue;
        };
        label[k] = first;
        for &other in &hills[1..] {
            if height(i) >= SADDLE * height(order[other]) {
                parent[other] = first;
            }
        }
    }
    let home = root(&mut parent, label[place[&peak]]);
    (0..order.len())
        .filter(|&k| root(&mut parent, label[k]) == home)
        .map(|k| order[k])
        .collect()
}
