# SPDX-License-Identifier: MIT
# Policies to start from: each is built, proved, and tried on a machine (tests/system/examples).
EXAMPLES := $(sort $(patsubst policy/examples/%/policy.cil,%,$(wildcard policy/examples/*/policy.cil)))
EXAMPLE_DIR := $(B)/policy/examples
EXAMPLE_TABLES := $(EXAMPLES:%=$(EXAMPLE_DIR)/%.bhp)
EXAMPLE_BINS := $(EXAMPLES:%=$(EXAMPLE_DIR)/%.bin)

$(EXAMPLE_DIR)/%.bin: $(B)/policy/declarations.cil policy/base.cil policy/examples/%/policy.cil
	@mkdir -p $(@D)
	secilc -t xen -c 30 -f /dev/null -o $@ $^

$(EXAMPLE_DIR)/%.bhp: $(EXAMPLE_DIR)/%.bin policy/examples/%/policy.rules $(POLICY_TOOL) $(POLICY_KEY)
	$(POLICY_TOOL) --key $(POLICY_KEY) --name $* --version 1 --rules policy/examples/$*/policy.rules -o $@ $<

$(EXAMPLE_DIR)/%.html: $(EXAMPLE_DIR)/%.bhp $(ANALYSIS) policy/examples/%/isolation.spec
	$(ANALYSIS) report -o $@ --title "Example: $*" --key $(POLICY_KEY) policy/base.cil policy/examples/$*/policy.cil \
		policy/examples/$*/policy.rules policy/examples/$*/isolation.spec $<

.PHONY: examples examples-prove test-policy
examples: $(EXAMPLE_TABLES) $(EXAMPLES:%=$(EXAMPLE_DIR)/%.html) ## build the example policies and their reports

examples-prove: $(ANALYSIS) ## prove the example policies' assertions
	@for e in $(EXAMPLES); do echo "$$e"; $(ANALYSIS) prove policy/base.cil policy/examples/$$e/policy.cil \
		policy/examples/$$e/policy.rules policy/examples/$$e/isolation.spec; done

test-policy: $(ANALYSIS) $(EXAMPLE_BINS) $(EXAMPLE_TABLES) $(POLICY_BIN) $(B)/policy.bhp ## the policies' assertions, bh-policy beside setools, its reports
	@B=$(B) KEY=$(POLICY_KEY) EXAMPLES="$(EXAMPLES)" tests/policy/run.sh

# The kernel that tries them (the runtime is guest-port's).
TRIES := $(B)/guest/examples.elf
TRIES_SRC := $(sort $(wildcard tests/system/examples/*.c))
TRIES_OBJS := $(TRIES_SRC:tests/system/examples/%.c=$(B)/guest/obj/examples/%.o)

$(B)/guest/obj/examples/%.o: tests/system/examples/%.c $(wildcard tests/system/examples/*.h guest-port/include/*.h) hv/include/public/bulkhead.h
	@mkdir -p $(@D)
	@$(CC) $(RT_CFLAGS) -c -o $@ $<

$(TRIES): $(TRIES_OBJS) $(B)/guest/rt/rt.a $(B)/guest/rt/rt_note_high.o guest-port/runtime/rt.lds
	@$(call rt_link,high,$@,$(TRIES_OBJS))

# The actors' kernel with the steps behind it: the conductor's ramdisk.
$(EXAMPLE_DIR)/%.tries: $(TRIES) tests/system/examples/%.steps
	@mkdir -p $(@D)
	@(cat $(TRIES); printf '\n#STEPS\n'; cat tests/system/examples/$*.steps) >$@

EXAMPLE_TRIES := $(EXAMPLES:%=$(EXAMPLE_DIR)/%.tries) $(EXAMPLE_TABLES) $(TRIES)
