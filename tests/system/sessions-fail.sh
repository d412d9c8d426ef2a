# shellcheck shell=bash
# shellcheck disable=SC2154 # variables of suite.sh
# SPDX-License-Identifier: MIT
# What breaks while tenants run, and what is proven then: each failure shows, tenants go on, a restart recovers.

fresh_evidence() { # NAME: acme's evidence over a new nonce is accepted
    local nonce
    nonce=$(proof_nonce)
    if evidence acme "$nonce"; then
        expect "$1" proof_verify acme "$nonce" tenant_t:1
    else
        fail "$1" "no evidence came"
    fi
}

# Killed in the middle of its work, and run again. Nobody else is to notice.
service_dies() {
    run_in_dom0 service-killed 60 "for pause in 0.3 0.2 0.1 0.05 0; do bh-provision --ca-key /etc/bulkhead/ak-ca.pem --ca-cert /etc/bulkhead/ak-ca.crt >/dev/null 2>&1 & sleep \$pause; kill -9 \$!; wait \$!; [ \$? = 137 ] && exit 0; done; exit 1"
    fresh_evidence accept-without-service
    run_in_dom0 service-again 60 "bh-provision --ca-key /etc/bulkhead/ak-ca.pem --ca-cert /etc/bulkhead/ak-ca.crt"
}

# The machine's clock is dom0's to set; evidence does not hang on it.
clock_wrong() {
    local nonce
    run_in_dom0 clock-set 10 "date -s '2001-01-01 00:00:00'"
    run_in_dom0 service-by-wrong-clock 60 "bh-provision --ca-key /etc/bulkhead/ak-ca.pem --ca-cert /etc/bulkhead/ak-ca.crt"
    nonce=$(proof_nonce)
    evidence acme "$nonce"
    expect accept-by-wrong-clock proof_verify acme "$nonce" tenant_t:1
    # The verifier's own clock is what counts.
    refuse reject-before-its-time 1 'REJECTED \(.*AK_EXPIRED' proof_verify acme "$nonce" tenant_t:1 --time 2001-01-01
    refuse reject-after-its-time 1 'REJECTED \(.*AK_EXPIRED' proof_verify acme "$nonce" tenant_t:1 --time 2099-01-01
}

disk_full() {
    run_in_dom0 small-disk 10 "mkdir -p /full && mount -t tmpfs -o size=8k none /full && head -c 8192 /dev/zero >/full/fill"
    refused_in_dom0 audit-file-refused 'bhctl: audit: /full/log: ' "bhctl audit --save /full/log"
    refused_in_dom0 request-refused 'bh-provision: /full/request: ' "bh-provision --request /full/request"
    run_in_dom0 nothing-half-done 10 "[ ! -e /full/request ]"
    run_in_dom0 audit-still-there 10 "rm /full/fill && bhctl audit --save /full/log >/dev/null && test -s /full/log"
}

# By its own kernel's panic. The tenant is the one that it was: it is not created again, and it counts on.
dom0_dies() {
    run_in_dom0 uptime-before 60 "bhctl info acme | grep -i running"
    machine_send "echo c >/proc/sysrq-trigger"
    if ! machine_await 60 '\(bh\) the control domain crashed; tenants run on' || ! machine_wait_dom0 240; then
        fail dom0-again "the control domain did not come back"
        machine_log | tail -n 15 | sed 's/^/      /'
        return
    fi
    pass dom0-again
    run_in_dom0 tenant-lives 20 "bhctl list && bhctl info acme | grep -i running"
    run_in_dom0 tenant-console 20 "mkdir -p /var/log/console; echo 'BH-TENANT ready, long ago' >>/var/log/console/acme.log"
    fresh_evidence accept-after-dom0
    run_in_dom0 another-tenant 120 "bhctl create /tenants/globex.cfg && sleep 2 && bhctl list | grep globex"
}

# For good, in the middle of the run: what the hypervisor holds goes on; nothing new can be quoted.
tpm_dies() {
    kill "$machine_tpm_pid" 2>/dev/null
    wait "$machine_tpm_pid" 2>/dev/null
    machine_tpm_pid=
    refused_in_dom0 provision-refused 'bh-provision' "bh-provision --ca-key /etc/bulkhead/ak-ca.pem --ca-cert /etc/bulkhead/ak-ca.crt"
    fresh_evidence accept-without-tpm
}

session_failures() {
    machine_boot "$build/bulkhead.img" || return
    if ! machine_wait_dom0 240; then
        fail boot "dom0 did not come up"
        return
    fi
    pass boot
    run_in_dom0 tenant 60 "bhctl create /tenants/acme.cfg"
    fresh_evidence accept-before
    service_dies
    clock_wrong
    disk_full
    dom0_dies
    tpm_dies
}

# What a reset of the TPM alone leaves, under the running machine: its registers are those of no boot. The service stores nothing
# new, the hypervisor has noticed, tenants go on, and their evidence is rejected, by the right code and no other.
after_tpm_reset() { # WHAT-THE-SERVICE-SAYS
    local nonce
    refused_in_dom0 tpm-reset-provision "$1" "bh-provision --ca-key /etc/bulkhead/ak-ca.pem --ca-cert /etc/bulkhead/ak-ca.crt"
    expect tpm-reset-noticed grep -aq '^(bh) TPM: PCR 21 or 22 is not what was extended' "$MACHINE_DIR/console.log"
    run_in_dom0 tpm-reset-shown 20 "bhctl info | grep -E '^measured +NO' && bhctl info acme | grep -i running"
    nonce=$(proof_nonce)
    if evidence acme "$nonce"; then
        refuse tpm-reset-rejected 1 'REJECTED \(UNMEASURED\)' proof_verify acme "$nonce" tenant_t:1
    else
        fail tpm-reset-rejected "no evidence came"
    fi
}
