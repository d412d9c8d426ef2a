/* SPDX-License-Identifier: MIT */
#include "measure/entropy.h"
#include "cpu/io.h"

#define CPUID_1_ECX_RDRAND (1u << 30)
#define RDRAND_TRIES       10 /* Intel SDM volume 1, 7.3.17.1 */

static bool rdrand(uint64_t *out)
{
    bool ok = false;

    for (int i = 0; i < RDRAND_TRIES && !ok; i++)
        __asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
    return ok;
}

static bool have_rdrand(void)
{
    uint32_t a, b, c, d;

    cpuid(1, 0, &a, &b, &c, &d);
    return c & CPUID_1_ECX_RDRAND;
}

bool entropy_collect(struct entropy *e)
{
    bool ok = have_rdrand();
    uint32_t a, b, c, d;
    uint64_t last = rdtsc();

    for (size_t i = 0; i < ARRAY_SIZE(e->random); i++)
        e->random[i] = 0;
    for (size_t i = 0; i < ARRAY_SIZE(e->random) && ok; i++)
        ok = rdrand(&e->random[i]);
    for (size_t i = 0; i < ARRAY_SIZE(e->jitter); i++) {
        uint64_t now;

        cpuid(0, 0, &a, &b, &c, &d); /* serialises; under a hypervisor it is an exit of varying length */
        now = rdtsc();
        e->jitter[i] = now - last;
        last = now;
    }
    return ok;
}
