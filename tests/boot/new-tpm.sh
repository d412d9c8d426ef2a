#!/bin/bash
# SPDX-License-Identifier: MIT
# new-tpm.sh DIR: a fresh TPM 2.0's state for swtpm. One PCR bank: each further one costs the firmware one more
# digest over everything it measures.
set -euo pipefail

dir=$1
rm -rf "$dir"
mkdir -p "$dir"
swtpm_setup --tpm2 --tpmstate "$dir" --pcr-banks sha256 --ecc --logfile "$dir/setup.log" >/dev/null || {
    cat "$dir/setup.log" >&2
    exit 1
}
