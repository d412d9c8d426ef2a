/* SPDX-License-Identifier: MIT */
/* Attested TLS between two ends in this program, with evidence made by software: honest, and each of the attacks. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <mbedtls/sha256.h>
#include "attest_build.h"
#include "attls.h"
#include "attls_judge.h"

/* --- Who attests ------------------------------------------------------------------------------- */

static struct attest_build b;
static pthread_mutex_t build_lock = PTHREAD_MUTEX_INITIALIZER;
static const uint8_t *use_nonce, *use_binding;

static void use_channel(struct attest_build *build)
{
    memcpy(build->nonce, use_nonce, ATTLS_NONCE);
    memcpy(build->binding, use_binding, ATTLS_BINDING);
    build->binding_size = ATTLS_BINDING;
}

/* What an attester does otherwise than it should. */
struct manner {
    enum { HONEST, REPLAYED, OTHER_NONCE, OTHER_ROLE, SWAPPED_KEYS, OTHER_CHANNEL, NO_BINDING, TAMPERED, EMPTY } what;
    size_t tamper_at;
    uint8_t kept[EVIDENCE_MAX]; /* by an honest one, of its last connection */
    size_t kept_size;
};

static void bend(struct manner *m, uint8_t nonce[ATTLS_NONCE], uint8_t binding[ATTLS_BINDING])
{
    uint8_t key[32];

    if (m->what == OTHER_NONCE) nonce[31] ^= 1;
    if (m->what == OTHER_ROLE) binding[8] ^= 'C' ^ 'S';
    if (m->what == OTHER_CHANNEL) binding[ATTLS_BINDING - 1] ^= 1;
    if (m->what == SWAPPED_KEYS) {
        memcpy(key, binding + 9, 32);
        memcpy(binding + 9, binding + 41, 32);
        memcpy(binding + 41, key, 32);
    }
}

static long attest(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                   uint8_t *evidence, size_t capacity)
{
    uint8_t n[ATTLS_NONCE], c[ATTLS_BINDING];
    struct manner *m = self;

    (void)capacity;
    if (m->what == EMPTY) return 0;
    if (m->what != REPLAYED) {
        memcpy(n, nonce, sizeof(n));
        memcpy(c, binding, sizeof(c));
        bend(m, n, c);
        pthread_mutex_lock(&build_lock);
        use_nonce = n;
        use_binding = c;
        attest_build_run(&b, ATTEST_BUILD_INPUTS, m->what == NO_BINDING ? NULL : use_channel);
        memcpy(m->kept, b.evidence, b.evidence_size);
        m->kept_size = b.evidence_size;
        pthread_mutex_unlock(&build_lock);
    }
    memcpy(evidence, m->kept, m->kept_size);
    if (m->what == TAMPERED) evidence[m->tamper_at % m->kept_size] ^= 1;
    return (long)m->kept_size;
}

static bool judge(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                  const uint8_t *evidence, size_t size, char why[ATTLS_ERROR])
{
    bool good;

    pthread_mutex_lock(&build_lock);
    good = attls_judge_remote(judged, nonce, binding, evidence, size, why);
    pthread_mutex_unlock(&build_lock);
    return good;
}

/* --- Two ends ------------------------------------------------------------------------------------ */

static long send_fd(void *stream, const uint8_t *data, size_t size)
{
    return send(*(int *)stream, data, size, MSG_NOSIGNAL);
}

static long receive_fd(void *stream, uint8_t *data, size_t size)
{
    return recv(*(int *)stream, data, size, 0);
}

struct end {
    struct attls_config config;
    int fd;
    struct attls *attls;
    char why[ATTLS_ERROR];
    struct manner manner;
};

static struct end client, server;

static void *open_end(void *arg)
{
    struct end *e = arg;

    e->attls = attls_open(&e->config, e->why);
    if (e->attls == NULL) shutdown(e->fd, SHUT_RDWR);
    return NULL;
}

static void prepare(struct end *e, bool is_server)
{
    memset(e, 0, sizeof(*e));
    e->config = (struct attls_config){.server = is_server,
                                      .send = send_fd,
                                      .receive = receive_fd,
                                      .stream = &e->fd,
                                      .attest = attest,
                                      .self = &e->manner,
                                      .judge = judge,
                                      .judged = &b.wanted};
}

static int fresh(void **state)
{
    (void)state;
    prepare(&client, false);
    prepare(&server, true);
    return 0;
}

