# SPDX-License-Identifier: MIT
# The operator's tool, the console daemon, and dom0's image with the tenants in it.
PACKAGES += liblzma-dev libzstd-dev zlib1g-dev libcbor-dev kmod cpio zstd

# --- bhctl and consoled ------------------------------------------------------------------------
BHCTL_SRC := $(addprefix dom0/bhctl/,bhctl.c ctl_create.c ctl_domain.c ctl_show.c ctl_log.c ctl_console.c hvcall.c \
	domload.c domcfg.c seclabel.c xlcfg.c bzimage.c jsonout.c streamfind.c)
CONSOLED_SRC := $(addprefix dom0/consoled/,consoled.c contenant.c conring.c) dom0/bhctl/hvcall.c
DOM0_CFLAGS = $(HOST_CFLAGS) -D_GNU_SOURCE -Idom0/bhctl -Idom0/consoled
DOM0_HEADERS := $(wildcard dom0/bhctl/*.h dom0/consoled/*.h) hv/include/public/bulkhead.h

$(B)/dom0/bhctl: $(BHCTL_SRC) $(DOM0_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DOM0_CFLAGS) -o $@ $(BHCTL_SRC) -lxencall -lxentoollog -llzma -lzstd -lz -lmbedcrypto

$(B)/dom0/consoled: $(CONSOLED_SRC) $(DOM0_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DOM0_CFLAGS) -o $@ $(CONSOLED_SRC) -lxencall -lxentoollog -lxengnttab -lxenevtchn

BUILD_ALL += $(B)/dom0/bhctl $(B)/dom0/consoled

include guest-port/linux/linux.mk
