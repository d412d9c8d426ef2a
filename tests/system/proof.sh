# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the world outside the machine does: predicts, reads what the TPM was told, asks for evidence, judges it.
# To be sourced after machine.sh. The verifier knows build/measurements.cbor and the development CA, nothing else.
: "${PROOF_REFERENCE:=build/measurements.cbor}" "${PROOF_CA:=keys/ak-ca.crt}" "${PROOF_VERIFY:=build/attest/bh-verify}"
PROOF_EXTENDS=${BASH_SOURCE[0]%/*}/tpm-extends.awk

proof_nonce() {
    od -An -tx1 -N 32 /dev/urandom | tr -d ' \n'
}

# "PCR DIGEST WHAT" for each extend predicted of boot chain NAME; PCR 21 holds what is known before the boot.
proof_predicted() { # NAME
    "$PROOF_VERIFY" explain --ref "$PROOF_REFERENCE" | awk -v boot="boot/$1" '
        /^[^ ]/ { model = $1; name = $2; pcr = model == boot && name ~ /^pcr/ ? substr(name, 4) : "" }
        pcr != "" && $1 == "extend" { digest = $2; sub(/^ *extend [0-9a-f]+ */, ""); print pcr, digest, $0 }
        model == "hypervisor" && NF == 1 && length($1) == 64 {
            print 21, $1, name == "config" ? "hypervisor command line" : name == "policy" ? "policy" : name }'
}

proof_launch() { # NAME: the launch digest predicted of a tenant
    "$PROOF_VERIFY" explain --ref "$PROOF_REFERENCE" | awk -v name="launch/$1" '/^[^ ]/ { found = $1 == "tenant" && $2 == name } found && NF == 1 { print $1; exit }'
}

proof_read() { # "PCR DIGEST" for each extend that the TPM was sent; the machine must log its TPM at level 20
    awk -f "$PROOF_EXTENDS" "$MACHINE_DIR/tpm.log"
}

# Prints each register's extends, predicted beside read. 1 when PCR 4, 8 or 9 differs anywhere, or PCR 21 lacks one.
proof_chain() { # NAME
    local predicted=$MACHINE_DIR/predicted read=$MACHINE_DIR/read
    proof_predicted "$1" >"$predicted"
    proof_read >"$read"
    awk -v predicted="$predicted" '
        function row(pcr, what, want, got, ok) {
            printf "%4s  %-52.52s %-14.12s %-14.12s %s\n", pcr, what, want, got, ok
        }
        BEGIN {
            while ((getline <predicted) > 0) {
                pcr = $1; digest[pcr, ++wanted[pcr]] = $2
                what = $0; sub(/^[0-9]+ [0-9a-f]+ /, "", what); text[pcr, wanted[pcr]] = what
            }
            row("PCR", "what", "predicted", "read", "")
        }
        { got[$1, ++count[$1]] = $2; seen[$1, $2] = 1 }
        END {
            split("4 8 9", exact)
            for (i = 1; i <= 3; i++) {
                pcr = exact[i]
                if (wanted[pcr] + 0 == 0) bad = 1
                n = wanted[pcr] > count[pcr] ? wanted[pcr] : count[pcr]
                for (j = 1; j <= n; j++) {
                    same = digest[pcr, j] == got[pcr, j]
                    if (!same) bad = 1
                    row(pcr, text[pcr, j], digest[pcr, j], got[pcr, j], same ? "ok" : "DIFFERENT")
                }
            }
            for (j = 1; j <= wanted[21]; j++) {
                same = (21, digest[21, j]) in seen
                if (!same) bad = 1
                known[digest[21, j]] = 1
                row(21, text[21, j], digest[21, j], same ? digest[21, j] : "-", same ? "ok" : "MISSING")
            }
            for (j = 1; j <= count[21]; j++)
                if (!(got[21, j] in known))
                    row(21, "(made in this boot: the hypervisor'"'"'s key, tenants)", "-", got[21, j], "")
            exit bad || wanted[21] + 0 == 0
        }' "$read"
}

proof_extract() { # NAME: the last evidence of a tenant on the console, into NAME.evidence
    local out=$MACHINE_DIR/$1.evidence
    machine_log | awk -v begin="BH-EVIDENCE $1 " '
        index($0, begin) == 1 { text = ""; want = 1 }
        want && /-----BEGIN BULKHEAD EVIDENCE-----/ { inside = 1 }
        want && inside { text = text $0 "\n" }
        /-----END BULKHEAD EVIDENCE-----/ { if (want && inside) last = text; want = inside = 0 }
        END { printf "%s", last }' >"$out"
    [ -s "$out" ]
}

proof_verify() { # NAME NONCE TYPE:COMPARTMENT [OPTION...]: 0 accepted, 1 rejected, 2 could not be judged
    local name=$1 nonce=$2 label=$3
    shift 3
    "$PROOF_VERIFY" "$MACHINE_DIR/$name.evidence" --ref "$PROOF_REFERENCE" --ca "$PROOF_CA" --nonce "$nonce" --label "$label" \
        --launch "$name" --min-svn 2 --profile development --allow-debug "$@"
}
