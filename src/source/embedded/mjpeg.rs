//! Motion JPEG: each packet is a picture of its own.

use std::collections::VecDeque;

use super::guard::{self, Panicked};
use super::{Fault, Stamp, VideoDecoder};
use crate::source::{Frame, jpeg};

pub(super) struct Mjpeg;

impl VideoDecoder for Mjpeg {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        // Nothing refers to a picture that is not shown.
        let Some(pts_s) = stamp.pts_s else {
            return Ok(());
        };
        let mut frame = Frame {
            pts_s,
            ..Frame::default()
        };
        match guard::catch(|| jpeg::decode(data, &mut frame)) {
            Ok(Ok(())) => {
                out.push_back(frame);
                Ok(())
            }
            Ok(Err(cause)) => Err(Fault::Invalid(format!("damaged JPEG: {cause}"))),
            Err(Panicked) => Err(Fault::Invalid("damaged JPEG".to_owned())),
        }
    }

    fn flush(&mut self, _out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        Ok(())
    }
}
