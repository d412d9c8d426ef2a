/* SPDX-License-Identifier: MIT */
/* BH_SEAL_COUNTER: counters of the TPM, one for each identity that asked. While the hypervisor runs nobody else can
 * change them (the allow-list has no command that does), so what was read at start and after each increment is what
 * they hold. Another system on this machine may remove one: a TPM never lets a counter begin below any that it has
 * had, so that denies, and never rolls back. */
#include "hv.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "measure/seal.h"
#include "measure/seal_cmd.h"
#include "measure/tpm.h"
#include "measure/tpm_cmd.h"
#include "measure/tpm_queue.h"
#include <tss2/tss2_tpm2_types.h>

#define MINUTE           60000000000ull
#define BURST            10 /* increments of a domain, then one a minute: a TPM's NV memory wears out */
#define MADE_BY_A_DOMAIN 2  /* new counters: there are few */

BUILD_ASSERT(sizeof(struct bh_seal_counter) == 2 * 4 + 8);

static struct counter {
    bool used, known; /* there is an index; value is what it holds, else the least that it can hold */
    bool unreadable;  /* the last try to know it again */
    uint8_t id[32];   /* whose; zeros: not one of ours */
    uint64_t value;
} counters[SEAL_COUNTERS];

/* The one increment under way, a command after the other; or a look at a counter of which an answer was lost. */
static struct {
    enum { COUNT_NONE, COUNT_DEFINE, COUNT_INCREMENT, COUNT_READ } state;
    struct counter *counter;
    struct domain *domain; /* NULL: it is gone, or this is a look */
    unsigned int which;    /* of its results */
    bool counts;
    ns_t since; /* tpm_patience() */
} op;

static void password_of(const struct counter *c, uint8_t out[32])
{
    uint8_t data[40] = "BHCTRP1";

    memcpy(data + 8, c->id, 32);
    seal_derive(data, sizeof(data), out);
}

static size_t command(uint8_t *out, struct counter *c, int state)
{
    unsigned int slot = c - counters;
    uint8_t password[32];
    size_t len;

    password_of(c, password);
    len = state == COUNT_DEFINE      ? seal_cmd_nv_define(out, slot, c->id, password)
          : state == COUNT_INCREMENT ? seal_cmd_nv_increment(out, slot, password)
                                     : seal_cmd_nv_read(out, slot, password);
    wipe(password, sizeof(password));
    return len;
}

/* What lies in that slot, from whatever boot. -EIO: the TPM answers nonsense. A counter of another chain has another
 * password, and keeps its place. */
static int look(struct counter *c)
{
    uint8_t cmd[TPM_CMD_MAX], *rsp;
    size_t n;
    int64_t code = tpm_start_call(TPM_LOCALITY_HV, cmd, seal_cmd_nv_public(cmd, c - counters), &rsp, &n);
    int ours;

    if (code == (TPM2_RC_HANDLE | TPM2_RC_1)) return 0;
    if (code != 0 || (ours = seal_cmd_nv_public_response(rsp, n, c - counters, c->id)) < 0) return -XEN_EIO;
    c->used = true;
    if (!ours)
        memset(c->id, 0, sizeof(c->id));
    else if (tpm_start_call(TPM_LOCALITY_HV, cmd, command(cmd, c, COUNT_READ), &rsp, &n) == 0)
        c->known = seal_cmd_nv_value(rsp, n, &c->value) == 0;
    wipe(cmd, sizeof(cmd));
    wipe(rsp, TPM_CMD_MAX); /* the command lay there */
    return 0;
}

void seal_counter_start(void)
{
    unsigned int used = 0;

    for (struct counter *c = counters; c < counters + SEAL_COUNTERS; c++) {
        if (look(c)) {
            printk("seal: the TPM's counters cannot be read: no new ones\n");
            for (c = counters; c < counters + SEAL_COUNTERS; c++)
                c->used = true;
            return;
        }
        used += c->used;
    }
    printk("seal: keys are bound to PCR 0, 2, 4, 7, 8, 9; %u of %u counters in use\n", used, SEAL_COUNTERS);
}

size_t seal_counter_next(uint8_t *out)
{
    return op.state == COUNT_NONE ? 0 : command(out, op.counter, op.state);
}

/* The result waits with the domain, so that it is not counted twice for one that comes late; others go on. */
static void end(int rc)
{
    op.state = COUNT_NONE;
    op.counter->unreadable = rc && !op.counts;
    if (op.domain) op.domain->counted[op.which] = (struct count_result){true, rc, op.counter->value};
}

/* A TPM that was reset to an older state, or is another one. */
static int take_value(struct counter *c, const uint8_t *rsp, size_t len)
{
    uint64_t v;

    if (seal_cmd_nv_value(rsp, len, &v)) return -XEN_EIO;
    if (v < c->value || (op.counts && v == c->value)) {
        printk("seal: a counter went from %lu to %lu: not believed\n", c->value, v);
        return -XEN_EIO;
    }
    c->value = v;
    c->known = true;
    return 0;
}

