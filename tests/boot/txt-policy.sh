#!/bin/bash
# SPDX-License-Identifier: MIT
# txt-policy.sh DIR TBOOT-COMMAND-LINE [COMMAND-LINE=FILE...]: the two policies of a late launch, made by Debian's tools
# from what the boot loader loads: tboot's verified launch policy (vl.pol) over the modules, and Intel TXT's launch control
# policy (list.pol for the TPM, list.data for the boot loader), which allows this tboot alone and carries vl.pol.
set -euo pipefail

dir=$1
cmdline=$2
shift 2
export PATH=$PATH:/usr/sbin
mkdir -p "$dir"
cd_dir=$(cd "$dir" && pwd)
rm -f "$cd_dir"/{mle.hash,vl.pol,vl.elt,mle.elt,list.lst,list.pol,list.data}

lcp2_mlehash --create --alg sha256 --cmdline "$cmdline" /boot/tboot.gz >"$cd_dir/mle.hash"
tb_polgen --create --type halt --alg sha256 "$cd_dir/vl.pol"
number=0
for module in "$@"; do
    # The first is extended to PCR 17 without being asked for.
    pcr=$([ $number = 0 ] && echo none || echo 17)
    tb_polgen --add --num $number --pcr "$pcr" --hash image --cmdline "${module%=*}" --image "${module##*=}" "$cd_dir/vl.pol"
    number=$((number + 1))
done
lcp2_crtpolelt --create --type custom --out "$cd_dir/vl.elt" --uuid tboot "$cd_dir/vl.pol"
lcp2_crtpolelt --create --type mle2 --alg sha256 --out "$cd_dir/mle.elt" "$cd_dir/mle.hash"
lcp2_crtpollist --create --listver 0x201 --out "$cd_dir/list.lst" "$cd_dir/mle.elt" "$cd_dir/vl.elt"
lcp2_crtpol --create --polver 3.0 --type list --alg sha256 --mask sha256 --sign rsa-2048-sha256 --pol "$cd_dir/list.pol" \
    --data "$cd_dir/list.data" "$cd_dir/list.lst"
