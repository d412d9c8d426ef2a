# SPDX-License-Identifier: MIT
# bh-verify's own mbedTLS: Debian's source (build/mbedtls-src, as the hypervisor's), our configuration, nettle's ECDSA.
PACKAGES += nettle-dev libgmp-dev

VERIFY_MBEDTLS_MODULES := asn1parse asn1write base64 bignum constant_time ecdsa ecp ecp_curves md oid pem pk pk_wrap pkparse \
	platform platform_util sha256 sha512 x509 x509_crl x509_crt
VERIFY_MBEDTLS_OBJS := $(VERIFY_MBEDTLS_MODULES:%=$(B)/attest/mbedtls/%.o)
VERIFY_MBEDTLS_DEFINES := -DMBEDTLS_CONFIG_FILE='"attest/mbedtls/verify_config.h"' -I. -isystem $(MBEDTLS_SRC)/include
$(VERIFY_MBEDTLS_OBJS): $(B)/attest/mbedtls/%.o: attest/mbedtls/verify_config.h | $(MBEDTLS_SRC)/.stamp
	@mkdir -p $(@D)
	$(CC) $(filter-out -W%,$(HOST_CFLAGS)) -w $(VERIFY_MBEDTLS_DEFINES) -c -o $@ $(MBEDTLS_SRC)/library/$*.c
VERIFY_LIBS := $(VERIFY_MBEDTLS_OBJS) -ltss2-mu -lcbor -lhogweed -lnettle -lgmp

HOST_TESTS += ecdsa_alt
ecdsa_alt_TEST_SRC := attest/mbedtls/ecdsa_alt.c attest/verify/p256.c
ecdsa_alt_TEST_CFLAGS = $(VERIFY_MBEDTLS_DEFINES)
ecdsa_alt_TEST_LIBS = $(VERIFY_MBEDTLS_OBJS) -lhogweed -lnettle -lgmp
$(B)/tests/host/ecdsa_alt_test: $(VERIFY_MBEDTLS_OBJS)
