#!/usr/bin/env python3
"""Clips by the thousand on a Ray cluster: each clip exactly once in the results, whatever happens to workers.

    pip install ray fsspec
    python examples/scale/analyze.py CLIPS RESULTS [--model MODEL] [--address auto]

CLIPS and RESULTS are paths or object store addresses that fsspec knows (`s3://bucket/clips`, `gs://...`; they
need their package, such as s3fs). Ray starts a cluster on this machine unless `--address` names one; the
machines need `blinkdx` and `ffmpeg` on the path (`--blinkdx` says another place).

How nothing is lost or doubled: the result of a clip is one object, RESULTS/<hash of its name>.json, written
under another name and then moved. A worker that dies leaves none, and Ray starts its batch anew elsewhere;
what is there already is skipped. A second start of this script skips all that is done. At the end the objects are
joined to RESULTS/results.jsonl, in order of the clips.
"""

import argparse
import hashlib
import json
import posixpath
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import fsspec
import ray

# Clips that one task analyses: long enough to make starting a task cheap, short enough that little is done
# again when a worker dies.
BATCH = 4


def object_name(clip: str) -> str:
    return hashlib.sha256(clip.encode()).hexdigest()[:32] + ".json"


def analyze(clip: str, path: str, command: list[str]) -> dict:
    """The result of one clip, or its error, as `blinkdx` says it."""
    run = subprocess.run([*command, path], capture_output=True, text=True)
    try:
        result = json.loads(run.stdout)
    except ValueError:
        # Not even an error in JSON: killed, or not this program. Ray tries again.
        raise RuntimeError(f"{clip}: status {run.returncode}: {run.stderr.strip()[-300:]}") from None
    result["source"]["name"] = clip
    return result


@ray.remote(max_retries=5, retry_exceptions=True)
def batch(clips: list[str], results: str, command: list[str], delay_s: float) -> int:
    """Analyses the clips that have no result yet; returns how many those were."""
    store, root = fsspec.core.url_to_fs(results)
    done = 0
    for clip in clips:
        target = posixpath.join(root, object_name(clip))
        if store.exists(target):
            continue
        time.sleep(delay_s)
        clip_store, clip_path = fsspec.core.url_to_fs(clip)
        if "file" in clip_store.protocol:
            result = analyze(clip, clip_path, command)
        else:
            with tempfile.TemporaryDirectory() as folder:
                local = str(Path(folder) / posixpath.basename(clip_path))
                clip_store.get(clip_path, local)
                result = analyze(clip, local, command)
        part = f"{target}.{uuid.uuid4().hex}.part"
        with store.open(part, "w") as out:
            json.dump(result, out)
        store.mv(part, target)
        done += 1
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips")
    parser.add_argument("results")
    parser.add_argument("--model")
    parser.add_argument("--blinkdx", default="blinkdx")
    parser.add_argument("--address", help="of a running cluster, or `auto`")
    parser.add_argument("--suffix", nargs="*", default=[".mp4", ".mov", ".mkv", ".webm", ".avi"])
    parser.add_argument("--delay", type=float, default=0.0, help="seconds to wait before each clip, for tests")
    args = parser.parse_args()

    store, root = fsspec.core.url_to_fs(args.clips)
    names = [store.unstrip_protocol(path) for path in store.find(root)]
    clips = sorted(name for name in names if name.lower().endswith(tuple(args.suffix)))
    out, out_root = fsspec.core.url_to_fs(args.results)
    out.makedirs(out_root, exist_ok=True)
    # One thread for each clip: the cores are busy with other clips.
    command = [args.blinkdx, "analyze", "--format", "json", "-q", "--threads", "1"]
    if args.model:
        command += ["--model", args.model]

    ray.init(address=args.address, log_to_driver=False, include_dashboard=False)
    begun = time.monotonic()
    batches = [clips[i : i + BATCH] for i in range(0, len(clips), BATCH)]
    where = out.unstrip_protocol(out_root)
    waiting = [batch.remote(b, where, command, args.delay) for b in batches]
    done = 0
    while waiting:
        ready, waiting = ray.wait(waiting)
        done += sum(ray.get(ready))
        print(f"\r{len(batches) - len(waiting)} of {len(batches)} batches", end="", flush=True)
    spent = time.monotonic() - begun
    cores = int(ray.cluster_resources().get("CPU", 1))

    results = []
    for clip in clips:
        with out.open(posixpath.join(out_root, object_name(clip))) as file:
            results.append(json.load(file))
    with out.open(posixpath.join(out_root, "results.jsonl"), "w") as file:
        file.writelines(json.dumps(result) + "\n" for result in results)
    errors = sum("error" in result for result in results)
    print(
        f"\n{len(clips)} clips, {done} of them now, {errors} errors, in {spent:.1f} s on {cores} cores: "
        f"{done / spent / cores:.2f} clips per second and core"
    )
    ray.shutdown()


if __name__ == "__main__":
    main()
