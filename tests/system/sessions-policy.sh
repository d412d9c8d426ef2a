# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of suite.sh
# SPDX-License-Identifier: MIT
# The policy of a running host is changed: measured, in every report from then on, and what it forbids is gone.

policy_sent() { # NAME: a policy of tests/guest/policy-load to dom0's /run, by the console, in lines that it takes
    local file=$build/guest/policy-load/$1.bhp line
    for line in $(gzip -9nc "$file" | base64 -w 240); do
        machine_command 30 "echo $line >> /run/$1.b64" >/dev/null
    done
    run_in_dom0 "send-$1" 30 "base64 -d /run/$1.b64 | gzip -d > /run/$1.bhp; sha256sum /run/$1.bhp | grep $(policy_digest "$1")"
}

policy_digest() {
    sha256sum <"$build/guest/policy-load/$1.bhp" | cut -c 1-64
}

# The TPM gets its extend a moment after the log has it.
policy_in_pcr22() { # NAME: predicted beside read
    local i
    echo "predicted: 22 $(policy_digest "$1")"
    for ((i = 0; i < 40; i++)); do
        proof_read | grep "^22 " && proof_read | grep -q "^22 $(policy_digest "$1")" && return
        sleep 0.5
    done
    return 1
}

session_policy() {
    local nonce name
    MACHINE_FAULT="none 0 1" machine_boot "$build/bulkhead.img" || return
    if ! machine_wait_dom0 240; then
        fail boot "dom0 did not come up"
        machine_log | tail -n 15 | sed 's/^/      /'
        return
    fi
    pass boot
    for name in good console free31 free33; do policy_sent $name; done
    run_in_dom0 tenant 90 "bhctl create /tenants/acme.cfg && sleep 3"
    run_in_dom0 show 20 "bhctl policy show" && expect show-version grep -qE '^version +1' "$output"
    refused_in_dom0 wrong-key '/run/wrongkey.bhp: byte [0-9]+: it is not signed by the key' "(head -c -1 /run/good.bhp; printf x) > /run/wrongkey.bhp; bhctl policy load /run/wrongkey.bhp"
    refused_in_dom0 not-newer 'not higher' "bhctl policy read /run/first.bhp && bhctl policy load /run/first.bhp"
    refused_in_dom0 cut 'cut short' "head -c 4000 /run/good.bhp > /run/cut.bhp; bhctl policy load /run/cut.bhp"
    refused_in_dom0 in-use 'acme .domain [0-9]+. granted by reference 0' "bhctl policy load /run/console.bhp"
    run_in_dom0 dry-run 20 "bhctl policy load --dry-run /run/good.bhp && bhctl policy show | grep -E '^version +1'"
    run_in_dom0 load 30 "bhctl policy load /run/good.bhp"
    run_in_dom0 read-back 20 "bhctl policy show --json | grep $(policy_digest good) && bhctl policy read /run/back && cmp /run/back /run/good.bhp"
    expect pcr22 policy_in_pcr22 good
    nonce=$(proof_nonce)
    if evidence acme "$nonce"; then
        expect accept-new-policy proof_verify acme "$nonce" tenant_t:1 --policy "$build/guest/policy-load/good.bhp"
        refuse reject-unexpected-policy 1 'REJECTED \(.*POLICY' proof_verify acme "$nonce" tenant_t:1
    else
        fail evidence "none came"
    fi
    run_in_dom0 revoke 60 "bhctl policy load --revoke /run/console.bhp && bhctl list && bhctl audit > /dev/null"
    refused_in_dom0 console-gone 'acme|console' "bhctl console --timeout 3 --until nothing acme < /dev/null"
    run_in_dom0 destroy 60 "bhctl destroy acme && bhctl policy show | grep -E '^version +20'"
    # A TPM that was reset and that nobody started up again: no domain asks it for anything, the next policy does.
    expect tpm-reset machine_tpm_reset USR2
    refused_in_dom0 load-not-measured 'TPM' "bhctl policy load --revoke /run/free31.bhp"
    run_in_dom0 says-unmeasured 20 "bhctl info | grep -E '^measured +NO'"
    refused_in_dom0 load-unmeasurable 'cannot be measured' "bhctl policy load --revoke /run/free33.bhp"
    run_in_dom0 kept 20 "bhctl policy show | grep -E '^version +31'"
}
