/* SPDX-License-Identifier: MIT */
/* Finding domains, and the commands on one: pause, unpause, destroy; recount, on all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include <xen/xen.h>
#include <xen/sched.h>

#define DESTROY_TRIES   100
#define DESTROY_WAIT_US 100000

int ctl_next(struct hvcall *hv, uint32_t *next, struct bh_dom_info *info)
{
    long rc;

    memset(info, 0, sizeof(*info));
    info->domid = *next;
    rc = hvcall_op(hv, BH_DOM_INFO, info, sizeof(*info));
    if (rc == -ESRCH) return 0;
    if (rc < 0) return (int)rc;
    info->name[sizeof(info->name) - 1] = '\0';
    info->type[sizeof(info->type) - 1] = '\0';
    *next = info->domid + 1;
    return 1;
}

int ctl_find(struct hvcall *hv, const char *which, struct bh_dom_info *info)
{
    char *end;
    unsigned long id = strtoul(which, &end, 10);
    bool number = *which && *end == '\0';
    uint32_t next = 0;
    int rc;

    while ((rc = ctl_next(hv, &next, info)) > 0)
        if (strcmp(info->name, which) == 0 || (number && info->domid == id)) return CTL_OK;
    if (rc < 0) return ctl_error("%s: the hypervisor does not list its domains: %s", which, strerror(-rc));
    return ctl_error("%s: no domain has this %s (see bhctl list)", which, number ? "name or id" : "name");
}

const char *ctl_state(const struct bh_dom_info *info)
{
    static const char *const reasons[] = {
        [SHUTDOWN_poweroff] = "powered off", [SHUTDOWN_reboot] = "rebooted",         [SHUTDOWN_suspend] = "suspended",
        [SHUTDOWN_crash] = "crashed",        [SHUTDOWN_watchdog] = "watchdog fired", [SHUTDOWN_soft_reset] = "reset",
    };

    switch (info->state) {
    case BH_STATE_BUILDING:
        return "building";
    case BH_STATE_PAUSED:
        return "paused";
    case BH_STATE_RUNNING:
        return "running";
    case BH_STATE_SHUTDOWN:
        if (info->shutdown_reason < sizeof(reasons) / sizeof(reasons[0])) return reasons[info->shutdown_reason];
        return "shut down";
    case BH_STATE_DYING:
        return "dying";
    }
    return "unknown";
}

static int act(struct hvcall *hv, int argc, char **argv, unsigned int cmd)
{
    struct bh_dom_info info;
    struct bh_dom_target target = {0};
    int rc;

    if (argc != 2) return ctl_usage("%s: one domain is wanted", argv[0]);
    rc = ctl_find(hv, argv[1], &info);
    if (rc != CTL_OK) return rc;
    target.domid = info.domid;
    rc = (int)hvcall_op(hv, cmd, &target, sizeof(target));
    /* A dying domain's pages wait for those who still map them, the console daemon at least. */
    for (int tries = 0; cmd == BH_DOM_DESTROY && rc == -EBUSY && tries < DESTROY_TRIES; tries++) {
        usleep(DESTROY_WAIT_US);
        rc = (int)hvcall_op(hv, cmd, &target, sizeof(target));
    }
    if (cmd == BH_DOM_DESTROY && rc == -EBUSY)
        return ctl_error("%s: dead, but others still map its memory: run this again when they are done", argv[1]);
    if (rc == -EBUSY) return ctl_error("%s: cannot %s a domain that is %s", argv[1], argv[0], ctl_state(&info));
    if (rc == -EPERM || rc == -EACCES) return ctl_error("%s: the policy does not let dom0 %s it", argv[1], argv[0]);
    return rc < 0 ? ctl_error("%s: %s: %s", argv[1], argv[0], strerror(-rc)) : CTL_OK;
}

int ctl_pause(struct hvcall *hv, int argc, char **argv)
{
    return act(hv, argc, argv, BH_DOM_PAUSE);
}

int ctl_unpause(struct hvcall *hv, int argc, char **argv)
{
    return act(hv, argc, argv, BH_DOM_UNPAUSE);
}

int ctl_destroy(struct hvcall *hv, int argc, char **argv)
{
    return act(hv, argc, argv, BH_DOM_DESTROY);
}

int ctl_recount(struct hvcall *hv, int argc, char **argv)
{
    struct bh_dom_info d;
    uint32_t next = 0;
    int rc, wrong = 0;

    if (argc != 1) return ctl_usage("recount: '%s' is too much", argv[1]);
    while ((rc = ctl_next(hv, &next, &d)) > 0) {
        struct bh_mm_audit a = {.domid = d.domid};
        long differences = hvcall_op(hv, BH_MM_AUDIT, &a, sizeof(a));

        if (differences == -ENOSYS) return ctl_error("recount: this hypervisor is no debug build");
        if (differences < 0) return ctl_error("recount: %s: %s", d.name, strerror((int)-differences));
        printf("%-16s %8llu frames %6llu tables: %ld differences\n", d.name, (unsigned long long)a.frames,
               (unsigned long long)a.tables, differences);
        wrong += differences > 0;
    }
    if (rc < 0) return ctl_error("recount: the hypervisor does not list its domains: %s", strerror(-rc));
    return wrong ? ctl_error("recount: %d domains differ; bhctl dmesg names the frames", wrong) : CTL_OK;
}
