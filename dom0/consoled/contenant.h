/* SPDX-License-Identifier: MIT */
/* One tenant's console: its ring, its log, its socket and who is attached to that. */
#ifndef CONTENANT_H
#define CONTENANT_H

#include <poll.h>
#include <stdio.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#include "bulkhead.h"
#include "conring.h"

#define CONTENANT_CLIENTS 4
#define CONTENANT_POLLS   (1 + CONTENANT_CLIENTS)
#define CONTENANT_PENDING 4096
#define CONTENANT_HISTORY 16384
#define CONTENANT_LOG_MAX (4l << 20) /* then NAME.log becomes NAME.log.1: a tenant cannot fill the disk */

struct contenant {
    uint32_t domid;
    char name[BH_NAME_MAX];
    struct conring ring;
    xenevtchn_port_or_error_t port; /* ours */
    FILE *log;
    long log_size;
    uint64_t faults_told;
    int listener;
    int clients[CONTENANT_CLIENTS];  /* -1 where free */
    char pending[CONTENANT_PENDING]; /* input that the tenant's ring has no room for yet */
    size_t pending_size;
    char history[CONTENANT_HISTORY]; /* the latest output, for who attaches; a ring */
    uint64_t history_end;            /* bytes ever written to it */
    bool seen;                       /* in the present walk over the domains */
};

/* Maps and binds; 0 or a negative errno. */
int contenant_open(struct contenant *t, const struct bh_dom_info *info, xengnttab_handle *gnt, xenevtchn_handle *evt);
void contenant_close(struct contenant *t, xengnttab_handle *gnt, xenevtchn_handle *evt);

/* Moves bytes both ways, a bounded number of them. */
void contenant_pump(struct contenant *t, xenevtchn_handle *evt);

/* Fills in CONTENANT_POLLS entries; takes their results. */
void contenant_poll(const struct contenant *t, struct pollfd *fds);
void contenant_polled(struct contenant *t, const struct pollfd *fds, xenevtchn_handle *evt);

#endif
