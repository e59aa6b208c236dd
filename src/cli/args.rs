//! Options that several commands share.

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
#[derive(Debug, clap::Args)]
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
    fn a_size_is_two_numbers() {
        assert_eq!(size("1280x720"), Ok((1280, 720)));
        for bad in ["1280", "x", "axb", "1280x-1"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
