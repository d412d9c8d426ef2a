/* SPDX-License-Identifier: MIT */
#include "tlsport.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "domid.h"

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return -1;
}

/* --- Time ---------------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void tlsport_restart(struct tlsport *p)
{
    p->deadline = now_ms() + (int64_t)p->seconds * 1000;
    p->late = false;
}

/* Milliseconds left, or 0, which is told. */
static int left(struct tlsport *p)
{
    int64_t ms = p->deadline - now_ms();

    p->late |= ms <= 0;
    return ms > 0 ? (int)ms : 0;
}

/* 0, or -1: not ready in time. */
static int wait_for(struct tlsport *p, int fd, short events)
{
    struct pollfd f = {.fd = fd, .events = events};
    int ms;

    while ((ms = left(p)) > 0) {
        int n = poll(&f, 1, ms);

        if (n > 0) return 0;
        if (n < 0 && errno != EINTR) return -1;
    }
    errno = ETIMEDOUT;
    return -1;
}

/* --- Sockets ------------------------------------------------------------------------------------- */

static int connect_in_time(struct tlsport *p, int fd, const struct addrinfo *a)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS || wait_for(p, fd, POLLOUT) < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return -1;
    errno = error;
    return error ? -1 : 0;
}

static int open_socket(struct tlsport *p, const char *name, const char *host, const char *service, int passive)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0}, *found = NULL;
    int fd = -1, one = 1, error = EADDRNOTAVAIL, rc = getaddrinfo(host, service, &hints, &found);

    if (rc != 0) return fail(name, rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        if (fd >= 0 && passive) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (fd >= 0 &&
            (passive ? bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 16) : connect_in_time(p, fd, a)) == 0)
            break;
        error = errno;
        if (fd >= 0) close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd >= 0 ? fd : fail(name, strerror(error));
}

static int open_listen(struct tlsport *p, const char *where)
{
    struct sockaddr_storage own = {0};
    socklen_t size = sizeof(own);

    p->listener = open_socket(p, where, NULL, where, 1);
    if (p->listener < 0) return -1;
    getsockname(p->listener, (struct sockaddr *)&own, &size);
    printf("BH-TLS listens port=%u\n", ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port
                                                                       : ((struct sockaddr_in *)&own)->sin_port));
    fflush(stdout);
    return 0;
}

/* HOST:PORT, where a numeric IPv6 address is in brackets. */
static int open_connect(struct tlsport *p, const char *where)
{
    const char *begin = where[0] == '[' ? where + 1 : where;
    const char *end = begin > where ? strchr(begin, ']') : strchr(begin, ':');
    const char *colon = end && begin > where ? end + 1 : end;
    char host[256];

    if (!colon || *colon != ':' || colon[1] == '\0' || strchr(colon + 1, ':') || end == begin ||
        (size_t)(end - begin) >= sizeof(host))
        return fail(where, "HOST:PORT or [ADDRESS]:PORT is wanted");
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    p->in = p->out = open_socket(p, where, host, colon + 1, 0);
    return p->in >= 0 ? 0 : -1;
}

/* Others may hold these too: how they were is put back. */
static int open_stdio(struct tlsport *p)
{
    p->in = 0;
    p->out = 1;
    p->stdio = true;
    p->old_in = fcntl(p->in, F_GETFL);
    p->old_out = fcntl(p->out, F_GETFL);
    if (p->old_in < 0 || p->old_out < 0 || fcntl(p->in, F_SETFL, p->old_in | O_NONBLOCK) < 0 ||
        fcntl(p->out, F_SETFL, p->old_out | O_NONBLOCK) < 0)
        return fail("standard input and output", strerror(errno));
    return 0;
}

/* --- A page -------------------------------------------------------------------------------------- */

static void use_ring(struct tlsport *p, int taker)
{
    p->is_ring = true;
    p->ring = (struct sharering){.page = (struct sharering_page *)p->end.page, .taker = taker};
}

static int open_offer(struct tlsport *p, const char *where)
{
    uint32_t domid, ref;
    int rc = domid_parse(where, &domid);

    if (rc < 0) return fail(where, "not a domain's id");
    rc = sharepage_grant(&p->end, domid, &ref);
    if (rc == 0) {
        memset(p->end.page, 0, sizeof(struct sharering_page));
        rc = sharepage_offer(&p->end, domid);
    }
    if (rc < 0) return fail("sharing a page", strerror(-rc));
    printf("BH-TLS ref=%u port=%u\n", ref, p->end.port);
    fflush(stdout);
    use_ring(p, 0);
    return 0;
}

