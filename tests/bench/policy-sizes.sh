#!/bin/sh
# SPDX-License-Identifier: MIT
# Policies of 8, 64 and 512 types, as a site would have them: guests in pairs that work together, beside the control
# domain and the hypervisor.  policy-sizes.sh BUILD KEY
set -eu
build=$1 key=$2 out=$1/bench/policies
mkdir -p "$out"
echo "assign dom0_t *" >"$out/rules"
for types in 8 64 512; do
    {
        echo '(type dom0_t)(call control (dom0_t))'
        echo '(sidcontext dom0 (system_u system_r dom0_t ((s0 (c0)) (s0 (c0)))))'
        i=0
        while [ $i -lt $((types - 2)) ]; do
            echo "(type guest$i""_t)(call guest (guest$i""_t))"
            [ $((i % 2)) -eq 0 ] || echo "(call join (guest$((i - 1))_t guest$i""_t))"
            i=$((i + 1))
        done
    } >"$out/$types.cil"
    secilc -t xen -c 30 -f /dev/null -o "$out/$types.bin" "$build/policy/declarations.cil" policy/base.cil "$out/$types.cil"
    "$build/policy/bh-policyc" --key "$key" --name "sizes-$types" --version 1 --rules "$out/rules" \
        -o "$out/$types.bhp" "$out/$types.bin"
done
