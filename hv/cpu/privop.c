/* SPDX-License-Identifier: MIT */
#include "hypercall/handler.h"
#include "cpu/privop.h"
#include "cpu/bounce.h"
#include "cpu/decode.h"
#include "cpu/fpu.h"
#include "cpu/debugreg.h"
#include "mm/mmuext.h"
#include "mm/paging.h"
#include "mm/table.h"
#include "mm/pte.h"
#include "mm/layout.h"
#include "device/device.h"

#define GP_ERROR_IDT 2u

size_t decode_fetch(gva_t rip, uint8_t code[15])
{
    size_t to_end = PAGE_SIZE - (rip & ~PAGE_MASK), n = MIN(15ul, to_end);

    if (copy_from_guest(code, rip, n)) return 0;
    if (n < 15 && !copy_from_guest(code + n, rip + n, 15 - n)) n = 15;
    return n;
}

/* INT n whose gate is not open to ring 3 in the hypervisor's own table: the guest's table decides. */
static bool software_interrupt(struct cpu_regs *r)
{
    struct vcpu *v = current;
    uint8_t code[15];
    size_t n = decode_fetch(r->rip, code);

    if (n < 2 || code[0] != 0xcd) return false;
    const struct trap_entry *t = &v->state->traps[code[1]];
    if (!t->address || (!v->guest_kernel && (t->flags & 3) != 3)) {
        bounce_trap(13, true, code[1] * 8u + 2);
        return true;
    }
    r->rip += 2;
    bounce_trap(code[1], false, 0);
    return true;
}

/* What became of an instruction. BOUNCED: it faulted in its own turn, and the guest is in its handler. */
enum outcome { NOT_OURS, DONE, BOUNCED };

static uint16_t port_of(const struct cpu_regs *r, const struct decoded *in)
{
    return in->has_imm ? (uint16_t)in->imm : (uint16_t)r->rdx;
}

static int64_t string_step(const struct cpu_regs *r, const struct decoded *in)
{
    return r->rflags & 0x400 ? -(int64_t)in->size : in->size;
}

/* Refused ports read as all ones, and writes to them go nowhere: kernels probe. */
static enum outcome port_in(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    decode_reg_write(r, 0, in->size, ioport_read(OP_DECODE_IN, port_of(r, in), in->size));
    return DONE;
}

static enum outcome port_out(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    ioport_write(OP_DECODE_OUT, port_of(r, in), in->size, (uint32_t)decode_reg_read(r, 0, in->size));
    return DONE;
}

static enum outcome port_ins(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    if (in->segment_override) return NOT_OURS;
    uint32_t value = ioport_read(OP_DECODE_INS, port_of(r, in), in->size);
    if (copy_to_guest(r->rdi, &value, in->size)) {
        bounce_page_fault(r->rdi, 2);
        return BOUNCED;
    }
    r->rdi += (uint64_t)string_step(r, in);
    return DONE;
}

static enum outcome port_outs(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint32_t value = 0;

    if (in->segment_override) return NOT_OURS;
    if (copy_from_guest(&value, r->rsi, in->size)) {
        bounce_page_fault(r->rsi, 0);
        return BOUNCED;
    }
    ioport_write(OP_DECODE_OUTS, port_of(r, in), in->size, value);
    r->rsi += (uint64_t)string_step(r, in);
    return DONE;
}

static enum outcome read_cr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
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
        return NOT_OURS;
    }
    decode_reg_write(r, in->rm, 8, value);
    return DONE;
}

static enum outcome new_cr3(struct vcpu *v, uint64_t value)
{
    struct allowance a = {ALLOWANCE_TABLES};

    spin_lock(&v->domain->mm.lock);
    int rc = mmuext_new_base(v, value >> PAGE_SHIFT, false, &a);
    spin_unlock(&v->domain->mm.lock);
    return rc ? NOT_OURS : DONE;
}

static enum outcome write_cr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint64_t value = decode_reg_read(r, in->rm, 8);
    enum operation op = in->reg == 3   ? OP_DECODE_MOV_TO_CR
                        : in->reg == 0 ? OP_DECODE_MOV_TO_CR_ts
                                       : OP_DECODE_MOV_TO_CR_shadow;

    if (ask_own(op, value)) return NOT_OURS;
    switch (in->reg) {
    case 0: /* only TS may change */
        if ((value ^ 0x80050033ul) & ~8ul) return NOT_OURS;
        fpu_set_ts(v, value & 8);
        return DONE;
    case 2:
        v->info->arch.cr2 = value;
        return DONE;
    case 3:
        return new_cr3(v, value);
    case 4: /* a shadow: the hypervisor's own CR4 never follows */
        if (value & ~0x3fffffful) return NOT_OURS;
        v->state->cr4 = value;
        return DONE;
    default:
        return NOT_OURS;
    }
}

