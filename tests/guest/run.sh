#!/bin/bash
# SPDX-License-Identifier: MIT
# Boots guest test kernels and judges them by the line that each prints.
#   run.sh [--dom0|--tenant|--peer] [-v] [NAME...]
# On Bulkhead each runs in dom0's place and then as a tenant that guest-port/launcher started; --dom0 or
# --tenant for one of the two. --peer: in dom0's place on Debian's Xen 4.17. -v: show the consoles.
# Per test, in tests/guest/NAME/: `options` (shell assignments of smp, mem, cpu, append, args, ramdisk, policy, seconds, nmi; icount: a
# nanosecond is an instruction then; ends: a line that is the verdict of a test that gives none itself),
# `peer-skip` and `tenant-skip` (the reason why it cannot run there).
# tests/peer/differences.txt: failures on the peer that are kept, NAME reason.
set -u
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
places=(dom0 tenant) verbose='' names=()
for a in "$@"; do
    case $a in
        --dom0 | --tenant | --peer) places=("${a#--}") ;;
        -v) verbose=1 ;;
        -*) sed -n '3,5s/^# *//p' "$0" >&2; exit 2 ;;
        *) names+=("$a") ;;
    esac
done
if [ ${#names[@]} -eq 0 ]; then
    for d in tests/guest/*/main.c; do d=${d%/main.c}; names+=("${d##*/}"); done
fi
logs=$B/guest/log
mkdir -p "$logs"

# The log is complete when a verdict is there or the machine stopped.
boot() { # name place log
    local smp=2 mem=1024 cpu=Skylake-Client,-smap append='' args='' ramdisk='' policy=$B/policy.bhp seconds=60 nmi='' ends='' icount='' kernel modules pid t0 monitor=none
    local end='TEST [a-z0-9_-]+: (SUCCESS|SKIP|ERROR|FAILURE)|PANIC on CPU|Panic on CPU'
    # shellcheck disable=SC1090
    [ -f "tests/guest/$1/options" ] && . "tests/guest/$1/options"
    case $2 in
        peer)
            kernel=$B/peer/xen.elf
            append="console=com1 com1=115200 dom0_mem=512M loglvl=warning guest_loglvl=all dom0_max_vcpus=$smp $append"
            modules="$B/guest/$1.elf $args" ;;
        dom0)
            kernel=$B/bulkhead.elf append="dom0_mem=512M $append"
            modules="$policy,$B/guest/$1.elf $args${ramdisk:+,$ramdisk}" ;;
        tenant)
            kernel=$B/bulkhead.elf append="dom0_mem=128M $append" end='launcher: (done|FAILED)|PANIC on CPU'
            modules="$B/policy.bhp,$B/guest/launcher.elf $args vcpus=$smp,$B/guest/$1.elf" ;;
    esac
    [ -z "$ends" ] || [ "$2" = tenant ] || end="$end|$ends"
    : >"$3"
    if [ -n "$nmi" ]; then
        monitor=pipe:$3.pipe
        rm -f "$3".pipe.in "$3".pipe.out
        mkfifo "$3".pipe.in "$3".pipe.out
    fi
    timeout -k 2 "$seconds" qemu-system-x86_64 -machine q35 -cpu "$cpu" -smp "$smp" -m "$mem" -display none -no-reboot \
        -monitor "$monitor" ${icount:+-icount shift=0,sleep=off} -serial stdio -kernel "$kernel" -append "$append" -initrd "$modules" >>"$3" 2>&1 </dev/null &
    pid=$!
    [ -z "$nmi" ] || storm "$pid" "$3" &
    t0=$SECONDS
    while kill -0 "$pid" 2>/dev/null && [ $((SECONDS - t0)) -lt $((seconds + 3)) ]; do
        if grep -aqE "$end" "$3"; then
            sleep 0.3
            break
        fi
        sleep 0.1
    done
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

# Raises NMIs, on all CPUs, from the moment that the test says so until the machine stops.
storm() { # pid log
    trap '' PIPE
    cat "$2".pipe.out >"$2".monitor &
    exec 9>"$2".pipe.in
    until grep -aq 'storm begins' "$2" || ! kill -0 "$1" 2>/dev/null; do sleep 0.1; done
    while kill -0 "$1" 2>/dev/null; do
        printf 'cpu 0\nnmi\ncpu 1\nnmi\n' >&9 2>/dev/null || break
        sleep 0.005
    done
    rm -f "$2".pipe.in "$2".pipe.out
}

# Prints the verdict of a log: NAME: WORD reason.
verdict() { # name place log
    local line last ends=''
    # shellcheck disable=SC1090
    [ -f "tests/guest/$1/options" ] && . "tests/guest/$1/options"
    line=$(tr -d '\r' <"$3" | grep -a "TEST $1: " | tail -n 1 | sed 's/.*TEST //')
    last=$(tr -d '\r' <"$3" | grep -av '^$\|^qemu-system' | grep -aE 'PANIC|Panic|crashed' || tr -d '\r' <"$3" | grep -a . | tail -n 1)
    if [ -z "$line" ] && [ -n "$ends" ] && ! grep -aq PANIC "$3" && grep -aqE "$ends" "$3"; then
        line="$1: SUCCESS"
    fi
    [ -n "$line" ] || line="$1: FAILURE no verdict; ${last%%$'\n'*}"
    if [ "$2" = tenant ] && [[ $line = *": SUCCESS"* ]] && ! grep -aq 'launcher: done' "$3"; then
        line="$1: FAILURE after its end: $(tr -d '\r' <"$3" | grep -aE 'launcher: FAILED|PANIC' | head -n 1)"
    fi
    echo "$line"
}

passed=0 failed=0 skipped=0 failures=()
one() { # name place
    local name=$1 place=$2 log=$logs/$1.$2.log line why title=$1
    [ "$place" = tenant ] && title="$name (tenant)"
    if [ ! -f "$B/guest/$name.elf" ]; then
        line="$name: FAILURE there is no $B/guest/$name.elf"
    elif [ -f "tests/guest/$name/$place-skip" ]; then
        line="$name: SKIP $(head -n 1 "tests/guest/$name/$place-skip")"
    else
        boot "$name" "$place" "$log"
        [ -n "$verbose" ] && cat "$log"
        line=$(verdict "$name" "$place" "$log")
    fi
    if [ "$place" = peer ] && [[ $line != *": S"[UK]* ]]; then
        why=$(sed -n "s/^${name}[[:space:]]\{1,\}//p" tests/peer/differences.txt | head -n 1)
        [ -z "$why" ] || line="$name: SKIP a kept difference: $why (${line#*: })"
    fi
    case $line in
        "$name: SUCCESS"*) passed=$((passed + 1)) ;;
        "$name: SKIP"*) skipped=$((skipped + 1)) ;;
        *) failed=$((failed + 1)) failures+=("$title") ;;
    esac
    echo "$title: ${line#*: }"
}

for place in "${places[@]}"; do
    for name in "${names[@]}"; do
        one "$name" "$place"
    done
done
[ ${#failures[@]} -eq 0 ] || echo "failed: ${failures[*]} (consoles in $logs)"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
