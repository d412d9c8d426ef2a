/* SPDX-License-Identifier: MIT */
/* Instructions that the hypervisor performs for a kernel. */
#include "walk.h"

#define CMOS_INDEX 0x70
#define PCI_INDEX  0xcf8
#define PCI_DATA   0xcfc

static uint8_t in8(uint16_t port)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "d"(port));
    return v;
}

static void out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "d"(port));
}

static uint32_t in32(uint16_t port)
{
    uint32_t v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "d"(port));
    return v;
}

static void out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "d"(port));
}

/* --- Ports: a refused one reads as all ones and swallows writes --- */
static void index_zero(void)
{
    out8(CMOS_INDEX, 0);
}

static uint64_t cmos_index(void)
{
    return in8(CMOS_INDEX);
}

static long call_in(void)
{
    return in8(CMOS_INDEX) == 0xff ? -XEN_EPERM : 0;
}

static long call_out(void)
{
    out8(CMOS_INDEX, 0x0f);
    return 0;
}

static long call_ins(void)
{
    uint8_t *to = walk_out;

    __asm__ volatile("insb" : "+D"(to) : "d"((uint16_t)CMOS_INDEX) : "memory");
    return walk_out[0] == 0xff ? -XEN_EPERM : 0;
}

static long call_outs(void)
{
    static const uint8_t value = 0x0e;
    const uint8_t *from = &value;

    __asm__ volatile("outsb" : "+S"(from) : "d"((uint16_t)CMOS_INDEX) : "memory");
    return 0;
}

/* The first function's identity, and the interrupt line register of some device with a BAR-less header byte to write.
 */
static uint32_t line_register;
static void find_function(void)
{
    for (uint32_t device = 1; device < 32 && !line_register; device++) {
        out32(PCI_INDEX, 0x80000000 | device << 11);
        if (in32(PCI_DATA) != ~0u) line_register = 0x80000000 | device << 11 | 0x3c;
    }
    NEED(line_register);
    out32(PCI_INDEX, 0x80000000);
}

static long call_in_pci(void)
{
    return in32(PCI_DATA) == ~0u ? -XEN_EPERM : 0;
}

static void select_line(void)
{
    find_function();
    out32(PCI_INDEX, line_register);
}

static uint8_t line = 1;
static long call_out_pci(void)
{
    out8(PCI_DATA, line);
    line ^= 3;
    return 0;
}

static uint64_t line_value(void)
{
    return in8(PCI_DATA);
}

/* --- Control registers --- */
static uint64_t cr0(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
    return v;
}

static long call_cr3(void)
{
    uint64_t base = xen_pfn_to_cr3(rt_mm_va_mfn(rt_mm_l4()));

    return WALK_PRIVILEGED(__asm__ volatile("mov %0, %%cr3" : : "r"(base) : "memory"));
}

static uint64_t known_cr0;
static void read_cr0(void)
{
    rt_fpu_taskswitch(0);
    known_cr0 = cr0();
}

static long call_ts(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("mov %0, %%cr0" : : "r"(known_cr0 | 8)));
}

static void clear_ts(void)
{
    rt_fpu_taskswitch(0);
}

static uint64_t cr2_value = 0x1000;
static long call_cr2(void)
{
    cr2_value += 0x1000;
    return WALK_PRIVILEGED(__asm__ volatile("mov %0, %%cr2" : : "r"(cr2_value)));
}

static uint64_t cr2(void)
{
    return rt_shared_info->vcpu_info[0].arch.cr2;
}

static long call_read_cr(void)
{
    uint64_t v;

    return WALK_PRIVILEGED(__asm__ volatile("mov %%cr4, %0" : "=r"(v)));
}

static void set_ts(void)
{
    rt_fpu_taskswitch(1);
}

static long call_clts(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("clts"));
}

/* --- Debug registers, MSRs --- */
static long call_write_dr(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("mov %0, %%db1" : : "r"(0x7000ul)));
}

static uint64_t dr1(void)
{
    return (uint64_t)rt_get_debugreg(1);
}

static void no_dr1(void)
{
    rt_set_debugreg(1, 0);
}

static long call_read_dr(void)
{
    uint64_t v;

    return WALK_PRIVILEGED(__asm__ volatile("mov %%db1, %0" : "=r"(v)));
}

static uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static long write_msr(uint32_t msr, uint64_t v)
{
    return WALK_PRIVILEGED(__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))));
}

static long call_write_base(void)
{
    return write_msr(0xc0000100, 0x7654000);
}

static uint64_t fs_base(void)
{
    return read_msr(0xc0000100);
}

static void no_fs_base(void)
{
    rt_set_segment_base(SEGBASE_FS, 0);
}

/* The PAT's value at reset, which it has. */
static long call_write_constant(void)
{
    return write_msr(0x277, 0x0007040600070406);
}

static long call_read_msr(void)
{
    return WALK_PRIVILEGED((void)read_msr(0x277));
}

/* --- The rest --- */
static long call_cpuid(void)
{
    uint32_t a = 0x40000000, b, c = 0, d;
    struct rt_fault f;

    RT_CATCH(&f, __asm__ volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2"
                                  : "+a"(a), "=b"(b), "+c"(c), "=d"(d)));
    return f.vector < 0 ? 0 : f.vector == RT_UD ? -XEN_EPERM : -XEN_EFAULT;
}

static long call_cli(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("cli"));
}

static long call_sti(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("sti"));
}

static uint64_t masked(void)
{
    return rt_shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static void unmask(void)
{
    rt_event_enable();
}

static void mask(void)
{
    rt_event_disable();
}

static uint64_t xcr0(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static void x87_only(void)
{
    NEED(WALK_PRIVILEGED(__asm__ volatile("xsetbv" : : "a"(1), "d"(0), "c"(0))) == 0);
}

static long call_xsetbv(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("xsetbv" : : "a"(3), "d"(0), "c"(0)));
}

static long call_wbinvd(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("wbinvd"));
}

static long call_invlpg(void)
{
    return WALK_PRIVILEGED(__asm__ volatile("invlpg %0" : : "m"(*(char *)TEST_WINDOW)));
}

const struct walk_row walk_emulated[OPERATION_COUNT] = {
    [OP_DECODE_IN] = {.call = call_in, .prepare = index_zero},
    [OP_DECODE_IN_pci] = {.call = call_in_pci, .prepare = find_function},
    [OP_DECODE_OUT] = {.call = call_out, .state = cmos_index, .prepare = index_zero, .silent = true},
    [OP_DECODE_OUT_pci] = {.call = call_out_pci, .state = line_value, .prepare = select_line, .silent = true},
    [OP_DECODE_INS] = {.call = call_ins, .prepare = index_zero},
    [OP_DECODE_OUTS] = {.call = call_outs, .state = cmos_index, .prepare = index_zero, .silent = true},
    [OP_DECODE_MOV_TO_CR] = {.call = call_cr3},
    [OP_DECODE_MOV_TO_CR_ts] = {.call = call_ts, .state = cr0, .prepare = read_cr0, .undo = clear_ts},
    [OP_DECODE_MOV_TO_CR_shadow] = {.call = call_cr2, .state = cr2},
    [OP_DECODE_MOV_FROM_CR] = {.call = call_read_cr},
    [OP_DECODE_MOV_TO_DR] = {.call = call_write_dr, .state = dr1, .undo = no_dr1},
    [OP_DECODE_MOV_FROM_DR] = {.call = call_read_dr},
    [OP_DECODE_WRMSR] = {.call = call_write_base, .state = fs_base, .undo = no_fs_base},
    [OP_DECODE_WRMSR_constant] = {.call = call_write_constant},
    [OP_DECODE_RDMSR] = {.call = call_read_msr},
    [OP_DECODE_CPUID] = {.call = call_cpuid},
    [OP_DECODE_CLI] = {.call = call_cli, .state = masked, .prepare = unmask, .undo = unmask, .memory = true},
    [OP_DECODE_STI] = {.call = call_sti, .state = masked, .prepare = mask, .undo = unmask, .memory = true},
    [OP_DECODE_CLTS] = {.call = call_clts, .state = cr0, .prepare = set_ts, .undo = clear_ts},
    [OP_DECODE_XSETBV] = {.call = call_xsetbv, .state = xcr0, .prepare = x87_only},
    [OP_DECODE_WBINVD] = {.call = call_wbinvd},
    [OP_DECODE_INVLPG] = {.call = call_invlpg},
};
