# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # variables of suite.sh; commands that dom0 expands
# SPDX-License-Identifier: MIT
# Sessions without firmware and TPM, by QEMU's own multiboot loader: seconds each.

quick() { # APPEND MODULES
    MACHINE_MEMORY=1024 machine_quick "$build/bulkhead.elf" "$1" "$2"
}

session_kernel_6_12() {
    quick "dom0_mem=512M" "$build/policy.bhp,$build/kernel/6.12/vmlinux console=hvc0,$build/dom0/initrd.img"
    if ! machine_wait_dom0 180; then
        fail boot "dom0 did not come up"
        machine_log | tail -n 15 | sed 's/^/      /'
        return
    fi
    pass boot
    run_in_dom0 release 20 "[ \$(uname -r) = $(cat "$build/kernel/6.12/release") ]"
    run_in_dom0 processes 60 'i=0; while [ $i -lt 50 ]; do /bin/busybox true || exit 1; i=$((i + 1)); done'
    run_in_dom0 recount 60 'bhctl recount'
}

# A machine that cannot be started says in a line what is wrong, and starts nothing.
bad() { # NAME REGEX APPEND MODULES
    quick "$3" "$4"
    if machine_await 30 "$2"; then
        pass "$1"
    else
        fail "$1" "no line like /$2/; the last: $(machine_log | grep . | tail -n 1)"
    fi
    machine_stop
    if machine_log | grep -q 'Linux version'; then fail "$1-nothing-started"; fi
}

session_bad_input() {
    local work=$build/system/bad kernel="$build/dom0/vmlinux console=hvc0" initrd=$build/dom0/initrd.img policy=$build/policy.bhp
    mkdir -p "$work"
    head -c 200 "$policy" >"$work/short.bhp"
    : >"$work/empty.bhp"
    cp "$policy" "$work/altered.bhp"
    printf 'X' | dd of="$work/altered.bhp" bs=1 seek=$(($(stat -c %s "$policy") / 2)) conv=notrunc status=none
    head -c 100 "$build/dom0/vmlinux" >"$work/short.elf"
    head -c 5000000 "$build/dom0/vmlinux" >"$work/half.elf"
    head -c 65536 /dev/urandom >"$work/noise"
    bad no-modules 'PANIC.* no boot module with a dom0 kernel' "dom0_mem=512M" "$policy"
    bad policy-short 'policy refused: ' "dom0_mem=512M" "$work/short.bhp,$kernel,$initrd"
    bad policy-altered 'policy refused: ' "dom0_mem=512M" "$work/altered.bhp,$kernel,$initrd"
    bad policy-noise 'policy refused: ' "dom0_mem=512M" "$work/noise,$kernel,$initrd"
    bad kernel-short 'dom0 cannot be built: ' "dom0_mem=512M" "$policy,$work/short.elf console=hvc0,$initrd"
    bad kernel-half 'dom0 cannot be built: ' "dom0_mem=512M" "$policy,$work/half.elf console=hvc0,$initrd"
    bad kernel-noise 'dom0 cannot be built: ' "dom0_mem=512M" "$policy,$work/noise console=hvc0,$initrd"
    bad memory-absurd 'PANIC.* dom0_mem=' "dom0_mem=9000000G" "$policy,$kernel,$initrd"
    bad memory-too-much 'dom0_mem|[Mm]emory' "dom0_mem=4G" "$policy,$kernel,$initrd"
    bad memory-too-small 'dom0_mem|[Mm]emory' "dom0_mem=2M" "$policy,$kernel,$initrd"
    bad unknown-option 'nosuchoption' "dom0_mem=512M nosuchoption=1" "$policy,$work/noise,$initrd"
}

# The example policies on a machine: what one says is done, the other is refused and on record. Each step is a test.
session_examples() {
    local example line from results
    for example in two-tenants driver-domain guard regulated; do
        quick "dom0_mem=256M" "$build/policy/examples/$example.bhp,$build/guest/examples.elf,$build/policy/examples/$example.tries"
        results=0 from=0
        machine_await 120 '^STEPS [0-9]+ ok|\(bh\) PANIC|policy refused' || fail "$example" "it did not end"
        while read -r line; do
            results=$((results + 1))
            case $line in
            "STEP ok "*) pass "$example: ${line#STEP ok }" ;;
            *) fail "$example" "${line#STEP FAILED }" ;;
            esac
        done < <(machine_log | grep -a '^STEP ')
        from=$(grep -cE '^[^#]' "tests/system/examples/$example.steps")
        [ "$results" -eq "$from" ] || fail "$example" "$results of $from steps; the last line: $(machine_log | grep . | tail -n 1)"
        machine_stop
    done
}
