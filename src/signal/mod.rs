//! How bright a place is over time, in linear light.
