/* SPDX-License-Identifier: MIT */
/*
 * bh-tls-server and bh-tls-client as programs over TCP and pipes: evidence of software judged by --verify, peers that
 * waste time. Run from the tree's top.
 */
#include "tlsprog.c"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "attest_build.h"
#include "guestprog.h"

const char *const toolfile_program = "tlsprog_test";

/* --- The hypervisor, for what is called in this program ---------------------------------------------- */

int lxcall_open(void)
{
    return 0;
}

int attestcall_report(const uint8_t data[64], struct attestcall_report *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->report.report_data, data, 64);
    memset(out->salt, 0x5a, sizeof(out->salt));
    return 0;
}

int attestcall_check(const struct bh_report *report, const uint8_t signature[64])
{
    (void)report, (void)signature;
    return -EBADMSG;
}

long attestcall_platform(uint8_t *out)
{
    out[0] = 0;
    return 1;
}

/* --- A server with evidence, in a process of its own -------------------------------------------------- */

static struct attest_build b;
static const uint8_t *use_nonce, *use_binding;
static char launch[65], top[PATH_MAX];

static void use_channel(struct attest_build *build)
{
    memcpy(build->nonce, use_nonce, ATTLS_NONCE);
    memcpy(build->binding, use_binding, ATTLS_BINDING);
    build->binding_size = ATTLS_BINDING;
}

static long attest_by_software(void *self, const uint8_t nonce[ATTLS_NONCE], const uint8_t binding[ATTLS_BINDING],
                               uint8_t *evidence, size_t capacity)
{
    (void)self, (void)capacity;
    use_nonce = nonce;
    use_binding = binding;
    attest_build_run(&b, ATTEST_BUILD_INPUTS, use_channel);
    memcpy(evidence, b.evidence, b.evidence_size);
    return (long)b.evidence_size;
}

static long send_fd(void *stream, const uint8_t *data, size_t size)
{
    return write(((int *)stream)[1], data, size);
}

static long receive_fd(void *stream, uint8_t *data, size_t size)
{
    return read(((int *)stream)[0], data, size);
}

static void be_server(int in, int out)
{
    int fd[2] = {in, out};
    struct attls_config config = {
        .server = true, .send = send_fd, .receive = receive_fd, .stream = fd, .attest = attest_by_software};
    char why[ATTLS_ERROR], text[64] = {0};
    struct attls *a;

    signal(SIGPIPE, SIG_IGN);
    alarm(60);
    a = attls_open(&config, why);
    if (a == NULL) _exit(3);
    if (attls_read(a, text, sizeof(text) - 1) != 6 || strcmp(text, "hello") != 0) _exit(4);
    if (attls_write(a, "welcome", 8) != 0) _exit(5);
    attls_close(a);
    _exit(0);
}

