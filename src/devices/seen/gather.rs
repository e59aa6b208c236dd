//! Flashes gathered into blinks, and steps into groups.

use super::{Count, Length, SeenStep, typical};
use crate::pulses::{ColorSet, Train};

/// A time of one look.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    pub light: ColorSet,
    pub length: Length,
}

pub fn hold(s: Segment) -> SeenStep {
    SeenStep {
        light: s.light,
        over: None,
        on: vec![s.length],
        off: Vec::new(),
        flashes: Vec::new(),
    }
}

/// The looks of a train. A time out of sight between two equal looks is bridged, between others it cuts both.
pub fn segments(train: &Train) -> Vec<Segment> {
    let mut out: Vec<Segment> = Vec::new();
    let mut unseen_s = 0.0;
    // Variance of the start of the last segment.
    let mut start_var = 0.0;
    for span in &train.spans {
        let Some(light) = span.look.colors() else {
            unseen_s += span.duration_s();
            continue;
        };
        match out.last_mut() {
            Some(last) if last.light == light => last.length.s += unseen_s + span.duration_s(),
            last => {
                if let Some(last) = last {
                    last.length.cut |= unseen_s > 0.0;
                }
                start_var = span.start_sd_s.powi(2);
                out.push(Segment {
                    light,
                    length: Length {
                        s: span.duration_s(),
                        sd_s: 0.0,
                        cut: unseen_s > 0.0,
                    },
                });
            }
        }
        if let Some(last) = out.last_mut() {
            last.length.sd_s = (start_var + span.end_sd_s.powi(2)).sqrt();
        }
        unseen_s = 0.0;
    }
    if let Some(first) = out.first_mut() {
        first.length.cut = true;
    }
    if let Some(last) = out.last_mut() {
        last.length.cut = true;
    }
    out
}

/// The blink that `all` starts with, if it starts with one, and how many of `all` it takes: the same two
/// looks in turns, each of the same length every time, lit at least twice.
pub fn run(all: &[Segment], same: impl Fn(f64, f64) -> bool) -> Option<(SeenStep, usize)> {
    let [a, b, ..] = all else { return None };
    // Dark before the first flash is no gap between flashes, even if it is as long as one.
    if a.light.is_dark() {
        return None;
    }
    // Of two lit looks the one that holds the other is the flash: green beside a steady blue.
    let b_is_flash = !b.light.is_dark() && b.light.union(a.light) == b.light;
    let (light, over) = if b_is_flash {
        (b.light, a.light)
    } else {
        (a.light, b.light)
    };
    let mut lengths: [Vec<Length>; 2] = [Vec::new(), Vec::new()];
    for (i, s) in all.iter().enumerate() {
        let turn = &mut lengths[i % 2];
        let expected = if i % 2 == 0 { a.light } else { b.light };
        let Length {
            s: length_s, cut, ..
        } = s.length;
        let usual = typical(turn);
        let fits = usual.cut || same(length_s, usual.s) || cut && length_s < usual.s;
        if s.light != expected || !fits {
            break;
        }
        turn.push(s.length);
    }
    let mut length = lengths[0].len() + lengths[1].len();
    // What follows the last flash belongs to the next step, unless the clip ends with it.
    let ends = length == all.len();
    let flash_turn = usize::from(b_is_flash);
    if !ends && (length - 1) % 2 != flash_turn {
        length -= 1;
        lengths[1 - flash_turn].pop();
    }
    // A flash that is nearer to the next one belongs to that.
    let next = all.get(length).map(|s| s.length);
    if let (Some(next), Some(gap)) = (next, lengths[1 - flash_turn].last())
        && all[length].light == over
        && next.s < gap.s
        && !same(next.s, gap.s)
    {
        lengths[flash_turn].pop();
        lengths[1 - flash_turn].pop();
        length -= 2;
    }
    let [first, second] = lengths;
    let (on, off) = if b_is_flash {
        (second, first)
    } else {
        (first, second)
    };
    let n = on.len();
    let cut = ends || all[0].length.cut;
    let step = SeenStep {
        light,
        over: Some(over),
        on,
        off,
        flashes: vec![Count { n: n as u32, cut }],
    };
    (n >= 2).then_some((step, length))
}

/// The steps that come again and again, if all of `steps` is made of them. The first and the last of all may be cut.
pub fn group(steps: &[SeenStep], same: impl Fn(f64, f64) -> bool) -> Option<Vec<SeenStep>> {
    let n = steps.len();
    (2..=n.div_ceil(2)).find_map(|size| {
        // The last of all may be one flash and the dark that the clip ends in.
        let cut = |i: usize| i == 0 || i + 2 >= n;
        let alike = (0..n - size)
            .all(|i| similar(&steps[i], &steps[i + size], cut(i) || cut(i + size), &same));
        if !alike || n < 2 * size - 1 {
            return None;
        }
        let steps: Vec<SeenStep> = (0..size)
            .filter_map(|k| together(&steps[k..], size, |i| cut(k + i)))
            .collect();
        let last = steps.last()?;
        (last.over.is_none() && !typical(&last.on).cut).then_some(steps)
    })
}

/// Every `size`th of `steps` as one; those that the clip may have cut count for what they are.
fn together(steps: &[SeenStep], size: usize, cut: impl Fn(usize) -> bool) -> Option<SeenStep> {
    let places = || (0..steps.len()).step_by(size);
    let model = places().find(|&i| !cut(i)).or(places().next())?;
    let mut out = SeenStep {
        on: Vec::new(),
        off: Vec::new(),
        flashes: Vec::new(),
        ..steps[model].clone()
    };
    for i in places().filter(|&i| steps[i].over == out.over) {
        let step = &steps[i];
        out.on.extend(&step.on);
        out.off.extend(&step.off);
        let counts = step.flashes.iter().map(|c| Count {
            cut: c.cut || cut(i),
            ..*c
        });
        out.flashes.extend(counts);
    }
    // Where one was seen whole, the others only say that they were no longer.
    if out.flashes.iter().any(|c| !c.cut) {
        out.flashes.retain(|c| !c.cut);
    }
    Some(out)
}

/// Whether two steps are the same one of a group; with `cut` one of them may be a part.
fn similar(a: &SeenStep, b: &SeenStep, cut: bool, same: &impl Fn(f64, f64) -> bool) -> bool {
    let alike = |a: &[Length], b: &[Length]| same(typical(a).s, typical(b).s);
    match (a.over, b.over) {
        (None, None) => a.light == b.light && (cut || alike(&a.on, &b.on)),
        (Some(x), Some(y)) => {
            let n = |s: &SeenStep| s.flashes.first().map(|c| c.n);
            (a.light, x) == (b.light, y)
                && alike(&a.on, &b.on)
                && alike(&a.off, &b.off)
                && (cut || n(a) == n(b))
        }
        // Only one flash of a blink is in the clip.
        _ => cut && a.light == b.light,
    }
}
