/* SPDX-License-Identifier: MIT */
/*
 * Changing the policy of a running host. Files that are wrong in each of the ways that there are: older, signed by
 * somebody else, cut, for other permissions, without the type of somebody who lives; pieces in the wrong order; calls
 * from who may not. Each is refused by name and leaves the policy in force as it was. Then a good one is taken, and
 * others that forbid what is shared at that moment: refused with a list, or taken and the sharing undone, in a way that
 * the frame may become a page table at once; also while another vCPU maps, touches, binds and loads as fast as it can.
 * Attack rows 9, 12, 26 and 27. With "lost" on its command line, and a TPM that fails from a certain command on: a load
 * that the TPM does not take any more is told, and the next is refused.
 */
#include "rt_test.h"

#include "bulkhead.h"

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static const char *policies, *policies_end;
static uint64_t free_at_start;

/* The ramdisk: heads of 20 characters of name and 12 of size. */
static const void *policy(const char *name, uint32_t *size)
{
    for (const char *p = policies; p < policies_end;) {
        uint32_t n = 0;

        for (unsigned i = 20; i < 32; i++)
            n = p[i] == ' ' ? n : n * 10 + (uint32_t)(p[i] - '0');
        if (!strncmp(p, name, strlen(name)) && p[strlen(name)] == ' ') {
            *size = n;
            return p + 32;
        }
        p += 32 + n;
    }
    test_error("there is no policy %s in the ramdisk", name);
}

static long stage_piece(const void *data, uint64_t total, uint64_t offset, uint32_t size)
{
    struct bh_policy_stage s = {.total = total, .offset = offset, .size = size, .data = (uint64_t)data + offset};

    return call(BH_POLICY_STAGE, &s);
}

static long stage(const void *data, uint32_t size, uint32_t piece)
{
    long ret = 0;

    for (uint32_t at = 0; at < size && !ret; at += piece)
        ret = stage_piece(data, size, at, size - at < piece ? size - at : piece);
    return ret;
}

static struct bh_policy_conflict conflicts[64];

static struct bh_policy_commit commit_room(const char *name, uint32_t flags, uint32_t room, long want)
{
    struct bh_policy_commit c = {.flags = flags, .count = room, .list = (uint64_t)conflicts};
    uint32_t size;
    const void *data = policy(name, &size);

    EQ(stage(data, size, 3000), 0);
    long ret = call(BH_POLICY_COMMIT, &c);
    c.error[sizeof(c.error) - 1] = 0;
    CHECK_MSG(ret == want, "%s: %ld, not %ld: %s", name, ret, want, c.error);
    rt_printf("%s: %ld, %u conflicts, at %u: %s\n", name, ret, c.count, c.error_offset, c.error);
    return c;
}

static struct bh_policy_commit commit(const char *name, uint32_t flags, long want)
{
    return commit_room(name, flags, 64, want);
}

static struct bh_platform_info platform(void)
{
    struct bh_platform_info info;

    NEED(call(BH_PLATFORM_INFO, &info) == 0);
    return info;
}

/* The bytes of the policy in force are those. */
static void in_force(const char *name)
{
    static char read[16384];
    struct bh_blob b = {.size = 1000};
    uint32_t size;
    const void *data = policy(name, &size);
    long n;

    NEED(size <= sizeof(read));
    for (; b.offset < size; b.offset += (uint64_t)n) {
        b.data = (uint64_t)read + b.offset;
        n = call(BH_POLICY_READ, &b);
        if (!CHECK_MSG(n > 0 && b.total == size, "%s: read %ld of %u bytes", name, n, b.total)) return;
    }
    CHECK_MSG(memcmp(read, data, size) == 0, "the policy that is read is not %s", name);
}

