#!/bin/bash
# SPDX-License-Identifier: MIT
# lint.sh: what can be said about the sources without running them. One line a check; status 1 if any fails.
# HV_CFLAGS are the hypervisor's compiler flags, for its headers.
set -uo pipefail

build=${B:-build}
max_file=600      # lines
max_function=100  # lines between its braces
max_hv=16000      # code lines of C and assembly in hv/, mbedTLS not counted
mapfile -t c_files < <(find hv policy attest dom0 guest-port keys tests -name '*.c' -o -name '*.h' | sort)
mapfile -t sources < <(find Makefile .ci hv policy attest dom0 guest-port keys tests -type f \
    \( -name '*.[chS]' -o -name '*.sh' -o -name '*.mk' -o -name '*.cil' -o -name '*.lds' -o -name '*.awk' \) | sort)
mapfile -t scripts < <(grep -rlE --include='*' '^#!/bin/(ba)?sh|^# shellcheck shell=' .ci dom0 guest-port attest policy keys tests | sort)
passed=0 failed=0

check() { # NAME COMMAND...: passes when the command succeeds and prints nothing
    local name=$1 out
    shift
    if out=$("$@" 2>&1) && [ -z "$out" ]; then
        passed=$((passed + 1))
        echo "ok    lint $name"
    else
        failed=$((failed + 1))
        echo "FAIL  lint $name"
        echo "$out" | head -n 40 | sed 's/^/      /'
    fi
}

spdx() {
    grep -L 'SPDX-License-Identifier: MIT' "${sources[@]}" | sed 's/$/: no SPDX line/'
    return 0
}

format() {
    clang-format --dry-run -Werror "${c_files[@]}" 2>&1 | grep 'error:'
    return 0
}

file_sizes() {
    wc -l "${sources[@]}" | awk -v max=$max_file '$2 != "total" && $1 > max {print $2 ": " $1 " lines, at most " max}'
}

# With the tree's format a function's body begins and ends with a brace in the first column.
function_sizes() {
    awk -v max=$max_function '/^{/ {start = FNR} /^}/ && start {
        if (FNR - start - 1 > max) print FILENAME ":" start ": a function of " FNR - start - 1 " lines, at most " max
        start = 0 }' "${c_files[@]}"
}

# As other hypervisors are counted: code lines, without comments and blanks.
hv_size() {
    local lines
    lines=$(find hv -name '*.[cS]' -exec gcc -fpreprocessed -dD -E -P -x c {} \; 2>/dev/null | grep -c .)
    [ "$lines" -le $max_hv ] || echo "hv/ has $lines code lines, at most $max_hv"
}

words() {
    grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "${sources[@]}" | grep -v '^tests/lint/lint.sh:'
    grep -nE '\b(gets|vsprintf|alloca|strtok)\(' "${c_files[@]}"
    return 0
}

unique_stems() {
    printf '%s\n' "${c_files[@]}" | grep -vE '^tests/guest/|^tests/fuzz/|^tests/host/fake/|/main\.c$' | sed -E 's,.*/,,' | sort | uniq -d |
        sed 's/$/: two files of that name/'
}

headers() {
    local dirs header flags
    dirs=$(find attest policy dom0 guest-port -name '*.h' -printf '-I%h\n' | sort -u | tr '\n' ' ')
    find hv attest policy dom0 -name '*.h' | sort | while read -r header; do
        case $header in
        hv/include/public/*) flags="-std=gnu11" ;;
        hv/*) flags=$HV_CFLAGS ;;
        *) flags="-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Ihv -Ihv/include/public -Iguest-port/include $dirs" ;;
        esac
        # shellcheck disable=SC2086 # flags are words
        echo "#include \"$header\"" | gcc $flags -I. -fsyntax-only -x c - 2>&1 | grep -m 2 -E 'error' | sed "s,^,$header: ,"
    done
    return 0
}

cpp_check() {
    local dirs
    dirs=$(find hv attest policy dom0 guest-port -name '*.h' -printf '-I%h\n' | sort -u | tr '\n' ' ')
    # shellcheck disable=SC2086 # flags are words
    cppcheck --quiet -j 2 --enable=warning,portability --inline-suppr --platform=unix64 --std=c11 --error-exitcode=1 \
        --suppress=missingInclude --suppress=missingIncludeSystem --suppressions-list=tests/lint/cppcheck.txt \
        --cppcheck-build-dir="$build/lint" -Ihv -Ihv/include/public $dirs hv policy attest dom0 guest-port tests/bench
}

shell() {
    [ ${#scripts[@]} -eq 0 ] || shellcheck -x "${scripts[@]}"
}

mkdir -p "$build/lint"
check spdx spdx
check clang-format format
check file-sizes file_sizes
check function-sizes function_sizes
check hv-size hv_size
check words words
check unique-stems unique_stems
check headers headers
check cppcheck cpp_check
check shellcheck shell
check private-keys tests/lint/private-keys.sh
check private-keys-test tests/lint/private-keys.sh --test
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
