#!/bin/bash
# SPDX-License-Identifier: MIT
# `make run`: the whole of Bulkhead at work, in nine steps, in front of a person. Every verdict is computed here or
# in the machine; status 0 when each step did what the product promises.
set -uo pipefail

build=${B:-build}
chain=${CHAIN:-tboot}     # the boot chain's name in the reference values
change=${CHANGE:-kernel}  # what step 8 changes: kernel, policy or cmdline
MACHINE_DIR=$build/system/demo
export MACHINE_TPM_LOG=20
# shellcheck source=tests/system/machine.sh
. "${0%/*}/machine.sh"
# shellcheck source=tests/system/proof.sh
. "${0%/*}/proof.sh"
# shellcheck source=tests/system/line.sh
. "${0%/*}/line.sh"
began=$SECONDS
rows=() failures=0

step() { # NUMBER TITLE
    printf '\n=== %s. %s   [%d s]\n' "$1" "$2" $((SECONDS - began))
    number=$1
}

result() { # TEXT ok|FAIL [DETAIL]
    [ "$2" = ok ] || failures=$((failures + 1))
    rows+=("$(printf '%s  %-44s %-5s %s' "$number" "$1" "$2" "${3-}")")
    [ "$2" = ok ] || echo "--- $1: FAIL ${3-}"
}

summary() {
    step 9 "summary"
    printf '%s\n' "${rows[@]}"
    echo
    if [ $failures -eq 0 ]; then
        echo "Bulkhead did all that it promises here, in $((SECONDS - began)) s."
    else
        echo "$failures of ${#rows[@]} FAILED; consoles: $build/system/demo/console.log and $build/system/changed/console.log"
    fi
    machine_stop
    exit $((failures > 0))
}

await_dom0() { # also ends when the hypervisor gave up
    machine_await "$1" '^BH-DOM0 ready|\(bh\) (PANIC|the control domain is off)' && machine_log | sed -n "${machine_seen}p" | grep -q 'BH-DOM0 ready' &&
        sleep 1
}

# Runs a step of dom0's demonstration, shows what it shows, and takes over its results.
demo() { # SECONDS ARGUMENTS
    local seconds=$1 from=$machine_seen end="^BH-END$number=[0-9]+\$"
    shift
    machine_send "/demo $*; echo BH-END$number'='\$?"
    machine_follow "$seconds" "$end" | grep -avE '^dom0# |BH-END|^BH-STEP|^$' || true
    # The pipe's subshell followed the console; come up to where it was.
    machine_await 1 "$end" || result "dom0's part of this step" FAIL "no end within $seconds s"
    while read -r name verdict detail; do
        result "${name%:}" "$verdict" "$detail"
    done < <(machine_log | sed -n "$((from + 1)),${machine_seen}p" | sed -n 's/^BH-RESULT //p')
}

evidence() { # NAME: dom0 brings a tenant's evidence over a nonce of ours
    nonce=$(proof_nonce)
    machine_send "/demo 4 $1 $nonce; echo BH-END-$1'='\$?"
    machine_await 180 "^BH-END-$1=[0-9]+\$" && proof_extract "$1"
}

echo "Bulkhead: a measured launch, a stock Debian dom0, two tenants, and what each can prove"

step 1 "boot, and what is measured into which PCR"
MACHINE_LINE=1 machine_boot "$build/bulkhead.img" || exit 1
echo "OVMF > GRUB > ${chain} > Bulkhead > dom0, with a TPM 2.0; the console is in $MACHINE_DIR/console.log"
machine_await 180 'Welcome to GRUB' && echo "GRUB runs   [$((SECONDS - began)) s]"
machine_await 120 'Bulkhead' && echo "Bulkhead runs   [$((SECONDS - began)) s]"
if await_dom0 180; then up=ok; else up=FAIL; fi
if proof_chain "$chain"; then
    result "PCR 4, 8, 9, 21 as predicted from the build" ok
else
    result "PCR 4, 8, 9, 21 as predicted from the build" FAIL
