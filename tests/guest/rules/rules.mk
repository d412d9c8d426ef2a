# SPDX-License-Identifier: MIT
# The policy of this test, and signatures of what it starts.
$(B)/guest/rules/rules-digest: tests/guest/rules/host/rules_digest.c tests/guest/rules/image.h hv/include/public/bulkhead.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $< -lmbedcrypto

$(B)/guest/rules/policy.bhp: $(addprefix tests/guest/rules/,policy.sh test.cil test.rules) policy/base.cil $(POLICY_TOOL) \
		$(B)/policy/declarations.cil $(POLICY_KEY) $(B)/guest/rules/rules-digest $(B)/keys/bh-sign $(B)/keys/bh-key
	$< $(B) $(POLICY_KEY)
BUILD_ALL += $(B)/guest/rules/policy.bhp
