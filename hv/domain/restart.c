/* SPDX-License-Identifier: MIT */
/* A new control domain after a crash of the old one, tenants running on. In small steps from a timer, since there is no
 * domain left that could ask for them: devices quiet, the old domain's memory back, then the boot modules built once
 * more. What was launched is what was measured at boot: nobody but the hypervisor reaches the modules. The new domain
 * has the id 0 again, which stands for the role in grants and in tools; its epoch is a new one, and PCR 22 tells of it.
 */
#include "hv.h"
#include "domain/lifecycle.h"
#include "boot/bootinfo.h"
#include "device/device.h"
#include "cpu/fpu.h"
#include "domain/build.h"
#include "measure/measure.h"
#include "monitor/admit.h"
#include "sched/sched.h"
#include "time/timer.h"
#include <xen/sched.h>

#define PACE         200000ul      /* ns between steps: what tenants lose to it stays small */
#define PATIENCE     30000000000ul /* for tenants to let go of the old domain's frames, before the machine reboots */
#define RESTARTS_MAX 999u

static uint32_t attempts;    /* left */
static struct domain *going; /* atomic: being replaced; NULL: none. Its structure stays: others may hold the pointer */
static struct domain *coming;
static enum { WAIT, DESTROY, BUILD } phase;
static ns_t began; /* the phase */
static struct timer pacer;

/* Devices stop before a frame that they write to becomes another's. */
static int stop_devices(const struct domain *old)
{
    if (!domain_is_quiet(old)) return -XEN_EAGAIN;
    device_quiesce();
    return 0;
}

static int destroy_old(struct domain *old)
{
    int rc = domain_destroy_step(old);

    if (!rc) device_domain_destroy(old);
    return rc == -XEN_EBUSY ? -XEN_EAGAIN : rc; /* tenants hold frames of it */
}

static int build_new(const struct domain *old)
{
    const char *error = "it cannot be created";
    int rc = -XEN_EAGAIN;

    if (coming)
        rc = build_step(coming, &error);
    else if ((rc = dom0_begin((old->mm.frames_max + old->nr_vcpus * STATE_FRAMES) * 4, &coming)) == 0)
        rc = -XEN_EAGAIN;
    if (rc && rc != -XEN_EAGAIN) printk("the control domain cannot be built again: %s (%d)", error, rc);
    return rc;
}

/* The policy may have changed since the boot. From dom0_start() on the new one may crash, on another CPU, so this
 * restart is over before; the old one has no vCPU left that could. */
static int start_new(const struct domain *old)
{
    struct domain *d = coming;

    d->launch = old->launch;
    memcpy(d->launch_digest, old->launch_digest, sizeof(d->launch_digest));
    if (admit_launch(d, d, false)) return -XEN_EACCES;
    measure_runtime("control domain restarted");
    printk("the control domain starts anew, %u more times at most", attempts);
    coming = NULL;
    __atomic_store_n(&going, NULL, __ATOMIC_SEQ_CST);
    dom0_start(d);
    return 0;
}

static void step(void *arg)
{
    struct domain *old = going;
    int rc = phase == WAIT ? stop_devices(old) : phase == DESTROY ? destroy_old(old) : build_new(old);

    if (rc == 0 && phase == BUILD) {
        if ((rc = start_new(old)) == 0) return;
    }
    if ((rc && rc != -XEN_EAGAIN) || (phase < BUILD && now_ns() - began > PATIENCE)) device_reboot();
    if (rc == 0) {
        phase++;
        began = now_ns();
    }
    timer_set(&pacer, now_ns() + PACE);
}

void restart_init(void)
{
    char text[8];
    int rc = cmdline_get(boot_info.cmdline, "dom0_restart", text, sizeof(text));

    if (rc == -XEN_ENOENT) return;
    if (rc || cmdline_number(text, RESTARTS_MAX, &attempts))
        panic("dom0_restart=%s: a number from 0 to %u is expected", rc ? "(too long)" : text, RESTARTS_MAX);
    timer_init(&pacer, step, NULL);
}

bool restart_keeps_modules(void)
{
    return attempts > 0;
}

bool restart_control(struct domain *d)
{
    struct domain *none = NULL;

    if (d == __atomic_load_n(&going, __ATOMIC_SEQ_CST)) return true; /* another of its vCPUs was first */
    if (!attempts || d != control_domain ||
        !__atomic_compare_exchange_n(&going, &none, d, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return false;
    attempts--;
    printk("the control domain crashed; tenants run on");
    __atomic_fetch_add(&d->refs, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&control_domain, NULL, __ATOMIC_SEQ_CST);
    domain_shutdown(d, SHUTDOWN_crash);
    phase = WAIT;
    began = now_ns();
    timer_set(&pacer, began);
    return true;
}
