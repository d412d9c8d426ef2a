#!/bin/bash
# SPDX-License-Identifier: MIT
# measured.sh [NAME...]: guest tests on a machine with a TPM (swtpm), in dom0's place and as a tenant. run.sh has none, so
# there only the refusals are seen. Default: those with a file `measured` (shell assignments of places, policy, args, ramdisk, self,
# again, fault, icount, mem, smp, seconds; self=1: the kernel is its own ramdisk; again=1: a second boot on the same TPM, where the
# sealed key is the same and the counter goes on; fault: the last words for tests/system/badtpm, which then stands before the TPM).
# Each file measured-WORD beside it is one more machine for the same test.
set -u
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
logs=$B/guest/log
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$logs"
if [ $# -eq 0 ]; then
    for f in tests/guest/*/measured; do f=${f%/measured}; set -- "$@" "${f##*/}"; done
fi
passed=0 failed=0

socket() { # path: waits for it
    for _ in $(seq 50); do
        [ -S "$1" ] && break
        sleep 0.1
    done
}

boot() { # log modules [keep]: keep the TPM of the last boot
    local tpm bad='' control=$dir/sock data=()
    [ "${3-}" = keep ] || rm -rf "$dir/state"
    mkdir -p "$dir/state"
    [ -z "$fault" ] || control=$dir/control data=(--server "type=unixio,path=$dir/data")
    timeout $((seconds + 10)) swtpm socket --tpm2 --tpmstate "dir=$dir/state" --ctrl "type=unixio,path=$control" "${data[@]}" --terminate \
        --flags not-need-init &
    tpm=$!
    socket "$control"
    if [ -n "$fault" ]; then
        # shellcheck disable=SC2086 # three words
        "$B/system/badtpm" "$dir/sock" "$control" "$dir/data" $fault 2>"$1.badtpm" &
        bad=$!
        socket "$dir/sock"
    fi
    timeout -k 2 "$seconds" qemu-system-x86_64 -machine q35 -cpu Skylake-Client,-smap -smp "$smp" -m "$mem" -display none -no-reboot \
        -monitor none -serial stdio -kernel "$B/bulkhead.elf" -append dom0_mem=256M -initrd "$2" \
        ${icount:+-icount shift=0,sleep=off} -chardev "socket,id=tpm,path=$dir/sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 \
        >"$1" 2>&1 </dev/null
    kill "$tpm" ${bad:+"$bad"} 2>/dev/null
    wait "$tpm" ${bad:+"$bad"} 2>/dev/null
    rm -f "$dir/sock" "$dir/control" "$dir/data"
}

said() { # log word: what follows it on its line
    tr -d '\r' <"$1" | sed -n "s/^.*$2 \([0-9a-f]*\).*/\1/p" | tail -n 1
}

# The same key, and a counter that went on by the ten increments of a run.
after_reset() { # log modules
    local again=$1.again
    boot "$again" "$2" keep
    if [ -z "$(said "$1" sealed)" ] || [ "$(said "$1" sealed)" != "$(said "$again" sealed)" ]; then
        line="FAILURE another key after a reset"
    elif [ "$(said "$again" counter)" != $(($(said "$1" counter) + 10)) ]; then
        line="FAILURE the counter did not go on after a reset"
    fi
}

run() { # name [file]: the file's machine, or the default one
    local name=$1 word=${2#"${2%measured*}"}
    local places='dom0 tenant' self='' policy=$B/policy.bhp args='' ramdisk='' again='' fault='' icount='' mem=1024 smp=2 seconds=80
    local place log modules line
    # shellcheck disable=SC1090
    [ -z "$2" ] || . "$2"
    for place in $places; do
        log=$logs/$name.$place-${word:-measured}.log
        case $place in
            dom0) modules="$policy,$B/guest/$name.elf${args:+ $args}${self:+,$B/guest/$name.elf}${ramdisk:+,$ramdisk}" ;;
            tenant) modules="$B/policy.bhp,$B/guest/launcher.elf vcpus=2,$B/guest/$name.elf" ;;
        esac
        boot "$log" "$modules"
        line=$(tr -d '\r' <"$log" | grep -a "TEST $name: " | tail -n 1)
        grep -aq 'measure: PCR 21 holds' "$log" || line="FAILURE the boot was not measured"
        grep -aq 'PANIC on CPU' "$log" && line="FAILURE $(grep -a 'PANIC on CPU' "$log" | head -n 1)"
        [[ -z $again || $line != *SUCCESS* ]] || after_reset "$log" "$modules"
        if [[ $line = *SUCCESS* ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
        echo "$name ($place, ${word:-measured}): ${line#*: }"
    done
}

for name; do
    files=(tests/guest/"$name"/measured*)
    [ -f "${files[0]}" ] || files=('')
    for file in "${files[@]}"; do run "$name" "$file"; done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
