/* SPDX-License-Identifier: MIT */
#include "ekcert.h"
#include "ektemplate.h"

#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>

/* 2.23.133.8.1, tcg-kp-EKCertificate, as the contents of its DER encoding. */
#define OID_EK_CERTIFICATE "\x67\x81\x05\x08\x01"

static bool is_rsa_key(const mbedtls_pk_context *pk, const TPMT_PUBLIC *ek)
{
    uint8_t n[512];
    const mbedtls_rsa_context *rsa;
    size_t size;

    if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA || ek->type != TPM2_ALG_RSA) return false;
    rsa = mbedtls_pk_rsa(*pk);
    size = mbedtls_rsa_get_len(rsa);
    return size <= sizeof(n) && size == ek->unique.rsa.size &&
           mbedtls_rsa_export_raw(rsa, n, size, NULL, 0, NULL, 0, NULL, 0, NULL, 0) == 0 &&
           memcmp(n, ek->unique.rsa.buffer, size) == 0;
}

static bool is_ecc_key(const mbedtls_pk_context *pk, const TPMT_PUBLIC *ek)
{
    const TPMS_ECC_POINT *point = &ek->unique.ecc;
    uint8_t encoded[65];
    size_t size;

    return mbedtls_pk_get_type(pk) == MBEDTLS_PK_ECKEY && ek->type == TPM2_ALG_ECC &&
           mbedtls_pk_ec(*pk)->grp.id == MBEDTLS_ECP_DP_SECP256R1 && point->x.size == 32 && point->y.size == 32 &&
           mbedtls_ecp_point_write_binary(&mbedtls_pk_ec(*pk)->grp, &mbedtls_pk_ec(*pk)->Q, MBEDTLS_ECP_PF_UNCOMPRESSED,
                                          &size, encoded, sizeof(encoded)) == 0 &&
           memcmp(encoded + 1, point->x.buffer, 32) == 0 && memcmp(encoded + 33, point->y.buffer, 32) == 0;
}

/* Makers may leave the usage out; where it stands, it has to be this one. */
static bool is_for_ek(const mbedtls_x509_crt *crt)
{
    return crt->ca_istrue == 0 &&
           (crt->ext_key_usage.buf.p == NULL ||
            mbedtls_x509_crt_check_extended_key_usage(crt, OID_EK_CERTIFICATE, sizeof(OID_EK_CERTIFICATE) - 1) == 0);
}

static const char *judge(mbedtls_x509_crt *crt, mbedtls_x509_crt *roots, const TPMT_PUBLIC *ek)
{
    uint32_t flags = 0;

    if (!ektemplate_is(ek)) return "the EK is not by template L-1 or L-2 of the EK Credential Profile";
    if (!is_rsa_key(&crt->pk, ek) && !is_ecc_key(&crt->pk, ek)) return "the EK's certificate is for another key";
    if (!is_for_ek(crt)) return "the certificate is not for an EK";
    if (mbedtls_x509_crt_verify(crt, roots, NULL, NULL, &flags, NULL, NULL) != 0)
        return (flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) != 0
                   ? "the EK's certificate is not valid at this time"
                   : "the EK's certificate does not lead to a given root";
    return NULL;
}

const char *ekcert_judge(struct bytes der, mbedtls_x509_crt *roots, const TPMT_PUBLIC *ek)
{
    const char *why = "the EK's certificate is not well-formed";
    mbedtls_x509_crt crt;

    mbedtls_x509_crt_init(&crt);
    if (mbedtls_x509_crt_parse_der(&crt, der.data, der.size) == 0 && crt.raw.len == der.size)
        why = judge(&crt, roots, ek);
    mbedtls_x509_crt_free(&crt);
    return why;
}
