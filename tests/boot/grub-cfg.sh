#!/bin/bash
# SPDX-License-Identifier: MIT
# grub-cfg.sh TBOOT HYPERVISOR-COMMAND-LINE DOM0-COMMAND-LINE: prints GRUB's configuration.
# No variables, conditions or menu: each line is measured into PCR 8 as it stands here, and each file named after
# `search` into PCR 9 as it lies on the disk, so the registers can be predicted from this text and those files.
set -euo pipefail

tboot=$1
hypervisor=$2
dom0=$3

line() { # drops the space that an empty command line would leave
    local text="$*"
    echo "${text%"${text##*[! ]}"}"
}

echo "serial --unit=0 --speed=115200"
echo "terminal_output serial"
echo "search --no-floppy --set=root --label BULKHEAD"
if [ "$tboot" = 1 ]; then
    line "multiboot2 /tboot.gz logging=serial,memory"
    line "module2 /bulkhead.elf $hypervisor"
else
    line "multiboot2 /bulkhead.elf $hypervisor"
fi
line "module2 /policy.bhp"
line "module2 /vmlinux $dom0"
line "module2 /initrd.img"
echo "boot"
