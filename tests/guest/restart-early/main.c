/* SPDX-License-Identifier: MIT */
/*
 * A control domain that crashes at its first instruction, each time that it is started (dom0_restart=20), on a machine
 * with two CPUs: one may run it, and end it, while the other is still about to start it. Every restart that was granted
 * comes. The verdict is in what the hypervisor says: see `options`. Attack row 25.
 */
#include "rt_test.h"

/* A second note of the kind counts: this entry, not the runtime's. */
__asm__(".pushsection .note.Xen, \"a\", @note\n"
        ".balign 4\n"
        ".long 4, 8, 1\n"
        ".asciz \"Xen\"\n"
        ".balign 4\n"
        ".quad dies_at_once\n"
        ".popsection\n"
        ".globl dies_at_once\n"
        "dies_at_once: ud2\n");

void test_main(void)
{
    test_failure("it lives");
}
