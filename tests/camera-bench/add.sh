#!/bin/bash
# add.sh ROOT FILE DEST: copies FILE to ROOT/DEST, and the shared libraries that it needs to their own paths below ROOT.
set -euo pipefail
root=$1 file=$2 dest=$3
mkdir -p "$root/$(dirname "$dest")"
cp -L "$file" "$root/$dest"
# A static program has none, and ldd says so by failing.
{ ldd "$file" 2>/dev/null || :; } | sed -nE 's#^[^/]*(/[^ ]+).*#\1#p' | while read -r library; do
    if [ ! -e "$root$library" ]; then
        mkdir -p "$root/$(dirname "$library")"
        cp -L "$library" "$root$library"
    fi
done
