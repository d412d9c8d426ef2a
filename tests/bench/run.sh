#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh SYSTEM...: boots the benchmark on each of native, xen, xen-off (Xen without its mitigations) and bulkhead, and
# prints one table. Status 1 when a system did not finish, or when Bulkhead is slower than Xen with its defaults.
set -euo pipefail

build=${B:-build}
out=$build/bench
rows=(null-syscall pipe fork-exit fork-exec mprotect-4m page-fault init)
titles=("null syscall" "2-process pipe" "fork+exit" "fork+exec" "mprotect 4 MiB" "page fault" "/init reached")
vmlinux=$build/kernel/6.1/vmlinux
initrd=$out/initrd.img

# Counting instructions is a matter of one thread, so the machine has one CPU.
machine=(-machine q35 -cpu "Skylake-Client,-smap" -smp 1 -m 1024 -accel tcg -icount "shift=0,sleep=off"
    -nodefaults -no-user-config -display none -nic none -no-reboot -serial stdio)

payload() {
    case $1 in
    native) payload=(-kernel "$vmlinux" -initrd "$initrd" -append "console=ttyS0 quiet") ;;
    xen) payload=(-kernel "$build/peer/xen.elf" -append "com1=115200,8n1 console=com1 dom0_mem=512M"
        -initrd "$vmlinux console=hvc0 quiet,$initrd") ;;
    xen-off) payload=(-kernel "$build/peer/xen.elf"
        -append "com1=115200,8n1 console=com1 dom0_mem=512M xpti=off spec-ctrl=off pcid=off"
        -initrd "$vmlinux console=hvc0 quiet,$initrd") ;;
    bulkhead) payload=(-kernel "$build/bulkhead.elf" -append "dom0_mem=512M"
        -initrd "$build/policy.bhp,$vmlinux console=hvc0 quiet,$initrd") ;;
    *)
        echo "bench: no such system: $1 (native, xen, xen-off, bulkhead)" >&2
        exit 2
        ;;
    esac
}

measure() { # SYSTEM: 1 when it does not reach the end
    local log=$out/$1.log pid
    payload "$1"
    timeout 300 qemu-system-x86_64 "${machine[@]}" "${payload[@]}" </dev/null >"$log" 2>&1 &
    pid=$!
    while kill -0 $pid 2>/dev/null && ! grep -qa 'BENCH-\(DONE\|ERROR\)' "$log"; do sleep 0.5; done
    kill $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    grep -qa BENCH-DONE "$log"
}

value() { # SYSTEM ROW
    tr -d '\r' <"$out/$1.log" | sed -n "s/^BENCH $2 \([0-9]*\)$/\1/p" | tail -n 1
}

status=0
for system in "$@"; do
    echo "bench: $system ..." >&2
    measure "$system" || {
        echo "bench: $system did not finish; its console is in $out/$system.log" >&2
        status=1
    }
done

printf '%-16s' "ns (= instr.)"
printf '%14s' "$@"
echo
for i in "${!rows[@]}"; do
    printf '%-16s' "${titles[i]}"
    for system in "$@"; do
        printf '%14s' "$(value "$system" "${rows[i]}")"
    done
    ours=$(value bulkhead "${rows[i]}" 2>/dev/null || true)
    theirs=$(value xen "${rows[i]}" 2>/dev/null || true)
    if [[ " $* " == *" xen "* && " $* " == *" bulkhead "* && -n $ours && -n $theirs && $ours -gt $theirs ]]; then
        printf '   slower than Xen'
        status=1
    fi
    echo
done
exit $status
