#!/bin/bash
# SPDX-License-Identifier: MIT
# install.sh FILE [PACKAGE...]: installs what is missing of the packages named in FILE and of the further ones.
set -euo pipefail

file=$1
shift
mapfile -t wanted < <({ sed 's/#.*//' "$file" | tr -s ' \t' '\n' && printf '%s\n' "$@"; } | grep . | sort -u)
mapfile -t missing < <(
    comm -23 <(printf '%s\n' "${wanted[@]}") \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1=="installed" {print $2}' | sort -u)
)

# apt's lists are needed for fetching, too, even when every package is there.
# shellcheck disable=SC2016 # $(...) here is apt's own format language
lists=$(apt-get indextargets --format '$(FILENAME)' 'Identifier: Packages' 2>/dev/null | wc -l)
if [ "${#missing[@]}" -eq 0 ] && [ "$lists" -gt 0 ]; then
    echo "setup: all ${#wanted[@]} packages are installed"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: missing: ${missing[*]:-package lists}; be root, or install sudo" >&2
        exit 1
    fi
    as_root=(sudo)
fi
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

echo "setup: installing ${#missing[@]} of ${#wanted[@]} packages: ${missing[*]:-(lists only)}"
if ! apt update || { [ "${#missing[@]}" -gt 0 ] && ! apt install --no-install-recommends -y "${missing[@]}" >/dev/null; }; then
    echo "setup: apt-get could not install: ${missing[*]:-package lists}" >&2
    echo "setup: this needs Debian 12 and, once, a network to a Debian mirror" >&2
    exit 1
fi
