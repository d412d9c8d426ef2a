# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # variables of suite.sh; commands that dom0 expands
# SPDX-License-Identifier: MIT
# Sessions under OVMF with a TPM: the measured chain and what is proven of it.

session_full() {
    local nonce
    machine_boot "$build/bulkhead.img" || return
    if ! machine_wait_dom0 240; then
        fail boot "dom0 did not come up"
        machine_log | tail -n 15 | sed 's/^/      /'
        return
    fi
    pass boot
    expect chain proof_chain "$chain"
    run_in_dom0 dom0-kernel 20 "[ \$(uname -r) = $(cat "$build/kernel/6.1/release") ]"
    run_in_dom0 dom0-hypervisor 20 '[ $(cat /sys/hypervisor/type) = xen ] && dmesg | grep "Xen version: 4.17"'
    run_in_dom0 memory-before 20 "bhctl info | tee /run/before"
    demo_step 300 3
    run_in_dom0 list 20 "bhctl list" && expect list-names grep -q acme "$output"
    run_in_dom0 list-json 20 "bhctl list --json"
    proofs
    demo_step 300 5
    demo_step 120 6
    operator
}

# What a relying party accepts, and what it does not.
proofs() {
    local name nonce_acme nonce_globex other=$MACHINE_DIR/other
    nonce_acme=$(proof_nonce)
    nonce_globex=$(proof_nonce)
    for name in acme globex; do
        local nonce=nonce_$name
        if ! evidence $name "${!nonce}"; then
            fail "evidence-$name" "none came"
            return
        fi
    done
    expect accept-acme proof_verify acme "$nonce_acme" tenant_t:1
    expect accept-globex proof_verify globex "$nonce_globex" tenant_t:2
    refuse reject-nonce 1 'REJECTED \(.*NONCE' proof_verify acme "$nonce_globex" tenant_t:1
    refuse reject-label 1 'REJECTED \(.*LABEL' proof_verify acme "$nonce_acme" tenant_t:2
    cp "$MACHINE_DIR/acme.evidence" "$MACHINE_DIR/globex.copy"
    mv "$MACHINE_DIR/globex.evidence" "$MACHINE_DIR/globex.own"
    mv "$MACHINE_DIR/globex.copy" "$MACHINE_DIR/globex.evidence"
    refuse reject-other-launch 1 'REJECTED \(.*LAUNCH' proof_verify globex "$nonce_acme" tenant_t:1
    mv "$MACHINE_DIR/globex.own" "$MACHINE_DIR/globex.evidence"
    refuse reject-profile 1 'REJECTED \(.*AK_PROFILE' proof_verify acme "$nonce_acme" tenant_t:1 --profile production
    mkdir -p "$other"
    "$build/keys/bh-key" generate "$other/ca.pem" && "$build/keys/bh-key" ca "$other/ca.pem" "CN=Somebody else" "$other/ca.crt"
    PROOF_CA=$other/ca.crt refuse reject-other-ca 1 'REJECTED \(.*AK_CHAIN' proof_verify acme "$nonce_acme" tenant_t:1
    altered_evidence "$nonce_acme"
}

# One character of the evidence's text at a time, spread over the whole file: none may be accepted.
altered_evidence() {
    local original=$MACHINE_DIR/acme.evidence size at accepted=0 tried=0 byte
    cp "$original" "$MACHINE_DIR/acme.original"
    size=$(stat -c %s "$original")
    for ((at = 40; at < size - 40; at += size / 40)); do
        byte=$(dd if="$MACHINE_DIR/acme.original" bs=1 skip=$at count=1 status=none)
        [[ $byte == [A-Za-y0-8] ]] || continue
        cp "$MACHINE_DIR/acme.original" "$original"
        tr 'A-Ya-x0-8' 'B-Zb-y1-9' <<<"$byte" | head -c 1 | dd of="$original" bs=1 seek=$at conv=notrunc status=none
        cmp -s "$original" "$MACHINE_DIR/acme.original" && continue
        tried=$((tried + 1))
        proof_verify acme "$1" tenant_t:1 >/dev/null 2>&1 && accepted=$((accepted + 1))
    done
    cp "$MACHINE_DIR/acme.original" "$original"
    if [ $tried -ge 20 ] && [ $accepted -eq 0 ]; then
        pass reject-altered
    else
        fail reject-altered "$accepted of $tried altered files were accepted"
    fi
}