int tlsport_parse_take(const char *text, uint32_t *domid, uint32_t *ref, uint32_t *port)
{
    char copy[64], *second, *third;

    if (strlen(text) >= sizeof(copy)) return -EINVAL;
    strcpy(copy, text);
    second = strchr(copy, ':');
    third = second ? strchr(second + 1, ':') : NULL;
    if (!third) return -EINVAL;
    *second++ = *third++ = '\0';
    return domid_parse(copy, domid) < 0 || domid_number(second, UINT32_MAX, ref) < 0 ||
                   domid_number(third, UINT32_MAX, port) < 0
               ? -EINVAL
               : 0;
}

static int open_take(struct tlsport *p, const char *where)
{
    uint32_t domid, ref, port;
    int rc;

    if (tlsport_parse_take(where, &domid, &ref, &port) < 0) return fail(where, "DOMID:REF:PORT is wanted");
    rc = sharepage_map(&p->end, domid, ref);
    if (rc == 0) rc = sharepage_bind(&p->end, domid, port);
    if (rc < 0) return fail("taking a page", strerror(-rc));
    use_ring(p, 1);
    return 0;
}

/* An event may come for nothing; it gives no time. */
static int wait_ring(struct tlsport *p)
{
    int ms = left(p), rc = ms > 0 ? sharepage_wait(&p->end, ms) : -ETIMEDOUT;

    p->late |= rc == -ETIMEDOUT;
    return rc == -EINTR ? 0 : rc;
}

/* --- Streams ------------------------------------------------------------------------------------- */

int tlsport_open(struct tlsport *p, const char *kind, const char *where, uint32_t seconds)
{
    memset(p, 0, sizeof(*p));
    p->in = p->out = p->listener = -1;
    p->seconds = seconds;
    tlsport_restart(p);
    return strcmp(kind, "stdio") == 0     ? open_stdio(p)
           : strcmp(kind, "listen") == 0  ? open_listen(p, where)
           : strcmp(kind, "connect") == 0 ? open_connect(p, where)
           : strcmp(kind, "offer") == 0   ? open_offer(p, where)
                                          : open_take(p, where);
}

static int accept_next(struct tlsport *p)
{
    struct pollfd f = {.fd = p->listener, .events = POLLIN};

    for (;;) {
        if (poll(&f, 1, -1) < 0 && errno != EINTR) return fail("poll", strerror(errno));
        p->in = p->out = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (p->in >= 0) return 0;
        /* That peer is gone again, or nobody was there. */
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED && errno != EPROTO)
            return fail("accept", strerror(errno));
    }
}

int tlsport_accept(struct tlsport *p)
{
    const struct sharering_half *h = p->is_ring && !p->ring.taker ? &p->ring.page->half[1] : NULL;

    if (p->listener >= 0 && accept_next(p) < 0) return -1;
    while (h && __atomic_load_n(&h->produced, __ATOMIC_ACQUIRE) == 0)
        if (wait_ring(p) < 0) return fail("the page", "nobody took it");
    tlsport_restart(p);
    return 0;
}

void tlsport_drop(struct tlsport *p)
{
    if (p->stdio) {
        fcntl(p->in, F_SETFL, p->old_in);
        fcntl(p->out, F_SETFL, p->old_out);
    } else if (p->in >= 0) {
        close(p->in);
    }
    p->in = p->out = -1;
}

static bool again(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Moves bytes and tells the peer, or waits for the peer to move some. */
long tlsport_send(void *port, const uint8_t *data, size_t size)
{
    struct tlsport *p = port;
    long n;

    if (p->is_ring) {
        if (left(p) == 0) return -1; /* also where the peer always has something for us */
        while ((n = sharering_put(&p->ring, data, size)) == 0)
            if (wait_ring(p) < 0) return -1;
        return n > 0 && sharepage_signal(&p->end) < 0 ? -1 : n;
    }
    do
        n = wait_for(p, p->out, POLLOUT) < 0 ? -2 : write(p->out, data, size);
    while (n == -1 && again());
    return n > 0 ? n : -1;
}

long tlsport_receive(void *port, uint8_t *data, size_t size)
{
    struct tlsport *p = port;
    long n;

    if (p->is_ring) {
        if (left(p) == 0) return -1;
        while ((n = sharering_get(&p->ring, data, size)) == 0)
            if (wait_ring(p) < 0) return -1;
        return n > 0 && sharepage_signal(&p->end) < 0 ? -1 : n;
    }
    do
        n = wait_for(p, p->in, POLLIN) < 0 ? -2 : read(p->in, data, size);
    while (n == -1 && again());
    return n >= 0 ? n : -1;
}
