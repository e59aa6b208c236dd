//! When a picture was taken.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Age of a picture on arrival up to which its stamp is believed; drivers hand pictures over within a few
/// frames, at the slowest rates within a second.
const MAX_AGE: Duration = Duration::from_secs(2);
/// How far a stamp may seem to lie in the future: two clocks read one after the other, and drivers that
/// round up.
const AHEAD: Duration = Duration::from_millis(20);

/// The time on the monotonic clock at which a picture was taken that arrived at `arrived`, and whether that is
/// the driver's word.
///
/// nokhwa gives `stamp` as wall-clock time since 1970, made from the driver's age of the picture an instant
/// before; `wall` is the wall clock at `arrived`. Taking the age out again makes jumps of the system
/// clock harmless. It gives none for stamps that are slightly ahead.
pub fn taken(stamp: Option<Duration>, arrived: Instant, wall: SystemTime) -> (Instant, bool) {
    let (Some(stamp), Ok(wall)) = (stamp, wall.duration_since(UNIX_EPOCH)) else {
        return (arrived, false);
    };
    match wall.checked_sub(stamp) {
        Some(age) if age <= MAX_AGE => match arrived.checked_sub(age) {
            Some(taken) => (taken, true),
            None => (arrived, false),
        },
        None if stamp - wall <= AHEAD => (arrived, true),
        _ => (arrived, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_word_is_believed_when_it_can_be_true() {
        let arrived = Instant::now() + Duration::from_secs(100);
        let wall = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let ms = Duration::from_millis;
        let stamp = |age: i64| {
            let at = 1_700_000_000_000 - age;
            Some(ms(at as u64))
        };
        assert_eq!(taken(stamp(30), arrived, wall), (arrived - ms(30), true));
        assert_eq!(taken(stamp(-5), arrived, wall), (arrived, true));
        for odd in [None, stamp(5_000), stamp(-60_000), Some(ms(12))] {
            assert_eq!(taken(odd, arrived, wall), (arrived, false));
        }
    }
}
