/* SPDX-License-Identifier: MIT */
/*
 * RDMSR and WRMSR: an allow-list. Every register in the ranges that exist is read and written with
 * values that would hurt; the guest may get a fault or a harmless answer, and the machine goes on. What
 * a guest needs, works. Attack row 20.
 */
#include "rt_test.h"

static int read_msr(uint32_t msr, uint64_t *value)
{
    struct rt_fault f;
    volatile uint32_t low = 0, high = 0;

    RT_CATCH(&f, {
        uint32_t a, d;

        __asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(msr));
        low = a;
        high = d;
    });
    *value = (uint64_t)high << 32 | low;
    return f.vector;
}

static int write_msr(uint32_t msr, uint64_t value)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))));
    return f.vector;
}

static void needed(void)
{
    uint64_t value, word = 0x77;

    EQ(read_msr(0xc0000080, &value), -1); /* EFER */
    CHECK(value & 1);
    CHECK(value & 0x400);
    EQ(write_msr(0xc0000100, (uint64_t)&word), -1); /* FS base */
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    EQ(value, 0x77);
    EQ(read_msr(0xc0000100, &value), -1);
    EQ(value, &word);
    EQ(write_msr(0xc0000100, 0), -1);
    EQ(write_msr(0xc0000101, (uint64_t)&word), -1); /* GS base */
    __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
    EQ(value, 0x77);
    EQ(write_msr(0xc0000102, 0), -1); /* the user's GS base */
}

/* Registers whose taking over would take the machine over. What is read after must be as before. */
static void dangerous(void)
{
    static const uint32_t msrs[] = {0x1b,       0x3a,       0x8b,       0x174,      0x175,      0x176,
                                    0x1d9,      0x277,      0x2ff,      0x3f1,      0x38f,      0x600,
                                    0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000103,
                                    0x6a0,      0x6a2,      0x6a4,      0xda0,      0x480};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(msrs); i++) {
        uint64_t before, after;
        int readable = read_msr(msrs[i], &before);

        write_msr(msrs[i], 0);
        write_msr(msrs[i], ~0ull);
        write_msr(msrs[i], 0x4141414141414141);
        write_msr(msrs[i], (uint64_t)&test_main);
        EQ(rt_xen_version(XENVER_version, NULL), 4 << 16 | 17);
        EQ(read_msr(msrs[i], &after), readable);
        if (readable == -1) CHECK_MSG(before == after, "register %#x was %#lx, is %#lx", msrs[i], before, after);
    }
}

static void sweep(uint32_t from, uint32_t to)
{
    unsigned readable = 0;

    for (uint32_t msr = from; msr < to; msr++) {
        uint64_t value;
        int vector = read_msr(msr, &value);

        if (!CHECK_MSG(vector == -1 || vector == RT_GP, "RDMSR %#x: vector %d", msr, vector)) return;
        readable += vector == -1;
    }
    rt_printf("%#x to %#x: %u readable\n", from, to, readable);
}

void test_main(void)
{
    needed();
    dangerous();
    sweep(0, 0x1000);
    sweep(0x40000000, 0x40000200);
    sweep(0xc0000000, 0xc0000200);
    sweep(0xc0010000, 0xc0010200);
    sweep(0xc0011000, 0xc0011040);
    sweep(0x7ffffff0, 0x80000010);
    needed();
}
