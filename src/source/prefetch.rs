//! Decoding on a thread of its own, a few frames ahead of the analysis.

use super::{Frame, FrameSource, SourceError, VideoInfo};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// Frames decoded ahead at most. Two bridge the unequal cost of I and B pictures; more only hold memory
/// (3 MB per frame of 1080p, 12 MB of 4K).
const AHEAD: usize = 2;

/// Reads the next frame into the given one, as [`FrameSource::read`] does.
pub(super) type ReadFrame = Box<dyn FnMut(&mut Frame) -> Result<bool, SourceError>>;

/// What the thread sends.
enum Message {
    Frame(Frame),
    /// The last word: how the stream ended.
    End(Result<(), SourceError>),
}

/// A source whose frames are decoded ahead on another thread. Order, times and errors are those of the
/// source; frames go back to the thread to be filled again.
///
/// Dropping it ends the thread as soon as the frame that is being decoded is done, without waiting for it.
pub struct Prefetch {
    info: VideoInfo,
    filled: Receiver<Message>,
    used: Sender<Frame>,
    over: bool,
}

impl Prefetch {
    /// Decodes `source` ahead.
    ///
    /// # Errors
    /// `Unreadable` if the system gives no thread.
    pub fn new(mut source: Box<dyn FrameSource>) -> Result<Self, SourceError> {
        let name = source.info().name.clone();
        Self::spawn(&name, move || {
            let info = source.info().clone();
            Ok((info, Box::new(move |frame: &mut Frame| source.read(frame))))
        })
    }

    /// Opens on the thread itself what can't move from one to another, and decodes it ahead.
    ///
    /// # Errors
    /// Those of `open`, and as [`Prefetch::new`].
    pub(super) fn spawn(
        name: &str,
        open: impl FnOnce() -> Result<(VideoInfo, ReadFrame), SourceError> + Send + 'static,
    ) -> Result<Self, SourceError> {
        let (opened, info) = channel();
        let (filled, frames) = sync_channel(AHEAD);
        let (used, spare) = channel();
        thread::Builder::new()
            .name("decode".into())
            .spawn(move || match open() {
                Ok((info, read)) => {
                    if opened.send(Ok(info)).is_ok() {
                        decode(read, &filled, &spare);
                    }
                }
                Err(e) => {
                    // Nobody waits any more if this fails.
                    let _ = opened.send(Err(e));
                }
            })
            .map_err(|e| SourceError::Unreadable {
                name: name.to_owned(),
                cause: format!("no thread to decode on: {e}"),
            })?;
        let info = info.recv().unwrap_or_else(|_| Err(died(name)))?;
        Ok(Self {
            info,
            filled: frames,
            used,
            over: false,
        })
    }
}

impl FrameSource for Prefetch {
    fn info(&self) -> &VideoInfo {
        &self.info
    }

    fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
        if self.over {
            return Ok(false);
        }
        match self.filled.recv() {
            Ok(Message::Frame(next)) => {
                let used = std::mem::replace(frame, next);
                // The thread may have ended already, its last frames still in the queue.
                let _ = self.used.send(used);
                Ok(true)
            }
            Ok(Message::End(result)) => {
                self.over = true;
                result.map(|()| false)
            }
            Err(_) => {
                self.over = true;
                Err(died(&self.info.name))
            }
        }
    }
}

/// The thread: fills frames until the source or the reader ends.
fn decode(mut read: ReadFrame, filled: &SyncSender<Message>, spare: &Receiver<Frame>) {
    loop {
        let mut frame = spare.try_recv().unwrap_or_default();
        let (message, last) = match read(&mut frame) {
            Ok(true) => (Message::Frame(frame), false),
            Ok(false) => (Message::End(Ok(())), true),
            Err(e) => (Message::End(Err(e)), true),
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
                read: Arc::default(),
                dropped: Arc::default(),
            }
        }
    }

    impl FrameSource for Counter {
        fn info(&self) -> &VideoInfo {
            &self.info
        }

        fn read(&mut self, frame: &mut Frame) -> Result<bool, SourceError> {
            let n = self.read.fetch_add(1, Ordering::SeqCst);
            if n >= self.frames {
                return self.end.clone();
            }
            frame.pts_s = n as f64;
            Ok(true)
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
        for n in 0..20 {
            assert_eq!(ahead.read(&mut frame), Ok(true));
            assert_eq!(frame.pts_s, f64::from(n));
        }
        assert_eq!(ahead.read(&mut frame), Err(broken_off()));
        assert_eq!(ahead.read(&mut frame), Ok(false));
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
        let mut ahead = Prefetch::spawn("clip", || {
            let info = Counter::new(0, Ok(false)).info.clone();
            let read = |_: &mut Frame| -> Result<bool, SourceError> { panic!("part of the test") };
            Ok((info, Box::new(read) as ReadFrame))
        })
        .unwrap();
        assert!(matches!(
            ahead.read(&mut Frame::default()),
            Err(SourceError::Invalid { .. })
        ));
    }
}
