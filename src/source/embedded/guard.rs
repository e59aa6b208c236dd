//! A wall between third-party decoders and the program: a panic in one is a damaged picture.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::thread;

/// Name of the threads of `rust_h265`, which contains panics in them by itself.
const HEVC_THREAD: &str = "rust_h265 picture";

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// The decoder panicked. It is memory-safe and its state may be senseless: drop it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Panicked;

/// Runs `decode`, containing a panic.
///
/// The decoders are young and read untrusted bytes; they promise errors, and an index out of
/// bounds remains possible.
pub(in crate::source) fn catch<T>(decode: impl FnOnce() -> T) -> Result<T, Panicked> {
    silence_once();
    INSIDE.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(decode));
    INSIDE.set(false);
    outcome.map_err(|_| Panicked)
}

/// Keeps the default hook from printing a trace for panics that [`catch`] handles.
fn silence_once() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let pool = thread::current()
                .name()
                .is_some_and(|name| name == HEVC_THREAD);
            if !INSIDE.get() && !pool {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_contained() {
        let empty: Vec<u8> = Vec::new();
        assert_eq!(catch(|| empty[3]), Err(Panicked));
        assert_eq!(catch(|| 7), Ok(7));
    }
}
