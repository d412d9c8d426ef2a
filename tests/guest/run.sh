#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots guest test kernels and judges them by the line that each prints.
#   run.sh [--peer] [-v] [NAME...]      --peer: on Debian's Xen 4.17; -v: show the consoles
# Per test, in tests/guest/NAME/: `options` (shell assignments of smp, mem, cpu, append, args, seconds),
# `peer-skip` (reason why the peer cannot run it). tests/peer/differences.txt: kept differences, NAME reason.
set -u
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
peer='' verbose='' names=()
for a in "$@"; do
    case $a in
        --peer) peer=1 ;;
        -v) verbose=1 ;;
        -*) echo "usage: $0 [--peer] [-v] [NAME...]" >&2; exit 2 ;;
        *) names+=("$a") ;;
    esac
done
if [ ${#names[@]} -eq 0 ]; then
    for d in tests/guest/*/main.c; do d=${d%/main.c}; names+=("${d##*/}"); done
fi
logs=$B/guest/log${peer:+.peer}
mkdir -p "$logs"

# The log is complete when a verdict is there or the machine stopped.
boot() { # name log
    local smp=2 mem=1024 cpu=Skylake-Client,-smap append='' args='' seconds=60 kernel modules pid t0
    # shellcheck disable=SC1090
    [ -f "tests/guest/$1/options" ] && . "tests/guest/$1/options"
    if [ -n "$peer" ]; then
        kernel=$B/peer/xen.elf
        append="console=com1 com1=115200 dom0_mem=512M loglvl=warning guest_loglvl=all dom0_max_vcpus=$smp $append"
        modules="$B/guest/$1.elf $args"
    else
        kernel=$B/bulkhead.elf
        append="dom0_mem=512M $append"
        modules="$B/policy.bhp,$B/guest/$1.elf $args"
    fi
    timeout -k 2 "$seconds" qemu-system-x86_64 -machine q35 -cpu "$cpu" -smp "$smp" -m "$mem" -display none -no-reboot \
        -monitor none -serial stdio -kernel "$kernel" -append "$append" -initrd "$modules" >"$2" 2>&1 </dev/null &
    pid=$!
    : >>"$2"
    t0=$SECONDS
    while kill -0 "$pid" 2>/dev/null && [ $((SECONDS - t0)) -lt $((seconds + 3)) ]; do
        if grep -aqE 'TEST [a-z0-9_-]+: (SUCCESS|SKIP|ERROR|FAILURE)|PANIC on CPU|Panic on CPU' "$2"; then
            sleep 0.3
            break
        fi
        sleep 0.1
    done
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

passed=0 failed=0 skipped=0 failures=()
for name in "${names[@]}"; do
    if [ ! -f "$B/guest/$name.elf" ]; then
        echo "$name: FAILURE there is no $B/guest/$name.elf"
        failed=$((failed + 1)) failures+=("$name")
        continue
    fi
    if [ -n "$peer" ] && [ -f "tests/guest/$name/peer-skip" ]; then
        echo "$name: SKIP $(head -n 1 "tests/guest/$name/peer-skip")"
        skipped=$((skipped + 1))
        continue
    fi
    log=$logs/$name.log
    boot "$name" "$log"
    line=$(tr -d '\r' <"$log" | grep -a "TEST $name: " | tail -n 1 | sed 's/.*TEST //')
    [ -n "$verbose" ] && cat "$log"
    case $line in
        "$name: SUCCESS"*) passed=$((passed + 1)) ;;
        "$name: SKIP"*) skipped=$((skipped + 1)) ;;
        *)
            [ -n "$line" ] || line="$name: FAILURE no verdict; last line: $(tr -d '\r' <"$log" | grep -av '^$' | tail -n 1)"
            why=$([ -n "$peer" ] && sed -n "s/^${name}[[:space:]]\{1,\}//p" tests/peer/differences.txt | head -n 1)
            if [ -n "$why" ]; then
                line="$line [kept difference: $why]"
                skipped=$((skipped + 1))
            else
                failed=$((failed + 1)) failures+=("$name")
            fi
            ;;
    esac
    echo "$line"
done
[ ${#failures[@]} -eq 0 ] || echo "failed: ${failures[*]} (consoles in $logs)"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
