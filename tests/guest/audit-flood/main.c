/* SPDX-License-Identifier: MIT */
/*
 * A guest that is refused over and over, to wash out of the audit ring what it or another did before. Its rate limit
 * keeps most of it out; the first record stays; what was kept out is counted; numbers have no holes. Attack rows 24
 * and 26.
 */
#include "rt_test.h"

#include "bulkhead.h"

#define REFUSALS 20000u

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static struct bh_audit_read read_from(uint64_t seq, struct bh_audit_record *records, uint32_t count)
{
    struct bh_audit_read read = {.seq = seq, .count = count, .data = (uint64_t)records};

    EQ(call(BH_AUDIT_READ, &read), 0);
    return read;
}

/* The control domain may not pause itself. */
static void be_refused(unsigned times)
{
    struct bh_dom_target self = {.domid = DOMID_SELF};

    for (unsigned i = 0; i < times; i++)
        if (call(BH_DOM_PAUSE, &self) >= 0) CHECK_MSG(0, "refusal %u was none", i);
}

/* As a tenant: no more than the calls; the record is dom0's to read. */
static void as_tenant(void)
{
    struct bh_audit_record records[1];
    struct bh_audit_read read = {.seq = 1, .count = 1, .data = (uint64_t)records};

    be_refused(REFUSALS);
    EQ(call(BH_AUDIT_READ, &read), -XEN_EPERM);
}

void test_main(void)
{
    static struct bh_audit_record records[16];
    struct bh_dom_info info = {.domid = 0};
    struct bh_audit_read before, after;

    if (!rt_start_is_dom0()) {
        as_tenant();
        return;
    }
    before = read_from(~0ull, records, 0);
    be_refused(REFUSALS);
    after = read_from(before.newest + 1, records, 16);
    EQ(call(BH_DOM_INFO, &info), 0);
    CHECK(info.denials >= REFUSALS);
    EQ(after.newest - before.newest + after.limited - before.limited, REFUSALS);
    CHECK(after.limited > before.limited);
    CHECK_MSG(after.newest - before.newest < 4096, "%lu records went through", after.newest - before.newest);
    EQ(after.seq, before.newest + 1); /* the first is still there */
    EQ(after.count, 16);
    EQ(after.dropped, 0);
    for (unsigned i = 0; i < 16; i++) {
        EQ(records[i].seq, before.newest + 1 + i);
        EQ(records[i].allowed, 0);
        EQ(records[i].source, 0);
    }
    be_refused(1);
    read_from(after.newest + 1, records, 1);
}
