/* SPDX-License-Identifier: MIT */
/*
 * The rules of a policy that its table of permissions has no words for, against a kernel in the first domain's place:
 * compartments that it may give, ceilings, conflict sets, launches bound to a digest or to a signer, clearances, labels
 * of hardware. Each is tried from both sides, allowed and refused, and each refusal has its record with its reason.
 * Attack row 26.
 */
#include "rt_test.h"

#include <xen/physdev.h>

#include "bulkhead.h"
#include "image.h"

static const struct bh_signature *signatures;
enum { GOOD, OLD, OTHER_SIGNER, OTHER_LAUNCH, SIGNATURES };

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static struct bh_audit_record newest(void)
{
    static struct bh_audit_record r;
    struct bh_audit_read op = {.count = 0};

    EQ(call(BH_AUDIT_READ, &op), 0);
    if (op.newest == 0) return (struct bh_audit_record){.seq = 0};
    op = (struct bh_audit_read){.seq = op.newest, .count = 1, .data = (uint64_t)&r};
    EQ(call(BH_AUDIT_READ, &op), 0);
    EQ(op.count, 1);
    return r;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/* The newest record is of a refusal with that permission and reason. */
static void recorded(const char *perm, const char *reason)
{
    struct bh_audit_record r = newest();

    CHECK_MSG(!r.allowed && same(r.perm_name, perm) && same(r.reason, reason), "recorded: %s:%s %s, not %s %s",
              r.class_name, r.perm_name, r.reason, perm, reason);
}

static struct bh_dom_create want(const char *type, unsigned compartment)
{
    struct bh_dom_create c = {
        .vcpus = RULES_VCPUS, .memory_kib = RULES_MEMORY_KIB, .name = "ruled", .compartment = compartment, .cap = 100};

    rt_snprintf(c.type, sizeof(c.type), "%s", type);
    rt_snprintf(c.name, sizeof(c.name), "%s-%u", type, compartment);
    return c;
}

static long target(unsigned cmd, unsigned domid)
{
    struct bh_dom_target t = {.domid = domid};

    return call(cmd, &t);
}

static unsigned created(const char *type, unsigned compartment)
{
    struct bh_dom_create c = want(type, compartment);
    long ret = call(BH_DOM_CREATE, &c);

    CHECK_MSG(ret == 0, "%s:c%u is not created: %ld", type, compartment, ret);
    return c.domid;
}

static void not_created(const char *type, unsigned compartment, const char *reason)
{
    struct bh_dom_create c = want(type, compartment);

    EQ(call(BH_DOM_CREATE, &c), -XEN_EACCES);
    recorded("create", reason);
}

static void compartments(void)
{
    EQ(target(BH_DOM_DESTROY, created("plain_t", 0)), 0);
    EQ(target(BH_DOM_DESTROY, created("plain_t", 1)), 0);
    struct bh_dom_create c = want("plain_t", 2); /* assigned, but the creator is neither in c2 nor cleared for it */
    EQ(call(BH_DOM_CREATE, &c), -XEN_EPERM);
    recorded("create", "policy");
    not_created("digest_t", 1, "compartment");
}

static void ceilings(void)
{
    struct bh_dom_create c;

#define OVER(change, reason)                                                                                           \
    do {                                                                                                               \
        c = want("plain_t", 0);                                                                                        \
        change;                                                                                                        \
        EQ(call(BH_DOM_CREATE, &c), -XEN_EACCES);                                                                      \
        recorded("create", reason);                                                                                    \
    } while (0)
    OVER(c.memory_kib += 2048, "ceiling memory");
    OVER(c.vcpus = 3, "ceiling vcpus");
#undef OVER
    c = want("plain_t", 0);
    c.weight = 301;
    EQ(call(BH_DOM_CREATE, &c), -XEN_EACCES);
    recorded("sched", "ceiling weight");
    c = want("plain_t", 0);
    c.cap = 0;
    EQ(call(BH_DOM_CREATE, &c), -XEN_EACCES);
    recorded("sched", "ceiling cap");
    struct bh_dom_sched s = {.domid = created("plain_t", 0), .weight = 300, .cap = 100};
    EQ(call(BH_DOM_SCHED, &s), 0);
    s.cap = 101;
    EQ(call(BH_DOM_SCHED, &s), -XEN_EACCES);
    recorded("sched", "ceiling cap");
    s.cap = 1, s.weight = 301;
    EQ(call(BH_DOM_SCHED, &s), -XEN_EACCES);
    recorded("sched", "ceiling weight");
    EQ(target(BH_DOM_DESTROY, s.domid), 0);
}

/* This kernel's own: 32 ports, 2 pages of grants. */
static void own_ceilings(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 0};
    struct gnttab_query_size size = {.dom = DOMID_SELF};
    uint32_t ports[64];
    unsigned n = 0;
    long ret = 0;

    while (n < 64 && (ret = RT_HC(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &ipi, 0, 0, 0)) == 0)
        ports[n++] = ipi.port;
    EQ(ret, -XEN_EACCES);
    recorded("alloc", "ceiling ports");
    CHECK_MSG(n > 20 && n <= 32, "%u ports", n);
    while (n > 0) {
        struct evtchn_close c = {.port = ports[--n]};
        EQ(RT_HC(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &c, 0, 0, 0), 0);
    }
    EQ(RT_HC(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &ipi, 0, 0, 0), 0);
    EQ(RT_HC(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, &size, 1, 0, 0), 0);
    EQ(size.max_nr_frames, 2);
    EQ(rt_grant_init(2), 0);
    CHECK(rt_grant_init(3) != 0);
    recorded("setup", "ceiling grants");
}

