#!/bin/sh
# SPDX-License-Identifier: MIT
# The policy under which this test's kernel runs in dom0's place, and signatures of the image that it starts:
#   policy.sh BUILD KEY      (signed with the key that the hypervisor carries)
set -eu
here=$(dirname "$0")
build=$1 key=$2 out=$1/guest/rules
mkdir -p "$out"
[ -e "$out/signer.pem" ] || "$build/keys/bh-key" generate "$out/signer.pem"
[ -e "$out/other.pem" ] || "$build/keys/bh-key" generate "$out/other.pem"
digest=$("$out/rules-digest")
# In this order (main.c): good; svn too low; of another signer; of another launch.
"$build/keys/bh-sign" --key "$out/signer.pem" --svn 5 --digest "$digest" -o "$out/0"
"$build/keys/bh-sign" --key "$out/signer.pem" --svn 4 --digest "$digest" -o "$out/1"
"$build/keys/bh-sign" --key "$out/other.pem" --svn 5 --digest "$digest" -o "$out/2"
"$build/keys/bh-sign" --key "$out/signer.pem" --svn 5 --digest "$(echo "$digest" | tr 0-9a-f 1-9a-f0)" -o "$out/3"
cat "$out/0" "$out/1" "$out/2" "$out/3" >"$out/signatures.img"
sed -e "s/@DIGEST@/$digest/" -e "s/@SIGNER@/$("$build/keys/bh-sign" --key "$out/signer.pem")/" \
    "$here/test.rules" >"$out/test.rules"
secilc -t xen -c 30 -f /dev/null -o "$out/policy.bin" "$build/policy/declarations.cil" policy/base.cil "$here/test.cil"
"$build/policy/bh-policyc" --key "$key" --name rules-test --version 1 --rules "$out/test.rules" -o "$out/policy.bhp" \
    "$out/policy.bin"