static enum outcome read_msr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint64_t value;

    if (guest_rdmsr(v, (uint32_t)r->rcx, &value)) return NOT_OURS;
    r->rax = (uint32_t)value;
    r->rdx = value >> 32;
    return DONE;
}

static enum outcome write_msr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    return guest_wrmsr(v, (uint32_t)r->rcx, (r->rdx << 32) | (uint32_t)r->rax) ? NOT_OURS : DONE;
}

static enum outcome read_dr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint64_t value;

    if (debugreg_read(v, in->reg, &value)) return NOT_OURS;
    decode_reg_write(r, in->rm, 8, value);
    return DONE;
}

static enum outcome write_dr(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    return debugreg_write(v, in->reg, decode_reg_read(r, in->rm, 8)) ? NOT_OURS : DONE;
}

static enum outcome mask_events(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    v->info->evtchn_upcall_mask = in->op == DECODE_CLI;
    return DONE;
}

static enum outcome clear_ts(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    fpu_set_ts(v, false);
    return DONE;
}

static enum outcome write_xcr0(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    return (uint32_t)r->rcx || fpu_set_xcr0(v, r->rdx << 32 | (uint32_t)r->rax) ? NOT_OURS : DONE;
}

/* RAM is always write-back. */
static enum outcome flush_caches(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    return DONE;
}

static enum outcome flush_page(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    gva_t va = decode_address(in, r);

    if (guest_range_ok(va, 1, 1)) invlpg(va);
    return DONE;
}

static enum outcome emulate_cpuid(struct vcpu *v, struct cpu_regs *r, const struct decoded *in)
{
    uint32_t out[4];

    guest_cpuid(v, (uint32_t)r->rax, (uint32_t)r->rcx, out);
    r->rax = out[0];
    r->rbx = out[1];
    r->rcx = out[2];
    r->rdx = out[3];
    return DONE;
}

static const struct {
    enum outcome (*fn)(struct vcpu *v, struct cpu_regs *r, const struct decoded *in);
    enum operation op;
} ops[] = {EMULATED_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT)};

/* From the guest's user mode: ports where its kernel raised the IOPL, and CPUID. */
static bool user_may(const struct vcpu *v, const struct decoded *in)
{
    return in->kind == DECODE_IO ? v->state->iopl == 3 : in->op == DECODE_CPUID;
}

/* 64-bit code, by one of the ABI's selectors or the guest's own: bit 21 of LAR's result is L (SDM volume 2, LAR). */
static bool in_64bit_code(const struct cpu_regs *r)
{
    uint64_t rights = 0;

    if ((r->cs & 0xffff) == FLAT_RING3_CS64) return true;
    __asm__("lar %1, %0" : "+r"(rights) : "r"(r->cs & 0xffff) : "cc");
    return rights & (1ul << 21);
}

bool privop_emulate(struct cpu_regs *r)
{
    struct vcpu *v = current;
    struct decoded in;
    uint8_t code[15];

    if (r->error_code & GP_ERROR_IDT) return software_interrupt(r);
    if (r->error_code || !in_64bit_code(r)) return false;
    size_t n = decode_fetch(r->rip, code);
    if (!n || decode(code, n, &in)) return false;
    if (in.kind == DECODE_MEMORY_WRITE || in.op >= ARRAY_SIZE(ops) || !ops[in.op].fn ||
        (!v->guest_kernel && !user_may(v, &in)) || ask_first(ops[in.op].op, r->rip))
        return false;
    enum outcome rc = ops[in.op].fn(v, r, &in);
    if (rc == DONE) r->rip += in.length;
    return rc != NOT_OURS;
}

bool privop_forced_cpuid(struct cpu_regs *r)
{
    static const uint8_t form[] = {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x0f, 0xa2};
    uint8_t code[sizeof(form)];

    if (copy_from_guest(code, r->rip, sizeof(code)) || memcmp(code, form, sizeof(form)) ||
        ask_first(OP_DECODE_CPUID, r->rip))
        return false;
    emulate_cpuid(current, r, NULL);
    r->rip += sizeof(form);
    return true;
}
