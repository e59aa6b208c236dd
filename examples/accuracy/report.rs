//! The tables as Markdown.

use blinkdx::devices::Library;
use blinkdx::matcher::params::Params;
use blinkdx::matcher::{Verdict, time_to_verdict as time_to_verdict_of};

use super::calibration::Calibration;
use super::conditions::{Condition, Figure, MODELS};
use super::judge::Outcome;
use super::stats::{Mean, Share, rms};

/// One row of the table of conditions.
pub fn row(condition: &Condition, outcomes: &[Outcome]) -> String {
    let flags = |f: fn(&Outcome) -> Option<bool>| Share::of(outcomes.iter().filter_map(f));
    let figure = match condition.figure {
        Figure::Nothing => String::new(),
        Figure::Edges => edges(outcomes),
        Figure::Color => format!("colour right {}", flags(|o| o.color)),
        Figure::Steady => format!("not taken for blinking {}", flags(|o| Some(o.steady))),
        Figure::Gap => format!("gap not taken for dark {}", flags(|o| o.gap)),
        Figure::Silent => format!("no diagnosis {}", flags(|o| Some(o.confidence.is_none()))),
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {figure} |",
        condition.name,
        condition.what,
        Share::of(outcomes.iter().map(|o| o.right)),
        Share::of(outcomes.iter().map(Outcome::wrong)),
        Mean::of(outcomes.iter().filter_map(|o| o.f1)),
        flags(|o| o.place),
    )
}

fn edges(outcomes: &[Outcome]) -> String {
    let groups: Vec<Vec<f64>> = outcomes
        .iter()
        .map(|o| o.edges.clone())
        .filter(|e| !e.is_empty())
        .collect();
    if groups.is_empty() {
        return "no edge matched".into();
    }
    let n: usize = groups.iter().map(Vec::len).sum();
    let bias = groups.iter().flatten().sum::<f64>() / n as f64;
    let (rms, low, high) = rms(&groups);
    format!(
        "edges off by {rms:.2} frames RMS ({low:.2}–{high:.2}; {n} edges of {} clips; mean {bias:+.2})",
        groups.len()
    )
}

/// The tables of the clips of mixed difficulty.
pub fn mixed(outcomes: &[Outcome]) -> String {
    let given = Calibration::of(
        outcomes
            .iter()
            .filter_map(|o| o.confidence.map(|c| (c, o.hit))),
    );
    let blind = Calibration::of(outcomes.iter().filter_map(|o| o.blind));
    let mut out = String::from("| | model given | model unknown |\n|---|---|---|\n");
    let named = |c: usize| Share {
        hits: c,
        of: outcomes.len(),
    };
    let count = |c: &Calibration| named(c.right().of);
    let interval = |c: &Calibration| {
        let (low, high) = c.ece_interval();
        format!("{:.3} ({low:.3}–{high:.3})", c.ece())
    };
    for (what, of) in [
        (
            "a state was named",
            &count as &dyn Fn(&Calibration) -> Share,
        ),
        ("the state named first was right", &|c| c.right()),
        ("wrong among confidence ≥ 0.95", &|c| c.sure_wrong()),
    ] {
        out += &format!("| {what} | {} | {} |\n", of(&given), of(&blind));
    }
    out += &format!(
        "| expected calibration error | {} | {} |\n",
        interval(&given),
        interval(&blind)
    );
    out += &format!(
        "| Brier score | {:.3} | {:.3} |\n",
        given.brier(),
        blind.brier()
    );
    out += &format!(
        "\nVerdicts with the model given: {}.\n",
        [
            Verdict::Diagnosed,
            Verdict::Ambiguous,
            Verdict::UnknownPattern,
            Verdict::NoLight,
            Verdict::Insufficient
        ]
        .map(|v| {
            let n = outcomes.iter().filter(|o| o.verdict == Some(v)).count();
            format!("{} {n}", v.name())
        })
        .join(", ")
    );
    out += &format!(
        "Right by the rule of the table above: {}; sure and wrong: {}.\n",
        Share::of(outcomes.iter().map(|o| o.right)),
        Share::of(outcomes.iter().map(Outcome::wrong)),
    );
    out += &format!(
        "\nModel given:\n\n{}\nModel unknown:\n\n{}",
        given.table(),
        blind.table()
    );
    out
}

