//! The `ffmpeg` program: where it is, how it is started, and that it ends.

use std::ffi::{OsStr, OsString};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::threads::processors;

/// Demuxers that read one media file and nothing else. Left out are those whose files name other
/// files or hosts (`concat`, `hls`, `dash`, `sdp`, `imf`, ...), patterns of files, and devices.
/// Names that a build of ffmpeg does not have do no harm.
const DEMUXERS: &str = "mov,matroska,avi,mpegts,mpeg,mpegvideo,mpegtsraw,flv,live_flv,asf,ogg,ivf,nut,\
    h264,hevc,m4v,vvc,av1,obu,h263,h261,vc1,vc1test,dv,mxf,gxf,wtv,rm,swf,yuv4mpegpipe,mjpeg,\
    mpjpeg,gif,apng,webp,smjpeg,nsv,nuv,bink,roq,fli,flic,film_cpk,amv,ffm,dirac,cavsvideo,avs2,\
    avs3,xwma,pva,r3d,rpl,filmstrip,4xm,mv,ea,vivo,image2pipe,jpeg_pipe,png_pipe,webp_pipe,bmp_pipe,\
    tiff_pipe,jpegls_pipe,jpegxl_pipe";

/// Layouts taken over the pipe; ffmpeg converts from others to the one that loses least.
const LAYOUTS: &str = "format=pix_fmts=yuv420p|yuvj420p|yuv422p|yuvj422p|yuv444p|yuvj444p|gray";

/// Seconds added to all times in the pipe and taken off again here: NUT refuses negative ones, which the
/// first pictures of a clip may have. A clip that begins more than an hour before its zero is shifted.
pub(super) const SHIFT_S: i64 = 3600;

/// Time that ffmpeg gets to end after it closed the pipe.
pub(super) const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Most threads of a decoder, which each hold pictures; ffmpeg by itself takes no more.
const MAX_THREADS: usize = 16;

/// Time that a server gets for its next bytes.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(30);

/// Set when this ffmpeg (before 5.1) does not know `-fps_mode`.
pub(super) static OLD_SYNC_OPTION: AtomicBool = AtomicBool::new(false);

/// Path of the `ffmpeg` program, searched in the absolute folders of `PATH`.
pub fn find_program() -> Option<PathBuf> {
    let name = format!("ffmpeg{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(&name))
        .find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Where ffmpeg gets the bytes from.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// A file; `turn` has ffmpeg turn its pictures as the file says.
    File { path: PathBuf, turn: bool },
    /// An address that begins with `http://` or `https://`.
    Url(String),
    /// Standard input.
    Stream,
}

/// How the input is decoded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// Threads of the decoder; without, as many as keep all processors busy.
    pub threads: Option<NonZeroUsize>,
    /// Begin at the last key picture before this time, in s on the stream's clock.
    pub from_pts_s: Option<f64>,
}

/// Threads of a decoder that has `processors` to itself: two more, as its pictures are sent on and looked at meanwhile. By
/// itself ffmpeg takes one more, and one processor or the other waits. On one, what it likes: none beside the first.
fn threads_of(processors: usize) -> Option<NonZeroUsize> {
    let threads = (processors + 2).min(MAX_THREADS);
    NonZeroUsize::new(threads).filter(|_| processors > 1)
}

