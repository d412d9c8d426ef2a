/* SPDX-License-Identifier: MIT */
/*
 * Changing the policy of a running host. Files that are wrong in each of the ways that there are: older, signed by
 * somebody else, cut, for other permissions, without the type of somebody who lives; pieces in the wrong order; calls from
 * who may not. Each is refused by name and leaves the policy in force as it was. Then a good one is taken.
 * Attack rows 26 and 27.
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

static struct bh_policy_commit commit(const char *name, uint32_t flags, long want)
{
    struct bh_policy_commit c = {.flags = flags, .count = 64, .list = (uint64_t)conflicts};
    uint32_t size;
    const void *data = policy(name, &size);

    EQ(stage(data, size, 3000), 0);
    long ret = call(BH_POLICY_COMMIT, &c);
    c.error[sizeof(c.error) - 1] = 0;
    CHECK_MSG(ret == want, "%s: %ld, not %ld: %s", name, ret, want, c.error);
    rt_printf("%s: %ld at %u: %s\n", name, ret, c.error_offset, c.error);
    return c;
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
        if (!CHECK_MSG(n > 0 && b.total == size, "%s: read %ld of %u bytes", name, n, b.total))
            return;
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

static void only_the_first_domain(void)
{
    char bytes[128] = {0};
    struct bh_policy_commit c = {0};
    struct bh_blob b = {.size = 64, .data = (uint64_t)bytes};

    EQ(stage_piece(bytes, 128, 0, 128), -XEN_EPERM);
    EQ(call(BH_POLICY_COMMIT, &c), -XEN_EPERM);
    EQ(call(BH_POLICY_READ, &b), -XEN_EPERM);
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

    bad_stages();
    refused_files();
    good_file();
    EQ(free_at_start - platform().free_kib, 2048); /* the policy in force */
    EQ(test_audit(), 0);
}
