#!/usr/bin/env python3
"""Proves that killed workers lose nothing and double nothing: 200 clips, one worker killed on the way.

    python examples/scale/prove.py FOLDER_WITH_CLIPS [--blinkdx PATH] [--store s3://bucket/prefix]

Puts the clips of the folder, again and again under other names, to 200, in a folder or an object store, starts
`analyze.py` on them, kills one of its workers with SIGKILL in the middle, and checks the results against the list of
clips. Then starts it a second time, which must find nothing to do.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fsspec

HERE = Path(__file__).resolve().parent
COUNT = 200


def workers(ancestor: int) -> list[int]:
    """Processes of Ray that run a batch now, below `ancestor`."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        pid, rest = int(text.split()[0]), text.rsplit(")", 1)[1].split()
        parents[pid] = int(rest[1])

    def below(pid: int) -> bool:
        while pid > 1:
            if pid == ancestor:
                return True
            pid = parents.get(pid, 0)
        return False

    found = []
    for pid in parents:
        try:
            name = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name.startswith("ray::batch") and below(pid):
            found.append(pid)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--blinkdx", default="blinkdx")
    parser.add_argument("--store", help="an empty place that fsspec knows; a temporary folder without it")
    args = parser.parse_args()
    sources = sorted(p for p in args.clips.iterdir() if p.suffix in (".mp4", ".mov", ".mkv", ".webm", ".avi"))
    if not sources:
        sys.exit(f"no clips in {args.clips}")
    with tempfile.TemporaryDirectory() as folder:
        base = args.store or folder
        # What other processes write is to be seen at once.
        store, root = fsspec.core.url_to_fs(base, use_listings_cache=False)
        store.makedirs(f"{root}/clips", exist_ok=True)
        expected = []
        for i in range(COUNT):
            source = sources[i % len(sources)]
            expected.append(f"{i:03}-{source.name}")
            if args.store:
                store.put_file(str(source), f"{root}/clips/{expected[-1]}")
            else:
                Path(folder, "clips", expected[-1]).symlink_to(source.resolve())
        results = f"{root}/results"
        command = [sys.executable, str(HERE / "analyze.py"), f"{base}/clips", f"{base}/results", "--blinkdx", args.blinkdx]

        run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        killed = None
        while killed is None and run.poll() is None:
            # In the middle: some results are there, most are not, and a worker is at a clip.
            if len(store.glob(f"{results}/*.json")) >= COUNT // 8:
                busy = workers(run.pid)
                if busy:
                    killed = busy[0]
                    os.kill(killed, signal.SIGKILL)
            time.sleep(0.05 if args.store is None else 1.0)
        said = run.communicate()[0].split("\r")[-1].strip()
        assert run.returncode == 0, run.returncode
        assert killed is not None, "it was over before a worker could be killed"
        print(f"killed worker {killed}; {said.splitlines()[-1]}")

        lines = [json.loads(line) for line in store.cat_file(f"{results}/results.jsonl").splitlines()]
        names = [line["source"]["name"].rsplit("/", 1)[1] for line in lines]
        assert names == expected, "lost or doubled"
        assert len(store.glob(f"{results}/*.json")) == COUNT
        errors = [line["error"] for line in lines if "error" in line]
        assert not errors, errors[:3]
        # The same clip under another name has the same result.
        seen: dict[str, str] = {}
        for line in lines:
            name = line["source"].pop("name").rsplit("/", 1)[1]
            text = json.dumps(line)
            assert seen.setdefault(name.split("-", 1)[1], text) == text, name

        again = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        assert re.search(rf"{COUNT} clips, 0 of them now", again), again
        print(f"{COUNT} clips, each once; the second start found nothing to do")


if __name__ == "__main__":
    main()
