# SPDX-License-Identifier: MIT
# The signed policies that the test kernel finds in its ramdisk.
$(B)/guest/policy-load.img: tests/guest/policy-load/policies.sh policy/base.cil policy/bulkhead.cil policy/bulkhead.rules $(POLICY_TOOL) \
		$(B)/policy/declarations.cil $(POLICY_KEY) $$(KEY_TOOL) $(B)/guest/hello.elf
	@mkdir -p $(B)/guest
	$< $(B) $(POLICY_KEY)
BUILD_ALL += $(B)/guest/policy-load.img
