//! Work on several threads whose results come in the order of the tasks.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// Tasks per thread that may be done or under way beyond the first unfinished one. A slow clip does not hold the
/// others up, and what waits behind it is bounded.
const AHEAD: usize = 64;

/// As many threads as there are processors.
pub fn processors() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Does the tasks 0 to `count` on `jobs` threads and gives each result to `done` as soon as all before it were
/// given. An error of `done` is returned when the tasks under way have ended; no other is begun.
pub fn in_order<T: Send, E>(
    count: usize,
    jobs: NonZeroUsize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T) -> Result<(), E>,
) -> Result<(), E> {
    let jobs = jobs.get().min(count);
    let (tasks, queue) = mpsc::channel::<usize>();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        // Dropped at the end, which ends the threads.
        let tasks = tasks;
        let (sender, results) = mpsc::channel();
        for _ in 0..jobs {
            let (sender, queue, work) = (sender.clone(), &queue, &work);
            scope.spawn(move || {
                loop {
                    let task = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(task) = task else { break };
                    if sender.send((task, work(task))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let window = jobs * AHEAD;
        // Fails only where every thread has panicked, which the scope tells of.
        let begin = |task| {
            let _ = tasks.send(task);
        };
        (0..count.min(window)).for_each(begin);
        let mut waiting: Vec<Option<T>> = (0..window).map(|_| None).collect();
        let mut given = 0;
        while given < count {
            let Ok((task, result)) = results.recv() else {
                break;
            };
            waiting[task % window] = Some(result);
            while let Some(result) = waiting[given % window].take() {
                done(given, result)?;
                if given + window < count {
                    begin(given + window);
                }
                given += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    #[test]
    fn results_come_in_order_and_what_waits_is_bounded() {
        const COUNT: usize = 1000;
        let jobs = NonZeroUsize::new(3).unwrap();
        let begun = AtomicUsize::new(0);
        let mut given = Vec::new();
        let done = in_order(
            COUNT,
            jobs,
            |i| {
                begun.fetch_add(1, Ordering::SeqCst);
                if i == 0 {
                    thread::sleep(Duration::from_millis(50));
                    // Nothing was given yet, so that no more than the window may have begun.
                    assert!(begun.load(Ordering::SeqCst) <= 3 * AHEAD);
                }
                i * 2
            },
            |i, twice| {
                assert_eq!(twice, i * 2);
                given.push(i);
                Ok::<(), ()>(())
            },
        );
        assert_eq!(done, Ok(()));
        assert_eq!(given, (0..COUNT).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_the_receiver_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let done = in_order(
            10_000,
            NonZeroUsize::MIN,
            |_| begun.fetch_add(1, Ordering::SeqCst),
            |i, _| if i < 2 { Ok(()) } else { Err("full") },
        );
        assert_eq!(done, Err("full"));
        assert!(begun.load(Ordering::SeqCst) <= 2 * AHEAD + 2);
    }

    #[test]
    fn nothing_to_do_is_done() {
        let none = in_order(0, NonZeroUsize::MIN, |_| (), |_, ()| Err("given"));
        assert_eq!(none, Ok(()));
    }
}
