/* SPDX-License-Identifier: MIT */
/*
 * The first kernel to boot: it prints by console_io, looks at what start_info promises, and powers off.
 * Nothing hostile; when this fails, no other test means anything.
 */
#include "rt_test.h"

void test_main(void)
{
    const struct start_info *s = rt_start_info;

    rt_printf("hello from %s, %lu pages, flags %x, tables at %lx (%lu), p2m at %lx\n", s->magic, s->nr_pages, s->flags,
              s->pt_base, s->nr_pt_frames, s->mfn_list);
    rt_printf("command line '%s'\n", (const char *)s->cmd_line);
    CHECK(strncmp(s->magic, "xen-3.0-x86_64", sizeof(s->magic)) == 0);
    CHECK(s->nr_pages >= 1024);
    CHECK(s->nr_pt_frames >= 4);
    CHECK((s->shared_info & 0xfff) == 0);
    CHECK((s->pt_base & 0xfff) == 0);
    CHECK(s->cmd_line[MAX_GUEST_CMDLINE - 1] == 0);
    CHECK(rt_time_now() > 0);
}
