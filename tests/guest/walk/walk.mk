# SPDX-License-Identifier: MIT
# The policies of the guest test walk, and a guest for it to start.
WALK_BUNDLE_SRC := tests/guest/walk/bundle/walk_bundle.c $(filter-out policy/policyc.c,$(POLICY_TOOL_SRC))
$(B)/guest/walk_bundle: $(WALK_BUNDLE_SRC) $(POLICY_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -Ihv -Ipolicy -o $@ $(WALK_BUNDLE_SRC) -l:libsepol.a -lmbedcrypto

$(B)/guest/walk.img: $(B)/guest/walk_bundle $(POLICY_BIN) $(POLICY_RULES) $(B)/guest/walk.elf $(POLICY_KEY)
	$< $(POLICY_KEY) $(POLICY_BIN) $(POLICY_RULES) $(B)/guest/walk.elf $@ $(B)/guest/walk-all.bhp
BUILD_ALL += $(B)/guest/walk.img
test-measured: $(B)/guest/walk.img
test-guest: $(B)/guest/walk.img
$(B)/guest/walk.elf: hv/hypercall/operations.h hv/monitor/permissions.h
