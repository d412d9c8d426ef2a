# SPDX-License-Identifier: MIT
# The operator's tool, the console daemon, and dom0's image with the tenants in it.
PACKAGES += liblzma-dev libzstd-dev zlib1g-dev libcbor-dev kmod cpio zstd

# --- bhctl and consoled ------------------------------------------------------------------------
BHCTL_SRC := $(addprefix dom0/bhctl/,bhctl.c ctl_create.c ctl_domain.c ctl_show.c ctl_log.c ctl_policy.c ctl_audit.c auditfile.c ctl_console.c hvcall.c \
	domload.c refusal.c domcfg.c seclabel.c xlcfg.c bzimage.c unpack.c jsonout.c streamfind.c)
CONSOLED_SRC := $(addprefix dom0/consoled/,consoled.c contenant.c conring.c) dom0/bhctl/hvcall.c
DOM0_CFLAGS = $(HOST_CFLAGS) -D_GNU_SOURCE -Idom0/bhctl -Idom0/consoled -Ihv
DOM0_HEADERS := $(wildcard dom0/bhctl/*.h dom0/consoled/*.h) hv/include/public/bulkhead.h hv/monitor/policy_format.h

$(B)/dom0/bhctl: $(BHCTL_SRC) $(DOM0_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DOM0_CFLAGS) -o $@ $(BHCTL_SRC) -lxencall -lxentoollog -llzma -lzstd -lz -lmbedcrypto

$(B)/dom0/consoled: $(CONSOLED_SRC) $(DOM0_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(DOM0_CFLAGS) -o $@ $(CONSOLED_SRC) -lxencall -lxentoollog -lxengnttab -lxenevtchn

BUILD_ALL += $(B)/dom0/bhctl $(B)/dom0/consoled

include guest-port/linux/linux.mk

# --- The images --------------------------------------------------------------------------------
DOM0_KERNEL := $(B)/kernel/6.1
# Modules for each of these are in both ramdisks, so either kernel may boot them.
DOM0_KERNELS := $(B)/kernel/6.1 $(B)/kernel/6.12
DOM0_MODULES := xen-evtchn xen-privcmd xen-gntdev xen-gntalloc
DOM0_STAGE := dom0/image/stage.sh
DOM0_CFGS := $(wildcard dom0/image/tenants/*.cfg)

$(B)/dom0/tenant.img: dom0/image/tenant-init $(DOM0_STAGE) dom0/image/mkcpio.sh $(LINUX_TOOLS) $(LINUX_TLS) $(DOM0_KERNELS:%=%/.stamp)
	@echo "  IMAGE  the tenants' ramdisk"
	@$(DOM0_STAGE) base $(B)/dom0/tenant-root
	@install -m 755 dom0/image/tenant-init $(B)/dom0/tenant-root/init
	@for k in $(DOM0_KERNELS); do $(DOM0_STAGE) modules $(B)/dom0/tenant-root $$k $(DOM0_MODULES); done
	@$(DOM0_STAGE) program $(B)/dom0/tenant-root /usr/bin $(LINUX_TOOLS) $(LINUX_TLS)
	@dom0/image/mkcpio.sh $(B)/dom0/tenant-root $@

# The folder stays: `bhctl digest --root build/dom0/root` predicts a tenant's launch from it.
$(B)/dom0/initrd.img: $(addprefix dom0/image/,dom0-init demo stage.sh mkcpio.sh) $(DOM0_CFGS) $(B)/dom0/bhctl \
		$(B)/dom0/consoled $(B)/dom0/tenant.img $(LINUX_TOOLS) $(ATTEST_DOM0_FILES) $(DOM0_KERNELS:%=%/.stamp)
	@echo "  IMAGE  dom0's ramdisk"
	@$(DOM0_STAGE) base $(B)/dom0/root
	@install -m 755 dom0/image/dom0-init $(B)/dom0/root/init
	@install -m 755 dom0/image/demo $(B)/dom0/root/demo
	@for k in $(DOM0_KERNELS); do $(DOM0_STAGE) modules $(B)/dom0/root $$k $(DOM0_MODULES) xenfs; done
	@$(DOM0_STAGE) program $(B)/dom0/root /usr/bin $(B)/dom0/bhctl $(B)/guest-port/linux/bh-probe
	@$(DOM0_STAGE) program $(B)/dom0/root /usr/sbin $(B)/dom0/consoled $(filter %/bh-provision,$(ATTEST_DOM0_FILES))
	@$(DOM0_STAGE) program $(B)/dom0/root /usr/lib/x86_64-linux-gnu $(filter %.so.0,$(ATTEST_DOM0_FILES))
	@install -d $(B)/dom0/root/etc/bulkhead $(B)/dom0/root/tenants
	@install -m 600 $(filter %.pem %.crt,$(ATTEST_DOM0_FILES)) $(B)/dom0/root/etc/bulkhead/
	@install -m 644 $(DOM0_CFGS) $(B)/dom0/tenant.img $(B)/dom0/root/tenants/
	@install -m 644 $(DOM0_KERNEL)/bzImage $(B)/dom0/root/tenants/vmlinuz-6.1
	@dom0/image/mkcpio.sh $(B)/dom0/root $@

# The same, and a tenant on the 6.12 kernel: 12 MB more, which the usual boot need not measure.
$(B)/dom0/initrd-6.12.img: $(B)/dom0/initrd.img dom0/image/mkcpio.sh
	@echo "  IMAGE  dom0's ramdisk with a 6.12 kernel for tenants"
	@rm -rf $(B)/dom0/root-6.12 && cp -a $(B)/dom0/root $(B)/dom0/root-6.12
	@install -m 644 $(B)/kernel/6.12/bzImage $(B)/dom0/root-6.12/tenants/vmlinuz-6.12
	@sed 's/vmlinuz-6.1"/vmlinuz-6.12"/' dom0/image/tenants/acme.cfg > $(B)/dom0/root-6.12/tenants/acme.cfg
	@dom0/image/mkcpio.sh $(B)/dom0/root-6.12 $@

# What each tenant's launch will be measured as, for the reference values.
DOM0_LAUNCHES := $(DOM0_CFGS:dom0/image/tenants/%.cfg=$(B)/dom0/launch/%.json)
$(DOM0_LAUNCHES): $(B)/dom0/launch/%.json: dom0/image/tenants/%.cfg $(B)/dom0/bhctl $(B)/dom0/initrd.img
	@mkdir -p $(@D)
	$(B)/dom0/bhctl digest --json --root $(B)/dom0/root $< > $@

BUILD_ALL += $(B)/dom0/initrd.img $(DOM0_LAUNCHES)

# --- Host tests of the pure parts ---------------------------------------------------------------
HOST_TESTS += auditlog xlcfg domcfg bzimage domload jsonout streamfind conring canary
xlcfg_TEST_SRC := dom0/bhctl/xlcfg.c
domcfg_TEST_SRC := $(addprefix dom0/bhctl/,domcfg.c seclabel.c xlcfg.c)
bzimage_TEST_SRC := $(addprefix dom0/bhctl/,bzimage.c unpack.c)
bzimage_TEST_LIBS := -llzma -lzstd -lz
domload_TEST_SRC := $(addprefix dom0/bhctl/,domload.c refusal.c bzimage.c unpack.c)
domload_TEST_LIBS := -llzma -lzstd -lz -lmbedcrypto
jsonout_TEST_SRC := dom0/bhctl/jsonout.c
auditlog_TEST_SRC := dom0/bhctl/auditfile.c attest/verify/auditlog.c
auditlog_TEST_CFLAGS := -D_GNU_SOURCE -Idom0/bhctl
auditlog_TEST_LIBS := -lmbedcrypto
streamfind_TEST_SRC := dom0/bhctl/streamfind.c
conring_TEST_SRC := dom0/consoled/conring.c
conring_TEST_CFLAGS := -Idom0/consoled
canary_TEST_SRC := guest-port/linux/canary.c
canary_TEST_CFLAGS := -Iguest-port/linux
$(foreach t,xlcfg domcfg bzimage domload jsonout streamfind,$(eval $(t)_TEST_CFLAGS := -D_GNU_SOURCE -Idom0/bhctl))

# Fuzzers: tests/fuzz/NAME_fuzz.c, by clang's libFuzzer. FUZZ_SECONDS=N for each.
PACKAGES += clang
FUZZERS += xlcfg bzimage
FUZZ_SECONDS ?= 30
xlcfg_FUZZ_SRC := $(addprefix dom0/bhctl/,xlcfg.c domcfg.c seclabel.c)
bzimage_FUZZ_SRC := $(addprefix dom0/bhctl/,bzimage.c unpack.c)
bzimage_FUZZ_LIBS := -llzma -lzstd -lz
$(B)/dom0/fuzz/xlcfg $(B)/dom0/fuzz/bzimage: $(B)/dom0/fuzz/%: tests/fuzz/%_fuzz.c $(BHCTL_SRC) $(DOM0_HEADERS)
	@mkdir -p $(@D) $(B)/dom0/fuzz/$*.corpus
	clang -std=gnu11 -O1 -g -D_GNU_SOURCE -Ihv/include/public -Idom0/bhctl -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $< $($*_FUZZ_SRC) $($*_FUZZ_LIBS)

.PHONY: fuzz-dom0
fuzz-dom0: $(B)/dom0/fuzz/xlcfg $(B)/dom0/fuzz/bzimage ## fuzz the parsers of tenants' files and kernels (FUZZ_SECONDS=30 each)
	@cp dom0/image/tenants/*.cfg $(B)/dom0/fuzz/xlcfg.corpus/
	@cd $(B)/dom0/fuzz/bzimage.corpus && head -c 20000 /bin/busybox > elf && xz -c --check=crc32 --x86 --lzma2=dict=1MiB elf > xz && \
		zstd -q -c elf > zst && gzip -nc elf > gz
	@cd $(B)/dom0/fuzz && for f in $(^F); do ./$$f -max_total_time=$(FUZZ_SECONDS) -max_len=70000 -print_final_stats=1 \
		-verbosity=0 $$f.corpus || exit 1; done
