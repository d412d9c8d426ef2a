/* SPDX-License-Identifier: MIT */
#include "hypercall/handler.h"
#include "domain/operate.h"
#include "domain/lifecycle.h"
#include "domain/build.h"
#include "event/evtchn.h"
#include "measure/crypto.h"
#include "measure/vouch.h"
#include "monitor/admit.h"
#include "monitor/monitor.h"
#include "sched/sched.h"

#define PART_SIZE_MAX (1ul << 30)

/* [a-zA-Z0-9_.-]+, NUL, then zeros. */
static bool name_ok(const char *s)
{
    size_t n = strnlen(s, BH_NAME_MAX);

    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9') ||
              s[i] == '_' || s[i] == '.' || s[i] == '-'))
            return false;
    return n > 0 && n < BH_NAME_MAX && mem_is_zero(s + n, BH_NAME_MAX - n);
}

static bool create_ok(const struct bh_dom_create *c)
{
    return c->vcpus >= 1 && c->vcpus <= BH_VCPUS_MAX && c->memory_kib >= 4096 && !(c->memory_kib & 2047) &&
           c->memory_kib <= (1ul << 32) && name_ok(c->name) && !(c->flags & ~BH_CREATE_STORE) && c->weight <= 65535 &&
           c->cap <= 100 * BH_VCPUS_MAX;
}

static void seed_ports(struct domain *d, struct domain *control)
{
    int port = evtchn_alloc_unbound(d, control);

    d->console_port = port > 0 ? (uint32_t)port : 0;
    d->console_ref = 0;
    d->store_ref = 1;
    if (d->create_flags & BH_CREATE_STORE) {
        port = evtchn_alloc_unbound(d, control);
        d->store_port = port > 0 ? (uint32_t)port : 0;
    }
}

long operate_create(enum operation op, uint64_t arg)
{
    struct domain *d, *control = __atomic_load_n(&control_domain, __ATOMIC_SEQ_CST);
    struct bh_dom_create c;
    struct label label;
    int rc;

    if (!control) return -XEN_EBUSY; /* being replaced */
    if (copy_from_guest(&c, arg, sizeof(c))) return -XEN_EFAULT;
    if (!create_ok(&c)) return -XEN_EINVAL;
    rc = monitor_label_from_name(c.type, c.compartment, &label);
    if (!rc) rc = ask_label(op, &label);
    if (!rc) rc = admit_create(current->domain, &c, &label);
    if (!rc) rc = domain_create(&c, &label, current->domain, &d);
    if (rc == -XEN_EAGAIN) return hypercall_again(BH_DOM_CREATE, arg, 0, 0, 0);
    if (rc) return rc;
    seed_ports(d, control);
    sha256_start(&d->build->part[BH_PART_KERNEL].hash);
    sha256_start(&d->build->part[BH_PART_RAMDISK].hash);
    c.domid = d->domid;
    return copy_to_guest(arg, &c, sizeof(c)) ? -XEN_EFAULT : 0;
}

/* The domain named in a call, after the monitor allowed it. */
static int target(enum operation op, uint32_t domid, struct domain **out)
{
    struct domain *d = domain_get(domid);
    int rc = d ? ask_about(op, d, d->domid) : -XEN_ESRCH;

    if (!rc && d->is_control && op != OP_BH_DOM_SCHED) rc = -XEN_EINVAL;
    if (rc && d) domain_put(d);
    *out = d;
    return rc;
}

static int read_target(enum operation op, uint64_t arg, struct domain **out)
{
    struct bh_dom_target t;

    if (copy_from_guest(&t, arg, sizeof(t))) return -XEN_EFAULT;
    return t.reserved ? -XEN_EINVAL : target(op, t.domid, out);
}

/* A part that lies in struct domain_build, up to max bytes. */
static int load_small(void *part, size_t max, uint64_t *size, uint64_t *loaded, const struct bh_dom_load *l)
{
    if (l->total > max || l->offset != *loaded || l->size > l->total - l->offset || (*loaded && l->total != *size))
        return -XEN_EINVAL;
    if (copy_from_guest((char *)part + l->offset, l->data, l->size)) return -XEN_EFAULT;
    *size = l->total;
    *loaded += l->size;
    return 0;
}

