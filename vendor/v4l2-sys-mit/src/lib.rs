//! The kernel's interface to video devices, as `v4l2-sys-mit` offers it; README.md says why it is here.

#![allow(clippy::all)]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals)]

include!("bindings.rs");

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use std::mem::size_of;

    /// The size is part of an ioctl's number: the kernel refuses a structure of another. The numbers are those of
    /// `linux/videodev2.h` on machines of 64 bits, as `_IOC_SIZE` of the ioctls that strace shows.
    #[test]
    fn structures_have_the_sizes_of_the_kernels() {
        assert_eq!(size_of::<v4l2_capability>(), 104);
        assert_eq!(size_of::<v4l2_format>(), 208);
        assert_eq!(size_of::<v4l2_buffer>(), 88);
        assert_eq!(size_of::<v4l2_requestbuffers>(), 20);
        assert_eq!(size_of::<v4l2_streamparm>(), 204);
        assert_eq!(size_of::<v4l2_fmtdesc>(), 64);
        assert_eq!(size_of::<v4l2_frmsizeenum>(), 44);
        assert_eq!(size_of::<v4l2_frmivalenum>(), 52);
        assert_eq!(size_of::<v4l2_query_ext_ctrl>(), 232);
        assert_eq!(size_of::<v4l2_ext_control>(), 20);
        assert_eq!(size_of::<v4l2_ext_controls>(), 32);
        assert_eq!(size_of::<v4l2_querymenu>(), 44);
    }
}
