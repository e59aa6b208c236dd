//! H.264: the faster decoder where it is exact, the more general one for the rest.

mod fast;
mod general;
mod setup;

use std::collections::VecDeque;

use self::fast::Fast;
use self::general::General;
use self::setup::Setup;
use super::{Fault, Stamp, VideoDecoder};
use crate::source::Frame;
use crate::source::color::ColorHint;

/// Coded bytes kept at most, to decode a group of pictures again with the other decoder: the 2 s
/// between the entry points of a camera at 100 Mbit/s, rounded up.
const MAX_REPLAY: usize = 32 << 20;

pub(super) struct H264 {
    general: General,
    /// In use as long as it is exact on the stream.
    fast: Option<Fast>,
    /// The access units since the last entry point that nothing before it is needed for.
    replay: Replay,
    /// Order of the last frame that went out.
    last_out: Option<i64>,
}

/// Access units from an IDR picture on.
#[derive(Default)]
struct Replay {
    units: Vec<(Vec<u8>, Stamp)>,
    bytes: usize,
    /// The group grew too long to be kept, or its start was never seen.
    lost: bool,
}

impl Replay {
    fn remember(&mut self, data: &[u8], stamp: Stamp, idr: bool) {
        if idr {
            *self = Self::default();
        }
        self.bytes += data.len();
        if self.lost || self.bytes > MAX_REPLAY {
            self.units.clear();
            self.lost = true;
        } else {
            self.units.push((data.to_vec(), stamp));
        }
    }
}

impl H264 {
    /// From an `avcC` record; `container_color` is what the container says of the colours.
    pub fn new(avcc: &[u8], container_color: ColorHint) -> Result<Self, Fault> {
        let setup = Setup::parse(avcc)?;
        Ok(Self {
            fast: Fast::new(&setup, container_color),
            general: General::new(setup, container_color)?,
            replay: Replay::default(),
            last_out: None,
        })
    }

    /// Hands over to the general decoder, which starts again at the last entry point.
    fn change_over(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        self.fast = None;
        let replay = std::mem::take(&mut self.replay);
        let mut outcome = Ok(());
        for (data, stamp) in replay.units {
            match self.decode_general(&data, stamp, out) {
                Err(fault @ Fault::Invalid(_)) => outcome = Err(fault),
                other => other?,
            }
        }
        outcome
    }

    fn decode_general(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        let mut decoded = VecDeque::new();
        let outcome = self.general.decode(data, stamp, &mut decoded);
        self.release(decoded, out);
        outcome
    }

    /// Passes on what did not go out before the change.
    fn release(&mut self, decoded: VecDeque<(Stamp, Frame)>, out: &mut VecDeque<Frame>) {
        let fresh = decoded
            .into_iter()
            .filter(|(stamp, _)| self.last_out.is_none_or(|last| stamp.order > last));
        out.extend(fresh.map(|(_, frame)| frame));
    }
}

impl VideoDecoder for H264 {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        let Some(fast) = &mut self.fast else {
            return self.decode_general(data, stamp, out);
        };
        let unit = fast.prepare(data)?;
        self.replay.remember(data, stamp, unit.idr);
        // Whatever precedes an IDR picture is shown before it (ITU-T H.264 C.4.4).
        let mut ready = if unit.idr { fast.flush() } else { Vec::new() };
        let decoded = fast.decode(&unit, stamp).map(|more| ready.extend(more));
        for (stamp, frame) in ready {
            self.last_out = Some(stamp.order);
            out.extend(stamp.pts_s.is_some().then_some(frame));
        }
        match decoded {
            Ok(()) => Ok(()),
            // Too far from an entry point: the picture is lost, the ones after it may come.
            Err(fault) if self.replay.lost => Err(fault),
            Err(_) => self.change_over(out),
        }
    }

    fn flush(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        if let Some(fast) = &mut self.fast {
            let frames = fast.flush();
            let shown = frames
                .into_iter()
                .filter(|(stamp, _)| stamp.pts_s.is_some());
            out.extend(shown.map(|(_, frame)| frame));
            return Ok(());
        }
        let mut decoded = VecDeque::new();
        let outcome = self.general.flush(&mut decoded);
        self.release(decoded, out);
        outcome
    }
}
