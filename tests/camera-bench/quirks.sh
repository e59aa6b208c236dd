# What tests/camera looks at of odd cameras, in one boot.
. /job/lib.sh
export NO_COLOR=1

# At 7.5 frames/s, a rate that nokhwa has no word for, and back: nokhwa fails on a camera that is at such a rate.
plug /job/blink.yuyv YUYV 320x240 15
case_ odd_rate blinkdx watch -v --model video-doorbell --fps 7.5 --for 3s --format json
case_ after_odd_rate blinkdx watch -v --model video-doorbell --fps 15 --for 3s --format json
unplug

# Another size at the same rate, which is not the camera's own.
plug /job/blink.yuyv YUYV 320x240 30 /job/small.yuyv YUYV 160x120 30
case_ large blinkdx watch -v --model video-doorbell --size 320x240 --fps 15 --for 2s --format json
case_ small blinkdx watch -v --model video-doorbell --size 160x120 --fps 15 --for 2s --format json
unplug

# A camera that is in a format that nokhwa has no word for, with one that it has.
plug /job/grey.raw GREY 320x240 15 /job/blink.yuyv YUYV 320x240 15
case_ was_grey blinkdx watch -v --model video-doorbell --for 2s --format json
unplug
plug /job/planes.yu12 YU12 320x240 15
case_ planar blinkdx watch -v --model video-doorbell --for 12s --format json
unplug
plug /job/grey.raw GREY 320x240 15
case_ grey blinkdx watch -v --model video-doorbell --for 3s --format json
unplug

# JPEG: buffers longer than the pictures, some damaged, all damaged.
plug /job/blink.mjpeg MJPG 320x240 15
case_ jpeg blinkdx watch -v --model video-doorbell --for 14s --record /tmp/record.mkv --format json
case_ jpeg_again blinkdx analyze /tmp/record.mkv --model video-doorbell --format json
case_ jpeg_size stat -c %s /tmp/record.mkv
rm /tmp/record.mkv
unplug
plug /job/some.mjpeg MJPG 320x240 15
case_ some_damaged blinkdx watch --model video-doorbell --for 14s --format json
unplug
# Every second one without its end: in the buffer an older one follows it.
plug /job/cut.mjpeg MJPG 320x240 15
case_ cut blinkdx watch --model video-doorbell --for 4s --record /tmp/record.mkv --format json
case_ cut_again blinkdx analyze /tmp/record.mkv --model video-doorbell --format json
rm /tmp/record.mkv
unplug
plug /job/damaged.mjpeg MJPG 320x240 15
case_ damaged blinkdx watch --format json
unplug

# The kernel's test camera: input 0 a webcam, input 1 HDMI, whose sizes are a range.
for module in $(cat /lib/modules/vivid); do
    case $module in
    vivid.ko) insmod /lib/modules/$module n_devs=1 node_types=0x1 num_inputs=2 input_types=0xc ;;
    *) insmod /lib/modules/$module ;;
    esac
done
while [ ! -e /dev/video0 ]; do
    usleep 20000
done
v4l2-ctl -v width=320,height=180,pixelformat=YU12
case_ vivid blinkdx watch -v --model video-doorbell --size 320x180 --fps 15 --for 3s --format json
v4l2-ctl -c inject_vidioc_streamon_error=1
case_ vivid_streamon blinkdx watch -v --model video-doorbell --size 320x180 --fps 15 --for 2s --format json
# Pictures that the driver says are damaged, and pictures that it loses.
press() {
    while usleep 300000; do
        v4l2-ctl -c "$1=1"
    done
}
press inject_v4l2_buf_flag_error &
presser=$!
case_ flagged blinkdx watch --model video-doorbell --size 320x180 --fps 15 --for 4s --format json
kill $presser
v4l2-ctl -c percentage_of_dropped_buffers=60
case_ lost blinkdx watch --model video-doorbell --size 320x180 --fps 15 --for 4s --format json
v4l2-ctl -c percentage_of_dropped_buffers=0
# Errors of the driver in the middle of it.
for error in inject_vidioc_qbuf_error inject_fatal_streaming_error; do
    (sleep 4; v4l2-ctl -c $error=1) &
    case_ $error blinkdx watch --model video-doorbell --size 320x180 --fps 15 --for 8s --format json
done
v4l2-ctl -i 1 > /dev/null
case_ vivid_hdmi_listed blinkdx cameras
case_ vivid_hdmi blinkdx watch -v --model video-doorbell --size 320x240 --for 3s --format json
