# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # variables of suite.sh; commands that dom0 expands
# SPDX-License-Identifier: MIT
# What tenants do with attestation: a sealed secret over a reset, registers, attested TLS between two of one compartment.

session_use() {
    local sealed
    machine_boot "$build/bulkhead.img" || return
    if ! machine_wait_dom0 400; then
        fail boot "dom0 did not come up"
        return
    fi
    demo_step 400 3
    demo_step 200 7
    sealed=$(machine_log | sed -n 's/^BH-SEALED //p' | tail -n 1)
    run_in_dom0 mate-config 20 "sed 's/acme/mate/' /tenants/acme.cfg > /tenants/mate.cfg"
    demo_step 500 "8 mate acme"
    machine_stop
    machine_boot "$build/bulkhead.img" || return
    if ! machine_wait_dom0 400; then
        fail boot-again "dom0 did not come up"
        return
    fi
    demo_step 300 "7 open $sealed"
}
