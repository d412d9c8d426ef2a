/* SPDX-License-Identifier: MIT */
#include "cpu/decode.h"
#include "lib.h"

#define NONE 0xff
#define RIP  16

struct cursor {
    const uint8_t *p, *end;
    bool bad;
};

static uint8_t next(struct cursor *c)
{
    if (c->p >= c->end) {
        c->bad = true;
        return 0;
    }
    return *c->p++;
}

static int32_t next_i32(struct cursor *c)
{
    uint32_t v = 0;

    for (int i = 0; i < 4; i++)
        v |= (uint32_t)next(c) << (8 * i);
    return (int32_t)v;
}

struct prefixes {
    uint8_t rex;
    bool opsize, lock, rep, address32;
};

/* SDM volume 2, 2.1.5: ModR/M and SIB, 64-bit addressing. */
static void modrm_memory(struct cursor *c, uint8_t modrm, uint8_t rex, struct decoded *d)
{
    uint8_t mod = modrm >> 6, rm = modrm & 7;

    d->base = d->index = NONE;
    if (rm == 4) {
        uint8_t sib = next(c);
        uint8_t index = (uint8_t)((sib >> 3 & 7) | (rex & 2) << 2);
        if (index != 4) {
            d->index = index;
            d->scale = (uint8_t)(1 << (sib >> 6));
        }
        if ((sib & 7) == 5 && mod == 0)
            d->disp = next_i32(c);
        else
            d->base = (uint8_t)((sib & 7) | (rex & 1) << 3);
    } else if (rm == 5 && mod == 0) {
        d->base = RIP;
        d->disp = next_i32(c);
    } else {
        d->base = (uint8_t)(rm | (rex & 1) << 3);
    }
    if (mod == 1)
        d->disp = (int8_t)next(c);
    else if (mod == 2)
        d->disp = next_i32(c);
}

/* Memory-write forms: opcode to operation; the operand's size follows opsize and REX.W. */
static int decode_write(struct cursor *c, uint16_t opcode, const struct prefixes *x, struct decoded *d)
{
    uint8_t full = x->rex & 8 ? 8 : x->opsize ? 2 : 4;
    uint8_t modrm = next(c), sub = modrm >> 3 & 7;
    uint8_t imm_bytes = 0;
    bool sign = false;

    d->kind = DECODE_MEMORY_WRITE;
    d->rex = x->rex;
    d->reg = (uint8_t)(sub | (x->rex & 4) << 1);
    d->size = opcode & 1 ? full : 1;
    switch (opcode) {
    case 0x88:
    case 0x89:
        d->op = DECODE_MOV;
        break;
    case 0xc6:
    case 0xc7:
        if (sub) return -XEN_EINVAL;
        d->op = DECODE_MOV;
        imm_bytes = d->size == 8 ? 4 : d->size;
        sign = d->size == 8;
        break;
    case 0x86:
    case 0x87:
        d->op = DECODE_XCHG;
        break;
    case 0x20:
    case 0x21:
        d->op = DECODE_AND;
        break;
    case 0x08:
    case 0x09:
        d->op = DECODE_OR;
        break;
    case 0x80:
    case 0x81:
    case 0x83:
        if (sub != 4 && sub != 1) return -XEN_EINVAL;
        d->op = sub == 4 ? DECODE_AND : DECODE_OR;
        imm_bytes = opcode == 0x81 ? (d->size == 8 ? 4 : d->size) : 1;
        sign = true;
        break;
    case 0x0fba:
        if (sub != 6 && sub != 5) return -XEN_EINVAL;
        d->op = sub == 6 ? DECODE_BTR : DECODE_BTS;
        d->size = full;
        imm_bytes = 1;
        break;
    case 0x0fb0:
    case 0x0fb1:
        d->op = DECODE_CMPXCHG;
        break;
    default:
        return -XEN_EINVAL;
    }
    if (modrm >> 6 == 3) return -XEN_EINVAL;
    modrm_memory(c, modrm, x->rex, d);
    if (imm_bytes) {
        d->has_imm = true;
        for (int i = 0; i < imm_bytes; i++)
            d->imm |= (uint64_t)next(c) << (8 * i);
        if (sign && imm_bytes < 8 && (d->imm >> (imm_bytes * 8 - 1) & 1)) d->imm |= ~0ul << (imm_bytes * 8);
    } else if (d->size == 1 && !x->rex && d->reg >= 4) {
        return -XEN_EINVAL; /* ah, ch, dh, bh */
    }
    if (x->lock && d->op == DECODE_MOV) return -XEN_EINVAL;
    return c->bad || x->rep ? -XEN_EINVAL : 0;
}

static int decode_io(struct cursor *c, uint8_t opcode, const struct prefixes *x, struct decoded *d)
{
    d->kind = DECODE_IO;
    d->size = opcode & 1 ? (x->opsize ? 2 : 4) : 1;
    if (x->lock) return -XEN_EINVAL;
    switch (opcode & ~1) {
    case 0x6c:
        d->op = DECODE_INS;
        return x->rep || x->address32 ? -XEN_EINVAL : 0;
    case 0x6e:
        d->op = DECODE_OUTS;
        return x->rep || x->address32 ? -XEN_EINVAL : 0;
    case 0xe4:
    case 0xe6:
        d->has_imm = true;
        d->imm = next(c);
        break;
    default:
        break;
    }
    d->op = (opcode & 2) ? DECODE_OUT : DECODE_IN;
    return x->rep ? -XEN_EINVAL : 0;
}

