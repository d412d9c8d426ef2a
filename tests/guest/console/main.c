/* SPDX-License-Identifier: MIT */
/*
 * console_io: writes of every size, text with bytes that are no text, bad pointers and counts, and reads
 * when nothing was typed. Nothing here may stop the hypervisor. Attack rows 8 and 24.
 */
#include "rt_test.h"

void test_main(void)
{
    static char big[8192];
    char in[16];

    if (!rt_start_is_dom0()) test_skip("console_io is for the first domain");
    EQ(rt_console_io(CONSOLEIO_write, 0, "x"), 0);
    EQ(rt_console_io(CONSOLEIO_write, 6, "text\n"), 0);
    for (unsigned i = 0; i < 256; i++)
        big[i] = i == '\n' || i == '\r' ? '.' : (char)i;
    big[255] = '\n';
    EQ(rt_console_io(CONSOLEIO_write, 256, big), 0);
    memset(big, '=', 1000);
    big[1000] = '\n';
    EQ(rt_console_io(CONSOLEIO_write, 1001, big), 0);
    EQ(rt_console_io(CONSOLEIO_write, 16, (void *)0x7100000000), -XEN_EFAULT);
    EQ(rt_console_io(CONSOLEIO_write, 16, (void *)0x8000000000000000), -XEN_EFAULT);
    EQ(rt_console_io(CONSOLEIO_write, 16, (void *)HYPERVISOR_VIRT_START), -XEN_EFAULT);
    CHECK(rt_console_io(CONSOLEIO_read, sizeof(in), in) <= 0);
    CHECK(rt_console_io(CONSOLEIO_read, sizeof(in), (void *)0x8000000000000000) <= 0);
    EQ(rt_console_io(2, 0, NULL), -XEN_ENOSYS);
    EQ(rt_console_io(-1, 0, NULL), -XEN_ENOSYS);
}