static int error_of(int64_t code)
{
    if (code == TPM2_RC_NV_SPACE) return -XEN_ENOSPC;
    return code == TPM2_RC_NV_RATE || code == TPM2_RC_RETRY ? -XEN_EBUSY : -XEN_EIO;
}

void seal_counter_answered(uint8_t *rsp, int rc)
{
    struct counter *c = op.counter;
    int64_t code = rc < 0 ? rc : tpm_cmd_response(rsp, rc);

    if (tpm_cmd_not_yet(code) && tpm_patience(&op.since)) return;
    op.since = 0;
    if (code != 0) {
        /* It did not count; what was no index is none. */
        if (code > 0 && op.state != COUNT_READ && op.domain) op.domain->counter_due -= MINUTE;
        if (code == (TPM2_RC_HANDLE | TPM2_RC_1) && !c->known) c->used = false;
        /* No answer: it may be there now, and may have counted. */
        if (op.state == COUNT_DEFINE) c->used = code < 0 || code == TPM2_RC_NV_DEFINED;
        c->known &= code > 0;
        if (code == TPM2_RC_NV_DEFINED) memset(c->id, 0, sizeof(c->id)); /* not ours */
        end(error_of(code));
    } else if (op.state == COUNT_READ) {
        end(take_value(c, rsp, rc));
    } else {
        if (op.state == COUNT_DEFINE && op.domain) op.domain->counters_made++;
        op.state = op.state == COUNT_DEFINE ? COUNT_INCREMENT : COUNT_READ;
        c->known = false;
    }
}

void seal_counter_forget(const struct domain *d)
{
    if (op.domain == d) op.domain = NULL;
}

static struct counter *find(const uint8_t id[32])
{
    for (struct counter *c = counters; c < counters + SEAL_COUNTERS; c++)
        if (c->used && memcmp(c->id, id, 32) == 0) return c;
    return NULL;
}

static struct counter *find_free(void)
{
    for (struct counter *c = counters; c < counters + SEAL_COUNTERS; c++)
        if (!c->used) return c;
    return NULL;
}

static long begin(struct domain *d, unsigned int which, const uint8_t id[32])
{
    struct counter *old = find(id), *c = old ? old : find_free();
    ns_t now = now_ns(), due = MAX(d->counter_due, now);

    if (op.state != COUNT_NONE) return -XEN_EAGAIN;
    if (due - now > (BURST - 1) * MINUTE) return -XEN_EBUSY;
    if (!c || (!old && d->counters_made >= MADE_BY_A_DOMAIN)) return -XEN_ENOSPC;
    d->counter_due = due + MINUTE;
    if (!old) *c = (struct counter){.used = true};
    memcpy(c->id, id, 32);
    op.state = old ? COUNT_INCREMENT : COUNT_DEFINE;
    op.counter = c;
    op.domain = d;
    op.which = which;
    op.counts = true;
    tpm_pump();
    return -XEN_EAGAIN;
}

static long increment(struct domain *d, unsigned int which, const uint8_t id[32], uint64_t *value)
{
    struct count_result *r = &d->counted[which];
    const struct counter *c = find(id);
    bool ready = r->ready;

    /* Another domain of the same identity may have counted since: then this one has to be ahead of it again. */
    r->ready = false;
    if (ready && (r->rc || (c && c->value == r->value))) {
        *value = r->value;
        return r->rc;
    }
    return tpm_alive() ? begin(d, which, id) : -XEN_ENODEV;
}

static long read(const uint8_t id[32], uint64_t *value)
{
    struct counter *c = find(id);

    if (!c) return -XEN_ENOENT;
    *value = c->value;
    if (c->known) return 0;
    bool unreadable = c->unreadable;
    c->unreadable = false;
    if (unreadable || !tpm_alive()) return -XEN_EIO;
    if (op.state == COUNT_NONE) {
        op.state = COUNT_READ;
        op.counter = c;
        op.domain = NULL;
        op.counts = false;
        tpm_pump();
    }
    return -XEN_EAGAIN;
}

static long serve(struct domain *d, struct seal_binding *b, struct bh_seal_counter *s)
{
    uint8_t id[32];

    if (!seal_available()) return -XEN_ENODEV;
    seal_derive(b, sizeof(*b), id);
    tpm_pump();
    /* A domain's identities differ by its flags alone. */
    return s->increment ? increment(d, s->flags / BH_SEAL_SIGNER % COUNTED, id, &s->value) : read(id, &s->value);
}

long measure_seal_counter(enum operation row, uint64_t arg)
{
    struct domain *d = current->domain;
    struct bh_seal_counter s;
    struct seal_binding b;
    long rc;

    if (copy_from_guest(&s, arg, sizeof(s))) return -XEN_EFAULT;
    rc = s.increment > 1 ? -XEN_EINVAL : seal_bind(&b, "BHCTRI1", s.flags, d);
    if (rc) return rc;
    spin_lock(&measure_lock);
    rc = serve(d, &b, &s);
    spin_unlock(&measure_lock);
    return !rc && copy_to_guest(arg, &s, sizeof(s)) ? -XEN_EFAULT : rc;
}
