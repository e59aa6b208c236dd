//! Why a camera can't be used, in words that help.

/// Error numbers of Linux (asm-generic/errno.h).
#[cfg(target_os = "linux")]
mod errno {
    pub const EPERM: i32 = 1;
    pub const ENOENT: i32 = 2;
    pub const ENXIO: i32 = 6;
    pub const EACCES: i32 = 13;
    pub const EBUSY: i32 = 16;
    pub const ENODEV: i32 = 19;
    pub const ENOSPC: i32 = 28;
}

/// The error number in a text such as "No such device (os error 19)".
#[cfg(target_os = "linux")]
fn os_error(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("os error ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Why a camera does not deliver.
pub struct Fault {
    /// For people: the cause and what to do.
    pub cause: String,
    /// There is no use in trying again.
    pub lasting: bool,
}

#[cfg(target_os = "linux")]
impl Fault {
    /// The fault behind an error of the camera whose device file is `place`.
    pub fn of(error: &str, place: &str) -> Self {
        let lasting = |cause: String| Self {
            cause,
            lasting: true,
        };
        match os_error(error) {
            Some(errno::EACCES | errno::EPERM) => lasting(format!(
                "no permission to use {place}; {}",
                match group(place) {
                    Some(group) => format!(
                        "its users are the group {group}: `sudo usermod -aG {group} $USER`, then log in again"
                    ),
                    None => "ask the administrator".to_owned(),
                }
            )),
            Some(errno::EBUSY) => lasting(format!(
                "another program is using it; close that one (`fuser -v {place}` shows which)"
            )),
            Some(errno::ENODEV | errno::ENOENT | errno::ENXIO) => lasting(
                "it was unplugged; plug it in again, `blinkdx cameras` lists those that are found"
                    .to_owned(),
            ),
            Some(errno::ENOSPC) => lasting(
                "the USB bus has no room for its pictures; use another port, or a smaller --size"
                    .to_owned(),
            ),
            _ => Self {
                cause: format!("{error}; plug it in again, or choose another --size"),
                lasting: false,
            },
        }
    }
}

/// The name of the group that owns `place`, where it may use it.
#[cfg(target_os = "linux")]
fn group(place: &str) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(place).ok()?;
    // Read and write for the group.
    if meta.mode() & 0o060 != 0o060 {
        return None;
    }
    let group = nix::unistd::Group::from_gid(meta.gid().into());
    group.ok().flatten().map(|g| g.name)
}

#[cfg(not(target_os = "linux"))]
impl Fault {
    /// The fault behind an error of the system or of nokhwa.
    pub fn of(error: &str, _place: &str) -> Self {
        let setting = if cfg!(target_os = "macos") {
            "System Settings > Privacy & Security > Camera"
        } else {
            "Settings > Privacy & security > Camera"
        };
        Self {
            cause: format!(
                "{error}; close other programs that use it, and allow its use in {setting}"
            ),
            lasting: error.to_lowercase().contains("disconnected"),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_number_in_the_text_tells_the_cause() {
        for (text, part, lasting) in [
            (
                "V4L2 Error: Permission denied (os error 13)",
                "no permission to use /dev/null",
                true,
            ),
            (
                "Device or resource busy (os error 16)",
                "another program",
                true,
            ),
            ("No such device (os error 19)", "unplugged", true),
            ("No space left on device (os error 28)", "USB bus", true),
            (
                "it refuses 9x9 at 5 frames/s, YUYV: Input/output error (os error 5)",
                "it refuses 9x9",
                false,
            ),
            ("no number", "no number; plug", false),
        ] {
            let told = Fault::of(text, "/dev/null");
            assert!(told.cause.contains(part), "{}", told.cause);
            assert_eq!(told.lasting, lasting, "{text}");
        }
    }
}
