#!/bin/bash
# setup.sh FOLDER: makes the camera bench in FOLDER from Debian's packages (as root, after `apt-get update`).
# The kernel's package is unpacked there, nothing of it is installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: setup.sh FOLDER}"
cd "$1"

apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
    qemu-system-x86 busybox-static bsdutils v4l-utils cpio kmod gcc libc6-dev python3 >/dev/null

# The version moves: ask which one is current.
version=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-//p' | head -1)
if [ ! -e "vmlinux-$version" ]; then
    apt-get download -qq "linux-image-$version"
    dpkg-deb -x linux-image-"$version"_*.deb root
    rm linux-image-"$version"_*.deb
    # A package from before /usr was merged has lib at the top, a later one in usr.
    [ -d root/lib ] || ln -s usr/lib root/lib
    depmod -b root "$version"
    python3 "$here/extract_vmlinux.py" "root/boot/vmlinuz-$version" "vmlinux-$version"
fi
gcc -O2 -static -o uvcsim "$here/uvcsim.c"

# The guest's file system but for the job: busybox, modules in loading order, uvcsim, v4l2-ctl and script (a terminal
# for a program that wants one) with their libraries.
rm -rf base
mkdir -p base/{bin,sbin,dev,proc,sys,tmp,run,etc,lib/modules}
cp /bin/busybox base/bin/
for applet in $(/bin/busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "base/bin/$applet"
done
cp "$here/guest-init" base/init
cp uvcsim base/bin/
"$here/add.sh" base "$(command -v v4l2-ctl)" bin/v4l2-ctl
"$here/add.sh" base "$(command -v script)" bin/script
# vivid, the kernel's own test camera, is there all along if it is loaded: quirks.sh does that.
for list in 'order vhci-hcd uvcvideo' 'vivid vivid'; do
    set -- $list
    name=$1
    shift
    for module in "$@"; do
        modprobe -S "$version" -d root --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++' | while read -r file; do
        [ -e "base/lib/modules/$(basename "$file")" ] || basename "$file" >> "base/lib/modules/$name"
        cp "$file" base/lib/modules/
    done
done
ln -sf "vmlinux-$version" vmlinux
