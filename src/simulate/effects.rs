//! Everything that can be set about a simulated clip, with its unit.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SimulateError;
use crate::pulses::Color;

/// How the light's emitters are arranged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One lens; all colours come out of it.
    Single,
    /// Two lenses side by side: green in one, every other colour in its neighbour.
    Pair,
    /// A ring around a button.
    Ring,
}

/// What is behind the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    Plaster,
    Wood,
    Brick,
    Fabric,
    Tiles,
    /// A shelf or desk full of coloured things, some of them shiny.
    Clutter,
    Foliage,
    /// A circuit board with solder pads.
    Board,
}

impl Background {
    pub const ALL: [Self; 8] = [
        Self::Plaster,
        Self::Wood,
        Self::Brick,
        Self::Fabric,
        Self::Tiles,
        Self::Clutter,
        Self::Foliage,
        Self::Board,
    ];
}

/// The housing's finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    White,
    Grey,
    Black,
}

/// Something else in view that may be taken for the light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distractor {
    /// Another device's steady LED.
    StandbyGreen,
    StandbyAmber,
    StandbyRed,
    StandbyBlue,
    StandbyWhite,
    /// Three to five LEDs, some of them flickering with network traffic.
    Router,
    /// Another device's LED with a rhythm of its own: 1.3 s to 1.9 s period, green or amber.
    Blinker,
    /// A television: moving colours, hard cuts, and its glow on the room.
    Screen,
    /// A saturated red thing that emits nothing.
    RedObject,
    /// A person walking through the picture, in front of everything.
    Walker,
    /// The LED mirrored, weaker and blurred, by a surface.
    Reflection,
    /// A ghost of the LED inside the camera's lens, opposite the picture's centre.
    Flare,
    /// A bright white lamp, steady but for the mains.
    Lamp,
}

impl Distractor {
    pub const ALL: [Self; 13] = [
        Self::StandbyGreen,
        Self::StandbyAmber,
        Self::StandbyRed,
        Self::StandbyBlue,
        Self::StandbyWhite,
        Self::Router,
        Self::Blinker,
        Self::Screen,
        Self::RedObject,
        Self::Walker,
        Self::Reflection,
        Self::Flare,
        Self::Lamp,
    ];
}

impl Distractor {
    /// The colour of an indicator that may be taken for the device's.
    pub fn color(self) -> Option<Color> {
        match self {
            Self::StandbyGreen => Some(Color::Green),
            Self::StandbyAmber => Some(Color::Amber),
            Self::StandbyRed => Some(Color::Red),
            Self::StandbyBlue => Some(Color::Blue),
            Self::StandbyWhite => Some(Color::White),
            _ => None,
        }
    }
}

