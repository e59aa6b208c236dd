//! A single picture, a folder of pictures or a glob as frames, `fps` a second.

use super::{Frame, FrameSource, Orientation, SourceError, VideoInfo, limits, rgb};
use image::metadata::Orientation as Exif;
use image::{ImageDecoder, ImageReader, ImageResult};
use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Rate of pictures that carry no time, when the user names none: what phones and webcams film with.
pub(super) const ASSUMED_FPS: f64 = 30.0;

/// Pictures of one size, in the natural order of their names.
pub struct StillsSource {
    info: VideoInfo,
    files: Vec<PathBuf>,
    next: usize,
    fps: f64,
    warnings: Vec<String>,
}

impl StillsSource {
    /// All pictures of a folder; other files in it are passed over.
    ///
    /// # Errors
    /// `Unreadable` if the folder or a file can't be read, `Invalid` if there is no picture in it or
    /// they differ in size or turning.
    pub fn folder(path: &Path, name: &str, fps: Option<f64>) -> Result<Self, SourceError> {
        let unreadable = |e: io::Error| SourceError::Unreadable {
            name: name.to_owned(),
            cause: e.to_string(),
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            files.push(entry.map_err(unreadable)?.path());
        }
        Self::of(files, name, fps)
    }

    /// The pictures that a glob names, such as `frames/*.png`.
    ///
    /// # Errors
    /// As [`StillsSource::folder`], and `Invalid` if the pattern is none.
    pub fn pattern(pattern: &str, fps: Option<f64>) -> Result<Self, SourceError> {
        let paths = glob::glob(pattern).map_err(|e| SourceError::Invalid {
            name: pattern.to_owned(),
            cause: format!("not a pattern of file names: {e}"),
        })?;
        let files: Result<Vec<_>, _> = paths.collect();
        let files = files.map_err(|e| SourceError::Unreadable {
            name: e.path().display().to_string(),
            cause: e.error().to_string(),
        })?;
        Self::of(files, pattern, fps)
    }

    /// One picture.
    ///
    /// # Errors
    /// `Invalid` if it can't be decoded or is too large.
    pub fn single(path: &Path, name: &str) -> Result<Self, SourceError> {
        Self::of(vec![path.to_owned()], name, None)
    }

    /// These files, those of them that are pictures.
    fn of(mut files: Vec<PathBuf>, name: &str, fps: Option<f64>) -> Result<Self, SourceError> {
        files.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
        let mut stills: Vec<PathBuf> = Vec::new();
        let mut first: Option<Looks> = None;
        for file in files {
            let broken = |cause: String| SourceError::Invalid {
                name: name.to_owned(),
                cause: format!("{}: {cause}", file.display()),
            };
            if !is_picture(&file).map_err(|e| broken(e.to_string()))? {
                continue;
            }
            let looks = Looks::of(&file).map_err(|e| broken(e.to_string()))?;
            limits::check_size(looks.width, looks.height).map_err(broken)?;
            match &first {
                None => first = Some(looks),
                Some(first) if *first != looks => {
                    return Err(broken(format!(
                        "it is {looks}, the pictures before it are {first}; give pictures of one size"
                    )));
                }
                Some(_) => {}
            }
            stills.push(file);
        }
        let Some(looks) = first else {
            return Err(SourceError::Invalid {
                name: name.to_owned(),
                cause: "there are no pictures in it; give PNG, JPEG, WebP, BMP or GIF files, or --recursive for the clips in it".into(),
            });
        };
        let mut warnings = Vec::new();
        if fps.is_none() && stills.len() > 1 {
            warnings.push(assumed_fps_warning());
        }
        let fps = fps.unwrap_or(ASSUMED_FPS);
        Ok(Self {
            info: VideoInfo {
                name: name.to_owned(),
                coded_width: looks.width,
                coded_height: looks.height,
                orientation: looks.orientation,
                duration_s: Some(stills.len() as f64 / fps),
                format: match stills.len() {
                    1 => "a still picture".into(),
                    n => format!("{n} still pictures"),
                },
                decoder: "embedded (image)".into(),
            },
            files: stills,
            next: 0,
            fps,
            warnings,
        })
    }
}

/// Why times may be wrong where no rate was given.
pub(super) fn assumed_fps_warning() -> String {
    format!(
        "the pictures carry no times: {ASSUMED_FPS} per second are assumed; say --fps if it is another rate"
    )
}

impl FrameSource for StillsSource {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        let Some(file) = self.files.get(self.next) else {
            return Ok(false);
        };
        let picture = decode(file).map_err(|e| SourceError::Truncated {
            name: self.info.name.clone(),
            cause: format!("{}: {e}", file.display()),
        });
        let picture = match picture {
            Ok(picture) => picture,
            Err(e) => {
                self.next = self.files.len();
                return Err(e);
            }
        };
        let (width, height) = (picture.width(), picture.height());
        rgb::fill(frame, width as usize, height as usize, 4, &picture);
        frame.pts_s = self.next as f64 / self.fps;
        self.next += 1;
        Ok(true)
    }
}

