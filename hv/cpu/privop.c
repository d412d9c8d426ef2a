/* SPDX-License-Identifier: MIT */
#include "cpu/privop.h"
#include "cpu/bounce.h"
#include "cpu/decode.h"
#include "cpu/percpu.h"
#include "cpu/fpu.h"
#include "cpu/debugreg.h"
#include "mm/access.h"
#include "mm/mmuext.h"
#include "mm/paging.h"
#include "mm/table.h"
#include "mm/pte.h"
#include "mm/layout.h"
#include "device/device.h"
#include "domain/domain.h"
#include "monitor/monitor.h"
#include "lib.h"

#define GP_ERROR_IDT 2u

size_t decode_fetch(gva_t rip, uint8_t code[15])
{
    size_t to_end = PAGE_SIZE - (rip & ~PAGE_MASK), n = MIN(15ul, to_end);

    if (copy_from_guest(code, rip, n))
        return 0;
    if (n < 15 && !copy_from_guest(code + n, rip + n, 15 - n))
        n = 15;
    return n;
}

/* INT n whose gate is not open to ring 3 in the hypervisor's own table: the guest's table decides. */
static bool software_interrupt(struct cpu_regs *r)
{
    struct vcpu *v = current;
    uint8_t code[15];
    size_t n = decode_fetch(r->rip, code);

    if (n < 2 || code[0] != 0xcd)
        return false;
    const struct trap_entry *t = &v->state->traps[code[1]];
    if (!t->address || (!v->guest_kernel && (t->flags & 3) != 3)) {
        bounce_trap(13, true, code[1] * 8u + 2);
        return true;
    }
    r->rip += 2;
    bounce_trap(code[1], false, 0);
    return true;
}

static bool io_string(struct vcpu *v, struct cpu_regs *r, const struct decoded *in, uint16_t port)
{
    uint32_t value = 0;
    int64_t step = r->rflags & 0x400 ? -(int64_t)in->size : in->size;

    if (in->op == DECODE_INS) {
        value = ioport_read(v->domain, port, in->size);
        if (copy_to_guest(r->rdi, &value, in->size)) {
            bounce_page_fault(r->rdi, 2);
            return false;
        }
        r->rdi += (uint64_t)step;
    } else {
        if (copy_from_guest(&value, r->rsi, in->size)) {
            bounce_page_fault(r->rsi, 0);
            return false;
        }
        ioport_write(v->domain, port, in->size, value);
        r->rsi += (uint64_t)step;
    }
    return true;
}

/* Refused ports read as all ones, and writes to them go nowhere: kernels probe. */
static bool io(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint16_t port = in->has_imm ? (uint16_t)in->imm : (uint16_t)r->rdx;
    bool advance = true;

    if (!v->guest_kernel && v->state->iopl < 3)
        return false;
    switch (in->op) {
    case DECODE_IN:
        decode_reg_write(r, 0, in->size, ioport_read(v->domain, port, in->size));
        break;
    case DECODE_OUT:
        ioport_write(v->domain, port, in->size, (uint32_t)decode_reg_read(r, 0, in->size));
        break;
    default:
        if (in->segment_override)
            return false;
        advance = io_string(v, r, in, port);
        break;
    }
    if (advance)
        r->rip += in->length;
    return true;
}

static bool read_cr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint64_t value;

    switch (in->reg) {
    case 0:
        value = 0x80050033ul | (v->state->fpu_ts ? 8 : 0);
        break;
    case 2:
        value = v->info->arch.cr2;
        break;
    case 3:
        value = v->kernel_l4 << PAGE_SHIFT;
        break;
    case 4:
        value = v->state->cr4;
        break;
    default:
        return false;
    }
    decode_reg_write(r, in->rm, 8, value);
    return true;
}

static bool write_cr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint64_t value = decode_reg_read(r, in->rm, 8);
    struct allowance a = {ALLOWANCE_TABLES};
    int rc;

    switch (in->reg) {
    case 0: /* only TS may change */
        if ((value ^ 0x80050033ul) & ~8ul)
            return false;
        fpu_set_ts(v, value & 8);
        return true;
    case 2:
        v->info->arch.cr2 = value;
        return true;
    case 3:
        spin_lock(&v->domain->mm.lock);
        rc = mmuext_new_base(v, value >> PAGE_SHIFT, false, &a);
        spin_unlock(&v->domain->mm.lock);
        return !rc;
    case 4: /* a shadow: the hypervisor's own CR4 never follows */
        if (value & ~0x3fffffful)
            return false;
        v->state->cr4 = value;
        return true;
    default:
        return false;
    }
}

