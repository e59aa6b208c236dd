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
fn os_error(text: &str) -> Option<i32> {
    let (_, rest) = text.split_once("os error ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// Whether `text` is an error of the system rather than of nokhwa itself.
#[cfg(target_os = "linux")]
pub fn is_systems(text: &str) -> bool {
    os_error(text).is_some()
}

/// Whether `text` is the error of a camera that is no longer there.
pub fn is_gone(text: &str) -> bool {
    #[cfg(target_os = "linux")]
    return os_error(text) == Some(errno::ENODEV);
    #[cfg(not(target_os = "linux"))]
    return os_error(text).is_some() && text.to_lowercase().contains("disconnected");
}

/// The cause of an error of a driver or of nokhwa, and what to do. `place` is the camera's device file.
#[cfg(target_os = "linux")]
pub fn explain(text: &str, place: &str) -> String {
    match os_error(text) {
        Some(errno::EACCES | errno::EPERM) => format!(
            "no permission to use {place}; {}",
            match group(place) {
                Some(group) => format!(
                    "its users are the group {group}: `sudo usermod -aG {group} $USER`, then log in again"
                ),
                None => "ask the administrator".to_owned(),
            }
        ),
        Some(errno::EBUSY) => {
            format!("another program is using it; close that one (`fuser -v {place}` shows which)")
        }
        Some(errno::ENODEV | errno::ENOENT | errno::ENXIO) => {
            "it was unplugged; plug it in again, `blinkdx cameras` lists those that are found"
                .to_owned()
        }
        Some(errno::ENOSPC) => {
            "the USB bus has no room for its pictures; use another port, or a smaller --size"
                .to_owned()
        }
        _ => format!("{text}; plug it in again, or choose another --size"),
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

/// The cause of an error of the system or of nokhwa, and what to do.
#[cfg(not(target_os = "linux"))]
pub fn explain(text: &str, _place: &str) -> String {
    let setting = if cfg!(target_os = "macos") {
        "System Settings > Privacy & Security > Camera"
    } else {
        "Settings > Privacy & security > Camera"
    };
    format!("{text}; close other programs that use it, and allow its use in {setting}")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_number_in_the_text_tells_the_cause() {
        for (text, part) in [
            (
                "V4L2 Error: Permission denied (os error 13)",
                "no permission to use /dev/null",
            ),
            ("Device or resource busy (os error 16)", "another program"),
            (
                "Could not capture frame: No such device (os error 19)",
                "unplugged",
            ),
            ("Failed to Fufill", "Failed to Fufill; "),
        ] {
            let told = explain(text, "/dev/null");
            assert!(told.contains(part), "{told}");
        }
        assert!(is_gone("No such device (os error 19)"));
        assert!(!is_gone("Invalid argument (os error 22)"));
    }
}