# The operator's own tool: its errors, and that what was lent comes back.
operator() {
    refused_in_dom0 no-such-domain 'nosuch' "bhctl destroy nosuch"
    refused_in_dom0 duplicate-name 'acme' "bhctl create /tenants/acme.cfg"
    refused_in_dom0 unknown-key 'colour' "sed 's/^memory.*/colour = \"red\"/' /tenants/acme.cfg > /run/bad.cfg; bhctl create /run/bad.cfg"
    refused_in_dom0 too-much-memory 'memory' "sed 's/^memory.*/memory = 900000/; s/\"acme\"/\"big\"/' /tenants/acme.cfg > /run/bad.cfg; bhctl create /run/bad.cfg"
    refused_in_dom0 no-such-label 'nosuch_t' "sed 's/tenant_t/nosuch_t/; s/\"acme\"/\"odd\"/' /tenants/acme.cfg > /run/bad.cfg; bhctl create /run/bad.cfg"
    refused_in_dom0 no-kernel 'kernel' "head -c 100000 /tenants/vmlinuz-6.1 > /run/short; sed 's,/tenants/vmlinuz-6.1,/run/short,; s/\"acme\"/\"odd\"/' /tenants/acme.cfg > /run/bad.cfg; bhctl create /run/bad.cfg"
    run_in_dom0 recount 60 "bhctl recount && bhctl recount | grep '^acme .*: 0 differences'"
    run_in_dom0 pause 20 "bhctl pause acme && bhctl info acme | grep -i paused"
    run_in_dom0 unpause 20 "bhctl unpause acme && ! bhctl info acme | grep -i paused"
    run_in_dom0 destroy 60 "for name in acme globex svc; do bhctl destroy \$name || exit 1; done"
    run_in_dom0 list-empty 20 "! bhctl list | grep -E 'acme|globex|svc'"
    run_in_dom0 memory-back 30 "bhctl info > /run/after; grep -i free /run/before; grep -i free /run/after; [ \"\$(grep -i free /run/before)\" = \"\$(grep -i free /run/after)\" ]"
    run_in_dom0 second-life 120 "bhctl create /tenants/acme.cfg && sleep 5 && bhctl list | grep acme"
    run_in_dom0 recount-after 60 "bhctl recount"
    run_in_dom0 hypervisor-log 20 "bhctl dmesg | grep -i bulkhead"
    machine_send "poweroff -f"
    expect poweroff machine_ended 60
}

# The chain without tboot has reference values of its own, and only those fit.
session_direct() {
    local nonce dir=$build/system/direct-image
    mkdir -p "$dir"
    if ! make --no-print-directory -s DIRECT="$dir" image-direct >"$dir/log" 2>&1; then
        fail image "$(tail -n 3 "$dir/log")"
        return
    fi
    machine_boot "$dir/bulkhead.img" || return
    if ! machine_wait_dom0 240; then
        fail boot "dom0 did not come up"
        return
    fi
    pass boot
    PROOF_REFERENCE=$dir/measurements.cbor expect chain proof_chain direct
    nonce=$(proof_nonce)
    machine_command 60 "bhctl create /tenants/acme.cfg" >/dev/null
    if ! evidence acme "$nonce"; then
        fail evidence "none came"
        return
    fi
    PROOF_REFERENCE=$dir/measurements.cbor expect accept proof_verify acme "$nonce" tenant_t:1
    refuse reject-by-tboot-reference 1 'REJECTED \(.*PCR_REF' proof_verify acme "$nonce" tenant_t:1
}

# The machine boots; what it proves is not what was built. With a changed command line: session use, which opens nothing then.
changed() { # kernel|cmdline
    local nonce
    "$here/change.sh" "$1" "$build/system/changed.img" || return
    machine_boot "$build/system/changed.img" || return
    if ! machine_wait_dom0 240; then
        fail boot "dom0 did not come up"
        return
    fi
    refuse chain-differs 1 'DIFFERENT' proof_chain "$chain"
    nonce=$(proof_nonce)
    machine_command 60 "bhctl create /tenants/acme.cfg" >/dev/null
    if ! evidence acme "$nonce"; then
        fail evidence "none came"
        return
    fi
    refuse rejected 1 'REJECTED \(.*PCR_REF' proof_verify acme "$nonce" tenant_t:1
}

session_changed_kernel() {
    changed kernel
}

# A policy that its key did not sign starts nothing.
session_changed_policy() {
    "$here/change.sh" policy "$build/system/changed.img" || return
    machine_boot "$build/system/changed.img" || return
    if machine_await 180 '\(bh\) policy refused: '; then
        pass refused
    else
        fail refused "the hypervisor says nothing about its policy"
    fi
    sleep 5
    if machine_log | grep -q 'Linux version'; then fail nothing-started; else pass nothing-started; fi
}
