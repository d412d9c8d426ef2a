#!/bin/bash
# SPDX-License-Identifier: MIT
# change.sh kernel|policy|cmdline OUT: a copy of the boot disk in which one byte differs.
set -euo pipefail

build=${B:-build}
what=$1
out=$2
here=${0%/*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flip() { # FILE OFFSET: the lowest bit of one byte
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\x$(printf '%02x' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

mkdir -p "$(dirname "$out")"
cp "$build/bulkhead.img" "$out"
export MTOOLS_SKIP_CHECK=1
case $what in
kernel) # the last byte of the file: in the section table's padding or names, where the kernel does not look
    cp "$build/dom0/vmlinux" "$work/vmlinux"
    flip "$work/vmlinux" $(($(stat -c %s "$work/vmlinux") - 1))
    mcopy -o -i "$out@@1M" "$work/vmlinux" ::/vmlinux
    ;;
policy) # a byte in the middle of the table
    cp "$build/policy.bhp" "$work/policy.bhp"
    flip "$work/policy.bhp" $(($(stat -c %s "$work/policy.bhp") / 2))
    mcopy -o -i "$out@@1M" "$work/policy.bhp" ::/policy.bhp
    ;;
cmdline) # the hypervisor's command line, by a digit of dom0's memory
    sed 's/dom0_mem=512M/dom0_mem=514M/' "$build/boot/grub.cfg" >"$work/grub.cfg"
    ! cmp -s "$build/boot/grub.cfg" "$work/grub.cfg" || {
        echo "change: dom0_mem=512M is not in the command line" >&2
        exit 1
    }
    "$here/../boot/grub-image.sh" "$work/grub.cfg" "$work/grub.efi"
    mcopy -o -i "$out@@1M" "$work/grub.efi" ::/EFI/BOOT/BOOTX64.EFI
    ;;
*)
    echo "change: $what: there are kernel, policy, cmdline" >&2
    exit 2
    ;;
esac
