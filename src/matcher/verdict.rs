//! From the posterior to what the reader of the clip is told.

use crate::devices::{Device, Pattern, State};
use crate::observe::Observation;

use super::params::Params;
use super::scene::{Scene, Share, Target};
use super::{Candidate, Diagnosis, Query, Verdict, explain, wait};

/// States of one name, on one or several devices.
pub struct Group<'a> {
    pub state: &'a str,
    /// Posterior that the light does what this state's patterns do.
    pub p: f64,
    /// The same, less what the descriptions are not trusted for.
    trusted: f64,
    /// Likeliest first; never empty.
    pub members: Vec<&'a Share>,
}

/// All that the judgement looks at.
pub struct Case<'a> {
    pub seen: &'a Observation,
    pub devices: &'a [&'a Device],
    pub scene: &'a Scene<'a>,
    pub query: &'a Query,
    pub params: &'a Params,
}

impl<'a> Case<'a> {
    pub fn device(&self, s: &Share) -> &'a Device {
        self.devices[s.device]
    }

    fn state(&self, s: &Share) -> &'a State {
        &self.device(s).states[s.state]
    }

    pub fn pattern(&self, s: &Share) -> &'a Pattern {
        &self.state(s).patterns[self.scene.book.entries[s.entry].pattern]
    }

    pub fn target(&self, s: &Share) -> &'a Target {
        &self.scene.targets[s.target]
    }

    fn groups(&self) -> Vec<Group<'a>> {
        let mut groups: Vec<Group> = Vec::new();
        for s in &self.scene.shares {
            let state = self.state(s);
            let trusted = s.p * state.trust;
            match groups.iter_mut().find(|g| g.state == state.name) {
                Some(g) => {
                    g.p += s.p;
                    g.trusted += trusted;
                    g.members.push(s);
                }
                None => groups.push(Group {
                    state: &state.name,
                    p: s.p,
                    trusted,
                    members: vec![s],
                }),
            }
        }
        groups.sort_by(|a, b| b.p.total_cmp(&a.p));
        groups
    }

    /// The verdict.
    pub fn judge(&self) -> Diagnosis {
        let groups = self.groups();
        let known: f64 = groups.iter().map(|g| g.p).sum();
        match groups.first() {
            Some(top) if known >= 0.5 => self.recognised(top, &groups),
            _ => self.not_recognised(&groups),
        }
    }

    /// Some state explains a light: one, or several.
    fn recognised(&self, top: &Group, groups: &[Group]) -> Diagnosis {
        let decision = &self.params.decision;
        let rivals: Vec<&Group> = groups
            .iter()
            .filter(|g| g.p >= decision.candidate * top.p && g.p >= decision.least)
            .collect();
        let best = top.members[0];
        let target = self.target(best);
        let mut out = Diagnosis {
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
        };
        let sure = top.p >= decision.diagnosed;
        let others = rivals.get(1..).unwrap_or_default();
        // A state of another light is no second meaning of this one.
        let one_meaning = others.is_empty()
            || top.p >= decision.same_light && !others.iter().any(|g| self.shows(g, target));
        if (sure || one_meaning)
            && let Some(wait_s) = wait::still_to_see(self, top)
        {
            let needed_s = self.seen.duration_s + wait_s;
            out.verdict = Verdict::Insufficient;
            out.needed_s = Some(needed_s);
            out.note = Some(format!(
                "It looks like `{}`, but about {wait_s:.0} s more are needed to tell: {}.",
                top.state,
                explain::film_for(needed_s)
            ));
        } else if sure {
            return out;
        } else if let Some(needed_s) = wait::needed_s(self, &rivals) {
            self.say_insufficient(&mut out, needed_s);
        } else if one_meaning {
            out.note = elsewhere(others);
        } else if self.here(target) < decision.same_light {
            // The states are those of different lights: the question is which of these is the device's, if any.
            return Diagnosis {
                note: Some(
                    "Several lights could be the device's: film it from nearer, or point at it with --region."
                        .to_owned(),
                ),
                ..self.not_recognised(groups)
            };
        } else {
            out.verdict = Verdict::Ambiguous;
            out.note = Some(self.question(&rivals));
            out.candidates.retain(|c| {
                rivals.iter().any(|g| g.state == c.state) && c.confidence >= decision.mentioned
            });
        }
        out
    }

    /// Whether the light at `target` may show this state.
    fn shows(&self, group: &Group, target: &Target) -> bool {
        let mut members = group.members.iter();
        members.any(|s| self.target(s).light.place.meets(&target.light.place))
    }

    /// Posterior that the device's light is where `target` is.
    fn here(&self, target: &Target) -> f64 {
        let targets = self.scene.targets.iter();
        targets
            .filter(|t| t.light.place.meets(&target.light.place))
            .map(|t| t.p)
            .sum()
    }

    /// No state explains a light.
    fn not_recognised(&self, groups: &[Group]) -> Diagnosis {
        let decision = &self.params.decision;
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
        let strange = self
            .scene
            .targets
            .iter()
            .filter(|t| t.plausible && !t.pair && t.light.emission >= decision.emits)
            .max_by(|a, b| a.p.total_cmp(&b.p));
        let Some(target) = strange else {
            if let Some(wait) = wait::between_flashes(self) {
                out.verdict = Verdict::Insufficient;
                match wait.is_finite() {
                    true => self.say_too_short(&mut out, wait),
                    false => out.note = wait::too_slow(self),
                }
            }
            return out;
        };
        out.verdict = Verdict::UnknownPattern;
        out.place = Some(target.light.place);
        out.train = Some(target.light.train.clone());
        out.reasons = explain::measured(&target.light.train);
        let likely = groups.first().filter(|g| g.p > decision.candidate);
        out.note = Some(self.may_be(likely));
        if let Some(note) = wait::too_slow(self) {
            out.verdict = Verdict::Insufficient;
            out.note = Some(note);
        } else if let Some(g) = likely
            && let Some(needed_s) = wait::needed_s(self, &[g])
        {
            self.say_insufficient(&mut out, needed_s);
        } else if self.seen.duration_s < decision.shortest_s {
            self.say_too_short(&mut out, decision.shortest_s);
        }
        out
    }

    /// What to say of a light that no state explains well enough, but `likely` comes near.
    fn may_be(&self, likely: Option<&Group>) -> String {
        let Some(group) = likely else {
            return "A light was measured; it does nothing that is known of the device.".to_owned();
        };
        let model = match self.devices.len() {
            1 => "",
            _ => "say which device it is with --model, ",
        };
        format!(
            "A light was measured. It may be `{}`, but other lamps look like that, too: {model}film it from nearer, or point at it \
             with --region.",
            group.state
        )
    }

    /// First the leading state with the confidence of all models that share it, then every other model and state.
    fn candidates(&self, groups: &[Group]) -> Vec<Candidate> {
        /// Models that are so much less likely than the first do not share the light in any useful sense.
        const SHARES: f64 = 0.02;
        let Some(first) = groups.first().filter(|g| g.p > 0.0) else {
            return Vec::new();
        };
        let calibration = &self.params.calibration;
        let told = calibration.confidence(first.p);
        // What the first is told above its posterior the others lack.
        let rest = ((1.0 - told) / (1.0 - first.p)).min(1.0 - calibration.unmodelled);
        let mut out = Vec::new();
        for (i, g) in groups.iter().enumerate() {
            let factor = if i == 0 { told / first.p } else { rest };
            for (j, s) in g.members.iter().enumerate() {
                let lead = i == 0 && j == 0;
                let others = g.members[1..].iter().filter(|m| lead && m.p > SHARES * s.p);
                out.push(Candidate {
                    model: self.device(s).name.clone(),
                    state: g.state.to_owned(),
                    confidence: factor
                        * if lead {
                            g.trusted
                        } else {
                            s.p * self.state(s).trust
                        },
                    pattern: self.pattern(s).name.clone(),
                    shared_by: others.map(|m| self.device(m).name.clone()).collect(),
                });
            }
        }
        // The lead stays first.
        if let Some((_, rest)) = out.split_first_mut() {
            rest.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        }
        out.retain(|c| c.confidence >= self.params.decision.kept);
        out
    }

    fn say_insufficient(&self, out: &mut Diagnosis, needed_s: f64) {
        let mut states: Vec<String> = Vec::new();
        for c in &out.candidates {
            let name = format!("`{}`", c.state);
            if states.len() < 3 && !states.contains(&name) {
                states.push(name);
            }
        }
        out.verdict = Verdict::Insufficient;
        out.needed_s = Some(needed_s);
        out.note = Some(format!(
            "{:.1} s of film do not tell what this is (possible: {}): {}.",
            self.seen.duration_s,
            states.join(", "),
            explain::film_for(needed_s)
        ));
    }

    fn say_too_short(&self, out: &mut Diagnosis, needed_s: f64) {
        out.verdict = Verdict::Insufficient;
        out.needed_s = Some(needed_s);
        out.note = Some(format!(
            "{:.1} s of film are too short to tell: {}.",
            self.seen.duration_s,
            explain::film_for(needed_s)
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
}

/// What to say of the states that other lights in view would mean, if there are any.
fn elsewhere(others: &[&Group]) -> Option<String> {
    let states: Vec<&str> = others.iter().map(|g| g.state).collect();
    (!states.is_empty()).then(|| {
        format!(
            "Another light in view would mean {}: if that is the device's, point at it with --region.",
            states.join(" or ")
        )
    })
}
