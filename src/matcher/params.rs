//! The numbers of the noise model, of the priors and of the calibration, each with its reason.

/// How measured spans differ from what a light truly did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Standard deviation of a device's durations around their own mean, relative: timers in
    /// software keep to a per cent or two.
    pub jitter: f64,
    /// The same, absolute, in s: one tick of a slow timer.
    pub jitter_s: f64,
    /// Share of durations that are off by more, and by how many times more: a delayed task, a
    /// frame that the camera dropped.
    pub outlier: f64,
    pub outlier_factor: f64,
    /// Error of an edge in frames beyond what the train says: where in the exposure the edge lay.
    pub edge_frames: f64,
    /// Chance that a flash or gap of many frames is not in the train at all: covered, blurred,
    /// smeared by the codec.
    pub missed: f64,
    /// Frames below which a flash or gap falls between exposures, or lights none of them enough, more often than not.
    pub missed_frames: f64,
    /// Spans that no device made, per s: reflections, tracking slips.
    pub glitch_rate: f64,
    /// Spans in which one of two emitters is not seen beside the other, per s: a neighbour's glow, chroma that the codec
    /// smears.
    pub lost_rate: f64,
    /// Mean duration of both in frames, and in s for the few long ones.
    pub glitch_frames: f64,
    pub glitch_long_s: f64,
    pub glitch_long: f64,
    /// Chance that a span's colour is read otherwise than in the light's other spans.
    pub color_slip: f64,
    /// Softness of the ends of a file's duration range, relative: the ranges are estimates.
    pub range_edge: f64,
}

impl Noise {
    pub const DEFAULT: Self = Self {
        jitter: 0.02,
        jitter_s: 0.01,
        outlier: 0.06,
        outlier_factor: 4.0,
        edge_frames: 0.2,
        missed: 0.015,
        missed_frames: 0.8,
        glitch_rate: 0.04,
        lost_rate: 0.1,
        glitch_frames: 2.0,
        glitch_long_s: 0.5,
        glitch_long: 0.1,
        color_slip: 0.03,
        range_edge: 0.04,
    };
}

/// What is expected before the clip is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priors {
    /// Chance that the device's light is in the picture and lit at some time: people film a light
    /// because it does something.
    pub lit: f64,
    /// Chance that a lit device shows something its file does not describe: sources name a few lights that contradict the
    /// others and are left out (solid green of a Mini). How often those are shown is a guess.
    pub unknown: f64,
    /// Share of bystanders that happen to do what a state does as well as the state's own light: other devices' lamps,
    /// and what is no lamp (a face among cuts, lettering that moves). Few, but none would let a rhythm outweigh any looks;
    /// guesses, not counts.
    pub lamp_like_a_state: f64,
    pub thing_like_a_state: f64,
    /// Other lamps in a picture, on average: standby lights, a router.
    pub lamps: f64,
    /// Chance that two emitters of one device are seen as two lights.
    pub two_lights: f64,
    /// Chance that a clip of an event starts before it; otherwise in the middle.
    pub event_from_start: f64,
    /// The same of a lasting condition: that it begins while one films.
    pub condition_from_start: f64,
    /// Mean time in s from the start of filming to the event: usual, and when one waits for it.
    pub lead_s: f64,
    pub long_lead_s: f64,
    pub long_lead: f64,
    /// Chance per flash, or per s of steady light, that a lasting condition ends.
    pub condition_ends: f64,
}

impl Priors {
    pub const DEFAULT: Self = Self {
        lit: 0.88,
        unknown: 0.05,
        lamp_like_a_state: 0.001,
        thing_like_a_state: 1e-5,
        lamps: 0.5,
        two_lights: 0.5,
        event_from_start: 0.6,
        condition_from_start: 0.1,
        lead_s: 2.5,
        long_lead_s: 12.0,
        long_lead: 0.3,
        condition_ends: 0.002,
    };
}

/// From the model's posterior to a probability that is held to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Log likelihood ratios are divided by this: spans are not as independent as the model has them.
    pub temperature: f64,
    /// A posterior up to which it is told as it is, and by how much the log odds beyond it are multiplied. Below it a state's
    /// rivals are other states, which are told apart as well as modelled; above it little is left but "no light is the device's"
    /// and "something unknown", of which priors and null models expect more than happens. All 45 states that were named of 47
    /// clips of another renderer were right, at a mean of 0.887 as modelled: any factor up to 4 fits those better than 1.
    pub stands_out: f64,
    pub slope: f64,
    /// Share of clips in which everything is otherwise than modelled: no confidence exceeds 1 minus this.
    pub unmodelled: f64,
}

impl Calibration {
    pub const DEFAULT: Self = Self {
        temperature: 1.3,
        stands_out: 0.75,
        slope: 2.0,
        unmodelled: 0.01,
    };

    /// The confidence that is told of a posterior.
    pub fn confidence(&self, p: f64) -> f64 {
        let against = |p: f64| (1.0 - p) / p;
        let told = if p > self.stands_out {
            let least = against(self.stands_out);
            1.0 / (1.0 + least * (against(p) / least).powf(self.slope))
        } else {
            p
        };
        (1.0 - self.unmodelled) * told
    }
}

/// When a posterior becomes which verdict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// From this probability on a state stands out.
    pub diagnosed: f64,
    /// From this probability on that one light is the device's its states are worth naming together.
    pub same_light: f64,
    /// States below this share of the first are no candidates of an ambiguous verdict.
    pub candidate: f64,
    /// The same, absolute.
    pub least: f64,
    /// Other models and states below this are left out of a list for the user, and of all lists.
    pub mentioned: f64,
    pub kept: f64,
    /// A light whose emission is below this is not called an unknown pattern of the device.
    pub emits: f64,
    /// Clips shorter than this in s show too little of any rhythm to call it unknown.
    pub shortest_s: f64,
    /// Frames that a flash must last to be seen in every phase of the frame clock, with some to spare.
    pub frames_per_flash: f64,
    /// Probability at which the time to a verdict is measured.
    pub sure: f64,
}

impl Decision {
    pub const DEFAULT: Self = Self {
        diagnosed: 0.75,
        same_light: 0.5,
        candidate: 0.15,
        least: 0.05,
        mentioned: 0.01,
        kept: 0.002,
        emits: 0.5,
        shortest_s: 3.0,
        frames_per_flash: 1.5,
        sure: 0.95,
    };
}

/// All of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Params {
    pub noise: Noise,
    pub priors: Priors,
    pub calibration: Calibration,
    pub decision: Decision,
}

impl Params {
    pub const DEFAULT: Self = Self {
        noise: Noise::DEFAULT,
        priors: Priors::DEFAULT,
        calibration: Calibration::DEFAULT,
        decision: Decision::DEFAULT,
    };
}

impl Default for Params {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_out_is_told_surer_and_nothing_else() {
        let c = Calibration::DEFAULT;
        let most = 1.0 - c.unmodelled;
        for p in [0.0, 0.2, 0.5, c.stands_out] {
            assert!((c.confidence(p) - most * p).abs() < 1e-12);
        }
        // Odds of 9 are 3 times those of 3, and told as 9 times.
        assert!((c.confidence(0.9) - most * 27.0 / 28.0).abs() < 1e-12);
        assert!(c.confidence(1.0) == most);
    }
}
