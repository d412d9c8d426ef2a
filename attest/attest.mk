# SPDX-License-Identifier: MIT
# Attestation: verifier, measurement predictor, provisioning service, TCTI.
PACKAGES += libtss2-dev libcbor-dev libmbedtls-dev libxen-dev openssl swtpm swtpm-tools libcmocka-dev

# As in keys/keys.mk, which makes them and is read later.
KEYS ?= keys
AK_CA_KEY ?= $(KEYS)/ak-ca.pem
AK_CA_CERT ?= $(KEYS)/ak-ca.crt

include attest/mbedtls/mbedtls_verify.mk
ATTEST_LIBS := -ltss2-mu -lcbor -lmbedx509 -lmbedcrypto
ATTEST_VERIFY_SRC := $(addprefix attest/verify/,akcert.c cborin.c eventlog.c evidence.c findings.c p256.c refvalues.c \
	tpmquote.c verify.c verify_log.c verify_platform.c verify_report.c)
ATTEST_PROVISION_SRC := $(addprefix attest/provision/,bh_provision.c quoting.c tpmkeys.c) \
	$(addprefix attest/ca/,akca.c akrequest.c credential.c ektemplate.c) \
	attest/tcti/hvlink.c attest/tool/toolfile.c attest/format/cborout.c attest/format/platform_pack.c \
	$(addprefix attest/verify/,cborin.c evidence.c eventlog.c findings.c p256.c tpmquote.c)
