/* SPDX-License-Identifier: MIT */
/* Where the builder puts things. What is given back is checked against the ABI, page by page, not against the formulas.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "domain/build.h"
#include "mm/layout.h"

#define KERNEL 0xffffffff80000000ul
#define P2M    0x4000000000ul
#define MIB    (1ul << 20)

static struct domain_build build;
static struct domain domain;
static const char *error;

/* A kernel of that many bytes; ramdisk and memory in bytes. */
static int layout(uint64_t base, uint64_t kernel, uint64_t ramdisk, uint64_t memory, uint64_t p2m, bool mod_pfn)
{
    memset(&build, 0, sizeof(build));
    memset(&domain, 0, sizeof(domain));
    build.elf = (struct elf_image){.virt_base = base, .vend = base + kernel, .init_p2m = p2m, .mod_start_pfn = mod_pfn};
    build.part[BH_PART_RAMDISK].size = ramdisk;
    domain.build = &build;
    domain.mm.frames_max = memory / 4096;
    error = NULL;
    return build_layout(&domain, &error);
}

static uint64_t pages(uint64_t bytes)
{
    return (bytes + 4095) / 4096;
}

/* Tables of all levels below the L4 that the pages [va, va + n pages) need, each counted once. */
static uint64_t tables(uint64_t va, uint64_t n)
{
    uint64_t count = 0;

    for (unsigned int shift = 21; shift <= 39; shift += 9)
        for (uint64_t i = 0; i < n; i++)
            count += i == 0 || (va + i * 4096) >> shift != (va + (i - 1) * 4096) >> shift;
    return count;
}

static void check(uint64_t base, uint64_t kernel, uint64_t ramdisk, uint64_t memory, uint64_t p2m, bool mod_pfn)
{
    const struct build_layout *l = &build.at;
    uint64_t list = pages(memory / 4096 * 8), last = base + l->mapped_end * 4096 - 1;
    struct {
        uint64_t at, n;
    } part[] = {{0, pages(kernel)},
                {l->ramdisk, pages(ramdisk)},
                {l->p2m, l->p2m_frames},
                {l->start_info, 1},
                {l->store, 1},
                {l->console, 1},
                {l->tables, l->nr_tables},
                {l->stack, 1}};

    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        assert_true(part[i].at + part[i].n <= memory / 4096);
        for (size_t k = 0; k < i; k++)
            assert_true(!part[i].n || !part[k].n || part[i].at >= part[k].at + part[k].n ||
                        part[k].at >= part[i].at + part[i].n);
    }
    assert_true(last > base && (last < 1ul << 47 || base >= HV_VIRT_END));
    assert_int_equal((last + 1) % (4 * MIB), 0);
    assert_true(l->mapped_end - (l->stack + 1) >= 512 * 1024 / 4096);
    assert_true(l->mapped_end <= memory / 4096);
    assert_true(l->nr_tables >= 1 + tables(base, l->mapped_end));
    assert_true(l->stack < l->mapped_end);
    assert_true(mod_pfn || !ramdisk || l->ramdisk + pages(ramdisk) <= l->start_info);
    if (p2m == ELF_UNSET)
        assert_int_equal(l->p2m_frames, list);
    else
        assert_true(l->p2m_tables == l->p2m + list && l->p2m + l->p2m_frames >= l->p2m_tables + tables(p2m, list));
}

static void kernels_of_all_kinds(void **state)
{
    static const uint64_t bases[] = {0,       KERNEL, 0xffff880000000000, HV_VIRT_END, 0x1000, (1ul << 47) - 256 * MIB,
                                     0x3ff000};
    unsigned int fit = 0;

    for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++)
        for (unsigned int n = 0; n < 400; n++) {
            uint64_t kernel = 1 + (uint64_t)rand() % (40 * MIB), ramdisk = n % 4 ? (uint64_t)rand() % (40 * MIB) : 0;
            uint64_t memory = (4 + (uint64_t)rand() % 100) * 2 * MIB, p2m = n & 1 ? P2M : ELF_UNSET;
            int rc = layout(bases[b], kernel, ramdisk, memory, p2m, n & 2);
            if (!rc)
                check(bases[b], kernel, ramdisk, memory, p2m, n & 2);
            else
                assert_non_null(error);
            fit += !rc;
            /* Half of it would hold all: there is no reason to refuse. */
            if (kernel + ramdisk + 12 * MIB < memory / 2) assert_int_equal(rc, 0);
        }
    assert_true(fit > 1000);
}

/* The last bytes of the address space, and of each half: refused in time, or laid out in order. */
static void edges(void **state)
{
    static const uint64_t tops[] = {0, 1ul << 47, HV_VIRT_START};

    for (size_t t = 0; t < 3; t++)
        for (uint64_t below = 4096; below <= 64 * MIB; below += 257 * 4096)
            for (unsigned int own = 0; own < 2; own++) {
                uint64_t base = tops[t] - below, kernel = below < MIB ? below - 1 : MIB;
                if (!layout(base, kernel, 0, 128 * MIB, own ? P2M : ELF_UNSET, true))
                    check(base, kernel, 0, 128 * MIB, own ? P2M : ELF_UNSET, true);
                else
                    assert_non_null(error);
                /* The list at the edge; 16 GiB have 32 MiB of it. */
                if (!layout(KERNEL, MIB, 0, 16384 * MIB, base, true))
                    assert_true(base + 32 * MIB > base && (base + 32 * MIB <= 1ul << 47 || base >= HV_VIRT_END));
            }
    assert_int_not_equal(layout(0ul - 8192, 4096, 0, 128 * MIB, ELF_UNSET, true), 0);
    assert_int_not_equal(layout(0, ~0ul, 0, 128 * MIB, ELF_UNSET, true), 0);
    assert_int_not_equal(layout(0, ~0ul << 13, 0, 128 * MIB, ELF_UNSET, true), 0);
    assert_int_not_equal(layout(KERNEL, MIB, 1ul << 40, 128 * MIB, ELF_UNSET, false), 0);
    assert_int_not_equal(layout(KERNEL, MIB, 1ul << 40, 128 * MIB, ELF_UNSET, true), 0);
    assert_int_not_equal(layout(KERNEL, 4096, 0, 4 * MIB - 12288, ELF_UNSET, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_of_all_kinds), cmocka_unit_test(edges)};

    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
