#!/bin/bash
# SPDX-License-Identifier: MIT
# private-keys.sh [DIR]: names each file of the tree that holds a private key and that git has, or would take. Status 1
# if there is one. private-keys.sh --test: shows that it finds what somebody forces in.
set -euo pipefail

# PEM of any kind; DER of a key on P-256, by SEC 1 (version 1, 32 bytes) and by PKCS #8 (version 0, id-ecPublicKey).
pem='-----BEGIN [A-Z ]*PRIVATE[ ]KEY( BLOCK)?-----'
der='\x30\x77\x02\x01\x01\x04\x20|\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01'

# A damaged key, four letters long, in a test of error messages.
except='tests/host/policy_verify_test.c'

# A search that went wrong is no clean tree: grep says 2 then, and 1 where it found nothing.
search() { # DIR
    local found
    # shellcheck disable=SC2016 # xargs' shell expands them
    found=$(cd "$1" && git ls-files -z --cached --others --exclude-standard |
        LC_ALL=C xargs -0r sh -c 'grep -laP -e "$0" -- "$@" || [ $? -eq 1 ]' "$pem|$der") || {
        echo "$1: cannot be searched"
        return 1
    }
    found=$(grep -vxF "$except" <<<"$found" || true)
    [ -z "$found" ] && return 0
    sed 's/$/: holds a private key; keys are made by make keys and never committed (keys\/README.md)/' <<<"$found"
    return 1
}

self_test() {
    local dir kind
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' RETURN
    git -C "$dir" init -q
    echo '*.pem' >"$dir/.gitignore"
    openssl ecparam -name prime256v1 -genkey -noout -out "$dir/sec1.pem" 2>/dev/null
    openssl pkcs8 -topk8 -nocrypt -in "$dir/sec1.pem" -out "$dir/pkcs8.pem"
    openssl genrsa -out "$dir/rsa.pem" 2048 2>/dev/null
    openssl ec -in "$dir/sec1.pem" -outform DER -out "$dir/sec1.der" 2>/dev/null
    openssl pkcs8 -topk8 -nocrypt -in "$dir/sec1.pem" -outform DER -out "$dir/pkcs8.der"
    openssl ec -in "$dir/sec1.pem" -pubout -out "$dir/public.pem" 2>/dev/null
    mkdir "$dir/keep" && mv "$dir"/*.der "$dir/keep" && echo keep >>"$dir/.gitignore"
    git -C "$dir" add -f public.pem .gitignore
    search "$dir" >/dev/null || echo "a public key and ignored files were refused"
    for kind in sec1.pem pkcs8.pem rsa.pem keep/sec1.der keep/pkcs8.der; do
        git -C "$dir" add -f "$kind"
        search "$dir" >/dev/null && echo "$kind was not refused"
        git -C "$dir" rm -q --cached "$kind"
    done
    return 0
}

if [ "${1:-}" = --test ]; then
    self_test
else
    search "${1:-.}"
fi
