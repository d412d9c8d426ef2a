#!/bin/bash
# SPDX-License-Identifier: MIT
# The policies' tests: assertions of all of them, bh-policy's answers beside those of setools on the same binary policy,
# its reports, its statuses and its words on bad input. One line a test.
set -uo pipefail

build=${B:-build}
tool=$build/policy/bh-policy
work=$build/tests/policy
passed=0 failed=0
rm -rf "$work"
mkdir -p "$work"

test_of() { # NAME COMMAND...: passes when the command succeeds
    local name=$1 out got
    shift
    out=$("$@" 2>&1)
    got=$?
    if [ $got -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok    policy $name"
    else
        failed=$((failed + 1))
        echo "FAIL  policy $name: status $got of: $*"
        tail -n 12 <<<"$out" | sed 's/^/      /'
    fi
}

says() { # STATUS REGEX COMMAND...: it ends with that status and says so
    local status=$1 regex=$2 out got
    shift 2
    out=$("$@" 2>&1)
    got=$?
    if [ "$got" -ne "$status" ] || ! grep -qE -e "$regex" <<<"$out"; then
        echo "status $got instead of $status, or nothing like /$regex/"
        head -n 5 <<<"$out"
        return 1
    fi
}

shipped="policy/base.cil policy/bulkhead.cil policy/bulkhead.rules policy/bulkhead.spec"

# ---- bh-policy and sesearch on one binary policy ---------------------------------------------------
# Every allow rule of the policy with its attributes expanded, as "source target class permission": sesearch's, and ours
# (a permission that a rule gives, whether or not a constraint takes it away again).
from_sesearch() { # BIN
    sesearch --allow "$1" | python3 -c '
import re, sys, subprocess
policy, attributes = sys.argv[1], {}
name = None
for line in subprocess.run(["seinfo", policy, "--flat", "-x", "-a"], capture_output=True, text=True, check=True).stdout.splitlines():
    m = re.match(r"\s*attribute\s+([^;,\s]+)", line)
    if m:
        name = m.group(1)
        attributes[name] = []
    elif line.strip() and name:
        attributes[name].append(line.strip())
rules = set()
for line in sys.stdin:
    m = re.match(r"allow (\S+) (\S+):(\S+) (?:\{ ([^}]*)\}|(\S+?));", line)
    if not m:
        continue
    for s in attributes.get(m.group(1), [m.group(1)]):
        for t in attributes.get(m.group(2), [m.group(2)]):
            for p in (m.group(4) or m.group(5)).split():
                rules.add((s, s if t == "self" else t, m.group(3), p))
print("\n".join(" ".join(r) for r in sorted(rules)))
' "$1"
}

from_us() { # BIN TYPE...
    local bin=$1 a b
    shift
    for a in "$@"; do
        for b in "$@"; do
            "$tool" explain "$a" "$b" --all --json "$bin" || return 1
        done
    done | python3 -c '
import json, sys
decoder, text, rules, at = json.JSONDecoder(), sys.stdin.read(), set(), 0
while at < len(text):
    pair, at = decoder.raw_decode(text, at)
    at += len(text[at:]) - len(text[at:].lstrip())
    rules |= {(pair["subject"], pair["object"], p["class"], p["permission"]) for p in pair["permissions"] if p["rule"]}
print("\n".join(" ".join(r) for r in sorted(rules)))
'
}

beside_setools() { # NAME BIN
    local types
    mapfile -t types < <("$tool" explain --types "$2")
    from_sesearch "$2" >"$work/$1.sesearch" && from_us "$2" "${types[@]}" >"$work/$1.ours" || return 1
    [ "$(wc -l <"$work/$1.ours")" -gt 100 ] || { echo "too few rules to compare"; return 1; }
    diff "$work/$1.sesearch" "$work/$1.ours"
}

# The types that both programs list.
types_agree() { # BIN
    diff <(seinfo "$1" --flat -t | sed 's/^ *//' | grep -v '^$\|^unlabeled_t$' | sort) <("$tool" explain --types "$1" | sort)
}

# sediff finds the permission that differs, and so does diff, as gained one way and as lost the other.
diff_beside_sediff() {
    cp policy/bulkhead.cil "$work/more.cil"
    echo '(allow service_t isolated_t (grant (copy_to)))' >>"$work/more.cil"
    secilc -t xen -c 30 -f /dev/null -o "$work/more.bin" "$build/policy/declarations.cil" policy/base.cil "$work/more.cil" || return 1
    sediff --allow "$build/policy/bulkhead.bin" "$work/more.bin" >"$work/sediff" || return 1
    grep -q '+ allow service_t isolated_t:grant copy_to' "$work/sediff" || return 1
    says 1 '^\+ service_t isolated_t \(any compartment\) grant: copy_to$' "$tool" diff "$build/policy/bulkhead.bin" "$work/more.bin" &&
        says 1 '^- service_t -> isolated_t \(other compartment\): memory$' "$tool" diff "$work/more.bin" "$build/policy/bulkhead.bin" &&
        says 0 '^# 0 differences$' "$tool" diff "$work/more.bin" "$work/more.bin"
}

# A rules file's lines, label by label.
diff_of_rules() {
    local e=policy/examples/regulated
    sed 's/oil at-a-time oil_x_t/oil per-boot oil_x_t/; s/bank_a_t:c10 /bank_a_t:c10-c12 /; s/memory=2G/memory=1G/' $e/policy.rules >"$work/changed.rules"
    "$tool" diff policy/base.cil,$e/policy.cil,$e/policy.rules "policy/base.cil,$e/policy.cil,$work/changed.rules" >"$work/rules.diff"
    [ $? -eq 1 ] || return 1
    diff - <(grep -v '^#\| -> \|(' "$work/rules.diff") <<'END'
+ assign dom0_t bank_a_t:c10-c12
+ conflict oil per-boot oil_x_t
+ conflict oil per-boot oil_y_t
+ ceiling * memory=1024
- assign dom0_t bank_a_t:c10
- conflict oil at-a-time oil_x_t
- conflict oil at-a-time oil_y_t
- ceiling * memory=2048
END
}

# ---- Reports ---------------------------------------------------------------------------------------------
# Well-formed, and nothing in it is fetched from anywhere; the same bytes every time.
report() { # NAME FILE...
    local name=$1 page=$work/$1.html
    shift
    "$tool" report -o "$page" --title "$name & <its> \"policy\"" --key "$KEY" "$@" || return 1
    xmllint --noout "$page" || return 1
    if grep -nE "(src|href|action)=|url\((\"|')?[^#)]|@import|<script|<link|http" "$page" | grep -v 'xmlns="http://www.w3.org/\(1999/xhtml\|2000/svg\)"'; then
        echo "it refers to something outside"
        return 1
    fi
    if ! grep -q 'yes: the same bytes come out again' "$page" || ! grep -q 'signed by' "$page"; then
        echo "its identity does not hold"
        return 1
    fi
    "$tool" report -o "$page.again" --title "$name & <its> \"policy\"" --key "$KEY" "$@" && cmp "$page" "$page.again"
}

# A page says so when the table in force was made from something else, or signed by somebody else.
report_of_another_table() {
    local other=$build/policy/examples/guard.bhp
    # shellcheck disable=SC2086 # words
    "$tool" report -o "$work/other.html" $shipped "$other"
    grep -q 'NO: the table was made from another policy' "$work/other.html" || return 1
    cp "$build/policy.bhp" "$work/altered.bhp"
    printf 'X' | dd of="$work/altered.bhp" bs=1 seek=1000 conv=notrunc status=none
    # shellcheck disable=SC2086
    "$tool" report -o "$work/altered.html" --key "$KEY" $shipped "$work/altered.bhp"
    grep -q 'REFUSED' "$work/altered.html"
}

pictures() {
    # shellcheck disable=SC2086
    "$tool" flows --svg $shipped >"$work/flows.svg" && xmllint --noout "$work/flows.svg" &&
        "$tool" flows --dot $shipped >"$work/flows.dot" && grep -q '"tenant_t" -> "service_t"' "$work/flows.dot" && "$tool" flows --json $shipped | python3 -m json.tool >"$work/flows.json" &&
        "$tool" check --json $shipped | python3 -m json.tool >"$work/check.json" && "$tool" prove --json $shipped | python3 -m json.tool >"$work/prove.json"
}

# ---- The tests ---------------------------------------------------------------------------------------------
# shellcheck disable=SC2086
{
    test_of "shipped: assertions" "$tool" prove $shipped
    test_of "shipped: check" "$tool" check $shipped
    test_of "shipped: report" report shipped $shipped "$build/policy.bhp"
    for e in $EXAMPLES; do
        sources="policy/base.cil policy/examples/$e/policy.cil policy/examples/$e/policy.rules policy/examples/$e/isolation.spec"
        test_of "$e: assertions" "$tool" prove $sources
        test_of "$e: check" "$tool" check --strict $sources
        test_of "$e: report" report "$e" $sources "$build/policy/examples/$e.bhp"
        test_of "$e: the same answers as sesearch" beside_setools "$e" "$build/policy/examples/$e.bin"
    done
    test_of "shipped: the same answers as sesearch" beside_setools shipped "$build/policy/bulkhead.bin"
    test_of "seinfo: the same types" types_agree "$build/policy/bulkhead.bin"
    test_of "diff: as sediff" diff_beside_sediff
    test_of "diff: rules files" diff_of_rules
    test_of "report: another table, another signature" report_of_another_table
    test_of "flows: SVG, DOT, JSON" pictures

    guard="policy/base.cil policy/examples/guard/policy.cil"
    echo 'up: no path from low_t to high_t by memory' >"$work/false.spec"
    test_of "prove: a counter-example with its lines" says 1 'guard_t may grant:copy_to high_t \(policy/examples/guard/policy.cil:[0-9]+\)' \
        "$tool" prove $guard "$work/false.spec"
    printf '# one\nno path from low_t to hihg_t\n' >"$work/name.spec"
    test_of "prove: an unknown name" says 2 'name.spec:2: the policy has no type or set hihg_t' "$tool" prove $guard "$work/name.spec"
    printf '\n\nno way\n' >"$work/word.spec"
    test_of "prove: no sentence" says 2 'word.spec:3: ' "$tool" prove $guard "$work/word.spec"
    : >"$work/empty.spec"
    test_of "prove: no assertion is no proof" says 2 'no assertion in it' "$tool" prove $guard "$work/empty.spec"
    printf '(type x_t)\n(allow x_t nobody_t (grant (copy_to)))\n' >"$work/bad.cil"
    test_of "sources: an unknown type" says 2 'bad.cil:2' "$tool" check $guard "$work/bad.cil"
    printf '(allow high_t low_t (grant (copy_to)))\n' >"$work/never.cil"
    test_of "sources: a neverallow" says 2 '[Nn]everallow' "$tool" check $guard "$work/never.cil"
    printf '(type x_t\n' >"$work/open.cil"
    test_of "sources: a ( without its )" says 2 'open.cil:1' "$tool" check $guard "$work/open.cil"
    printf 'assign dom0_t low_t:c1\nceiling low_t size=3\n' >"$work/bad.rules"
    test_of "rules: an unknown limit" says 2 'bad.rules:2' "$tool" check $guard "$work/bad.rules"
    head -c 3000 "$build/policy/bulkhead.bin" >"$work/cut.bin"
    test_of "binary: cut" says 2 'cut.bin: not a binary policy' "$tool" check "$work/cut.bin"
    test_of "files: one that is not there" says 2 'nowhere.cil: No such file' "$tool" check "$work/nowhere.cil"
    test_of "files: of no known kind" says 2 'a name ends with' "$tool" check "$work/x.txt"
    test_of "explain: an unknown type" says 2 'no type foo_t' "$tool" explain foo_t dom0_t $guard
    test_of "explain: which line" says 0 'policy/examples/guard/policy.cil:[0-9]+: \(allow guard_t low_t \(grant \(map_read copy_from\)\)\)' \
        "$tool" explain guard_t low_t $guard
    test_of "explain: why not" says 0 'refused by policy/base.cil:[0-9]+: \(mlsconstrain' "$tool" explain web_t db_t \
        policy/base.cil policy/examples/two-tenants/policy.cil
    test_of "check: a finding" says 1 'launch-missing: guard_t' "$tool" check $guard
}
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
