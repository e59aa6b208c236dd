//! When a picture was taken.

use std::time::{Duration, Instant};

/// Age of a picture on arrival up to which its stamp is believed; drivers hand pictures over within a few
/// frames, at the slowest rates within a second.
const MAX_AGE: Duration = Duration::from_secs(2);
/// How far a stamp may lie in the future: the kernel's own test driver stamps the end of an exposure up to 1.4 frames
/// before it is over, which is 0.14 s at 10 frames/s.
const AHEAD: Duration = Duration::from_millis(150);

/// The time on the monotonic clock at which a picture was taken that arrived at `arrived`, and whether that is
/// the driver's word.
///
/// `stamp` is the driver's time of the picture, and that of the same clock at `arrived`. Only the age of the picture
/// counts, which makes jumps of that clock harmless. Some drivers, or nokhwa, give none.
pub fn taken(stamp: Option<(Duration, Duration)>, arrived: Instant) -> (Instant, bool) {
    let Some((stamp, now)) = stamp else {
        return (arrived, false);
    };
    match now.checked_sub(stamp) {
        Some(age) if age <= MAX_AGE => match arrived.checked_sub(age) {
            Some(taken) => (taken, true),
            None => (arrived, false),
        },
        None if stamp - now <= AHEAD => (arrived + (stamp - now), true),
        _ => (arrived, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_word_is_believed_when_it_can_be_true() {
        let arrived = Instant::now() + Duration::from_secs(100);
        let now = Duration::from_millis(1_700_000_000_000);
        let ms = Duration::from_millis;
        let told = |age: i64| {
            let stamp = ms((1_700_000_000_000 - age) as u64);
            taken(Some((stamp, now)), arrived)
        };
        assert_eq!(told(30), (arrived - ms(30), true));
        assert_eq!(told(-5), (arrived + ms(5), true));
        for odd in [5_000, -60_000, 1_699_999_999_988] {
            assert_eq!(told(odd), (arrived, false));
        }
        assert_eq!(taken(None, arrived), (arrived, false));
    }
}
