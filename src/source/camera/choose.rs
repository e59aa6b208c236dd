//! The mode that serves the timing of a blinking light best.

use super::{CameraInfo, Mode};
use crate::source::Encoding;

/// Frames per second beyond which more tell nothing of a status LED, whose shortest flashes last 0.1 s.
const FAST: f64 = 60.0;
/// Height in px from which a small LED across a room is seen.
const TALL: u32 = 480;
/// Px beyond which a picture costs more time than it tells: 1280 x 720.
const LARGE: u32 = 1280 * 720;

/// What the user asks of the mode.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// Width and height in px.
    pub size: Option<(u32, u32)>,
    /// Frames per second.
    pub fps: Option<f64>,
}

/// Chooses the mode of `camera`: among those as wished for, one with colours that is tall enough to show an LED, then the
/// fastest, then the largest up to 720 lines, then the smallest above; YUV rather than RGB rather than JPEG.
///
/// # Errors
/// One line: why the modes are not known, or which there are when none is as wished for.
pub fn choose<'a>(camera: &'a CameraInfo, wish: &Wish) -> Result<&'a Mode, String> {
    let modes = camera.modes.as_ref().map_err(Clone::clone)?;
    let readable = modes.iter().filter(|m| m.encoding().is_some());
    let wanted = readable.clone().filter(|m| {
        wish.size.is_none_or(|size| size == (m.width, m.height))
            // 29.97 is meant by 30.
            && wish.fps.is_none_or(|fps| (m.rate.fps() - fps).abs() < 0.05)
    });
    wanted
        .max_by(|a, b| {
            rank(a)
                .partial_cmp(&rank(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
        .ok_or_else(|| {
            let mut known: Vec<String> = readable.map(Mode::to_string).collect();
            if known.is_empty() {
                let mut codes: Vec<&str> = modes.iter().map(|m| m.code.as_str()).collect();
                codes.sort_unstable();
                codes.dedup();
                return format!(
                    "it delivers no format that can be read ({})",
                    codes.join(", ")
                );
            }
            known.dedup();
            format!("it has no such mode; it has {}", known.join("; "))
        })
}

/// The greater, the better.
fn rank(m: &Mode) -> (bool, bool, f64, bool, i64, u8) {
    let area = m.width * m.height;
    let moderate = area <= LARGE;
    let size = i64::from(area);
    (
        // Without colours half of the states look alike.
        m.encoding() != Some(Encoding::Grey),
        m.height >= TALL,
        // To a whole frame: 29.97 is no slower than 30.
        m.rate.fps().min(FAST).round(),
        moderate,
        if moderate { size } else { -size },
        exactness(m),
    )
}

/// As the eyes want it, converted from RGB, or lossy.
fn exactness(m: &Mode) -> u8 {
    match m.encoding() {
        Some(Encoding::Mjpeg) | None => 0,
        Some(Encoding::Rgb24 | Encoding::Bgr24) => 1,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rate;
    use super::*;

    fn mode(width: u32, height: u32, frames: u32, seconds: u32, code: &str) -> Mode {
        Mode {
            width,
            height,
            rate: Rate { frames, seconds },
            code: code.to_owned(),
        }
    }

    fn camera(modes: Vec<Mode>) -> CameraInfo {
        CameraInfo {
            number: 0,
            name: "C".to_owned(),
            place: "/dev/video0".to_owned(),
            modes: Ok(modes),
        }
    }

    /// As many USB 2 cameras: uncompressed is fast only when small.
    fn usual() -> CameraInfo {
        camera(vec![
            mode(320, 180, 90, 1, "YUYV"),
            mode(640, 480, 30, 1, "YUYV"),
            mode(1280, 720, 10, 1, "YUYV"),
            mode(640, 480, 30, 1, "MJPG"),
            mode(1280, 720, 30, 1, "MJPG"),
            mode(1920, 1080, 30, 1, "MJPG"),
            mode(1920, 1080, 60, 1, "H264"),
        ])
    }

    #[test]
    fn the_fastest_mode_that_shows_an_led_is_taken() {
        let chosen = |camera: CameraInfo| choose(&camera, &Wish::default()).unwrap().clone();
        assert_eq!(chosen(usual()), mode(1280, 720, 30, 1, "MJPG"));
        let fast = [
            mode(640, 480, 60, 1, "MJPG"),
            mode(1280, 720, 30, 1, "MJPG"),
        ];
        assert_eq!(chosen(camera(fast.to_vec())), fast[0]);
        let same = [
            mode(640, 480, 30, 1, "MJPG"),
            mode(640, 480, 30_000, 1001, "YUYV"),
        ];
        assert_eq!(chosen(camera(same.to_vec())), same[1]);
        let colors = [
            mode(640, 480, 30, 1, "YUYV"),
            mode(640, 480, 30, 1, "BGR3"),
            mode(640, 480, 30, 1, "MJPG"),
        ];
        assert_eq!(chosen(camera(colors.to_vec())), colors[0]);
        let grey = [mode(640, 480, 90, 1, "GREY"), mode(320, 240, 30, 1, "YUYV")];
        assert_eq!(chosen(camera(grey.to_vec())), grey[1]);
        let slow = [mode(3840, 2160, 2, 1, "YUYV"), mode(320, 240, 1, 1, "YUYV")];
        assert_eq!(chosen(camera(slow.to_vec())), slow[0]);
        let large = [
            mode(2560, 1440, 30, 1, "MJPG"),
            mode(1920, 1080, 30, 1, "MJPG"),
        ];
        assert_eq!(chosen(camera(large.to_vec())), large[1]);
    }

    #[test]
    fn a_wish_is_kept_or_refused_with_what_there_is() {
        let wish = |size, fps| Wish { size, fps };
        let camera = usual();
        let got = choose(&camera, &wish(Some((1920, 1080)), None)).unwrap();
        assert_eq!(got, &mode(1920, 1080, 30, 1, "MJPG"));
        let got = choose(&camera, &wish(None, Some(10.0))).unwrap();
        assert_eq!(got, &mode(1280, 720, 10, 1, "YUYV"));
        let error = choose(&camera, &wish(Some((800, 600)), None)).unwrap_err();
        assert!(error.contains("1280x720 at 30 frames/s, MJPG"), "{error}");
        assert!(!error.contains("H264"), "{error}");
    }

    #[test]
    fn a_camera_of_unknown_formats_is_refused() {
        let camera = camera(vec![mode(640, 480, 30, 1, "H264")]);
        let error = choose(&camera, &Wish::default());
        assert!(error.unwrap_err().contains("H264"));
    }
}
