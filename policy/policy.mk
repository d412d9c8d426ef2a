# SPDX-License-Identifier: MIT
# The policy, its compiler, and the reference monitor's tests on the host.
PACKAGES += secilc libsepol-dev libmbedtls-dev setools

# The policy's own sources after base.cil, its rules file; its name and version (a changed policy gets a higher one).
POLICY_SRC ?= policy/bulkhead.cil
POLICY_RULES ?= policy/bulkhead.rules
POLICY_NAME ?= bulkhead
POLICY_VERSION ?= 1

KEYS ?= keys
POLICY_KEY ?= $(KEYS)/policy.pem

POLICY_TOOL := $(B)/policy/bh-policyc
POLICY_TOOL_SRC := $(sort $(wildcard policy/*.c)) hv/monitor/permissions.c hv/monitor/policy_table.c \
	hv/monitor/policy_section.c
POLICY_HEADERS := $(wildcard policy/*.h) hv/hypercall/operations.h hv/monitor/permissions.h hv/monitor/policy_format.h \
	hv/monitor/policy_table.h hv/monitor/policy_section.h hv/monitor/label.h \
	hv/include/public/bulkhead.h
POLICY_BIN := $(B)/policy/$(POLICY_NAME).bin
BUILD_ALL += $(B)/policy.bhp $(POLICY_TOOL)

.PHONY: policy policy-coverage policy-dump
policy: $(B)/policy.bhp ## compile and sign the policy (POLICY_SRC, POLICY_NAME, POLICY_VERSION)

$(POLICY_TOOL): $(POLICY_TOOL_SRC) $(POLICY_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Ihv -o $@ $(POLICY_TOOL_SRC) -l:libsepol.a -lmbedcrypto

$(B)/policy/declarations.cil: $(POLICY_TOOL)
	$(POLICY_TOOL) --declarations > $@

# The binary policy: what seinfo and sesearch read.
$(POLICY_BIN): $(B)/policy/declarations.cil policy/base.cil $(POLICY_SRC)
	secilc -t xen -c 30 -f /dev/null -o $@ $^

$(B)/policy.bhp: $(POLICY_BIN) $(POLICY_RULES) $(POLICY_TOOL) $(POLICY_KEY)
	$(POLICY_TOOL) --key $(POLICY_KEY) --name $(POLICY_NAME) --version $(POLICY_VERSION) \
		--rules $(POLICY_RULES) -o $@ $(POLICY_BIN)

policy-coverage: $(POLICY_TOOL) ## every operation of a guest, with the permission that is asked first
	@$(POLICY_TOOL) --coverage

policy-dump: $(B)/policy.bhp ## what the built policy allows, pair by pair
	@$(POLICY_TOOL) --key $(POLICY_KEY) --dump $<

# ---- Tests on the host ------------------------------------------------------------------------
POLICY_TEST_SUPPORT := tests/host/policy_support.c policy/policy_file.c policy/policy_flatten.c policy/policy_print.c \
	policy/policy_rules.c policy/policy_bind.c hv/monitor/policy_section.c \
	hv/monitor/permissions.c hv/monitor/policy_table.c hv/monitor/policy_verify.c
POLICY_TEST_CFLAGS := -Ihv -Ihv/include -Ihv/lib -Ipolicy -Itests/host -Itests/host/policy_key -D_GNU_SOURCE \
	-D__XEN_INTERFACE_VERSION__=0x00040e00
POLICY_TEST_LIBS := -l:libsepol.a -lmbedcrypto

POLICY_TESTS := policy_table policy_verify policy_flatten policy_print policy_rules permissions
HOST_TESTS += $(POLICY_TESTS)
$(foreach t,$(POLICY_TESTS),$(eval $(t)_TEST_SRC := $(POLICY_TEST_SUPPORT))$(eval \
	$(t)_TEST_CFLAGS := $(POLICY_TEST_CFLAGS))$(eval $(t)_TEST_LIBS := $(POLICY_TEST_LIBS)))
permissions_TEST_SRC += hv/hypercall/operations.c

HOST_TESTS += monitor audit audit_op
monitor_TEST_SRC := hv/monitor/monitor.c hv/monitor/admit.c $(POLICY_TEST_SUPPORT)
monitor_TEST_CFLAGS := $(POLICY_TEST_CFLAGS) -Wno-unused-parameter
monitor_TEST_LIBS := $(POLICY_TEST_LIBS)
audit_TEST_SRC := hv/monitor/audit.c $(POLICY_TEST_SUPPORT)
audit_TEST_CFLAGS := $(monitor_TEST_CFLAGS)
audit_TEST_LIBS := $(POLICY_TEST_LIBS)
audit_op_TEST_SRC := hv/monitor/audit_op.c hv/monitor/audit.c hv/hypercall/ask.c hv/hypercall/operations.c \
	tests/host/hv_fakes.c $(POLICY_TEST_SUPPORT)
audit_op_TEST_CFLAGS := -Itests/host/fake $(monitor_TEST_CFLAGS)
audit_op_TEST_LIBS := $(POLICY_TEST_LIBS)
$(patsubst %,$(B)/tests/host/%_test,$(POLICY_TESTS) monitor audit audit_op): $(POLICY_HEADERS) $(wildcard hv/monitor/*.h) \
	tests/host/policy_support.h

# ---- The fuzzer -------------------------------------------------------------------------------
PACKAGES += clang
FUZZ_POLICY_SECONDS ?= 30
FUZZ_POLICY_SRC := tests/fuzz/policy_table_fuzz.c hv/monitor/policy_table.c hv/monitor/policy_section.c hv/monitor/permissions.c
FUZZERS += policy

$(B)/fuzz/policy_table_fuzz: $(FUZZ_POLICY_SRC) $(POLICY_HEADERS)
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ihv -Ihv/include/public -o $@ $(FUZZ_POLICY_SRC)

.PHONY: fuzz-policy
fuzz-policy: $(B)/fuzz/policy_table_fuzz $(B)/policy.bhp ## fuzz the policy table's parser (FUZZ_POLICY_SECONDS)
	@mkdir -p $(B)/fuzz/policy_corpus
	cp $(B)/policy.bhp $(B)/fuzz/policy_corpus/seed
	$< -max_total_time=$(FUZZ_POLICY_SECONDS) -max_len=8192 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz/policy- $(B)/fuzz/policy_corpus

include policy/analysis/analysis.mk policy/examples/examples.mk