static void conflicts(void)
{
    unsigned a = created("bank_a_t", 5), second = created("bank_a_t", 6);

    not_created("bank_b_t", 5, "conflict banks");
    EQ(target(BH_DOM_DESTROY, a), 0);
    not_created("bank_b_t", 6, "conflict banks"); /* the second is still there */
    a = created("bank_b_t", 7);                   /* no member */
    EQ(target(BH_DOM_DESTROY, a), 0);
    EQ(target(BH_DOM_DESTROY, second), 0);
    a = created("bank_b_t", 5);
    not_created("bank_a_t", 5, "conflict banks");
    EQ(target(BH_DOM_DESTROY, a), 0);

    EQ(target(BH_DOM_DESTROY, created("ever_t", 5)), 0);
    EQ(target(BH_DOM_DESTROY, created("ever_t", 5)), 0);
    not_created("ever_t", 6, "conflict walls"); /* not in this boot any more */
}

static void load(unsigned domid, unsigned part, const void *data, uint32_t size)
{
    struct bh_dom_load op = {.domid = domid, .part = part, .total = size, .size = size, .data = (uint64_t)data};

    EQ(call(BH_DOM_LOAD, &op), 0);
}

/* Builds the image with (or, with a space, another command line) and a signature or none. */
static long build(const char *type, const char *cmdline, const struct bh_signature *signature, unsigned *domid)
{
    struct rules_image image = rules_image();

    *domid = created(type, 0);
    load(*domid, BH_PART_KERNEL, &image, sizeof(image));
    if (*cmdline) load(*domid, BH_PART_CMDLINE, cmdline, 1);
    if (signature) load(*domid, BH_PART_SIGNATURE, signature, sizeof(*signature));
    return target(BH_DOM_BUILD, *domid);
}

static void starts(const char *type, const struct bh_signature *signature)
{
    unsigned domid;

    EQ(build(type, "", signature, &domid), 0);
    EQ(target(BH_DOM_UNPAUSE, domid), 0);
    EQ(target(BH_DOM_DESTROY, domid), 0);
}

static void does_not_start(const char *type, const char *cmdline, const struct bh_signature *signature,
                           const char *reason)
{
    struct bh_dom_load more = {.part = BH_PART_CMDLINE, .total = 1, .size = 1, .data = (uint64_t) "x"};
    unsigned domid;

    EQ(build(type, cmdline, signature, &domid), -XEN_EACCES);
    recorded("launch", reason);
    EQ(newest().target, domid);
    CHECK(target(BH_DOM_UNPAUSE, domid) < 0);
    more.domid = domid; /* what was measured stays as it was */
    EQ(call(BH_DOM_LOAD, &more), -XEN_EBUSY);
    EQ(target(BH_DOM_BUILD, domid), -XEN_EACCES);
    EQ(target(BH_DOM_DESTROY, domid), 0);
}

