# SPDX-License-Identifier: MIT
# mbedTLS's modules for the hypervisor, from Debian's source package, with the hypervisor's own flags (without its
# warnings: the source is not ours). --gc-sections drops what is not called.
MBEDTLS_SRC := $(B)/mbedtls-src
MBEDTLS_MODULES := sha256 md hmac_drbg bignum constant_time ecp ecp_curves ecdsa asn1parse asn1write
MBEDTLS_OBJS := $(MBEDTLS_MODULES:%=$(HV_OBJ)/mbedtls/%.o)
# Before the system's folders, where libmbedtls-dev lies too.
MBEDTLS_DEFINES := -DMBEDTLS_CONFIG_FILE='"measure/mbedtls_config.h"' -isystem $(MBEDTLS_SRC)/include
MBEDTLS_CFLAGS = $(filter-out -W%,$(HV_CFLAGS)) -w
$(MBEDTLS_OBJS) $(HV_OBJ)/hv/measure/%.o: HV_CFLAGS += $(MBEDTLS_DEFINES)
# Hundreds of megabytes pass through SHA-256 at start, under an emulator too.
$(HV_OBJ)/mbedtls/sha256.o: MBEDTLS_CFLAGS += -O3
HV_EXTRA_OBJS += $(MBEDTLS_OBJS)

# The sources appear with the stamp: only the recipe names them.
$(MBEDTLS_OBJS): $(HV_OBJ)/mbedtls/%.o: hv/measure/mbedtls_config.h hv/measure/mbedtls.mk | $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	$(CC) $(MBEDTLS_CFLAGS) -MMD -c -o $@ $(MBEDTLS_SRC)/library/$*.c
$(filter $(HV_OBJ)/hv/measure/%,$(HV_OBJS)): | $(MBEDTLS_SRC)/.stamp

# The same modules with the same header for the host tests, under their sanitizers.
HOST_MBEDTLS_OBJS := $(MBEDTLS_MODULES:%=$(B)/host-mbedtls/%.o)
HOST_MBEDTLS_CFLAGS := -Itests/host/fake -Itests/host -Ihv -Ihv/include -Ihv/lib -Wno-unused-parameter -DHV_DEBUG=1 \
	-D__XEN_INTERFACE_VERSION__=0x00040e00 $(MBEDTLS_DEFINES)
$(HOST_MBEDTLS_OBJS): $(B)/host-mbedtls/%.o: hv/measure/mbedtls_config.h hv/measure/mbedtls.mk | $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	$(CC) $(filter-out -W%,$(TEST_CFLAGS)) -w $(HOST_MBEDTLS_CFLAGS) -c -o $@ $(MBEDTLS_SRC)/library/$*.c

MEASURE_TESTS := late_launch crypto signer tpm_cmd tpm_allow tpm tpm_time pcrlog evstore measure measure_lost verifier vouch check_op seal_root seal_counter
HOST_TESTS += $(MEASURE_TESTS)
CRYPTO_SRC := $(addprefix hv/measure/,crypto.c arena.c verifier.c measure_lock.c) tests/host/measure_fakes.c
TPM_SRC := $(addprefix hv/measure/,tpm.c tpm_queue.c tpm_tis.c tpm_crb.c tpm_cmd.c seal_root.c \
	seal_cmd.c seal_op.c seal_counter.c) tests/host/fake_tpm.c
crypto_TEST_SRC := $(CRYPTO_SRC)
signer_TEST_SRC := hv/measure/signer.c $(CRYPTO_SRC)
tpm_cmd_TEST_SRC := hv/measure/tpm_cmd.c $(CRYPTO_SRC)
tpm_allow_TEST_SRC := hv/measure/tpm_allow.c $(CRYPTO_SRC)
tpm_TEST_SRC := $(TPM_SRC) $(CRYPTO_SRC)
tpm_time_TEST_SRC := $(tpm_TEST_SRC)
pcrlog_TEST_SRC := hv/measure/pcrlog.c $(CRYPTO_SRC)
evstore_TEST_SRC := hv/measure/evstore.c
measure_TEST_SRC := $(addprefix hv/measure/,measure.c measure_blob.c report.c report_op.c tpm_op.c tpm_allow.c signer.c \
	pcrlog.c evstore.c entropy.c check_op.c extend_op.c vouch.c) hv/hypercall/ask.c hv/hypercall/operations.c $(TPM_SRC) $(CRYPTO_SRC)
measure_TEST_SRC += hv/boot/txt_parse.c
late_launch_TEST_SRC := $(measure_TEST_SRC)
measure_lost_TEST_SRC := $(measure_TEST_SRC) tests/host/measure_boot.c
verifier_TEST_SRC := hv/measure/signer.c $(CRYPTO_SRC)
vouch_TEST_SRC := hv/measure/vouch.c $(verifier_TEST_SRC)
check_op_TEST_SRC := $(measure_TEST_SRC)
seal_root_TEST_SRC := $(measure_TEST_SRC) tests/host/attest_swtpm.c tests/host/seal_boots.c
seal_counter_TEST_SRC := $(seal_root_TEST_SRC)
measure_TEST_SRC += tests/host/measure_boot.c
$(foreach t,$(MEASURE_TESTS),$(eval $(t)_TEST_CFLAGS := $(HOST_MBEDTLS_CFLAGS)))
$(foreach t,$(MEASURE_TESTS),$(eval $(t)_TEST_LIBS := $(HOST_MBEDTLS_OBJS)))
check_op_TEST_CFLAGS += -Dsched_yield=fake_sched_yield
tpm_cmd_TEST_LIBS += -ltss2-mu
seal_root_TEST_LIBS += -ltss2-esys -ltss2-tctildr
seal_counter_TEST_LIBS += -ltss2-esys -ltss2-tctildr
evstore_TEST_LIBS :=
$(MEASURE_TESTS:%=$(B)/tests/host/%_test): $(HOST_MBEDTLS_OBJS)

FUZZERS += tpm
TPM_FUZZ_SECONDS ?= 30
TPM_FUZZ_SRC := tests/fuzz/tpm_fuzz.c $(addprefix hv/measure/,tpm_tis.c tpm_crb.c tpm_cmd.c tpm_allow.c)
$(B)/fuzz/tpm_fuzz: $(TPM_FUZZ_SRC) $(wildcard hv/measure/*.h) hv/monitor/permissions.h
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Ihv \
		-Ihv/include -Ihv/include/public -Ihv/lib -D__XEN_INTERFACE_VERSION__=0x00040e00 -o $@ $(TPM_FUZZ_SRC)

.PHONY: fuzz-tpm
fuzz-tpm: $(B)/fuzz/tpm_fuzz ## fuzz the TPM driver and the list of allowed commands (TPM_FUZZ_SECONDS)
	@mkdir -p $(B)/fuzz/tpm_corpus
	$< -max_total_time=$(TPM_FUZZ_SECONDS) -max_len=8192 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz/tpm- $(B)/fuzz/tpm_corpus

.PHONY: test-measured
test-measured: $(patsubst tests/guest/%/measured,$(B)/guest/%.elf,$(wildcard tests/guest/*/measured)) $(B)/guest/launcher.elf $(B)/bulkhead.elf $(B)/policy.bhp $(B)/guest/policy-load.img $(B)/system/badtpm ## run the guest tests that need a TPM
	@B=$(B) tests/guest/measured.sh
