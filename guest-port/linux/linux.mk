# SPDX-License-Identifier: MIT
# Static programs for Linux guests: they go into the tenants' ramdisk, bh-probe into dom0's too.
LINUX_PORT := guest-port/linux
LINUX_CFLAGS = $(HOST_CFLAGS) -D_GNU_SOURCE -I$(LINUX_PORT) -Iattest/format -ffunction-sections -fdata-sections
LINUX_LDFLAGS := -static -s -Wl,--gc-sections -Wl,--build-id=none
LINUX_HEADERS := $(wildcard $(LINUX_PORT)/*.h) attest/format/evidence_pack.h hv/include/public/bulkhead.h
LINUX_TOOLS := $(addprefix $(B)/guest-port/linux/,bh-evidence bh-share bh-peer bh-probe bh-seal bh-extend bh-check)

BH_EVIDENCE_SRC := $(addprefix $(LINUX_PORT)/,bh_evidence.c attestwords.c lxcall.c) attest/format/evidence_pack.c
BH_SHARE_SRC := $(addprefix $(LINUX_PORT)/,bh_share.c sharepage.c canary.c domid.c)
BH_PEER_SRC := $(addprefix $(LINUX_PORT)/,bh_peer.c sharepage.c domid.c)
BH_PROBE_SRC := $(addprefix $(LINUX_PORT)/,bh_probe.c probe_map.c probe_call.c lxcall.c canary.c domid.c)

$(B)/guest-port/linux/bh-evidence: $(BH_EVIDENCE_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_EVIDENCE_SRC) $(LINUX_LDFLAGS) -lmbedcrypto

$(B)/guest-port/linux/bh-share: $(BH_SHARE_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_SHARE_SRC) $(LINUX_LDFLAGS)

$(B)/guest-port/linux/bh-peer: $(BH_PEER_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_PEER_SRC) $(LINUX_LDFLAGS)

$(B)/guest-port/linux/bh-probe: $(BH_PROBE_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_PROBE_SRC) $(LINUX_LDFLAGS)

BH_SEAL_SRC := $(addprefix $(LINUX_PORT)/,bh_seal.c sealcount.c sealfile.c besidefile.c domid.c attestcall.c attestwords.c lxcall.c)
BH_EXTEND_SRC := $(addprefix $(LINUX_PORT)/,bh_extend.c extendlog.c attestcall.c attestwords.c lxcall.c)
BH_CHECK_SRC := $(addprefix $(LINUX_PORT)/,bh_check.c extendlog.c attestcall.c attestwords.c lxcall.c)

$(B)/guest-port/linux/bh-seal: $(BH_SEAL_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_SEAL_SRC) $(LINUX_LDFLAGS) -lmbedcrypto

$(B)/guest-port/linux/bh-extend: $(BH_EXTEND_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_EXTEND_SRC) $(LINUX_LDFLAGS) -lmbedcrypto

$(B)/guest-port/linux/bh-check: $(BH_CHECK_SRC) $(LINUX_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -o $@ $(BH_CHECK_SRC) $(LINUX_LDFLAGS) -lmbedcrypto

ATTLS_SRC := $(addprefix $(LINUX_PORT)/,attls.c attls_key.c attls_judge.c attestwords.c)
# With libraries: tss2-mu and libcbor are not to be had as static ones.
LINUX_TLS := $(addprefix $(B)/guest-port/linux/,bh-tls-server bh-tls-client)
TLSPROG_SRC = $(ATTLS_SRC) $(addprefix $(LINUX_PORT)/,tlsprog.c tlsport.c domid.c sharering.c sharepage.c attestcall.c lxcall.c) \
	attest/tool/toolfile.c attest/tool/verify_options.c attest/format/evidence_pack.c $(ATTEST_VERIFY_SRC)
$(LINUX_TLS): $(B)/guest-port/linux/bh-tls-%: $(LINUX_PORT)/bh_tls_%.c $(TLSPROG_SRC) $(LINUX_HEADERS) $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(LINUX_CFLAGS) -s -o $@ $(filter %.c,$^) -lmbedtls $(ATTEST_LIBS)
BUILD_ALL += $(LINUX_TLS)

# A test of a program includes its source, so it is made anew when that changes.
GUESTPROG_CFLAGS := -D_GNU_SOURCE -I$(LINUX_PORT) -Iattest/format
HOST_TESTS += sealprog
sealprog_TEST_SRC := tests/host/guestprog.c $(addprefix $(LINUX_PORT)/,sealcount.c sealfile.c besidefile.c domid.c attestwords.c)
sealprog_TEST_CFLAGS := $(GUESTPROG_CFLAGS)
sealprog_TEST_LIBS := -lmbedcrypto
$(B)/tests/host/sealprog_test: $(LINUX_PORT)/bh_seal.c

HOST_TESTS += extendprog
extendprog_TEST_SRC := tests/host/guestprog.c $(addprefix $(LINUX_PORT)/,extendlog.c attestwords.c)
extendprog_TEST_CFLAGS := $(GUESTPROG_CFLAGS)
extendprog_TEST_LIBS := -lmbedcrypto
$(B)/tests/host/extendprog_test: $(LINUX_PORT)/bh_extend.c

HOST_TESTS += attestcall
attestcall_TEST_SRC := $(addprefix $(LINUX_PORT)/,attestcall.c attestwords.c)
attestcall_TEST_CFLAGS := $(GUESTPROG_CFLAGS)

HOST_TESTS += checkprog
checkprog_TEST_SRC := tests/host/guestprog.c $(addprefix $(LINUX_PORT)/,extendlog.c attestwords.c)
checkprog_TEST_CFLAGS := $(GUESTPROG_CFLAGS)
checkprog_TEST_LIBS := -lmbedcrypto
$(B)/tests/host/checkprog_test: $(LINUX_PORT)/bh_check.c

HOST_TESTS += tlsprog
tlsprog_TEST_SRC = $(sort tests/host/guestprog.c $(ATTEST_BUILD_SRC) $(filter-out %/tlsprog.c %/attestcall.c %/lxcall.c,$(TLSPROG_SRC)))
tlsprog_TEST_CFLAGS := $(GUESTPROG_CFLAGS)
tlsprog_TEST_LIBS = -lmbedtls $(ATTEST_LIBS) -lpthread -Wl,--wrap=sharepage_signal,--wrap=sharepage_wait
$(B)/tests/host/tlsprog_test: $(LINUX_PORT)/tlsprog.c | $(LINUX_TLS)

HOST_TESTS += tlsoptions
tlsoptions_TEST_SRC := tests/host/guestprog.c
tlsoptions_TEST_CFLAGS := -D_GNU_SOURCE
$(B)/tests/host/tlsoptions_test: | $(LINUX_TLS) $(addprefix $(B)/guest-port/linux/,bh-share bh-peer bh-probe)

HOST_TESTS += sealfile extendlog attls sharering
sharering_TEST_SRC := $(LINUX_PORT)/sharering.c
sharering_TEST_CFLAGS := -I$(LINUX_PORT)
attls_TEST_SRC = $(ATTLS_SRC) $(ATTEST_BUILD_SRC)
attls_TEST_CFLAGS := -D_GNU_SOURCE -I$(LINUX_PORT) -Iattest/format
attls_TEST_LIBS = -lmbedtls $(ATTEST_LIBS) -lpthread
sealfile_TEST_SRC := $(LINUX_PORT)/sealfile.c
extendlog_TEST_SRC := $(LINUX_PORT)/extendlog.c
sealfile_TEST_CFLAGS := -D_GNU_SOURCE -I$(LINUX_PORT)
extendlog_TEST_CFLAGS := -I$(LINUX_PORT)
sealfile_TEST_LIBS := -lmbedcrypto
extendlog_TEST_LIBS := -lmbedcrypto

BUILD_ALL += $(LINUX_TOOLS)
