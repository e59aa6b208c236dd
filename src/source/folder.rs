//! The clips in a folder and the folders below it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use image::ImageFormat;

use super::open::explain_io;
use super::probe::{self, Format};
use super::{SourceError, animation, mjpeg};

/// Names that say video. Such a file is a clip whatever is in it: if it can't be read, that must be told.
const VIDEO: [&str; 22] = [
    "mp4", "m4v", "mov", "qt", "3gp", "3g2", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg",
    "mpeg", "vob", "wmv", "asf", "flv", "ogv", "mxf", "y4m", "mjpeg",
];

/// Names of sound and photographs that use the containers of video.
const NO_VIDEO: [&str; 13] = [
    "m4a", "m4b", "aac", "mp3", "ogg", "oga", "opus", "mka", "wma", "wav", "heic", "heif", "avif",
];

/// Folders within folders at most: more is a loop of mounts.
const MAX_DEPTH: usize = 64;

/// The clips in `folder` and all folders below it, by name, folder by folder; what can't be looked at is an
/// error in its place.
///
/// A clip is a file that holds film by its first bytes or its name, or a folder with still pictures and no
/// film, which is a series of them. What begins with a dot is passed over, and so are links to folders.
pub fn clips_below(folder: &Path) -> Vec<Result<String, SourceError>> {
    let mut found = Vec::new();
    walk(folder, 0, &mut found);
    found
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<Result<String, SourceError>>) {
    let unreadable = |cause: String| SourceError::Unreadable {
        name: folder.display().to_string(),
        cause,
    };
    if depth > MAX_DEPTH {
        found.push(Err(unreadable("too many folders within folders".into())));
        return;
    }
    let paths = match entries(folder) {
        Ok(paths) => paths,
        Err(e) => {
            found.push(Err(unreadable(explain_io(&e))));
            return;
        }
    };
    let (mut film, mut stills) = (false, false);
    let begun = found.len();
    for path in paths {
        let Ok(meta) = path.symlink_metadata() else {
            continue;
        };
        if meta.is_dir() {
            walk(&path, depth + 1, found);
            continue;
        }
        match kind(&path) {
            Kind::Film => {
                film = true;
                found.push(Ok(path.display().to_string()));
            }
            Kind::Still => stills = true,
            Kind::Neither => {}
        }
    }
    if stills && !film {
        found.insert(begun, Ok(folder.display().to_string()));
    }
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Film,
    Still,
    Neither,
}

fn kind(path: &Path) -> Kind {
    // A pipe would block, a socket can't be opened.
    if !path.metadata().map_or(true, |meta| meta.is_file()) {
        return Kind::Neither;
    }
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let named = |list: &[&str]| list.iter().any(|e| extension.eq_ignore_ascii_case(e));
    if named(&VIDEO) {
        return Kind::Film;
    }
    if named(&NO_VIDEO) {
        return Kind::Neither;
    }
    by_bytes(path).unwrap_or(Kind::Neither)
}

/// What the bytes say; an error where they can't be read.
fn by_bytes(path: &Path) -> io::Result<Kind> {
    let file = File::open(path)?;
    let mut head = Vec::with_capacity(probe::PROBE_BYTES);
    (&file)
        .take(probe::PROBE_BYTES as u64)
        .read_to_end(&mut head)?;
    let animated = |format| match animation::is_animated(&file, format) {
        Ok(true) => Kind::Film,
        _ => Kind::Still,
    };
    Ok(match probe::format(&head) {
        Some(Format::Gif) => animated(ImageFormat::Gif),
        Some(Format::Png) => animated(ImageFormat::Png),
        Some(Format::WebP) => animated(ImageFormat::WebP),
        Some(Format::Jpeg) if mjpeg::is_stream(&file) => Kind::Film,
        Some(Format::Jpeg | Format::Bmp) => Kind::Still,
        // The signature of raw streams is three bytes, which icons and others begin with too.
        Some(Format::Playlist | Format::RawStream) | None => Kind::Neither,
        Some(_) => Kind::Film,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_are_told_by_bytes_or_name_and_stills_by_folder() {
        let root = std::env::temp_dir().join(format!("blinkdx-folder-{}", std::process::id()));
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let put = |name: &str, from: Option<&str>| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match from {
                Some(from) => drop(fs::copy(fixtures.join(from), path).unwrap()),
                None => fs::write(path, "text").unwrap(),
            }
        };
        put("b/named-wrongly.txt", Some("codecs/h264.mp4"));
        put("b/thumb.jpg", Some("clips/mini-setup-ready/001.jpg"));
        put("b/.hidden.mp4", Some("codecs/h264.mp4"));
        put("a/empty.MP4", None);
        put("a/notes.json", None);
        put("a/talk.m4a", Some("codecs/sound_only.mp4"));
        put("c/stills/1.jpg", Some("clips/mini-setup-ready/001.jpg"));
        put("c/blink.gif", Some("clips/mini-offline.gif"));
        put("favicon.ico", None);
        fs::write(root.join("favicon.ico"), b"\0\0\x01\0\x01\0").unwrap();

        let found = clips_below(&root);
        let names: Vec<String> = found
            .into_iter()
            .map(|clip| {
                let path = PathBuf::from(clip.unwrap());
                let below = path.strip_prefix(&root).unwrap();
                below.to_string_lossy().replace('\\', "/")
            })
            .collect();
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(
            names,
            [
                "a/empty.MP4",
                "b/named-wrongly.txt",
                "c/blink.gif",
                "c/stills"
            ]
        );
        let gone = clips_below(&root);
        assert!(matches!(&gone[..], [Err(e)] if e.to_string().contains("no such file")));
    }
}
