/* SPDX-License-Identifier: MIT */
#include "sched/share.h"

#define PASSES 4 /* then what is left over is split as if nobody more were full: the next round makes up for it */

static uint64_t most(const struct share *s, uint64_t elapsed)
{
    uint64_t all = s->active * elapsed;

    return s->cap ? MIN(all, elapsed * s->cap / 100) : all;
}

static uint64_t part(uint64_t rest, uint32_t weight, uint64_t weights)
{
    return (uint64_t)((unsigned __int128)rest * weight / weights);
}

void share_split(struct share *s, size_t n, unsigned int cpus, uint64_t elapsed)
{
    uint64_t rest = cpus * elapsed, weights = 0;
    bool changed = true;

    for (size_t i = 0; i < n; i++) {
        s[i].full = !s[i].active || !s[i].weight;
        s[i].grant = 0;
        weights += s[i].full ? 0 : s[i].weight;
    }
    for (int pass = 0; pass < PASSES && changed && weights; pass++) {
        uint64_t pass_rest = rest, pass_weights = weights;
        changed = false;
        for (size_t i = 0; i < n; i++) {
            uint64_t limit = most(&s[i], elapsed);
            if (s[i].full || part(pass_rest, s[i].weight, pass_weights) < limit) continue;
            s[i].full = changed = true;
            s[i].grant = limit;
            rest -= limit;
            weights -= s[i].weight;
        }
    }
    for (size_t i = 0; i < n && weights; i++)
        if (!s[i].full) s[i].grant = MIN(part(rest, s[i].weight, weights), most(&s[i], elapsed));
}

int64_t share_lag(int64_t lag, int64_t change)
{
    int64_t sum = lag + change;

    return sum > LAG_MAX ? LAG_MAX : sum < -LAG_MAX ? -LAG_MAX : sum;
}

int64_t share_refill(int64_t budget, uint32_t cap, uint64_t periods)
{
    int64_t quota = (int64_t)(SHARE_PERIOD * cap / 100);

    return MIN(budget + quota * (int64_t)MIN(periods, 1000ul), quota);
}
