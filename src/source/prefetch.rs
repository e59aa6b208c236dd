//! Decoding on a thread of its own, a few frames ahead of the analysis.

use super::{Frame, FrameSource, SourceError, VideoInfo};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Frames decoded ahead at most. Two bridge the unequal cost of I and B pictures; more only hold memory
/// (3 MB per frame of 1080p, 12 MB of 4K).
const AHEAD: usize = 2;

/// A [`FrameSource`] that need not move between threads.
pub(super) trait LocalSource {
    fn info(&self) -> &VideoInfo;
    fn warnings(&self) -> &[String];
    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError>;
    fn prefer_cells(&mut self) {}
    fn seek(&mut self, _pts_s: f64) -> Result<bool, SourceError> {
        Ok(false)
    }
}

impl LocalSource for Box<dyn FrameSource> {
    fn info(&self) -> &VideoInfo {
        (**self).info()
    }

    fn warnings(&self) -> &[String] {
        (**self).warnings()
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        (**self).read(frame)
    }

    fn prefer_cells(&mut self) {
        (**self).prefer_cells();
    }

    fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
        (**self).seek(pts_s)
    }
}

/// What the thread sends.
enum Message {
    Frame(Frame),
    /// The answer to [`Request::Seek`]: the frames after it are those of the new place.
    Sought(Result<bool, SourceError>),
    /// The last word: how the stream ended, and all warnings of the source.
    End(Result<(), SourceError>, Vec<String>),
}

/// What is sent to the thread.
enum Request {
    /// A frame to be filled again.
    Fill(Frame),
    /// As [`FrameSource::prefer_cells`].
    Cells,
    /// Go to this time, in s on the stream's clock.
    Seek(f64),
}

/// A source whose frames are decoded ahead on another thread. Order, times and errors are those of the
/// source; frames go back to the thread to be filled again.
///
/// Dropping it ends the thread as soon as the frame that is being decoded is done, without waiting for it.
pub struct Prefetch {
    info: VideoInfo,
    warnings: Vec<String>,
    filled: Receiver<Message>,
    /// What was received from `filled` before it was wanted.
    received: VecDeque<Message>,
    requests: Sender<Request>,
    over: bool,
}

impl Prefetch {
    /// Decodes `source` ahead.
    ///
    /// # Errors
    /// `Unreadable` if the system gives no thread.
    pub fn new(source: Box<dyn FrameSource>) -> Result<Self, SourceError> {
        let name = source.info().name.clone();
        Self::spawn(&name, move || Ok(source))
    }

    /// Opens on the thread itself what can't move from one to another, and decodes it ahead.
    ///
    /// # Errors
    /// Those of `open`, and as [`Prefetch::new`].
    pub(super) fn spawn<S: LocalSource>(
        name: &str,
        open: impl FnOnce() -> Result<S, SourceError> + Send + 'static,
    ) -> Result<Self, SourceError> {
        let (opened, described) = channel();
        let (filled, frames) = sync_channel(AHEAD);
        let (requests, requested) = channel();
        thread::Builder::new()
            .name("decode".into())
            .spawn(move || {
                let source = open();
                let description = source
                    .as_ref()
                    .map(|s| (s.info().clone(), s.warnings().to_vec()))
                    .map_err(Clone::clone);
                // Fails only where nobody waits any more, and then the first frame is not wanted either.
                let _ = opened.send(description);
                if let Ok(source) = source {
                    decode(source, &filled, &requested);
                }
            })
            .map_err(|e| SourceError::Unreadable {
                name: name.to_owned(),
                cause: format!("no thread to decode on: {e}"),
            })?;
        let (info, warnings) = described.recv().unwrap_or_else(|_| Err(died(name)))?;
        Ok(Self {
            info,
            warnings,
            filled: frames,
            received: VecDeque::new(),
            requests,
            over: false,
        })
    }
}

impl FrameSource for Prefetch {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.over {
            return Ok(false);
        }
        let message = match self.received.pop_front() {
            Some(message) => Ok(message),
            None => self.filled.recv(),
        };
        match message {
            Ok(Message::Frame(next)) => {
                let used = std::mem::replace(frame, next);
                // The thread may have ended already, its last frames still in the queue.
                let _ = self.requests.send(Request::Fill(used));
                Ok(true)
            }
            // An answer that nobody waits for any more.
            Ok(Message::Sought(_)) => self.read(frame),
            Ok(Message::End(result, warnings)) => {
                self.over = true;
                self.warnings = warnings;
                result.map(|()| false)
            }
            Err(_) => {
                self.over = true;
                Err(died(&self.info.name))
            }
        }
    }

    fn prefer_cells(&mut self) {
        // Where the thread has ended, nothing is read any more.
        let _ = self.requests.send(Request::Cells);
    }

    fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
        // Where the thread has ended, all that is left is in the queue: there is no other place to go to.
        let _ = self.requests.send(Request::Seek(pts_s));
        loop {
            match self.filled.recv() {
                Ok(Message::Sought(sought)) => {
                    if sought != Ok(false) {
                        self.received.clear();
                    }
                    return sought;
                }
                Ok(message) => self.received.push_back(message),
                Err(_) => return Ok(false),
            }
        }
    }
}

