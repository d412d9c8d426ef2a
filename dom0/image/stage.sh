#!/bin/sh
# SPDX-License-Identifier: MIT
# Helpers to fill a ramdisk's tree:
#   stage.sh base ROOT                      directories and busybox
#   stage.sh modules ROOT KERNEL NAME...    modules of a kernel in build/kernel, in the order to load them
#   stage.sh program ROOT TO FILE...        programs or shared objects, with the libraries that they need
set -eu

base() {
    rm -rf "$1"
    mkdir -p "$1/bin" "$1/sbin" "$1/usr/bin" "$1/usr/sbin" "$1/dev" "$1/proc" "$1/sys" "$1/run" "$1/tmp" "$1/etc" "$1/root" \
        "$1/var/log" "$1/lib"
    install -m 755 /bin/busybox "$1/bin/busybox"
    ln -s busybox "$1/bin/sh"
    echo 'root:x:0:0:root:/root:/bin/sh' > "$1/etc/passwd"
}

# Fails where a module needs one that was not named before it: /init loads them in this order with insmod.
modules() {
    kernel=$2
    to=$1/lib/modules/$(cat "$2/release")
    shift 2
    mkdir -p "$to"
    : > "$to/order"
    for name; do
        file=$(find "$kernel/modules" -name "$name.ko" -o -name "$name.ko.xz")
        [ -n "$file" ] || { echo "stage: $kernel has no module $name" >&2; exit 1; }
        for needed in $(modinfo -F depends "$file" | tr , ' '); do
            grep -qx "$(echo "$needed" | tr _ -).ko" "$to/order" ||
                { echo "stage: module $name needs $needed before it" >&2; exit 1; }
        done
        case $file in
        *.xz) xz -dc "$file" > "$to/$name.ko" ;;
        *) cp "$file" "$to/$name.ko" ;;
        esac
        echo "$name.ko" >> "$to/order"
    done
}

program() {
    root=$1 to=$2
    shift 2
    mkdir -p "$root$to"
    for file; do
        install -m 755 "$file" "$root$to/"
        # Static programs have no libraries.
        for library in $(ldd "$file" 2> /dev/null | grep -o '/[^ ]*'); do
            [ -e "$root$library" ] || install -D -m 755 "$library" "$root$library"
        done
    done
}

command=$1
shift
"$command" "$@"
