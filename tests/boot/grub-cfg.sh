#!/bin/bash
# SPDX-License-Identifier: MIT
# grub-cfg.sh TBOOT HYPERVISOR-COMMAND-LINE DOM0-COMMAND-LINE [MULTIBOOT]: prints GRUB's configuration, for multiboot 2
# or 1.
# No variables, conditions or menu: each line is measured into PCR 8 as it stands here, and each file named after
# `search` into PCR 9 as it lies on the disk, so the registers can be predicted from this text and those files.
set -euo pipefail

tboot=$1
hypervisor=$2
dom0=$3
n=${4:-2}
[ "$n" = 2 ] || n=

line() { # drops the space that an empty command line would leave
    local text="$*"
    echo "${text%"${text##*[! ]}"}"
}

echo "serial --unit=0 --speed=115200"
echo "terminal_output serial"
echo "search --no-floppy --set=root --label BULKHEAD"
if [ "$tboot" = 1 ]; then
    line "multiboot$n /tboot.gz logging=serial,memory"
    line "module$n /bulkhead.elf $hypervisor"
else
    line "multiboot$n /bulkhead.elf $hypervisor"
fi
line "module$n /policy.bhp"
line "module$n /vmlinux $dom0"
line "module$n /initrd.img"
echo "boot"
