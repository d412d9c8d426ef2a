#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the hypervisor once more, in a copy of the tree with another name at another depth, and compares.
set -euo pipefail

build=${B:-build}
copy=$(mktemp -d)/some/where/else
trap 'rm -rf "${copy%/some/where/else}"' EXIT
mkdir -p "$copy"
find . -maxdepth 1 -mindepth 1 ! -name .git ! -name build ! -name "$build" -exec cp -r {} "$copy" \;
mkdir -p "$copy/build"
cp -r "$build/mbedtls-src" "$copy/build/"

make --no-print-directory -s "$build/bulkhead.elf"
make --no-print-directory -s -j2 -C "$copy" B=build build/bulkhead.elf >"$copy/log" 2>&1 || {
    tail -n 20 "$copy/log"
    echo "FAIL  repro: no build in another folder"
    echo "0 passed, 1 failed"
    exit 1
}
here=$(sha256sum <"$build/bulkhead.elf")
there=$(sha256sum <"$copy/build/bulkhead.elf")
if [ "$here" = "$there" ]; then
    echo "ok    repro: bulkhead.elf is ${here%% *} in both folders"
    echo "1 passed, 0 failed"
else
    echo "FAIL  repro: bulkhead.elf is ${here%% *} here and ${there%% *} in another folder"
    echo "0 passed, 1 failed"
    exit 1
fi
