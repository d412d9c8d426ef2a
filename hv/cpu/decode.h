/* SPDX-License-Identifier: MIT */
/* A decoder for the few exact instruction forms that the hypervisor performs for a guest. Pure: bytes in, form out;
 * anything else is -EINVAL. 64-bit mode only. */
#ifndef HV_DECODE_H
#define HV_DECODE_H

#include "types.h"
#include "cpu/regs.h"

enum decode_kind { DECODE_MEMORY_WRITE, DECODE_IO, DECODE_PRIVILEGED };
enum decode_op {
    /* memory writes */
    DECODE_MOV,
    DECODE_XCHG,
    DECODE_AND,
    DECODE_OR,
    DECODE_BTR,
    DECODE_BTS,
    DECODE_CMPXCHG,
    /* I/O: direction in `out`, port in imm when has_imm, else DX */
    DECODE_IN,
    DECODE_OUT,
    DECODE_INS,
    DECODE_OUTS,
    /* privileged */
    DECODE_CLI,
    DECODE_STI,
    DECODE_RDMSR,
    DECODE_WRMSR,
    DECODE_MOV_FROM_CR,
    DECODE_MOV_TO_CR,
    DECODE_MOV_FROM_DR,
    DECODE_MOV_TO_DR,
    DECODE_CLTS,
    DECODE_XSETBV,
    DECODE_HLT,
    DECODE_WBINVD,
    DECODE_CPUID,
    DECODE_INVLPG,
    DECODE_RDPMC,
};
struct decoded {
    enum decode_kind kind;
    enum decode_op op;
    uint8_t length;
    uint8_t size; /* operand bytes */
    uint8_t reg;  /* register operand, 0..15 (with REX); ah..bh never */
    uint8_t rm;   /* register in r/m of MOV CR/DR */
    bool has_imm, rex;
    uint64_t imm;
    /* memory operand: base (0..15, 16: RIP, 0xff: none), index likewise, scale, displacement */
    uint8_t base, index, scale;
    int32_t disp;
    bool segment_override; /* FS or GS: the caller refuses */
};

int decode(const uint8_t *code, size_t n, struct decoded *out);
uint64_t decode_address(const struct decoded *d, const struct cpu_regs *r);
uint64_t decode_reg_read(const struct cpu_regs *r, unsigned int reg, unsigned int size);
void decode_reg_write(struct cpu_regs *r, unsigned int reg, unsigned int size, uint64_t value);
void decode_logic_flags(struct cpu_regs *r, uint64_t value, unsigned int size); /* after AND, OR */
/* Up to 15 bytes at a guest's RIP; fewer where the next page is not readable. In access by the current vCPU. */
size_t decode_fetch(gva_t rip, uint8_t code[15]);

#endif
