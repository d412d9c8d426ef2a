# SPDX-License-Identifier: MIT
# The benchmark: one static program as /init of a stock kernel, natively, on Debian's Xen and on Bulkhead.
BENCH ?=
$(B)/bench/root/init: tests/bench/bench.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -static -o $@ $<

$(B)/bench/initrd.img: $(B)/bench/root/init
	cd $(<D) && echo init | cpio --quiet --reproducible -R 0:0 -o -H newc > $(CURDIR)/$@

.PHONY: bench
bench: $(B)/bench/initrd.img $(B)/kernel/6.1/.stamp $(B)/peer/xen.elf $(B)/bulkhead.elf $(B)/policy.bhp ## compare native Linux, Debian's Xen and Bulkhead (BENCH="native xen" for some)
	tests/bench/run.sh $(or $(BENCH),native xen bulkhead)
	@$(MAKE) --no-print-directory bench-report

# --- Reports -----------------------------------------------------------------------------------
$(B)/bench/quote-bench: tests/bench/quote_bench.c tests/host/attest_swtpm.c attest/provision/tpmkeys.c attest/ca/ektemplate.c $(ATTEST_HEADERS) tests/host/attest_swtpm.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(filter %.c,$^) -ltss2-esys -ltss2-tctildr $(ATTEST_LIBS) -lcmocka

BUILD_ALL += $(B)/bench/quote-bench
.PHONY: bench-report
bench-report: $(B)/bench/quote-bench $(B)/guest/attest-cost.elf $(B)/bulkhead.elf $(B)/policy.bhp ## what a report costs, beside a TPM's quote
	@B=$(B) tests/bench/report.sh

# --- The verifier ------------------------------------------------------------------------------
VERIFY_BENCH_TIMES ?= 1000
$(B)/bench/make-evidence: tests/bench/make_evidence.c $(ATTEST_BUILD_SRC) $(ATTEST_HEADERS) tests/host/attest_build.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -D_GNU_SOURCE -o $@ $(filter %.c,$^) $(ATTEST_LIBS)

.PHONY: bench-verify
bench-verify: $(B)/bench/make-evidence $(B)/attest/bh-verify ## how long one verification of evidence takes, natively
	@d=$$(mktemp -d) && trap 'rm -rf "$$d"' EXIT && $< "$$d" && $(B)/attest/bh-verify "$$d/evidence" --ref "$$d/refs" \
		--ca "$$d/ca.crt" $$(cat "$$d/options") --bench $(VERIFY_BENCH_TIMES) | grep -E '^(one|verdict)'

# --- The policy --------------------------------------------------------------------------------
# The monitor as the hypervisor compiles it, without assertions.
$(B)/bench/policy-cost: tests/bench/policy_cost.c hv/monitor/monitor.c hv/monitor/admit.c $(POLICY_TEST_SUPPORT) $(POLICY_HEADERS)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -static -Wall -Wno-unused-parameter $(POLICY_TEST_CFLAGS) -Ihv/include/public -o $@ $(filter %.c,$^) \
		$(POLICY_TEST_LIBS)

.PHONY: bench-policy
bench-policy: $(B)/bench/policy-cost $(POLICY_TOOL) $(B)/policy/declarations.cil ## what a decision costs, and the size of 8, 64 and 512 types
	@tests/bench/policy-sizes.sh $(B) $(POLICY_KEY)
	@$< $(foreach n,8 64 512,$(n) $(B)/bench/policies/$(n).bhp)
