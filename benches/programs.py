#!/usr/bin/env python3
"""Whole programs against each other on the same clips: CPU seconds, wall time, peak memory.

    cargo build --release && python3 benches/programs.py --write

Makes clips with `ffmpeg` (a still wall with sensor noise and a blinking red light), then runs, in turn:

- `ffmpeg -f null -`, the decoder alone: the floor;
- `blinkdx analyze` through ffmpeg, with its embedded decoders and, with `--linked`, with FFmpeg built in;
- `benches/peers/opencv_led.py`, if Python has `cv2`.

All on one core and on two (by CPU affinity, decoders told so). CPU time is that of the process with its
children. The order is turned from round to round, so that a busy machine hits all alike; figures are
medians, ratios are medians of the ratios within a round. `--write` puts the table into docs/PERFORMANCE.md.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DOC = ROOT / "docs" / "PERFORMANCE.md"
BEGIN, END = "<!-- programs: begin -->", "<!-- programs: end -->"

SIZES = {"480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}
# Mbit/s of H.264 as phones write it at 30 frames/s; the newer codecs have half.
RATES = {"480p": 3, "720p": 9, "1080p": 17, "4K": 50}
CODECS = {
    "h264": ["-c:v", "libx264", "-preset", "veryfast"],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=error"],
    "vp9": ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"],
    "av1": ["-c:v", "libsvtav1", "-preset", "10"],
    "mjpeg": ["-c:v", "mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"],
}
SUFFIX = {"h264": "mp4", "hevc": "mp4", "vp9": "webm", "av1": "mp4", "mjpeg": "avi"}
FLOOR = "ffmpeg -f null"


def make(clips: Path, codec: str, size: str, seconds: float) -> Path:
    clip = clips / f"{codec}-{size}-{seconds:g}s.{SUFFIX[codec]}"
    if clip.exists():
        return clip
    w, h = SIZES[size]
    quiet = ["ffmpeg", "-nostdin", "-y", "-v", "error"]
    wall = clips / f"wall-{size}.png"
    texture = f"noise=alls=100:all_seed=1,gblur=sigma={h / 90:.1f},eq=contrast=4"
    subprocess.run(
        [*quiet, "-f", "lavfi", "-i", f"color=0x807870:s={w}x{h}", "-vf", texture, "-frames:v", "1", wall], check=True
    )
    r = h // 60
    x, y = int(w * 0.6), int(h * 0.4)
    on = "enable='lt(mod(t,1.2),0.4)'"
    light = (
        f"drawbox=x={x - r}:y={y - r}:w={2 * r}:h={2 * r}:c=red@0.5:t=fill:{on},"
        f"drawbox=x={x - r // 2}:y={y - r // 2}:w={r}:h={r}:c=0xffc0b0:t=fill:{on}"
    )
    rate = RATES[size] / (1 if codec == "h264" else 2)
    bits = [] if codec == "mjpeg" else ["-b:v", f"{rate}M"]
    part = clip.with_name("part-" + clip.name)
    subprocess.run(
        [*quiet, "-loop", "1", "-framerate", "30", "-t", str(seconds), "-i", wall]
        + ["-vf", f"{light},noise=alls=10:allf=t:all_seed=2", "-pix_fmt", "yuv420p", *CODECS[codec], *bits, part],
        check=True,
    )
    part.rename(clip)
    return clip


def programs(blinkdx: Path, linked: Path | None, clip: Path, cores: int, cv2: bool) -> dict[str, list[str]]:
    options = ["analyze", str(clip), "--format", "json", "-q"]
    by_ffmpeg = [*options, "--decoder", "ffmpeg", "--threads", str(cores)]
    runs = {
        FLOOR: ["ffmpeg", "-nostdin", "-v", "error", "-threads", str(cores), "-i", str(clip)]
        + ["-map", "0:V:0", "-f", "null", "-"],
        "blinkdx, ffmpeg": [str(blinkdx), *by_ffmpeg],
        "blinkdx, embedded": [str(blinkdx), *options, "--decoder", "embedded"],
    }
    if linked:
        runs["blinkdx, FFmpeg built in"] = [str(linked), *by_ffmpeg]
    if cv2:
        runs["OpenCV script"] = [sys.executable, str(HERE / "peers" / "opencv_led.py"), str(clip), str(cores)]
    return runs


def run(command: list[str], cpus: set[int]) -> tuple[float, float]:
    """CPU seconds of the process and its children, and wall seconds."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, cpus),
    )
    said = process.stderr.read()
    # Only wait4 tells the usage of this one child, with that of the children it has waited for.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begun
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {process.returncode}: {said.decode(errors='replace')[-400:]}")
    return usage.ru_utime + usage.ru_stime, wall


