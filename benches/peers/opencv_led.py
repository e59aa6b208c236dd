"""What a user would write with OpenCV: decode, threshold in HSV, sum, say when the light is on.

    python3 opencv_led.py CLIP [THREADS]

It is told nothing but that the light is red, looks at the whole picture, and names no device: less than
`blinkdx analyze` does.
"""

import os
import sys

clip = sys.argv[1]
threads = sys.argv[2] if len(sys.argv) > 2 else "0"
# Read when the capture opens: the threads of the decoder inside OpenCV.
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = f"threads;{threads}"

import cv2  # noqa: E402
import numpy as np  # noqa: E402

if threads != "0":
    cv2.setNumThreads(int(threads))
capture = cv2.VideoCapture(clip, cv2.CAP_FFMPEG)
times, sums = [], []
while True:
    ok, frame = capture.read()
    if not ok:
        break
    times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    hsv = cv2.cvtColor(frame, cv2.COLOR_BGR2HSV)
    # Red lies on both sides of hue 0; bright and saturated enough to be a light.
    mask = cv2.inRange(hsv, (0, 120, 120), (10, 255, 255)) | cv2.inRange(hsv, (170, 120, 120), (180, 255, 255))
    sums.append(cv2.countNonZero(mask))
if not sums:
    sys.exit(f"{clip}: no picture could be read")
sums = np.array(sums, dtype=float)
lit = sums > (sums.min() + sums.max()) / 2
changes = np.flatnonzero(np.diff(lit.astype(int)))
print(f"{len(times)} frames, {len(changes)} changes:", [round(times[i + 1], 3) for i in changes])
