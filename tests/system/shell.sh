#!/bin/bash
# SPDX-License-Identifier: MIT
# `make shell`: the machine with its console on this terminal.
set -euo pipefail

build=${B:-build}
MACHINE_DIR=$build/system/shell
# shellcheck source=tests/system/machine.sh
. "${0%/*}/machine.sh"
MACHINE_SECONDS=infinity
trap machine_stop EXIT
machine_prepare
mapfile -t args < <(machine_args; machine_ovmf_args)
echo "Booting; ctrl-a x ends the machine. At dom0's prompt: bhctl create /tenants/acme.cfg; bhctl list; bhctl console acme"
qemu-system-x86_64 "${args[@]}" -drive "if=none,id=disk,format=raw,readonly=on,file=$build/bulkhead.img" \
    -device virtio-blk-pci,drive=disk,bootindex=0 -serial mon:stdio
