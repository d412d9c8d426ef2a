# shellcheck shell=bash
# shellcheck disable=SC2034 # line_here, line_there: for callers
# SPDX-License-Identifier: MIT
# The machine's second serial line: a program here talks to one in a tenant, by its standard input and output; dom0 carries the
# bytes between the line and the tenant's console. To be sourced after machine.sh and proof.sh; wants MACHINE_LINE=1.
: "${LINE_CLIENT:=build/guest-port/linux/bh-tls-client}"
line_here='' line_there='' # statuses of the last two programs

# When the tenant's program has started.
line_attach() { # MARK COMMAND...
    local text=
    exec 7<>"$MACHINE_DIR/line.out" 8<>"$MACHINE_DIR/line.in"
    while read -r -t 60 text <&7 && [ "${text%$'\r'}" != "BHLINE $1" ]; do :; done
    [ "${text%$'\r'}" = "BHLINE $1" ] && timeout 60 "${@:2}" <&7 >&8
}

line_run() { # NAME TENANT TENANT'S-COMMAND COMMAND...: what ours said is in $MACHINE_DIR/NAME.outside
    local pid
    line_attach "$1" "${@:4}" 2>"$MACHINE_DIR/$1.outside" &
    pid=$!
    machine_command 90 "/demo line $2 60 $1 '$3'" >"$MACHINE_DIR/$1.dom0" 2>&1
    line_there=$?
    wait $pid
    line_here=$?
}

# A relying party elsewhere opens attested TLS to a tenant. It has reference values and a CA; dom0's word counts for nothing.
line_client() { # NAME TENANT OPTION...
    line_run "$1" "$2" "bh-tls-server --stdio --any-peer --send hello 2> /tmp/tls.said" "$LINE_CLIENT" --stdio --no-evidence \
        --send "from outside" --verify -- --ref "$PROOF_REFERENCE" --ca "$PROOF_CA" --label tenant_t:1 --profile development --allow-debug "${@:3}"
}
