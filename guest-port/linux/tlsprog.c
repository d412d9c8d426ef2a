/* SPDX-License-Identifier: MIT */
#include "tlsprog.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <mbedtls/sha256.h>

#include "attestcall.h"
#include "attls.h"
#include "attls_judge.h"
#include "domid.h"
#include "evidence_pack.h"
#include "lxcall.h"
#include "tlsport.h"
#include "../../attest/tool/toolfile.h"
#include "../../attest/tool/verify_options.h"

static const char usage_text[] =
    "usage: %s STREAM PEER [options] [-- bh-verify's options]\n"
    "  STREAM: --listen PORT | --connect HOST:PORT | --stdio | --offer DOMID | --take DOMID:REF:PORT\n"
    "  PEER, what the other side has to be:\n"
    "    --verify             by reference values: --ref, --ca, --label, --launch ... after --\n"
    "    --neighbour LAUNCH   a guest of this very hypervisor with that launch digest, or any;\n"
    "                         --type TYPE, --signer HEX [--min-guest-svn N], --allow-debug\n"
    "    --any-peer           anybody, evidence or none\n"
    "  --no-evidence          show none; --hide-compartment: show none of what tells the compartment\n"
    "  --send TEXT            a line for the peer\n"
    "  --timeout SECONDS      for opening the channel in all, and for each message (60)\n"
    "  --listen serves one peer after the other until a channel opened and closed in order; port 0: any\n"
    "exit: 0 the channel opened, and closed in order; 1 refused or broken; 2 usage\n";

enum {
    LISTEN,
    CONNECT,
    STDIO,
    OFFER,
    TAKE,
    VERIFY,
    NEIGHBOUR,
    ANY_PEER,
    TYPE,
    SIGNER,
    MIN_GUEST_SVN,
    ALLOW_DEBUG,
    NO_EVIDENCE,
    HIDE_COMPARTMENT,
    SEND,
    TIMEOUT,
    OPTIONS
};

static const struct {
    const char *name;
    bool has_value;
} known[OPTIONS] = {
    [LISTEN] = {"--listen", true},
    [CONNECT] = {"--connect", true},
    [STDIO] = {"--stdio", false},
    [OFFER] = {"--offer", true},
    [TAKE] = {"--take", true},
    [VERIFY] = {"--verify", false},
    [NEIGHBOUR] = {"--neighbour", true},
    [ANY_PEER] = {"--any-peer", false},
    [TYPE] = {"--type", true},
    [SIGNER] = {"--signer", true},
    [MIN_GUEST_SVN] = {"--min-guest-svn", true},
    [ALLOW_DEBUG] = {"--allow-debug", false},
    [NO_EVIDENCE] = {"--no-evidence", false},
    [HIDE_COMPARTMENT] = {"--hide-compartment", false},
    [SEND] = {"--send", true},
    [TIMEOUT] = {"--timeout", true},
};

struct options {
    const char *value[OPTIONS]; /* NULL: not given */
    int stream;                 /* LISTEN to TAKE */
    int rest;                   /* where bh-verify's begin */
    uint32_t seconds;
};

static struct verify_options wanted;
static bool is_time_given;
static bool hide; /* the salt */
static uint8_t platform[BH_EVIDENCE_MAX];

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
                                   .salt = hide ? NULL : r.salt};
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

static mbedtls_x509_time utc(void)
{
    time_t seconds = time(NULL);
    struct tm t;

    gmtime_r(&seconds, &t);
    return (mbedtls_x509_time){t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec};
}

static bool same_time(const mbedtls_x509_time *a, const mbedtls_x509_time *b)
{
    return a->year == b->year && a->mon == b->mon && a->day == b->day && a->hour == b->hour && a->min == b->min &&
           a->sec == b->sec;
}

/* What bh-verify has an option for and a channel has no use for would not be checked. */
static int refuse_useless(const char *verb)
{
    const char *what = verb != NULL                       ? "a verb"
                       : wanted.evidence_path != NULL     ? "EVIDENCE"
                       : wanted.wanted.nonce.data != NULL ? "--nonce"
                       : wanted.binding_file.data != NULL ? "--binding"
                       : wanted.json                      ? "--json"
                       : wanted.bench != 0                ? "--bench"
                                                          : NULL;

    if (what == NULL) return 0;
    toolfile_complain("after --: %s has no place here: evidence, nonce and binding are the channel's", what);
    return 2;
}