static void bad_stages(void)
{
    uint32_t size;
    const char *data = policy("good", &size);
    struct bh_policy_stage s, ok = {.total = size, .size = 100, .data = (uint64_t)data};
    struct bh_policy_commit c = {0};

#define NOT_STAGED(change)                                                                                             \
    do {                                                                                                               \
        s = ok;                                                                                                        \
        change;                                                                                                        \
        CHECK_MSG(call(BH_POLICY_STAGE, &s) < 0, "staged with %s", #change);                                           \
    } while (0)
    EQ(call(BH_POLICY_COMMIT, &c), -XEN_EINVAL); /* nothing there */
    NOT_STAGED(s.size = 0);
    NOT_STAGED(s.size = BH_LOAD_MAX + 1);
    NOT_STAGED(s.reserved = 1);
    NOT_STAGED(s.offset = 100);
    NOT_STAGED(s.total = 99);
    NOT_STAGED(s.total = 0);
    NOT_STAGED(s.total = ~0ull);
    NOT_STAGED(s.data = TEST_UNMAPPED);
    NOT_STAGED(s.data = HYPERVISOR_VIRT_START);
    EQ(call(BH_POLICY_STAGE, &ok), 0);
    EQ(call(BH_POLICY_COMMIT, &c), -XEN_EINVAL); /* not whole */
    ok.offset = 100;
    NOT_STAGED(s.total++);
    NOT_STAGED(s.offset = 99);
    NOT_STAGED(s.offset = ~0ull);
    NOT_STAGED(s.size = size);
    EQ(call(BH_POLICY_STAGE, &ok), 0);
    c.flags = 4;
    EQ(call(BH_POLICY_COMMIT, &c), -XEN_EINVAL);
    c = (struct bh_policy_commit){.count = 65};
    EQ(call(BH_POLICY_COMMIT, &c), -XEN_EINVAL);
    EQ(call(BH_POLICY_COMMIT, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    EQ(call(BH_POLICY_COMMIT, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    /* A restart that nobody began. */
    for (unsigned long t = 0; t < 70; t++)
        CHECK(RT_HC(BH_HYPERCALL, BH_POLICY_COMMIT | 1ul << 32, &c, t, 0, 0) < 0);
}

static void refused_files(void)
{
    struct bh_platform_info before = platform(), after;
    struct bh_policy_commit c;

    c = commit("older", 0, -BH_EALREADY);
    EQ(c.error_offset, 12);
    EQ(c.version, before.policy_version);
    c = commit("wrongkey", 0, -XEN_EPERM);
    c = commit("cut", 0, -XEN_EINVAL);
    c = commit("longer", 0, -XEN_EINVAL);
    c = commit("unknown", 0, -XEN_EINVAL);
    CHECK(strstr(c.error, "permission") && c.error_offset > 128);
    after = platform();
    EQ(after.policy_version, before.policy_version);
    CHECK(memcmp(after.policy_digest, before.policy_digest, 32) == 0);
    EQ(after.free_kib, free_at_start); /* what was refused is not kept */
}

static unsigned create(const char *name, const char *type)
{
    struct bh_dom_create c = {.vcpus = 1, .memory_kib = 16384, .compartment = 7};

    rt_snprintf(c.name, sizeof(c.name), "%s", name);
    rt_snprintf(c.type, sizeof(c.type), "%s", type);
    EQ(call(BH_DOM_CREATE, &c), 0);
    return c.domid;
}

static void destroy(unsigned domid)
{
    struct bh_dom_target t = {.domid = domid};

    EQ(call(BH_DOM_DESTROY, &t), 0);
}

static void check_type(unsigned domid, const char *type)
{
    struct bh_dom_info info = {.domid = domid};

    EQ(call(BH_DOM_INFO, &info), 0);
    CHECK_MSG(!strcmp(info.type, type), "domain %u is %s, not %s", domid, info.type, type);
}

/* All types have other numbers in the new policy; who has them keeps them by name. */
static void good_file(void)
{
    unsigned alone = create("alone", "isolated_t"), tenant = create("tenant", "tenant_t");
    struct bh_policy_commit c = commit("no_type", 0, -XEN_EINVAL);

    CHECK_MSG(strstr(c.error, "isolated_t") != NULL, "it says: %s", c.error);
    c = commit("good", BH_POLICY_DRY, 0);
    EQ(c.version, 1);
    EQ(platform().policy_version, 1);
    c = commit("good", 0, 0);
    EQ(c.version, 2);
    EQ(platform().policy_version, 2);
    in_force("good");
    check_type(0, "dom0_t");
    check_type(alone, "isolated_t");
    check_type(tenant, "tenant_t");
    destroy(create("new", "aaa_t"));
    destroy(alone);
    destroy(tenant);
    commit("good", 0, -BH_EALREADY);
}

static uint64_t slot(unsigned i)
{
    return TEST_WINDOW + i * RT_PAGE_SIZE;
}

static unsigned state_of(unsigned port)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

    EQ(rt_event_channel_op(EVTCHNOP_status, &s), 0);
    return s.status;
}

/* How many of the list are that. */
static unsigned listed(const struct bh_policy_commit *c, unsigned kind, unsigned target, unsigned object)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->count && i < 64; i++)
        n += conflicts[i].kind == kind && conflicts[i].source == 0 && conflicts[i].target == target &&
             conflicts[i].object == object;
    return n;
}

enum { MAPS = 200 };

/* Many mappings of one page: writable, read-only, by the entry's address, for a device. */
static uint32_t map_all(uint32_t ref, uint32_t *handle)
{
    for (unsigned i = 0; i < MAPS; i++) {
        uint64_t where = i % 7 == 3 ? rt_mm_entry_ma(slot(i), 1) : slot(i);
        unsigned flags = GNTMAP_host_map | (i % 5 ? 0 : GNTMAP_readonly) | (i % 7 == 3 ? GNTMAP_contains_pte : 0) |
                         (i == 4 ? GNTMAP_device_map : 0);

        if (!CHECK_MSG(rt_grant_map(0, ref, where, flags, &handle[i]) == GNTST_okay, "mapping %u", i)) return i;
    }
    return MAPS;
}

/* What the first domain shares with itself, against a policy by which it may not. */
static void own_sharing(void)
{
    static uint32_t handle[MAPS];
    char *page = rt_page_alloc(), *bystander = rt_page_alloc();
    struct bh_policy_commit c;
    struct gnttab_unmap_grant_ref device = {.dev_bus_addr = rt_mm_va_mfn(page) << 12};

    NEED(page && bystander && rt_mm_protect(page, RT_RO) == 0);
    uint32_t ref = rt_grant_give(0, rt_mm_va_mfn(page), 0);
    for (unsigned i = 0; i < MAPS; i++)
        NEED(rt_mm_map(slot(i), 0) == 0);
    NEED(ref && rt_mm_map(slot(MAPS), rt_mm_va_mfn(bystander) << 12 | RT_RW) == 0);
    uint32_t maps = map_all(ref, handle);
    long opened = rt_event_alloc(DOMID_SELF, DOMID_SELF), bound = rt_event_bind(DOMID_SELF, (unsigned)opened);
    NEED(opened > 0 && bound > 0);

    c = commit("forbids", 0, -XEN_EBUSY);
    EQ(c.version, 2);
    EQ(c.count, maps + 1);
    CHECK(listed(&c, BH_CONFLICT_GRANT, 0, ref) == 64 && strstr(c.error, "in use"));
    c = commit_room("forbids", BH_POLICY_DRY, 0, -XEN_EBUSY);
    EQ(c.count, maps + 1);
    for (unsigned i = 0; i < maps; i++)
        RUNS((void)*(volatile char *)slot(i));
    RUNS(*(volatile char *)slot(1) = 64); /* as an entry: not present */
    EQ(page[0], 64);
    CHECK(rt_mm_pin(1, rt_mm_va_mfn(page)) < 0);
    EQ(state_of((unsigned)bound), EVTCHNSTAT_interdomain);
    EQ(platform().policy_version, 2);

    c = commit("forbids", BH_POLICY_REVOKE, 0);
    EQ(c.version, 10);
    EQ(c.count, maps + 1);
    EQ(rt_mm_pin(1, rt_mm_va_mfn(page)), 0); /* nobody writes it any more */
    for (unsigned i = 0; i < maps; i++)
        FAULTS(RT_PF, (void)*(volatile char *)slot(i));
    RUNS(*(volatile char *)slot(MAPS) = 1); /* what was no grant's stays */
    for (unsigned i = 0; i < maps; i++)
        EQ(rt_grant_unmap(slot(i), handle[i]), GNTST_bad_handle);
    device.handle = handle[4];
    EQ(rt_grant_table_op(GNTTABOP_unmap_grant_ref, &device, 1), 0);
    EQ(device.status, GNTST_bad_handle);
    EQ(rt_grant_table()[ref].flags & (GTF_reading | GTF_writing), 0);
    EQ(rt_grant_map(0, ref, slot(0), GNTMAP_host_map, &handle[0]), GNTST_permission_denied);
    EQ(rt_mm_unpin(rt_mm_va_mfn(page)), 0);
    EQ(test_audit(), 0);

    EQ(state_of((unsigned)opened), EVTCHNSTAT_unbound);
    EQ(state_of((unsigned)bound), EVTCHNSTAT_unbound);
    EQ(rt_event_send((unsigned)bound), 0); /* lost */
    EQ(rt_event_bind(DOMID_SELF, (unsigned)opened), -XEN_EPERM);
    EQ(rt_event_close((unsigned)bound), 0);
    EQ(rt_event_close((unsigned)opened), 0);
    commit("free11", 0, 0);
    EQ(rt_grant_map(0, ref, slot(0), GNTMAP_host_map, &handle[0]), GNTST_okay);
    EQ(rt_grant_unmap(slot(0), handle[0]), GNTST_okay);
    CHECK(rt_grant_end(ref));
    EQ(rt_mm_protect(page, RT_RW), 0);
}

static struct bh_dom_info start_tenant(void)
{
    uint32_t size;
    const char *kernel = policy("tenant", &size);
    struct bh_dom_info info = {.domid = create("shared", "tenant_t")};
    struct bh_dom_target t = {.domid = info.domid};

    for (uint32_t at = 0; at < size; at += BH_LOAD_MAX) {
        struct bh_dom_load l = {.domid = t.domid,
                                .total = size,
                                .offset = at,
                                .size = size - at < BH_LOAD_MAX ? size - at : BH_LOAD_MAX,
                                .data = (uint64_t)kernel + at};
        NEED(call(BH_DOM_LOAD, &l) == 0);
    }
    NEED(call(BH_DOM_BUILD, &t) == 0 && call(BH_DOM_INFO, &info) == 0);
    return info;
}

/* A tenant's console, against a policy by which the first domain has nothing to do with it. */
static void tenants_console(void)
{
    struct bh_dom_info tenant = start_tenant();
    struct bh_policy_commit c;
    uint32_t handle;

    EQ(rt_grant_map(tenant.domid, tenant.console_ref, slot(0), GNTMAP_host_map, &handle), GNTST_okay);
    long port = rt_event_bind(tenant.domid, tenant.console_port);
    NEED(port > 0);
    c = commit("console", 0, -XEN_EBUSY);
    EQ(c.count, 2);
    EQ(listed(&c, BH_CONFLICT_GRANT, tenant.domid, tenant.console_ref), 1);
    EQ(listed(&c, BH_CONFLICT_EVENT, tenant.domid, (unsigned)port), 1);
    RUNS(*(volatile char *)slot(0) = 1);
    c = commit("console", BH_POLICY_REVOKE, 0);
    EQ(c.count, 2);
    FAULTS(RT_PF, *(volatile char *)slot(0) = 1);
    EQ(state_of((unsigned)port), EVTCHNSTAT_unbound);
    EQ(rt_grant_map(tenant.domid, tenant.console_ref, slot(0), GNTMAP_host_map, &handle), GNTST_permission_denied);
    EQ(rt_event_bind(tenant.domid, tenant.console_port), -XEN_EPERM);
    commit("free21", 0, 0);
    port = rt_event_bind(tenant.domid, tenant.console_port); /* its port waits as before */
    CHECK(port > 0);
    EQ(rt_event_close((unsigned)port), 0);
    destroy(tenant.domid); /* -EBUSY if anybody held a reference to its frames */
}

static volatile bool stop;
static volatile unsigned rounds, loads;
static uint32_t racing_ref;

/* On the second vCPU: shares with itself whatever it is let, and loads too. Results do not matter. */
static void racer(void *arg)
{
    uint32_t size, handle[8];
    const char *other = policy("older", &size);

    (void)arg;
    for (; !stop; rounds++) {
        struct rt_fault fault;
        long port = rt_event_alloc(DOMID_SELF, DOMID_SELF),
             bound = port > 0 ? rt_event_bind(DOMID_SELF, (unsigned)port) : 0;

        for (unsigned i = 0; i < 8; i++)
            if (rt_grant_map(0, racing_ref, slot(i), GNTMAP_host_map, &handle[i]) != GNTST_okay) handle[i] = ~0u;
        for (unsigned i = 0; i < 8; i++)
            RT_CATCH(&fault, *(volatile char *)(slot(i) + 8) = (char)(i * 2)); /* an entry that is not present */
        for (unsigned i = 0; i < 8; i++)
            if (handle[i] != ~0u) rt_grant_unmap(slot(i), handle[i]);
        if (rounds % 64 == 63) {
            struct bh_policy_commit c = {.flags = BH_POLICY_REVOKE};

            if (stage(other, size, 2000) == 0) CHECK(call(BH_POLICY_COMMIT, &c) < 0);
            loads++;
        }
        if (bound > 0) rt_event_close((unsigned)bound);
        if (port > 0) rt_event_close((unsigned)port);
    }
}

/* The other vCPU's own loads get in the way: then this one begins again. */
static void load_racing(const char *name, uint32_t version, uint32_t flags)
{
    uint32_t size, tries = 0;
    const void *data = policy(name, &size);
    struct bh_policy_commit c;
    long ret;

    do {
        c = (struct bh_policy_commit){.flags = flags, .count = 64, .list = (uint64_t)conflicts};
        ret = stage(data, size, 5000);
        if (!ret) ret = call(BH_POLICY_COMMIT, &c);
    } while (ret && platform().policy_version < version && ++tries < 3000);
    CHECK_MSG(platform().policy_version >= version, "%s: %ld after %u tries", name, ret, tries);
}

/* While the other vCPU shares, policies come that forbid it and others that do not. */
static void races(void)
{
    char *page = rt_page_alloc();

    NEED(page && rt_mm_protect(page, RT_RO) == 0);
    racing_ref = rt_grant_give(0, rt_mm_va_mfn(page), 0);
    NEED(racing_ref && rt_cpu_start(1, racer, NULL) == 0);
    for (uint32_t v = 30; v < 40; v += 2) {
        char name[24];
        unsigned before = rounds;

        rt_snprintf(name, sizeof(name), "forbids%u", v);
        load_racing(name, v, BH_POLICY_REVOKE);
        CHECK_MSG(rt_mm_pin(1, rt_mm_va_mfn(page)) == 0, "version %u: the page may still be written", v);
        EQ(rt_mm_unpin(rt_mm_va_mfn(page)), 0);
        rt_snprintf(name, sizeof(name), "free%u", v + 1);
        load_racing(name, v + 1, 0);
        for (uint64_t end = rt_time_now() + 2 * RT_S; rounds - before < 40 && rt_time_now() < end;)
            rt_sched_op(SCHEDOP_yield, NULL);
    }
    stop = true;
    CHECK(rt_cpu_wait(1, 5000));
    rt_printf("%u rounds, %u loads beside ours\n", rounds, loads);
    CHECK(rounds > 100 && loads > 0);
    CHECK(rt_grant_end(racing_ref));
    EQ(rt_mm_protect(page, RT_RW), 0);
}

static void only_the_first_domain(void)
{
    char bytes[128] = {0};
    struct bh_policy_commit c = {0};
    struct bh_blob b = {.size = 64, .data = (uint64_t)bytes};

    EQ(stage_piece(bytes, 128, 0, 128), -XEN_EPERM);
    EQ(call(BH_POLICY_COMMIT, &c), -XEN_EPERM);
    EQ(call(BH_POLICY_READ, &b), -XEN_EPERM);
}

static void break_tpm(void)
{
    static uint8_t get_test_result[10] = {0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x7c}, answer[64];
    struct bh_tpm_command c = {(uint64_t)get_test_result, 10, sizeof(answer), (uint64_t)answer};
    long ret;

    while ((ret = call(BH_TPM_COMMAND, &c)) == -XEN_EAGAIN)
        ;
    EQ(ret, 10); /* an error: it has no more than a head */
}

static void loses_the_tpm(void)
{
    struct bh_policy_commit c;

    NEED(platform().flags & BH_FLAG_MEASURED);
    EQ(commit("good", 0, 0).version, 2);
    CHECK(platform().flags & BH_FLAG_MEASURED);
    break_tpm();
    CHECK(platform().flags & BH_FLAG_MEASURED); /* nobody knows yet */
    c = commit("free11", 0, -XEN_EIO);
    EQ(c.version, 11);
    CHECK_MSG(!strncmp(c.error, "in force, but", 13), "%s", c.error);
    in_force("free11");
    CHECK(!(platform().flags & BH_FLAG_MEASURED));
    c = commit("free21", BH_POLICY_DRY, 0);
    c = commit("free21", 0, -XEN_EIO);
    EQ(c.version, 11);
    CHECK_MSG(!strncmp(c.error, "measuring was lost", 18), "%s", c.error);
    in_force("free11");
}

void test_main(void)
{
    const struct start_info *s = rt_start_info;

    if (!rt_start_is_dom0()) {
        only_the_first_domain();
        return;
    }
    NEED(s->mod_len);
    policies = s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const char *)s->mod_start;
    policies_end = policies + s->mod_len;
    free_at_start = platform().free_kib;
    if (strstr((const char *)s->cmd_line, "lost")) {
        loses_the_tpm();
        return;
    }

    bad_stages();
    refused_files();
    good_file();
    NEED(rt_grant_init(1) == 0);
    own_sharing();
    tenants_console();
    races();
    EQ(free_at_start - platform().free_kib, 2048); /* the policy in force */
    EQ(test_audit(), 0);
}
