//! Pictures between two threads: few, and the newest.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Packet;

/// Pictures held at most: enough to bridge a thread's turn, so few that on a slow computer what is looked at stays new.
const CAPACITY: usize = 3;

#[derive(Debug, Default)]
struct State {
    packets: VecDeque<Packet>,
    dropped: u64,
    /// Why no more will come.
    end: Option<String>,
}

/// A queue that never grows and never makes the giver wait: when it is full, the oldest picture goes.
#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    filled: Condvar,
}

impl Queue {
    /// Holds what was not poisoned: a queue of whole packets is valid whoever panicked.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a picture; the oldest goes when there is no room.
    pub fn push(&self, packet: Packet) {
        let mut state = self.lock();
        if state.packets.len() == CAPACITY {
            state.packets.pop_front();
            state.dropped += 1;
        }
        state.packets.push_back(packet);
        drop(state);
        self.filled.notify_one();
    }

    /// Says that no more will come, and why. The first reason stays.
    pub fn end(&self, why: String) {
        self.lock().end.get_or_insert(why);
        self.filled.notify_one();
    }

    /// Takes the oldest picture, waiting for it up to `patience`. `Ok(None)`: none came.
    ///
    /// # Errors
    /// Why no more will come, once all have been taken.
    pub fn pop(&self, patience: Duration) -> Result<Option<Packet>, String> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(packet) = state.packets.pop_front() {
                return Ok(Some(packet));
            }
            if let Some(why) = &state.end {
                return Err(why.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let waited = self.filled.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Pictures that went untaken so far.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(n: u8) -> Packet {
        Packet {
            data: vec![n],
            taken: Instant::now(),
            stamped: true,
        }
    }

    #[test]
    fn the_newest_pictures_stay_and_the_others_are_counted() {
        let queue = Queue::default();
        for n in 0..20 {
            queue.push(packet(n));
        }
        assert_eq!(queue.dropped(), 20 - CAPACITY as u64);
        queue.end("unplugged".to_owned());
        queue.end("later".to_owned());
        for n in 20 - CAPACITY as u8..20 {
            let got = queue.pop(Duration::ZERO).unwrap().unwrap();
            assert_eq!(got.data, [n]);
        }
        assert_eq!(queue.pop(Duration::ZERO).unwrap_err(), "unplugged");
    }

    #[test]
    fn waiting_ends_when_a_picture_comes_or_time_is_over() {
        let queue = Queue::default();
        assert!(queue.pop(Duration::from_millis(1)).unwrap().is_none());
        std::thread::scope(|scope| {
            scope.spawn(|| queue.push(packet(7)));
            let got = queue.pop(Duration::from_secs(60)).unwrap();
            assert_eq!(got.unwrap().data, [7]);
        });
    }
}
