#!/bin/bash
# SPDX-License-Identifier: MIT
# disk-image.sh OUT GRUB.EFI FILE=NAME...: a GPT disk with one EFI system partition named BULKHEAD, which holds GRUB
# as the default boot program and each FILE under its NAME. Needs neither root nor loop devices.
set -euo pipefail

out=$1
grub=$2
shift 2

first=2048 # sectors before the partition: 1 MiB
bytes=$(stat -c %s "$grub")
for item in "$@"; do
    bytes=$((bytes + $(stat -L -c %s "${item%=*}")))
done
mib=$((bytes / 1048576 + 40)) # room for FAT32's own tables, and more than its least number of clusters

rm -f "$out"
truncate -s $((mib + 2))M "$out"
sfdisk -q "$out" <<EOT
label: gpt
label-id: 42554C4B-4845-4144-0000-000000000001
first-lba: 34
start=$first, size=$((mib * 2048)), type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, uuid=42554C4B-4845-4144-0000-000000000002
EOT
mkfs.fat -F 32 -n BULKHEAD -i 42484C44 --invariant --offset $first "$out" $((mib * 1024)) >/dev/null 2>&1 # it warns that the file goes on after the partition
export MTOOLS_SKIP_CHECK=1
mmd -i "$out@@1M" ::/EFI ::/EFI/BOOT
mcopy -i "$out@@1M" "$grub" ::/EFI/BOOT/BOOTX64.EFI
for item in "$@"; do
    mcopy -i "$out@@1M" "${item%=*}" "::/${item##*=}"
done
