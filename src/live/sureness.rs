//! When a verdict is new, and when it stands.

use super::{Finding, is_diagnosis};
use crate::matcher::Verdict;
use crate::matcher::params::Params;

/// Film in s over which a diagnosis must have stood that is as probable as "sure" asks for.
const STANDS_S: f64 = 1.0;
/// The same for one that never becomes so probable, for its state is only assumed or shared between models.
const STANDS_ANYWAY_S: f64 = 6.0;

/// Follows the verdicts of a watch.
#[derive(Debug, Default)]
pub struct Sureness {
    last: Option<(Verdict, Option<(String, String)>)>,
    /// Since when the last verdict stands, and up to when it was confirmed, in s of the watch.
    since_s: f64,
    until_s: f64,
    probable_since_s: Option<f64>,
}

impl Sureness {
    /// Takes in the next verdict; true if it is another than the last.
    pub fn judge(&mut self, finding: &Finding) -> bool {
        let d = &finding.diagnosis;
        let named = matches!(d.verdict, Verdict::Diagnosed | Verdict::Ambiguous);
        let first = d.candidates.first().filter(|_| named);
        let now = (d.verdict, first.map(|c| (c.model.clone(), c.state.clone())));
        self.until_s = finding.to_s;
        let changed = self.last.as_ref() != Some(&now);
        if changed {
            self.last = Some(now);
            self.since_s = finding.to_s;
            self.probable_since_s = None;
        }
        let sure = Params::DEFAULT.decision.sure;
        if first.is_some_and(|c| c.confidence >= sure) {
            self.probable_since_s.get_or_insert(finding.to_s);
        } else {
            self.probable_since_s = None;
        }
        changed
    }

    /// The light was diagnosed, and the diagnosis stands.
    pub fn is_sure(&self) -> bool {
        let diagnosed = self.last.as_ref().is_some_and(|(v, _)| is_diagnosis(*v));
        let stood = |since_s: f64, for_s: f64| self.until_s - since_s >= for_s - 1e-9;
        diagnosed
            && (self.probable_since_s.is_some_and(|s| stood(s, STANDS_S))
                || stood(self.since_s, STANDS_ANYWAY_S))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::{Candidate, Diagnosis};
    use crate::observe::Observation;

    fn finding(verdict: Verdict, confidence: f64, to_s: f64) -> Finding {
        Finding {
            seen: Observation {
                name: String::new(),
                width: 640,
                height: 480,
                frames: 0,
                duration_s: to_s,
                fps: 30.0,
                lights: Vec::new(),
                warnings: Vec::new(),
                timings: Vec::new(),
            },
            diagnosis: Diagnosis {
                verdict,
                candidates: vec![Candidate {
                    model: "mini".to_owned(),
                    state: "offline".to_owned(),
                    confidence,
                    pattern: String::new(),
                    shared_by: Vec::new(),
                }],
                place: None,
                train: None,
                note: None,
                needed_s: None,
                reasons: Vec::new(),
            },
            from_s: 0.0,
            to_s,
        }
    }

    /// Whether each verdict in turn is new, and whether it stands then.
    fn judged(verdicts: &[(Verdict, f64, f64)]) -> Vec<(bool, bool)> {
        let mut sureness = Sureness::default();
        let step = |&(verdict, confidence, to_s): &(Verdict, f64, f64)| {
            (
                sureness.judge(&finding(verdict, confidence, to_s)),
                sureness.is_sure(),
            )
        };
        verdicts.iter().map(step).collect()
    }

    #[test]
    fn a_probable_diagnosis_stands_when_it_is_confirmed() {
        use Verdict::{Diagnosed, Insufficient};
        assert_eq!(
            judged(&[
                (Insufficient, 0.6, 1.0),
                (Diagnosed, 0.97, 2.0),
                (Diagnosed, 0.98, 2.5),
                (Diagnosed, 0.98, 3.0),
                (Insufficient, 0.7, 3.5),
            ]),
            [
                (true, false),
                (true, false),
                (false, false),
                (false, true),
                (true, false)
            ]
        );
    }

    #[test]
    fn one_that_is_never_so_probable_takes_longer_and_none_stands_without_a_diagnosis() {
        use Verdict::{Diagnosed, NoLight};
        assert_eq!(
            judged(&[
                (Diagnosed, 0.8, 2.0),
                (Diagnosed, 0.8, 7.0),
                (Diagnosed, 0.8, 8.0)
            ]),
            [(true, false), (false, false), (false, true)]
        );
        assert_eq!(
            judged(&[(NoLight, 0.0, 1.0), (NoLight, 0.0, 60.0)])[1],
            (false, false)
        );
    }
}
