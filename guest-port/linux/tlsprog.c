/* SPDX-License-Identifier: MIT */
#include "tlsprog.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mbedtls/sha256.h>

#include "attestcall.h"
#include "attls.h"
#include "attls_judge.h"
#include "evidence_pack.h"
#include "lxcall.h"
#include "tlsport.h"
#include "../../attest/tool/toolfile.h"
#include "../../attest/tool/verify_options.h"

static const char usage_text[] =
    "usage: %s STREAM PEER [--no-evidence] [--send TEXT] [-- bh-verify's options]\n"
    "  STREAM: --listen PORT | --connect HOST:PORT | --stdio | --offer DOMID | --take DOMID:REF:PORT\n"
    "  PEER, what the other side has to be:\n"
    "    --verify             by reference values: --ref, --ca, --label, --launch ... after --\n"
    "    --neighbour LAUNCH   a guest of this very hypervisor with that launch digest, or any; --type TYPE\n"
    "    --any-peer           anybody, evidence or none\n"
    "exit: 0 the channel opened, and closed in order; 1 refused or broken; 2 usage\n";

struct options {
    const char *kind, *where, *neighbour, *type, *send;
    bool verify, any_peer, no_evidence;
    int rest; /* where bh-verify's begin */
};

static struct verify_options wanted;
static uint8_t platform[BH_EVIDENCE_MAX];

static int usage(void)
{
    fprintf(stderr, usage_text, toolfile_program);
    return 2;
}

/* --- What we are ------------------------------------------------------------------------------- */

/* A neighbour needs no platform part; where the service has stored none, one byte stands in its place. */
static long attest(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                   uint8_t *evidence, size_t capacity)
{
    static struct attestcall_report r;
    struct evidence_parts parts = {.nonce = nonce,
                                   .nonce_size = ATTLS_NONCE,
                                   .platform = platform,
                                   .report = &r.report,
                                   .signature = r.signature,
                                   .binding = binding,
                                   .binding_size = ATTLS_BINDING,
                                   .salt = r.salt};
    uint8_t data[64];
    long size;
    int rc;

    (void)self;
    mbedtls_sha256_ret(nonce, ATTLS_NONCE, data, 0);
    mbedtls_sha256_ret(binding, ATTLS_BINDING, data + 32, 0);
    rc = attestcall_report(data, &r);
    if (rc < 0) return rc;
    size = attestcall_platform(platform);
    if (size < 0 && size != -ENODATA) return size;
    parts.platform_size = size > 0 ? (size_t)size : 1;
    size = (long)evidence_pack(&parts, evidence, capacity);
    return size > 0 ? size : -EOVERFLOW;
}

/* --- What the peer has to be --------------------------------------------------------------------- */

static int want_remote(struct attls_config *config, int argc, char **argv)
{
    static const uint8_t none[ATTLS_NONCE];
    const char *verb;
    int rc = verify_options_read(&wanted, argc, argv, &verb);

    if (rc == 0) {
        wanted.evidence_path = "the peer's"; /* both come with the connection */
        wanted.wanted.nonce = (struct bytes){none, sizeof(none)};
        rc = verb != NULL ? usage() : verify_options_complete(&wanted);
    }
    config->judge = attls_judge_remote;
    config->judged = &wanted.wanted;
    return rc;
}

static int want_neighbour(struct attls_config *config, const struct options *o)
{
    static struct attls_local local = {.check = attestcall_check};
    static uint8_t launch[32];

    local.type = o->type;
    local.any_launch = strcmp(o->neighbour, "any") == 0;
    if (!local.any_launch && toolfile_hex(o->neighbour, launch, 32) != 32)
        return toolfile_complain("--neighbour: \"%s\" is neither a launch digest nor any", o->neighbour), 2;
    local.launch[0] = launch;
    local.launch_count = !local.any_launch;
    config->judge = attls_judge_local;
    config->judged = &local;
    return 0;
}