ATTEST_HEADERS := $(wildcard attest/*/*.h) hv/include/public/bulkhead.h

$(B)/attest/bh-provision: $(ATTEST_PROVISION_SRC) $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(ATTEST_PROVISION_SRC) -ltss2-esys -ltss2-tctildr $(ATTEST_LIBS) -lxencall

$(B)/attest/libtss2-tcti-bulkhead.so.0: attest/tcti/tcti_bulkhead.c attest/tcti/hvlink.c $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -fPIC -shared -Wl,-soname,libtss2-tcti-bulkhead.so.0 -o $@ attest/tcti/tcti_bulkhead.c \
		attest/tcti/hvlink.c -lxencall

# What the dom0 image takes: the service, the TCTI (to the library folder), the development CA (to /etc/bulkhead).
ATTEST_DOM0_FILES := $(B)/attest/bh-provision $(B)/attest/libtss2-tcti-bulkhead.so.0 \
	$(AK_CA_KEY) $(AK_CA_CERT)

$(B)/attest/bh-ca: $(addprefix attest/ca/,bh_ca.c akca.c akcrl.c akrequest.c castate.c credential.c ekcert.c ektemplate.c) attest/tool/toolfile.c \
		attest/format/cborout.c $(addprefix attest/verify/,cborin.c findings.c p256.c tpmquote.c) $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(filter %.c,$^) $(ATTEST_LIBS)

BUILD_ALL += $(B)/attest/bh-ca $(B)/attest/bh-provision $(B)/attest/libtss2-tcti-bulkhead.so.0

$(B)/attest/bh-verify: $(addprefix attest/tool/,bh_verify.c toolfile.c verify_explain.c verify_options.c verify_show.c) attest/mbedtls/ecdsa_alt.c \
		$(ATTEST_VERIFY_SRC) $(ATTEST_HEADERS) $(VERIFY_MBEDTLS_OBJS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE $(VERIFY_MBEDTLS_DEFINES) -o $@ $(filter %.c,$^) $(VERIFY_LIBS)
BUILD_ALL += $(B)/attest/bh-verify

$(B)/attest/bh-auditlog: $(addprefix attest/tool/,bh_auditlog.c toolfile.c) $(addprefix attest/verify/,auditlog.c cborin.c \
		evidence.c) $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(filter %.c,$^) $(ATTEST_LIBS)
BUILD_ALL += $(B)/attest/bh-auditlog

# --- Reference values ----------------------------------------------------------------------------
ATTEST_MEASURE_SRC := $(addprefix attest/measure/,authenticode.c bh_measure.c grubcfg.c launchjson.c pcrmodel.c refwrite.c) \
	attest/tool/toolfile.c attest/format/cborout.c attest/verify/p256.c
$(B)/attest/bh-measure: $(ATTEST_MEASURE_SRC) $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(ATTEST_MEASURE_SRC) -lcbor -lmbedcrypto
BUILD_ALL += $(B)/attest/bh-measure

$(B)/attest/bh-drtm: $(addprefix attest/measure/,bh_drtm.c drtm.c) attest/tool/toolfile.c \
		$(addprefix attest/verify/,p256.c findings.c) $(ATTEST_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(filter %.c,$^) -lmbedcrypto
BUILD_ALL += $(B)/attest/bh-drtm

# BOOT_FILES and TBOOT are those of tests/boot/boot.mk, DOM0_LAUNCHES is dom0/dom0.mk's; both are read later.
ATTEST_LAUNCHES := $(patsubst dom0/image/tenants/%.cfg,$(B)/dom0/launch/%.json,$(wildcard dom0/image/tenants/*.cfg))
$(B)/measurements.cbor: $(B)/attest/bh-measure $(B)/attest/bh-verify $(B)/boot/grub.cfg $(B)/boot/BOOTX64.EFI \
		$(B)/bulkhead.elf $(B)/policy.bhp $(B)/dom0/vmlinux $(B)/dom0/initrd.img $(ATTEST_LAUNCHES)
	$(B)/attest/bh-measure --out $@ --boot $(if $(filter 1,$(TBOOT)),tboot,direct) --grub $(B)/boot/BOOTX64.EFI \
		--cfg $(B)/boot/grub.cfg $(foreach f,$(BOOT_FILES),--file $(lastword $(subst =, ,$f))=$(firstword $(subst =, ,$f))) \
		$(foreach l,$(ATTEST_LAUNCHES),--launch $l)

.PHONY: measurements
measurements: $(B)/measurements.cbor ## predict PCR 4, 8, 9, 21 and launch digests from the build; print what each is made of
	@$(B)/attest/bh-verify explain --ref $< $(wildcard $(B)/dom0/vmlinux $(B)/dom0/tenant.img dom0/image/tenants/*.cfg)

# --- Host tests ------------------------------------------------------------------------------------
ATTEST_BUILD_SRC := tests/host/attest_build.c attest/ca/akca.c attest/ca/akcrl.c attest/measure/refwrite.c attest/measure/pcrmodel.c \
	attest/format/cborout.c attest/format/evidence_pack.c attest/format/platform_pack.c $(ATTEST_VERIFY_SRC)
HOST_TESTS += attest_verify
attest_verify_TEST_SRC := $(ATTEST_BUILD_SRC)
attest_verify_TEST_CFLAGS := -D_GNU_SOURCE
attest_verify_TEST_LIBS := $(ATTEST_LIBS)

HOST_TESTS += attest_chain
attest_chain_TEST_SRC := tests/host/attest_certs.c $(ATTEST_BUILD_SRC)
attest_chain_TEST_CFLAGS := -D_GNU_SOURCE
attest_chain_TEST_LIBS := $(ATTEST_LIBS)

HOST_TESTS += attest_judge
attest_judge_TEST_SRC := $(ATTEST_BUILD_SRC)
attest_judge_TEST_CFLAGS := -D_GNU_SOURCE
attest_judge_TEST_LIBS := $(ATTEST_LIBS)

HOST_TESTS += attest_tool
attest_tool_TEST_SRC := tests/host/attest_certs.c attest/measure/launchjson.c attest/verify/auditlog.c $(ATTEST_BUILD_SRC)
attest_tool_TEST_CFLAGS := -D_GNU_SOURCE
attest_tool_TEST_LIBS := $(ATTEST_LIBS)
$(B)/tests/host/attest_tool_test: | $(B)/attest/bh-verify $(B)/attest/bh-auditlog $(B)/policy.bhp $(B)/dom0/launch/acme.json

HOST_TESTS += attest_bytes
attest_bytes_TEST_SRC := $(ATTEST_BUILD_SRC)
attest_bytes_TEST_CFLAGS := -D_GNU_SOURCE
attest_bytes_TEST_LIBS := $(ATTEST_LIBS)

HOST_TESTS += attest_attack
attest_attack_TEST_SRC := $(ATTEST_BUILD_SRC)
attest_attack_TEST_CFLAGS := -D_GNU_SOURCE
attest_attack_TEST_LIBS := $(ATTEST_LIBS)

HOST_TESTS += attest_cddl
attest_cddl_TEST_SRC := tests/host/cddl_match.c $(ATTEST_BUILD_SRC)
attest_cddl_TEST_CFLAGS := -D_GNU_SOURCE
attest_cddl_TEST_LIBS := $(ATTEST_LIBS)

HOST_TESTS += attest_e2e
attest_e2e_TEST_SRC := tests/host/attest_swtpm.c $(ATTEST_BUILD_SRC)
attest_e2e_TEST_CFLAGS := -D_GNU_SOURCE
attest_e2e_TEST_LIBS := -ltss2-esys -ltss2-tctildr $(ATTEST_LIBS)
$(B)/tests/host/attest_e2e_test: | $(B)/attest/bh-ca $(B)/attest/bh-provision $(B)/attest/bh-verify $(B)/keys/bh-key

HOST_TESTS += attest_registrar
attest_registrar_TEST_SRC := tests/host/attest_swtpm.c $(addprefix attest/ca/,akrequest.c ekcert.c ektemplate.c) $(ATTEST_BUILD_SRC)
attest_registrar_TEST_CFLAGS := -D_GNU_SOURCE
attest_registrar_TEST_LIBS := -ltss2-esys -ltss2-tctildr $(ATTEST_LIBS)
$(B)/tests/host/attest_registrar_test: | $(B)/attest/bh-ca $(B)/attest/bh-provision $(B)/keys/bh-key

HOST_TESTS += attest_revocation
attest_revocation_TEST_SRC := tests/host/guestprog.c $(ATTEST_BUILD_SRC)
attest_revocation_TEST_CFLAGS := -D_GNU_SOURCE
attest_revocation_TEST_LIBS := $(ATTEST_LIBS)
$(B)/tests/host/attest_revocation_test: | $(B)/attest/bh-ca

HOST_TESTS += drtm
drtm_TEST_SRC := attest/measure/drtm.c tests/host/attest_swtpm.c attest/verify/p256.c
drtm_TEST_CFLAGS := -D_GNU_SOURCE
drtm_TEST_LIBS := -ltss2-esys -ltss2-tctildr -lmbedcrypto

HOST_TESTS += attest_pack attest_measure attest_tcti
attest_pack_TEST_SRC := $(addprefix attest/format/,cborout.c evidence_pack.c platform_pack.c) \
	$(addprefix attest/verify/,cborin.c evidence.c eventlog.c p256.c)
attest_pack_TEST_LIBS := -lcbor -lmbedcrypto
attest_measure_TEST_SRC := $(addprefix attest/measure/,authenticode.c grubcfg.c launchjson.c pcrmodel.c refwrite.c) \
	attest/format/cborout.c $(addprefix attest/verify/,cborin.c findings.c p256.c refvalues.c)
attest_measure_TEST_LIBS := -lcbor -lmbedcrypto
attest_tcti_TEST_SRC := attest/tcti/tcti_bulkhead.c

# The vectors against what is shipped: bh-verify's mbedTLS and nettle's ECDSA, not Debian's library.
SHIPPED_MODULES := $(VERIFY_MBEDTLS_MODULES) aes ctr_drbg entropy entropy_poll pkwrite x509_create x509write_crt
SHIPPED_OBJS := $(SHIPPED_MODULES:%=$(B)/tests/host/shipped/%.o)
SHIPPED_DEFINES := -DMBEDTLS_CONFIG_FILE='"tests/host/attest_shipped_config.h"' -I. -isystem $(MBEDTLS_SRC)/include
$(SHIPPED_OBJS): $(B)/tests/host/shipped/%.o: attest/mbedtls/verify_config.h tests/host/attest_shipped_config.h | $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	$(CC) $(filter-out -W%,$(HOST_CFLAGS)) -w $(SHIPPED_DEFINES) -c -o $@ $(MBEDTLS_SRC)/library/$*.c
HOST_TESTS += attest_verify_shipped attest_chain_shipped
$(foreach t,verify chain,$(eval attest_$(t)_shipped_TEST_SRC := attest/mbedtls/ecdsa_alt.c $(attest_$(t)_TEST_SRC)) \
	$(eval attest_$(t)_shipped_TEST_CFLAGS = -D_GNU_SOURCE $$(SHIPPED_DEFINES)) \
	$(eval attest_$(t)_shipped_TEST_LIBS = $$(SHIPPED_OBJS) -ltss2-mu -lcbor -lhogweed -lnettle -lgmp) \
	$(eval $(B)/tests/host/attest_$(t)_shipped_test: tests/host/attest_$(t)_test.c $(SHIPPED_OBJS)))

# --- Fuzzers (clang's libFuzzer) ---------------------------------------------------------------------
ATTEST_FUZZ_SECONDS ?= 30
FUZZERS += attest_parse attest_evidence
ATTEST_FUZZ_SANITIZE := address,undefined -fno-sanitize-recover=all
ATTEST_FUZZ_CFLAGS = -std=gnu11 -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE -Ihv/include/public $(ATTEST_FUZZ_DEFINES) \
	-fsanitize=fuzzer,$(ATTEST_FUZZ_SANITIZE)
# mbedTLS instrumented as well: most of what reads certificates and lists is its code.
ATTEST_FUZZ_MODULES := $(SHIPPED_MODULES) rsa rsa_internal
ATTEST_FUZZ_OBJS := $(ATTEST_FUZZ_MODULES:%=$(B)/fuzz/mbedtls/%.o)
ATTEST_FUZZ_DEFINES := -DMBEDTLS_CONFIG_FILE='"tests/fuzz/attest_fuzz_config.h"' -I. -isystem $(MBEDTLS_SRC)/include
ATTEST_FUZZ_LIBS := -ltss2-mu -lcbor -lhogweed -lnettle -lgmp
$(ATTEST_FUZZ_OBJS): $(B)/fuzz/mbedtls/%.o: attest/mbedtls/verify_config.h tests/host/attest_shipped_config.h tests/fuzz/attest_fuzz_config.h \
		| $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -w $(ATTEST_FUZZ_DEFINES) -fsanitize=fuzzer-no-link,$(ATTEST_FUZZ_SANITIZE) -c -o $@ $(MBEDTLS_SRC)/library/$*.c
$(B)/fuzz/attest_parse_fuzz: tests/fuzz/attest_parse_fuzz.c attest/mbedtls/ecdsa_alt.c $(ATTEST_VERIFY_SRC) $(ATTEST_HEADERS) $(ATTEST_FUZZ_OBJS) \
		$(addprefix attest/,ca/akrequest.c ca/ekcert.c ca/ektemplate.c format/cborout.c format/platform_pack.c measure/authenticode.c measure/grubcfg.c)
	@mkdir -p $(@D)
	clang $(ATTEST_FUZZ_CFLAGS) -o $@ $(filter %.c %.o,$^) $(ATTEST_FUZZ_LIBS)
$(B)/fuzz/attest_evidence_fuzz: tests/fuzz/attest_evidence_fuzz.c attest/mbedtls/ecdsa_alt.c $(ATTEST_BUILD_SRC) $(ATTEST_HEADERS) $(ATTEST_FUZZ_OBJS) \
		tests/host/attest_build.h
	@mkdir -p $(@D)
	clang $(ATTEST_FUZZ_CFLAGS) -o $@ $(filter %.c %.o,$^) $(ATTEST_FUZZ_LIBS)

# One good input of each parser; and the build's own reference file, where there is one.
$(B)/fuzz/attest_parse_fuzz.corpus/evidence: $(B)/bench/make-evidence
	@mkdir -p $(@D)
	$< --seeds $(@D)

.PHONY: fuzz-attest
fuzz-attest: $(B)/fuzz/attest_parse_fuzz $(B)/fuzz/attest_evidence_fuzz $(B)/fuzz/attest_parse_fuzz.corpus/evidence ## fuzz the verifier and its parsers (ATTEST_FUZZ_SECONDS each)
	@test ! -e $(B)/measurements.cbor || (printf '\2'; cat $(B)/measurements.cbor) > $(B)/fuzz/attest_parse_fuzz.corpus/refs.build
	@for f in $(filter %_fuzz,$^); do mkdir -p $$f.corpus && $$f -max_total_time=$(ATTEST_FUZZ_SECONDS) -max_len=8192 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix=$$f.corpus/ $$f.corpus 2>&1 | grep -E 'number_of|ERROR|SUMMARY|crash' || exit 1; \
	done

# A few seconds of each with every run of the tests.
HOST_TESTS += attest_fuzz
attest_fuzz_TEST_CFLAGS := -D_GNU_SOURCE
$(B)/tests/host/attest_fuzz_test: | $(B)/fuzz/attest_parse_fuzz $(B)/fuzz/attest_evidence_fuzz $(B)/fuzz/attest_parse_fuzz.corpus/evidence