/* Page by page: what is read from the caller is copied once, and hashed where it lies then. */
static int load_part(struct domain *d, struct image_part *p, const struct bh_dom_load *l)
{
    uint64_t offset = l->offset, data = l->data, left = l->size;

    if (l->total > PART_SIZE_MAX || !l->total || offset != p->loaded || left > l->total - offset ||
        (p->loaded && p->size != l->total))
        return -XEN_EINVAL;
    p->size = l->total;
    while (left) {
        size_t n = MIN(left, PAGE_SIZE - (p->loaded & ~PAGE_MASK));
        int rc = image_append(d, p, data, n);
        if (rc) return rc;
        data += n;
        left -= n;
    }
    return 0;
}

static int load_into(struct domain *d, const struct bh_dom_load *l)
{
    struct domain_build *b = d->build;

    if (d->state != BH_STATE_BUILDING || !b || b->measured) return -XEN_EBUSY;
    switch (l->part) {
    case BH_PART_CMDLINE:
        return load_small(b->cmdline, sizeof(b->cmdline) - 1, &b->cmdline_size, &b->cmdline_loaded, l);
    case BH_PART_SIGNATURE:
        if (l->total != sizeof(b->signature)) return -XEN_EINVAL;
        return load_small(&b->signature, sizeof(b->signature), &b->signature_size, &b->signature_loaded, l);
    default:
        return load_part(d, &b->part[l->part], l);
    }
}

long operate_load(enum operation op, uint64_t arg)
{
    struct bh_dom_load l;
    struct domain *d;
    int rc;

    if (copy_from_guest(&l, arg, sizeof(l))) return -XEN_EFAULT;
    if (l.reserved || !l.size || l.size > BH_LOAD_MAX || l.part > BH_PART_SIGNATURE) return -XEN_EINVAL;
    rc = target(op, l.domid, &d);
    if (rc) return rc;
    spin_lock(&d->build_lock);
    rc = load_into(d, &l);
    spin_unlock(&d->build_lock);
    domain_put(d);
    return rc;
}

/* SHA-256 of what was copied, part by part, then of the whole record. */
void build_measure(struct domain *d)
{
    struct domain_build *b = d->build;

    memcpy(d->launch.magic, "BHLNCH1", 8);
    sha256_finish(&b->part[BH_PART_KERNEL].hash, d->launch.kernel);
    sha256_finish(&b->part[BH_PART_RAMDISK].hash, d->launch.ramdisk);
    sha256(b->cmdline, b->cmdline_size, d->launch.cmdline);
    if (!d->is_control) {
        d->launch.memory_kib = (d->mm.frames_max + d->nr_vcpus * 3ul) * 4;
        d->launch.vcpus = d->nr_vcpus;
    }
    d->launch.flags = d->create_flags;
    sha256(&d->launch, sizeof(d->launch), d->launch_digest);
}

static bool parts_complete(const struct domain_build *b)
{
    return b->part[BH_PART_KERNEL].size && b->part[BH_PART_KERNEL].loaded == b->part[BH_PART_KERNEL].size &&
           b->part[BH_PART_RAMDISK].loaded == b->part[BH_PART_RAMDISK].size && b->cmdline_loaded == b->cmdline_size &&
           b->signature_loaded == b->signature_size;
}

/* Before anything is built: what would start, who vouches for it, and whether the policy lets it. */
static int admit(struct domain *d)
{
    struct domain_build *b = d->build;
    int rc = 0;

    if (!b->measured) build_measure(d);
    b->measured = true;
    if (b->signature_size) rc = vouch_step(d, &b->signature);
    if (rc != -XEN_EAGAIN) rc = admit_launch(current->domain, d, rc != 0);
    b->admitted = !rc;
    return rc;
}

static int run_build(struct domain *d)
{
    const char *error = "it is not complete";
    int rc;

    if (d->state != BH_STATE_BUILDING || !d->build) return -XEN_EBUSY;
    if (!parts_complete(d->build)) return -XEN_EINVAL;
    rc = d->build->admitted ? build_step(d, &error) : admit(d); /* one a call: it may clear a chunk */
    if (!rc && d->build->phase != BUILD_DONE) rc = -XEN_EAGAIN;
    if (rc && rc != -XEN_EAGAIN)
        printk_guest("domain %u (%s) cannot be built: %s", d->domid, d->name, rc == -XEN_EACCES ? "policy" : error);
    if (rc) return rc;
    heap_free(d->build->chunk_of);
    heap_free(d->build);
    d->build = NULL;
    clock_update_wallclock(d);
    d->vcpu[0]->online = 1;
    __atomic_store_n(&d->state, BH_STATE_PAUSED, __ATOMIC_SEQ_CST);
    return 0;
}