static int want_remote(struct attls_config *config, int argc, char **argv)
{
    static const uint8_t none[ATTLS_NONCE];
    const mbedtls_x509_time before = utc();
    mbedtls_x509_time after;
    const char *verb;
    int rc = verify_options_read(&wanted, argc, argv, &verb);

    after = utc();
    is_time_given = !same_time(&wanted.wanted.now, &before) && !same_time(&wanted.wanted.now, &after);
    if (rc == 0) rc = refuse_useless(verb);
    if (rc == 0) {
        wanted.evidence_path = "the peer's"; /* both come with the connection */
        wanted.wanted.nonce = (struct bytes){none, sizeof(none)};
        rc = verify_options_complete(&wanted);
    }
    config->judge = attls_judge_remote;
    config->judged = &wanted.wanted;
    return rc;
}

static int want_neighbour(struct attls_config *config, const struct options *o)
{
    static struct attls_local local = {.check = attestcall_check};
    static uint8_t launch[32], signer[32];
    const char *const *v = o->value;

    local.type = v[TYPE];
    local.allow_debug = v[ALLOW_DEBUG] != NULL;
    local.any_launch = strcmp(v[NEIGHBOUR], "any") == 0;
    if (!local.any_launch && toolfile_hex(v[NEIGHBOUR], launch, 32) != 32)
        return toolfile_complain("--neighbour: \"%s\" is neither a launch digest nor any", v[NEIGHBOUR]), 2;
    if (v[SIGNER] && toolfile_hex(v[SIGNER], signer, 32) != 32)
        return toolfile_complain("--signer: \"%s\" is no signer's id (64 hexadecimal digits, see bh-sign)", v[SIGNER]),
               2;
    if (v[MIN_GUEST_SVN] && domid_number(v[MIN_GUEST_SVN], UINT32_MAX, &local.least_guest_svn) < 0)
        return toolfile_complain("--min-guest-svn: \"%s\" is not a number", v[MIN_GUEST_SVN]), 2;
    local.signer = v[SIGNER] ? signer : NULL;
    local.launch[0] = launch;
    local.launch_count = !local.any_launch;
    config->judge = attls_judge_local;
    config->judged = &local;
    return 0;
}

/* --- The program ----------------------------------------------------------------------------------- */

