//! AV1 by `re_rav1d`, a port of dav1d to Rust.

use std::collections::VecDeque;

use re_rav1d::dav1d::pixel::{MatrixCoefficients, TransferCharacteristic, YUVRange};
use re_rav1d::dav1d::{
    BitsPerComponent, Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings,
};

use super::guard::{self, Panicked};
use super::{Fault, MAX_LUMA_SAMPLES, Stamp, VideoDecoder, planes};
use crate::source::color::ColorHint;
use crate::source::{Frame, Plane};
use crate::threads::processors;

/// Threads at most; more gain little on the clips of a phone.
const MAX_THREADS: usize = 4;

/// Pictures whose stamps are kept; the decoder holds fewer than its threads.
const MAX_PENDING: usize = 64;

pub(super) struct Av1 {
    decoder: Decoder,
    container_color: ColorHint,
    /// Stamps of the packets on their way, by the number the decoder carries through for us.
    pending: VecDeque<(i64, Stamp)>,
    next: i64,
}

impl Av1 {
    /// `container_color` is what the container says of the colours.
    pub fn new(container_color: ColorHint) -> Result<Self, Fault> {
        Ok(Self {
            decoder: fresh()?,
            container_color,
            pending: VecDeque::new(),
            next: 0,
        })
    }

    /// Takes out what is decoded.
    fn drain(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Error> {
        loop {
            let picture = match self.decoder.get_picture() {
                Ok(picture) => picture,
                Err(Error::Again) => return Ok(()),
                Err(error) => return Err(error),
            };
            let number = picture.timestamp();
            let found = self.pending.iter().find(|(n, _)| Some(*n) == number);
            if let Some(pts_s) = found.and_then(|(_, stamp)| stamp.pts_s) {
                out.push_back(frame(&picture, pts_s, self.container_color));
            }
        }
    }

    fn feed(&mut self, data: &[u8], out: &mut VecDeque<Frame>) -> Result<(), Error> {
        let mut sent = self
            .decoder
            .send_data(data.to_vec(), None, Some(self.next), None);
        while sent == Err(Error::Again) {
            self.drain(out)?;
            sent = self.decoder.send_pending_data();
        }
        sent?;
        self.drain(out)
    }
}

fn fresh() -> Result<Decoder, Fault> {
    let mut settings = Settings::new();
    let threads = processors().min(MAX_THREADS);
    settings.set_n_threads(threads as u32);
    settings.set_frame_size_limit(MAX_LUMA_SAMPLES as u32);
    Decoder::with_settings(&settings).map_err(|e| Fault::Invalid(format!("AV1 decoder: {e}")))
}

impl VideoDecoder for Av1 {
    fn decode(
        &mut self,
        data: &[u8],
        stamp: Stamp,
        out: &mut VecDeque<Frame>,
    ) -> Result<(), Fault> {
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back((self.next, stamp));
        let outcome = guard::catch(|| self.feed(data, out));
        self.next += 1;
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Error::UnsupportedBitstream)) => Err(Fault::unsupported("this kind of AV1")),
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged AV1: {error}"))),
            Err(Panicked) => {
                self.decoder = fresh()?;
                Err(Fault::Invalid("damaged AV1".to_owned()))
            }
        }
    }

    fn flush(&mut self, out: &mut VecDeque<Frame>) -> Result<(), Fault> {
        match guard::catch(|| self.drain(out)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Fault::Invalid(format!("damaged AV1: {error}"))),
            Err(Panicked) => Err(Fault::Invalid("damaged AV1".to_owned())),
        }
    }
}

fn color_hint(picture: &Picture) -> ColorHint {
    // Back to the code points of ITU-T H.273; 2 is "unspecified".
    let matrix = match picture.matrix_coefficients() {
        MatrixCoefficients::BT709 | MatrixCoefficients::ST240M => 1,
        MatrixCoefficients::BT470M | MatrixCoefficients::BT470BG | MatrixCoefficients::ST170M => 6,
        MatrixCoefficients::BT2020NonConstantLuminance
        | MatrixCoefficients::BT2020ConstantLuminance => 9,
        _ => 2,
    };
    let transfer = match picture.transfer_characteristic() {
        TransferCharacteristic::PerceptualQuantizer => 16,
        TransferCharacteristic::HybridLogGamma => 18,
        TransferCharacteristic::Unspecified => 2,
        _ => 1,
    };
    let full = (picture.color_range() == YUVRange::Full).then_some(true);
    ColorHint::from_code_points(matrix, transfer, full)
}

fn frame(picture: &Picture, pts_s: f64, container_color: ColorHint) -> Frame {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let depth = match picture.bits_per_component() {
        Some(BitsPerComponent(bits)) => bits as u8,
        None => 8,
    };
    let plane = |component, width, height| {
        let stride = picture.stride(component) as usize;
        planes::from_rows(&picture.plane(component), stride, width, height, depth)
    };
    let (shift, grey) = match picture.pixel_layout() {
        PixelLayout::I400 => ((0, 0), true),
        PixelLayout::I420 => ((1, 1), false),
        PixelLayout::I422 => ((1, 0), false),
        PixelLayout::I444 => ((0, 0), false),
    };
    let chroma = |component| match grey {
        true => Plane::default(),
        false => plane(
            component,
            width.div_ceil(1 << shift.0),
            height.div_ceil(1 << shift.1),
        ),
    };
    Frame {
        pts_s,
        y: plane(PlanarImageComponent::Y, width, height),
        u: chroma(PlanarImageComponent::U),
        v: chroma(PlanarImageComponent::V),
        chroma_shift: shift,
        color: color_hint(picture).or(container_color).resolve(height),
        cells: None,
    }
}