long operate_build(enum operation op, uint64_t arg)
{
    struct domain *d;
    int rc = read_target(op, arg, &d);

    if (rc) return rc;
    spin_lock(&d->build_lock);
    rc = run_build(d);
    spin_unlock(&d->build_lock);
    domain_put(d);
    return rc == -XEN_EAGAIN ? hypercall_again(BH_DOM_BUILD, arg, 0, 0, 0) : rc;
}

long operate_pause(enum operation op, uint64_t arg)
{
    bool pause = op == OP_BH_DOM_PAUSE;
    uint32_t from = pause ? BH_STATE_RUNNING : BH_STATE_PAUSED, to = pause ? BH_STATE_PAUSED : BH_STATE_RUNNING;
    struct domain *d;
    int rc = read_target(op, arg, &d);

    if (rc) return rc;
    if (!__atomic_compare_exchange_n(&d->state, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        rc = -XEN_EBUSY;
    else if (pause)
        domain_pause(d);
    else
        domain_unpause(d);
    domain_put(d);
    return rc;
}

/* Another CPU may have brought d to its end while this one waited for the build lock, under which that happens. */
static bool is_listed(const struct domain *d)
{
    struct domain *found = domain_get(d->domid);

    if (found) domain_put(found);
    return found;
}

long operate_destroy(enum operation op, uint64_t arg)
{
    struct domain *d;
    int rc = read_target(op, arg, &d);

    if (rc) return rc;
    spin_lock(&d->build_lock);
    rc = is_listed(d) ? domain_destroy_step(d) : -XEN_ESRCH;
    spin_unlock(&d->build_lock);
    domain_put(d);
    return rc == -XEN_EAGAIN ? hypercall_again(BH_DOM_DESTROY, arg, 0, 0, 0) : rc;
}

static void fill_info(const struct domain *d, struct bh_dom_info *i)
{
    memset(i, 0, sizeof(*i));
    i->domid = d->domid;
    i->state = d->state;
    i->shutdown_reason = d->shutdown_reason;
    i->vcpus = d->nr_vcpus;
    for (unsigned int k = 0; k < d->nr_vcpus; k++)
        i->vcpus_online += d->vcpu[k]->online;
    i->compartment = d->label.compartment;
    i->memory_kib = d->mm.frames * 4;
    i->memory_max_kib = d->mm.frames_max * 4;
    i->cpu_ns = sched_cpu_time(d);
    memcpy(i->name, d->name, sizeof(i->name));
    monitor_type_name(&d->label, i->type);
    memcpy(i->uuid, d->uuid, sizeof(i->uuid));
    memcpy(i->launch_digest, d->launch_digest, 32);
    i->console_ref = d->console_ref;
    i->console_port = d->console_port;
    i->store_ref = d->store_ref;
    i->store_port = d->store_port;
    i->weight = d->sched.weight;
    i->cap = d->sched.cap;
    i->flags = d->create_flags;
    i->denials = d->denials;
}

/* A domain that the caller may not see is skipped. */
long operate_info(enum operation op, uint64_t arg)
{
    struct bh_dom_info i;
    struct domain *d;

    if (copy_from_guest(&i, arg, sizeof(i.domid))) return -XEN_EFAULT;
    for (uint32_t id = i.domid; (d = domain_first_from(id)); id = i.domid + 1) {
        fill_info(d, &i);
        int rc = ask_about(op, d, d->domid);
        domain_put(d);
        if (!rc) return copy_to_guest(arg, &i, sizeof(i)) ? -XEN_EFAULT : 0;
    }
    return -XEN_ESRCH;
}

long operate_sched(enum operation op, uint64_t arg)
{
    struct bh_dom_sched s;
    struct domain *d;

    if (copy_from_guest(&s, arg, sizeof(s))) return -XEN_EFAULT;
    if (s.reserved || !s.weight || s.weight > 65535 || s.cap > 100 * BH_VCPUS_MAX) return -XEN_EINVAL;
    int rc = target(op, s.domid, &d);
    if (rc) return rc;
    rc = admit_share(current->domain, d, s.weight, s.cap);
    if (!rc) rc = sched_set_params(d, s.weight, s.cap);
    domain_put(d);
    return rc;
}
