//! Where lights are in the picture.