/* --- The program ----------------------------------------------------------------------------------- */

static int talk(struct attls *a, bool server, const char *text)
{
    char heard[1025];
    long n = 0;
    int rc = 0;

    for (int turn = 0; turn < 2 && rc == 0; turn++) {
        if (server == (turn == 1)) {
            rc = attls_write(a, text, strlen(text) + 1);
        } else if ((n = attls_read(a, heard, sizeof(heard) - 1)) > 0) {
            heard[n] = '\0';
            for (char *c = heard; *c; c++)
                *c = *c >= 0x20 && *c < 0x7f ? *c : '?';
            fprintf(stderr, "BH-TLS peer says: %s\n", heard);
        } else {
            rc = -1;
        }
    }
    return rc == 0 ? 0 : (fprintf(stderr, "BH-TLS broken\n"), 1);
}

static int run(const struct options *o, struct attls_config *config)
{
    static struct tlsport port;
    char why[ATTLS_ERROR];
    struct attls *a;
    int rc;

    if (!config->attest && !o->neighbour)
        rc = 0;
    else if ((rc = lxcall_open()) < 0)
        toolfile_complain("/dev/xen/privcmd: %s", strerror(-rc));
    if (rc < 0 || tlsport_open(&port, o->kind, o->where) < 0) return 1;
    config->stream = &port;
    a = attls_open(config, why);
    if (a == NULL) return fprintf(stderr, "BH-TLS refused: %s\n", why), 1;
    fprintf(stderr, "BH-TLS open: %s\n", config->judge ? "the peer is what it has to be" : "to anybody");
    rc = talk(a, config->server, o->send);
    attls_close(a);
    return rc;
}

static bool take(struct options *o, char **argv, int argc, int *i)
{
    static const char *const streams[] = {"listen", "connect", "offer", "take"};
    const char *name = argv[*i] + 2, *value = *i + 1 < argc ? argv[*i + 1] : NULL;

    if (strncmp(argv[*i], "--", 2) != 0) return false;
    for (size_t s = 0; value && s < sizeof(streams) / sizeof(streams[0]); s++)
        if (strcmp(name, streams[s]) == 0) return o->kind = streams[s], o->where = argv[++*i], true;
    if (value && strcmp(name, "neighbour") == 0) return o->neighbour = argv[++*i], true;
    if (value && strcmp(name, "type") == 0) return o->type = argv[++*i], true;
    if (value && strcmp(name, "send") == 0) return o->send = argv[++*i], true;
    if (strcmp(name, "stdio") == 0) return o->kind = "stdio", o->where = "", true;
    if (strcmp(name, "verify") == 0) return o->verify = true;
    if (strcmp(name, "any-peer") == 0) return o->any_peer = true;
    if (strcmp(name, "no-evidence") == 0) return o->no_evidence = true;
    return false;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    int i = 1;

    o->send = "";
    for (; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!take(o, argv, argc, &i)) return false;
    o->rest = i;
    return o->kind && o->verify + o->any_peer + (o->neighbour != NULL) == 1 && (i == argc || o->verify);
}

int tlsprog_main(int argc, char **argv, bool server)
{
    struct attls_config config = {.server = server, .send = tlsport_send, .receive = tlsport_receive};
    struct options o = {0};
    int rc = 0;

    if (!read_options(&o, argc, argv)) return usage();
    signal(SIGPIPE, SIG_IGN);
    setenv("TSS2_LOG", "all+NONE", 0);
    if (!o.no_evidence) config.attest = attest;
    if (o.neighbour)
        rc = want_neighbour(&config, &o);
    else if (o.verify) /* the "--" is argv[0] of what follows */
        rc = want_remote(&config, argc - o.rest, argv + o.rest);
    if (rc == 0) rc = run(&o, &config);
    if (o.verify) verify_options_close(&wanted);
    return rc;
}
