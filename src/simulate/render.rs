//! The frames of a clip, one at a time.

use std::sync::Arc;

use super::camera::{Camera, Row, sharpen};
use super::motion::Pose;
use super::random::Random;
use super::scene::{Emitter, Picture, Scene, Texture};
use super::spectrum::Rgb;
use super::timeline::{Slot, Timeline};
use super::truth::Truth;
use super::{ClipSpec, SimulateError};
use crate::source::{Frame, FrameSource, Orientation, SourceError, VideoInfo};

/// Raw signal below which a light's image is cut off: less than one code value in the darkest tones.
const FLOOR: f32 = 4e-5;
/// Motion in px within one exposure that is drawn as one more picture, and how many there may be.
const BLUR_STEP: f64 = 1.2;
const BLUR_STEPS: usize = 4;
/// Light that a screen covering the whole view would throw on a white wall, relative to itself.
const SCREEN_GLOW: f64 = 0.3;

/// A clip rendered on the fly: one frame in memory, the same for the same [`ClipSpec`].
pub struct SimulatedSource {
    spec: ClipSpec,
    scene: Scene,
    camera: Camera,
    timeline: Timeline,
    info: VideoInfo,
    truth: Arc<Truth>,
    /// The frame last rendered, for repeats.
    last: Option<Frame>,
    repeats: bool,
    last_s: f64,
    surface: Row,
    raw: Row,
    copy: Vec<u8>,
}

/// Poses of one of the pictures that make up an exposure: at its first and last row.
struct Step {
    first: Pose,
    last: Pose,
    /// From the beginning of a row's exposure, as fractions of it.
    from: f64,
    to: f64,
}

/// Times of one frame in s.
struct Shutter {
    begin: f64,
    exposure: f64,
    readout: f64,
}

impl SimulatedSource {
    /// # Errors
    /// When the size, rate, duration or an effect is out of range.
    pub fn new(spec: &ClipSpec) -> Result<Self, SimulateError> {
        spec.check()?;
        let scene = Scene::new(spec)?;
        let (w, h) = (spec.width as usize, spec.height as usize);
        let e = &spec.effects;
        let camera = Camera::new(e, scene.room.gains, (w, h), Random::new(spec.seed, 7));
        let timeline = Timeline::new(e, spec.fps, spec.duration_s, Random::new(spec.seed, 8));
        let truth = Arc::new(Truth::new(spec, &scene, timeline.clone()));
        Ok(Self {
            info: VideoInfo {
                name: format!(
                    "{} {} (simulated, seed {})",
                    spec.model, spec.state, spec.seed
                ),
                coded_width: spec.width,
                coded_height: spec.height,
                orientation: Orientation::default(),
                duration_s: Some(spec.duration_s),
                format: "simulation".into(),
                decoder: "none: rendered on the fly".into(),
            },
            camera,
            timeline,
            truth,
            last: None,
            repeats: e.dup > 0.0,
            last_s: 0.0,
            surface: [0; 3].map(|_| vec![0.0; w]),
            raw: [0; 3].map(|_| vec![0.0; w]),
            copy: Vec::new(),
            scene,
            spec: spec.clone(),
        })
    }

    /// What the clip truly shows.
    pub fn truth(&self) -> &Arc<Truth> {
        &self.truth
    }

