/* SPDX-License-Identifier: MIT */
/*
 * A control domain that crashes on its second CPU, and the next time at its first instructions, and so on
 * (dom0_restart=20). Whoever crashes on CPU 1 is replaced from there, and the new one runs on CPU 0: it ends while CPU
 * 1 is still about to start it. Every restart that was granted comes. The verdict is in what the hypervisor says: see
 * `options`. Attack row 25.
 */
#include "rt_test.h"

/* A second note of the kind counts: this entry, not the runtime's. A byte of the CMOS tells the lives apart. */
__asm__(".pushsection .note.Xen, \"a\", @note\n"
        ".balign 4\n"
        ".long 4, 8, 1\n"
        ".asciz \"Xen\"\n"
        ".balign 4\n"
        ".quad every_other_life\n"
        ".popsection\n"
        ".globl every_other_life\n"
        "every_other_life:\n"
        "movb $0x70, %al\n"
        "outb %al, $0x70\n"
        "inb $0x71, %al\n"
        "xorb $1, %al\n"
        "outb %al, $0x71\n"
        "testb $1, %al\n"
        "jnz _start\n"
        "ud2\n");

static void fall(void *arg)
{
    (void)arg;
    NEED(RT_HC(__HYPERVISOR_set_trap_table, 0, 0, 0, 0, 0) == 0);
    __asm__ volatile("ud2");
}

void test_main(void)
{
    rt_printf("a life to the second CPU\n");
    NEED(rt_cpu_start(1, fall, NULL) == 0);
    rt_cpu_wait(1, 5000);
    test_failure("it lives");
}
