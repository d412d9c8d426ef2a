#!/bin/bash
# SPDX-License-Identifier: MIT
# policies.sh BUILD POLICY_KEY: the policies that the test brings, in one file: for each a head of 32 characters (name, size)
# and its bytes; and a kernel for a tenant. Made from the shipped policy, so that it stays what the hypervisor knows.
set -eu
cd "$(dirname "$0")/../../.."
b=$1 key=$2 dir=$1/guest/policy-load
rm -rf "$dir"
mkdir -p "$dir"

# compile NAME VERSION [BASE-EDIT [SITE-EDIT [KEY [RULES-EDIT]]]]: sed programs over base.cil, bulkhead.cil and its rules
compile() {
    sed "${3:-}" policy/base.cil >"$dir/base.cil"
    sed "${4:-}" policy/bulkhead.cil >"$dir/site.cil"
    sed "${6:-}" policy/bulkhead.rules >"$dir/site.rules"
    secilc -t xen -c 30 -f /dev/null -o "$dir/$1.bin" "$b/policy/declarations.cil" "$dir/base.cil" "$dir/site.cil"
    "$b/policy/bh-policyc" --rules "$dir/site.rules" --key "${5:-$key}" --name "$1" --version "$2" -o "$dir/$1.bhp" "$dir/$1.bin"
}
# shellcheck disable=SC2016 # a sed address
# Types before and between the others, so that every type's number changes.
# shellcheck disable=SC2016
more_types='$a (type aaa_t) (call guest (aaa_t)) (type m_t) (call guest (m_t))'
no_own_sharing='s/(call join (t t))//'
no_console='s/(map_console map_store)/(map_store)/; s/(bind_console bind_store send)/(bind_store send)/'

"$b/keys/bh-key" generate "$dir/other.pem"
compile good 2 '' "$more_types"
compile older 1
compile wrongkey 90 '' '' "$dir/other.pem"
compile no_type 91 '' 's/isolated_t/alone_t/g' '' 's/isolated_t/alone_t/g'
compile forbids 10 "$no_own_sharing"
compile console 20 "$no_console"
for v in 11 21; do compile "free$v" "$v"; done
for v in 30 32 34 36 38; do
    compile "forbids$v" "$v" "$no_own_sharing"
    compile "free$((v + 1))" $((v + 1))
done
head -c -1 "$dir/good.bhp" >"$dir/cut.bhp"
sed '0,/map_write/s//map_wrote/' "$dir/free39.bhp" >"$dir/unknown.bhp"
printf '\001' | cat "$dir/free39.bhp" - >"$dir/longer.bhp"

for f in "$dir"/*.bhp; do
    printf '%-20s%12d' "$(basename "$f" .bhp)" "$(stat -c %s "$f")"
    cat "$f"
done >"$dir.img"
{
    printf '%-20s%12d' tenant "$(stat -c %s "$b/guest/hello.elf")"
    cat "$b/guest/hello.elf"
} >>"$dir.img"
