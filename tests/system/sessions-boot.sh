# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # variables of suite.sh; commands that dom0 expands
# SPDX-License-Identifier: MIT
# Sessions of the boot chain: the other ways in.

boot_failed() {
    fail boot "dom0 did not come up"
    machine_log | tail -n 15 | sed 's/^/      /'
}

# By tboot and multiboot 1: what it said of its hand-over, and that the hypervisor got modules and options whole.
through_tboot() {
    if ! machine_wait_dom0 240; then
        boot_failed
        return
    fi
    pass boot
    expect by-tboot grep -aq 'TBOOT: transfering control to kernel' "$MACHINE_DIR/console.log"
    expect command-line grep -aq '(bh) command line: .*dom0_mem=512M' "$MACHINE_DIR/console.log"
    run_in_dom0 memory 20 "bhctl list | grep -E 'dom0 .* 511 MiB'"
    run_in_dom0 tenant 120 "bhctl create /tenants/acme.cfg && bhctl list | grep acme"
}

session_tboot_bios() {
    local dir=$build/system/bios-image
    mkdir -p "$dir"
    if ! make --no-print-directory -s BIOS="$dir" TBOOT=1 image-bios >"$dir/log" 2>&1; then
        fail image "$(tail -n 3 "$dir/log")"
        return
    fi
    machine_bios "$dir/bulkhead.img" || return
    through_tboot
}

# QEMU's loader in GRUB's place. It puts the module list right behind tboot, where tboot moves modules to if the next
# kernel ends below.
session_tboot_kernel() {
    mkdir -p "$build/system"
    zcat /boot/tboot.gz >"$build/system/tboot.elf"
    MACHINE_MEMORY=1024 machine_quick "$build/system/tboot.elf" "logging=serial" \
        "$build/bulkhead.elf dom0_mem=512M,$build/policy.bhp,$build/dom0/vmlinux console=hvc0,$build/dom0/initrd.img"
    through_tboot
}