    fn render(&mut self, slot: Slot, frame: &mut Frame) {
        let (w, h) = (self.spec.width as usize, self.spec.height as usize);
        let (sx, sy) = (1u8, 1u8);
        frame.pts_s = slot.pts_s;
        frame.chroma_shift = (sx, sy);
        frame.color = self.camera.color();
        frame.y.resize(w, h);
        frame.u.resize(w.div_ceil(1 << sx), h.div_ceil(1 << sy));
        frame.v.resize(w.div_ceil(1 << sx), h.div_ceil(1 << sy));

        let e = &self.spec.effects;
        let interval = 1.0 / self.spec.fps;
        let shutter = Shutter {
            begin: slot.pts_s,
            exposure: e.exposure * interval,
            readout: e.rolling * interval,
        };
        self.camera.adapt(slot.pts_s, slot.pts_s - self.last_s);
        self.last_s = slot.pts_s;
        let steps = steps(&self.scene, &shutter, (w, h));
        let end = shutter.begin + shutter.readout + shutter.exposure;
        let lit: Vec<(&Emitter, f32)> = self
            .scene
            .emitters
            .iter()
            .filter(|m| m.wave.mean(shutter.begin, end) > 0.0)
            .map(|m| {
                let top = m.raw.iter().copied().fold(0.0, f32::max);
                (m, m.profile.reach(top * m.wave.peak() as f32, FLOOR))
            })
            .collect();
        let pictures: Vec<Picture> = self
            .scene
            .screens
            .iter()
            .map(|s| s.picture(shutter.begin))
            .collect();
        let glow = glow(&self.scene, &pictures, (w, h));
        let middle = (0.5 * w as f64, 0.5 * h as f64);
        let look = steps[0].first.to_image(self.scene.led_at(shutter.begin));
        let near = (look.0 + middle.0, look.1 + middle.1);
        let mut painter = Painter {
            scene: &self.scene,
            shutter: &shutter,
            steps: &steps,
            lit: &lit,
            pictures: &pictures,
            glow,
            size: (w, h),
            surface: &mut self.surface,
            raw: &mut self.raw,
        };
        for y in 0..h {
            painter.row(y);
            self.camera.row(y, painter.raw, near, frame);
        }
        sharpen(frame, self.spec.effects.sharpen, &mut self.copy);
    }
}

impl FrameSource for SimulatedSource {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        let Some(slot) = self.timeline.next() else {
            return Ok(false);
        };
        if slot.repeat
            && let Some(last) = &self.last
        {
            frame.clone_from(last);
            frame.pts_s = slot.pts_s;
            return Ok(true);
        }
        self.render(slot, frame);
        if self.repeats {
            self.last.get_or_insert_default().clone_from(frame);
        }
        Ok(true)
    }
}

/// The exposure as pictures, more of them the faster the camera moves.
fn steps(scene: &Scene, s: &Shutter, (w, h): (usize, usize)) -> Vec<Step> {
    let a = scene.motion.pose(s.begin);
    let b = scene.motion.pose(s.begin + s.exposure);
    // The fastest of the light and a corner.
    let corner = (0.5 * w as f64, 0.5 * h as f64);
    let travel = [scene.led, corner]
        .map(|p| {
            let (p, q) = (a.to_image(p), b.to_image(p));
            (p.0 - q.0).hypot(p.1 - q.1)
        })
        .into_iter()
        .fold(0.0, f64::max);
    let n = ((travel / BLUR_STEP).ceil() as usize).clamp(1, BLUR_STEPS);
    (0..n)
        .map(|k| {
            let (from, to) = (k as f64 / n as f64, (k + 1) as f64 / n as f64);
            let mid = s.begin + 0.5 * (from + to) * s.exposure;
            Step {
                first: scene.motion.pose(mid),
                last: scene.motion.pose(mid + s.readout),
                from,
                to,
            }
        })
        .collect()
}

/// What the screens add to the light of the room (relative to neutral light of level 1).
fn glow(scene: &Scene, pictures: &[Picture], (w, h): (usize, usize)) -> Rgb {
    let mut sum = [0f32; 3];
    for (s, p) in scene.screens.iter().zip(pictures) {
        let area = f64::from(4.0 * s.half.0 * s.half.1) / (w * h) as f64;
        for (sum, (mean, gain)) in sum.iter_mut().zip(p.mean.iter().zip(scene.room.gains)) {
            *sum += mean * (SCREEN_GLOW * area * gain) as f32;
        }
    }
    sum
}

/// Draws the rows of one frame as raw signal.
struct Painter<'a> {
    scene: &'a Scene,
    shutter: &'a Shutter,
    steps: &'a [Step],
    /// Lights that are on during the frame, with the reach of their image in px.
    lit: &'a [(&'a Emitter, f32)],
    pictures: &'a [Picture],
    glow: Rgb,
    size: (usize, usize),
    /// Reflectances, then raw signal of the row.
    surface: &'a mut Row,
    raw: &'a mut Row,
}

