/* SPDX-License-Identifier: MIT */
/*
 * I/O ports. Without the privilege level that the guest's kernel gave itself, its user mode reaches none;
 * with it, only those that the domain was given. The hypervisor's console, the interrupt controllers,
 * the timer and configuration access of a tenant must stay out of reach; a sweep over all 65536 ports
 * from the guest's kernel must leave the machine running. Attack row 20.
 */
#include "rt_test.h"

extern char user_in[], user_end[];
__asm__(".pushsection .rodata\n"
        "user_in: in %dx, %al\n"
        "         syscall\n"
        "user_end:\n"
        ".popsection");

static int in_port(uint16_t port, uint8_t *value)
{
    struct rt_fault f;
    volatile uint8_t got = 0;

    RT_CATCH(&f, {
        uint8_t v;

        __asm__ volatile("in %1, %0" : "=a"(v) : "d"(port));
        got = v;
    });
    *value = got;
    return f.vector;
}

static int out_port(uint16_t port, uint8_t value)
{
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("out %0, %1" : : "a"(value), "d"(port)));
    return f.vector;
}

static long set_iopl(unsigned iopl)
{
    struct physdev_set_iopl arg = {.iopl = iopl};

    return rt_physdev_op(PHYSDEVOP_set_iopl, &arg);
}

static void user_mode(void)
{
    static const uint16_t ports[] = {0x20, 0x21, 0x40, 0x60, 0x70, 0x80, 0xcf8, 0xcfc, 0x3f8};
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    struct rt_fault f;

    for (unsigned i = 0; i < RT_ARRAY_SIZE(ports); i++) {
        regs.rdx = ports[i];
        rt_user_run(&regs, &f);
        CHECK_MSG(f.vector == RT_GP, "user mode, port %#x: vector %d", ports[i], f.vector);
    }
}

static void sweep(void)
{
    unsigned open = 0, shut = 0, telling = 0;

    for (unsigned port = 0; port < 0x10000; port++) {
        uint8_t value;
        int vector = in_port((uint16_t)port, &value);

        if (!CHECK_MSG(vector == -1 || vector == RT_GP, "port %#x: vector %d", port, vector)) return;
        open += vector == -1;
        shut += vector != -1;
        telling += vector == -1 && value != 0xff;
    }
    rt_printf("%u ports answer, %u of them not with ff; %u fault\n", open, telling, shut);
    if (!rt_start_is_dom0()) EQ(telling, 0); /* a port that is not there reads as ones */
}

/* Interrupt controllers, timer, the serial console, reset and power: writes must not reach them. */
static void hypervisor_ports(void)
{
    static const uint16_t ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x40, 0x42, 0x43, 0x3f8, 0x3f9, 0x3fb};
    uint64_t before = rt_time_now();

    for (unsigned i = 0; i < RT_ARRAY_SIZE(ports); i++)
        for (unsigned value = 0; value < 256; value += 85)
            out_port(ports[i], (uint8_t)value);
    rt_time_spin(20 * RT_MS);
    CHECK(rt_time_now() - before >= 20 * RT_MS);
    EQ(rt_console_io(CONSOLEIO_write, 0, ""), rt_start_is_dom0() ? 0 : rt_console_io(CONSOLEIO_write, 0, ""));
}

static void string_forms(void)
{
    static uint8_t buffer[64];
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile("rep insb" : : "d"(0x80), "D"(buffer), "c"(4) : "memory"));
    CHECK(f.vector == -1 || f.vector == RT_GP);
    RT_CATCH(&f, __asm__ volatile("rep outsb" : : "d"(0x80), "S"(buffer), "c"(4) : "memory"));
    CHECK(f.vector == -1 || f.vector == RT_GP);
    RT_CATCH(&f, __asm__ volatile("rep insb" : : "d"(0x80), "D"(HYPERVISOR_VIRT_START), "c"(4) : "memory"));
    CHECK(f.vector == RT_GP || f.vector == RT_PF);
    RT_CATCH(&f, __asm__ volatile("rep outsb" : : "d"(0x80), "S"(0xffff82d080200000), "c"(4) : "memory"));
    CHECK(f.vector == RT_GP || f.vector == RT_PF);
    RT_CATCH(&f, __asm__ volatile("rep insb" : : "d"(0x80), "D"(TEST_NONCANONICAL), "c"(4) : "memory"));
    CHECK(f.vector == RT_GP || f.vector == RT_PF);
}

void test_main(void)
{
    NEED(rt_user_init() == 0);
    rt_user_load(user_in, (size_t)(user_end - user_in));
    user_mode();
    EQ(set_iopl(4), -XEN_EINVAL);
    EQ(set_iopl(~0u), -XEN_EINVAL);
    EQ(set_iopl(1), 0);
    user_mode();
    sweep();
    hypervisor_ports();
    string_forms();
    EQ(rt_physdev_op(PHYSDEVOP_set_iopl, (void *)TEST_UNMAPPED), -XEN_EFAULT);
}