static int decode_0f(struct cursor *c, const struct prefixes *x, struct decoded *d)
{
    static const struct {
        uint8_t opcode, op;
    } plain[] = {{0x06, DECODE_CLTS},  {0x09, DECODE_WBINVD}, {0x30, DECODE_WRMSR},
                 {0x32, DECODE_RDMSR}, {0x33, DECODE_RDPMC},  {0xa2, DECODE_CPUID}};
    uint8_t opcode = next(c);

    if (opcode == 0xba || opcode == 0xb0 || opcode == 0xb1) return decode_write(c, (uint16_t)(0x0f00 | opcode), x, d);
    d->kind = DECODE_PRIVILEGED;
    d->size = 8;
    if (x->lock || x->rep) return -XEN_EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        if (plain[i].opcode == opcode) {
            d->op = plain[i].op;
            return 0;
        }
    uint8_t modrm = next(c);
    if (opcode == 0x01) {
        if (modrm == 0xd1) {
            d->op = DECODE_XSETBV;
            return 0;
        }
        if ((modrm >> 3 & 7) == 7 && modrm >> 6 != 3) {
            d->op = DECODE_INVLPG;
            modrm_memory(c, modrm, x->rex, d);
            return 0;
        }
        return -XEN_EINVAL;
    }
    if (opcode < 0x20 || opcode > 0x23) return -XEN_EINVAL;
    d->op = opcode == 0x20   ? DECODE_MOV_FROM_CR
            : opcode == 0x21 ? DECODE_MOV_FROM_DR
            : opcode == 0x22 ? DECODE_MOV_TO_CR
                             : DECODE_MOV_TO_DR;
    d->reg = (uint8_t)((modrm >> 3 & 7) | (x->rex & 4) << 1);
    d->rm = (uint8_t)((modrm & 7) | (x->rex & 1) << 3);
    return 0;
}

static int decode_opcode(struct cursor *c, const struct prefixes *x, struct decoded *d)
{
    uint8_t opcode = next(c);

    if (c->bad) return -XEN_EINVAL;
    if (opcode == 0x0f) return decode_0f(c, x, d);
    if ((opcode & 0xfc) == 0x6c || (opcode & 0xfc) == 0xe4 || (opcode & 0xfc) == 0xec)
        return decode_io(c, opcode, x, d);
    if (opcode == 0xfa || opcode == 0xfb || opcode == 0xf4) {
        d->kind = DECODE_PRIVILEGED;
        d->op = opcode == 0xfa ? DECODE_CLI : opcode == 0xfb ? DECODE_STI : DECODE_HLT;
        return x->lock ? -XEN_EINVAL : 0;
    }
    return decode_write(c, opcode, x, d);
}

int decode(const uint8_t *code, size_t n, struct decoded *out)
{
    struct cursor c = {code, code + MIN(n, 15ul), false};
    struct prefixes x = {0};

    memset(out, 0, sizeof(*out));
    out->base = out->index = NONE;
    for (; c.p < c.end; c.p++) {
        if (*c.p == 0x66)
            x.opsize = true;
        else if (*c.p == 0xf0)
            x.lock = true;
        else if (*c.p == 0xf2 || *c.p == 0xf3)
            x.rep = true;
        else if (*c.p == 0x67)
            x.address32 = true;
        else if (*c.p == 0x64 || *c.p == 0x65)
            out->segment_override = true;
        else if (*c.p != 0x2e && *c.p != 0x3e && *c.p != 0x26 && *c.p != 0x36)
            break;
    }
    if (c.p < c.end && (*c.p & 0xf0) == 0x40) x.rex = *c.p++;
    int rc = decode_opcode(&c, &x, out);
    if (rc || c.bad || ((x.address32 || out->segment_override) && out->kind == DECODE_MEMORY_WRITE)) return -XEN_EINVAL;
    out->length = (uint8_t)(c.p - code);
    return 0;
}

static uint64_t *reg_slot(struct cpu_regs *r, unsigned int reg)
{
    uint64_t *slots[16] = {&r->rax, &r->rcx, &r->rdx, &r->rbx, &r->rsp, &r->rbp, &r->rsi, &r->rdi,
                           &r->r8,  &r->r9,  &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15};
    return slots[reg & 15];
}

uint64_t decode_reg_read(const struct cpu_regs *r, unsigned int reg, unsigned int size)
{
    uint64_t v = *reg_slot((struct cpu_regs *)(uintptr_t)r, reg);

    return size == 8 ? v : v & ((1ul << (size * 8)) - 1);
}

/* SDM volume 1, 3.4.1.1: 32-bit results clear the upper half, smaller ones leave the rest. */
void decode_reg_write(struct cpu_regs *r, unsigned int reg, unsigned int size, uint64_t value)
{
    uint64_t *slot = reg_slot(r, reg);

    if (size == 8)
        *slot = value;
    else if (size == 4)
        *slot = (uint32_t)value;
    else
        *slot = (*slot & ~((1ul << (size * 8)) - 1)) | (value & ((1ul << (size * 8)) - 1));
}

uint64_t decode_address(const struct decoded *d, const struct cpu_regs *r)
{
    uint64_t a = (uint64_t)(int64_t)d->disp;

    if (d->base == RIP)
        a += r->rip + d->length;
    else if (d->base != NONE)
        a += decode_reg_read(r, d->base, 8);
    if (d->index != NONE) a += decode_reg_read(r, d->index, 8) * d->scale;
    return a;
}

void decode_logic_flags(struct cpu_regs *r, uint64_t value, unsigned int size)
{
    uint64_t sign = 1ul << (size * 8 - 1), v = size == 8 ? value : value & ((1ul << (size * 8)) - 1);

    r->rflags &= ~0x8d5ul; /* CF PF AF ZF SF OF */
    r->rflags |= 2;
    if (!v) r->rflags |= 0x40;
    if (v & sign) r->rflags |= 0x80;
    if (!__builtin_parity(v & 0xff)) r->rflags |= 4;
}
