/* SPDX-License-Identifier: MIT */
/*
 * How long the hypervisor keeps a CPU to itself (XSA-45, 146, 264), counted in instructions: on this machine one is a
 * nanosecond, and the figures are the same in each run. A timer's event is due all the time; the longest gap between
 * two of its deliveries during a call is the longest step of that call. A domain of a size that lies far above what one
 * step may do is built and taken down. Attack row 24.
 */
#include "rt_test.h"

#include "bulkhead.h"

#define PERIOD (20 * RT_US)
#define BOUND  (600 * RT_US) /* a chunk is cleared in 262,144 stores */

static uint64_t last, longest;

static void arm(void)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = rt_time_now() + PERIOD};

    rt_vcpu_op(VCPUOP_set_singleshot_timer, 0, &timer);
}

static void on_timer(unsigned port, void *arg)
{
    uint64_t now = rt_time_now();

    (void)port;
    (void)arg;
    if (now - last > longest) longest = now - last;
    last = now;
    arm();
}

static void begin(void)
{
    last = rt_time_now();
    longest = 0;
    arm();
}

static void end(const char *what)
{
    uint64_t since = rt_time_now() - last;

    if (since > longest) longest = since;
    rt_printf("%s: at most %lu instructions at once\n", what, longest);
    CHECK_MSG(longest < BOUND, "%s: %lu instructions at once", what, longest);
}

/* This kernel's own file is not at hand: one page that loops, mapped where ELF and notes say. */
struct image {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
    struct {
        uint32_t type, flags;
        uint64_t offset, vaddr, paddr, filesz, memsz, align;
    } phdr[2];
    struct {
        uint32_t namesz, descsz, type;
        char name[4];
        char desc[8];
    } note[3];
    struct {
        uint32_t namesz, descsz, type;
        char name[4];
        uint64_t desc;
    } p2m;
    uint8_t code[8];
};
#define BASE      0x100000ul
#define AT(field) (BASE + __builtin_offsetof(struct image, field))

static struct image image = {
    .ident = "\x7f"
             "ELF\x02\x01\x01",
    .type = 2,
    .machine = 62,
    .version = 1,
    .entry = AT(code),
    .phoff = __builtin_offsetof(struct image, phdr),
    .ehsize = 64,
    .phentsize = 56,
    .phnum = 2,
    .phdr = {{1, 5, 0, BASE, BASE, sizeof(struct image), 0x4000, 4096},
             {4, 4, __builtin_offsetof(struct image, note), AT(note), AT(note), sizeof(image.note) + sizeof(image.p2m),
              0, 4}},
    .note = {{4, 8, 6, "Xen", "testing"}, {4, 8, 5, "Xen", "xen-3.0"}, {4, 8, 8, "Xen", "generic"}},
    .p2m = {4, 8, 15, "Xen", 0x4000000000}, /* the frame list has tables of its own */
    .code = {0xeb, 0xfe}};

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static void life(unsigned mib)
{
    struct bh_dom_create c = {
        .vcpus = 2, .memory_kib = mib * 1024ul, .name = "large", .type = "tenant_t", .compartment = 3};
    struct bh_dom_target t = {0};
    struct bh_dom_load l = {
        .part = BH_PART_KERNEL, .total = sizeof(image), .size = sizeof(image), .data = (uint64_t)&image};

    NEED(call(BH_DOM_CREATE, &c) == 0);
    l.domid = t.domid = c.domid;
    NEED(call(BH_DOM_LOAD, &l) == 0);
    begin();
    EQ(call(BH_DOM_BUILD, &t), 0);
    end("build");
    EQ(call(BH_DOM_UNPAUSE, &t), 0);
    rt_time_spin(10 * RT_MS);
    begin();
    EQ(call(BH_DOM_DESTROY, &t), 0);
    end("destroy");
}

void test_main(void)
{
    long port = rt_event_virq(VIRQ_TIMER, 0);

    NEED(port > 0);
    rt_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
    rt_event_handle((unsigned)port, on_timer, NULL);
    rt_event_unmask((unsigned)port);
    begin();
    rt_time_spin(RT_MS);
    end("nothing"); /* the measure itself */
    life(256);
}