/// The viewing conditions of one clip. Levels are linear raw sensor signal, 1 = the sensor's saturation,
/// at the exposure that the clip starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effects {
    // The light.
    pub layout: Layout,
    /// Radius of one lens, or outer radius of the ring, in px.
    pub led_radius: f64,
    /// Level in the middle of the lens, mean over a PWM cycle; above 1 the core burns out.
    pub led_level: f64,
    /// Fraction of the LED's light that the camera's optics scatter into a halo.
    pub halo: f64,
    /// Scale of that halo in px.
    pub halo_radius: f64,
    /// Level on a white surface beside the lens, as a fraction of `led_level`.
    pub spill: f64,
    /// Distance between the two lenses of a pair in lens radii.
    pub pair_gap: f64,
    /// Height of the lens over its width as seen from the side, 0..1.
    pub tilt: f64,
    /// Time to switch, in s (linear ramp around the nominal edge).
    pub rise: f64,
    /// Rate of PWM dimming in Hz, 0 for none, and the fraction of its cycle that is lit.
    pub pwm_hz: f64,
    pub pwm_duty: f64,
    /// Where the light is at mid-clip, in px of the picture; drawn from the seed when absent.
    pub place: Option<[f64; 2]>,
    /// Deviation of the LEDs' peak wavelengths from typical, in nm (binning).
    pub wavelength_shift: f64,

    // The camera.
    /// Exposure time and readout time of the whole sensor, as fractions of the frame interval.
    pub exposure: f64,
    pub rolling: f64,
    /// Blur of the optics: sd of a Gaussian in px.
    pub blur: f64,
    /// Read noise (sd, level) and full well (electrons at level 1; sets the shot noise).
    pub noise: f64,
    pub full_well: f64,
    /// Fraction of each colour's light that reaches the neighbouring colours' pixels.
    pub crosstalk: f64,
    /// Constant relative error of the red and blue gains, of opposite sign.
    pub wb_error: f64,
    /// Amplitude of the slow relative drift of those gains, and how far (0..1) auto white balance follows the picture's mean colour.
    pub awb: f64,
    pub awb_react: f64,
    /// How far (0..1) auto-exposure makes up for a change of the picture, and its time constant in s.
    pub ae: f64,
    pub ae_tau: f64,
    /// Strength of the S-shaped tone curve (0 = plain sRGB) and of the colour boost (1 = none).
    pub contrast: f64,
    pub saturation: f64,
    /// Gain of an unsharp mask on luma.
    pub sharpen: f64,
    /// Loss of light in the picture's corners, 0..1.
    pub vignette: f64,
    /// Full range luma (0..255) instead of 16..235.
    pub full_range: bool,

    // The room.
    /// Level of a white surface under the room's light.
    pub ambient: f64,
    /// Colour temperature of that light in K.
    pub kelvin: f64,
    /// Rate (100 or 120 Hz) and depth (0..1) of its mains flicker.
    pub flicker_hz: f64,
    pub flicker_depth: f64,
    pub background: Background,
    /// A picture file that takes the painted background's place.
    pub photo: Option<PathBuf>,
    pub body: Body,
    pub distract: Vec<Distractor>,
    /// Something covers the light from..to, in s.
    pub occlude: Option<[f64; 2]>,
    /// The camera swings to another view and back from..to, in s: the light is out of the picture for most of it.
    pub leave: Option<[f64; 2]>,

    // The hand.
    /// Shake: sd per axis in px, and its typical rate in Hz.
    pub shake: f64,
    pub shake_hz: f64,
    /// Sd of the camera's roll in degrees, and of its relative magnification.
    pub rotate: f64,
    pub zoom: f64,
    /// Steady drift in px/s, and where to in degrees clockwise from right.
    pub drift: f64,
    pub drift_deg: f64,
    /// Sway of a device that another hand holds before the background: sd per axis in px, 0 for one that is fixed to it.
    pub held: f64,

    // Time.
    /// Relative variation of the frame interval; timestamps stay true.
    pub vfr: f64,
    /// Probability that a frame is lost (a gap in the timestamps), and that one repeats its predecessor.
    pub drop: f64,
    pub dup: f64,
}

impl Default for Effects {
    /// A tripod in a normally lit room.
    fn default() -> Self {
        Self {
            layout: Layout::Single,
            led_radius: 10.0,
            led_level: 2.0,
            halo: 0.03,
            halo_radius: 3.0,
            spill: 0.01,
            pair_gap: 4.0,
            tilt: 1.0,
            rise: 0.0,
            pwm_hz: 0.0,
            pwm_duty: 1.0,
            place: None,
            wavelength_shift: 0.0,
            exposure: 0.5,
            rolling: 0.6,
            blur: 0.7,
            noise: 0.003,
            full_well: 6000.0,
            crosstalk: 0.04,
            wb_error: 0.0,
            awb: 0.0,
            awb_react: 0.0,
            ae: 0.0,
            ae_tau: 0.4,
            contrast: 0.2,
            saturation: 1.1,
            sharpen: 0.0,
            vignette: 0.1,
            full_range: false,
            ambient: 0.3,
            kelvin: 4500.0,
            flicker_hz: 0.0,
            flicker_depth: 0.0,
            background: Background::Plaster,
            photo: None,
            body: Body::White,
            distract: Vec::new(),
            occlude: None,
            leave: None,
            shake: 0.0,
            shake_hz: 1.5,
            rotate: 0.0,
            zoom: 0.0,
            drift: 0.0,
            drift_deg: 0.0,
            held: 0.0,
            vfr: 0.0,
            drop: 0.0,
            dup: 0.0,
        }
    }
}

impl Effects {
    /// Sets one effect from text as on the command line: `shake=5`, `distract=["screen","walker"]`, `occlude=[2,3]`, `layout=ring`.
    ///
    /// # Errors
    /// When there is no such effect, or the value is not of its kind; nothing is changed then.
    pub fn set(&mut self, assignment: &str) -> Result<(), SimulateError> {
        let bad = |reason: String| SimulateError::Effect(assignment.to_owned(), reason);
        let (name, text) = assignment
            .split_once('=')
            .ok_or_else(|| bad("write it as NAME=VALUE".into()))?;
        let mut all = serde_json::to_value(&*self).map_err(|e| bad(e.to_string()))?;
        let names = all
            .as_object()
            .map(|o| o.keys().cloned().collect::<Vec<_>>().join(", "))
            .unwrap_or_default();
        let slot = all
            .get_mut(name.trim())
            .ok_or_else(|| bad(format!("no such effect; there are {names}")))?;
        // Words need no quotes.
        *slot = serde_json::from_str(text).unwrap_or_else(|_| text.trim().into());
        *self = serde_json::from_value(all).map_err(|e| bad(e.to_string()))?;
        Ok(())
    }

