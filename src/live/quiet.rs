//! Threads that think give way to those that take pictures in.

/// How much nicer (setpriority(2)) than the rest: a third of the processor where another thread wants it too.
#[cfg(target_os = "linux")]
const NICER: i32 = 5;

/// Lets the other threads go first, where the system has a simple word for it.
pub fn yield_to_others() {
    // On Linux this is of the calling thread alone. A refusal costs nothing but speed.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICER);
}
