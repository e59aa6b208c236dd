#!/bin/bash
# run.sh BENCH PROGRAM SCRIPT [FILE...]: boots the guest of BENCH (made by setup.sh) with PROGRAM and the FILEs in /job and
# runs SCRIPT there. Its standard output comes back on ours, byte for byte; so does its exit status. 125: the guest
# never reported (it panicked, or ran longer than LIMIT seconds): its console is on standard error.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bench=$1 program=$2 script=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/add.sh" "$work/root" "$program" job/blinkdx
cp "$script" "$work/root/job/script"
cp "$here/guest-lib.sh" "$work/root/job/lib.sh"
for file in "$@"; do
    cp -L "$file" "$work/root/job/"
done
pack() { (cd "$1" && find . -mindepth 1 | cpio -o -H newc --quiet); }
{ pack "$bench/base"; pack "$work/root"; } > "$work/initrd"

# The uncompressed kernel saves half of the boot; without no_timer_check it once panicked on a loaded machine.
: > "$work/status"
timeout "${LIMIT:-900}" qemu-system-x86_64 -M pc -accel tcg,thread=multi,tb-size=256 -cpu max -smp 2 -m 1536 \
    -nodefaults -display none -no-reboot -kernel "$bench/vmlinux" -initrd "$work/initrd" \
    -append "console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off random.trust_cpu=on cryptomgr.notests tsc=reliable no_timer_check" \
    -serial file:"$work/console" -serial file:"$work/out" -serial file:"$work/status" </dev/null >&2 || :
[ ! -e "$work/out" ] || cat "$work/out"
status=$(tr -cd 0-9 < "$work/status")
if [ -z "$status" ]; then
    cat "$work/console" >&2
    status=125
fi
exit "$status"
