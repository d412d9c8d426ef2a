/* SPDX-License-Identifier: MIT */
/*
 * bh-probe DOMID: tries, as root of the domain it runs in, every way to domain DOMID's memory that the interface has.
 * That domain should hold a page of bh-share's, whose canary tells its memory from one's own.
 *
 *     BH-PROBE NAME: refused (ERROR)    or    BH-PROBE NAME: BREACH
 *
 * Exit: 0 all refused, 1 a breach, 2 wrong use or no hypervisor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domid.h"
#include "lxcall.h"
#include "probe.h"

#define KILLED     (-4096)  /* no errno */
#define SECONDS    20       /* for one probe */
#define FRAMES_MAX 0x80000u /* 2 GiB: above lie devices, where a read may have effects */

/* A probe may be killed by the refusal (a page that cannot be touched), so each runs in its own process. Its
 * errno comes back by a shared word. */
static int run_apart(const struct probe *p, const struct probe_target *t, int *shared)
{
    int status;
    pid_t child;

    *shared = -ECANCELED;
    child = fork();
    if (child == 0) {
        alarm(SECONDS);
        *shared = p->run(t);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return -ECHILD;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return -ETIMEDOUT;
    return WIFSIGNALED(status) ? KILLED : *shared;
}

static unsigned int run_table(const struct probe *table, const struct probe_target *t, int *shared)
{
    unsigned int breaches = 0;

    for (const struct probe *p = table; p->name; p++) {
        int rc = run_apart(p, t, shared);
        bool open = rc == 0 || rc == -ETIMEDOUT || rc == -ECHILD;

        if (rc == 0)
            printf("BH-PROBE %s: BREACH\n", p->name);
        else if (open)
            printf("BH-PROBE %s: NO VERDICT (%s)\n", p->name, strerror(-rc));
        else
            printf("BH-PROBE %s: refused (%s)\n", p->name,
                   rc == KILLED ? "the access killed the prober" : strerror(-rc));
        fflush(stdout);
        breaches += open;
    }
    return breaches;
}

static int describe(struct probe_target *t)
{
    struct bh_platform_info *platform = (struct bh_platform_info *)t->pages;
    struct bh_dom_info *info = (struct bh_dom_info *)t->pages;
    uint64_t frames;

    if (lxcall_bulkhead(BH_PLATFORM_INFO, platform) < 0) {
        /* A tenant may not ask; another hypervisor cannot answer. */
        t->frames = FRAMES_MAX;
        return 0;
    }
    frames = platform->memory_kib / 4 + 0x1000;
    t->frames = frames < FRAMES_MAX ? frames : FRAMES_MAX;
    memset(t->pages, 0, 4096);
    info->domid = t->domid;
    if (lxcall_bulkhead(BH_DOM_INFO, info) < 0) return 0;
    if (info->domid != t->domid) return -ESRCH;
    t->granted[0] = info->console_ref;
    t->granted[1] = info->store_ref;
    t->ports[0] = info->console_port;
    t->ports[1] = info->store_port;
    return 0;
}

int main(int argc, char **argv)
{
    struct probe_target t = {.granted = {~0u, ~0u}, .ports = {~0u, ~0u}};
    unsigned int breaches;
    int *shared, rc;

    if (argc != 2) {
        fprintf(stderr, "usage: bh-probe DOMID\n");
        return 2;
    }
    if (domid_parse(argv[1], &t.domid) < 0) {
        fprintf(stderr, "bh-probe: \"%s\": not a domain's id\n", argv[1]);
        return 2;
    }
    rc = lxcall_open();
    t.pages = rc < 0 ? NULL : lxcall_pages(PROBE_PAGES);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (rc == 0) rc = t.pages && shared != MAP_FAILED ? describe(&t) : -ENOMEM;
    if (rc < 0) {
        fprintf(stderr, "bh-probe: %s\n", strerror(-rc));
        return 2;
    }
    breaches = run_table(probe_map_table, &t, shared) + run_table(probe_call_table, &t, shared);
    printf("BH-PROBE %s: %u breaches\n", breaches ? "FAILED" : "all refused", breaches);
    return breaches ? 1 : 0;
}
