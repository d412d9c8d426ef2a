/* SPDX-License-Identifier: MIT */
/*
 * A page and an event channel between two Linux guests, by the stock drivers: xen-gntalloc and
 * xen-evtchn on the side that gives, xen-gntdev and xen-evtchn on the side that takes.
 */
#ifndef SHAREPAGE_H
#define SHAREPAGE_H

#include <stdint.h>

#define SHAREPAGE_TEXT   512
#define SHAREPAGE_CANARY 1024

/* How the page is used. Each side writes its own text, then signals; the other's bytes are not trusted
 * to end with a NUL. */
struct sharepage {
    char from_giver[SHAREPAGE_TEXT];
    char from_taker[SHAREPAGE_TEXT];
    uint8_t canary[SHAREPAGE_CANARY]; /* canary.h: what nobody else may ever see */
};

struct sharepage_end {
    struct sharepage *page;
    int event;     /* /dev/xen/evtchn */
    uint32_t port; /* ours */
};

/* The giving side's two steps: grants a new page to `domid`, opens a port for it. Each 0 or a negative errno. */
int sharepage_grant(struct sharepage_end *end, uint32_t domid, uint32_t *ref);
int sharepage_offer(struct sharepage_end *end, uint32_t domid);

/* The taking side's two steps. Each 0 or a negative errno as the kernel gave it. */
int sharepage_map(struct sharepage_end *end, uint32_t domid, uint32_t ref);
int sharepage_bind(struct sharepage_end *end, uint32_t domid, uint32_t port);

int sharepage_signal(struct sharepage_end *end);
/* 0, -ETIMEDOUT, or a negative errno. */
int sharepage_wait(struct sharepage_end *end, int timeout_ms);

/* Copies a text of the other side: at most SHAREPAGE_TEXT - 1 bytes, the unprintable ones as '?'. */
void sharepage_read(const char *from, char to[SHAREPAGE_TEXT]);

#endif
