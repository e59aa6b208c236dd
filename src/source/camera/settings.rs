//! Exposure and white balance, held still while a camera is watched.
//!
//! Automatic exposure answers a blinking light by dimming the whole picture, and lets the frame rate fall in
//! the dark; automatic white balance bleaches its colour.

use v4l::Device;
use v4l::control::{Control, Value};

/// Identifiers of V4L2 controls (linux/v4l2-controls.h).
const AUTO_WHITE_BALANCE: u32 = 0x0098_090c;
const WHITE_BALANCE_TEMPERATURE: u32 = 0x0098_091a;
const EXPOSURE_AUTO: u32 = 0x009a_0901;
const EXPOSURE_ABSOLUTE: u32 = 0x009a_0902;
const EXPOSURE_AUTO_PRIORITY: u32 = 0x009a_0903;
/// `EXPOSURE_AUTO`: time and iris are set by hand.
const EXPOSURE_MANUAL: i64 = 1;

/// Settings of a camera that were changed; dropping it changes them back.
pub struct Settings {
    device: Device,
    /// What was changed, with the value before, in order.
    before: Vec<Control>,
    locked: Vec<&'static str>,
}

impl Settings {
    /// Opens the camera at `place` (its device file) to change settings beside a running capture.
    /// `None` if that can't be.
    pub fn of(place: &str) -> Option<Self> {
        Some(Self {
            device: Device::with_path(place).ok()?,
            before: Vec::new(),
            locked: Vec::new(),
        })
    }

    /// Keeps the frame rate from falling in the dark, where the camera allows it.
    pub fn hold_rate(&mut self) {
        self.set(EXPOSURE_AUTO_PRIORITY, Value::Integer(0));
    }

    /// Holds exposure and white balance at what they are now, as far as the camera allows it, and says which it does.
    pub fn lock(&mut self) -> &[&'static str] {
        for (what, auto, off, value) in [
            (
                "exposure",
                EXPOSURE_AUTO,
                EXPOSURE_MANUAL,
                EXPOSURE_ABSOLUTE,
            ),
            (
                "white balance",
                AUTO_WHITE_BALANCE,
                0,
                WHITE_BALANCE_TEMPERATURE,
            ),
        ] {
            // Read before: by hand, a camera would go on with what was last set by hand.
            let now = self.device.control(value);
            if self.get(auto) != Some(off) && self.set(auto, Value::Integer(off)) {
                if let Ok(now) = now {
                    self.set(value, now.value);
                }
                self.locked.push(what);
            }
        }
        &self.locked
    }

    fn get(&self, id: u32) -> Option<i64> {
        match self.device.control(id).ok()?.value {
            Value::Integer(n) => Some(n),
            Value::Boolean(b) => Some(b.into()),
            _ => None,
        }
    }

    /// Sets a control, remembering what it was; false if the camera has none such or refuses.
    fn set(&mut self, id: u32, value: Value) -> bool {
        let Ok(before) = self.device.control(id) else {
            return false;
        };
        let set = self.device.set_control(Control { id, value }).is_ok();
        if set {
            self.before.push(before);
        }
        set
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // Backwards: a value is taken by hand only while its automatic is off.
        for control in self.before.drain(..).rev() {
            // A camera that went away has forgotten them itself.
            let _ = self.device.set_control(control);
        }
    }
}
