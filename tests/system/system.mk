# SPDX-License-Identifier: MIT
# The whole, under OVMF with a TPM: for people to watch, to type at, and for the tests.
MEASUREMENTS := $(B)/measurements.cbor
S ?=
CHANGE ?= kernel
export CHANGE
SYSTEM_NEEDS := $(B)/bulkhead.img $(B)/boot/tpm/tpm2-00.permall $(B)/attest/bh-verify $(MEASUREMENTS) $(B)/system/badtpm $(EXAMPLE_TRIES)

$(B)/system/badtpm: tests/system/badtpm.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $<

.PHONY: run shell test-system
run: setup ## build all, boot, and show the whole at work (TBOOT=0; CHANGE=kernel|policy|cmdline)
	@$(MAKE) --no-print-directory -j2 -O build image $(SYSTEM_NEEDS)
	@B=$(B) CHAIN=$(BOOT_CHAIN) tests/system/demo.sh

shell: setup ## build all, boot, and leave you at dom0's prompt (ctrl-a x ends it)
	@$(MAKE) --no-print-directory -j2 -O build image $(SYSTEM_NEEDS)
	@B=$(B) tests/system/shell.sh

test-system: $(SYSTEM_NEEDS) $(B)/kernel/6.12/.stamp ## boot the whole and check what it promises (S="name ..." for some)
	@B=$(B) CHAIN=$(BOOT_CHAIN) tests/system/suite.sh $(S)
