# SPDX-License-Identifier: MIT
# bh-policy: what an auditor asks a policy.
PACKAGES += libsepol-dev libmbedtls-dev secilc setools libxml2-utils

ANALYSIS := $(B)/policy/bh-policy
ANALYSIS_PARTS := $(filter-out policy/analysis/bh_policy.c,$(sort $(wildcard policy/analysis/*.c)))
ANALYSIS_LINKED := $(filter-out policy/policyc.c,$(sort $(wildcard policy/*.c))) hv/monitor/permissions.c \
	$(wildcard hv/monitor/policy_table.c hv/monitor/policy_section.c) dom0/bhctl/jsonout.c
ANALYSIS_CFLAGS := -D_GNU_SOURCE -Ihv -Ihv/include -Ipolicy -Ipolicy/analysis -Idom0/bhctl
ANALYSIS_LIBS := -l:libsepol.a -lmbedcrypto
ANALYSIS_HEADERS := $(wildcard policy/analysis/*.h) $(POLICY_HEADERS) dom0/bhctl/jsonout.h
BUILD_ALL += $(ANALYSIS)

$(ANALYSIS): policy/analysis/bh_policy.c $(ANALYSIS_PARTS) $(ANALYSIS_LINKED) $(ANALYSIS_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) $(ANALYSIS_CFLAGS) -o $@ policy/analysis/bh_policy.c $(ANALYSIS_PARTS) $(ANALYSIS_LINKED) $(ANALYSIS_LIBS)

# ---- Tests on the host ------------------------------------------------------------------------
ANALYSIS_TESTS := polspec polgraph polprove polcheck
HOST_TESTS += $(ANALYSIS_TESTS)
$(foreach t,$(ANALYSIS_TESTS),$(eval $(t)_TEST_SRC := $(ANALYSIS_PARTS) $(ANALYSIS_LINKED) tests/host/analysis_support.c)$(eval \
	$(t)_TEST_CFLAGS := $(ANALYSIS_CFLAGS) -Itests/host)$(eval $(t)_TEST_LIBS := $(ANALYSIS_LIBS)))
$(patsubst %,$(B)/tests/host/%_test,$(ANALYSIS_TESTS)): $(ANALYSIS_HEADERS) tests/host/analysis_support.h

# ---- The fuzzer -------------------------------------------------------------------------------
FUZZERS += spec
FUZZ_SPEC_SECONDS ?= 30
FUZZ_SPEC_SRC := tests/fuzz/polspec_fuzz.c policy/analysis/polspec.c policy/analysis/cilread.c

$(B)/fuzz/polspec_fuzz: $(FUZZ_SPEC_SRC) $(ANALYSIS_HEADERS)
	@mkdir -p $(@D)
	clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ihv/include/public $(ANALYSIS_CFLAGS) -o $@ $(FUZZ_SPEC_SRC)

.PHONY: fuzz-spec
fuzz-spec: $(B)/fuzz/polspec_fuzz ## fuzz bh-policy's readers of assertions and sources (FUZZ_SPEC_SECONDS)
	@mkdir -p $(B)/fuzz/spec_corpus
	cp policy/*.spec policy/*.cil $(B)/fuzz/spec_corpus/
	for f in $(wildcard policy/examples/*/*.spec); do cp $$f $(B)/fuzz/spec_corpus/$$(basename $$(dirname $$f)).spec; done
	$< -max_total_time=$(FUZZ_SPEC_SECONDS) -max_len=4096 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(B)/fuzz/spec- $(B)/fuzz/spec_corpus

# ---- For people -------------------------------------------------------------------------------
# What the shipped policy is analysed with; `make policy-prove POLICY_SRC=mine.cil POLICY_SPEC=mine.spec` for one of yours.
POLICY_SPEC ?= $(wildcard $(POLICY_SRC:.cil=.spec))
ANALYSED := policy/base.cil $(POLICY_SRC) $(POLICY_RULES) $(POLICY_SPEC)

.PHONY: policy-check policy-prove policy-flows policy-report
policy-check: $(ANALYSIS) ## what an auditor would ask about the policy
	$(ANALYSIS) check $(ANALYSED)

policy-prove: $(ANALYSIS) ## prove the policy's assertions (POLICY_SRC, POLICY_RULES, POLICY_SPEC)
	$(ANALYSIS) prove $(ANALYSED)

policy-flows: $(ANALYSIS) ## who can inform or control whom
	@$(ANALYSIS) flows $(ANALYSED)

# Status 1 says that the page has an assertion that does not hold, or an open finding; the page is there all the same.
policy-report: $(ANALYSIS) $(B)/policy.bhp ## one page for an audit's file: build/policy/NAME.html
	$(ANALYSIS) report -o $(B)/policy/$(POLICY_NAME).html --title "Policy $(POLICY_NAME), version $(POLICY_VERSION)" \
		--key $(POLICY_KEY) $(ANALYSED) $(B)/policy.bhp
	@echo "$(B)/policy/$(POLICY_NAME).html"
