#!/bin/bash
# SPDX-License-Identifier: MIT
# Fetches what the build takes from Debian as packages, not as installed files, into a folder of the build tree.
# No mirror is named here: everything comes from where the system's own apt lists point.
#
#   fetch.sh source NAME VERSION-PREFIX DEST   unpacks a source package, checked against its .dsc
#   fetch.sh deb NAME DEST                     unpacks a binary package (its data, without installing it)
#   fetch.sh kernel SERIES DEST                the newest amd64 kernel of a series: bzImage, vmlinux, config, modules/
# Each leaves DEST/.stamp, and does nothing where that is already there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
apt=$(realpath -m "${FETCH_DIR:-build/apt}") # downloads and private lists
apt_options=(-qq -o "APT::Sandbox::User=$(id -un)" -o Acquire::Retries=3)

die() {
    echo "fetch: $*" >&2
    exit 1
}

# A private list of deb-src lines for the same Debian mirrors and releases as the system's binary lists.
source_list() {
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg options=""
    if [ -r $keys ]; then options="[signed-by=$keys] "; fi
    # shellcheck disable=SC2016 # $(...) here is apt's own format language
    apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' |
        sort -u | sed "s,^,deb-src $options,"
}

fetch_source() {
    local name=$1 version=$2 dest=$3 lists
    lists=$apt/sources.list
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    source_list >"$lists"
    [ -s "$lists" ] || die "apt knows no package lists; run 'make setup' (it needs the network once)"
    local private=("${apt_options[@]}" -o "Dir::Etc::sourcelist=$lists" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache")
    apt-get "${private[@]}" update || die "cannot fetch the lists of source packages; is there a network?"
    local chosen
    chosen=$(apt-cache "${private[@]}" showsrc "$name" | awk '$1=="Version:"{print $2}' |
        grep "^$version" | sort -V | tail -n 1) || die "no $name $version in Debian's source packages"
    (cd "$apt" && rm -f "${name}"_* && apt-get "${private[@]}" source --download-only "$name=$chosen") ||
        die "cannot download the source of $name $chosen"
    rm -rf "$dest"
    # dpkg-source checks each file's size and digest against the .dsc, and apt the .dsc against the signed list.
    dpkg-source --no-copy -x "$apt/${name}_${chosen#*:}.dsc" "$dest" >"$apt/$name.log" 2>&1 ||
        die "the source of $name does not match its .dsc: $(tail -n 1 "$apt/$name.log")"
    echo "$name $chosen" >"$dest/.stamp"
}

download_deb() { # NAME FOLDER: leaves exactly one .deb of it there
    mkdir -p "$2"
    rm -f "$2/$1"_*.deb
    (cd "$2" && apt-get "${apt_options[@]}" download "$1") || die "cannot download $1; is there a network?"
}

fetch_deb() {
    local name=$1 dest=$2
    download_deb "$name" "$apt/deb"
    rm -rf "$dest"
    mkdir -p "$dest"
    dpkg-deb -x "$apt/deb/$name"_*.deb "$dest"
    dpkg-deb -f "$apt/deb/$name"_*.deb Package Version >"$dest/.stamp"
}

kernel_package() { # the newest of a series; the generic flavour, the signed package where there is one
    case $1 in
    6.1) apt-cache depends linux-image-amd64 | awk '$1=="Depends:" && $2 ~ /^linux-image-6\.1\./ {print $2; exit}' ;;
    *) apt-cache pkgnames "linux-image-$1." | grep -E '^linux-image-[0-9.]+\+(deb12|bpo)[^-]*-amd64(-unsigned)?$' |
        sort -V | tail -n 1 || true ;;
    esac
}

fetch_kernel() {
    local series=$1 dest=$2 name release
    name=$(kernel_package "$series")
    [ -n "$name" ] || die "no Debian kernel of series $series in apt's lists; are bookworm and bookworm-security among the sources?"
    download_deb "$name" "$apt/deb"
    rm -rf "$dest" "$dest.unpack"
    mkdir -p "$dest"
    dpkg-deb -x "$apt/deb/$name"_*.deb "$dest.unpack"
    release=$(basename "$dest.unpack"/boot/vmlinuz-*)
    release=${release#vmlinuz-}
    mv "$dest.unpack/boot/vmlinuz-$release" "$dest/bzImage"
    mv "$dest.unpack/boot/config-$release" "$dest/config"
    mv "$dest.unpack/lib/modules/$release" "$dest/modules"
    rm -rf "$dest.unpack"
    echo "$release" >"$dest/release"
    "$here/extract-vmlinux.sh" "$dest/bzImage" "$dest/vmlinux"
    echo "$name $release" >"$dest/.stamp"
}

[ $# -ge 3 ] || die "usage: see the head of this file"
dest=$(realpath -m "${*: -1}")
# One at a time, so that two builds in one tree do not unpack over each other.
mkdir -p "$apt"
exec 9>"$apt/lock"
flock 9
if [ -e "$dest/.stamp" ]; then exit 0; fi
case $1 in
source) fetch_source "$2" "$3" "$dest" ;;
deb) fetch_deb "$2" "$dest" ;;
kernel) fetch_kernel "$2" "$dest" ;;
*) die "usage: see the head of this file" ;;
esac
