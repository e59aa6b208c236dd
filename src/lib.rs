//! Reads a device's status LED through a camera and says what it means.
//!
//! One direction of flow, each module knowing only those before it:
//!
//! ```text
//! source -> locate -> signal -> pulses -> matcher -> report
//! frames    places    light     trains    diagnosis  text, JSON
//!                                  devices -^
//! ```
//!
//! [`pulses::Train`] is the waist: everything before it knows nothing of devices,
//! everything after it nothing of pixels.

pub mod check;
pub mod devices;
pub mod episodes;
pub mod json_file;
pub mod learn;
pub mod live;
pub mod locate;
pub mod matcher;
mod median;
pub mod observe;
pub mod pulses;
pub mod report;
#[cfg(test)]
mod schemas;
pub mod signal;
pub mod simulate;
pub mod source;
mod threads;
