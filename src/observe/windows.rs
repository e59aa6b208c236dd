//! Long recordings, seen window by window so that memory stays flat: what each window showed, joined.

use super::{Kind, Light, Observation, kind};
use crate::pulses::{Color, Look, Span, Train};

/// Bytes of pooled pictures that a window may hold: the last 10 s of 1080p at 30 frames per s as they are, and, packed,
/// 15 to 60 s before, by how noisy and shaken they are. Longer windows see rarer flashes of a light that hardly stands
/// out; shorter ones cost less memory, of which this is nearly all.
pub const WINDOW_BYTES: usize = 120 << 20;

/// A steady window of a light that blinks in others is dark below this share of its lit level, and lit above.
const LIT_SHARE: f64 = 0.5;

/// What the windows so far have shown.
#[derive(Default)]
pub struct Joined {
    /// Of the first window, with what counts over all.
    whole: Option<Observation>,
    places: Vec<Place>,
}

/// One place, with what each window found there, from when on (s).
struct Place(Vec<(f64, Light)>);

impl Joined {
    /// Adds a window that began `start_s` after the first frame of all.
    pub fn add(&mut self, mut window: Observation, start_s: f64) {
        for light in std::mem::take(&mut window.lights) {
            let near = |p: &Place| {
                let (from_s, last) = &p.0[p.0.len() - 1];
                let (a, b) = (&last.place, &light.place);
                *from_s < start_s && (a.holds_centre_of(b) || b.holds_centre_of(a))
            };
            match self.places.iter().position(near) {
                Some(i) => self.places[i].0.push((start_s, light)),
                None => self.places.push(Place(vec![(start_s, light)])),
            }
        }
        let Some(whole) = &mut self.whole else {
            self.whole = Some(window);
            return;
        };
        // The window begins with the last frame of the one before.
        whole.frames += window.frames.saturating_sub(1);
        whole.duration_s = start_s + window.duration_s;
        whole.fps = whole.frames as f64 / whole.duration_s.max(1e-9);
        for (stage, s) in window.timings {
            if let Some(sum) = whole.timings.iter_mut().find(|t| t.0 == stage) {
                sum.1 += s;
            }
        }
        whole.warnings = window.warnings;
    }

    /// All of it, the surest lights first; `None` if no window was added.
    pub fn done(self) -> Option<Observation> {
        let mut whole = self.whole?;
        whole.lights = self
            .places
            .into_iter()
            .map(|p| p.joined(whole.duration_s))
            .collect();
        whole
            .lights
            .sort_by(|a, b| b.emission.total_cmp(&a.emission));
        Some(whole)
    }
}

impl Place {
    /// One light of it all. Where a window found nothing it was dark.
    fn joined(self, duration_s: f64) -> Light {
        let level = |l: &Light| l.rgb.into_iter().fold(0.0, f64::max);
        let mut parts = self.0;
        let changing = || parts.iter().filter(|p| p.1.kind != Kind::Steady);
        let lit = changing().map(|p| level(&p.1)).fold(0.0, f64::max);
        // Of a coloured light, a pale steady view is its dark lens or the plate around it.
        let coloured = changing().any(|p| p.1.color != Color::White);
        parts.retain(|(_, l)| {
            let pale = coloured && l.color == Color::White;
            l.kind != Kind::Steady || level(l) >= LIT_SHARE * lit && !pale
        });
        let surest = parts
            .iter()
            .max_by(|a, b| a.1.emission.total_cmp(&b.1.emission))
            .map_or(0, |best| {
                parts.iter().position(|p| p.0 == best.0).unwrap_or(0)
            });
        let interval = parts[0].1.train.frame_interval_s;
        let mut train = Train {
            spans: Vec::new(),
            ..Train::dark(duration_s, interval)
        };
        for (start_s, light) in &parts {
            append(&mut train, Train::dark(*start_s, interval).spans);
            let mut spans = light.train.spans.clone();
            for s in &mut spans {
                s.start_s += start_s;
                s.end_s += start_s;
            }
            append(&mut train, spans);
        }
        append(&mut train, Train::dark(duration_s, interval).spans);
        let flickers = parts.iter().any(|p| p.1.kind == Kind::Flicker);
        Light {
            kind: kind(&train, flickers),
            place: parts[0].1.place,
            train,
            ..parts.swap_remove(surest).1
        }
    }
}

/// Appends what of `spans` lies after the train's end; equal looks at the joint are one span.
fn append(train: &mut Train, spans: Vec<Span>) {
    for mut s in spans {
        let end_s = train.spans.last().map_or(0.0, |l| l.end_s);
        if s.end_s <= end_s {
            continue;
        }
        s.start_s = s.start_s.max(end_s);
        match train.spans.last_mut() {
            Some(last) if same(&last.look, &s.look) => {
                last.end_s = s.end_s;
                last.end_sd_s = s.end_sd_s;
            }
            _ => train.spans.push(s),
        }
    }
}

fn same(a: &Look, b: &Look) -> bool {
    match (a.colors(), b.colors()) {
        (Some(x), Some(y)) => x == y,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ObserveOptions, observe_in_windows};
    use crate::devices::Library;
    use crate::observe::Observation;
    use crate::pulses::Pulse;
    use crate::simulate::{ClipSpec, Conditions, SimulatedSource};

    fn seen(window: usize) -> Observation {
        let device = Library::built_in().get("xt").unwrap();
        let conditions = Conditions {
            difficulty: 0.0,
            seed: 3,
            size: Some((320, 240)),
            ..Conditions::default()
        };
        let mut spec = ClipSpec::draw(device, device.state("offline"), &conditions);
        spec.duration_s = 14.0;
        let mut source = SimulatedSource::new(&spec).unwrap();
        let options = ObserveOptions::default();
        observe_in_windows(&mut source, &options, &mut |_| {}, window).unwrap()
    }

    #[test]
    fn windows_show_what_the_whole_shows() {
        let whole = seen(usize::MAX);
        // Some 2.5 s a window: less than the flashes are apart.
        let windows = seen(10 << 20);
        assert_eq!(windows.frames, whole.frames);
        assert!((windows.duration_s - whole.duration_s).abs() < 1e-9);
        let (a, b): (Vec<Pulse>, Vec<Pulse>) = (
            whole.lights[0].train.pulses(),
            windows.lights[0].train.pulses(),
        );
        assert!(a.len() >= 4, "{a:?}");
        assert_eq!(a.len(), b.len(), "{a:?} {b:?}");
        for (p, q) in a.iter().zip(&b) {
            let frame_s = whole.lights[0].train.frame_interval_s;
            assert_eq!(p.color, q.color);
            assert!((p.start_s - q.start_s).abs() < frame_s, "{p:?} {q:?}");
            assert!((p.end_s - q.end_s).abs() < frame_s, "{p:?} {q:?}");
        }
    }
}
