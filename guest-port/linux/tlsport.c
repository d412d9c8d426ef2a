/* SPDX-License-Identifier: MIT */
#include "tlsport.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENCE_MS 60000

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return -1;
}

static int open_socket(const char *host, const char *service, int passive)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0}, *found = NULL;
    int fd = -1, one = 1, rc = getaddrinfo(host, service, &hints, &found);

    if (rc != 0) return fail(service, gai_strerror(rc));
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && passive) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (fd >= 0 && (passive ? bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 1)
                                : connect(fd, a->ai_addr, a->ai_addrlen)) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd >= 0 ? fd : fail(service, strerror(errno));
}

static int open_listen(struct tlsport *p, const char *where)
{
    int fd = open_socket(NULL, where, 1);

    if (fd < 0) return -1;
    p->in = p->out = accept(fd, NULL, NULL);
    close(fd);
    return p->in >= 0 ? 0 : fail(where, strerror(errno));
}

static int open_connect(struct tlsport *p, const char *where)
{
    const char *colon = strrchr(where, ':');
    char host[256];

    if (colon == NULL || (size_t)(colon - where) >= sizeof(host)) return fail(where, "HOST:PORT is wanted");
    memcpy(host, where, (size_t)(colon - where));
    host[colon - where] = '\0';
    p->in = p->out = open_socket(host, colon + 1, 0);
    return p->in >= 0 ? 0 : -1;
}

static void use_ring(struct tlsport *p, int taker)
{
    p->in = p->out = -1;
    p->ring = (struct sharering){.page = (struct sharering_page *)p->end.page, .taker = taker};
}

static int open_offer(struct tlsport *p, const char *where)
{
    uint32_t domid = (uint32_t)strtoul(where, NULL, 0), ref;
    int rc = sharepage_grant(&p->end, domid, &ref);

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

static int open_take(struct tlsport *p, const char *where)
{
    unsigned int domid, ref, port;
    int rc;

    if (sscanf(where, "%u:%u:%u", &domid, &ref, &port) != 3) return fail(where, "DOMID:REF:PORT is wanted");
    rc = sharepage_map(&p->end, domid, ref);
    if (rc == 0) rc = sharepage_bind(&p->end, domid, port);
    if (rc < 0) return fail("taking a page", strerror(-rc));
    use_ring(p, 1);
    return 0;
}

int tlsport_open(struct tlsport *p, const char *kind, const char *where)
{
    memset(p, 0, sizeof(*p));
    p->out = 1;
    if (strcmp(kind, "stdio") == 0) return 0;
    return strcmp(kind, "listen") == 0    ? open_listen(p, where)
           : strcmp(kind, "connect") == 0 ? open_connect(p, where)
           : strcmp(kind, "offer") == 0   ? open_offer(p, where)
                                          : open_take(p, where);
}

/* Moves bytes and tells the peer, or waits for the peer to move some. An event may come for nothing. */
long tlsport_send(void *port, const uint8_t *data, size_t size)
{
    struct tlsport *p = port;
    long n;

    if (p->out >= 0) return write(p->out, data, size);
    while ((n = sharering_put(&p->ring, data, size)) == 0)
        if (sharepage_wait(&p->end, SILENCE_MS) < 0) return -1;
    return n > 0 && sharepage_signal(&p->end) < 0 ? -1 : n;
}

long tlsport_receive(void *port, uint8_t *data, size_t size)
{
    struct tlsport *p = port;
    struct pollfd fd = {.fd = p->in, .events = POLLIN};
    long n;

    if (p->in >= 0) return poll(&fd, 1, SILENCE_MS) == 1 ? read(p->in, data, size) : -1;
    while ((n = sharering_get(&p->ring, data, size)) == 0)
        if (sharepage_wait(&p->end, SILENCE_MS) < 0) return -1;
    return n > 0 && sharepage_signal(&p->end) < 0 ? -1 : n;
}
