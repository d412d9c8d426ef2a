#!/bin/bash
# SPDX-License-Identifier: MIT
# suite.sh [SESSION...]: the system tests. A session is one boot; each check in it is one test. Consoles stay in
# build/system/SESSION/.
set -uo pipefail

build=${B:-build}
here=${0%/*}
chain=${CHAIN:-tboot}
export MACHINE_TPM_LOG=20
# shellcheck source=tests/system/machine.sh
. "$here/machine.sh"
# shellcheck source=tests/system/proof.sh
. "$here/proof.sh"
# shellcheck source=tests/system/line.sh
. "$here/line.sh"
# shellcheck source=tests/system/sessions.sh
. "$here/sessions.sh"
# shellcheck source=tests/system/sessions-quick.sh
. "$here/sessions-quick.sh"
# shellcheck source=tests/system/sessions-fail.sh
. "$here/sessions-fail.sh"
# shellcheck source=tests/system/sessions-boot.sh
. "$here/sessions-boot.sh"
# shellcheck source=tests/system/sessions-use.sh
. "$here/sessions-use.sh"
# shellcheck source=tests/system/sessions-policy.sh
. "$here/sessions-policy.sh"
passed=0 failed=0 session=

pass() {
    passed=$((passed + 1))
    echo "ok    system $session $1"
}

fail() { # NAME [DETAIL]
    failed=$((failed + 1))
    echo "FAIL  system $session $1${2:+: $2}"
}

expect() { # NAME COMMAND...: a test that passes when the command succeeds; what it printed is shown when it does not
    local name=$1 out
    shift
    if out=$("$@" 2>&1); then
        pass "$name"
    else
        fail "$name" "status $? of: $*"
        tail -n 15 <<<"$out" | sed 's/^/      /'
    fi
}

refuse() { # NAME STATUS REGEX COMMAND...: passes when the command ends with that status and says so
    local name=$1 status=$2 regex=$3 out got
    shift 3
    out=$("$@" 2>&1)
    got=$?
    if [ "$got" -eq "$status" ] && grep -qE -e "$regex" <<<"$out"; then
        pass "$name"
    else
        fail "$name" "status $got instead of $status, or nothing like /$regex/: $*"
        tail -n 5 <<<"$out" | sed 's/^/      /'
    fi
}

machine_wait_dom0() { # SECONDS
    machine_await "$1" '^BH-DOM0 ready|\(bh\) (PANIC|the control domain is off)' && machine_log | sed -n "${machine_seen}p" | grep -q '^BH-DOM0 ready' &&
        sleep 1
}

# In this shell, not in expect's: they move machine_seen.
run_in_dom0() { # NAME SECONDS COMMAND: a test that passes when the command succeeds in dom0; its output in $output
    output=$MACHINE_DIR/output
    if machine_command "$2" "$3" >"$output" 2>&1; then
        pass "$1"
    else
        fail "$1" "status $? of: $3"
        tail -n 15 "$output" | sed 's/^/      /'
        return 1
    fi
}

refused_in_dom0() { # NAME REGEX COMMAND: passes when the command fails in dom0 and says why
    local status
    output=$MACHINE_DIR/output
    machine_command 60 "$3 2>&1" >"$output" 2>&1
    status=$?
    if [ $status -gt 0 ] && [ $status -lt 124 ] && grep -qE -e "$2" "$output"; then
        pass "$1"
    else
        fail "$1" "status $status, or nothing like /$2/: $3"
        tail -n 5 "$output" | sed 's/^/      /'
    fi
}

demo_step() { # SECONDS ARGUMENTS: one step of dom0's demonstration; each of its results is a test
    local from=$machine_seen name verdict detail status
    machine_send "/demo $2; echo BH-END${2%% *}'='\$?"
    if ! machine_await "$1" "^BH-END${2%% *}=[0-9]+\$"; then
        fail "demo-${2%% *}" "no end within $1 s"
        return 1
    fi
    status=$(machine_log | sed -n "${machine_seen}s/^BH-END.*=//p")
    local results=0
    while read -r name verdict detail; do
        results=$((results + 1))
        if [ "$verdict" = ok ]; then pass "${name%:}"; else fail "${name%:}" "$detail"; fi
    done < <(machine_log | sed -n "$((from + 1)),${machine_seen}s/^BH-RESULT //p")
    [ $results -gt 0 ] || fail "demo-${2%% *}" "no result, status $status"
}

evidence() { # NAME NONCE: brings a tenant's evidence out of the machine
    machine_send "/demo 4 $1 $2; echo BH-END-$1'='\$?"
    machine_await 180 "^BH-END-$1=[0-9]+\$" && proof_extract "$1"
}

all=(full policy direct changed-kernel changed-policy kernel-6.12 bad-input failures examples tboot-bios tboot-kernel tpm-crb tpm-bad shapes late-launch-claimed use)
[ $# -gt 0 ] || set -- "${all[@]}"
for session in "$@"; do
    if ! declare -F "session_${session//[-.]/_}" >/dev/null; then
        echo "suite: no session $session; there are: ${all[*]}" >&2
        exit 2
    fi
    from=$SECONDS
    MACHINE_DIR=$build/system/$session
    "session_${session//[-.]/_}"
    machine_stop
    echo "      system $session took $((SECONDS - from)) s"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