    /// # Errors
    /// Names the first effect that has no physical meaning or would need unbounded work.
    pub fn check(&self) -> Result<(), SimulateError> {
        let ranges = [
            ("led_radius", self.led_radius, 0.3, 2000.0),
            ("led_level", self.led_level, 0.0, 1e4),
            ("halo", self.halo, 0.0, 0.9),
            ("halo_radius", self.halo_radius, 0.5, 500.0),
            ("spill", self.spill, 0.0, 1.0),
            ("pair_gap", self.pair_gap, 0.0, 100.0),
            ("tilt", self.tilt, 0.1, 1.0),
            ("rise", self.rise, 0.0, 10.0),
            ("pwm_hz", self.pwm_hz, 0.0, 1e5),
            ("pwm_duty", self.pwm_duty, 0.01, 1.0),
            ("wavelength_shift", self.wavelength_shift, -60.0, 60.0),
            ("exposure", self.exposure, 1e-4, 1.0),
            ("rolling", self.rolling, 0.0, 1.0),
            ("blur", self.blur, 0.3, 50.0),
            ("noise", self.noise, 0.0, 1.0),
            ("full_well", self.full_well, 10.0, 1e9),
            ("crosstalk", self.crosstalk, 0.0, 0.3),
            ("wb_error", self.wb_error, -0.5, 0.5),
            ("awb", self.awb, 0.0, 0.5),
            ("awb_react", self.awb_react, 0.0, 1.0),
            ("ae", self.ae, 0.0, 1.0),
            ("ae_tau", self.ae_tau, 0.01, 60.0),
            ("contrast", self.contrast, 0.0, 1.0),
            ("saturation", self.saturation, 0.0, 3.0),
            ("sharpen", self.sharpen, 0.0, 5.0),
            ("vignette", self.vignette, 0.0, 1.0),
            ("ambient", self.ambient, 0.0, 100.0),
            ("kelvin", self.kelvin, 1500.0, 20000.0),
            ("flicker_hz", self.flicker_hz, 0.0, 1e4),
            ("flicker_depth", self.flicker_depth, 0.0, 1.0),
            ("shake", self.shake, 0.0, 1000.0),
            ("shake_hz", self.shake_hz, 0.01, 20.0),
            ("rotate", self.rotate, 0.0, 45.0),
            ("zoom", self.zoom, 0.0, 0.2),
            ("drift", self.drift, -1e4, 1e4),
            ("drift_deg", self.drift_deg, -360.0, 360.0),
            ("held", self.held, 0.0, 1000.0),
            ("vfr", self.vfr, 0.0, 0.9),
            ("drop", self.drop, 0.0, 0.9),
            ("dup", self.dup, 0.0, 0.9),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(SimulateError::Effect(
                    format!("{name}={value}"),
                    format!("must be {low} to {high}"),
                ));
            }
        }
        for (name, span) in [("occlude", self.occlude), ("leave", self.leave)] {
            if span.is_some_and(|[a, b]| !(0.0 <= a && a < b && b.is_finite())) {
                return Err(SimulateError::Effect(
                    name.into(),
                    "must be [from, to] in s".into(),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_set_by_name() {
        let mut e = Effects::default();
        for a in [
            "shake=5",
            "layout=ring",
            "occlude=[1,2]",
            "distract=[\"screen\",\"walker\"]",
            "full_range=true",
        ] {
            e.set(a).unwrap();
        }
        assert_eq!(e.shake, 5.0);
        assert_eq!(e.layout, Layout::Ring);
        assert_eq!(e.occlude, Some([1.0, 2.0]));
        assert_eq!(e.distract, [Distractor::Screen, Distractor::Walker]);
        assert!(e.full_range && e.check().is_ok());
    }

    #[test]
    fn a_wrong_effect_says_why_and_changes_nothing() {
        let mut e = Effects::default();
        for (a, why) in [
            ("shaek=5", "no such effect"),
            ("shake=a lot", "invalid type"),
            ("shake", "NAME=VALUE"),
            ("distract=[\"tv\"]", "unknown variant"),
        ] {
            let said = e.set(a).unwrap_err().to_string();
            assert!(said.contains(why), "{a}: {said}");
        }
        assert_eq!(e, Effects::default());
        e.exposure = f64::NAN;
        assert!(e.check().unwrap_err().to_string().contains("exposure"));
    }
}