static void meet(struct end *c, struct end *s)
{
    pthread_t thread;
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    c->fd = fd[0];
    s->fd = fd[1];
    assert_int_equal(pthread_create(&thread, NULL, open_end, s), 0);
    open_end(c);
    pthread_join(thread, NULL);
}

static void part(struct end *c, struct end *s)
{
    attls_close(c->attls);
    attls_close(s->attls);
    c->attls = s->attls = NULL;
    close(c->fd);
    close(s->fd);
}

/* The end that judges says the code, neither end is open. */
static void refused(const struct end *by, const char *code)
{
    assert_null(client.attls);
    assert_null(server.attls);
    if (strstr(by->why, code) == NULL) fail_msg("\"%s\" lacks %s", by->why, code);
    part(&client, &server);
}

/* --- Honest ---------------------------------------------------------------------------------------- */

static void both_ways(void **state)
{
    char text[32] = {0};

    (void)state;
    meet(&client, &server);
    if (client.attls == NULL || server.attls == NULL) fail_msg("client: %s; server: %s", client.why, server.why);
    assert_int_equal(attls_write(client.attls, "from the client", 16), 0);
    assert_int_equal(attls_read(server.attls, text, sizeof(text)), 16);
    assert_string_equal(text, "from the client");
    assert_int_equal(attls_write(server.attls, "answer", 7), 0);
    assert_int_equal(attls_read(client.attls, text, sizeof(text)), 7);
    assert_string_equal(text, "answer");
    attls_close(client.attls);
    client.attls = NULL;
    assert_int_equal(attls_read(server.attls, text, sizeof(text)), 0);
    part(&client, &server);
}

/* Somebody outside, who has nothing to show, where the server takes anybody. */
static void a_client_without_evidence(void **state)
{
    (void)state;
    client.config.attest = NULL;
    server.config.judge = NULL;
    meet(&client, &server);
    assert_non_null(client.attls);
    assert_non_null(server.attls);
    part(&client, &server);
    client.config.attest = NULL;
    server.config.judge = judge;
    meet(&client, &server);
    refused(&server, "has no evidence");
}

static void a_cut_stream_is_no_end(void **state)
{
    char text[8];

    (void)state;
    meet(&client, &server);
    assert_non_null(server.attls);
    shutdown(client.fd, SHUT_RDWR);
    assert_int_equal(attls_read(server.attls, text, sizeof(text)), -1);
    part(&client, &server);
}

/* --- Attacks ---------------------------------------------------------------------------------------- */

static void each_role(int what, const char *code)
{
    fresh(NULL);
    client.manner.what = what;
    meet(&client, &server);
    refused(&server, code);
    fresh(NULL);
    server.manner.what = what;
    meet(&client, &server);
    refused(&client, code);
}

static void replay(void **state)
{
    (void)state;
    meet(&client, &server);
    assert_non_null(client.attls);
    part(&client, &server);
    server.manner.what = REPLAYED; /* it kept what it showed */
    meet(&client, &server);
    refused(&client, "NONCE");
    server.manner.what = HONEST;
    client.manner.what = REPLAYED;
    meet(&client, &server);
    refused(&server, "NONCE");
}

static void wrong_nonce(void **state)
{
    (void)state;
    each_role(OTHER_NONCE, "NONCE");
}

static void bound_to_something_else(void **state)
{
    (void)state;
    each_role(OTHER_CHANNEL, "KEY");
    each_role(SWAPPED_KEYS, "KEY");
    each_role(OTHER_ROLE, "KEY");
    each_role(NO_BINDING, "KEY");
    each_role(EMPTY, "no evidence");
}

/* A man in the middle: the client talks to him, he to the honest server, over the client's own nonce. What the server
 * shows him is true, fresh, and worth nothing to the client. */
static struct end middle, honest;

static bool keep(void *judged, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                 const uint8_t *evidence, size_t size, char why[ATTLS_ERROR])
{
    (void)judged, (void)nonce, (void)binding, (void)why;
    memcpy(middle.manner.kept, evidence, size);
    middle.manner.kept_size = size;
    return true;
}

static long relay(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING], uint8_t *evidence,
                  size_t capacity)
{
    (void)self, (void)binding, (void)capacity;
    prepare(&middle, false);
    prepare(&honest, true);
    middle.config.nonce = nonce;
    middle.config.judge = keep;
    honest.config.judge = NULL; /* it serves everybody */
    meet(&middle, &honest);
    part(&middle, &honest);
    memcpy(evidence, middle.manner.kept, middle.manner.kept_size);
    return (long)middle.manner.kept_size;
}

