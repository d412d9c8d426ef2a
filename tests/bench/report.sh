#!/bin/bash
# SPDX-License-Identifier: MIT
# report.sh: what a report costs (instructions, under -icount), beside TPM2_Quote by swtpm (time, natively).
set -euo pipefail

build=${B:-build}
tests/guest/measured.sh attest-cost >/dev/null || {
    echo "bench: reports: see $build/guest/log/attest-cost.dom0-measured.log" >&2
    exit 1
}
report=$(tr -d '\r' <"$build/guest/log/attest-cost.dom0-measured.log" | sed -n 's/^BENCH report \([0-9]*\)$/\1/p')
quote=$(TSS2_LOG=all+none "$build/bench/quote-bench")
echo "report           $report instructions: $((1000000000 / report)) a second on a CPU of 1 instruction a ns"
echo "TPM2_Quote       $quote ns by swtpm on this machine (median): $((1000000000 / quote)) a second"
