//! Standard input, and the practice clips.

use crate::common::corpus;
use crate::tools::{Folder, have_ffmpeg, open, read_all};
use blinkdx::source::{FrameSource, OpenOptions, SourceError, open_stream};
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::thread;

/// Two seconds of 96x64 px at 25 fps.
const CLIP: &str = "-f lavfi -i testsrc2=s=96x64:r=25:d=2";

#[test]
fn every_stream_format_gives_the_same_pictures() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("streams");
    for (name, args, times) in [
        ("raw.y4m", "-pix_fmt yuv420p", true),
        ("pictures.mjpeg", "-c:v mjpeg -q:v 2", true),
        ("film.mkv", "-c:v ffv1", true),
        ("film.ts", "-c:v mpeg2video -q:v 2", false),
    ] {
        assert!(folder.make(name, &format!("{CLIP} {args}")));
        let file = File::open(folder.join(name)).unwrap();
        let mut source = open_stream(file, "-", Some(25.0), true).unwrap();
        assert_eq!(source.info().shown_size(), (96, 64), "{name}");
        let seen = read_all(&mut *source);
        assert_eq!(seen.end, Ok(()), "{name}");
        assert_eq!(seen.pts_s.len(), 50, "{name}");
        if times {
            for (i, pts) in seen.pts_s.iter().enumerate() {
                assert!(
                    (pts - i as f64 / 25.0).abs() < 1e-6,
                    "{name}: frame {i} at {pts}"
                );
            }
        }
    }
}

#[test]
fn an_index_at_the_end_of_a_stream_is_explained() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("index-last");
    assert!(folder.make("clip.mp4", &format!("{CLIP} -c:v mpeg4")));
    let file = File::open(folder.join("clip.mp4")).unwrap();
    let error = open_stream(file, "-", None, true).err().unwrap();
    assert!(matches!(error, SourceError::Invalid { .. }), "{error:?}");
    assert!(
        error.to_string().contains("name the file itself"),
        "{error}"
    );
}

#[test]
fn streams_without_a_video_are_errors() {
    let error = |bytes: &'static [u8], with_ffmpeg| {
        open_stream(Cursor::new(bytes), "-", None, with_ffmpeg)
            .err()
            .unwrap()
    };
    assert!(matches!(error(b"", false), SourceError::Invalid { .. }));
    assert!(matches!(
        error(b"hello", false),
        SourceError::Unsupported { .. }
    ));
    if have_ffmpeg() {
        assert!(matches!(error(b"hello", true), SourceError::Invalid { .. }));
        let playlist = b"#EXTM3U\n#EXTINF:2,\nclip.ts\n#EXT-X-ENDLIST\n";
        assert!(!matches!(
            error(playlist, true),
            SourceError::Truncated { .. }
        ));
    }
}

/// A web server on this machine that answers every request with `response`, until the test ends.
fn serve(response: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            // The request ends with an empty line; one read takes it whole from a local client.
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(&response);
        }
    });
    format!("http://{address}/clip")
}

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_web_address_is_read_and_leads_nowhere_else() {
    if !have_ffmpeg() {
        return;
    }
    let folder = Folder::new("web");
    assert!(folder.make("clip.mkv", &format!("{CLIP} -c:v ffv1")));
    let clip = fs::read(folder.join("clip.mkv")).unwrap();
    let open = |url: &str| blinkdx::source::open(url, &OpenOptions::default());
    let mut source = open(&serve(answer(&clip))).unwrap();
    assert_eq!(read_all(&mut *source).pts_s.len(), 50);

    let gone = open(&serve(b"HTTP/1.0 404 Not Found\r\n\r\n".to_vec()))
        .err()
        .unwrap();
    assert!(matches!(gone, SourceError::Unreadable { .. }), "{gone:?}");
    assert!(gone.to_string().contains("404"), "{gone}");

    let path = folder.join("clip.mkv");
    let elsewhere = format!(
        "HTTP/1.0 302 Found\r\nLocation: file:{}\r\n\r\n",
        path.display()
    );
    assert!(open(&serve(elsewhere.into_bytes())).is_err());
    let list = format!("#EXTM3U\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n", path.display());
    assert!(open(&serve(answer(list.as_bytes()))).is_err());
}

/// The recordings of real devices, where the environment variable `BLINKDX_CORPUS` names their folder.
#[test]
fn real_recordings_are_read_whole() {
    let Some(corpus) = corpus("real_recordings_are_read_whole") else {
        return;
    };
    if !have_ffmpeg() {
        return;
    }
    // (file, frames, size as shown in px, time of the last frame in s)
    for (name, frames, size, last) in [
        ("smallest_blink.mp4", 65, (852, 480), 2.56),
        ("c2m_sos.mov", 332, (720, 720), 11.033_333),
        ("seled_pi_test.mp4", 427, (1080, 1920), 17.04),
    ] {
        let path = corpus.join("real").join(name);
        if fs::metadata(&path).is_err() {
            eprintln!("skipped: {name}: not in the corpus");
            continue;
        }
        let mut source = open(&path).unwrap();
        let seen = read_all(&mut source);
        assert_eq!(seen.end, Ok(()), "{name}");
        assert_eq!(seen.pts_s.len(), frames, "{name}");
        assert_eq!(source.info().shown_size(), size, "{name}");
        assert!((seen.pts_s[frames - 1] - last).abs() < 2e-6, "{name}");
    }
}
