/* SPDX-License-Identifier: MIT */
/* libFuzzer: the parsers, without the arithmetic of signatures. The first byte says which. */
#include <stdlib.h>

#include <mbedtls/x509_crl.h>

#include "../../attest/ca/ekcert.h"
#include "../../attest/measure/authenticode.h"
#include "../../attest/measure/grubcfg.h"
#include "../../attest/verify/akcert.h"
#include "../../attest/verify/eventlog.h"
#include "../../attest/verify/evidence.h"
#include "../../attest/verify/refvalues.h"
#include "../../attest/verify/tpmquote.h"
#include "../../attest/format/platform_pack.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("TSS2_LOG", "all+NONE", 1);
    return 0;
}

static void require(bool good)
{
    if (!good) abort();
}

/* What is accepted is the one encoding of its contents. */
static void platform(struct bytes in)
{
    static uint8_t again[BH_EVIDENCE_MAX];
    struct evidence_platform p;
    size_t size;

    if (evidence_parse_platform(in, &p) != 0 || !bytes_is_text(p.profile, "tag:bulkhead.invalid,2026:platform-1"))
        return;
    size = platform_pack(&p, again, sizeof(again));
    require(size == in.size && memcmp(again, in.data, size) == 0);
}

static void log_of(struct bytes in)
{
    struct eventlog_record record;
    uint8_t value[32] = {0};
    struct bytes rest = in;
    size_t used = 0;

    if (eventlog_parse(in) != 0) return;
    while (eventlog_next(&rest, &record) > 0)
        used += 44 + record.data.size;
    require(used == in.size);
    eventlog_replay(in, 21, value);
}

static void references(struct bytes in)
{
    static struct refvalues refs;
    struct bytes rest, text;
    const uint8_t *digest;

    if (refvalues_parse(in, &refs) != 0) return;
    for (size_t i = 0; i < refs.count; i++) {
        size_t count = 0;

        for (rest = refs.item[i].components; rest.size != 0; count++)
            require(refvalues_component(&rest, &digest, &text));
        require(count == refs.item[i].component_count);
    }
    refvalues_usable(&refs);
}

static void tpm(struct bytes in)
{
    struct tpmquote quote;
    struct tpmquote_key key;
    uint8_t rs[64];

    tpmquote_parse(in, &quote);
    tpmquote_parse_key(in, &key);
    tpmquote_parse_signature(in, rs);
}

static void image(struct bytes in)
{
    struct grubcfg cfg;
    uint8_t digest[32];

    authenticode_digest(in, digest);
    if (grubcfg_parse(in, &cfg) == 0) require(cfg.count <= GRUBCFG_EVENTS_MAX);
}

static void certificate(struct bytes in)
{
    struct akcert cert;

    akcert_parse(&in, 1, &cert);
    akcert_free(&cert);
}

static void revocations(struct bytes in)
{
    mbedtls_x509_crl crl;

    mbedtls_x509_crl_init(&crl);
    mbedtls_x509_crl_parse_der(&crl, in.data, in.size);
    mbedtls_x509_crl_free(&crl);
}

/* What a registrar gets from outside, the EK's certificate in it too. */
static void request(struct bytes in)
{
    static mbedtls_x509_crt roots; /* none */
    struct akrequest r;
    TPM2B_ID_OBJECT blob;
    TPM2B_ENCRYPTED_SECRET seed;

    if (akrequest_read(in, &r) == 0 && r.ek_certificate.data != NULL)
        require(ekcert_judge(r.ek_certificate, &roots, &r.ek) != NULL);
    akrequest_read_challenge(in, &blob, &seed);
}

static void report(struct bytes in)
{
    struct bh_report r;

    if (evidence_parse_report(in, &r) == 0) require(strnlen(r.type, sizeof(r.type)) < sizeof(r.type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(struct bytes) = {platform,    log_of,      references, tpm,   image,
                                                    certificate, revocations, request,    report};
    struct evidence evidence;

    if (size == 0) return 0;
    if (data[0] < sizeof(parsers) / sizeof(parsers[0]))
        parsers[data[0]]((struct bytes){data + 1, size - 1});
    else
        evidence_parse((struct bytes){data + 1, size - 1}, &evidence);
    return 0;
}
