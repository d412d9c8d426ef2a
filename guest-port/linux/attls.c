/* SPDX-License-Identifier: MIT */
#include "attls.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>

#include "attestwords.h"
#include "attls_key.h"
#include "evidence_pack.h"

#define EXPORTER "EXPORTER-Bulkhead-attls-1"

enum { MESSAGE_NONCE = 1, MESSAGE_EVIDENCE = 2, MESSAGE_ACCEPTED = 3 };

struct attls {
    struct attls_config config; /* send, receive, stream: the rest is used while it opens */
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    struct attls_key key;
    mbedtls_ssl_config tls_config;
    mbedtls_ssl_context tls;
    bool has_exporter;
    uint8_t exporter[32], own_key[32], peer_key[32];
    uint8_t evidence[EVIDENCE_MAX];
};

__attribute__((format(printf, 2, 3))) static bool fail(char why[ATTLS_ERROR], const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(why, ATTLS_ERROR, format, ap);
    va_end(ap);
    return false;
}

static bool fail_tls(char why[ATTLS_ERROR], const char *what, int rc)
{
    char text[128];

    mbedtls_strerror(rc, text, sizeof(text));
    return fail(why, "%s: %s", what, text);
}

/* --- The channel ----------------------------------------------------------------------------- */

static int send_some(void *context, const unsigned char *data, size_t size)
{
    struct attls *a = context;
    long n = a->config.send(a->config.stream, data, size < 16384 ? size : 16384);

    return n > 0 ? (int)n : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int receive_some(void *context, unsigned char *data, size_t size)
{
    struct attls *a = context;
    long n = a->config.receive(a->config.stream, data, size < 16384 ? size : 16384);

    return n >= 0 ? (int)n : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* RFC 5705: PRF(master secret, label, client random || server random). */
static int keys_known(void *context, const unsigned char *master, const unsigned char *block, size_t mac, size_t key,
                      size_t iv, const unsigned char client_random[32], const unsigned char server_random[32],
                      mbedtls_tls_prf_types prf)
{
    struct attls *a = context;
    uint8_t seed[64];

    (void)block, (void)mac, (void)key, (void)iv;
    memcpy(seed, client_random, 32);
    memcpy(seed + 32, server_random, 32);
    a->has_exporter = mbedtls_ssl_tls_prf(prf, master, 48, EXPORTER, seed, sizeof(seed), a->exporter, 32) == 0;
    return a->has_exporter ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* Who made a certificate does not count, evidence does; but that it is one, of the right kind, does. */
static int accept_certificate(void *context, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    (void)context;
    *flags = depth == 0 && mbedtls_pk_can_do(&cert->pk, MBEDTLS_PK_ECDSA) && mbedtls_pk_get_bitlen(&cert->pk) == 256
                 ? 0
                 : MBEDTLS_X509_BADCERT_BAD_KEY;
    return 0;
}

static int configure(struct attls *a)
{
    static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                 MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0};
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
    mbedtls_ssl_config *c = &a->tls_config;
    int rc = mbedtls_ssl_config_defaults(c, a->config.server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

    if (rc != 0) return rc;
    mbedtls_ssl_conf_min_version(c, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3); /* TLS 1.2 */
    mbedtls_ssl_conf_ciphersuites(c, suites);
    mbedtls_ssl_conf_curves(c, curves);
    mbedtls_ssl_conf_renegotiation(c, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    mbedtls_ssl_conf_session_tickets(c, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    mbedtls_ssl_conf_extended_master_secret(c, MBEDTLS_SSL_EXTENDED_MS_ENABLED);
    mbedtls_ssl_conf_rng(c, mbedtls_ctr_drbg_random, &a->random);
    mbedtls_ssl_conf_authmode(c, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_verify(c, accept_certificate, NULL);
    mbedtls_ssl_conf_ca_chain(c, &a->key.cert, NULL); /* some list has to be there; accept_certificate() decides */
    mbedtls_ssl_conf_export_keys_ext_cb(c, keys_known, a);
    rc = mbedtls_ssl_conf_own_cert(c, &a->key.cert, &a->key.pk);
    return rc != 0 ? rc : mbedtls_ssl_setup(&a->tls, c);
}

static bool handshake(struct attls *a, char why[ATTLS_ERROR])
{
    int rc = mbedtls_ctr_drbg_seed(&a->random, mbedtls_entropy_func, &a->entropy, NULL, 0);
    const mbedtls_x509_crt *peer;

    if (rc == 0) rc = attls_key_make(&a->key, &a->random);
    if (rc == 0) rc = configure(a);
    if (rc != 0) return fail_tls(why, "preparing TLS", rc);
    mbedtls_ssl_set_bio(&a->tls, a, send_some, receive_some, NULL);
    rc = mbedtls_ssl_handshake(&a->tls);
    if (rc != 0) return fail_tls(why, "TLS handshake", rc);
    peer = mbedtls_ssl_get_peer_cert(&a->tls);
    if (peer == NULL || !a->has_exporter || attls_key_hash(&peer->pk, a->peer_key) != 0 ||
        attls_key_hash(&a->key.pk, a->own_key) != 0)
        return fail(why, "TLS handshake: no key of the peer's, or no exporter");
    if (memcmp(a->own_key, a->peer_key, 32) == 0) return fail(why, "the peer has our own key: a reflection");
    return true;
}

/* --- Messages -------------------------------------------------------------------------------- */

int attls_write(struct attls *a, const void *data, size_t size)
{
    const uint8_t *p = data;

    while (size > 0) {
        int n = mbedtls_ssl_write(&a->tls, p, size);

        if (n <= 0) return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

long attls_read(struct attls *a, void *data, size_t size)
{
    int n = mbedtls_ssl_read(&a->tls, data, size);

    if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return 0;
    return n > 0 ? n : -1; /* 0: the stream ended without close_notify */
}

static bool read_all(struct attls *a, uint8_t *data, size_t size)
{
    while (size > 0) {
        long n = attls_read(a, data, size);

        if (n <= 0) return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static bool say(struct attls *a, int type, const uint8_t *data, size_t size, char why[ATTLS_ERROR])
{
    uint8_t head[5] = {(uint8_t)type, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                       (uint8_t)size};

    return (attls_write(a, head, sizeof(head)) == 0 && attls_write(a, data, size) == 0) ||
           fail(why, "the channel broke while the peer was to be told something: it refused us, or went away");
}

/* The message that has to come next, of at most `most` bytes; anything else ends the connection. */
static bool hear(struct attls *a, int type, uint8_t *data, size_t most, size_t *size, char why[ATTLS_ERROR])
{
    uint8_t head[5];

    if (!read_all(a, head, sizeof(head))) return fail(why, "the peer refused us, or went away");
    *size = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
    if (head[0] != type || *size > most)
        return fail(why, "message %u of %zu bytes where %d of at most %zu was due", head[0], *size, type, most);
    return read_all(a, data, *size) || fail(why, "the peer went away");
}

/* --- Evidence -------------------------------------------------------------------------------- */

static void make_binding(const struct attls *a, bool own, uint8_t out[ATTLS_BINDING])
{
    memcpy(out, "BHATTLS1", 8);
    out[8] = own == a->config.server ? 'S' : 'C';
    memcpy(out + 9, own ? a->own_key : a->peer_key, 32);
    memcpy(out + 41, own ? a->peer_key : a->own_key, 32);
    memcpy(out + 73, a->exporter, 32);
}

static bool show(struct attls *a, const uint8_t nonce[ATTLS_NONCE], char why[ATTLS_ERROR])
{
    uint8_t binding[ATTLS_BINDING];
    long size = 0;

    make_binding(a, true, binding);
    if (a->config.attest != NULL)
        size = a->config.attest(a->config.self, nonce, binding, a->evidence, sizeof(a->evidence));
    if (size < 0) return fail(why, "no evidence of our own: %s", attestwords(size));
    return say(a, MESSAGE_EVIDENCE, a->evidence, (size_t)size, why);
}

static bool look(struct attls *a, const uint8_t nonce[ATTLS_NONCE], char why[ATTLS_ERROR])
{
    uint8_t binding[ATTLS_BINDING];
    size_t size;

    make_binding(a, false, binding);
    if (!hear(a, MESSAGE_EVIDENCE, a->evidence, sizeof(a->evidence), &size, why)) return false;
    if (a->config.judge == NULL) return true;
    if (size == 0) return fail(why, "the peer has no evidence");
    return a->config.judge(a->config.judged, nonce, binding, a->evidence, size, why);
}

static bool introduce(struct attls *a, char why[ATTLS_ERROR])
{
    uint8_t own[ATTLS_NONCE], peer[ATTLS_NONCE], none;
    size_t size;

    if (a->config.nonce != NULL)
        memcpy(own, a->config.nonce, sizeof(own));
    else if (mbedtls_ctr_drbg_random(&a->random, own, sizeof(own)) != 0)
        return fail(why, "no random bytes");
    if (a->config.server)
        return hear(a, MESSAGE_NONCE, peer, sizeof(peer), &size, why) &&
               (size == sizeof(peer) || fail(why, "a nonce of %zu bytes", size)) &&
               say(a, MESSAGE_NONCE, own, sizeof(own), why) && look(a, own, why) && show(a, peer, why) &&
               hear(a, MESSAGE_ACCEPTED, &none, 0, &size, why);
    return say(a, MESSAGE_NONCE, own, sizeof(own), why) && hear(a, MESSAGE_NONCE, peer, sizeof(peer), &size, why) &&
           (size == sizeof(peer) || fail(why, "a nonce of %zu bytes", size)) && show(a, peer, why) &&
           look(a, own, why) && say(a, MESSAGE_ACCEPTED, &none, 0, why);
}

struct attls *attls_open(const struct attls_config *config, char why[ATTLS_ERROR])
{
    struct attls *a = calloc(1, sizeof(*a));

    why[0] = '\0';
    if (a == NULL) return fail(why, "no memory"), NULL;
    a->config = *config;
    mbedtls_entropy_init(&a->entropy);
    mbedtls_ctr_drbg_init(&a->random);
    attls_key_init(&a->key);
    mbedtls_ssl_config_init(&a->tls_config);
    mbedtls_ssl_init(&a->tls);
    if (handshake(a, why) && introduce(a, why)) return a;
    attls_close(a);
    return NULL;
}

void attls_close(struct attls *a)
{
    if (a == NULL) return;
    if (a->has_exporter) mbedtls_ssl_close_notify(&a->tls);
    mbedtls_ssl_free(&a->tls);
    mbedtls_ssl_config_free(&a->tls_config);
    attls_key_free(&a->key);
    mbedtls_ctr_drbg_free(&a->random);
    mbedtls_entropy_free(&a->entropy);
    explicit_bzero(a, sizeof(*a));
    free(a);
}
