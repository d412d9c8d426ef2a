# SPDX-License-Identifier: MIT
# mbedTLS's modules for the hypervisor, from Debian's source package, with the hypervisor's own flags (without its
# warnings: the source is not ours). --gc-sections drops what is not called.
MBEDTLS_SRC := $(B)/mbedtls-src
MBEDTLS_MODULES := sha256 md hmac_drbg bignum constant_time ecp ecp_curves ecdsa asn1parse asn1write
MBEDTLS_OBJS := $(MBEDTLS_MODULES:%=$(HV_OBJ)/mbedtls/%.o)
# Before the system's folders, where libmbedtls-dev lies too.
MBEDTLS_DEFINES := -DMBEDTLS_CONFIG_FILE='"measure/mbedtls_config.h"' -isystem $(MBEDTLS_SRC)/include
MBEDTLS_CFLAGS = $(filter-out -W%,$(HV_CFLAGS)) -w
$(MBEDTLS_OBJS) $(HV_OBJ)/hv/measure/%.o: HV_CFLAGS += $(MBEDTLS_DEFINES)
# Hundreds of megabytes pass through SHA-256 at start, under an emulator too.
$(HV_OBJ)/mbedtls/sha256.o: MBEDTLS_CFLAGS += -O3
HV_EXTRA_OBJS += $(MBEDTLS_OBJS)

# The sources appear with the stamp: only the recipe names them.
$(MBEDTLS_OBJS): $(HV_OBJ)/mbedtls/%.o: hv/measure/mbedtls_config.h hv/measure/mbedtls.mk | $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	$(CC) $(MBEDTLS_CFLAGS) -MMD -c -o $@ $(MBEDTLS_SRC)/library/$*.c
$(filter $(HV_OBJ)/hv/measure/%,$(HV_OBJS)): | $(MBEDTLS_SRC)/.stamp

# The same modules with the same header for the host tests, under their sanitizers.
HOST_MBEDTLS_OBJS := $(MBEDTLS_MODULES:%=$(B)/host-mbedtls/%.o)
HOST_MBEDTLS_CFLAGS := -Ihv -Ihv/include -Ihv/lib $(MBEDTLS_DEFINES)
$(HOST_MBEDTLS_OBJS): $(B)/host-mbedtls/%.o: hv/measure/mbedtls_config.h hv/measure/mbedtls.mk | $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	$(CC) $(filter-out -W%,$(TEST_CFLAGS)) -w $(HOST_MBEDTLS_CFLAGS) -c -o $@ $(MBEDTLS_SRC)/library/$*.c

MEASURE_FAKES := tests/host/measure_fakes.c
HOST_TESTS += crypto
crypto_TEST_SRC := hv/measure/crypto.c hv/measure/arena.c hv/measure/measure_lock.c $(MEASURE_FAKES)
crypto_TEST_CFLAGS := $(HOST_MBEDTLS_CFLAGS)
crypto_TEST_LIBS := $(HOST_MBEDTLS_OBJS)
$(B)/tests/host/crypto_test: $(HOST_MBEDTLS_OBJS)

HOST_TESTS += signer
signer_TEST_SRC := hv/measure/signer.c $(crypto_TEST_SRC)
signer_TEST_CFLAGS := $(HOST_MBEDTLS_CFLAGS)
signer_TEST_LIBS := $(HOST_MBEDTLS_OBJS)
$(B)/tests/host/signer_test: $(HOST_MBEDTLS_OBJS)
