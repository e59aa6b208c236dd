//! What more film would tell.

use crate::devices::Step;
use crate::pulses::{Look, Span, Train};

use super::book::log_sum;
use super::horizon;
use super::score::fit;
use super::script::{CompiledStep, Paint, Phase, Script};
use super::signal::Signal;
use super::verdict::{Case, Group};

/// Seconds for which the light still has to be seen before the state of `top` may be said: until a
/// last step without end has lasted its least, or a rhythm has repeated.
pub fn still_to_see(case: &Case, top: &Group) -> Option<f64> {
    let best = top.members[0];
    let script = case.scene.book.script(&case.scene.book.entries[best.entry]);
    let at = best.fit.place;
    let train = &case.target(best).light.train;
    if script.is_terminal(at) {
        let phase = script.phase(at)?;
        let mut seen_s = best.fit.there_s;
        if script.paints[phase.paint] == Paint::Dark {
            // Dark before the first flash excludes a rhythm as well as dark after it.
            let lead = train.spans.first().filter(|s| s.look == Look::Off);
            seen_s = seen_s.max(lead.map_or(0.0, Span::duration_s));
        }
        let Step::Hold(hold) = case.pattern(best).steps.last()? else {
            return None;
        };
        let wait_s = hold.for_s.min - seen_s;
        return (wait_s > train.frame_interval_s).then_some(wait_s);
    }
    // Of a rhythm, each duration must have been seen whole; but for one that only follows what told the state.
    let learned = |p: &Phase| p.known.is_some_and(|k| best.fit.learned[k].is_some());
    let told = |s: &CompiledStep| learned(&s.on) && s.off.as_ref().is_some_and(learned);
    if script.steps_before(at).iter().any(told) {
        return None;
    }
    let missing: f64 = script
        .rhythm(at)
        .filter(|p| p.known.is_some_and(|k| best.fit.learned[k].is_none()))
        .map(|p| p.range.mean())
        .sum();
    let least = case.params.decision.shortest_s;
    (missing > 0.0).then(|| (missing - best.fit.there_s).max(least))
}

/// How long a clip would tell which of `rivals` it is, in s; `None` when none would.
pub fn needed_s(case: &Case, rivals: &[&Group]) -> Option<f64> {
    let further: Option<Vec<f64>> = rivals.iter().map(|g| resolves_in(case, g)).collect();
    Some(case.seen.duration_s + further?.into_iter().fold(0.0, f64::max))
}

/// Seconds of further film after which `group` would stand out, if the light goes on as it says;
/// `None` when it would not.
fn resolves_in(case: &Case, group: &Group) -> Option<f64> {
    /// Lengths tried, in s: what one can ask of a person on a ladder.
    const FURTHER_S: [f64; 6] = [1.0, 2.0, 4.0, 7.0, 12.0, 20.0];
    /// Gain in probability that is worth a longer film.
    const WORTH: f64 = 0.15;
    let best = group.members[0];
    let script = case.scene.book.script(&case.scene.book.entries[best.entry]);
    let train = &case.target(best).light.train;
    let stands_out = |&further_s: &f64| {
        let fit = &best.fit;
        let more = script.go_on(fit.place, fit.there_s, &fit.learned, further_s);
        let scene = case
            .scene
            .with_train(best.target, horizon::extended(train, &more));
        let p = scene.p_of(case.devices, group.state);
        p >= case.params.decision.diagnosed.max(group.p + WORTH)
    };
    // What the longest does not tell, and that is most often so, the others need not be asked.
    let [shorter @ .., longest] = FURTHER_S;
    let told = stands_out(&longest);
    told.then(|| shorter.into_iter().find(stands_out).unwrap_or(longest))
}

/// A note, when flashes of the devices are too short for the frame rate.
pub fn too_slow(case: &Case) -> Option<String> {
    let steps = case
        .devices
        .iter()
        .flat_map(|d| &d.states)
        .flat_map(|s| &s.patterns);
    let shortest = steps
        .flat_map(|p| &p.steps)
        .filter_map(|s| match s {
            // In the middle of the range: the least is rare.
            Step::Blink(b) => Some((b.on_s.min.max(0.02) * b.on_s.max).sqrt()),
            Step::Hold(_) => None,
        })
        .fold(f64::INFINITY, f64::min);
    let needed = case.params.decision.frames_per_flash / shortest;
    (needed.is_finite() && case.seen.fps < needed).then(|| {
        format!(
            "{:.1} frames per s are too few for flashes of {shortest:.2} s: film with at least {:.0}.",
            case.seen.fps,
            needed.ceil()
        )
    })
}

/// When nothing was seen because the clip may lie between two flashes: how long a clip would show
/// one, in s; infinite when no length would at this frame rate.
pub fn between_flashes(case: &Case) -> Option<f64> {
    /// Longest film asked for, in s, and the steps in which it is looked for.
    const LONGEST_S: f64 = 20.0;
    const STEP_S: f64 = 0.5;
    let limit = 1.0 - case.params.decision.diagnosed;
    let mut t = case.seen.duration_s;
    if p_dark_though_lit(case, t) < limit {
        return None;
    }
    while t < LONGEST_S {
        t += STEP_S;
        if p_dark_though_lit(case, t) < 0.5 * limit {
            return Some(t);
        }
    }
    Some(f64::INFINITY)
}

/// Posterior that a device's light is on its way to flash again, given that nothing was lit for `duration_s`.
fn p_dark_though_lit(case: &Case, duration_s: f64) -> f64 {
    let priors = &case.params.priors;
    let noise = &case.params.noise;
    let dark = Train::dark(duration_s, 1.0 / case.seen.fps.max(0.1));
    let signal = Signal::new(&dark, noise);
    let book = case.scene.book;
    let conditions = book.entries.iter().filter(|e| {
        let state = &case.devices[e.device].states[e.state];
        state.patterns[e.pattern].is_condition()
    });
    let logs: Vec<f64> = conditions
        .filter_map(|e| {
            let going_on = Script {
                from_start: 0.0,
                ..book.script(e).clone()
            };
            Some(e.log_prior + fit(&signal, &going_on, noise, priors)?.log_likelihood)
        })
        .collect();
    let p = priors.lit * log_sum(&logs).exp();
    p / (p + 1.0 - priors.lit)
}