/// The thread: fills frames until the source or the reader ends.
fn decode(
    mut source: impl LocalSource,
    filled: &SyncSender<Message>,
    requested: &Receiver<Request>,
) {
    loop {
        let mut frame = match requested.try_recv() {
            Ok(Request::Fill(frame)) => frame,
            Ok(Request::Cells) => {
                source.prefer_cells();
                continue;
            }
            Ok(Request::Seek(pts_s)) => {
                let sought = source.seek(pts_s);
                if filled.send(Message::Sought(sought)).is_err() {
                    return;
                }
                continue;
            }
            Err(_) => Frame::default(),
        };
        let end = match source.read(&mut frame) {
            Ok(true) => None,
            Ok(false) => Some(Ok(())),
            Err(e) => Some(Err(e)),
        };
        let last = end.is_some();
        let message = match end {
            None => Message::Frame(frame),
            Some(end) => Message::End(end, source.warnings().to_vec()),
        };
        if filled.send(message).is_err() || last {
            return;
        }
    }
}

/// The thread ended without a last word, which only a panic does.
fn died(name: &str) -> SourceError {
    SourceError::Invalid {
        name: name.to_owned(),
        cause: "the decoder failed on it; try --decoder ffmpeg or --decoder embedded".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    /// Counts up in its timestamps; ends with `end` after `frames` frames.
    struct Counter {
        info: VideoInfo,
        frames: usize,
        end: Result<bool, SourceError>,
        panics: bool,
        seeks: bool,
        warnings: Vec<String>,
        read: Arc<AtomicUsize>,
        dropped: Arc<AtomicBool>,
    }

    impl Counter {
        fn new(frames: usize, end: Result<bool, SourceError>) -> Self {
            let info = VideoInfo {
                name: "counter".into(),
                coded_width: 1,
                coded_height: 1,
                orientation: Default::default(),
                duration_s: None,
                format: String::new(),
                decoder: String::new(),
            };
            Self {
                info,
                frames,
                end,
                panics: false,
                seeks: false,
                warnings: vec!["first".into()],
                read: Arc::default(),
                dropped: Arc::default(),
            }
        }
    }

    impl FrameSource for Counter {
        fn info(&self) -> &VideoInfo {
            &self.info
        }

        fn warnings(&self) -> &[String] {
            &self.warnings
        }

        fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
            assert!(!self.panics, "part of the test");
            let n = self.read.fetch_add(1, Ordering::SeqCst);
            if n >= self.frames {
                self.warnings.push("last".into());
                return self.end.clone();
            }
            frame.pts_s = n as f64;
            Ok(true)
        }

        fn seek(&mut self, pts_s: f64) -> Result<bool, SourceError> {
            if self.seeks {
                self.read.store(pts_s as usize, Ordering::SeqCst);
            }
            Ok(self.seeks)
        }
    }

    impl Drop for Counter {
        fn drop(&mut self) {
            self.dropped.store(true, Ordering::SeqCst);
        }
    }

    fn broken_off() -> SourceError {
        SourceError::Truncated {
            name: "counter".into(),
            cause: "test".into(),
        }
    }

    #[test]
    fn order_and_error_are_kept() {
        let source = Counter::new(20, Err(broken_off()));
        let mut ahead = Prefetch::new(Box::new(source)).unwrap();
        let mut frame = Frame::default();
        assert_eq!(ahead.warnings(), ["first"]);
        for n in 0..20 {
            assert_eq!(ahead.read(&mut frame), Ok(true));
            assert_eq!(frame.pts_s, f64::from(n));
        }
        assert_eq!(ahead.read(&mut frame), Err(broken_off()));
        assert_eq!(ahead.read(&mut frame), Ok(false));
        assert_eq!(ahead.warnings(), ["first", "last"]);
    }

    #[test]
    fn after_seeking_come_the_frames_of_the_new_place_and_none_is_lost_without() {
        for (frames, seeks, next) in [(99, true, 40.0), (99, false, 1.0), (2, false, 1.0)] {
            let mut source = Counter::new(frames, Ok(false));
            source.seeks = seeks;
            let mut ahead = Prefetch::new(Box::new(source)).unwrap();
            let mut frame = Frame::default();
            assert_eq!(ahead.read(&mut frame), Ok(true));
            assert_eq!(ahead.seek(40.0), Ok(seeks));
            for n in 0..frames - next as usize {
                assert_eq!(ahead.read(&mut frame), Ok(true));
                assert_eq!(frame.pts_s, next + n as f64);
            }
            assert_eq!(ahead.read(&mut frame), Ok(false));
        }
    }

    #[test]
    fn it_stays_a_few_frames_ahead_and_ends_when_dropped() {
        let source = Counter::new(usize::MAX, Ok(false));
        let (read, dropped) = (Arc::clone(&source.read), Arc::clone(&source.dropped));
        let mut ahead = Prefetch::new(Box::new(source)).unwrap();
        assert_eq!(ahead.read(&mut Frame::default()), Ok(true));
        drop(ahead);
        let deadline = Instant::now() + Duration::from_secs(20);
        while !dropped.load(Ordering::SeqCst) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(dropped.load(Ordering::SeqCst));
        // One was read, the queue was full, and one waited to get in.
        assert!(read.load(Ordering::SeqCst) <= 1 + AHEAD + 1);
    }

    #[test]
    fn a_panic_of_the_decoder_is_an_error() {
        let mut source = Counter::new(1, Ok(false));
        source.panics = true;
        let mut ahead = Prefetch::new(Box::new(source)).unwrap();
        assert!(matches!(
            ahead.read(&mut Frame::default()),
            Err(SourceError::Invalid { .. })
        ));
    }
}
