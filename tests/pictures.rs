//! Animations and series of still pictures.

use blinkdx::source::ffmpeg::{FfmpegSource, find_program};
use blinkdx::source::prefetch::Prefetch;
use blinkdx::source::stills::StillsSource;
use blinkdx::source::{
    DecoderChoice, Frame, FrameSource, OpenOptions, SourceError, animation, open,
};
use image::codecs::gif::GifEncoder;
use image::{Delay, ImageFormat, Rgb, RgbImage, RgbaImage};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of its own for each test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("blinkdx-pictures-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A picture of one grey.
    fn still(&self, name: &str, width: u32, height: u32, grey: u8) {
        RgbImage::from_pixel(width, height, Rgb([grey; 3]))
            .save(self.join(name))
            .unwrap();
    }

    /// A GIF of two by two px, one picture per delay in ms, each of its own grey.
    fn gif(&self, name: &str, delays_ms: &[u32]) -> PathBuf {
        let path = self.join(name);
        let mut encoder = GifEncoder::new(File::create(&path).unwrap());
        for (i, &ms) in delays_ms.iter().enumerate() {
            let picture = RgbaImage::from_pixel(2, 2, [i as u8 * 40, 0, 0, 255].into());
            let delay = Delay::from_numer_denom_ms(ms, 1);
            encoder
                .encode_frame(image::Frame::from_parts(picture, 0, 0, delay))
                .unwrap();
        }
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Times of all frames, the first luma sample of each, and how it ended.
fn read_all(source: &mut dyn FrameSource) -> (Vec<f64>, Vec<u8>, Result<bool, SourceError>) {
    let (mut times, mut luma, mut frame) = (Vec::new(), Vec::new(), Frame::default());
    loop {
        match source.read(&mut frame) {
            Ok(true) => {
                times.push(frame.pts_s);
                luma.push(frame.y.data[0]);
            }
            end => return (times, luma, end),
        }
    }
}

fn open_animation(path: &Path, format: ImageFormat) -> Result<Prefetch, SourceError> {
    animation::open("clip", File::open(path).unwrap(), format)
}

fn assert_close(times: &[f64], expected: &[f64]) {
    assert_eq!(times.len(), expected.len(), "{times:?}");
    for (a, b) in times.iter().zip(expected) {
        assert!((a - b).abs() < 1e-6, "{times:?} {expected:?}");
    }
}

#[test]
fn a_gif_is_timed_as_it_is_shown() {
    let folder = Folder::new("gif");
    // Of these, 0 and 10 ms are not meant and shown as 100 ms.
    let path = folder.gif("clip.gif", &[50, 0, 10, 20, 70, 50]);
    let mut source = open_animation(&path, ImageFormat::Gif).unwrap();
    let (times, luma, end) = read_all(&mut source);
    assert_close(&times, &[0.0, 0.05, 0.15, 0.25, 0.27, 0.34]);
    assert_eq!(end, Ok(false));
    // Luma of pure red is 0.299 of the level.
    assert_eq!(luma, [0, 12, 24, 36, 48, 60]);
    if find_program().is_some() {
        let mut theirs = FfmpegSource::open(&path, "clip", None, None).unwrap();
        assert_close(&read_all(&mut theirs).0, &times);
    } else {
        eprintln!("skipped: comparison with ffmpeg: no ffmpeg on the path");
    }
}

#[test]
fn a_picture_that_stands_for_several_comes_as_often() {
    let folder = Folder::new("held");
    // Ten pictures a second, and one that was written once for three.
    let path = folder.gif("regular.gif", &[100, 100, 300, 100, 100, 100, 100]);
    let (times, luma, end) = read_all(&mut open_animation(&path, ImageFormat::Gif).unwrap());
    assert_close(&times, &Vec::from_iter((0..9).map(|i| f64::from(i) * 0.1)));
    assert_eq!(luma[..6], [0, 12, 24, 24, 24, 36]);
    assert_eq!(end, Ok(false));
    // Only what changed was written: a flash of 0.2 s, and the time before and after it.
    let path = folder.gif("changes.gif", &[1000, 200, 2000]);
    let (times, luma, _) = read_all(&mut open_animation(&path, ImageFormat::Gif).unwrap());
    assert_close(
        &times,
        &Vec::from_iter((0..80).map(|i| f64::from(i) * 0.04)),
    );
    let first = |grey| luma.iter().position(|l| *l == grey);
    assert_eq!((first(12), first(24)), (Some(25), Some(30)));
}

#[test]
fn animated_png_and_webp_are_timed_as_ffmpeg_wrote_them() {
    if find_program().is_none() {
        eprintln!("skipped: no ffmpeg on the path");
        return;
    }
    let folder = Folder::new("animated");
    for (name, codec, format) in [
        ("clip.apng", "apng -f apng", ImageFormat::Png),
        ("clip.webp", "libwebp_anim -lossless 1", ImageFormat::WebP),
    ] {
        let made = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i"])
            .args(["nullsrc=s=64x48:r=25:d=0.4,geq=N*20:128:128", "-c:v"])
            .args(codec.split(' '))
            .arg(folder.join(name))
            .status()
            .unwrap();
        if !made.success() {
            eprintln!("skipped: {name}: this ffmpeg cannot make it");
            continue;
        }
        let file = File::open(folder.join(name)).unwrap();
        assert!(animation::is_animated(&file, format).unwrap(), "{name}");
        let mut source = open_animation(&folder.join(name), format).unwrap();
        assert_eq!(source.info().shown_size(), (64, 48));
        let (times, _, end) = read_all(&mut source);
        assert_eq!(end, Ok(false), "{name}");
        assert_close(
            &times,
            &Vec::from_iter((0..10).map(|i| f64::from(i) * 0.04)),
        );
    }
}

#[test]
fn a_still_picture_is_no_animation() {
    let folder = Folder::new("still");
    folder.still("a.png", 4, 3, 9);
    folder.still("a.webp", 4, 3, 9);
    for (name, format) in [("a.png", ImageFormat::Png), ("a.webp", ImageFormat::WebP)] {
        let file = File::open(folder.join(name)).unwrap();
        assert!(!animation::is_animated(&file, format).unwrap(), "{name}");
    }
    let mut source = StillsSource::single(&folder.join("a.png"), "a.png").unwrap();
    assert_eq!(read_all(&mut source), (vec![0.0], vec![9], Ok(false)));
    assert!(source.warnings().is_empty());
}

#[test]
fn a_damaged_gif_gives_what_came_before() {
    let folder = Folder::new("damaged");
    let path = folder.gif("clip.gif", &[50; 6]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() * 2 / 3]).unwrap();
    let (times, _, end) = read_all(&mut open_animation(&path, ImageFormat::Gif).unwrap());
    assert!((1..6).contains(&times.len()), "{times:?}");
    assert!(matches!(end, Err(SourceError::Truncated { .. })), "{end:?}");

    for content in [&whole[..5], &whole[..20], b"GIF89a"] {
        fs::write(&path, content).unwrap();
        let error = open_animation(&path, ImageFormat::Gif).err().unwrap();
        assert!(matches!(error, SourceError::Invalid { .. }), "{error}");
    }
    for seed in 1..40usize {
        let mut bits = whole.clone();
        for i in 0..4 {
            let at = (seed * 7919 + i * 31) % bits.len();
            bits[at] ^= 1 << (seed % 8);
        }
        fs::write(&path, &bits).unwrap();
        if let Ok(mut source) = open_animation(&path, ImageFormat::Gif) {
            // Six pictures, or a few more, each of which may stand for long.
            let (times, mut luma, _) = read_all(&mut source);
            assert!(times.len() < 10 * 250);
            luma.dedup();
            assert!(luma.len() < 50);
        }
    }
}

#[test]
fn a_gif_of_giant_size_is_refused() {
    let folder = Folder::new("giant");
    let path = folder.gif("clip.gif", &[50]);
    let mut file = fs::read(&path).unwrap();
    // Width and height of the canvas stand behind the signature.
    file[6..10].copy_from_slice(&[0xff; 4]);
    fs::write(&path, file).unwrap();
    let error = open_animation(&path, ImageFormat::Gif).err().unwrap();
    assert!(error.to_string().contains("65535x65535"), "{error}");
}

#[test]
fn a_folder_is_read_in_natural_order_and_only_its_pictures() {
    let folder = Folder::new("folder");
    for (name, grey) in [("shot2.png", 20), ("shot10.jpg", 30), ("shot1.bmp", 10)] {
        folder.still(name, 8, 8, grey);
    }
    fs::write(folder.join("notes.txt"), "no picture").unwrap();
    fs::write(folder.join("shot3.png"), "not one either").unwrap();
    fs::create_dir_all(folder.join("shot4.png")).unwrap();
    let mut source = StillsSource::folder(&folder.0, "shots", Some(4.0)).unwrap();
    let (times, luma, end) = read_all(&mut source);
    assert_close(&times, &[0.0, 0.25, 0.5]);
    assert_eq!(luma, [10, 20, 30]);
    assert_eq!(end, Ok(false));
    assert!(source.warnings().is_empty());
    assert_eq!(source.info().duration_s, Some(0.75));

    let pattern = folder.join("shot?.*").to_string_lossy().into_owned();
    let mut source = StillsSource::pattern(&pattern, None).unwrap();
    assert_eq!(read_all(&mut source).1, [10, 20]);
    assert_eq!(source.warnings().len(), 1);
}

#[test]
fn pictures_that_do_not_belong_together_are_named() {
    let folder = Folder::new("mixed");
    let error = |source: Result<StillsSource, SourceError>| source.err().unwrap().to_string();
    let empty = error(StillsSource::folder(&folder.0, "shots", None));
    assert!(empty.contains("no pictures"), "{empty}");
    let none = folder.join("*.png").to_string_lossy().into_owned();
    let none = error(StillsSource::pattern(&none, None));
    assert!(none.contains("no pictures"), "{none}");

    folder.still("a.png", 8, 8, 1);
    folder.still("b.png", 9, 8, 1);
    let mixed = error(StillsSource::folder(&folder.0, "shots", None));
    assert!(mixed.contains("b.png") && mixed.contains("9x8"), "{mixed}");

    let missing = error(StillsSource::folder(&folder.join("missing"), "shots", None));
    assert!(missing.contains("cannot be read"), "{missing}");
}

#[test]
fn a_picture_cut_short_ends_the_series() {
    let folder = Folder::new("cut");
    for (name, grey) in [("1.png", 10), ("2.png", 20), ("3.png", 30)] {
        folder.still(name, 40, 40, grey);
    }
    let whole = fs::read(folder.join("2.png")).unwrap();
    fs::write(folder.join("2.png"), &whole[..whole.len() / 2]).unwrap();
    let mut source = StillsSource::folder(&folder.0, "shots", Some(10.0)).unwrap();
    let (times, _, end) = read_all(&mut source);
    assert_eq!(times, [0.0]);
    let error = end.unwrap_err().to_string();
    assert!(error.contains("2.png"), "{error}");
    assert_eq!(source.read(&mut Frame::default()), Ok(false));
}

#[test]
fn the_bytes_and_not_the_name_choose() {
    let folder = Folder::new("bytes");
    let look = |name: &str| {
        let options = OpenOptions {
            decoder: DecoderChoice::Embedded,
            fps: Some(10.0),
            ..OpenOptions::default()
        };
        let spec = folder.join(name).to_string_lossy().into_owned();
        let mut source = open(&spec, &options).unwrap();
        let (times, _, end) = read_all(&mut *source);
        assert_eq!(end, Ok(false), "{name}");
        (times.len(), source.info().format.clone())
    };
    fs::rename(folder.gif("a.gif", &[50; 3]), folder.join("gif.mp4")).unwrap();
    assert_eq!(look("gif.mp4"), (3, "animated GIF".into()));

    folder.still("a.jpg", 16, 8, 9);
    let jpeg = fs::read(folder.join("a.jpg")).unwrap();
    fs::rename(folder.join("a.jpg"), folder.join("photo.mp4")).unwrap();
    assert_eq!(look("photo.mp4"), (1, "a still picture".into()));
    fs::write(folder.join("stream.png"), jpeg.repeat(5)).unwrap();
    assert_eq!(look("stream.png"), (5, "MJPEG stream".into()));
    // A photo with a preview behind it is one photo.
    folder.still("preview.jpg", 8, 4, 9);
    let preview = fs::read(folder.join("preview.jpg")).unwrap();
    fs::write(folder.join("phone.jpg"), [jpeg, preview].concat()).unwrap();
    assert_eq!(look("phone.jpg"), (1, "a still picture".into()));

    let y4m = b"YUV4MPEG2 W2 H2 F25:1\nFRAME\n\x10\x10\x10\x10\x80\x80";
    fs::write(folder.join("raw.bin"), y4m).unwrap();
    assert_eq!(look("raw.bin"), (1, "Y4M stream".into()));

    fs::create_dir_all(folder.join("shots")).unwrap();
    folder.still("shots/1.png", 4, 4, 1);
    folder.still("shots/2.png", 4, 4, 2);
    assert_eq!(look("shots"), (2, "2 still pictures".into()));
    assert_eq!(look("shots/*.png"), (2, "2 still pictures".into()));
}
