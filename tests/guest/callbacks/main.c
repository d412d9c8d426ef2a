/* SPDX-License-Identifier: MIT */
/*
 * How the guest says where it wants to be entered: callback_op, set_callbacks, vm_assist, nmi_op. Every
 * type and flag, addresses that are none, and that a later SYSCALL or event still goes where the last good
 * call said. Attack rows 8, 13 and 14.
 */
#include "rt_test.h"

#include <xen/nmi.h>

extern char rt_entry_event[], rt_entry_failsafe[], rt_entry_syscall[];
extern char user_blob[], user_end[];
__asm__(".pushsection .rodata\n"
        "user_blob: syscall\n"
        "user_end:\n"
        ".popsection");

static const unsigned long nowhere[] = {TEST_NONCANONICAL, 0x0000800000000000, HYPERVISOR_VIRT_START,
                                        0xffff830000000000, HYPERVISOR_VIRT_END - 1};
static volatile unsigned events;

static void count(unsigned port, void *arg)
{
    (void)port;
    (void)arg;
    events++;
}

static long register_callback(uint16_t type, uint16_t flags, unsigned long address)
{
    struct callback_register arg = {.type = type, .flags = flags, .address = address};

    return rt_callback_op(CALLBACKOP_register, &arg);
}

static void types(void)
{
    EQ(register_callback(CALLBACKTYPE_event, 0, (unsigned long)rt_entry_event), 0);
    EQ(register_callback(CALLBACKTYPE_failsafe, CALLBACKF_mask_events, (unsigned long)rt_entry_failsafe), 0);
    EQ(register_callback(CALLBACKTYPE_syscall, CALLBACKF_mask_events, (unsigned long)rt_entry_syscall), 0);
    for (uint16_t type = 8; type < 100; type++)
        CHECK_MSG(register_callback(type, 0, (unsigned long)rt_entry_event) < 0, "type %u", type);
    CHECK(register_callback(0xffff, 0xffff, 0) < 0);
    for (unsigned i = 0; i < RT_ARRAY_SIZE(nowhere); i++)
        for (uint16_t type = CALLBACKTYPE_event; type <= CALLBACKTYPE_syscall; type++)
            if (type != 3) /* obsolete on 64-bit */
                CHECK_MSG(register_callback(type, 0, nowhere[i]) < 0 || test_on_bulkhead() == false, "type %u at %#lx",
                          type, nowhere[i]);
    EQ(rt_callback_op(CALLBACKOP_register, (void *)TEST_UNMAPPED), -XEN_EFAULT);
    EQ(rt_callback_op(CALLBACKOP_register, (void *)HYPERVISOR_VIRT_END), -XEN_EFAULT);
    EQ(rt_callback_op(99, (void *)TEST_UNMAPPED), -XEN_ENOSYS);
    rt_trap_init();
}

static void unregister(void)
{
    struct callback_unregister arg = {.type = CALLBACKTYPE_event};

    CHECK(rt_callback_op(CALLBACKOP_unregister, &arg) < 0); /* these cannot be given up */
    arg.type = CALLBACKTYPE_syscall;
    CHECK(rt_callback_op(CALLBACKOP_unregister, &arg) < 0);
    arg.type = 1000;
    CHECK(rt_callback_op(CALLBACKOP_unregister, &arg) < 0);
    EQ(rt_callback_op(CALLBACKOP_unregister, (void *)TEST_NONCANONICAL), -XEN_EFAULT);
}

static void set_all(void)
{
    for (unsigned i = 0; i < RT_ARRAY_SIZE(nowhere) && test_on_bulkhead(); i++) {
        CHECK(rt_set_callbacks(nowhere[i], (unsigned long)rt_entry_failsafe, (unsigned long)rt_entry_syscall) < 0);
        CHECK(rt_set_callbacks((unsigned long)rt_entry_event, nowhere[i], (unsigned long)rt_entry_syscall) < 0);
        CHECK(rt_set_callbacks((unsigned long)rt_entry_event, (unsigned long)rt_entry_failsafe, nowhere[i]) < 0);
    }
    rt_trap_init();
}

static void assists(void)
{
    for (unsigned type = 0; type < 64; type++) {
        long on = rt_vm_assist(VMASST_CMD_enable, type), off = rt_vm_assist(VMASST_CMD_disable, type);

        CHECK_MSG((on == 0) == (off == 0), "assist %u: %ld, %ld", type, on, off);
    }
    EQ(rt_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    CHECK(rt_vm_assist(VMASST_CMD_enable, 64) < 0);
    CHECK(rt_vm_assist(VMASST_CMD_enable, ~0u) < 0);
    CHECK(rt_vm_assist(77, 0) < 0);
}

static void nmi(void)
{
    struct xennmi_callback arg = {.handler_address = TEST_NONCANONICAL};

    CHECK(RT_HC(__HYPERVISOR_nmi_op, XENNMI_register_callback, TEST_UNMAPPED, 0, 0, 0) < 0);
    if (RT_HC(__HYPERVISOR_nmi_op, XENNMI_register_callback, &arg, 0, 0, 0) == 0) CHECK(!test_on_bulkhead());
    EQ(RT_HC(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0, 0, 0, 0) <= 0, 1);
    EQ(RT_HC(__HYPERVISOR_nmi_op, 99, 0, 0, 0, 0), -XEN_ENOSYS);
}

static void still_entered(void)
{
    struct rt_regs regs = rt_user_regs(RT_USER_CODE);
    struct rt_fault f;
    long ipi = rt_event_ipi(0);

    NEED(ipi > 0);
    rt_user_run(&regs, &f);
    EQ(f.vector, RT_SYSCALL);
    rt_event_handle((unsigned)ipi, count, NULL);
    events = 0;
    rt_event_send((unsigned)ipi);
    EQ(events, 1);
    EQ(rt_event_close((unsigned)ipi), 0);
}

void test_main(void)
{
    NEED(rt_user_init() == 0);
    rt_user_load(user_blob, (size_t)(user_end - user_blob));
    types();
    still_entered();
    unregister();
    set_all();
    assists();
    nmi();
    still_entered();
}
