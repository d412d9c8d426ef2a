/* SPDX-License-Identifier: MIT */
/*
 * The life of domains, from the first domain's place: what create refuses, images in wrong pieces, ELF files with
 * every field bent, and destruction at every stage, after which all memory is back (XSA-25, 55, 149,
 * 164, 497, 502). And what the first domain may not do to a tenant by grants and events that nobody gave.
 * Attack rows 25, 26 and 27.
 */
#include "rt_test.h"

#include "bulkhead.h"

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static uint64_t free_kib(void)
{
    struct bh_platform_info info;

    EQ(call(BH_PLATFORM_INFO, &info), 0);
    return info.free_kib;
}

static struct bh_dom_create good(void)
{
    return (struct bh_dom_create){
        .vcpus = 2, .memory_kib = 16384, .name = "victim", .type = "tenant_t", .compartment = 7};
}

static long target(unsigned cmd, unsigned domid)
{
    struct bh_dom_target t = {.domid = domid};

    return call(cmd, &t);
}

static unsigned create(void)
{
    struct bh_dom_create c = good();
    long ret = call(BH_DOM_CREATE, &c);

    if (ret) test_failure("create: %ld", ret);
    return c.domid;
}

static void bad_creates(void)
{
    struct bh_dom_create c;
    uint64_t before = free_kib();

#define REFUSED(change)                                                                                                \
    do {                                                                                                               \
        c = good();                                                                                                    \
        change;                                                                                                        \
        CHECK_MSG(call(BH_DOM_CREATE, &c) < 0, "created with %s", #change);                                            \
    } while (0)
    REFUSED(c.vcpus = 0);
    REFUSED(c.vcpus = BH_VCPUS_MAX + 1);
    REFUSED(c.vcpus = ~0u);
    REFUSED(c.memory_kib = 0);
    REFUSED(c.memory_kib = 2048);
    REFUSED(c.memory_kib = 16385);
    REFUSED(c.memory_kib = 1ull << 40);
    REFUSED(c.memory_kib = ~0ull << 11);
    REFUSED(c.name[0] = 0);
    REFUSED(c.name[0] = '/');
    REFUSED(memset(c.name, 'a', sizeof(c.name)));
    REFUSED(memset(c.type, 'a', sizeof(c.type)));
    REFUSED(c.type[0] = 'X');
    REFUSED(c.compartment = BH_COMPARTMENT_MAX + 1);
    REFUSED(c.flags = ~0u);
    REFUSED(c.weight = 65536);
    REFUSED(c.cap = ~0u);
    EQ(free_kib(), before);
}

/* A kernel of one page: it powers itself off, or loops. */
struct image {
    struct {
        uint8_t ident[16];
        uint16_t type, machine;
        uint32_t version;
        uint64_t entry, phoff, shoff;
        uint32_t flags;
        uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    } ehdr;
    struct {
        uint32_t type, flags;
        uint64_t offset, vaddr, paddr, filesz, memsz, align;
    } phdr[2];
    struct {
        uint32_t namesz, descsz, type;
        char name[4];
        char desc[8];
    } note[3];
    uint8_t code[32];
};

static struct image make_image(bool loop)
{
    static const uint8_t off[] = {0x6a, 0x00,                   /* push $0: SHUTDOWN_poweroff */
                                  0xb8, 29,   0x00, 0x00, 0x00, /* mov $sched_op, %eax */
                                  0xbf, 2,    0x00, 0x00, 0x00, /* mov $SCHEDOP_shutdown, %edi */
                                  0x48, 0x89, 0xe6,             /* mov %rsp, %rsi */
                                  0x0f, 0x05, 0xeb, 0xfe};
    struct image i = {.ehdr = {.ident = "\x7f"
                                        "ELF\x02\x01\x01",
                               .type = 2,
                               .machine = 62,
                               .version = 1,
                               .entry = 0x100000 + __builtin_offsetof(struct image, code),
                               .phoff = __builtin_offsetof(struct image, phdr),
                               .ehsize = 64,
                               .phentsize = 56,
                               .phnum = 2},
                      .phdr = {{.type = 1,
                                .flags = 5,
                                .vaddr = 0x100000,
                                .paddr = 0x100000,
                                .filesz = sizeof(struct image),
                                .memsz = 0x4000,
                                .align = 4096},
                               {.type = 4,
                                .flags = 4,
                                .offset = __builtin_offsetof(struct image, note),
                                .vaddr = 0x100000 + __builtin_offsetof(struct image, note),
                                .paddr = 0x100000 + __builtin_offsetof(struct image, note),
                                .filesz = sizeof(i.note),
                                .memsz = sizeof(i.note),
                                .align = 4}},
                      .note = {{4, 8, 6, "Xen", "testing"}, {4, 8, 5, "Xen", "xen-3.0"}, {4, 8, 8, "Xen", "generic"}}};

    memcpy(i.code, off, sizeof(off));
    if (loop) memcpy(i.code, "\xeb\xfe", 2);
    return i;
}

static long load(unsigned domid, const void *data, uint32_t size, uint64_t total)
{
    struct bh_dom_load op = {
        .domid = domid, .part = BH_PART_KERNEL, .total = total, .size = size, .data = (uint64_t)data};

    return call(BH_DOM_LOAD, &op);
}

static void bad_loads(void)
{
    struct image i = make_image(false);
    unsigned domid = create();
    struct bh_dom_load op, ok = {.domid = domid, .total = sizeof(i), .size = 64, .data = (uint64_t)&i};

#define NOT_LOADED(change)                                                                                             \
    do {                                                                                                               \
        op = ok;                                                                                                       \
        change;                                                                                                        \
        CHECK_MSG(call(BH_DOM_LOAD, &op) < 0, "loaded with %s", #change);                                              \
    } while (0)
    NOT_LOADED(op.part = 3);
    NOT_LOADED(op.size = 0);
    NOT_LOADED(op.size = BH_LOAD_MAX + 1);
    NOT_LOADED(op.offset = 1);
    NOT_LOADED(op.total = 63);
    NOT_LOADED(op.total = ~0ull);
    NOT_LOADED(op.reserved = 1);
    NOT_LOADED(op.data = TEST_UNMAPPED);
    NOT_LOADED(op.data = HYPERVISOR_VIRT_START);
    NOT_LOADED(op.domid = domid + 1);
    NOT_LOADED(op.domid = 0);
    NOT_LOADED(op.domid = DOMID_SELF);
    NOT_LOADED((op.part = BH_PART_CMDLINE, op.total = 1024));
    EQ(call(BH_DOM_LOAD, &ok), 0);
    ok.offset = 64;
    NOT_LOADED(op.total++);
    NOT_LOADED(op.offset = 0);
    NOT_LOADED(op.offset = 128);
    CHECK(target(BH_DOM_BUILD, domid) < 0); /* not complete */
    CHECK(target(BH_DOM_UNPAUSE, domid) < 0);
    EQ(target(BH_DOM_DESTROY, domid), 0);
    CHECK(target(BH_DOM_DESTROY, domid) < 0);
}

/* One field of the image bent at a time, then bytes at random: refused, or a domain that can be destroyed. */
static void bad_images(void)
{
    uint64_t before = free_kib();
    unsigned built = 0, refused = 0;

    for (unsigned n = 0; n < 160; n++) {
        struct image i = make_image(false);
        uint8_t *bytes = (uint8_t *)&i;
        unsigned domid = create();
        uint32_t size = sizeof(i);

        if (n < 60)
            memset(bytes + n * 4, n & 1 ? 0xff : 0x7f, 4);
        else if (n < 70)
            size = (n - 59) * 24;
        else
            bytes[rt_random() % sizeof(i)] ^= (uint8_t)(1u << (rt_random() & 7));
        if (load(domid, &i, size, size) == 0 && target(BH_DOM_BUILD, domid) == 0) {
            built++;
            CHECK(target(BH_DOM_UNPAUSE, domid) == 0);
            rt_sched_op(SCHEDOP_yield, NULL);
        } else {
            refused++;
        }
        if (!CHECK_MSG(target(BH_DOM_DESTROY, domid) == 0, "image %u: the domain stays", n)) return;
    }
    rt_printf("%u images built, %u refused\n", built, refused);
    CHECK(built > 0 && refused > 0);
    EQ(free_kib(), before);
}

static unsigned started(bool loop)
{
    struct image i = make_image(loop);
    unsigned domid = create();

    EQ(load(domid, &i, sizeof(i), sizeof(i)), 0);
    EQ(target(BH_DOM_BUILD, domid), 0);
    return domid;
}

static struct bh_dom_info info_of(unsigned domid)
{
    struct bh_dom_info info = {.domid = domid};

    EQ(call(BH_DOM_INFO, &info), 0);
    EQ(info.domid, domid);
    return info;
}

static void stages(void)
{
    uint64_t before = free_kib(), end;
    unsigned domid = started(false), last = domid;

    EQ(info_of(domid).state, BH_STATE_PAUSED);
    CHECK(target(BH_DOM_BUILD, domid) < 0);
    CHECK(target(BH_DOM_PAUSE, domid) < 0);
    EQ(target(BH_DOM_UNPAUSE, domid), 0);
    end = rt_time_now() + 3 * RT_S;
    while (info_of(domid).state != BH_STATE_SHUTDOWN && rt_time_now() < end)
        rt_sched_op(SCHEDOP_yield, NULL);
    EQ(info_of(domid).state, BH_STATE_SHUTDOWN);
    EQ(info_of(domid).shutdown_reason, SHUTDOWN_poweroff);
    EQ(target(BH_DOM_DESTROY, domid), 0);
    for (unsigned n = 0; n < 12; n++) {
        domid = started(true);
        CHECK_MSG(domid > last, "domain id %u after %u", domid, last); /* never used again */
        last = domid;
        if (n > 2) EQ(target(BH_DOM_UNPAUSE, domid), 0);
        rt_time_spin((rt_random() & 15) * RT_MS);
        if (n > 8) EQ(target(BH_DOM_PAUSE, domid), 0);
        EQ(target(BH_DOM_DESTROY, domid), 0);
    }
    EQ(free_kib(), before);
    CHECK(target(BH_DOM_DESTROY, 0) < 0);
    CHECK(target(BH_DOM_DESTROY, DOMID_SELF) < 0);
    CHECK(target(BH_DOM_PAUSE, 0) < 0);
}

/* Loads and builds the loop into a fresh domain. */
static long build(unsigned domid)
{
    struct image i = make_image(true);
    long ret = load(domid, &i, sizeof(i), sizeof(i));

    return ret ? ret : target(BH_DOM_BUILD, domid);
}

/* Two domains of one name; and more domains than there is memory for. */
static void many(void)
{
    struct bh_dom_create c = good();
    uint64_t before = free_kib();
    unsigned ids[64], n = 0;

    for (; n < 64; n++) {
        c = good();
        c.memory_kib = 65536;
        rt_snprintf(c.name, sizeof(c.name), "many-%u", n);
        if (call(BH_DOM_CREATE, &c)) break;
        ids[n] = c.domid;
        if (build(c.domid)) {
            EQ(target(BH_DOM_DESTROY, c.domid), 0);
            break;
        }
    }
    rt_printf("%u domains of 64 MiB\n", n);
    CHECK(n > 1 && n < 64);
    if (n > 1) EQ(target(BH_DOM_DESTROY, ids[--n]), 0);
    c.memory_kib = 4096;
    rt_snprintf(c.name, sizeof(c.name), "many-0");
    EQ(call(BH_DOM_CREATE, &c), -XEN_EEXIST);
    while (n > 0)
        EQ(target(BH_DOM_DESTROY, ids[--n]), 0);
    EQ(free_kib(), before);
}

struct e820_row {
    uint64_t start, size;
    uint32_t type;
} __attribute__((packed));

/* The hypervisor's pages that we may map: shared_info and the grant table. */
static bool shared_with_us(uint64_t mfn)
{
    unsigned long frames[1] = {0};
    struct gnttab_setup_table setup = {.dom = DOMID_SELF, .nr_frames = 1};

    set_xen_guest_handle(setup.frame_list, frames);
    NEED(rt_grant_table_op(GNTTABOP_setup_table, &setup, 1) == 0 && setup.status == GNTST_okay);
    return mfn == frames[0] || mfn == rt_start_info->shared_info >> 12;
}

/* Tries to map every seventh frame of the machine that is RAM and not ours; how many were mapped. */
static unsigned map_ram_of_others(void)
{
    static struct e820_row rows[128];
    struct xen_memory_map map = {.nr_entries = 128};
    unsigned reached = 0, tried = 0;

    set_xen_guest_handle(map.buffer, (void *)rows);
    NEED(rt_memory_op(XENMEM_machine_memory_map, &map) == 0);
    for (unsigned i = 0; i < map.nr_entries; i++)
        for (uint64_t mfn = (rows[i].start + 0xfff) >> 12; mfn < (rows[i].start + rows[i].size) >> 12; mfn += 7) {
            unsigned long pfn = rt_mm_m2p(mfn);

            if (rows[i].type != 1 || mfn < 0x100 || (pfn < rt_mm_pages() && rt_mm_mfn(pfn) == mfn)) continue;
            tried++;
            if (rt_update_va_mapping(TEST_WINDOW, mfn << 12 | RT_RO, UVMF_INVLPG | UVMF_LOCAL) == 0 &&
                !shared_with_us(mfn)) {
                rt_printf("frame %#lx is mapped\n", mfn);
                reached++;
            }
        }
    rt_printf("%u frames of others tried\n", tried);
    CHECK(tried > 1000);
    return reached;
}

/* A running tenant's pages and ports, by every way there is, without having been given anything. */
static void out_of_reach(void)
{
    unsigned domid = started(true), reached = 0;
    struct bh_dom_info info = info_of(domid);
    uint32_t handle;

    NEED(rt_grant_init(1) == 0 && rt_mm_map(TEST_WINDOW, 0) == 0);
    for (uint32_t ref = 0; ref < 600; ref++)
        if (ref != info.console_ref && ref != info.store_ref)
            reached += rt_grant_map(domid, ref, TEST_WINDOW, GNTMAP_host_map, &handle) == GNTST_okay;
    EQ(reached, 0);
    for (uint32_t port = 0; port < 600; port++)
        if (port != info.console_port && port != info.store_port) reached += rt_event_bind(domid, port) > 0;
    EQ(reached, 0);
    reached += map_ram_of_others();
    EQ(reached, 0);
    EQ(target(BH_DOM_DESTROY, domid), 0);
}

/* The image of a domain that is being started, which the other vCPU turns into another one and back all the time. */
static struct image substituted;
static volatile unsigned substituting;

static void substitute(void *arg)
{
    static const uint16_t off = 0x006a, loop = 0xfeeb; /* make_image()'s two beginnings */
    volatile uint16_t *code = (volatile uint16_t *)substituted.code;

    (void)arg;
    while (substituting)
        *code = *code == off ? loop : off;
}

static bool powers_off(unsigned domid)
{
    uint64_t end = rt_time_now() + 300 * RT_MS;

    EQ(target(BH_DOM_UNPAUSE, domid), 0);
    while (info_of(domid).state != BH_STATE_SHUTDOWN && rt_time_now() < end)
        rt_sched_op(SCHEDOP_yield, NULL);
    return info_of(domid).state == BH_STATE_SHUTDOWN;
}

/* What is measured is what runs: the first domain changes the image behind the hypervisor's back, after a load and
 * during it. Whichever of the two images a launch digest names, that one runs. */
static void image_changed_while_it_is_measured(void)
{
    struct image image[2] = {make_image(false), make_image(true)};
    uint8_t digest[2][32];
    unsigned domid, seen[2] = {0, 0};

    for (unsigned n = 0; n < 2; n++) {
        domid = create();
        substituted = image[n];
        EQ(load(domid, &substituted, sizeof(substituted), sizeof(substituted)), 0);
        substituted = image[!n]; /* too late */
        EQ(target(BH_DOM_BUILD, domid), 0);
        memcpy(digest[n], info_of(domid).launch_digest, 32);
        CHECK_MSG(powers_off(domid) == !n, "image %u is not the one that runs", n);
        EQ(target(BH_DOM_DESTROY, domid), 0);
    }
    CHECK(memcmp(digest[0], digest[1], 32) != 0);
    substituting = 1;
    NEED(rt_cpu_start(1, substitute, NULL) == 0);
    for (unsigned n = 0; n < 24; n++) {
        uint8_t now[32];

        domid = create();
        EQ(load(domid, &substituted, sizeof(substituted), sizeof(substituted)), 0);
        EQ(target(BH_DOM_BUILD, domid), 0);
        memcpy(now, info_of(domid).launch_digest, 32);
        for (unsigned which = 0; which < 2; which++)
            if (memcmp(now, digest[which], 32) == 0) {
                seen[which]++;
                CHECK_MSG(powers_off(domid) == !which, "measured image %u, ran the other", which);
            }
        EQ(target(BH_DOM_DESTROY, domid), 0);
    }
    substituting = 0;
    CHECK(rt_cpu_wait(1, 2000));
    rt_printf("substituted: %u and %u of 24\n", seen[0], seen[1]);
    CHECK(seen[0] + seen[1] > 0);
}

static volatile unsigned victim, other_done, other_call;
static volatile long other_ret;

/* On the other vCPU, until the victim is 0. */
static void other_caller(void *arg)
{
    unsigned last = 0;

    (void)arg;
    while (victim) {
        if (victim == last) continue;
        last = victim;
        other_ret = target(other_call, last);
        other_done = last;
    }
}

/* Two vCPUs destroy one domain: one of them does, and its structure is freed once. */
static void destroyed_twice(void)
{
    uint64_t before = free_kib();

    other_call = BH_DOM_DESTROY;
    for (unsigned n = 0; n < 12; n++) {
        unsigned domid = started(n & 1);

        victim = domid;
        if (!n) EQ(rt_cpu_start(1, other_caller, NULL), 0);
        long ret = target(BH_DOM_DESTROY, domid);
        while (other_done != domid)
            rt_sched_op(SCHEDOP_yield, NULL);
        CHECK_MSG((ret == 0) + (other_ret == 0) == 1 && ret + other_ret == -XEN_ESRCH, "%ld and %ld", ret, other_ret);
    }
    victim = 0;
    CHECK(rt_cpu_wait(1, 2000));
    EQ(free_kib(), before);
}

/* One vCPU builds, in as many steps as that takes; the other builds too and then takes it down, in between or after. */
static void destroyed_while_built(void)
{
    uint64_t before = free_kib(), whole = 0;
    unsigned unfinished = 0;

    other_call = BH_DOM_BUILD;
    for (unsigned n = 0; n < 24; n++) {
        struct image i = make_image(true);
        struct bh_dom_create c = good();

        c.memory_kib = 32768;
        NEED(call(BH_DOM_CREATE, &c) == 0 && load(c.domid, &i, sizeof(i), sizeof(i)) == 0);
        victim = c.domid;
        if (!n) EQ(rt_cpu_start(1, other_caller, NULL), 0);
        uint64_t start = rt_time_now(), wait = rt_random() % (4 * whole + 1);
        while (n ? rt_time_now() - start < wait : other_done != c.domid)
            rt_sched_op(SCHEDOP_yield, NULL);
        if (!n) whole = rt_time_now() - start;
        EQ(target(BH_DOM_DESTROY, c.domid), 0);
        while (other_done != c.domid)
            rt_sched_op(SCHEDOP_yield, NULL);
        unfinished += other_ret != 0;
    }
    victim = 0;
    CHECK(rt_cpu_wait(1, 2000));
    EQ(free_kib(), before);
    rt_printf("%u of 24 builds came to nothing\n", unfinished);
    CHECK(unfinished > 0 && unfinished < 24);
}

void test_main(void)
{
    bad_creates();
    bad_loads();
    bad_images();
    stages();
    many();
    destroyed_twice();
    destroyed_while_built();
    out_of_reach();
    image_changed_while_it_is_measured();
}
