#!/bin/bash
# SPDX-License-Identifier: MIT
# run-all.sh TARGET...: makes each target and adds up what it says at its end, "N passed, N failed[, N skipped]".
# A target that says nothing of the kind counts as one test: `build` by its status, a suite that broke as failed.
set -uo pipefail

logs=${B:-build}/tests/log
mkdir -p "$logs"
passed=0 failed=0 skipped=0 rows=()
began=$SECONDS
trap 'echo "interrupted"; exit 130' INT TERM

for target in "$@"; do
    echo "=== $target"
    from=$SECONDS
    jobs=()
    [ "$target" != build ] || jobs=(-j2 -O)
    make --no-print-directory "${jobs[@]}" "$target" 2>&1 | tee "$logs/$target.log"
    status=${PIPESTATUS[0]}
    sum=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$logs/$target.log" | tail -n 1)
    if [ -n "$sum" ]; then
        read -r p _ f _ s _ <<<"${sum//,/} 0"
        # A suite whose status and sum do not agree broke.
        [ "$status" -eq 0 ] || [ "$f" -gt 0 ] || f=1
    elif [ "$target" = build ] && [ "$status" -eq 0 ]; then
        p=1 f=0 s=0
    else
        p=0 f=1 s=0
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    rows+=("$(printf '%-14s %5d passed %5d failed %5d skipped  %4d s' "$target" "$p" "$f" "$s" $((SECONDS - from)))")
    # Without a build, the rest would only repeat what it said.
    if [ "$target" = build ] && [ "$f" -gt 0 ]; then
        echo "the build failed; no test was run"
        break
    fi
done

echo
echo "=== summary, $((SECONDS - began)) s (logs in $logs)"
printf '%s\n' "${rows[@]}"
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
