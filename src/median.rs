//! The middle of many values.

use std::cmp::Ordering;

/// The median of `values`, of an even number the upper of the two in the middle; `None` of none. They are reordered.
pub fn median<T: Copy>(values: &mut [T], order: fn(&T, &T) -> Ordering) -> Option<T> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, order).1)
}
