//! Renders clips of a device in a state through a camera model.