/// The command that writes the pictures of `input` to its standard output.
pub(super) fn command(program: &Path, input: &Input, manner: Manner) -> Command {
    let mut command = Command::new(program);
    command
        .args(["-nostdin", "-hide_banner", "-nostats", "-v", "level+info"])
        .args(["-format_whitelist", DEMUXERS])
        .stdin(Stdio::null());
    if let Some(threads) = manner.threads.or_else(|| threads_of(processors())) {
        command.args(["-threads", &threads.to_string()]);
    }
    if let Some(pts_s) = manner.from_pts_s {
        // What comes before that time is left out by us, who count from the first picture and not from the
        // container's start.
        command
            .args(["-noaccurate_seek", "-seek_timestamp", "1"])
            .args(["-ss", &format!("{pts_s:.6}")]);
    }
    match input {
        Input::File { path, turn } => {
            if !turn {
                command.arg("-noautorotate");
            }
            // `file:` makes the rest a plain file name, whatever it begins with or contains.
            let mut url = OsString::from("file:");
            url.push(path);
            command
                .args(["-protocol_whitelist", "file"])
                .args([OsStr::new("-i"), &url]);
        }
        Input::Url(url) => {
            command
                .args(["-protocol_whitelist", "http,https,httpproxy,tls,tcp"])
                .args(["-rw_timeout", &NETWORK_TIMEOUT.as_micros().to_string()])
                .args(["-i", url]);
        }
        Input::Stream => {
            command
                .args(["-protocol_whitelist", "pipe", "-i", "pipe:0"])
                .stdin(Stdio::piped());
        }
    }
    let sync = if OLD_SYNC_OPTION.load(Ordering::Relaxed) {
        "-vsync"
    } else {
        "-fps_mode"
    };
    command
        // The first video stream that is not a cover picture.
        .args(["-map", "0:V:0", "-an", "-sn", "-dn"])
        // Every picture once, with its own time in us; without the time base ffmpeg counts frames instead.
        .args([
            "-copyts",
            sync,
            "passthrough",
            "-enc_time_base",
            "1:1000000",
        ])
        .args(["-output_ts_offset", &SHIFT_S.to_string()])
        .args(["-vf", LAYOUTS, "-c:v", "rawvideo"])
        .args(["-f", "nut", "-avioflags", "direct", "pipe:1"])
        .stderr(Stdio::piped());
    command
}

/// The end of ours of what ffmpeg writes pictures to.
///
/// On Linux a pair of sockets in place of a pipe: it moves blocks of up to 32 KB where a pipe moves pages. At
/// 1080p that saves a tenth of what the way between the programs costs (docs/PERFORMANCE.md).
#[cfg(target_os = "linux")]
pub(super) type Pictures = std::os::unix::net::UnixStream;
#[cfg(not(target_os = "linux"))]
pub(super) type Pictures = std::process::ChildStdout;

/// Starts `command` with its standard output connected to us.
#[cfg(target_os = "linux")]
pub(super) fn spawn(mut command: Command) -> io::Result<(Running, Pictures)> {
    let (ours, theirs) = Pictures::pair()?;
    // `command` holds their end, too: it is dropped here, so that the stream ends when ffmpeg does.
    let child = command.stdout(std::os::fd::OwnedFd::from(theirs)).spawn()?;
    Ok((Running(child), ours))
}

/// Starts `command` with its standard output connected to us.
#[cfg(not(target_os = "linux"))]
pub(super) fn spawn(mut command: Command) -> io::Result<(Running, Pictures)> {
    let mut child = Running(command.stdout(Stdio::piped()).spawn()?);
    let pipe = child.0.stdout.take();
    Ok((child, pipe.ok_or(io::ErrorKind::BrokenPipe)?))
}

/// Asks ffmpeg for its version; one that is not a number is a build from the newest source.
pub(super) fn learn_sync_option(program: &Path) -> io::Result<()> {
    let output = Command::new(program)
        .arg("-version")
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.split_whitespace().nth(2).unwrap_or_default();
    let mut parts = version
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|part| part.parse::<u32>().ok());
    if let Some(major) = parts.next() {
        let minor = parts.next().unwrap_or(0);
        OLD_SYNC_OPTION.store((major, minor) < (5, 1), Ordering::Relaxed);
    }
    Ok(())
}

/// A child that is killed and reaped when it is dropped.
pub(super) struct Running(pub Child);

impl Running {
    pub fn kill(&mut self) {
        // Fails only when it is gone already.
        let _ = self.0.kill();
    }

    /// Waits for the child to end by itself, [`END_TIMEOUT`] at most.
    pub fn end(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + END_TIMEOUT;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.0.try_wait() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(1));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.0.wait();
    }
}
