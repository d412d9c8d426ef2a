# SPDX-License-Identifier: MIT
# The guest runtime, the test kernels built on it, and their two runs: on Bulkhead and on Debian's Xen.
PACKAGES += libxen-dev qemu-system-x86 shellcheck

# -Wno-clobbered: a mark for catching faults is taken right before the code that it guards, so what registers
# hold is restored as it was there.
RT_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing -Wno-clobbered \
	-mno-red-zone -mcmodel=kernel -mgeneral-regs-only -fcf-protection=none -ffile-prefix-map=$(CURDIR)=. \
	-D__XEN_INTERFACE_VERSION__=0x00040d00 -Iguest-port/include -Iguest-port/runtime -Ihv/include/public
RT_HEADERS := $(wildcard guest-port/include/*.h guest-port/runtime/*.h) hv/include/public/bulkhead.h
RT_NOTES := high low page
RT_OBJS := $(patsubst guest-port/runtime/%.c,$(B)/guest/rt/%.o,$(wildcard guest-port/runtime/*.c)) $(B)/guest/rt/rt_entry.o
GUEST_TESTS := $(sort $(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c)))
GUEST_ELFS := $(GUEST_TESTS:%=$(B)/guest/%.elf)
RT_LAUNCHER := $(B)/guest/launcher.elf
BUILD_ALL += $(GUEST_ELFS) $(RT_LAUNCHER)

$(B)/guest/rt/%.o: guest-port/runtime/%.c $(RT_HEADERS)
	@mkdir -p $(@D)
	@$(CC) $(RT_CFLAGS) -c -o $@ $<

$(B)/guest/rt/%.o: guest-port/runtime/%.S guest-port/runtime/rt_note.inc
	@mkdir -p $(@D)
	@$(CC) $(RT_CFLAGS) -c -o $@ $<

$(B)/guest/rt/rt.a: $(RT_OBJS)
	@rm -f $@
	@ar rcsD $@ $^

# tests/guest/NAME/notes names another set of ELF notes than "high"; "low" is linked at 1 MiB with base 0.
guest_notes = $(or $(shell cat tests/guest/$(1)/notes 2>/dev/null),high)
guest_base = $(if $(filter low,$(1)),0,0xffffffff80000000)

# $(1): ELF notes, $(2): output, $(3): objects
rt_link = ld -static -nostdlib -z noexecstack -z max-page-size=4096 --build-id=none --defsym rt_base=$(call guest_base,$(1)) \
	-T guest-port/runtime/rt.lds -o $(2) $(B)/guest/rt/rt_entry.o $(B)/guest/rt/rt_note_$(1).o $(3) $(B)/guest/rt/rt.a

define guest_test_rule
$$(B)/guest/$(1).elf: $$(wildcard tests/guest/$(1)/*) $$(RT_HEADERS) $$(B)/guest/rt/rt.a $$(B)/guest/rt/rt_note_$(2).o guest-port/runtime/rt.lds
	@mkdir -p $$(B)/guest/obj
	@$$(CC) $$(RT_CFLAGS) $(if $(wildcard tests/guest/$(1)/$(1)_*.c),-Ihv )-r -nostdlib -o $$(B)/guest/obj/$(1).o $$(wildcard tests/guest/$(1)/*.c)
	@printf 'const char rt_test_name[] = "%s";\n' $(1) | gcc $$(RT_CFLAGS) -x c -c -o $$(B)/guest/obj/$(1).name.o -
	@$(call rt_link,$(2),$$@,$$(B)/guest/obj/$(1).o $$(B)/guest/obj/$(1).name.o)
endef
$(foreach t,$(GUEST_TESTS),$(eval $(call guest_test_rule,$(t),$(call guest_notes,$(t)))))

$(RT_LAUNCHER): guest-port/launcher/main.c $(RT_HEADERS) $(B)/guest/rt/rt.a $(B)/guest/rt/rt_note_high.o guest-port/runtime/rt.lds
	@mkdir -p $(B)/guest/obj
	@$(CC) $(RT_CFLAGS) -c -o $(B)/guest/obj/launcher.o $<
	@$(call rt_link,high,$@,$(B)/guest/obj/launcher.o)

# What a test needs beside its kernel.
include $(wildcard tests/guest/*/*.mk)

# Debian's Xen, fetched and unpacked by the set-up, never installed.
$(B)/peer/xen.elf: $(B)/peer/xen/.stamp
	@gunzip -c $(@D)/xen/boot/xen-4.17-amd64.gz > $@

.PHONY: guest-tests test-guest test-peer
guest-tests: $(GUEST_ELFS) $(RT_LAUNCHER) ## build the guest test kernels
test-guest: $(GUEST_ELFS) $(RT_LAUNCHER) $(B)/bulkhead.elf $(B)/policy.bhp ## run the guest tests on Bulkhead (T="name ..." for some)
	tests/guest/run.sh $(if $(filter undefined,$(origin T)),,$(T))
test-peer: $(GUEST_ELFS) $(B)/peer/xen.elf ## run the guest tests of the plain ABI on Debian's Xen 4.17
	tests/guest/run.sh --peer $(if $(filter undefined,$(origin T)),,$(T))
