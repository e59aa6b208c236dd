//! What `ffmpeg` says on standard error, at log level `level+info`.

use crate::source::color::untagged;
use crate::source::{ColorInfo, Matrix, Transfer};
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Complaints kept at most: the first ones, which name the cause.
const MAX_COMPLAINTS: usize = 40;
/// Bytes of a line kept at most.
const MAX_LINE: usize = 400;

/// One `Stream #0:0: Video: ...` line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StreamLine {
    /// ffmpeg's name of the codec, for example `h264`.
    pub codec: String,
    /// ffmpeg's name of the sample layout, for example `yuv420p10le`.
    pub layout: String,
    /// Its names of the colour matrix and the transfer curve; empty where it does not know them.
    pub matrix: String,
    pub transfer: String,
    /// Luma 0..255.
    pub full_range: bool,
}

impl StreamLine {
    /// Parses what follows `Video: `, for example
    /// `h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt2020nc/bt2020/arib-std-b67, progressive), 720x720, 30 fps`.
    fn parse(text: &str) -> Self {
        let mut fields = split_outside_brackets(text).into_iter();
        let word = |s: &str| s.split([' ', '(']).next().unwrap_or_default().to_owned();
        let codec = fields.next().map(word).unwrap_or_default();
        let layout_field = fields.next().unwrap_or_default();
        let layout = word(layout_field);
        let mut line = Self {
            codec,
            full_range: layout.starts_with("yuvj"),
            layout,
            ..Self::default()
        };
        let (_, tags) = layout_field.split_once('(').unwrap_or_default();
        for tag in tags.trim_end_matches(')').split(',').map(str::trim) {
            match tag {
                "pc" => line.full_range = true,
                "tv" | "progressive" | "" => {}
                _ if tag.ends_with(" first") => {}
                // Matrix, primaries and transfer, or one name where all three are the same.
                _ => {
                    let mut names = tag.split('/');
                    line.matrix = names.next().unwrap_or_default().to_owned();
                    line.transfer = names.nth(1).unwrap_or(&line.matrix).to_owned();
                }
            }
        }
        line
    }

    fn matrix(&self) -> Option<Matrix> {
        match self.matrix.as_str() {
            "bt2020nc" | "bt2020c" => Some(Matrix::Bt2020),
            // SMPTE 240M differs from BT.709 by less than 0.01 in each coefficient.
            "bt709" | "smpte240m" => Some(Matrix::Bt709),
            "bt470bg" | "smpte170m" | "fcc" => Some(Matrix::Bt601),
            _ => None,
        }
    }

    fn transfer(&self) -> Transfer {
        match self.transfer.as_str() {
            "smpte2084" => Transfer::Pq,
            "arib-std-b67" => Transfer::Hlg,
            _ => Transfer::Sdr,
        }
    }
}

/// The parts between commas that stand outside brackets, trimmed.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0usize, 0, Vec::new());
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// What has been said so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// ffmpeg's names of the container, for example `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Length of the file in s.
    pub duration_s: Option<f64>,
    /// The first video stream of the input, and what goes into the pipe.
    pub input: Option<StreamLine>,
    pub output: Option<StreamLine>,
    /// The first warnings and errors, without the address of the part of ffmpeg that said them.
    pub complaints: Vec<String>,
    /// The last one.
    pub last_complaint: Option<String>,
    /// The file ended before its last packet did.
    pub cut_short: bool,
    /// Standard error is closed: no more will come.
    pub over: bool,
    in_output: bool,
}

impl Said {
    fn line(&mut self, line: &str) {
        let (level, text) = split_level(line);
        match level {
            "info" => self.info(text),
            "warning" | "error" | "fatal" | "panic" => self.complaint(text),
            _ => {}
        }
    }

    fn complaint(&mut self, text: &str) {
        // An MPEG transport stream has no set end, and there `Packet corrupt` is a disturbance on the air.
        self.cut_short |= text.contains("partial file")
            || text.contains("File ended prematurely")
            || (text.contains("Packet corrupt") && self.container != "mpegts");
        if self.complaints.len() < MAX_COMPLAINTS {
            self.complaints.push(text.to_owned());
        }
        self.last_complaint = Some(text.to_owned());
    }

    fn info(&mut self, text: &str) {
        if let Some(rest) = text.strip_prefix("Input #0, ") {
            self.container = rest.split(", from ").next().unwrap_or_default().to_owned();
        } else if text.starts_with("Output #0, ") {
            self.in_output = true;
        } else if let Some(rest) = text.strip_prefix("  Duration: ") {
            self.duration_s = parse_clock(rest.split(',').next().unwrap_or_default());
        } else if text.starts_with("  Stream #0:")
            && let Some((_, rest)) = text.split_once(": Video: ")
        {
            let slot = if self.in_output {
                &mut self.output
            } else {
                &mut self.input
            };
            slot.get_or_insert_with(|| StreamLine::parse(rest));
        }
    }

    /// Whether a complaint contains `part`.
    pub fn complained(&self, part: &str) -> bool {
        self.complaints.iter().any(|c| c.contains(part))
    }

    /// How the samples in the pipe map to light; the number of `lines` decides where nothing is said.
    pub fn color(&self, lines: u32) -> ColorInfo {
        let output = self.output.as_ref().or(self.input.as_ref());
        // ffmpeg makes YUV from RGB by BT.601 and says nothing about it.
        let from_rgb = self.input.as_ref().is_some_and(|s| {
            ["rgb", "bgr", "gbr", "pal8"]
                .iter()
                .any(|l| s.layout.contains(l))
        });
        let untagged = if from_rgb {
            Matrix::Bt601
        } else {
            untagged(lines as usize)
        };
        ColorInfo {
            matrix: output.and_then(StreamLine::matrix).unwrap_or(untagged),
            transfer: output.map(StreamLine::transfer).unwrap_or_default(),
            full_range: output.is_some_and(|s| s.full_range),
        }
    }
}

