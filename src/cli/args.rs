//! Options that several commands share.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use blinkdx::observe::Rect;

/// Options of every command.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// Read more device files from this folder (may be repeated)
    #[arg(long, value_name = "DIR", global = true)]
    pub devices: Vec<PathBuf>,
    /// No progress bar, no notes
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say which decoder was used and why, and how long each stage took
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: one object per line on standard output
    Json,
}

/// How pictures are read and where to look in them.
#[derive(Debug, Clone, clap::Args)]
pub struct Reading {
    /// Who decodes video: `auto` takes `ffmpeg` where it is installed
    #[arg(long, value_enum, default_value_t)]
    pub decoder: Decoder,
    /// Look only here, in px of the picture as shown
    #[arg(long, value_name = "X,Y,W,H", value_parser = region, allow_hyphen_values = true)]
    pub region: Option<Rect>,
    /// Frames per second of a folder or list of still pictures
    #[arg(long, value_name = "FPS", value_parser = rate)]
    pub fps: Option<f64>,
    /// Begin at this time of the clip: s, m:ss or h:mm:ss
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<f64>,
    /// End before this time of the clip
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<f64>,
    /// Threads that ffmpeg decodes a clip on; without it, what is best for one clip or for many
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
}

/// Which decoder reads video files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Decoder {
    #[default]
    Auto,
    /// The decoders built into this program
    Embedded,
    /// The `ffmpeg` program on the path
    Ffmpeg,
}

/// Parses `x,y,w,h` in px.
pub fn region(text: &str) -> Result<Rect, String> {
    let numbers: Vec<f64> = text
        .split(',')
        .map(|n| n.trim().parse::<f64>())
        .collect::<Result<_, _>>()
        .map_err(|_| "four numbers x,y,w,h are needed, for example 600,290,40,40".to_owned())?;
    match numbers[..] {
        [x, y, w, h]
            if x >= 0.0 && y >= 0.0 && w > 0.0 && h > 0.0 && (x + y + w + h).is_finite() =>
        {
            Ok(Rect { x, y, w, h })
        }
        [_, _, _, _] => Err("x and y must be 0 or more, w and h more than 0".to_owned()),
        _ => Err(format!(
            "four numbers x,y,w,h are needed, not {}",
            numbers.len()
        )),
    }
}

/// Parses a frame rate in frames per second.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        // No camera of our users films faster than 1000 frames per second.
        Ok(fps) if fps > 0.0 && fps <= 1000.0 => Ok(fps),
        _ => Err("a number of frames per second from above 0 to 1000 is needed".to_owned()),
    }
}

/// Parses a time in s, as seconds, `m:ss` or `h:mm:ss`, with a fraction of a second where wanted.
pub fn time(text: &str) -> Result<f64, String> {
    let wrong = || "a time is seconds (90.5), m:ss (1:30.5) or h:mm:ss (2:01:30)".to_owned();
    // Signs, exponents and names such as "inf" are numbers to Rust and no times to people.
    let plain = |b: u8| b.is_ascii_digit() || b == b'.' || b == b':';
    if !text.bytes().all(plain) {
        return Err(wrong());
    }
    let mut parts = text.split(':');
    let last = parts.next_back().unwrap_or_default();
    let seconds: f64 = last.parse().map_err(|_| wrong())?;
    let wholes = parts
        .map(|part| part.parse::<u32>().map_err(|_| wrong()))
        .collect::<Result<Vec<_>, _>>()?;
    let (hours, minutes) = match wholes[..] {
        [] => return Ok(seconds),
        [minutes] => (0, minutes),
        [hours, minutes] if minutes < 60 => (hours, minutes),
        _ => return Err(wrong()),
    };
    if seconds >= 60.0 {
        return Err(wrong());
    }
    Ok(f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds)
}

/// Parses `WxH` in px.
pub fn size(text: &str) -> Result<(u32, u32), String> {
    text.split_once(['x', 'X'])
        .and_then(|(w, h)| Some((w.trim().parse().ok()?, h.trim().parse().ok()?)))
        .ok_or_else(|| "a size as 1280x720 is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_four_numbers() {
        let r = region("600, 290,40,40.5").unwrap();
        assert_eq!((r.x, r.y, r.w, r.h), (600.0, 290.0, 40.0, 40.5));
        for bad in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "a,b,c,d",
            "1,2,0,4",
            "-1,2,3,4",
            "NaN,1,1,1",
            "inf,1,1,1",
        ] {
            assert!(region(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_positive() {
        assert_eq!(rate("29.97"), Ok(29.97));
        for bad in ["0", "-3", "nan", "inf", "1e9", "x"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_seconds_or_has_colons() {
        for (text, s) in [
            ("0", 0.0),
            ("90.5", 90.5),
            ("1:30", 90.0),
            ("75:00", 4500.0),
            ("2:01:30.25", 7290.25),
        ] {
            assert_eq!(time(text), Ok(s), "{text}");
        }
        for bad in [
            "", "-1", "1e3", "inf", "1:60", "1:60:00", "1:2:3:4", "a:00", "1:", ":30", "+1:00:00",
        ] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_size_is_two_numbers() {
        assert_eq!(size("1280x720"), Ok((1280, 720)));
        for bad in ["1280", "x", "axb", "1280x-1"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