static void relayed(void **state)
{
    (void)state;
    server.config.attest = relay;
    server.config.judge = NULL;
    meet(&client, &server);
    assert_true(middle.manner.kept_size > 0);
    refused(&client, "REJECTED: KEY (");
}

/* A server's own evidence, given back to it: one that shows itself to anybody first is asked over the nonce that it has
 * just chosen for the other connection. */
static long reflect(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                    uint8_t *evidence, size_t capacity)
{
    return relay(self, nonce, binding, evidence, capacity);
}

static void reflected(void **state)
{
    (void)state;
    client.config.attest = reflect;
    meet(&client, &server);
    assert_true(middle.manner.kept_size > 0);
    refused(&server, "REJECTED: KEY (");
}

static void another_peer(void **state)
{
    static const uint8_t other[32] = {0x0f};
    struct verify_wanted wanted;

    (void)state;
    meet(&client, &server);
    part(&client, &server);
    wanted = b.wanted;
    wanted.launch[0] = other;
    client.config.judged = &wanted;
    meet(&client, &server);
    refused(&client, "LAUNCH");
    wanted = b.wanted;
    wanted.type = "service_t";
    meet(&client, &server);
    refused(&client, "LABEL");
    client.config.judged = &b.wanted;
    server.config.judged = &wanted;
    meet(&client, &server);
    refused(&server, "LABEL");
}

static void tampered(void **state)
{
    (void)state;
    for (size_t at = 0; at < 4000; at += 331) {
        fresh(NULL);
        server.manner.what = TAMPERED;
        server.manner.tamper_at = at;
        meet(&client, &server);
        refused(&client, "REJECTED");
    }
}

/* --- Neighbours --------------------------------------------------------------------------------------- */

static int signed_here(const struct bh_report *report, const uint8_t signature[64])
{
    (void)signature;
    return memcmp(report->boot_id, b.boot_id, 32) == 0 ? 0 : -EBADMSG;
}

static int signed_elsewhere(const struct bh_report *report, const uint8_t signature[64])
{
    (void)report, (void)signature;
    return -EBADMSG;
}

static void neighbours(void **state)
{
    static const uint8_t other[32] = {0x0f};
    struct attls_local local = {
        .check = signed_here, .type = "tenant_t", .launch = {b.tenant_digest}, .launch_count = 1};

    (void)state;
    client.config.judge = attls_judge_local;
    client.config.judged = &local;
    meet(&client, &server);
    if (client.attls == NULL) fail_msg("%s", client.why);
    part(&client, &server);
    local.check = signed_elsewhere;
    meet(&client, &server);
    refused(&client, "not of this hypervisor");
    local.check = signed_here;
    local.type = "service_t";
    meet(&client, &server);
    refused(&client, "another label");
    local.type = NULL;
    local.launch[0] = other;
    meet(&client, &server);
    refused(&client, "another launch");
    local.any_launch = true;
    local.signer = other;
    meet(&client, &server);
    refused(&client, "another signer");
    local.signer = NULL;
    server.manner.what = OTHER_NONCE;
    meet(&client, &server);
    refused(&client, "another nonce");
    server.manner.what = OTHER_CHANNEL;
    meet(&client, &server);
    refused(&client, "another channel");
}

/* What the hypervisor says of a report's platform counts for a neighbour too, and a failed check says why. */
static int answer_of_check;

static int check_answers(const struct bh_report *report, const uint8_t signature[64])
{
    (void)report, (void)signature;
    return answer_of_check;
}

static bool judge_flags(struct attls_local *local, uint32_t flags, const uint8_t *signer, char why[ATTLS_ERROR])
{
    static const uint8_t binding[ATTLS_BINDING] = {1}, signature[64];
    static uint8_t evidence[EVIDENCE_MAX];
    struct bh_report r = b.report;
    struct evidence_parts parts = {.nonce = b.nonce,
                                   .nonce_size = ATTLS_NONCE,
                                   .platform = b.packed,
                                   .platform_size = b.packed_size,
                                   .report = &r,
                                   .signature = signature,
                                   .binding = binding,
                                   .binding_size = sizeof(binding)};
    size_t size;

    r.flags = flags;
    if (signer != NULL) memcpy(r.signer, signer, 32);
    mbedtls_sha256_ret(b.nonce, ATTLS_NONCE, r.report_data, 0);
    mbedtls_sha256_ret(binding, sizeof(binding), r.report_data + 32, 0);
    size = evidence_pack(&parts, evidence, sizeof(evidence));
    why[0] = '\0';
    return attls_judge_local(local, b.nonce, binding, evidence, size, why);
}

