#!/bin/bash
# SPDX-License-Identifier: MIT
# extract-vmlinux.sh BZIMAGE OUT: writes the ELF file inside a Linux bzImage.
# Linux/x86 boot protocol 2.08 and later: the setup header's payload_offset (0x248) and payload_length (0x24c)
# count from the protected-mode code, which starts after the boot sector and setup_sects (0x1f1) more sectors.
set -euo pipefail

bzimage=$1
out=$2

die() {
    echo "extract-vmlinux: $bzimage: $*" >&2
    exit 1
}

field() { # OFFSET BYTES: an unsigned little-endian field
    od -An -tu"$2" -j "$1" -N "$2" --endian=little "$bzimage" | tr -d ' '
}

[ "$(dd if="$bzimage" bs=1 skip=514 count=4 status=none)" = HdrS ] || die "not a bzImage"
[ "$(field 518 2)" -ge $((0x208)) ] || die "boot protocol older than 2.08"
sects=$(field 497 1)
start=$(((${sects/#0/4} + 1) * 512 + $(field 584 4)))
length=$(field 588 4)

payload() { # BYTES
    dd if="$bzimage" bs=64k iflag=skip_bytes,count_bytes skip=$start count="$1" status=none
}

# Four bytes after the compressed data give its size before compression; gzip's own trailer serves as that.
case $(od -An -tx1 -j $start -N 4 "$bzimage" | tr -d ' ') in
fd377a58) payload $((length - 4)) | xz -dc >"$out" ;;
28b52ffd) payload $((length - 4)) | zstd -qdc >"$out" ;;
1f8b*) payload "$length" | gzip -dc >"$out" ;;
*) die "payload of an unknown kind" ;;
esac
[ "$(od -An -tx1 -N 4 "$out" | tr -d ' ')" = 7f454c46 ] || die "payload is no ELF file"
