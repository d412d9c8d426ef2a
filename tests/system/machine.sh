# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A virtual machine to test on: QEMU's q35 with two CPUs, OVMF and a TPM, its serial console in a log file.
# To be sourced. One machine at a time; MACHINE_DIR holds its files (console.log, qemu.log, TPM state).
#   machine_boot IMAGE             starts it; the whole run is bound by MACHINE_SECONDS
#   machine_bios IMAGE             the same with SeaBIOS instead of OVMF
#   machine_quick KERNEL APPEND MODULES   the same without firmware, TPM and GRUB, by QEMU's own multiboot loader
#   machine_send TEXT              types a line at the console
#   machine_await SECONDS REGEX    waits until the console shows a line, after the last one awaited; 1 if it never does
#   machine_follow SECONDS REGEX   the same, and prints what the console shows meanwhile
#   machine_command SECONDS TEXT   runs a command at dom0's shell, prints what it printed, returns its status
#   machine_ended SECONDS          waits until it ends by itself; 1 if it does not
#   machine_stop                   ends it
#   machine_quick_tpm KERNEL APPEND MODULES   the same with a TPM
#   machine_tpm_reset USR1|USR2    resets the TPM alone, under the running machine (wants MACHINE_FAULT); USR1: starts it up too
# MACHINE_LINE=1: there is a second serial line, dom0's ttyS1; its other end is $MACHINE_DIR/line.in (to the machine) and line.out.
# MACHINE_FAULT="FAULT CODE N": the TPM is reached through badtpm.c, and breaks as it says ("none 0 1": it does not).
# It must be a model without SMAP: QEMU 7.2 reads the frame of a ring 3 IRET with kernel rights (mended in 9.1).
: "${MACHINE_CPU:=Skylake-Client,-smap}" "${MACHINE_MEMORY:=2048}" "${MACHINE_SMP:=2}" "${MACHINE_SECONDS:=600}"
: "${MACHINE_DIR:=build/system/machine}" "${MACHINE_TPM:=build/boot/tpm}" "${MACHINE_TPM_DEVICE:=tpm-tis}"
: "${MACHINE_FAULT:=}" "${MACHINE_LINE:=}" "${MACHINE_BAD_TPM:=build/system/badtpm}" "${MACHINE_DISK_DEVICE:=virtio-blk-pci}"
MACHINE_OVMF=/usr/share/OVMF

machine_pid=
machine_tpm_pid=
machine_bad_pid=
machine_seen=0 # lines of the console log that were awaited already

machine_args() { # the machine without its firmware, disk and console
    printf '%s\n' -nodefaults -no-user-config -machine q35 -cpu "$MACHINE_CPU" -smp "$MACHINE_SMP" -m "$MACHINE_MEMORY" \
        -accel tcg,thread=multi -display none -nic none -no-reboot \
        -chardev "socket,id=tpm,path=$MACHINE_DIR/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device "$MACHINE_TPM_DEVICE,tpmdev=tpm0"
}

machine_ovmf_args() {
    printf '%s\n' -drive "if=pflash,format=raw,unit=0,readonly=on,file=$MACHINE_OVMF/OVMF_CODE_4M.fd" \
        -drive "if=pflash,format=raw,unit=1,file=$MACHINE_DIR/vars.fd"
}

machine_socket() { # PATH: waits for it
    local i
    for ((i = 0; i < 100; i++)); do
        [ -S "$1" ] && return
        sleep 0.05
    done
    echo "machine: nobody made $1" >&2
    return 1
}

machine_tpm_start() {
    local control=$MACHINE_DIR/tpm.sock data=()
    rm -rf "$MACHINE_DIR/tpm"
    cp -r "$MACHINE_TPM" "$MACHINE_DIR/tpm"
    if [ -n "$MACHINE_FAULT" ]; then
        control=$MACHINE_DIR/control.sock data=(--server "type=unixio,path=$MACHINE_DIR/data.sock")
    fi
    # It ends by itself when QEMU closes the connection.
    timeout "$MACHINE_SECONDS" swtpm socket --tpm2 --tpmstate "dir=$MACHINE_DIR/tpm" --flags startup-clear \
        --ctrl "type=unixio,path=$control" "${data[@]}" --terminate --log "file=$MACHINE_DIR/tpm.log,level=${MACHINE_TPM_LOG:-1}" &
    machine_tpm_pid=$!
    machine_socket "$control" || return 1
    [ -n "$MACHINE_FAULT" ] || return 0
    # shellcheck disable=SC2086 # three words
    "$MACHINE_BAD_TPM" "$MACHINE_DIR/tpm.sock" "$control" "$MACHINE_DIR/data.sock" $MACHINE_FAULT 2>"$MACHINE_DIR/badtpm.log" &
    machine_bad_pid=$!
    machine_socket "$MACHINE_DIR/tpm.sock"
}

machine_tpm_reset() {
    local i before
    before=$(grep -c '^badtpm: reset: 0.*: 00000000$' "$MACHINE_DIR/badtpm.log")
    kill -"$1" "$machine_bad_pid" || return 1
    for ((i = 0; i < 100; i++)); do
        [ "$(grep -c '^badtpm: reset: 0.*: 00000000$' "$MACHINE_DIR/badtpm.log")" -gt "$before" ] && return
        sleep 0.05
    done
    return 1
}

