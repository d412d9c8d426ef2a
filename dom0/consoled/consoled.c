/* SPDX-License-Identifier: MIT */
/* consoled: serves the tenants' consoles. It finds them by asking the hypervisor who lives. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "conpath.h"
#include "contenant.h"
#include "hvcall.h"

#define TENANTS_MAX 128
#define WALK_MS     250 /* between two looks for new and gone domains */

struct consoled {
    struct hvcall *hv;
    xengnttab_handle *gnt;
    xenevtchn_handle *evt;
    struct contenant *tenants[TENANTS_MAX];
    uint32_t refused; /* ids below this that cannot be served are not tried again */
};

static struct contenant **find(struct consoled *c, uint32_t domid)
{
    for (size_t i = 0; i < TENANTS_MAX; i++)
        if (c->tenants[i] && c->tenants[i]->domid == domid) return &c->tenants[i];
    return NULL;
}

static void attach(struct consoled *c, const struct bh_dom_info *info)
{
    struct contenant *t;
    size_t i = 0;
    int rc;

    while (i < TENANTS_MAX && c->tenants[i])
        i++;
    if (i == TENANTS_MAX || info->domid < c->refused) return;
    t = malloc(sizeof(*t));
    rc = t ? contenant_open(t, info, c->gnt, c->evt) : -ENOMEM;
    if (rc < 0) {
        fprintf(stderr, "consoled: %.*s (domain %u): no console: %s\n", BH_NAME_MAX - 1, info->name, info->domid,
                strerror(-rc));
        free(t);
        c->refused = info->domid + 1;
        return;
    }
    t->seen = true;
    c->tenants[i] = t;
}

static void detach(struct consoled *c, struct contenant **slot)
{
    /* What a domain wrote last says why it went. */
    contenant_pump(*slot, c->evt);
    contenant_close(*slot, c->gnt, c->evt);
    free(*slot);
    *slot = NULL;
}

/* A dying domain's ring is given back at once: the hypervisor cannot scrub it before. */
static void walk(struct consoled *c)
{
    struct bh_dom_info info = {.domid = 1};

    for (size_t i = 0; i < TENANTS_MAX; i++)
        if (c->tenants[i]) c->tenants[i]->seen = false;
    while (hvcall_op(c->hv, BH_DOM_INFO, &info, sizeof(info)) >= 0) {
        struct contenant **slot = find(c, info.domid);

        if (slot && info.state != BH_STATE_DYING)
            (*slot)->seen = true;
        else if (!slot && info.console_port && info.state != BH_STATE_BUILDING && info.state != BH_STATE_DYING)
            attach(c, &info);
        info.domid++;
    }
    for (size_t i = 0; i < TENANTS_MAX; i++)
        if (c->tenants[i] && !c->tenants[i]->seen) detach(c, &c->tenants[i]);
}

static void take_event(struct consoled *c)
{
    xenevtchn_port_or_error_t port = xenevtchn_pending(c->evt);

    if (port < 0) return;
    for (size_t i = 0; i < TENANTS_MAX; i++)
        if (c->tenants[i] && c->tenants[i]->port == port) contenant_pump(c->tenants[i], c->evt);
    xenevtchn_unmask(c->evt, (evtchn_port_t)port);
}

static void turn(struct consoled *c)
{
    static struct pollfd fds[1 + TENANTS_MAX * CONTENANT_POLLS];
    size_t n = 1;

    fds[0] = (struct pollfd){.fd = xenevtchn_fd(c->evt), .events = POLLIN};
    for (size_t i = 0; i < TENANTS_MAX; i++)
        if (c->tenants[i]) {
            contenant_poll(c->tenants[i], fds + n);
            n += CONTENANT_POLLS;
        }
    if (poll(fds, n, WALK_MS) > 0) {
        n = 1;
        for (size_t i = 0; i < TENANTS_MAX; i++)
            if (c->tenants[i]) {
                contenant_polled(c->tenants[i], fds + n, c->evt);
                n += CONTENANT_POLLS;
            }
        if (fds[0].revents & POLLIN) take_event(c);
    }
}

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int main(void)
{
    static struct consoled c;
    uint64_t last = 0;
    const char *why;
    int rc = hvcall_open(&c.hv, &why);

    if (rc < 0) {
        fprintf(stderr, "consoled: %s (%s)\n", why, strerror(-rc));
        return 1;
    }
    c.gnt = xengnttab_open(NULL, 0);
    c.evt = xenevtchn_open(NULL, 0);
    if (!c.gnt || !c.evt) {
        fprintf(stderr, "consoled: /dev/xen/%s cannot be opened: %s\n", c.gnt ? "evtchn" : "gntdev", strerror(errno));
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    mkdir(CONPATH_RUN, 0700);
    mkdir(CONPATH_LOGS, 0700);
    umask(077);
    for (;;) {
        if (now_ms() - last >= WALK_MS) {
            walk(&c);
            last = now_ms();
        }
        turn(&c);
    }
}
