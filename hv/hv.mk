# SPDX-License-Identifier: MIT
# The hypervisor: freestanding, position-independent, without SSE. DEBUG=1 (default) adds the page-table audit and assertions.
HV_DEBUG ?= 1
HV_OBJ := $(B)/hv
HV_SRC := $(filter-out hv/cpu/offsets.c,$(sort $(wildcard hv/*/*.c)))
HV_ASM := $(sort $(wildcard hv/*/*.S))
HV_OBJS := $(HV_SRC:%.c=$(HV_OBJ)/%.o) $(HV_ASM:%.S=$(HV_OBJ)/%.o)
HV_INCLUDES := -Ihv -Ihv/include -Ihv/include/public -Ihv/lib -I$(HV_OBJ)/include
HV_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpie -fvisibility=hidden -mno-red-zone -mgeneral-regs-only \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none -fno-common \
	-fno-jump-tables -ffunction-sections -fdata-sections -fmacro-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)=. \
	-Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wno-unused-parameter \
	-Wvla -Wframe-larger-than=2048 -DBULKHEAD_HV -DHV_DEBUG=$(HV_DEBUG) -D__XEN_INTERFACE_VERSION__=0x00040e00 \
	-include hv/include/visibility.h $(HV_INCLUDES)
HV_EXTRA_OBJS :=
# Where mbedTLS comes in: adds to HV_EXTRA_OBJS and HV_INCLUDES.
-include hv/measure/mbedtls.mk
# Host tests of events, scheduling, time.
-include hv/sched/sched.mk
# Host tests of devices and grants.
-include hv/device/device.mk
# Host tests and fuzzers of the parsers.
-include hv/boot/boot.mk

$(HV_OBJ)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HV_CFLAGS) -MMD -MP -c -o $@ $<

$(HV_OBJ)/include/offsets.h: hv/cpu/offsets.c hv/cpu/percpu.h hv/cpu/regs.h
	@mkdir -p $(@D)
	$(CC) $(HV_CFLAGS) -S -o - $< | sed -n 's/^#DEFINE \([A-Z_0-9]*\) \$$\(.*\)/#define \1 \2/p' > $@

$(HV_OBJ)/%.o: %.S $(HV_OBJ)/include/offsets.h
	@mkdir -p $(@D)
	$(CC) $(HV_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(B)/bulkhead64.elf: $(HV_OBJS) $$(HV_EXTRA_OBJS) hv/boot/bulkhead.lds
	ld -nostdlib -static --no-dynamic-linker -z noexecstack -z max-page-size=4096 --build-id=none --gc-sections \
		-T hv/boot/bulkhead.lds -o $@ $(HV_OBJS) $(HV_EXTRA_OBJS) $$($(CC) -print-libgcc-file-name)

# A flat image in a 32-bit ELF: QEMU's loader and old GRUBs take no other.
$(B)/bulkhead.elf: $(B)/bulkhead64.elf hv/boot/wrap32.lds
	objcopy -O binary --set-section-flags .bss=alloc,load,contents $< $(B)/bulkhead.bin
	cd $(B) && ld -m elf_i386 --build-id=none -z noexecstack -z max-page-size=4096 -T $(CURDIR)/hv/boot/wrap32.lds -b binary \
		-o bulkhead.elf bulkhead.bin

BUILD_ALL += $(B)/bulkhead.elf
.PHONY: hv
hv: $(B)/bulkhead.elf ## build the hypervisor
-include $(HV_OBJS:.o=.d)
