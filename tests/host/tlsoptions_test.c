/* SPDX-License-Identifier: MIT */
/* Command lines of the tenants' tools: what would not be checked is an error, and errors name what is wrong. Run from
 * the tree's top. */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "guestprog.h"

static char top[PATH_MAX];

static int become_program(int argc, char **argv)
{
    char path[PATH_MAX + 64];

    (void)argc;
    snprintf(path, sizeof(path), "%s/build/guest-port/linux/%s", top, argv[0]);
    execv(path, argv);
    return 127;
}

#define RUN(...) GUESTPROG_RUN(become_program, __VA_ARGS__)

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

static void a_failed_connection_is_named(void **state)
{
    char where[32];
    uint16_t port;

    (void)state;
    close(listen_here(&port));
    snprintf(where, sizeof(where), "127.0.0.1:%u", port);
    assert_int_equal(RUN("bh-tls-client", "--connect", where, "--any-peer", "--no-evidence"), 1);
    guestprog_said(where);
    guestprog_said("Connection refused");
    snprintf(where, sizeof(where), "[::1]:%u", port);
    assert_int_equal(RUN("bh-tls-client", "--connect", where, "--any-peer", "--no-evidence"), 1);
    guestprog_said(where);
    assert_null(strstr(guestprog_errors, "wanted"));
    assert_null(strstr(guestprog_errors, "not known")); /* the brackets are no part of a name */
    for (const char **bad = (const char *[]){"host", "::1:5", "[::1]", "[::1", ":5", "host:", NULL}; *bad; bad++) {
        assert_int_equal(RUN("bh-tls-client", "--connect", (char *)*bad, "--any-peer", "--no-evidence"), 1);
        guestprog_said("[ADDRESS]:PORT is wanted");
    }
}

#define WRONG(text, ...)                                                                                               \
    do {                                                                                                               \
        assert_int_equal(RUN("bh-tls-client", __VA_ARGS__), 2);                                                        \
        guestprog_said(text);                                                                                          \
    } while (0)

static void what_would_not_be_checked_is_an_error(void **state)
{
    static char id[] = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";

    (void)state;
    WRONG("--type: goes with --neighbour", "--stdio", "--any-peer", "--type", "tenant_t");
    WRONG("--type: goes with --neighbour", "--stdio", "--verify", "--type", "tenant_t", "--", "--any-label");
    WRONG("--signer: goes with --neighbour", "--stdio", "--any-peer", "--signer", id);
    WRONG("--allow-debug: goes with --neighbour", "--stdio", "--any-peer", "--allow-debug");
    WRONG("--min-guest-svn: is the number", "--stdio", "--neighbour", "any", "--min-guest-svn", "3");
    WRONG("no signer's id", "--stdio", "--neighbour", "any", "--signer", "00");
    WRONG("not a number", "--stdio", "--neighbour", "any", "--signer", id, "--min-guest-svn", "x");
    WRONG("nor any", "--stdio", "--neighbour", "all");
    WRONG("STREAM: exactly one", "--stdio", "--connect", "a:1", "--any-peer");
    WRONG("STREAM: exactly one", "--any-peer");
    WRONG("PEER: exactly one", "--stdio", "--any-peer", "--neighbour", "any");
    WRONG("PEER: exactly one", "--stdio");
    WRONG("--neighbour: given twice", "--stdio", "--neighbour", id, "--neighbour", "any");
    WRONG("--connect: given twice", "--connect", "a:1", "--connect", "b:1", "--any-peer");
    WRONG("--send: given twice", "--stdio", "--any-peer", "--send", "a", "--send", "b");
    WRONG("--: goes with --verify", "--stdio", "--any-peer", "--", "--any-label");
    WRONG("--hide-compartment: --no-evidence", "--stdio", "--any-peer", "--no-evidence", "--hide-compartment");
    WRONG("seconds are wanted", "--stdio", "--any-peer", "--timeout", "0");
    WRONG("a value is wanted", "--stdio", "--any-peer", "--timeout");
    WRONG("no such option", "--stdio", "--any-peer", "--neighbor", "any");
    WRONG("EVIDENCE has no place", "--stdio", "--verify", "--", "evidence", "--any-label");
    WRONG("--nonce has no place", "--stdio", "--verify", "--", "--nonce", id);
    WRONG("--nonce has no place", "--stdio", "--verify", "--", "--non=0001020304050607");
    WRONG("--binding has no place", "--stdio", "--verify", "--", "--binding", "refs");
    WRONG("--json has no place", "--stdio", "--verify", "--", "--json");
    WRONG("--bench has no place", "--stdio", "--verify", "--", "--bench", "3");
    WRONG("a verb has no place", "--stdio", "--verify", "--", "show");
}

static void a_domain_is_a_number(void **state)
{
    (void)state;
    for (const char **bad = (const char *[]){"acme", "", "65537", "1x", "-1", "32752", NULL}; *bad; bad++) {
        char all[64];

        assert_int_equal(RUN("bh-tls-server", "--offer", (char *)*bad, "--neighbour", "any"), 2);
        guestprog_said("not a domain's id");
        snprintf(all, sizeof(all), "%s:8:21", *bad);
        assert_int_equal(RUN("bh-tls-server", "--take", all, "--neighbour", "any"), 2);
        assert_int_equal(RUN("bh-share", (char *)*bad, "text"), 2);
        assert_int_equal(RUN("bh-peer", (char *)*bad, "8", "21", "text"), 2);
        assert_int_equal(RUN("bh-probe", (char *)*bad), 2);
        guestprog_said("not a domain's id");
    }
    assert_int_equal(RUN("bh-tls-server", "--take", "3:8:x", "--neighbour", "any"), 2);
    assert_int_equal(RUN("bh-tls-server", "--take", "3:8", "--neighbour", "any"), 2);
    assert_int_equal(RUN("bh-peer", "3", "8x", "21", "text"), 2);
    assert_int_equal(RUN("bh-peer", "3", "8", "", "text"), 2);
    assert_int_equal(RUN("bh-share", "3", "text", "10x"), 2);
    assert_int_equal(RUN("bh-share", "3", "text", "0"), 2);
}

static int setup(void **state)
{
    (void)state;
    if (getcwd(top, sizeof(top)) == NULL) return -1;
    guestprog_start();
    guestprog_put("refs", "", 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    guestprog_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_connection_is_named),
        cmocka_unit_test(what_would_not_be_checked_is_an_error),
        cmocka_unit_test(a_domain_is_a_number),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
