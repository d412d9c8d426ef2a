# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # variables of suite.sh; commands that dom0 expands
# SPDX-License-Identifier: MIT
# What tenants do with attestation, each program in a stock kernel: sealed secrets and counters over a reset, run-time registers,
# a neighbour's report, attested TLS between two of one compartment and with a client outside; and the TPM's own reset.

tenant() { # NAME TENANT COMMAND: passes when the command, which has no single quotes, succeeds there; its output in $output
    run_in_dom0 "$1" 60 "/demo in $2 40 '$3'"
}

tenant_refused() { # NAME TENANT REGEX COMMAND: passes when it fails there and says why
    refused_in_dom0 "$1" "$3" "/demo in $2 40 '$4'"
}

shows() { # NAME COUNT REGEX: so many lines of the last output are like that
    expect "$1" [ "$(tr -d '\r' <"$output" | grep -cE -e "$3")" -eq "$2" ]
}

# In this shell: it moves machine_seen.
launch_of() { # TENANT: its launch digest to $launch
    machine_command 20 "bhctl info $1" >"$MACHINE_DIR/info"
    launch=$(tr -d '\r' <"$MACHINE_DIR/info" | awk '$1 == "launch" { print $3 }')
}

# Hexadecimal or base64 text to a file in a tenant, in lines that its terminal takes.
text_to() { # TENANT FILE TEXT
    local at
    machine_command 30 "/demo in $1 20 'rm -f $2'" >/dev/null
    for ((at = 0; at < ${#3}; at += 600)); do
        machine_command 30 "/demo in $1 20 'printf %s ${3:at:600} >> $2'" >/dev/null
    done
}

# --- Run-time registers --------------------------------------------------------------------------

registers_agree() { # the log's replay, in $MACHINE_DIR/replayed, and the report
    diff <("$build/attest/bh-verify" show "$MACHINE_DIR/acme.evidence" | sed -n 's/^runtime\([0-3]\)  */\1 /p') "$MACHINE_DIR/replayed" &&
        [ "$(grep -cvE ' 0{64}$' "$MACHINE_DIR/replayed")" -eq 3 ]
}

registers() {
    local nonce
    tenant extend-text acme "bh-extend 0 text abc"
    shows extend-text-value 1 '^0 589f9ffed4c477966bfb8d41f37895b08c69047df8f911d6f3b57fbe08faee8d$'
    tenant extend-file acme "printf abc > /tmp/f && bh-extend 1 file /tmp/f"
    shows extend-file-value 1 '^1 589f9ffed4c477966bfb8d41f37895b08c69047df8f911d6f3b57fbe08faee8d$'
    # What is executed from now on: busybox at once, then bh-extend itself.
    tenant ima-policy acme "mount -t securityfs s /sys/kernel/security && echo measure func=BPRM_CHECK > /sys/kernel/security/ima/policy && /bin/busybox uname"
    tenant extend-ima acme "bh-extend 2 ima"
    shows extend-ima-lines 3 '^2 [0-9a-f]{64}$'
    tenant extend-ima-again acme "bh-extend 2 ima"
    shows extend-ima-nothing-new 0 '^2 '
    tenant extend-ima-new acme "cp /usr/bin/bh-check /tmp/other; /tmp/other; bh-extend 2 ima"
    shows extend-ima-one-more 1 '^2 [0-9a-f]{64}$'
    tenant extend-names acme "grep \" ima .*/tmp/other\" /var/log/bh-extend.log"
    tenant extend-replay acme "bh-extend replay /var/log/bh-extend.log"
    tr -d '\r' <"$output" | grep -E '^[0-3] [0-9a-f]{64}$' >"$MACHINE_DIR/replayed"
    nonce=$(proof_nonce)
    evidence acme "$nonce"
    expect registers-accepted proof_verify acme "$nonce" tenant_t:1
    expect registers-agree registers_agree
}

# --- A neighbour's report ------------------------------------------------------------------------

neighbours() {
    local nonce other report
    nonce=$(proof_nonce) other=$(proof_nonce)
    tenant report-of-mate mate "bh-check show $nonce"
    report=$(tr -d '\r' <"$output" | grep -E '^[0-9a-f]+$' | tr -d '\n')
    text_to acme /tmp/report "$report"
    tenant neighbour-checked acme "bh-check /tmp/report $nonce $mate"
    shows neighbour-named 1 "^launch $mate\$"
    tenant_refused neighbour-other-nonce acme 'over another nonce' "bh-check /tmp/report $other"
    tenant_refused neighbour-other-launch acme 'another launch' "bh-check /tmp/report $nonce $acme"
    case $report in
    *0) report=${report%?}1 ;;
    *) report=${report%?}0 ;;
    esac
    text_to acme /tmp/report "$report"
    tenant_refused neighbour-altered acme 'not signed by this hypervisor in this boot' "bh-check /tmp/report $nonce $mate"
}

# --- A counter against old copies ----------------------------------------------------------------

counted() {
    tenant counted-seal acme "cd /tmp && echo first > s1 && echo second > s2 && bh-seal seal --count s1 o && cp o old && sleep 2 && bh-seal seal --count s2 o"
    counted_opens now
    tenant counted-carry acme "base64 -w 0 /tmp/o; echo; base64 -w 0 /tmp/old; echo"
    mapfile -t counted_files < <(tr -d '\r' <"$output" | grep -E '^[A-Za-z0-9+/=]{100,}$')
}

counted_opens() { # NAME
    tenant "counted-$1-opens" acme "bh-seal open /tmp/o -"
    shows "counted-$1-newest" 1 '^second$'
    tenant_refused "counted-$1-old" acme 'an old copy: a newer file was sealed since' "bh-seal open /tmp/old -"
}

counted_after_reset() {
    text_to acme /tmp/o64 "${counted_files[0]}"
    text_to acme /tmp/old64 "${counted_files[1]}"
    tenant counted-back acme "base64 -d /tmp/o64 > /tmp/o && base64 -d /tmp/old64 > /tmp/old"
    counted_opens again
}

# --- Attested TLS --------------------------------------------------------------------------------

tls_outside() {
    line_client outside acme --launch acme
    expect tls-outside-open [ "$line_here $line_there" = "0 0" ]
    expect tls-outside-hears grep -q 'BH-TLS peer says: hello' "$MACHINE_DIR/outside.outside"
    tenant tls-outside-heard acme "grep \"peer says: from outside\" /tmp/tls.said"
    line_client outside-other acme --launch globex
    expect tls-outside-refuses [ "$line_here $line_there" = "1 1" ]
    expect tls-outside-says-why grep -q 'REJECTED: LAUNCH' "$MACHINE_DIR/outside-other.outside"
}

tls_in_a_tenant() {
    local ready='until grep -q "BH-TLS listens" /tmp/s; do sleep 1; done'
    tenant tls-tcp acme "ip link set lo up; (bh-tls-server --listen 4433 --neighbour $acme --allow-debug --send srv > /tmp/s 2>&1 &); $ready; bh-tls-client --connect 127.0.0.1:4433 --neighbour $acme --allow-debug --send cli && sleep 1 && cat /tmp/s"
    shows tls-tcp-both 2 '^BH-TLS peer says: (srv|cli)$'
    tenant_refused tls-tcp-other acme 'BH-TLS refused: .*another launch' "(bh-tls-server --listen 4434 --any-peer > /tmp/s 2>&1 &); $ready; bh-tls-client --connect 127.0.0.1:4434 --neighbour $mate --allow-debug"
    # The client opens its end for writing first, or both would wait.
    tenant tls-pipe acme "cd /tmp; mkfifo c2s s2c; (bh-tls-server --stdio --neighbour any --allow-debug --send srv < c2s > s2c 2> s &); bh-tls-client --stdio --neighbour any --allow-debug --send cli > c2s < s2c && sleep 1 && cat s"
    shows tls-pipe-both 2 '^BH-TLS peer says: (srv|cli)$'
    line_run files acme "dd bs=1 count=$(stat -c %s "$PROOF_REFERENCE") of=/tmp/ref 2> /dev/null; dd bs=1 count=$(stat -c %s "$PROOF_CA") of=/tmp/ca 2> /dev/null; cat /dev/null" cat "$PROOF_REFERENCE" "$PROOF_CA"
    tenant tls-files acme "sha256sum /tmp/ref /tmp/ca"
    shows tls-files-whole 2 "^($(sha256sum <"$PROOF_REFERENCE" | cut -d' ' -f1)|$(sha256sum <"$PROOF_CA" | cut -d' ' -f1)) "
    tls_verify
}

# The tenant judges by reference values itself.
tls_verify() {
    local server="(bh-tls-server --any-peer --listen 4435 > /tmp/s 2>&1 &); $ready" client="bh-tls-client --connect 127.0.0.1:4435 --verify --"
    client+=" --ref /tmp/ref --ca /tmp/ca --label tenant_t:1 --profile development --allow-debug"
    tenant tls-verify acme "$server; $client --launch acme"
    tenant_refused tls-verify-other acme 'REJECTED: LAUNCH' "$server; $client --launch globex"
}

# --- The session ---------------------------------------------------------------------------------

use_boot() { # NAME
    machine_boot "$build/bulkhead.img" || return
    if ! machine_wait_dom0 400; then
        fail "$1" "dom0 did not come up"
        return 1
    fi
    pass "$1"
}

session_use() {
    local sealed kept=$build/system/use.tpm counted_files=() launch acme mate
    MACHINE_LINE=1 MACHINE_FAULT="none 0 1" use_boot boot || return
    demo_step 400 3
    demo_step 200 7
    sealed=$(machine_log | sed -n 's/^BH-SEALED //p' | tail -n 1)
    run_in_dom0 mate-config 20 "sed 's/acme/mate/' /tenants/acme.cfg > /tenants/mate.cfg"
    demo_step 500 "8 mate acme"
    launch_of acme && acme=$launch
    launch_of mate && mate=$launch
    registers
    neighbours
    counted
    tls_in_a_tenant
    tls_outside
    expect tpm-reset machine_tpm_reset USR1
    after_tpm_reset 'PCR 21 and 22 never agreed with the log'
    machine_stop
    rm -rf "$kept"
    cp -r "$MACHINE_DIR/tpm" "$kept"
    MACHINE_DIR=$build/system/use-again
    MACHINE_TPM=$kept use_boot boot-again || return
    demo_step 300 "7 open $sealed"
    counted_after_reset
    fresh_evidence accept-again
    machine_stop
    MACHINE_DIR=$build/system/use-changed
    MACHINE_TPM=$kept changed cmdline
    demo_step 300 "7 open $sealed refused"
}