def peak_mb(command: list[str], cpus: set[int]) -> float:
    """Largest sum of what the process and its children held at one time, in MB: shared pages count once."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, cpus),
    )
    peak = 0.0
    while process.poll() is None:
        total, queue = 0, [process.pid]
        while queue:
            pid = queue.pop()
            try:
                for task in Path(f"/proc/{pid}/task").iterdir():
                    queue += map(int, (task / "children").read_text().split())
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            except (OSError, StopIteration):
                continue  # It has ended meanwhile.
        peak = max(peak, total / 1024)
        time.sleep(0.02)
    return peak


def measure(runs: dict[str, list[str]], cores: int, rounds: int) -> dict[str, dict[str, float]]:
    cpus = set(sorted(os.sched_getaffinity(0))[:cores])
    names = list(runs)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for i in range(rounds):
        turn = i % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(run(runs[name], cpus))
    floor = times[FLOOR]
    return {
        name: {
            "cpu": statistics.median(t[0] for t in times[name]),
            "wall": statistics.median(t[1] for t in times[name]),
            "cpu_ratio": statistics.median(t[0] / f[0] for t, f in zip(times[name], floor)),
            "wall_ratio": statistics.median(t[1] / f[1] for t, f in zip(times[name], floor)),
            "mb": peak_mb(runs[name], cpus),
        }
        for name in names
    }


def host(blinkdx: Path) -> str:
    said = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    cpu = next(
        (l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor()
    )
    load = ", ".join(f"{l:.1f}" for l in os.getloadavg())
    return (
        f"{cpu}, {len(os.sched_getaffinity(0))} cores; {said('ffmpeg', '-version').split(' Copyright')[0]}; "
        f"{said(str(blinkdx), '--version')}; {time.strftime('%Y-%m-%d')}; load at the end {load}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blinkdx", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "blinkdx")
    parser.add_argument("--linked", type=Path, help="blinkdx built with the feature ffmpeg-linked, to be timed, too")
    parser.add_argument("--clips", type=Path, default=Path(tempfile.gettempdir()) / "blinkdx-bench", help="where clips are kept")
    parser.add_argument("--only", nargs="*", metavar="CODEC-SIZE", help="for example h264-4K; av1-1080p wants a build with that feature")
    parser.add_argument("--seconds", type=float, default=10, help="length of the clips; 4K has half")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cores", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--write", action="store_true", help="put the table into docs/PERFORMANCE.md")
    args = parser.parse_args()
    if not shutil.which("ffmpeg"):
        sys.exit("no ffmpeg on the path: it makes the clips")
    if not args.blinkdx.exists():
        sys.exit(f"{args.blinkdx} is not there: cargo build --release")
    cv2 = subprocess.run([sys.executable, "-c", "import cv2"], capture_output=True).returncode == 0
    if not cv2:
        print("skipped: OpenCV (pip install opencv-python-headless)", file=sys.stderr)
    args.clips.mkdir(parents=True, exist_ok=True)

    cases = [(codec, size) for codec in CODECS for size in SIZES]
    if args.only:
        cases = [case for case in cases if "-".join(case) in args.only]
    else:
        cases = [(codec, size) for codec, size in cases if codec == "h264" or size == "1080p" and codec != "av1"]
    rows = []
    for codec, size in cases:
        seconds = args.seconds / 2 if size == "4K" else args.seconds
        clip = make(args.clips, codec, size, seconds)
        rate = clip.stat().st_size * 8 / seconds / 1e6
        for cores in args.cores:
            runs = programs(args.blinkdx, args.linked, clip, cores, cv2)
            for name, m in measure(runs, cores, args.rounds).items():
                per_frame = m["cpu"] * 1e3 / (seconds * 30)
                rows.append(
                    f"| {codec} {size} ({rate:.0f} Mbit/s) | {cores} | {name} | {m['cpu']:.2f} | {m['cpu_ratio']:.2f} | "
                    f"{per_frame:.2f} | {m['wall']:.2f} | {m['wall_ratio']:.2f} | {m['mb']:.0f} |"
                )
                print(rows[-1], flush=True)
    table = "\n".join(
        [
            "| clip | cores | program | CPU s | ratio | CPU ms/frame | wall s | ratio | peak MB |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"{args.rounds} rounds; clips of {args.seconds:g} s (4K: half) at 30 frames/s. {host(args.blinkdx)}",
        ]
    )
    if args.write:
        text = DOC.read_text()
        before, rest = text.split(BEGIN)
        DOC.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")
    else:
        print(table)


if __name__ == "__main__":
    main()
