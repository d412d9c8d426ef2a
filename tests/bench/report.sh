#!/bin/bash
# SPDX-License-Identifier: MIT
# report.sh: what a report costs, in instructions (under -icount), and what a report and a TPM2_Quote by swtpm take in the
# time of one virtual machine, where both were counted for two seconds; beside it the quote natively, without a machine.
set -euo pipefail

build=${B:-build}
log=$build/guest/log/attest-cost.dom0-measured
tests/guest/measured.sh attest-cost >/dev/null || {
    echo "bench: reports: see $log.log and $log-wall.log" >&2
    exit 1
}
value() { # LOG NAME
    tr -d '\r' <"$1" | sed -n "s/^BENCH $2 \([0-9]*\)$/\1/p"
}
line() { # NAME NS PER-SECOND WHERE
    printf '%-16s %8s us %8s a second   %s\n' "$1" $(($2 / 1000)) "$3" "$4"
}

quote=$(TSS2_LOG=all+none "$build/bench/quote-bench")
printf '%-16s %8s instructions\n' report "$(value "$log.log" report)"
line report "$(value "$log-wall.log" report-ns)" "$(value "$log-wall.log" report-a-second)" "counted in the machine"
line TPM2_Quote "$(value "$log-wall.log" quote-ns)" "$(value "$log-wall.log" quote-a-second)" "counted in the machine, by BH_TPM_COMMAND"
line TPM2_Quote "$quote" $((1000000000 / quote)) "natively (median, and its inverse)"