static void launches(void)
{
    struct bh_signature bent;

    starts("digest_t", NULL);
    does_not_start("digest_t", " ", NULL, "launch");
    starts("signed_t", &signatures[GOOD]);
    does_not_start("signed_t", "", NULL, "launch");
    does_not_start("signed_t", "", &signatures[OLD], "launch");
    does_not_start("signed_t", "", &signatures[OTHER_SIGNER], "launch");
    does_not_start("signed_t", "", &signatures[OTHER_LAUNCH], "signature");
    does_not_start("signed_t", " ", &signatures[GOOD], "signature"); /* it is about another command line */
    for (unsigned at = 0; at < sizeof(bent); at += 11) {
        bent = signatures[GOOD];
        ((uint8_t *)&bent)[at] ^= 1;
        does_not_start("signed_t", "", &bent, "signature");
    }
    /* Where no rule binds the label, an unsigned launch is good, and so is anybody's word, but not a wrong one. */
    starts("plain_t", NULL);
    starts("plain_t", &signatures[OTHER_SIGNER]);
    does_not_start("plain_t", "", &bent, "signature");
}

static void bad_parts(void)
{
    unsigned domid = created("signed_t", 0);
    struct bh_dom_load op = {.domid = domid, .part = BH_PART_SIGNATURE, .data = (uint64_t)signatures};

    op.total = op.size = sizeof(*signatures) - 1;
    EQ(call(BH_DOM_LOAD, &op), -XEN_EINVAL);
    op.total = sizeof(*signatures) + 1;
    EQ(call(BH_DOM_LOAD, &op), -XEN_EINVAL);
    op.total = sizeof(*signatures);
    EQ(call(BH_DOM_LOAD, &op), 0);
    struct rules_image image = rules_image();
    load(domid, BH_PART_KERNEL, &image, sizeof(image));
    EQ(target(BH_DOM_BUILD, domid), -XEN_EINVAL); /* the signature's last byte is missing */
    EQ(target(BH_DOM_DESTROY, domid), 0);
}

/* Cleared for c5 to c9, not for c10: seen and asked there, and nowhere else. */
static void clearances(void)
{
    unsigned seen = created("bank_a_t", 9);
    struct bh_dom_create c = want("bank_a_t", 10);
    struct bh_dom_info info = {.domid = seen};
    uint32_t handle;

    EQ(call(BH_DOM_INFO, &info), 0);
    EQ(info.domid, seen);
    EQ(call(BH_DOM_CREATE, &c), -XEN_EPERM);
    recorded("create", "policy");
    NEED(rt_mm_map(TEST_WINDOW, 0) == 0);
    uint64_t before = newest().seq;
    CHECK(rt_grant_map(seen, 8, TEST_WINDOW, GNTMAP_host_map, &handle) != GNTST_okay); /* there is no such grant ... */
    EQ(newest().seq, before);                                                          /* ... but it may be asked for */
    EQ(target(BH_DOM_DESTROY, seen), 0);
}

static void hardware(void)
{
    struct physdev_setup_gsi gsi = {.gsi = 1};
    uint8_t value;

    __asm__ volatile("inb $0x43, %0" : "=a"(value));
    uint64_t before = newest().seq;
    __asm__ volatile("inb $0x42, %0" : "=a"(value));
    EQ(value, 0xff);
    CHECK(newest().seq > before);
    recorded("ioport", "policy");
    EQ(newest().object, 0x42);
    EQ(RT_HC(__HYPERVISOR_physdev_op, PHYSDEVOP_setup_gsi, &gsi, 0, 0, 0), -XEN_EPERM);
    recorded("irq", "policy");
    gsi.gsi = 4;
    EQ(RT_HC(__HYPERVISOR_physdev_op, PHYSDEVOP_setup_gsi, &gsi, 0, 0, 0), 0);
}

void test_main(void)
{
    NEED(rt_start_info->mod_len >= SIGNATURES * sizeof(*signatures));
    signatures = (const void *)rt_start_info->mod_start;
    hardware();
    own_ceilings();
    compartments();
    ceilings();
    conflicts();
    clearances();
    bad_parts();
    launches();
}
