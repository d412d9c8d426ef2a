/* SPDX-License-Identifier: MIT */
#include "time/clock.h"

struct clock_scale clock_scale_of(uint64_t hz)
{
    struct clock_scale s = {0, 0};
    unsigned __int128 mul = ((unsigned __int128)1000000000u << 32) / hz;

    for (; mul >= 1ul << 32; mul >>= 1)
        s.shift++;
    if (s.shift) /* divide once more, for the bits that the shifts dropped */
        mul = ((unsigned __int128)1000000000u << (32 - s.shift)) / hz;
    for (; mul < 1ul << 31; s.shift--)
        mul = ((unsigned __int128)1000000000u << (32 - s.shift + 1)) / hz;
    s.mul = (uint32_t)mul;
    return s;
}
