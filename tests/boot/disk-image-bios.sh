#!/bin/bash
# SPDX-License-Identifier: MIT
# disk-image-bios.sh OUT GRUB.CFG FILE=NAME...: a disk that a BIOS boots: GRUB for i386-pc with its configuration in
# itself, in the sectors before the one FAT partition (named BULKHEAD), which holds each FILE under its NAME. Needs
# neither root nor loop devices.
set -euo pipefail

out=$1
cfg=$2
shift 2
grub=/usr/lib/grub/i386-pc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

first=2048 # sectors before the partition: 1 MiB, GRUB's room
mkdir -p "$work/boot/grub"
cp "$cfg" "$work/boot/grub/grub.cfg"
tar -C "$work" --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$work/memdisk.tar" boot
grub-mkimage -O i386-pc -p '(memdisk)/boot/grub' -m "$work/memdisk.tar" -o "$work/core.img" \
    memdisk tar normal biosdisk part_msdos fat search search_label serial terminal gzio multiboot boot
[ "$(stat -c %s "$work/core.img")" -le $(((first - 1) * 512)) ] || {
    echo "disk-image-bios: GRUB does not fit before the partition" >&2
    exit 1
}

bytes=0
for item in "$@"; do
    bytes=$((bytes + $(stat -L -c %s "${item%=*}")))
done
mib=$((bytes / 1048576 + 40))
rm -f "$out"
truncate -s $((mib + 1))M "$out"
sfdisk -q "$out" <<EOT
label: dos
label-id: 0x42484b31
start=$first, size=$((mib * 2048)), type=c, bootable
EOT
# boot.img looks for core.img in the disk's second sector, and core.img for its rest behind that, as they come.
dd if="$grub/boot.img" of="$out" bs=1 count=440 conv=notrunc status=none
dd if="$work/core.img" of="$out" bs=512 seek=1 conv=notrunc status=none
mkfs.fat -F 32 -n BULKHEAD -i 42484C44 --invariant --offset $first "$out" $((mib * 1024)) >/dev/null 2>&1
export MTOOLS_SKIP_CHECK=1
for item in "$@"; do
    mcopy -i "$out@@1M" "${item%=*}" "::/${item##*=}"
done
