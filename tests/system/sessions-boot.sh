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

quick_tpm() {
    MACHINE_MEMORY=1024 machine_quick_tpm "$build/bulkhead.elf" "dom0_mem=512M${claim:+ $claim}" \
        "$build/policy.bhp,$build/dom0/vmlinux console=hvc0,$build/dom0/initrd.img"
}

# QEMU's CRB device has locality 0 alone, and PCR 21 is extended at 2: said, never measured, and dom0 still has its TPM.
session_tpm_crb() {
    MACHINE_TPM_DEVICE=tpm-crb quick_tpm
    if ! machine_wait_dom0 120; then
        boot_failed
        return
    fi
    pass boot
    expect says-interface grep -aq '^(bh) TPM: CRB interface, without locality 2' "$MACHINE_DIR/console.log"
    expect says-unmeasured grep -aq '^(bh) measure: .*no locality 2.*nothing counts as measured' "$MACHINE_DIR/console.log"
    run_in_dom0 not-measured 20 "bhctl info | grep -E '^measured +NO'"
    run_in_dom0 tpm-answers 60 "bh-provision --request /run/request"
}

# A TPM that breaks in the middle of the measured start: decided within 30 s of its first command, said, never measured,
# and the boot goes on. FAULT CODE N as in badtpm.c; TPM2_GetRandom is 17b, PCR_Read 17e, Startup 144, PCR_Extend 182.
bad_tpm() { # FAULT CODE N REGEX
    local from name=$1-$2-$3
    MACHINE_FAULT="$1 $2 $3" quick_tpm
    if ! machine_await 120 '^\(bh\) policy: version'; then
        fail "$name" "the hypervisor did not start; the last: $(machine_log | grep . | tail -n 1)"
        return
    fi
    from=$SECONDS
    if machine_await 45 "^\(bh\) measure: .*nothing counts as measured" && [ $((SECONDS - from)) -le 34 ]; then
        pass "$name-decided"
    else
        fail "$name-decided" "after $((SECONDS - from)) s: $(machine_log | grep -a '(bh)' | tail -n 1)"
    fi
    expect "$name-said" grep -qE -e "$4" "$MACHINE_DIR/console.log"
    if machine_await 60 '^\(bh\) dom0: .* MiB' && ! machine_log | grep -q '(bh) measure: PCR 21 holds'; then
        pass "$name-unmeasured"
    else
        fail "$name-unmeasured" "$(machine_log | grep -a '(bh)' | tail -n 1)"
    fi
    expect "$name-broke" grep -q "$1 from here on" "$MACHINE_DIR/badtpm.log"
}

session_tpm_bad() {
    bad_tpm hang 17e 2 'TPM: no answer: given up'
    bad_tpm garbage 144 2 'TPM: (it does not start up|no answer): given up'
    bad_tpm error 144 2 'TPM: it does not start up: given up'
    bad_tpm long 17e 1 'PCR 21 and 22 are not as a reset leaves them'
    bad_tpm error 17e 3 'PCR 21 is not what was extended'
}

# One machine of another shape: what it measures is what was predicted, and the same in all of them.
shape() { # MEMORY-MIB CPUS DISK-DEVICE IMAGE
    local name=$1-MiB-$2-cpus all=$build/system/shapes.read
    MACHINE_MEMORY=$1 MACHINE_SMP=$2 MACHINE_DISK_DEVICE=$3 machine_boot "$4"
    if ! machine_await 180 '^\(bh\) measure: PCR 21 holds'; then
        fail "$name-boot" "$(machine_log | grep -a . | tail -n 1)"
        return
    fi
    expect "$name-cpus" grep -aqE "^.bh. [0-9]+ MiB of RAM, .* $2 CPUs" "$MACHINE_DIR/console.log"
    expect "$name-chain" proof_chain "$chain"
    # The hypervisor's key, PCR 21's first, is of this boot alone.
    awk '$1 == 4 || $1 == 8 || $1 == 9 || ($1 == 21 && n21++)' "$MACHINE_DIR/read" >"$MACHINE_DIR/read.fixed"
    if [ ! -s "$all" ]; then
        cp "$MACHINE_DIR/read.fixed" "$all"
    else
        expect "$name-same" cmp "$all" "$MACHINE_DIR/read.fixed"
    fi
}

session_shapes() {
    local other=$build/system/other-disk.img
    rm -f "$build/system/shapes.read"
    # The same files on a disk of another size, behind another controller.
    cp "$build/bulkhead.img" "$other"
    truncate -s +64M "$other"
    shape 1536 1 virtio-blk-pci "$build/bulkhead.img"
    shape 2048 2 virtio-blk-pci "$build/bulkhead.img"
    shape 3072 4 ide-hd "$other"
    # A tenant's launch does not depend on the machine either.
    if machine_wait_dom0 240; then
        run_in_dom0 launch 60 "bhctl create /tenants/acme.cfg && bhctl info acme | grep '^launch .*$(proof_launch acme)'"
    else
        fail launch "dom0 did not come up"
    fi
    expect registers [ "$(cut -d' ' -f1 "$build/system/shapes.read" | sort -nu | tr '\n' ' ')" = "4 8 9 21 " ]
    rm -f "$other"
}

# The command line alone makes no late launch, wherever it points: to RAM, where a boot module could hold a page that looks
# right, or to what the map calls reserved.
session_late_launch_claimed() {
    local claim
    for claim in tboot=0x3000000 tboot=0xfffc0000; do
        quick_tpm
        if machine_await 120 '^\(bh\) txt: .*: no late launch' && machine_await 120 '^\(bh\) measure: PCR 21 holds'; then
            pass "$claim"
        else
            fail "$claim" "$(machine_log | grep -a '(bh)' | tail -n 1)"
        fi
    done
    if machine_wait_dom0 120; then
        run_in_dom0 flag 20 "bhctl info | grep -E '^late_launch +no'"
    else
        boot_failed
    fi
}
