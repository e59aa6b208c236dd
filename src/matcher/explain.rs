//! Why, in plain words.

use crate::devices::{Basis, Device, Pattern, State};
use crate::median::median;
use crate::pulses::{Color, Train};

use super::Query;

/// What the light did, what it fits, and what limits the trust in it.
pub fn reasons(
    train: &Train,
    pattern: &Pattern,
    state: &State,
    device: &Device,
    query: &Query,
) -> Vec<String> {
    let mut out = measured(train);
    let name = if pattern.name.is_empty() {
        &state.name
    } else {
        &pattern.name
    };
    out.push(format!("That fits {} ({name}): {pattern}.", state.name));
    for flag in query
        .context
        .iter()
        .filter(|c| state.contexts.contains_key(*c))
    {
        let says = device.contexts.get(flag).map_or("", String::as_str);
        out.push(format!("Taken into account: {flag}, {says}."));
    }
    if state.basis == Basis::Assumed {
        out.extend(state.notes.last().cloned());
    }
    out
}

/// What the light did, a line for each colour.
pub fn measured(train: &Train) -> Vec<String> {
    let pulses = train.pulses();
    let frame_s = train.frame_interval_s;
    let mut out = Vec::new();
    for color in Color::ALL {
        let own: Vec<_> = pulses.iter().filter(|p| p.color == color).collect();
        let Some(first) = own.first() else { continue };
        let cut_start = first.start_s < frame_s;
        let cut_end = own
            .last()
            .is_some_and(|p| p.end_s > train.duration_s - frame_s);
        if own.len() == 1 {
            let d = first.end_s - first.start_s;
            out.push(match (cut_start, cut_end) {
                (true, true) => format!("{}: lit all the time ({d:.1} s).", color.name()),
                (false, false) => format!("{}: one flash of {d:.2} s.", color.name()),
                _ => format!("{}: lit for {d:.1} s, cut by the clip.", color.name()),
            });
            continue;
        }
        let whole = own
            .iter()
            .filter(|p| p.start_s >= frame_s && p.end_s <= train.duration_s - frame_s);
        let mut on: Vec<f64> = whole.map(|p| p.end_s - p.start_s).collect();
        let gaps = own.windows(2).map(|w| w[1].start_s - w[0].end_s);
        let mut off: Vec<f64> = gaps.collect();
        let medians = [&mut on, &mut off].map(|values| median(values, f64::total_cmp));
        out.push(match medians.into() {
            (Some(on), Some(off)) => format!(
                "{}: {} flashes, {on:.2} s long, {off:.2} s apart (medians).",
                color.name(),
                own.len()
            ),
            _ => format!("{}: {} flashes.", color.name(), own.len()),
        });
    }
    out
}

/// An instruction: `film for about 8 s in one go`.
pub fn film_for(needed_s: f64) -> String {
    format!("film for about {:.0} s in one go", needed_s.ceil())
}