impl Painter<'_> {
    fn row(&mut self, y: usize) {
        let down = (y as f64 + 0.5) / self.size.1 as f64;
        let begin = self.shutter.begin + down * self.shutter.readout;
        let end = begin + self.shutter.exposure;
        let texture = &self.scene.surface;
        self.surface.iter_mut().for_each(|p| p.fill(0.0));
        let share = 1.0 / self.steps.len() as f32;
        for step in self.steps {
            let pose = step.first.toward(&step.last, down);
            let (start, along) = self.line(texture, &pose, y, (0.0, 0.0));
            texture.add_line(start, along, share, self.surface);
        }
        let mid = &self.steps[self.steps.len() / 2];
        let mid = mid.first.toward(&mid.last, down);
        self.held(y, &mid, 0.5 * (begin + end));
        let flicker = self.scene.room.flicker(begin, end);
        let room = (self.scene.room.ambient * flicker) as f32;
        for ((raw, surface), glow) in self.raw.iter_mut().zip(self.surface.iter()).zip(self.glow) {
            for (out, s) in raw.iter_mut().zip(surface) {
                *out = s * (room + glow);
            }
        }
        self.screens(y, &mid);
        for i in 0..self.lit.len() {
            self.emitter(i, y, down, (begin, end), flicker);
        }
        self.movers(y, &mid, begin, room);
    }

    /// Where row `y` of the picture begins on a texture that is `shift` px from its place in the scene, and what a px of the row is there.
    fn line(
        &self,
        texture: &Texture,
        pose: &Pose,
        y: usize,
        shift: (f64, f64),
    ) -> ((f32, f32), (f32, f32)) {
        let (w, h) = (self.size.0 as f64, self.size.1 as f64);
        let (u, v) = pose.to_scene((0.5 - 0.5 * w, y as f64 + 0.5 - 0.5 * h));
        let start = (
            (u - shift.0 + 0.5 * texture.width as f64) as f32,
            (v - shift.1 + 0.5 * texture.height as f64) as f32,
        );
        let along = (
            (pose.cos / pose.zoom) as f32,
            (-pose.sin / pose.zoom) as f32,
        );
        (start, along)
    }

    /// Draws the held device over the row's surface, where it is at `t` s.
    fn held(&mut self, y: usize, pose: &Pose, t: f64) {
        let Some(held) = &self.scene.held else { return };
        let texture = &held.texture;
        let (start, along) = self.line(texture, pose, y, held.sway.at(t));
        self.raw.iter_mut().for_each(|p| p.fill(0.0));
        texture.add_line(start, along, 1.0, self.raw);
        for x in 0..self.size.0 {
            let n = x as f32;
            let alpha = held
                .housing
                .alpha((start.0 + n * along.0, start.1 + n * along.1));
            for (surface, device) in self.surface.iter_mut().zip(self.raw.iter()) {
                surface[x] += alpha * (device[x] - surface[x]);
            }
        }
    }

    fn screens(&mut self, y: usize, pose: &Pose) {
        let (w, h) = (self.size.0 as f64, self.size.1 as f64);
        for (s, picture) in self.scene.screens.iter().zip(self.pictures) {
            let mid = pose.to_image(s.at);
            let half = (f64::from(s.half.0), f64::from(s.half.1));
            let span = 1.1 * half.0.hypot(half.1);
            let dy = y as f64 + 0.5 - 0.5 * h - mid.1;
            if dy.abs() > span {
                continue;
            }
            let first = (mid.0 + 0.5 * w - span).clamp(0.0, w) as usize;
            let last = (mid.0 + 0.5 * w + span).clamp(0.0, w) as usize;
            for x in first..last {
                let p = pose.to_scene((x as f64 + 0.5 - 0.5 * w, dy + mid.1));
                let (px, py) = ((p.0 - s.at.0) / half.0, (p.1 - s.at.1) / half.1);
                if px.abs() < 1.0 && py.abs() < 1.0 {
                    let rgb = picture.at(px as f32, py as f32);
                    for (raw, c) in self.raw.iter_mut().zip(rgb) {
                        raw[x] = c;
                    }
                }
            }
        }
    }

    /// Adds light `i`'s image to row `y`, exposed `begin..end` s.
    #[inline(never)]
    fn emitter(&mut self, i: usize, y: usize, down: f64, (begin, end): (f64, f64), flicker: f64) {
        let (m, reach) = self.lit[i];
        let (w, h) = (self.size.0 as f64, self.size.1 as f64);
        for step in self.steps {
            let during = |f: f64| begin + f * (end - begin);
            let mut level =
                m.wave.mean(during(step.from), during(step.to)) / self.steps.len() as f64;
            if m.mains {
                level *= flicker;
            }
            let pose = step.first.toward(&step.last, down);
            let sway = match m.of_device {
                true => self.scene.sway(during(0.5 * (step.from + step.to))),
                false => (0.0, 0.0),
            };
            let mut at = pose.to_image((m.at.0 + sway.0, m.at.1 + sway.1));
            level *= 1.0 - self.covered(at, &pose, begin);
            if let Some(mirror) = m.ghost {
                at = (-mirror * at.0, -mirror * at.1);
            }
            let dy = (y as f64 + 0.5 - 0.5 * h - at.1) as f32 / m.tilt;
            let level = level as f32;
            if level <= 0.0 || dy.abs() >= reach {
                continue;
            }
            let wide = f64::from((reach * reach - dy * dy).sqrt());
            let cx = at.0 + 0.5 * w;
            let first = (cx - wide).clamp(0.0, w) as usize;
            let last = (cx + wide).ceil().clamp(0.0, w) as usize;
            let gains = self.scene.room.gains.map(|g| g as f32);
            let rgb = m.raw.map(|c| c * level);
            let lamp = [0, 1, 2].map(|c| rgb[c] * gains[c]);
            let [sr, sg, sb] = &*self.surface;
            let [r, g, b] = &mut *self.raw;
            for x in first..last {
                let dx = (x as f64 + 0.5 - cx) as f32;
                let (image, spill) = m.profile.at(dx * dx + dy * dy);
                r[x] += rgb[0] * image + lamp[0] * spill * sr[x];
                g[x] += rgb[1] * image + lamp[1] * spill * sg[x];
                b[x] += rgb[2] * image + lamp[2] * spill * sb[x];
            }
        }
    }

    /// How far (0..1) something opaque covers the image point `at` at `t` s.
    fn covered(&self, at: (f64, f64), pose: &Pose, t: f64) -> f64 {
        let mut clear = 1.0;
        for m in &self.scene.movers {
            if let Some(mid) = m.at(t) {
                let mid = pose.to_image(mid);
                clear *= 1.0 - f64::from(m.alpha((at.0 - mid.0) as f32, (at.1 - mid.1) as f32));
            }
        }
        1.0 - clear
    }

    #[inline(never)]
    fn movers(&mut self, y: usize, pose: &Pose, t: f64, room: f32) {
        let (w, h) = (self.size.0 as f64, self.size.1 as f64);
        for m in &self.scene.movers {
            let Some(mid) = m.at(t) else { continue };
            let mid = pose.to_image(mid);
            let dy = (y as f64 + 0.5 - 0.5 * h - mid.1) as f32;
            if dy.abs() > m.half.1 + 1.0 {
                continue;
            }
            let cx = mid.0 + 0.5 * w;
            let wide = f64::from(m.half.0) + 1.0;
            let first = (cx - wide).clamp(0.0, w) as usize;
            let last = (cx + wide).ceil().clamp(0.0, w) as usize;
            for x in first..last {
                let dx = (x as f64 + 0.5 - cx) as f32;
                let alpha = m.alpha(dx, dy);
                if alpha > 0.0 {
                    let shade = m.shade(dx, dy);
                    for (c, raw) in self.raw.iter_mut().enumerate() {
                        let light = m.albedo[c] * shade * (room + self.glow[c]);
                        raw[x] += alpha * (light - raw[x]);
                    }
                }
            }
        }
    }
}
