# SPDX-License-Identifier: MIT
# Development keys: made once, never committed, never overwritten. KEYS=DIR takes others.
PACKAGES += libmbedtls-dev

KEYS ?= keys
POLICY_KEY ?= $(KEYS)/policy.pem
AK_CA_KEY ?= $(KEYS)/ak-ca.pem
AK_CA_CERT ?= $(KEYS)/ak-ca.crt
KEY_TOOL := $(B)/keys/bh-key
SIGN_TOOL := $(B)/keys/bh-sign
BUILD_ALL += $(KEY_TOOL) $(SIGN_TOOL) $(AK_CA_CERT) $(B)/keys/policy.pub.pem

.PHONY: keys
keys: $(POLICY_KEY) $(AK_CA_KEY) $(AK_CA_CERT) ## make the development keys that are missing (KEYS=DIR)

$(KEY_TOOL): keys/bh_key.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $< -lmbedx509 -lmbedcrypto

$(SIGN_TOOL): keys/bh_sign.c hv/include/public/bulkhead.h
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -o $@ $< -lmbedcrypto

# The tool is an order-only prerequisite: a newer tool does not make new keys. Keys survive a failed
# recipe and `make -B`.
.PRECIOUS: $(POLICY_KEY) $(AK_CA_KEY)
$(POLICY_KEY) $(AK_CA_KEY): | $(KEY_TOOL)
	@mkdir -p $(@D)
	@test -e $@ || (echo "making a development key: $@"; $(KEY_TOOL) generate $@)

$(AK_CA_CERT): $(AK_CA_KEY) | $(KEY_TOOL)
	$(KEY_TOOL) ca $(AK_CA_KEY) "CN=Bulkhead development AK CA,O=Bulkhead" $@

# What the hypervisor carries: the policy key's public half.
$(B)/hv/include/policy_key_public.h: $(POLICY_KEY) $(KEY_TOOL)
	@mkdir -p $(@D)
	$(KEY_TOOL) header $(POLICY_KEY) policy_key_public > $@

$(B)/keys/policy.pub.pem: $(POLICY_KEY) $(KEY_TOOL)
	@mkdir -p $(@D)
	$(KEY_TOOL) public $(POLICY_KEY) > $@

$(B)/hv/hv/monitor/monitor.o $(B)/hv/hv/monitor/policy_load.o: $(B)/hv/include/policy_key_public.h