fi
if [ $up = FAIL ]; then
    machine_log | tail -n 25
    result "dom0 up" FAIL
    summary
fi

step 2 "dom0 is up"
demo 60 2
step 3 "two tenants"
demo 240 3

step 4 "each tenant's evidence, judged outside"
for tenant in acme:1 globex:2; do
    name=${tenant%:*}
    if evidence "$name"; then
        echo "--- $name: $(wc -c <"$MACHINE_DIR/$name.evidence") bytes of evidence over nonce ${nonce:0:16}..."
        if proof_verify "$name" "$nonce" "tenant_t:${tenant#*:}" | tee "$MACHINE_DIR/$name.verdict"; then
            result "evidence of $name" ok "$(tail -n 1 "$MACHINE_DIR/$name.verdict")"
        else
            result "evidence of $name" FAIL "$(tail -n 1 "$MACHINE_DIR/$name.verdict")"
        fi
    else
        result "evidence of $name" FAIL "none came; see the console"
    fi
done

echo "--- a client outside opens TLS to acme by a line that dom0 carries, and judges acme's evidence in the channel"
line_client outside acme --launch acme
cat "$MACHINE_DIR/outside.outside"
if [ "$line_here $line_there" = "0 0" ] && grep -q 'BH-TLS peer says: hello' "$MACHINE_DIR/outside.outside"; then
    result "attested TLS from outside to acme" ok "open, and judged by the reference values"
else
    result "attested TLS from outside to acme" FAIL "$line_here, $line_there"
fi
echo "--- the same, by one who wants globex"
line_client outside-other acme --launch globex
cat "$MACHINE_DIR/outside-other.outside"
if [ "$line_here" = 1 ] && grep -q 'REJECTED: LAUNCH' "$MACHINE_DIR/outside-other.outside"; then
    result "another launch is refused" ok "$(grep -o 'REJECTED: [A-Z_ ]*' "$MACHINE_DIR/outside-other.outside")"
else
    result "another launch is refused" FAIL "$line_here, $line_there"
fi

step 5 "tenants of two compartments share nothing; a permitted pair does"
demo 240 5
echo "--- the two that may share a page speak TLS, each after proof of what the other is"
demo 240 8
step 6 "root in dom0 tries to read a tenant's memory"
demo 120 6
step 7 "a disk's secret: sealed by acme, opened by acme alone, and after a reboot"
demo 120 7
sealed=$(machine_log | sed -n 's/^BH-SEALED //p' | tail -n 1)
machine_stop
echo "--- the same machine starts again"
MACHINE_DIR=$build/system/again
machine_boot "$build/bulkhead.img" || exit 1
if await_dom0 180; then
    demo 180 7 open "$sealed"
else
    result "boot after the reset" FAIL "dom0 did not come up"
fi
machine_stop

step 8 "the same machine with one byte changed ($change)"
MACHINE_DIR=$build/system/changed
"${0%/*}/change.sh" "$change" "$build/system/changed.img"
machine_boot "$build/system/changed.img" || exit 1
if ! await_dom0 300; then
    machine_log | tail -n 5
    if [ "$change" = policy ] && machine_log | grep -q '(bh) policy refused: '; then
        result "changed policy" ok "the hypervisor refuses to start domains"
    else
        result "boot with a changed $change" FAIL "dom0 did not come up"
    fi
    summary
fi
machine_send "bhctl create /tenants/acme.cfg"
if evidence acme; then
    proof_verify acme "$nonce" tenant_t:1 | tee "$MACHINE_DIR/acme.verdict"
    case ${PIPESTATUS[0]}:$(tail -n 1 "$MACHINE_DIR/acme.verdict") in
    1:*REJECTED*PCR_REF*) result "changed $change" ok "$(tail -n 1 "$MACHINE_DIR/acme.verdict")" ;;
    *) result "changed $change" FAIL "$(tail -n 1 "$MACHINE_DIR/acme.verdict")" ;;
    esac
    demo 60 7 open "$sealed" refused
else
    result "changed $change" FAIL "no evidence came; see the console"
fi
summary