/// What all pictures must have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    width: u32,
    height: u32,
    orientation: Orientation,
}

impl std::fmt::Display for Looks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (width, height) = self.orientation.shown_size(self.width, self.height);
        write!(f, "{width}x{height} px")?;
        if self.orientation != Orientation::default() {
            f.write_str(" (turned)")?;
        }
        Ok(())
    }
}

impl Looks {
    fn of(file: &Path) -> ImageResult<Self> {
        let mut decoder = reader(file)?.into_decoder()?;
        let (width, height) = decoder.dimensions();
        Ok(Self {
            width,
            height,
            // A damaged note about turning is no reason to refuse the picture.
            orientation: decoder.orientation().map(from_exif).unwrap_or_default(),
        })
    }
}

fn reader(file: &Path) -> ImageResult<ImageReader<BufReader<File>>> {
    let mut reader = ImageReader::open(file)?.with_guessed_format()?;
    reader.limits(limits::of_decoder());
    Ok(reader)
}

fn decode(file: &Path) -> ImageResult<image::RgbaImage> {
    Ok(reader(file)?.decode()?.into_rgba8())
}

/// Whether the bytes of `file` begin as a picture does.
fn is_picture(file: &Path) -> io::Result<bool> {
    if !file.is_file() {
        return Ok(false);
    }
    /// The longest signature of a picture format, that of WebP.
    const SIGNATURE: u64 = 16;
    let mut head = Vec::new();
    File::open(file)?.take(SIGNATURE).read_to_end(&mut head)?;
    Ok(image::guess_format(&head).is_ok_and(|format| format.reading_enabled()))
}

/// EXIF turns first and mirrors then; ours is the other way round.
fn from_exif(exif: Exif) -> Orientation {
    let (mirror, quarter_turns) = match exif {
        Exif::NoTransforms => (false, 0),
        Exif::Rotate90 => (false, 1),
        Exif::Rotate180 => (false, 2),
        Exif::Rotate270 => (false, 3),
        Exif::FlipHorizontal => (true, 0),
        Exif::FlipVertical => (true, 2),
        Exif::Rotate90FlipH => (true, 3),
        Exif::Rotate270FlipH => (true, 1),
    };
    Orientation {
        mirror,
        quarter_turns,
    }
}

/// Order of names in which `frame9` stands before `frame10`: runs of digits compare as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (run_a, rest_a) = split_run(a);
        let (run_b, rest_b) = split_run(b);
        let both_numbers = [run_a, run_b]
            .iter()
            .all(|run| run.starts_with(|c: char| c.is_ascii_digit()));
        let order = if both_numbers {
            let (number_a, number_b) =
                (run_a.trim_start_matches('0'), run_b.trim_start_matches('0'));
            (number_a.len().cmp(&number_b.len()))
                .then(number_a.cmp(number_b))
                // `01` and `1` are the same number; the order must still be total.
                .then(run_a.len().cmp(&run_b.len()))
        } else {
            run_a.cmp(run_b)
        };
        if order.is_ne() || (rest_a.is_empty() && rest_b.is_empty()) {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

/// The digits, or the other characters, that `text` begins with, and what follows.
fn split_run(text: &str) -> (&str, &str) {
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text
        .find(|c: char| c.is_ascii_digit() != digit)
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count() {
        let mut names = [
            "f10.png", "f9.png", "f09.png", "e.png", "f9b.png", "f.png", "f9.png2",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "e.png", "f9.png", "f9.png2", "f9b.png", "f09.png", "f10.png", "f.png"
            ]
        );
    }

    #[test]
    fn exif_turns_the_picture_as_image_does() {
        // A picture whose three pixels tell all eight ways apart.
        let (w, h) = (2, 3);
        for value in 1..=8 {
            let exif = Exif::from_exif(value).unwrap();
            let mut picture = image::DynamicImage::new_luma8(w, h);
            let dots = [(0, 0, 50), (1, 0, 100), (0, 2, 150)];
            let buffer = picture.as_mut_luma8().unwrap();
            for (x, y, grey) in dots {
                buffer.put_pixel(x, y, image::Luma([grey]));
            }
            picture.apply_orientation(exif);
            let ours = from_exif(exif);
            for (x, y, grey) in dots {
                let centre = (f64::from(x) + 0.5, f64::from(y) + 0.5);
                let (x, y) = ours.to_shown(centre, f64::from(w), f64::from(h));
                let shown = picture.to_luma8().get_pixel(x as u32, y as u32).0[0];
                assert_eq!(shown, grey, "EXIF orientation {value}");
            }
        }
    }
}