static void has_words(const char *why, const char *words)
{
    if (strstr(why, words) == NULL) fail_msg("\"%s\" lacks \"%s\"", why, words);
}

static void a_neighbours_platform(void **state)
{
    static const uint8_t nobody[32];
    struct attls_local local = {.check = check_answers, .any_launch = true};
    char why[ATTLS_ERROR];

    (void)state;
    assert_true(judge_flags(&local, BH_FLAG_MEASURED, NULL, why));
    assert_false(judge_flags(&local, 0, NULL, why));
    has_words(why, "not measured");
    assert_false(judge_flags(&local, BH_FLAG_IOMMU | BH_FLAG_DEBUG, NULL, why));
    assert_false(judge_flags(&local, BH_FLAG_MEASURED | BH_FLAG_DEBUG, NULL, why));
    has_words(why, "debug build");
    local.allow_debug = true;
    assert_true(judge_flags(&local, BH_FLAG_MEASURED | BH_FLAG_DEBUG, NULL, why));
    assert_false(judge_flags(&local, BH_FLAG_DEBUG, NULL, why));
    local.signer = b.signer;
    local.least_guest_svn = 6;
    assert_true(judge_flags(&local, BH_FLAG_MEASURED, NULL, why));
    local.least_guest_svn = 7;
    assert_false(judge_flags(&local, BH_FLAG_MEASURED, NULL, why));
    has_words(why, "too low a version");
    local.least_guest_svn = 0;
    local.signer = nobody;
    assert_false(judge_flags(&local, BH_FLAG_MEASURED, nobody, why));
    has_words(why, "another signer");
}

static void a_check_that_failed_says_why(void **state)
{
    static const struct {
        int rc;
        const char *words;
    } cases[] = {{-EBADMSG, "not of this hypervisor in this boot"},
                 {-ENODEV, "not measured"},
                 {-EPERM, "refused by the policy"},
                 {-EBUSY, "limit on such calls"}};
    struct attls_local local = {.check = check_answers, .any_launch = true};
    char why[ATTLS_ERROR];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        answer_of_check = cases[i].rc;
        assert_false(judge_flags(&local, BH_FLAG_MEASURED, NULL, why));
        has_words(why, cases[i].words);
    }
    answer_of_check = 0;
}

static long no_report(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                      uint8_t *evidence, size_t capacity)
{
    (void)self, (void)nonce, (void)binding, (void)evidence, (void)capacity;
    return -EBUSY;
}

static void why_there_is_no_evidence(void **state)
{
    (void)state;
    client.config.attest = no_report;
    meet(&client, &server);
    refused(&client, "no evidence of our own: the limit on such calls is reached");
}

/* Not TLS at all, or TLS whose peer says something else than its evidence. */
static void *rubbish(void *arg)
{
    static const uint8_t bytes[64] = "GET / HTTP/1.0\r\n\r\n";

    assert_int_equal(write(*(int *)arg, bytes, sizeof(bytes)), sizeof(bytes));
    shutdown(*(int *)arg, SHUT_RDWR);
    return NULL;
}

static void not_tls(void **state)
{
    pthread_t thread;
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    server.fd = fd[1];
    assert_int_equal(pthread_create(&thread, NULL, rubbish, &fd[0]), 0);
    open_end(&server);
    pthread_join(thread, NULL);
    assert_null(server.attls);
    assert_non_null(strstr(server.why, "TLS handshake"));
    close(fd[0]);
    close(fd[1]);
}

static int setup(void **state)
{
    (void)state;
    setenv("TSS2_LOG", "all+NONE", 0);
    signal(SIGPIPE, SIG_IGN);
    attest_build_open(&b);
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    attest_build_close(&b);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_ways),
        TEST(a_client_without_evidence),
        TEST(a_cut_stream_is_no_end),
        TEST(replay),
        TEST(wrong_nonce),
        TEST(bound_to_something_else),
        TEST(relayed),
        TEST(reflected),
        TEST(another_peer),
        TEST(tampered),
        TEST(neighbours),
        TEST(a_neighbours_platform),
        TEST(a_check_that_failed_says_why),
        TEST(why_there_is_no_evidence),
        TEST(not_tls),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
