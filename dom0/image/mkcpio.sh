#!/bin/sh
# SPDX-License-Identifier: MIT
# mkcpio.sh DIR OUT: packs DIR as a ramdisk, byte for byte the same each time: sorted, owned by root, dated
# SOURCE_DATE_EPOCH, inodes renumbered, packed by a single-threaded zstd.
set -eu
dir=$1
out=$(realpath -m "$2")
cd "$dir"
find . -print0 | xargs -0 touch -h -d "@$SOURCE_DATE_EPOCH"
find . -mindepth 1 -print0 | LC_ALL=C sort -z |
    cpio --quiet --null -o -H newc --reproducible -R 0:0 | zstd -q -19 --no-progress -c > "$out.tmp"
mv "$out.tmp" "$out"
