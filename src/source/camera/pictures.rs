//! Decoding on a thread of its own, between the one that captures and the one that looks: neither waits for it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, mem, thread};

use super::{Packet, Queue};
use crate::source::{Encoding, Frame};

/// Decoded pictures that wait at most: one, so that what is looked at is never older than a picture's time.
const WAITING: usize = 1;
/// How long to wait for a picture before looking whether it is still wanted.
const PATIENCE: Duration = Duration::from_millis(200);
/// Frames kept to be filled again: one is decoded, one waits, one is looked at.
const SPARE: usize = 3;

/// Frames that were used, to be filled again: a large picture's memory is dear to get from the system each time.
type Spares = Arc<Mutex<Vec<Frame>>>;

/// A decoded picture, with the bytes that it was decoded from. Its frame's time is not set.
#[derive(Debug)]
pub struct Picture {
    pub frame: Frame,
    pub packet: Packet,
    spares: Spares,
}

impl Drop for Picture {
    fn drop(&mut self) {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARE {
            spares.push(mem::take(&mut self.frame));
        }
    }
}

#[derive(Debug)]
struct Shared {
    decoded: Queue<Picture>,
    undecoded: AtomicU64,
    stop: AtomicBool,
}

/// The pictures of a queue of packets as they are decoded, the newest.
#[derive(Debug)]
pub struct Pictures {
    packets: Arc<Queue<Packet>>,
    shared: Arc<Shared>,
}

impl Pictures {
    /// Begins to decode `packets`, pictures of `width` x `height` px.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn of(
        packets: Arc<Queue<Packet>>,
        encoding: Encoding,
        width: u32,
        height: u32,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            decoded: Queue::new(WAITING),
            undecoded: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let (theirs, from) = (shared.clone(), packets.clone());
        thread::Builder::new()
            .name("decoder".into())
            .spawn(move || {
                let why = decode(&from, encoding, (width, height), &theirs);
                theirs.decoded.end(why);
            })?;
        Ok(Self { packets, shared })
    }

    /// The next picture, waiting for it up to `patience`. `Ok(None)`: none came.
    ///
    /// # Errors
    /// Why no more will come.
    pub fn next(&self, patience: Duration) -> Result<Option<Picture>, String> {
        self.shared.decoded.pop(patience)
    }

    /// Pictures that came faster than they were taken, so far.
    pub fn dropped(&self) -> u64 {
        self.packets.dropped() + self.shared.decoded.dropped()
    }

    /// Pictures that could not be decoded, so far.
    pub fn undecoded(&self) -> u64 {
        self.shared.undecoded.load(Ordering::Relaxed)
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

/// Decodes until no more packets come or nobody wants them; why it ended.
fn decode(
    packets: &Queue<Packet>,
    encoding: Encoding,
    (width, height): (u32, u32),
    shared: &Shared,
) -> String {
    let spares = Spares::default();
    while !shared.stop.load(Ordering::Relaxed) {
        let packet = match packets.pop(PATIENCE) {
            Ok(Some(packet)) => packet,
            Ok(None) => continue,
            Err(why) => return why,
        };
        let spare = spares.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut picture = Picture {
            frame: spare.unwrap_or_default(),
            packet,
            spares: spares.clone(),
        };
        let data = &picture.packet.data;
        match encoding.decode(data, width, height, &mut picture.frame) {
            Ok(()) => shared.decoded.push(picture),
            Err(_) => {
                shared.undecoded.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    "it was closed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Grey pictures of 2 x 1 px.
    fn packet(code: u8, bytes: usize) -> Packet {
        Packet {
            data: vec![code; bytes],
            taken: Instant::now(),
            stamped: true,
        }
    }

    const FOREVER: Duration = Duration::from_secs(60);

    #[test]
    fn pictures_come_decoded_and_damaged_ones_are_counted() {
        let packets = Arc::new(Queue::new(8));
        let pictures = Pictures::of(packets.clone(), Encoding::Grey, 2, 1).unwrap();
        for n in 0..20 {
            packets.push(packet(0, 1));
            packets.push(packet(n, 2));
            let got = pictures.next(FOREVER).unwrap().unwrap();
            assert_eq!(got.frame.y.data, [n, n]);
            assert_eq!(got.packet.data, [n, n]);
        }
        assert_eq!(pictures.undecoded(), 20);
        assert_eq!(pictures.dropped(), 0);
        packets.end("unplugged".to_owned());
        assert_eq!(pictures.next(FOREVER).unwrap_err(), "unplugged");
    }

    #[test]
    fn a_taker_who_is_late_gets_the_newest() {
        let packets = Arc::new(Queue::new(100));
        for n in 0..100 {
            packets.push(packet(n, 2));
        }
        packets.end("over".to_owned());
        let pictures = Pictures::of(packets, Encoding::Grey, 2, 1).unwrap();
        while pictures.dropped() < 99 {
            thread::yield_now();
        }
        let got = pictures.next(FOREVER).unwrap().unwrap();
        assert_eq!(got.frame.y.data, [99, 99]);
        drop(got);
        assert_eq!(pictures.next(FOREVER).unwrap_err(), "over");
    }
}