/// Takes `[part @ 0xADDRESS] [level] text` apart.
fn split_level(line: &str) -> (&str, &str) {
    let mut rest = line;
    while let Some((tag, after)) = rest.strip_prefix('[').and_then(|r| r.split_once("] ")) {
        rest = after;
        if !tag.contains(" @ ") {
            return (tag, rest);
        }
    }
    ("", rest)
}

/// Seconds of `HH:MM:SS.cc`.
fn parse_clock(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    for part in text.split(':') {
        seconds = seconds * 60.0 + part.trim().parse::<f64>().ok()?;
    }
    Some(seconds)
}

/// Reads standard error on a thread of its own, so that ffmpeg never waits for us to read it.
pub(super) struct Log(Arc<(Mutex<Said>, Condvar)>);

impl Log {
    pub fn new(stderr: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Said::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            let mut stderr = BufReader::new(stderr);
            let mut line = Vec::new();
            while read_line(&mut stderr, &mut line) {
                lock(&theirs.0).line(&String::from_utf8_lossy(&line));
                theirs.1.notify_all();
            }
            lock(&theirs.0).over = true;
            theirs.1.notify_all();
        });
        Self(shared)
    }

    /// What was said, once `enough` holds, all is said, or `timeout` is over.
    pub fn wait(&self, timeout: Duration, enough: impl Fn(&Said) -> bool) -> Said {
        let (said, changed) = &*self.0;
        let result = changed.wait_timeout_while(lock(said), timeout, |s| !s.over && !enough(s));
        match result {
            Ok((said, _)) => said.clone(),
            Err(poisoned) => poisoned.into_inner().0.clone(),
        }
    }
}

/// A thread that panicked while holding the lock leaves at worst a line unread.
fn lock(said: &Mutex<Said>) -> std::sync::MutexGuard<'_, Said> {
    said.lock().unwrap_or_else(|e| e.into_inner())
}

/// Reads one line without its end into `line`, at most [`MAX_LINE`] bytes of it; false at the end.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    let mut any = false;
    loop {
        let chunk = match from.fill_buf() {
            Ok([]) => return any,
            Ok(chunk) => chunk,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return any,
        };
        any = true;
        let end = chunk.iter().position(|&b| b == b'\n' || b == b'\r');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        line.extend_from_slice(&part[..part.len().min(MAX_LINE - line.len())]);
        let used = end.map_or(chunk.len(), |e| e + 1);
        from.consume(used);
        if end.is_some() {
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &'static str) -> Said {
        Log::new(text.as_bytes()).wait(Duration::from_secs(20), |_| false)
    }

    #[test]
    fn an_hdr_clip_of_a_phone_is_understood() {
        let said = said(
            "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:a, from b.mov':\n\
             [info]   Duration: 00:01:02.50, start: 0.000000, bitrate: 2363 kb/s\n\
             [info]   Stream #0:0[0x1](und): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, stereo, fltp\n\
             [info]   Stream #0:1[0x2](und): Video: hevc (Main 10) (hvc1 / 0x31637668), \
             yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67), 1920x1080, 30 fps (default)\n\
             [info] Output #0, nut, to 'pipe:1':\n\
             [info]   Stream #0:0(und): Video: rawvideo (I420 / 0x30323449), \
             yuv420p(tv, bt2020nc/bt2020/arib-std-b67, progressive), 1920x1080, q=2-31 (default)\n",
        );
        assert_eq!(said.container, "mov,mp4,m4a,3gp,3g2,mj2");
        assert_eq!(said.duration_s, Some(62.5));
        let input = said.input.as_ref().unwrap();
        assert_eq!((&*input.codec, &*input.layout), ("hevc", "yuv420p10le"));
        assert_eq!(
            said.color(1080),
            ColorInfo {
                matrix: Matrix::Bt2020,
                transfer: Transfer::Hlg,
                full_range: false
            }
        );
    }

    #[test]
    fn tags_are_matrix_primaries_transfer() {
        let color = |tags: &str| {
            let mut said = Said::default();
            said.line(&format!("[info]   Stream #0:0: Video: vp9, {tags}, 64x48"));
            said.color(48)
        };
        assert_eq!(
            color("yuv420p(tv, smpte170m/bt709/bt709)").matrix,
            Matrix::Bt601
        );
        assert_eq!(color("yuv420p(tv, bt709)").matrix, Matrix::Bt709);
        assert_eq!(color("yuv420p").matrix, Matrix::Bt601);
        assert_eq!(
            color("yuv420p(unknown/bt2020/smpte2084)").transfer,
            Transfer::Pq
        );
        assert!(color("yuvj422p(bt470bg/unknown/unknown, top first)").full_range);
        assert!(color("yuv420p(pc)").full_range);
    }

    #[test]
    fn complaints_are_bounded_and_judged() {
        let mut said = Said::default();
        for i in 0..10_000 {
            said.line(&format!(
                "[h264 @ 0x55] [error] error while decoding MB {i}"
            ));
        }
        said.line("[matroska,webm @ 0x56] [error] File ended prematurely at pos. 1");
        assert_eq!(said.complaints.len(), MAX_COMPLAINTS);
        assert_eq!(said.complaints[0], "error while decoding MB 0");
        assert!(said.cut_short);
    }

    #[test]
    fn lines_without_end_are_bounded() {
        let mut endless = BufReader::new(std::io::repeat(b'x').take(1 << 20));
        let mut line = Vec::new();
        assert!(read_line(&mut endless, &mut line));
        assert_eq!(line.len(), MAX_LINE);
        assert!(!read_line(&mut endless, &mut line));
    }
}
