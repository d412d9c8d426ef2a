#!/bin/bash
# SPDX-License-Identifier: MIT
# run-host.sh TEST-PROGRAM...: runs cmocka programs and counts their tests. A program that does not get as far as
# cmocka's own sum (a sanitizer stopped it, say) counts as one failed test, with its whole output.
set -uo pipefail

passed=0 failed=0
for program in "$@"; do
    name=$(basename "$program" _test)
    out=$(timeout 400 "$program" 2>&1)
    status=$?
    p=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' <<<"$out" | awk '{n += $1} END {print n + 0}')
    f=$(grep -cE '^\[  FAILED  \] [^0-9]' <<<"$out")
    f=$((f / 2)) # cmocka names a failed test where it failed and again at the end
    if [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
    elif [ $status -eq 0 ] && [ "$p" -eq 0 ]; then
        f=1 # a program without tests proves nothing
    fi
    if [ "$f" -gt 0 ]; then
        echo "$out"
        echo "FAIL  host $name: $p passed, $f failed"
    else
        echo "ok    host $name: $p"
    fi
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
