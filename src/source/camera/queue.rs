//! Pictures between two threads: few, and the newest.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    dropped: u64,
    /// Why no more will come.
    end: Option<String>,
}

/// A queue that never grows and never makes the giver wait: when it is full, the oldest goes.
#[derive(Debug)]
pub struct Queue<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    filled: Condvar,
}

impl<T> Queue<T> {
    /// A queue of at most `capacity` (not 0). Each place bridges one picture's delay of the taker, and makes as much delay
    /// where the taker is always too slow.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(State {
                items: VecDeque::with_capacity(capacity),
                dropped: 0,
                end: None,
            }),
            filled: Condvar::new(),
        }
    }

    /// Holds what was not poisoned: a queue of whole items is valid whoever panicked.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an item; the oldest goes when there is no room.
    pub fn push(&self, item: T) {
        let mut state = self.lock();
        let oldest = if state.items.len() == self.capacity {
            state.dropped += 1;
            state.items.pop_front()
        } else {
            None
        };
        state.items.push_back(item);
        drop(state);
        self.filled.notify_one();
        // Only now, for it may take time.
        drop(oldest);
    }

    /// Says that no more will come, and why. The first reason stays.
    pub fn end(&self, why: String) {
        self.lock().end.get_or_insert(why);
        self.filled.notify_one();
    }

    /// Takes the oldest item, waiting for it up to `patience`. `Ok(None)`: none came.
    ///
    /// # Errors
    /// Why no more will come, once all have been taken.
    pub fn pop(&self, patience: Duration) -> Result<Option<T>, String> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Ok(Some(item));
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

    /// Items that went untaken so far.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_the_others_are_counted() {
        let queue = Queue::new(3);
        for n in 0..20 {
            queue.push(n);
        }
        assert_eq!(queue.dropped(), 17);
        queue.end("unplugged".to_owned());
        queue.end("later".to_owned());
        for n in 17..20 {
            assert_eq!(queue.pop(Duration::ZERO), Ok(Some(n)));
        }
        assert_eq!(queue.pop(Duration::ZERO).unwrap_err(), "unplugged");
    }

    #[test]
    fn waiting_ends_when_an_item_comes_or_time_is_over() {
        let queue = Queue::new(1);
        assert_eq!(queue.pop(Duration::from_millis(1)), Ok(None));
        std::thread::scope(|scope| {
            scope.spawn(|| queue.push(7));
            assert_eq!(queue.pop(Duration::from_secs(60)), Ok(Some(7)));
        });
    }
}
