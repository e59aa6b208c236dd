//! From the posterior to what the reader of the clip is told.

use crate::devices::{Device, Pattern, State, Step};
use crate::observe::{Light, Observation};
use crate::pulses::{Look, Span, Train};

use super::params::Params;
use super::scene::{Book, Scene, Share, Target, log_sum, posterior};
use super::score::{Signal, fit};
use super::script::{Paint, Script};
use super::{Candidate, Diagnosis, Query, Verdict, explain, horizon};

/// States of one name, on one or several devices.
struct Group<'a> {
    state: &'a str,
    /// Posterior that the light does what this state's patterns do.
    p: f64,
    /// The same, less what the descriptions are not trusted for.
    confidence: f64,
    /// Likeliest first.
    members: Vec<&'a Share>,
}

/// All that the judgement looks at.
pub struct Case<'a> {
    pub seen: &'a Observation,
    pub devices: &'a [&'a Device],
    pub book: &'a Book<'a>,
    pub scene: &'a Scene,
    pub query: &'a Query,
    pub params: &'a Params,
}

impl<'a> Case<'a> {
    fn device(&self, s: &Share) -> &'a Device {
        self.devices[s.device]
    }

    fn state(&self, s: &Share) -> &'a State {
        &self.device(s).states[s.state]
    }

    fn pattern(&self, s: &Share) -> &'a Pattern {
        &self.state(s).patterns[s.pattern]
    }

    fn target(&self, s: &Share) -> &'a Target {
        &self.scene.targets[s.target]
    }

    fn groups(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group> = Vec::new();
        for s in &self.scene.shares {
            let state = self.state(s);
            let confidence = s.p * state.trust;
            match groups.iter_mut().find(|g| g.state == state.name) {
                Some(g) => {
                    g.p += s.p;
                    g.confidence += confidence;
                    g.members.push(s);
                }
                None => groups.push(Group {
                    state: &state.name,
                    p: s.p,
                    confidence,
                    members: vec![s],
                }),
            }
        }
        groups.sort_by(|a, b| b.p.total_cmp(&a.p));
        groups
    }

    /// Seconds of further film after which `group` would stand out, if the light goes on as it says;
    /// `None` when it would not.
    fn resolves_in(&self, group: &Group) -> Option<f64> {
        /// Lengths tried, in s: what one can ask of a person on a ladder.
        const FURTHER_S: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0];
        let best = group.members[0];
        let target = self.target(best);
        let script = Script::compile(self.pattern(best), &self.params.priors);
        FURTHER_S.into_iter().find(|&further_s| {
            let more = script.go_on(
                best.fit.place,
                best.fit.there_s,
                &best.fit.learned,
                further_s,
            );
            let train = horizon::extended(&target.light.train, &more);
            let mut seen = Observation {
                lights: Vec::new(),
                ..self.seen.clone()
            };
            seen.lights.push(Light {
                train,
                ..target.light.clone()
            });
            let scene = posterior(&seen, self.devices, self.book, self.query, self.params);
            let p: f64 = scene
                .shares
                .iter()
                .filter(|s| self.state(s).name == group.state)
                .map(|s| s.p)
                .sum();
            p >= self.params.decision.diagnosed
        })
    }

    /// How long a clip would tell which of `rivals` it is; `None` when none would.
    fn needed_s(&self, rivals: &[&Group]) -> Option<f64> {
        let further = rivals.iter().map(|g| self.resolves_in(g));
        let further: Option<Vec<f64>> = further.collect();
        Some(self.seen.duration_s + further?.into_iter().fold(0.0, f64::max))
    }

    /// The verdict.
    pub fn judge(&self) -> Diagnosis {
        let groups = self.groups();
        let known: f64 = groups.iter().map(|g| g.p).sum();
        let decision = &self.params.decision;
        let Some(top) = groups.first().filter(|_| known >= 0.5) else {
            return self.not_recognised(&groups);
        };
        let rivals: Vec<&Group> = groups
            .iter()
            .filter(|g| g.p >= decision.candidate * top.p && g.p >= decision.least)
            .collect();
        let mut out = self.about(top, &groups);
        if top.p >= decision.diagnosed || rivals.len() < 2 {
            out.verdict = Verdict::Diagnosed;
            if let Some(wait_s) = self.still_to_see(top) {
                out.verdict = Verdict::Insufficient;
                out.needed_s = Some(self.seen.duration_s + wait_s);
                out.note = Some(format!(
                    "It looks like `{}`, but about {wait_s:.0} s more are needed to tell: film for at least {:.0} s in one go.",
                    top.state,
                    (self.seen.duration_s + wait_s).ceil()
                ));
            } else if top.p < decision.diagnosed
                && let Some(needed) = self.needed_s(&rivals)
            {
                self.say_insufficient(&mut out, needed);
            }
            return out;
        }
        if let Some(needed) = self.needed_s(&rivals) {
            self.say_insufficient(&mut out, needed);
            return out;
        }
        out.verdict = Verdict::Ambiguous;
        out.candidates.retain(|c| {
            rivals.iter().any(|g| g.state == c.state) && c.confidence >= decision.mentioned
        });
        out.note = Some(self.question(&rivals));
        out
    }

    /// A diagnosis with everything but the verdict.
    fn about(&self, top: &Group, groups: &[Group]) -> Diagnosis {
        let best = top.members[0];
        let target = self.target(best);
        Diagnosis {
            verdict: Verdict::Diagnosed,
            candidates: self.candidates(groups),
            place: Some(target.light.place),
            train: Some(target.light.train.clone()),
            note: None,
            needed_s: None,
            reasons: explain::reasons(
                &target.light.train,
                self.pattern(best),
                self.state(best),
                self.device(best),
                self.query,
            ),
        }
    }

    /// First the leading state with the confidence of all models that share it, then every other model and state.
    fn candidates(&self, groups: &[Group]) -> Vec<Candidate> {
        let mut out = Vec::new();
        for (i, g) in groups.iter().enumerate() {
            for (j, s) in g.members.iter().enumerate() {
                let lead = i == 0 && j == 0;
                let own = s.p * self.state(s).trust;
                out.push(Candidate {
                    model: self.device(s).name.clone(),
                    state: g.state.to_owned(),
                    confidence: if lead { g.confidence } else { own },
                    pattern: self.pattern(s).name.clone(),
                    shared_by: if lead {
                        g.members[1..]
                            .iter()
                            .filter(|m| m.p > 0.02 * s.p)
                            .map(|m| self.device(m).name.clone())
                            .collect()
                    } else {
                        Vec::new()
                    },
                });
            }
        }
        // The lead stays first; the others by confidence.
        if let Some((_, rest)) = out.split_first_mut() {
            rest.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        }
        out.retain(|c| c.confidence >= self.params.decision.kept);
        out
    }

    /// Seconds for which the light still has to be seen before the state may be said: until a last
    /// step without end has lasted its least, or a rhythm has repeated.
    fn still_to_see(&self, top: &Group) -> Option<f64> {
        let best = top.members[0];
        let script = Script::compile(self.pattern(best), &self.params.priors);
        let at = best.fit.place;
        let train = &self.target(best).light.train;
        if script.is_terminal(at) {
            let phase = script.phase(at)?;
            let mut seen_s = best.fit.there_s;
            if script.paints[phase.paint] == Paint::Dark {
                // Dark before the first flash excludes a rhythm as well as dark after it.
                let lead = train.spans.first().filter(|s| s.look == Look::Off);
                seen_s = seen_s.max(lead.map_or(0.0, Span::duration_s));
            }
            let Step::Hold(hold) = self.pattern(best).steps.last()? else {
                return None;
            };
            let wait_s = hold.for_s.min - seen_s;
            return (wait_s > train.frame_interval_s).then_some(wait_s);
        }
        // Of a rhythm, each duration must have been seen whole.
        let missing: f64 = script
            .rhythm(at)
            .filter(|p| p.known.is_some_and(|k| best.fit.learned[k].is_none()))
            .map(|p| p.range.mean())
            .sum();
        (missing > 0.0).then(|| (missing - best.fit.there_s).max(self.params.decision.shortest_s))
    }

    fn say_insufficient(&self, out: &mut Diagnosis, needed_s: f64) {
        out.verdict = Verdict::Insufficient;
        out.needed_s = Some(needed_s);
        let what: Vec<String> = out
            .candidates
            .iter()
            .take(3)
            .map(|c| format!("`{}`", c.state))
            .fold(Vec::new(), |mut v, s| {
                if !v.contains(&s) {
                    v.push(s);
                }
                v
            });
        out.note = Some(format!(
            "{:.1} s of film do not tell what this is (possible: {}): film for about {:.0} s in one go.",
            self.seen.duration_s,
            what.join(", "),
            needed_s.ceil()
        ));
    }

    /// What to ask the user.
    fn question(&self, rivals: &[&Group]) -> String {
        let names: Vec<&str> = rivals.iter().map(|g| g.state).collect();
        let device = self.device(rivals[0].members[0]);
        if let Some(ask) = device.question(&names) {
            return ask.to_owned();
        }
        let mut models: Vec<&str> = rivals
            .iter()
            .flat_map(|g| &g.members)
            .map(|s| self.device(s).name.as_str())
            .collect();
        models.sort_unstable();
        models.dedup();
        if models.len() > 1 {
            format!(
                "Several devices show this light: say which it is with --model ({}).",
                models.join(", ")
            )
        } else {
            format!(
                "This light fits {} as well: compare what each means.",
                names.join(" and ")
            )
        }
    }

    /// No state explains a light.
    fn not_recognised(&self, groups: &[Group]) -> Diagnosis {
        let decision = &self.params.decision;
        let strange = self
            .scene
            .targets
            .iter()
            .filter(|t| t.plausible && t.light.emission >= decision.emits)
            .max_by(|a, b| a.p.total_cmp(&b.p));
        let mut out = Diagnosis {
            verdict: Verdict::NoLight,
            candidates: self.candidates(groups),
            place: None,
            train: None,
            note: None,
            needed_s: None,
            reasons: Vec::new(),
        };
        out.candidates
            .retain(|c| c.confidence >= decision.mentioned);
        if let Some(t) = strange {
            out.verdict = Verdict::UnknownPattern;
            out.place = Some(t.light.place);
            out.train = Some(t.light.train.clone());
            out.reasons = explain::measured(&t.light.train);
            out.note = Some(
                "A light was measured; it does nothing that is known of the device.".to_owned(),
            );
            if let Some(fps) = self.too_slow() {
                out.verdict = Verdict::Insufficient;
                out.note = Some(fps);
            } else if let Some(g) = groups.first().filter(|g| g.p > decision.candidate)
                && let Some(needed) = self.needed_s(&[g])
            {
                self.say_insufficient(&mut out, needed);
            } else if self.seen.duration_s < decision.shortest_s {
                self.too_short(&mut out, decision.shortest_s);
            }
            return out;
        }
        if let Some(needed) = self.may_be_between_flashes() {
            out.verdict = Verdict::Insufficient;
            if needed.is_finite() {
                self.too_short(&mut out, needed);
            } else {
                out.note = self.too_slow();
            }
        }
        out
    }

    fn too_short(&self, out: &mut Diagnosis, needed_s: f64) {
        out.verdict = Verdict::Insufficient;
        out.needed_s = Some(needed_s);
        out.note = Some(format!(
            "{:.1} s of film are too short to tell: film for about {:.0} s in one go.",
            self.seen.duration_s,
            needed_s.ceil()
        ));
    }

    /// A note, when flashes of the devices are too short for the frame rate.
    fn too_slow(&self) -> Option<String> {
        let shortest = self
            .devices
            .iter()
            .flat_map(|d| &d.states)
            .flat_map(|s| &s.patterns)
            .flat_map(|p| &p.steps)
            .filter_map(|s| match s {
                // In the middle of the range: the least is rare.
                Step::Blink(b) => Some((b.on_s.min.max(0.02) * b.on_s.max).sqrt()),
                Step::Hold(_) => None,
            })
            .fold(f64::INFINITY, f64::min);
        let needed = self.params.decision.frames_per_flash / shortest;
        (needed.is_finite() && self.seen.fps < needed).then(|| {
            format!(
                "{:.1} frames per s are too few for flashes of {:.2} s: film with at least {:.0}.",
                self.seen.fps,
                shortest,
                needed.ceil()
            )
        })
    }

    /// When nothing was seen because the clip may lie between two flashes: how long would show one,
    /// infinite when no length would at this frame rate.
    fn may_be_between_flashes(&self) -> Option<f64> {
        /// Longest film asked for, in s, and the steps in which it is looked for.
        const LONGEST_S: f64 = 20.0;
        const STEP_S: f64 = 0.5;
        let hidden = |duration_s: f64| {
            let dark = Train {
                spans: vec![Span {
                    start_s: 0.0,
                    end_s: duration_s,
                    start_sd_s: 0.0,
                    end_sd_s: 0.0,
                    look: Look::Off,
                }],
                duration_s,
                frame_interval_s: 1.0 / self.seen.fps.max(0.1),
            };
            let signal = Signal::new(&dark, &self.params.noise);
            let priors = super::scene::state_priors(self.devices, self.query);
            let mut logs = Vec::new();
            for (device, priors) in self.devices.iter().zip(&priors) {
                for (state, prior) in device.states.iter().zip(priors) {
                    for p in state.patterns.iter().filter(|p| p.is_condition()) {
                        let script = Script {
                            from_start: 0.0,
                            ..Script::compile(p, &self.params.priors)
                        };
                        if let Some(f) =
                            fit(&signal, &script, &self.params.noise, &self.params.priors)
                        {
                            logs.push((prior * p.weight).ln() + f.log_likelihood);
                        }
                    }
                }
            }
            let lit = self.params.priors.lit;
            let p = lit * log_sum(&logs).exp();
            p / (p + 1.0 - lit)
        };
        let limit = 1.0 - self.params.decision.diagnosed;
        if hidden(self.seen.duration_s) < limit {
            return None;
        }
        let mut t = self.seen.duration_s;
        while t < LONGEST_S {
            t += STEP_S;
            if hidden(t) < 0.5 * limit {
                return Some(t);
            }
        }
        Some(f64::INFINITY)
    }
}
