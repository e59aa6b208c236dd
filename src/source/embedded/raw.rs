//! Pictures that are not compressed, as a camera gave them.

use std::collections::VecDeque;

use super::{Fault, Stamp, VideoDecoder};
use crate::source::{Encoding, Frame};

pub(super) struct Raw {
    pub encoding: Encoding,
    /// In px.
    pub width: u32,
    pub height: u32,
}

impl VideoDecoder for Raw {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        let Some(pts_s) = stamp.pts_s else {
            return Ok(());
        };
        let mut frame = Frame {
            pts_s,
            ..Frame::default()
        };
        self.encoding
            .decode(data, self.width, self.height, &mut frame)
            .map_err(|cause| Fault::Invalid(format!("damaged picture: {cause}")))?;
        out.push_back(frame);
        Ok(())
    }

    fn flush(&mut self, _out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        Ok(())
    }
}
