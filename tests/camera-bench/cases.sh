# What tests/camera looks at of a usual camera, in one boot.
. /job/lib.sh
export NO_COLOR=1

case_ none_listed blinkdx cameras
case_ none_watched blinkdx watch --format json

controls=auto_exposure,white_balance_automatic,exposure_time_absolute
blink='/job/blink.yuyv YUYV 320x240 15'
plug $blink
# A name without a number, as udev rules make them.
ln -s video0 /dev/video
case_ listed blinkdx cameras
case_ listed_json blinkdx cameras --format json
case_ refused blinkdx watch --size 1234x567
case_ forbidden su guest -c '/job/blinkdx watch'
unplug
plug $blink
v4l2-ctl -c auto_exposure=3,white_balance_automatic=1
(sleep 6; date -s '2001-01-01 00:00' > /dev/null; v4l2-ctl -C $controls > /tmp/locked 2>&1) &
case_ watched blinkdx watch --model video-doorbell --for 33s --record /tmp/record.mkv --format json
case_ locked cat /tmp/locked
case_ unlocked v4l2-ctl -C $controls
case_ again blinkdx analyze /tmp/record.mkv --model video-doorbell --format json
unplug
plug $blink
case_ until_sure blinkdx watch --model video-doorbell
cat > /tmp/manifest.json <<'END'
{"schema": "blinkdx-manifest/1", "entries": [
  {"camera": "0", "for_s": 10, "model": "video-doorbell", "expect": {"verdict": "diagnosed", "state": "pairing"}},
  {"name": "not this", "camera": "UVC", "for_s": 6, "model": "video-doorbell", "expect": {"not_states": ["pairing"]}}
]}
END
case_ checked blinkdx check /tmp/manifest.json --jobs 1 --format json
unplug

plug $blink
v4l2-ctl -c auto_exposure=3,white_balance_automatic=1
interrupted() {
    blinkdx watch --model video-doorbell --for 60s --format json &
    watch=$!
    sleep 10
    v4l2-ctl -C $controls > /tmp/locked 2>&1
    kill -INT $watch
    wait $watch
}
case_ interrupted interrupted
case_ interrupted_locked cat /tmp/locked
case_ interrupted_unlocked v4l2-ctl -C $controls
# On a terminal, in colour, ended by Ctrl-C as it is typed.
terminal() {
    (sleep 12; printf '\003') | env -u NO_COLOR TERM=xterm script -qec 'blinkdx watch --model video-doorbell --for 60s' /dev/null
}
case_ terminal terminal
# Without colours, and on one that can't go back.
plain_terminal() {
    (sleep 12; printf '\003') | TERM=xterm script -qec 'blinkdx watch --model video-doorbell --for 60s' /dev/null
}
case_ plain_terminal plain_terminal
case_ dumb_terminal env TERM=dumb script -qec 'blinkdx watch --model video-doorbell --for 3s' /dev/null < /dev/null
unplug

# A camera that is lost in the middle, plugged in again while a clip is read, and used again by the same program.
cat > /tmp/manifest.json <<'END'
{"schema": "blinkdx-manifest/1", "entries": [
  {"name": "lost", "camera": "UVC", "for_s": 30, "model": "video-doorbell", "expect": {"state": "pairing"}},
  {"name": "between", "clip": "record.mkv", "model": "video-doorbell", "expect": {"state": "pairing"}},
  {"name": "back", "camera": "UVC", "for_s": 3, "model": "video-doorbell", "expect": {"not_states": ["setup-failed"]}}
]}
END
plug $blink
(sleep 6; kill -USR1 $pid) &
replug $blink &
case_ replugged blinkdx check /tmp/manifest.json --jobs 1 --format json
rm /tmp/record.mkv
pid=$(cat /tmp/pid)
unplug

# One that stalls until it is given up, and goes on when the same program uses it again.
sed -i /between/d /tmp/manifest.json
plug $blink
(sleep 6; kill -USR2 $pid; sleep 13; kill -USR2 $pid) &
case_ reused blinkdx check /tmp/manifest.json --jobs 1 --format json
unplug

# One that lists modes and takes none; does not start; takes another size than it was asked for.
for refuse in format start size; do
    export REFUSE=$refuse
    plug $blink /job/still.yuyv YUYV 160x120 15
    unset REFUSE
    case_ refuses_$refuse blinkdx watch --size 160x120 --fps 15
    unplug
done

plug $blink
# A camera that pauses for some seconds, and one that stops.
(sleep 4; kill -USR2 $pid; sleep 4; kill -USR2 $pid) &
case_ paused blinkdx watch --model video-doorbell --for 11s --format json
(sleep 1; blinkdx watch --for 5s > /dev/null 2>&1) &
sleep 4
case_ busy blinkdx watch
wait $!
(sleep 7; kill -USR2 $pid) &
case_ stalled blinkdx watch --model video-doorbell --for 60s --format json
kill -USR2 $pid
(sleep 10; kill -USR1 $pid) &
case_ unplugged blinkdx watch --model video-doorbell --for 60s --format json
gone

plug /job/blink.yuyv YUYV 320x240 5
case_ slow blinkdx watch --model video-doorbell --for 6s --format json
unplug
plug /job/still.yuyv YUYV 320x240 15
case_ frozen blinkdx watch --model video-doorbell --for 7s --format json
unplug
plug /job/black.yuyv YUYV 320x240 15
case_ black blinkdx watch --model video-doorbell --for 8s --format json
unplug