machine_prepare() {
    machine_stop
    rm -rf "$MACHINE_DIR"
    mkdir -p "$MACHINE_DIR"
    cp "$MACHINE_OVMF/OVMF_VARS_4M.fd" "$MACHINE_DIR/vars.fd"
    machine_tpm_start
}

machine_start() { # QEMU ARGUMENTS: its console goes to console.log and comes from machine_send
    mkfifo "$MACHINE_DIR/keys"
    exec {machine_keys}<>"$MACHINE_DIR/keys"
    if [ -n "$MACHINE_LINE" ]; then
        mkfifo "$MACHINE_DIR/line.in" "$MACHINE_DIR/line.out"
        set -- "$@" -chardev "pipe,id=line,path=$MACHINE_DIR/line"
    fi
    timeout "$MACHINE_SECONDS" qemu-system-x86_64 "$@" -chardev "stdio,id=console,signal=off,logfile=$MACHINE_DIR/console.log" \
        -serial chardev:console ${MACHINE_LINE:+-serial chardev:line} \
        <"$MACHINE_DIR/keys" >"$MACHINE_DIR/qemu.log" 2>&1 &
    machine_pid=$!
    machine_seen=0
    trap machine_stop EXIT
}

machine_bios() {
    local image=$1 args
    shift
    machine_prepare || return 1
    mapfile -t args < <(machine_args)
    machine_start "${args[@]}" "$@" -drive "if=none,id=disk,format=raw,snapshot=on,file=$image" \
        -device "$MACHINE_DISK_DEVICE,drive=disk,bootindex=0"
}

machine_boot() {
    local firmware
    mapfile -t firmware < <(machine_ovmf_args)
    machine_bios "$1" "${firmware[@]}"
}

machine_quick() {
    machine_stop
    rm -rf "$MACHINE_DIR"
    mkdir -p "$MACHINE_DIR"
    machine_start -nodefaults -no-user-config -machine q35 -cpu "$MACHINE_CPU" -smp "$MACHINE_SMP" -m "$MACHINE_MEMORY" \
        -accel tcg,thread=multi -display none -nic none -no-reboot -kernel "$1" -append "$2" -initrd "$3"
}

machine_quick_tpm() {
    local args
    machine_stop
    rm -rf "$MACHINE_DIR"
    mkdir -p "$MACHINE_DIR"
    machine_tpm_start || return 1
    mapfile -t args < <(machine_args)
    machine_start "${args[@]}" -kernel "$1" -append "$2" -initrd "$3"
}

machine_send() {
    printf '%s\n' "$1" >&"$machine_keys"
}

machine_log() { # the console so far, without carriage returns
    tr -d '\r' 2>/dev/null <"$MACHINE_DIR/console.log" || true
}

machine_await() {
    local seconds=$1 regex=$2 until line
    until=$((SECONDS + seconds))
    while :; do
        line=$(machine_log | tail -n +$((machine_seen + 1)) | grep -naE -m 1 -e "$regex" | cut -d: -f1 || true)
        if [ -n "$line" ]; then
            machine_seen=$((machine_seen + line))
            return 0
        fi
        if ! kill -0 "$machine_pid" 2>/dev/null || [ "$SECONDS" -ge "$until" ]; then
            return 1
        fi
        sleep 0.3
    done
}

# Prints what the console shows from now on until it shows REGEX, as it comes.
machine_follow() { # SECONDS REGEX
    local until=$((SECONDS + $1)) line text
    while :; do
        # Read once: what comes between two looks would be passed over.
        text=$(machine_log | sed '$d' | tail -n +$((machine_seen + 1)))
        line=$(grep -naE -m 1 -e "$2" <<<"$text" | cut -d: -f1 || true)
        text=$(head -n "${line:-99999}" <<<"$text")
        if [ -n "$text" ]; then
            printf '%s\n' "$text"
            machine_seen=$((machine_seen + $(wc -l <<<"$text")))
        fi
        [ -z "$line" ] || return 0
        if ! kill -0 "$machine_pid" 2>/dev/null || [ "$SECONDS" -ge "$until" ]; then
            return 1
        fi
        sleep 0.3
    done
}

# The markers are built so that the echo of the typed line does not hold them.
machine_command() {
    local from status
    from=$machine_seen
    machine_send "echo BH'<'; ( $2 ); s=\$?; echo; echo BH'>'\$s"
    machine_await 30 '^BH<$' || return 125
    from=$machine_seen
    machine_await "$1" '^BH>[0-9]+$' || return 124
    machine_log | sed -n "$((from + 1)),$((machine_seen - 1))p"
    status=$(machine_log | sed -n "${machine_seen}p")
    return "${status#BH>}"
}

machine_ended() {
    local until=$((SECONDS + $1))
    while kill -0 "$machine_pid" 2>/dev/null; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.3
    done
}

machine_stop() {
    local pid
    for pid in $machine_pid $machine_bad_pid $machine_tpm_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    machine_pid=
    machine_tpm_pid=
    machine_bad_pid=
}
