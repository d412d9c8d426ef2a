#!/bin/bash
# SPDX-License-Identifier: MIT
# grub-image.sh GRUB.CFG OUT.EFI: a GRUB for x86-64 EFI that carries its configuration and modules in itself, so
# that one measurement (PCR 4) covers them all. The same input gives the same bytes.
set -euo pipefail

cfg=$1
out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/boot/grub"
cp "$cfg" "$work/boot/grub/grub.cfg"
tar -C "$work" --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX \
    -cf "$work.tar" boot
trap 'rm -rf "$work" "$work.tar"' EXIT
grub-mkimage -O x86_64-efi -p '(memdisk)/boot/grub' -m "$work.tar" -o "$out" \
    memdisk tar normal part_gpt fat search search_label serial terminal gzio multiboot2 boot tpm