/// Seconds of film that each state needs, from the matcher's own reckoning on trains as the eyes report them.
pub fn time_to_verdict(library: &Library) -> String {
    /// Random lights per state.
    const DRAWS: u64 = 200;
    /// Confidence that counts as sure here.
    const SURE: f64 = 0.95;
    let mut params = Params::DEFAULT;
    params.decision.sure = SURE;
    let mut out = String::from(
        "| device | state | half of the clips (s) | nine of ten (s) | reached within 30 s |\n|---|---|---|---|---|\n",
    );
    for device in MODELS.iter().filter_map(|m| library.get(m)) {
        for state in &device.states {
            let wait = time_to_verdict_of(device, state, 30.0, DRAWS, &params);
            let line = match wait {
                Some(w) => format!("{:.1} | {:.1} | {:.2}", w.median_s, w.most_s, w.reached),
                None => "– | – | 0".into(),
            };
            out += &format!("| {} | {} | {line} |\n", device.name, state.name);
        }
    }
    out
}

/// The whole document.
pub fn document(rows: &[String], mixed: &str, waits: &str, count: usize) -> String {
    let rows = rows.join("\n");
    format!(
        "# Accuracy

Measured on clips that the simulator (`src/simulate`) renders with known truth; none of its code is shared with the analysis.
Written by the example `accuracy`; do not edit. In full (100 clips a condition, 1000 mixed; hours):

```sh
cargo run --release --example accuracy -- --write docs/ACCURACY.md --results accuracy.jsonl
```

`--minutes 50` stops in time; the next run with the same `--results` goes on from there, and `--clips`, `--mixed` set how far.
`--films FOLDER` keeps the rendered clips (several GB): the next version of the program is measured on the same ones, in a
quarter of the time. `--photos FOLDER` adds a row with the pictures of that folder behind the device; none are part of
this project.
The seeds differ from those that parameters were fitted on, but for `slope` and `stands_out` of `Calibration`: of those, values
were compared on the first 700 of the mixed clips. Shares have Wilson 95 % intervals; the numbers of clips are in brackets: few
clips make wide intervals.

## What makes it hard, one thing at a time

640 x 480 px, H.264 (x264, crf 18 where the row does not say), the model given. Unless the row says otherwise, conditions are
drawn as for a hand-held phone (shake, auto-exposure, white balance, mains flicker, PWM dimming, noise; see `Effects::draw`). Clips are 6 to 16 s long.

- *right*: the state is the true one, or the verdict is the only honest one (a light that two states share is ambiguous, a dark or unknown one is not diagnosed).
- *wrong*: a wrong state with confidence 0.8 or more.
- *pulses*: mean over clips of the F1 of lit spans, matched by colour within 1.5 frames at both ends.
- *place*: the light that was found is the true one.

| condition | what | right | wrong | pulses | place | |
|---|---|---|---|---|---|---|
{rows}

Edge times are compared with the true times at which the light switched, as seen in the middle of the exposure of its row
(what a viewer can't know, shutter and row, is taken off the truth). Only edges of matched pulses count.

## Calibration

{count} clips of difficulty 0 to 1 drawn evenly; devices evenly, states as often as the device files say they are filmed; one in
twelve dark, one in sixteen a light of no state; half of them coarsely compressed (crf 22 to 34). Confidence is compared with
whether the state named first is the true one; as clips are rendered from the device files, it is that of descriptions that are
beyond doubt (`trust` 1).

{mixed}
## Time to verdict

Seconds of film at 30 frames/s from which on the state keeps a confidence of 0.95, the model given, filming begun up to 3 s
before an event. Reckoned by the matcher from 200 random lights per state, measured as the eyes measure them.

{waits}"
    )
}
