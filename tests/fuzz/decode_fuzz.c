/* SPDX-License-Identifier: MIT */
/* libFuzzer: instructions, and a context to perform them in. What is accepted is no longer than what was given, and
 * whatever follows it does not change it. */
#include <stdlib.h>
#include <string.h>
#include "cpu/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpu_regs r = {0};
    struct decoded d, exact;

    if (decode(data, size, &d)) return 0;
    require(d.length && d.length <= 15 && d.length <= size && d.reg < 16 && d.rm < 16);
    require(d.op <= DECODE_RDPMC && (d.base <= 16 || d.base == 0xff) && (d.index < 16 || d.index == 0xff));
    require(decode(data, d.length, &exact) == 0 && exact.length == d.length && exact.op == d.op && exact.imm == d.imm);
    for (uint8_t n = 0; n < d.length; n++)
        require(decode(data, n, &exact) != 0);
    memcpy(&r, data, size < sizeof(r) ? size : sizeof(r));
    decode_address(&d, &r);
    if (d.kind == DECODE_MEMORY_WRITE) {
        require(d.size == 1 || d.size == 2 || d.size == 4 || d.size == 8);
        require(!d.segment_override);
        uint64_t v = decode_reg_read(&r, d.reg, d.size);
        decode_reg_write(&r, d.reg, d.size, v);
        require(decode_reg_read(&r, d.reg, d.size) == v);
        decode_logic_flags(&r, v, d.size);
        require(!(r.rflags & 0x801));
    }
    return 0;
}