static int listen_here(uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- The programs ---------------------------------------------------------------------------------- */

static int fds[2] = {-1, -1}; /* of --stdio */

static int become_program(int argc, char **argv)
{
    char path[PATH_MAX + 64];

    (void)argc;
    if (fds[0] >= 0) {
        dup2(fds[0], 0);
        dup2(fds[1], 1);
    }
    snprintf(path, sizeof(path), "%s/build/guest-port/linux/%s", top, argv[0]);
    execv(path, argv);
    return 127;
}

#define RUN(...) GUESTPROG_RUN(become_program, __VA_ARGS__)

static int verify_by(const char *stream, char *where, const char *ca, char *wanted_launch)
{
    char *argv[24], **p = argv;

    *p++ = "bh-tls-client";
    *p++ = (char *)stream;
    if (where) *p++ = where;
    memcpy(p,
           (char *[]){"--no-evidence", "--verify", "--send", "hello", "--", "--ref", "refs", "--ca", (char *)ca,
                      "--label", "tenant_t:7", "--launch", wanted_launch, "--profile", "development", NULL},
           16 * sizeof(*p));
    return guestprog_run(become_program, argv, false, false);
}

/* The client's status; *server: that of the other end. */
static int over_tcp(const char *ca, char *wanted_launch, int *server)
{
    char where[32];
    uint16_t port;
    int fd = listen_here(&port), rc;
    pid_t pid = fork();

    if (pid == 0) {
        int peer = accept(fd, NULL, NULL);

        be_server(peer, peer);
    }
    snprintf(where, sizeof(where), "127.0.0.1:%u", port);
    rc = verify_by("--connect", where, ca, wanted_launch);
    close(fd);
    assert_int_equal(waitpid(pid, server, 0), pid);
    return rc;
}

static void a_verified_server_over_tcp(void **state)
{
    int server;

    (void)state;
    assert_int_equal(over_tcp("ca", launch, &server), 0);
    assert_int_equal(server, 0);
    guestprog_said("BH-TLS open: the peer is what it has to be");
    guestprog_said("BH-TLS peer says: welcome");
}

static void what_is_not_wanted_is_refused_by_its_code(void **state)
{
    char other[65];
    int server;

    (void)state;
    strcpy(other, launch);
    other[0] = other[0] == '0' ? '1' : '0';
    assert_int_equal(over_tcp("ca", other, &server), 1);
    guestprog_said("BH-TLS refused: the peer's evidence is REJECTED: LAUNCH (");
    assert_int_not_equal(server, 0);
    assert_int_equal(over_tcp("other-ca", launch, &server), 1);
    guestprog_said("REJECTED: AK_CHAIN");
}

static void a_verified_server_over_pipes(void **state)
{
    int to[2], from[2], status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        close(to[1]);
        close(from[0]);
        be_server(to[0], from[1]);
    }
    fds[0] = from[0];
    fds[1] = to[1];
    status = verify_by("--stdio", NULL, "ca", launch);
    fds[0] = fds[1] = -1;
    assert_int_equal(status, 0);
    guestprog_said("BH-TLS peer says: welcome");
    assert_int_equal(fcntl(from[0], F_GETFL) & O_NONBLOCK, 0); /* others may hold them: as they were */
    assert_int_equal(fcntl(to[1], F_GETFL) & O_NONBLOCK, 0);
    for (int i = 0; i < 2; i++) {
        close(to[i]);
        close(from[i]);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* --- A server among strangers ------------------------------------------------------------------------ */

static struct {
    pid_t pid;
    uint16_t port;
    FILE *out;
} served;

static void start_server(void)
{
    unsigned int port;
    int out[2];

    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    served.pid = fork();
    if (served.pid == 0) {
        char *argv[] = {"bh-tls-server", "--listen", "0",      "--any-peer", "--no-evidence",
                        "--timeout",     "2",        "--send", "welcome",    NULL};

        dup2(out[1], 1);
        alarm(60);
        _exit(become_program(9, argv));
    }
    close(out[1]);
    served.out = fdopen(out[0], "r");
    assert_int_equal(fscanf(served.out, "BH-TLS listens port=%u", &port), 1);
    served.port = (uint16_t)port;
}

static int connect_to_server(void)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(served.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

/* The server is still there for who is honest, and then it ends in order. */
static void an_honest_client_comes(void)
{
    char where[32];
    int status;

    snprintf(where, sizeof(where), "127.0.0.1:%u", served.port);
    assert_int_equal(RUN("bh-tls-client", "--connect", where, "--any-peer", "--no-evidence", "--send", "hello"), 0);
    guestprog_said("BH-TLS peer says: welcome");
    assert_int_equal(waitpid(served.pid, &status, 0), served.pid);
    assert_int_equal(status, 0);
    fclose(served.out);
}

static void a_stray_connection_does_not_end_it(void **state)
{
    (void)state;
    start_server();
    for (int i = 0; i < 3; i++)
        close(connect_to_server());
    an_honest_client_comes();
}

/* A byte now and then, of what could become a TLS record. */
static void a_drip_does_not_hold_it(void **state)
{
    static const uint8_t record[64] = {0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3};
    struct pollfd f = {.events = POLLIN | POLLRDHUP};
    int64_t begin = now_ms();
    size_t sent = 0;
    int fd;

    (void)state;
    start_server();
    fd = f.fd = connect_to_server();
    while (sent < sizeof(record) && poll(&f, 1, 200) == 0)
        assert_int_equal(send(fd, record + sent++, 1, MSG_NOSIGNAL), 1);
    assert_true(sent < sizeof(record)); /* 12.8 s */
    assert_in_range(now_ms() - begin, 1500, 6000);
    close(fd);
    an_honest_client_comes();
}

/* --- The transports themselves ------------------------------------------------------------------------ */

static void a_peer_that_does_not_read(void **state)
{
    static const uint8_t data[4096];
    struct tlsport p = {.listener = -1, .seconds = 1};
    int64_t begin = now_ms();
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
    p.in = p.out = fd[0];
    tlsport_restart(&p);
    while (tlsport_send(&p, data, sizeof(data)) > 0)
        ;
    assert_true(p.late);
    assert_in_range(now_ms() - begin, 900, 3000);
    close(fd[0]);
    close(fd[1]);
}

static void *pump(void *arg)
{
    static const uint32_t port = 7;
    int fd = *(int *)arg;

    while (send(fd, &port, sizeof(port), MSG_NOSIGNAL) == sizeof(port))
        usleep(20000);
    return NULL;
}

/* Events without a byte in the ring: what a hostile neighbour can send for ever. */
static void a_ring_of_empty_events(void **state)
{
    static struct sharering_page page;
    struct tlsport p = {.in = -1, .out = -1, .listener = -1, .is_ring = true, .seconds = 1, .ring.page = &page};
    static const uint8_t full[SHARERING_SIZE];
    int64_t begin = now_ms();
    pthread_t thread;
    uint8_t byte;
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    p.end.event = fd[0];
    assert_int_equal(pthread_create(&thread, NULL, pump, &fd[1]), 0);
    tlsport_restart(&p);
    assert_int_equal(tlsport_receive(&p, &byte, 1), -1);
    assert_true(p.late);
    assert_in_range(now_ms() - begin, 900, 3000);
    sharering_put(&p.ring, full, sizeof(full));
    tlsport_restart(&p);
    assert_int_equal(tlsport_send(&p, &byte, 1), -1);
    assert_int_equal(tlsport_accept(&p), -1); /* nobody takes the page */
    assert_in_range(now_ms() - begin, 1800, 5000);
    shutdown(fd[0], SHUT_RDWR);
    pthread_join(thread, NULL);
    close(fd[0]);
    close(fd[1]);
}

/* The event channel of a page is a socket here: a byte for each event. */
int __wrap_sharepage_signal(struct sharepage_end *end);
int __wrap_sharepage_wait(struct sharepage_end *end, int timeout_ms);
int __real_sharepage_wait(struct sharepage_end *end, int timeout_ms);
static bool has_channel;

int __wrap_sharepage_signal(struct sharepage_end *end)
{
    return send(end->event, "!", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 || errno == EAGAIN ? 0 : -errno;
}

int __wrap_sharepage_wait(struct sharepage_end *end, int timeout_ms)
{
    struct pollfd f = {.fd = end->event, .events = POLLIN};
    char byte;

    if (!has_channel) return __real_sharepage_wait(end, timeout_ms);
    if (poll(&f, 1, timeout_ms) != 1) return -ETIMEDOUT;
    return read(end->event, &byte, 1) == 1 ? 0 : -EIO;
}

static struct tlsport ends[2]; /* giver, taker */

static void *be_giver(void *arg)
{
    struct attls_config config = {.server = true,
                                  .send = tlsport_send,
                                  .receive = tlsport_receive,
                                  .stream = &ends[0],
                                  .attest = attest_by_software};
    struct options o = {.value[SEND] = "welcome"};

    *(int *)arg = tlsport_accept(&ends[0]) < 0 ? -1 : serve(&o, &config, &ends[0]);
    return NULL;
}

/* A page's giver waits for the first bytes; its peer's time begins then. */
static void a_channel_by_a_page(void **state)
{
    static struct sharering_page page;
    struct attls_config config = {.send = tlsport_send, .receive = tlsport_receive, .stream = &ends[1]};
    struct options o = {.value[SEND] = "hello"};
    pthread_t thread;
    int fd[2], giver;

    (void)state;
    has_channel = true;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < 2; i++)
        ends[i] = (struct tlsport){.in = -1,
                                   .out = -1,
                                   .listener = -1,
                                   .is_ring = true,
                                   .seconds = 3,
                                   .ring = {.page = &page, .taker = i},
                                   .end.event = fd[i]};
    tlsport_restart(&ends[0]);
    assert_int_equal(pthread_create(&thread, NULL, be_giver, &giver), 0);
    usleep(2000000); /* of its three seconds, before the taker comes */
    assert_int_equal(tlsport_accept(&ends[1]), 0);
    assert_int_equal(serve(&o, &config, &ends[1]), 0);
    pthread_join(thread, NULL);
    assert_int_equal(giver, 0);
    close(fd[0]);
    close(fd[1]);
    has_channel = false;
}

/* A server that waited for days judges by the time of the day. */
static void certificates_are_judged_when_the_peer_comes(void **state)
{
    struct attls_config config = {.server = true, .send = tlsport_send, .receive = tlsport_receive};
    struct options o = {.value[VERIFY] = ""};
    struct tlsport p = {.listener = -1, .seconds = 5};
    int fd[2];

    (void)state;
    for (int given = 0; given < 2; given++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
        p.in = p.out = fd[0];
        close(fd[1]);
        config.stream = &p;
        tlsport_restart(&p);
        wanted.wanted.now = (mbedtls_x509_time){.year = 2001};
        is_time_given = given;
        assert_int_equal(serve(&o, &config, &p), 1);
        if (given)
            assert_int_equal(wanted.wanted.now.year, 2001);
        else
            assert_true(wanted.wanted.now.year >= 2024);
    }
}

/* --- What is shown ------------------------------------------------------------------------------------- */

static void the_salt_is_kept_back(void **state)
{
    static uint8_t evidence[EVIDENCE_MAX], nonce[ATTLS_NONCE], binding[ATTLS_BINDING];
    struct evidence e;
    long size;

    (void)state;
    for (int hidden = 0; hidden < 2; hidden++) {
        hide = hidden;
        size = attest(NULL, nonce, binding, evidence, sizeof(evidence));
        assert_true(size > 0);
        assert_int_equal(evidence_parse((struct bytes){evidence, (size_t)size}, &e), 0);
        assert_int_equal(e.salt.size, hidden ? 0 : 32);
        assert_true((memmem(evidence, (size_t)size, "ZZZZZZZZ", 8) == NULL) == hidden);
    }
}

static int setup(void **state)
{
    char other[2048];

    (void)state;
    setenv("TSS2_LOG", "all+NONE", 0);
    signal(SIGPIPE, SIG_IGN);
    if (getcwd(top, sizeof(top)) == NULL) return -1;
    guestprog_start();
    attest_build_open(&b);
    strcpy(other, (char *)b.ca_cert_pem);
    guestprog_put("other-ca", other, strlen(other));
    attest_build_close(&b);
    attest_build_open(&b);
    attest_build_run(&b, ATTEST_BUILD_INPUTS, NULL);
    guestprog_put("ca", b.ca_cert_pem, strlen((char *)b.ca_cert_pem));
    guestprog_put("refs", b.refs_file, b.refs_size);
    findings_hex(b.tenant_digest, 32, launch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    attest_build_close(&b);
    guestprog_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verified_server_over_tcp),
        cmocka_unit_test(what_is_not_wanted_is_refused_by_its_code),
        cmocka_unit_test(a_verified_server_over_pipes),
        cmocka_unit_test(a_stray_connection_does_not_end_it),
        cmocka_unit_test(a_drip_does_not_hold_it),
        cmocka_unit_test(a_peer_that_does_not_read),
        cmocka_unit_test(a_ring_of_empty_events),
        cmocka_unit_test(a_channel_by_a_page),
        cmocka_unit_test(certificates_are_judged_when_the_peer_comes),
        cmocka_unit_test(the_salt_is_kept_back),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
