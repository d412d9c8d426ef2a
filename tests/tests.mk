# SPDX-License-Identifier: MIT
# Host tests: tests/host/NAME_test.c, for each NAME in HOST_TESTS; a folder's .mk says
#   HOST_TESTS += NAME
#   NAME_TEST_SRC := product sources linked in (the same files that the product links)
#   NAME_TEST_CFLAGS := -I... (optional)      NAME_TEST_LIBS := -l... (optional)
HOST_TEST_BINS := $(HOST_TESTS:%=$(B)/tests/host/%_test)

define host_test_rule
$$(B)/tests/host/$(1)_test: tests/host/$(1)_test.c $$($(1)_TEST_SRC)
	@mkdir -p $$(@D); rm -f $$@
	$$(CC) $$(TEST_CFLAGS) $$($(1)_TEST_CFLAGS) -o $$@ tests/host/$(1)_test.c $$($(1)_TEST_SRC) -lcmocka $$($(1)_TEST_LIBS)
endef
$(foreach t,$(HOST_TESTS),$(eval $(t)_TEST_SRC ?=)$(eval $(t)_TEST_CFLAGS ?=)$(eval $(t)_TEST_LIBS ?=))
$(foreach t,$(HOST_TESTS),$(eval $(call host_test_rule,$(t))))

.PHONY: test test-host test-repro
test: setup ## set up, build, and run every test; the last line says how many passed
	@B=$(B) tests/run-all.sh build lint test-host test-policy test-repro test-txt-policy test-guest test-measured test-system

# A test that does not build has failed; the others run.
test-host: ## run the host unit tests
	@$(MAKE) --no-print-directory -k -j2 $(HOST_TEST_BINS) || true
	@B=$(B) tests/run-host.sh $(HOST_TEST_BINS)

test-repro: ## build the hypervisor in a second folder and compare the digests
	@B=$(B) tests/repro.sh

include tests/setup/setup.mk
include tests/boot/boot.mk
include tests/bench/bench.mk
include tests/lint/lint.mk
include tests/system/system.mk
