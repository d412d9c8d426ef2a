/* SPDX-License-Identifier: MIT */
/*
 * platform_op: the clock, what firmware said, the CPUs; and that nothing else is there: no microcode, no MTRRs, no
 * sleep, no CPU or memory hot-plug, no EFI runtime calls, no model-specific registers. Attack rows 8 and 28. A tenant
 * has nothing of it.
 */
#include "rt_test.h"

static long call(struct xen_platform_op *op)
{
    return RT_HC(__HYPERVISOR_platform_op, op, 0, 0, 0, 0);
}

static struct xen_platform_op command(uint32_t cmd)
{
    struct xen_platform_op op = {.cmd = cmd, .interface_version = XENPF_INTERFACE_VERSION};
    return op;
}

static void clock(void)
{
    struct xen_platform_op op = command(XENPF_settime64);
    uint64_t was = rt_time_wall() + rt_time_now() / RT_S;

    op.u.settime64.secs = 2000000000;
    op.u.settime64.system_time = rt_time_now();
    op.u.settime64.nsecs = 999999999;
    EQ(call(&op), 0);
    uint64_t now = rt_time_wall() + rt_time_now() / RT_S;
    CHECK_MSG(now >= 1999999999 && now < 2000000010, "the clock says %lu", now);
    op.u.settime64.nsecs = 1000000000;
    CHECK(call(&op) < 0);
    op.u.settime64.nsecs = 0;
    op.u.settime64.mbz = 1;
    CHECK(call(&op) < 0);
    op.u.settime64.mbz = 0;
    op.u.settime64.system_time = ~0ull;
    call(&op); /* absurd, but no harm */
    op = command(XENPF_settime32);
    op.u.settime32.secs = (uint32_t)was;
    op.u.settime32.system_time = rt_time_now();
    EQ(call(&op), 0);
    now = rt_time_wall() + rt_time_now() / RT_S;
    CHECK_MSG(now >= was - 1 && now < was + 60, "the clock says %lu, not %lu", now, was);
}

static void firmware(void)
{
    static const uint32_t types[] = {0, 1, 2, 3, 4, 5, 6, ~0u};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(types); i++)
        for (uint32_t index = 0; index < 8; index++) {
            struct xen_platform_op op = command(XENPF_firmware_info);
            op.u.firmware_info.type = types[i];
            op.u.firmware_info.index = index;
            CHECK_MSG(call(&op) < 0, "firmware information of type %u", types[i]);
        }
}

static void cpus(void)
{
    struct xen_platform_op op = command(XENPF_get_cpuinfo);

    EQ(call(&op), 0);
    EQ(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_ONLINE);
    EQ(op.u.pcpu_info.max_present, 1);
    op.u.pcpu_info.xen_cpuid = 1;
    EQ(call(&op), 0);
    EQ(op.u.pcpu_info.apic_id, 1);
    for (uint32_t cpu = 2; cpu; cpu <<= 1) {
        op.u.pcpu_info.xen_cpuid = cpu;
        EQ(call(&op), 0);
        EQ(op.u.pcpu_info.flags, XEN_PCPU_FLAGS_INVALID);
    }
    op = command(XENPF_cpu_offline);
    op.u.cpu_ol.cpuid = 1;
    CHECK(call(&op) < 0);
}

/* Sleep states, and soft-off by any other number. */
static void sleep(void)
{
    for (uint32_t state = 0; state < 40; state++) {
        struct xen_platform_op op = command(XENPF_enter_acpi_sleep);
        op.u.enter_acpi_sleep.sleep_state = state;
        op.u.enter_acpi_sleep.val_a = 0x2000;
        if (state != 5) CHECK_MSG(call(&op) < 0, "sleep state %u", state);
    }
}

static bool known(uint32_t cmd)
{
    return cmd == XENPF_settime32 || cmd == XENPF_settime64 || cmd == XENPF_firmware_info ||
           cmd == XENPF_enter_acpi_sleep || cmd == XENPF_get_cpuinfo || cmd == XENPF_cpu_offline;
}

static void absent(void)
{
    for (uint32_t cmd = 0; cmd < 100; cmd++) {
        struct xen_platform_op op = command(cmd);
        if (!known(cmd)) EQ(call(&op), -XEN_ENOSYS);
        op.interface_version++;
        EQ(call(&op), -XEN_EACCES);
    }
    struct xen_platform_op op = command(~0u);
    EQ(call(&op), -XEN_ENOSYS);
}

static void pointers(void)
{
    static const uint64_t bad[] = {0, 0x10, TEST_UNMAPPED, TEST_NONCANONICAL, 0xffff830000000000, ~0ull};

    for (unsigned i = 0; i < RT_ARRAY_SIZE(bad); i++)
        EQ(call((void *)bad[i]), -XEN_EFAULT);
}

static void tenant(void)
{
    for (uint32_t cmd = 0; cmd < 100; cmd++) {
        struct xen_platform_op op = command(cmd);
        if (cmd == XENPF_enter_acpi_sleep) op.u.enter_acpi_sleep.sleep_state = 5;
        CHECK_MSG(call(&op) < 0, "command %u", cmd);
    }
}

void test_main(void)
{
    pointers();
    if (!rt_start_is_dom0()) {
        tenant();
        return;
    }
    clock();
    firmware();
    cpus();
    sleep();
    absent();
}