static bool msr_op(struct vcpu *v, struct cpu_regs *r, bool write)
{
    uint64_t value = (r->rdx << 32) | (uint32_t)r->rax;

    if (write)
        return !guest_wrmsr(v, (uint32_t)r->rcx, value);
    if (guest_rdmsr(v, (uint32_t)r->rcx, &value))
        return false;
    r->rax = (uint32_t)value;
    r->rdx = value >> 32;
    return true;
}

static void do_cpuid(struct cpu_regs *r)
{
    uint32_t out[4];

    guest_cpuid(current, (uint32_t)r->rax, (uint32_t)r->rcx, out);
    r->rax = out[0];
    r->rbx = out[1];
    r->rcx = out[2];
    r->rdx = out[3];
}

static bool privileged(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    switch (in->op) {
    case DECODE_CLI:
        v->info->evtchn_upcall_mask = 1;
        return true;
    case DECODE_STI:
        v->info->evtchn_upcall_mask = 0;
        return true;
    case DECODE_RDMSR:
        return msr_op(v, r, false);
    case DECODE_WRMSR:
        return msr_op(v, r, true);
    case DECODE_MOV_FROM_CR:
        return read_cr(v, r, in);
    case DECODE_MOV_TO_CR:
        return write_cr(v, r, in);
    case DECODE_MOV_FROM_DR: {
        uint64_t value;
        if (debugreg_read(v, in->reg, &value))
            return false;
        decode_reg_write(r, in->rm, 8, value);
        return true;
    }
    case DECODE_MOV_TO_DR:
        return !debugreg_write(v, in->reg, decode_reg_read(r, in->rm, 8));
    case DECODE_CLTS:
        fpu_set_ts(v, false);
        return true;
    case DECODE_XSETBV:
        return (uint32_t)r->rcx == 0 && !fpu_set_xcr0(v, r->rdx << 32 | (uint32_t)r->rax);
    case DECODE_WBINVD: /* RAM is always write-back */
        return true;
    case DECODE_CPUID:
        do_cpuid(r);
        return true;
    case DECODE_INVLPG: {
        gva_t va = decode_address(in, r);
        if (guest_range_ok(va, 1, 1))
            invlpg(va);
        return true;
    }
    default:
        return false;
    }
}

/* 64-bit code, by one of the ABI's selectors or the guest's own: bit 21 of LAR's result is L (SDM volume 2, LAR). */
static bool in_64bit_code(const struct cpu_regs *r)
{
    uint64_t rights = 0;

    if ((r->cs & 0xffff) == FLAT_RING3_CS64)
        return true;
    __asm__("lar %1, %0" : "+r"(rights) : "r"(r->cs & 0xffff) : "cc");
    return rights & (1ul << 21);
}

bool privop_emulate(struct cpu_regs *r)
{
    struct vcpu *v = current;
    struct decoded in;
    uint8_t code[15];

    if (r->error_code & GP_ERROR_IDT)
        return software_interrupt(r);
    if (r->error_code || !in_64bit_code(r))
        return false;
    size_t n = decode_fetch(r->rip, code);
    if (!n || decode(code, n, &in))
        return false;
    if (in.kind == DECODE_IO)
        return io(v, r, &in);
    if (in.kind != DECODE_PRIVILEGED || (!v->guest_kernel && in.op != DECODE_CPUID))
        return false;
    if (!privileged(v, r, &in))
        return false;
    r->rip += in.length;
    return true;
}

bool privop_forced_cpuid(struct cpu_regs *r)
{
    static const uint8_t form[] = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2};
    uint8_t code[sizeof(form)];

    if (copy_from_guest(code, r->rip, sizeof(code)) || memcmp(code, form, sizeof(form)))
        return false;
    do_cpuid(r);
    r->rip += sizeof(form);
    return true;
}
