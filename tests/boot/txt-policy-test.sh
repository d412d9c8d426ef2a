#!/bin/bash
# SPDX-License-Identifier: MIT
# txt-policy-test.sh DIR BH-DRTM TBOOT-COMMAND-LINE COMMAND-LINE=FILE...: reads the policies of txt-policy.sh back and
# compares each digest in them with our own. Nothing of it is made by the tools that made them.
set -uo pipefail

dir=$1
drtm=$2
cmdline=$3
shift 3
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

same() { # NAME WANTED GOT
    if [ -n "$2" ] && [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok    txt-policy $1"
    else
        failed=$((failed + 1))
        echo "FAIL  txt-policy $1: ${3:-nothing}, expected ${2:-nothing}"
    fi
}

hex() { # FILE OFFSET BYTES
    od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

digest() { # of standard input
    sha256sum | cut -d' ' -f1
}

unhex() {
    # shellcheck disable=SC2059 # the format is the bytes
    printf "$(sed 's/../\\x&/g')"
}

zcat /boot/tboot.gz >"$work/tboot.elf"
echo '17 mle' >"$work/sinit"
modules=()
for module in "$@"; do modules+=(--module "$module"); done
"$drtm" --sinit "$work/sinit" --tboot "$work/tboot.elf" --tboot-cmdline "$cmdline" --vlp "$dir/vl.pol" "${modules[@]}" >"$work/extends"
same predicted 0 $?
mle=$(awk '/SINIT: tboot/ {print $2}' "$work/extends")
same mle-hash "$mle" "$(tr -d ' \n' <"$dir/mle.hash")"
# LCP_MLE_ELEMENT2: size, type 16, control (u32 each), u8 least SINIT version, u8, u16 algorithm, u16 count, the digest
same mle-element "10000000 0b000100$mle" "$(hex "$dir/mle.elt" 4 4) $(hex "$dir/mle.elt" 14 36)"
# The custom element carries tboot's policy behind its head and uuid.
same custom-element "$(digest <"$dir/vl.pol")" "$(tail -c +29 "$dir/vl.elt" | digest)"
at=12
number=0
for module in "$@"; do # u8 module, PCR, type, u32, u8 one, the digest
    own=$({ printf '%s' "${module%=*}" | digest | unhex; digest <"${module##*=}" | unhex; } | digest)
    same "module-$number" "$(printf '%02x' $number)01$own" "$(hex "$dir/vl.pol" $at 1)$(hex "$dir/vl.pol" $((at + 7)) 33)"
    at=$((at + 40))
    number=$((number + 1))
done
same modules-all "$(stat -c %s "$dir/vl.pol")" "$at"
# LCP_POLICY2 ends with SHA-256 over the lists' SHA-256; the data file holds the list behind a head of 36 bytes.
list=$(digest <"$dir/list.lst")
same policy-hash "$(unhex <<<"$list" | digest)" "$(tail -c 32 "$dir/list.pol" | od -An -v -tx1 | tr -d ' \n')"
same list-in-data "$list" "$(tail -c +37 "$dir/list.data" | digest)"
same list-has-elements "$(($(stat -c %s "$dir/mle.elt") + $(stat -c %s "$dir/vl.elt")))" "$(($(stat -c %s "$dir/list.lst") - 8))"
same extend-of-policy "$({ hex "$dir/vl.pol" 3 4 | unhex; digest <"$dir/vl.pol" | unhex; } | digest)" \
    "$(awk '$1 == 18 {print $2}' "$work/extends")"
# One byte more in a file, and the prediction says that the policy is not of these files.
cp "${1##*=}" "$work/changed" && echo >>"$work/changed"
"$drtm" --sinit "$work/sinit" --tboot "$work/tboot.elf" --vlp "$dir/vl.pol" --module "${1%=*}=$work/changed" "${modules[@]:2}" >/dev/null 2>&1
same changed-module-refused 1 $?
# The reference file takes them: PCR 17 and 18 are what the lines lead to from zero.
fold() { # PCR
    local value each
    value=$(printf '0%.0s' {1..64})
    while read -r each; do
        value=$({ unhex <<<"$value"; unhex <<<"$each"; } | digest)
    done < <(awk -v pcr="$1" '$1 == pcr {print $2}' "$work/extends")
    echo "$value"
}
build=$(dirname "$dir")
"$build/attest/bh-measure" --out "$work/ref.cbor" --boot tboot --grub "$build/boot/BOOTX64.EFI" --cfg "$build/boot/grub.cfg" \
    --file tboot.gz=/boot/tboot.gz --file "bulkhead.elf=$build/bulkhead.elf" --file "policy.bhp=$build/policy.bhp" \
    --file "vmlinux=$build/dom0/vmlinux" --file "initrd.img=$build/dom0/initrd.img" --extends "$work/extends"
"$build/attest/bh-verify" explain --ref "$work/ref.cbor" >"$work/explained"
for pcr in 17 18; do
    same "reference-pcr$pcr" "$(fold $pcr)" "$(grep -A1 -E "boot/tboot +pcr$pcr" "$work/explained" | grep -oE '[0-9a-f]{64}' | head -n 1)"
done
echo "17 $mle x" >"$work/half"
"$build/attest/bh-measure" --out "$work/ref2.cbor" --boot tboot --grub "$build/boot/BOOTX64.EFI" --cfg "$build/boot/grub.cfg" \
    --extends "$work/half" 2>/dev/null
same half-a-launch-refused 1 $?
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
