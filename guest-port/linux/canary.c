/* SPDX-License-Identifier: MIT */
#include "canary.h"

/* A linear congruential sequence (constants of Numerical Recipes), its upper bytes. */
static uint8_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (uint8_t)(*state >> 24);
}

void canary_fill(uint8_t *to, size_t size)
{
    uint32_t state = 0;

    for (size_t i = 0; i < size; i++) {
        if (i % CANARY_STEP == 0) state = 0xb01c4ead;
        to[i] = next(&state);
    }
}

bool canary_found(const uint8_t *data, size_t size)
{
    for (size_t start = 0; start + CANARY_STEP <= size; start += CANARY_STEP) {
        uint32_t state = 0xb01c4ead;
        size_t i = 0;

        while (i < CANARY_STEP && ((const volatile uint8_t *)data)[start + i] == next(&state))
            i++;
        if (i == CANARY_STEP) return true;
    }
    return false;
}
