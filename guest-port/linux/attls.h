/* SPDX-License-Identifier: MIT */
/*
 * Attested TLS: a TLS 1.2 connection (mbedTLS, ECDHE, mutual, ephemeral self-signed P-256 certificates) in which each
 * side proves what it is before a byte of data flows. The certificates prove nothing by themselves; what does is
 * evidence, sent inside the channel right after the handshake:
 *
 *     client -> server   nonce                     each a message: u8 type, u32 size (big-endian), bytes
 *     server -> client   nonce
 *     client -> server   evidence over the server's nonce; the server judges it before it says anything of itself
 *     server -> client   evidence over the client's nonce
 *     client -> server   "accepted"
 *
 * The evidence's binding (FORMAT.md: bytes 32 to 63 of report_data are its hash) is
 *
 *     "BHATTLS1"  role of who attests ('C', 'S')  SHA-256 of its public key  SHA-256 of the peer's  exporter[32]
 *
 * where a public key is its SubjectPublicKeyInfo, and the exporter is RFC 5705's with label "EXPORTER-Bulkhead-attls-1"
 * and no context. So evidence serves once (nonce), in one direction (role), between these two keys, in this very
 * channel.
 *
 * Why after the handshake: the nonce has to come from the peer, which takes a message in each direction first, and a
 * certificate would be made before it and would be seen by whoever connects. Why that is safe: nothing but these
 * messages passes before both sides have judged, and the exporter ties them to the keys that the handshake agreed on.
 * Renegotiation and resumption are off, so there is one handshake for one exporter.
 *
 * The client exposes itself first: whoever answers it, evidence or none, gets the client's evidence, and with it what
 * the report says and, unless it is kept back, the salt that tells the compartment. A client to which that matters
 * leaves the salt out (--hide-compartment), or lets the other side be the client.
 */
#ifndef ATTLS_H
#define ATTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTLS_NONCE   32u
#define ATTLS_BINDING (8u + 1 + 32 + 32 + 32)
#define ATTLS_ERROR   512u

struct attls_config {
    bool server;
    /* A reliable stream of bytes: number of bytes, at least 1, or -1. Reading gives 0 at its end. They keep the time:
     * a peer that says a byte now and then would hold attls_open() for ever. */
    long (*send)(void *stream, const uint8_t *data, size_t size);
    long (*receive)(void *stream, uint8_t *data, size_t size);
    void *stream;
    /* Makes evidence (CBOR, FORMAT.md section 1): its size, or a negative errno. NULL: this side has none to show. */
    long (*attest)(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                   uint8_t *evidence, size_t capacity);
    void *self;
    /* Whether the evidence is what this side wants; says why not in `why`. NULL: any peer will do, evidence or none. */
    bool (*judge)(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                  const uint8_t *evidence, size_t size, char why[ATTLS_ERROR]);
    void *judged;
    const uint8_t *nonce; /* NULL, but in tests: a fresh one */
};

struct attls;

/* Handshake, evidence, verdict: the connection, or NULL and why. Nothing of config is kept but stream and its two
 * functions. */
struct attls *attls_open(const struct attls_config *config, char why[ATTLS_ERROR]);
/* All of it, or -1. */
int attls_write(struct attls *a, const void *data, size_t size);
/* At least 1 byte; 0: the peer closed; -1: broken. A stream that ends without TLS's own end counts as broken. */
long attls_read(struct attls *a, void *data, size_t size);
void attls_close(struct attls *a); /* NULL is fine */

#endif
