# SPDX-License-Identifier: MIT
# Host tests: tests/host/NAME_test.c, for each NAME in HOST_TESTS; a folder's .mk says
#   HOST_TESTS += NAME
#   NAME_TEST_SRC := product sources linked in (the same files that the product links)
#   NAME_TEST_CFLAGS := -I... (optional)      NAME_TEST_LIBS := -l... (optional)
HOST_TEST_BINS := $(HOST_TESTS:%=$(B)/tests/host/%_test)

define host_test_rule
$$(B)/tests/host/$(1)_test: tests/host/$(1)_test.c $$($(1)_TEST_SRC)
	@mkdir -p $$(@D)
	$$(CC) $$(TEST_CFLAGS) $$($(1)_TEST_CFLAGS) -o $$@ tests/host/$(1)_test.c $$($(1)_TEST_SRC) -lcmocka $$($(1)_TEST_LIBS)
endef
$(foreach t,$(HOST_TESTS),$(eval $(t)_TEST_SRC ?=)$(eval $(t)_TEST_CFLAGS ?=)$(eval $(t)_TEST_LIBS ?=))
$(foreach t,$(HOST_TESTS),$(eval $(call host_test_rule,$(t))))

.PHONY: test-host
test-host: $(HOST_TEST_BINS) ## run the host unit tests
	@fail=0; for t in $^; do echo "== $$t"; $$t || fail=1; done; exit $$fail

include tests/setup/setup.mk
include tests/boot/boot.mk
include tests/bench/bench.mk
