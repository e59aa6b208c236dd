# What tests/camera.rs looks at, in one boot. For each case: "=== NAME", what the program prints, "--- stderr", what it
# prints there, "--- status N".
PATH=$PATH:/job
export NO_COLOR=1
echo 'root:x:0:0::/:/bin/sh
guest:x:1000:1000::/:/bin/sh' > /etc/passwd
echo 'video:x:44:' > /etc/group

case_() {
    echo "=== $1"
    shift
    "$@" 2> /tmp/stderr
    status=$?
    echo '--- stderr'
    cat /tmp/stderr
    echo "--- status $status"
}

# plug CLIP CODE WxH FPS ...: a camera that plays the clips.
plug() {
    uvcsim "$@" > /tmp/uvcsim.log 2>&1 &
    pid=$!
    n=0
    until [ -e /dev/video0 ] || [ $n -ge 500 ]; do
        usleep 20000
        n=$((n + 1))
    done
    chown root:video /dev/video0
    chmod 660 /dev/video0
}

unplug() {
    kill -USR1 $pid
    wait $pid
    while [ -e /dev/video0 ]; do
        usleep 20000
    done
}

case_ none_listed blinkdx cameras
case_ none_watched blinkdx watch --format json

blink='/job/blink.yuyv YUYV 320x240 15'
plug $blink
case_ listed blinkdx cameras
case_ listed_json blinkdx cameras --format json
case_ refused blinkdx watch --size 1234x567
case_ forbidden su guest -c '/job/blinkdx watch'
v4l2-ctl -c auto_exposure=3,white_balance_automatic=1
(sleep 6; date -s '2001-01-01 00:00' > /dev/null; v4l2-ctl -C auto_exposure,white_balance_automatic,exposure_time_absolute > /tmp/locked 2>&1) &
case_ watched blinkdx watch --model video-doorbell --for 14s --record /tmp/record.mkv --format json
case_ locked cat /tmp/locked
case_ unlocked v4l2-ctl -C auto_exposure,white_balance_automatic,exposure_time_absolute
case_ again blinkdx analyze /tmp/record.mkv --model video-doorbell --format json
rm /tmp/record.mkv
case_ until_sure blinkdx watch --model video-doorbell
cat > /tmp/manifest.json <<'END'
{"schema": "blinkdx-manifest/1", "entries": [
  {"camera": "0", "for_s": 10, "model": "video-doorbell", "expect": {"verdict": "diagnosed", "state": "pairing"}},
  {"name": "not this", "camera": "UVC", "for_s": 6, "model": "video-doorbell", "expect": {"not_states": ["pairing"]}}
]}
END
case_ checked blinkdx check /tmp/manifest.json --jobs 1 --format json
# At 7.5 frames/s, a rate that nokhwa has no word for, and back.
case_ odd_rate blinkdx watch -v --fps 7.5 --for 3s --format json
(sleep 1; blinkdx watch --for 5s > /dev/null 2>&1) &
sleep 4
case_ busy blinkdx watch
wait $!
(sleep 7; kill -USR2 $pid) &
case_ stalled blinkdx watch --model video-doorbell --for 60s --format json
kill -USR2 $pid
(sleep 10; kill -USR1 $pid) &
case_ unplugged blinkdx watch --model video-doorbell --for 60s --format json
wait $pid
while [ -e /dev/video0 ]; do
    usleep 20000
done

plug /job/blink.yuyv YUYV 320x240 5
case_ slow blinkdx watch --for 6s --format json
unplug
plug /job/still.yuyv YUYV 320x240 15
case_ frozen blinkdx watch --for 7s --format json
unplug
plug /job/black.yuyv YUYV 320x240 15
case_ black blinkdx watch --for 8s --format json
unplug
plug /job/damaged.mjpeg MJPG 320x240 15
case_ damaged blinkdx watch --format json
unplug