static int talk(struct tlsport *port, struct attls *a, bool server, const char *text)
{
    char heard[1025];
    long n = 0;
    int rc = 0;

    for (int turn = 0; turn < 2 && rc == 0; turn++) {
        tlsport_restart(port);
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
    if (rc != 0) fprintf(stderr, "BH-TLS broken%s\n", port->late ? ": the peer was not done in time" : "");
    return rc == 0 ? 0 : 1;
}

/* One peer, from the first byte to the last. */
static int serve(const struct options *o, struct attls_config *config, struct tlsport *port)
{
    char why[ATTLS_ERROR];
    struct attls *a;
    int rc = 1;

    if (o->value[VERIFY] && !is_time_given) wanted.wanted.now = utc();
    a = attls_open(config, why);
    if (a == NULL) {
        fprintf(stderr, "BH-TLS refused: %s%s\n", why, port->late ? " (the peer was not done in time)" : "");
    } else {
        fprintf(stderr, "BH-TLS open: %s\n", config->judge ? "the peer is what it has to be" : "to anybody");
        rc = talk(port, a, config->server, o->value[SEND] ? o->value[SEND] : "");
        tlsport_restart(port);
        attls_close(a);
    }
    tlsport_drop(port);
    return rc;
}

static int run(const struct options *o, struct attls_config *config)
{
    static struct tlsport port;
    int rc;

    if (!config->attest && !o->value[NEIGHBOUR])
        rc = 0;
    else if ((rc = lxcall_open()) < 0)
        toolfile_complain("/dev/xen/privcmd: %s", strerror(-rc));
    if (rc < 0 || tlsport_open(&port, known[o->stream].name + 2, o->value[o->stream], o->seconds) < 0) return 1;
    config->stream = &port;
    do
        rc = tlsport_accept(&port) < 0 ? -1 : serve(o, config, &port);
    while (rc > 0 && o->stream == LISTEN);
    return rc == 0 ? 0 : 1;
}

/* --- Command line ---------------------------------------------------------------------------------- */

static bool refuse(const char *option, const char *why)
{
    toolfile_complain("%s: %s", option, why);
    return false;
}

static bool take(struct options *o, char **argv, int argc, int *i)
{
    const char *name = argv[*i];
    int option = 0;

    while (option < OPTIONS && strcmp(name, known[option].name) != 0)
        option++;
    if (option == OPTIONS) return refuse(name, "no such option");
    if (o->value[option]) return refuse(name, "given twice");
    if (known[option].has_value && *i + 1 == argc) return refuse(name, "a value is wanted");
    o->value[option] = known[option].has_value ? argv[++*i] : "";
    return true;
}

/* What was given is checked, or it is an error. */
static bool fits(const struct options *o)
{
    const char *const *v = o->value;

    for (int i = TYPE; i <= ALLOW_DEBUG; i++) {
        if (v[i] && !v[NEIGHBOUR]) return refuse(known[i].name, "goes with --neighbour; with --verify, after --");
    }
    if (v[MIN_GUEST_SVN] && !v[SIGNER]) return refuse("--min-guest-svn", "is the number of a --signer");
    if (v[HIDE_COMPARTMENT] && v[NO_EVIDENCE]) return refuse("--hide-compartment", "--no-evidence shows nothing");
    return true;
}

static bool read_values(struct options *o)
{
    const char *const *v = o->value;
    uint32_t domid, ref, port;

    if (v[OFFER] && domid_parse(v[OFFER], &domid) < 0) return refuse(v[OFFER], "not a domain's id");
    if (v[TAKE] && tlsport_parse_take(v[TAKE], &domid, &ref, &port) < 0)
        return refuse(v[TAKE], "DOMID:REF:PORT is wanted");
    o->seconds = 60;
    if (v[TIMEOUT] && (domid_number(v[TIMEOUT], 86400, &o->seconds) < 0 || o->seconds == 0))
        return refuse(v[TIMEOUT], "1 to 86400 seconds are wanted");
    return true;
}

static bool read_options(struct options *o, int argc, char **argv)
{
    int i = 1, streams = 0, peers = 0;

    for (; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!take(o, argv, argc, &i)) return false;
    o->rest = i;
    for (int k = LISTEN; k <= TAKE; k++) {
        streams += o->value[k] != NULL;
        if (o->value[k]) o->stream = k;
    }
    for (int k = VERIFY; k <= ANY_PEER; k++)
        peers += o->value[k] != NULL;
    if (streams != 1) return refuse("STREAM", "exactly one is wanted");
    if (peers != 1) return refuse("PEER", "exactly one is wanted");
    if (i < argc && !o->value[VERIFY]) return refuse("--", "goes with --verify");
    return fits(o) && read_values(o);
}

int tlsprog_main(int argc, char **argv, bool server)
{
    struct attls_config config = {.server = server, .send = tlsport_send, .receive = tlsport_receive};
    struct options o = {0};
    int rc = 0;

    if (!read_options(&o, argc, argv)) return fprintf(stderr, usage_text, toolfile_program), 2;
    signal(SIGPIPE, SIG_IGN);
    setenv("TSS2_LOG", "all+NONE", 0);
    hide = o.value[HIDE_COMPARTMENT] != NULL;
    if (!o.value[NO_EVIDENCE]) config.attest = attest;
    if (o.value[NEIGHBOUR])
        rc = want_neighbour(&config, &o);
    else if (o.value[VERIFY]) /* the "--" is argv[0] of what follows */
        rc = want_remote(&config, argc - o.rest, argv + o.rest);
    if (rc == 0) rc = run(&o, &config);
    if (o.value[VERIFY]) verify_options_close(&wanted);
    return rc;
}
