/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cpu/decode.h"

/* In an allocation of its exact size. */
static int decode_exact(const uint8_t *code, size_t n, struct decoded *d)
{
    uint8_t *copy = malloc(n ? n : 1);

    memcpy(copy, code, n);
    int rc = decode(copy, n, d);
    free(copy);
    assert_true(rc == 0 || rc == -XEN_EINVAL);
    return rc;
}

#define M DECODE_MEMORY_WRITE
#define I DECODE_IO
#define P DECODE_PRIVILEGED
/* Bytes as GNU as makes them. */
static const struct {
    uint8_t n, code[15];
    enum decode_kind kind;
    enum decode_op op;
    uint8_t size, reg, base, index, scale;
    int32_t disp;
    bool has_imm;
    uint64_t imm;
} forms[] = {
    {3, {0x48, 0x89, 0x07}, M, DECODE_MOV, 8, 0, 7, 0xff, 0, 0, false, 0},              /* mov %rax,(%rdi) */
    {2, {0x89, 0x08}, M, DECODE_MOV, 4, 1, 0, 0xff, 0, 0, false, 0},                    /* mov %ecx,(%rax) */
    {3, {0x66, 0x89, 0x11}, M, DECODE_MOV, 2, 2, 1, 0xff, 0, 0, false, 0},              /* mov %dx,(%rcx) */
    {3, {0x40, 0x88, 0x37}, M, DECODE_MOV, 1, 6, 7, 0xff, 0, 0, false, 0},              /* mov %sil,(%rdi) */
    {5, {0x4f, 0x89, 0x7c, 0xec, 0xf8}, M, DECODE_MOV, 8, 15, 12, 13, 8, -8, false, 0}, /* mov %r15,-8(%r12,%r13,8) */
    {7, {0x48, 0x89, 0x05, 0x10, 0, 0, 0}, M, DECODE_MOV, 8, 0, 16, 0xff, 0, 16, false, 0}, /* mov %rax,16(%rip) */
    {8, {0x48, 0x89, 0x04, 0x25, 0, 0, 0, 0x80}, M, DECODE_MOV, 8, 0, 0xff, 0xff, 0, INT32_MIN, false, 0},
    {4, {0x48, 0x89, 0x04, 0x24}, M, DECODE_MOV, 8, 0, 4, 0xff, 0, 0, false, 0},         /* mov %rax,(%rsp) */
    {7, {0x48, 0x89, 0x85, 0, 1, 0, 0}, M, DECODE_MOV, 8, 0, 5, 0xff, 0, 256, false, 0}, /* mov %rax,256(%rbp) */
    {7, {0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff}, M, DECODE_MOV, 8, 0, 7, 0xff, 0, 0, true, ~0ul},
    {6, {0xc7, 0x07, 0xff, 0xff, 0xff, 0xff}, M, DECODE_MOV, 4, 0, 7, 0xff, 0, 0, true, 0xffffffff},
    {5, {0x66, 0xc7, 0x07, 0x34, 0x12}, M, DECODE_MOV, 2, 0, 7, 0xff, 0, 0, true, 0x1234},
    {3, {0xc6, 0x07, 0x80}, M, DECODE_MOV, 1, 0, 7, 0xff, 0, 0, true, 0x80},
    {3, {0x48, 0x87, 0x07}, M, DECODE_XCHG, 8, 0, 7, 0xff, 0, 0, false, 0},
    {4, {0xf0, 0x48, 0x21, 0x07}, M, DECODE_AND, 8, 0, 7, 0xff, 0, 0, false, 0},
    {4, {0xf0, 0x48, 0x09, 0x07}, M, DECODE_OR, 8, 0, 7, 0xff, 0, 0, false, 0},
    {5, {0xf0, 0x48, 0x83, 0x27, 0xfd}, M, DECODE_AND, 8, 4, 7, 0xff, 0, 0, true, ~2ul},
    {4, {0x48, 0x83, 0x0f, 0x02}, M, DECODE_OR, 8, 1, 7, 0xff, 0, 0, true, 2},
    {7, {0x48, 0x81, 0x27, 0, 0, 0, 0x80}, M, DECODE_AND, 8, 4, 7, 0xff, 0, 0, true, 0xffffffff80000000ul},
    {6, {0xf0, 0x48, 0x0f, 0xba, 0x37, 0x01}, M, DECODE_BTR, 8, 6, 7, 0xff, 0, 0, true, 1},
    {5, {0x48, 0x0f, 0xba, 0x2f, 0x06}, M, DECODE_BTS, 8, 5, 7, 0xff, 0, 0, true, 6},
    {5, {0xf0, 0x48, 0x0f, 0xb1, 0x0f}, M, DECODE_CMPXCHG, 8, 1, 7, 0xff, 0, 0, false, 0},
    {3, {0x0f, 0xb0, 0x0f}, M, DECODE_CMPXCHG, 1, 1, 7, 0xff, 0, 0, false, 0},
    {2, {0xe4, 0x71}, I, DECODE_IN, 1, 0, 0xff, 0xff, 0, 0, true, 0x71},
    {2, {0xe7, 0x80}, I, DECODE_OUT, 4, 0, 0xff, 0xff, 0, 0, true, 0x80},
    {1, {0xec}, I, DECODE_IN, 1, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x66, 0xef}, I, DECODE_OUT, 2, 0, 0xff, 0xff, 0, 0, false, 0},
    {1, {0x6d}, I, DECODE_INS, 4, 0, 0xff, 0xff, 0, 0, false, 0},
    {1, {0x6e}, I, DECODE_OUTS, 1, 0, 0xff, 0xff, 0, 0, false, 0},
    {1, {0xfa}, P, DECODE_CLI, 0, 0, 0xff, 0xff, 0, 0, false, 0},
    {1, {0xfb}, P, DECODE_STI, 0, 0, 0xff, 0xff, 0, 0, false, 0},
    {1, {0xf4}, P, DECODE_HLT, 0, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x0f, 0x06}, P, DECODE_CLTS, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x0f, 0x09}, P, DECODE_WBINVD, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x0f, 0x30}, P, DECODE_WRMSR, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x0f, 0x32}, P, DECODE_RDMSR, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x0f, 0x33}, P, DECODE_RDPMC, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {2, {0x0f, 0xa2}, P, DECODE_CPUID, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {3, {0x0f, 0x01, 0xd1}, P, DECODE_XSETBV, 8, 0, 0xff, 0xff, 0, 0, false, 0},
    {3, {0x0f, 0x01, 0x38}, P, DECODE_INVLPG, 8, 0, 0, 0xff, 0, 0, false, 0},
    {3, {0x0f, 0x20, 0xd8}, P, DECODE_MOV_FROM_CR, 8, 3, 0xff, 0xff, 0, 0, false, 0},
    {4, {0x44, 0x0f, 0x22, 0xc0}, P, DECODE_MOV_TO_CR, 8, 8, 0xff, 0xff, 0, 0, false, 0},
    {3, {0x0f, 0x21, 0xf8}, P, DECODE_MOV_FROM_DR, 8, 7, 0xff, 0xff, 0, 0, false, 0},
    {3, {0x0f, 0x23, 0xf8}, P, DECODE_MOV_TO_DR, 8, 7, 0xff, 0xff, 0, 0, false, 0},
};

static void test_forms(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        uint8_t code[20];
        struct decoded d;
        memset(code, 0x90, sizeof(code));
        memcpy(code, forms[i].code, forms[i].n);
        for (size_t n = 0; n < forms[i].n; n++) /* cut off anywhere */
            assert_int_equal(decode_exact(code, n, &d), -XEN_EINVAL);
        for (size_t n = forms[i].n; n <= sizeof(code); n++) {
            if (decode_exact(code, n, &d)) fail_msg("form %zu is refused", i);
            assert_int_equal(d.length, forms[i].n);
            assert_true(d.kind == forms[i].kind && d.op == forms[i].op);
            assert_int_equal(d.size, forms[i].size);
            assert_int_equal(d.reg, forms[i].reg);
            assert_true(d.base == forms[i].base && d.index == forms[i].index && d.scale == forms[i].scale);
            assert_int_equal(d.disp, forms[i].disp);
            assert_true(d.has_imm == forms[i].has_imm && d.imm == forms[i].imm);
        }
    }
}

static void test_refused(void **state)
{
    static const struct {
        uint8_t n, code[15];
    } bad[] = {
        {1, {0x90}},
        {3, {0x48, 0x89, 0xc7}},       /* a register's write */
        {3, {0x48, 0x8b, 0x07}},       /* a read */
        {2, {0x88, 0x27}},             /* ah */
        {2, {0x86, 0x3f}},             /* bh */
        {4, {0xf0, 0x48, 0x89, 0x07}}, /* LOCK MOV: #UD */
        {4, {0xf0, 0xc6, 0x07, 0x01}},
        {3, {0xf3, 0x89, 0x07}},
        {3, {0xf2, 0x89, 0x07}},
        {3, {0x64, 0x89, 0x07}},             /* FS */
        {3, {0x65, 0x89, 0x07}},             /* GS */
        {3, {0x67, 0x89, 0x07}},             /* 32-bit address */
        {4, {0x48, 0x66, 0x89, 0x07}},       /* a prefix behind REX */
        {6, {0xc7, 0x0f, 0, 0, 0, 0}},       /* C7 /1 */
        {4, {0x48, 0x83, 0x07, 0x01}},       /* ADD */
        {4, {0x48, 0x83, 0x37, 0x01}},       /* XOR */
        {5, {0x48, 0x0f, 0xba, 0x27, 0x01}}, /* BT */
        {5, {0x48, 0x0f, 0xba, 0x3f, 0x01}}, /* BTC */
        {2, {0xf0, 0xec}},
        {2, {0xf3, 0x6e}}, /* REP OUTS */
        {2, {0x67, 0x6c}},
        {2, {0xf0, 0xfa}},
        {3, {0xf0, 0x0f, 0x30}},
        {3, {0x0f, 0x24, 0xc0}},
        {3, {0x0f, 0x01, 0xf8}}, /* SWAPGS */
        {3, {0x0f, 0x01, 0x10}}, /* LGDT */
        {2, {0x0f, 0x0b}},
        {15, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}},
    };
    struct decoded d;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (!decode_exact(bad[i].code, bad[i].n, &d)) fail_msg("form %zu was accepted", i);
    uint8_t longest[16]; /* 15 bytes are an instruction's most */
    memset(longest, 0x66, sizeof(longest));
    longest[14] = 0xec;
    assert_int_equal(decode_exact(longest, 16, &d), 0);
    assert_int_equal(d.length, 15);
    longest[14] = 0x66;
    longest[15] = 0xec;
    assert_int_equal(decode_exact(longest, 16, &d), -XEN_EINVAL);
}

static void test_registers(void **state)
{
    struct cpu_regs r = {0};
    uint64_t *const slots[16] = {&r.rax, &r.rcx, &r.rdx, &r.rbx, &r.rsp, &r.rbp, &r.rsi, &r.rdi,
                                 &r.r8,  &r.r9,  &r.r10, &r.r11, &r.r12, &r.r13, &r.r14, &r.r15};

    for (unsigned int i = 0; i < 16; i++) {
        *slots[i] = 0x8877665544332211;
        assert_true(decode_reg_read(&r, i, 8) == 0x8877665544332211);
        assert_true(decode_reg_read(&r, i, 4) == 0x44332211);
        assert_true(decode_reg_read(&r, i, 2) == 0x2211 && decode_reg_read(&r, i, 1) == 0x11);
        decode_reg_write(&r, i, 1, 0xaaff);
        assert_true(*slots[i] == 0x88776655443322ff);
        decode_reg_write(&r, i, 2, 0x1aaff);
        assert_true(*slots[i] == 0x887766554433aaff);
        decode_reg_write(&r, i, 4, 0x100000007);
        assert_true(*slots[i] == 7);
        decode_reg_write(&r, i, 8, ~0ul);
        assert_true(*slots[i] == ~0ul);
        *slots[i] = 0;
    }
}

static void test_address(void **state)
{
    struct cpu_regs r = {.rip = 0x1000, .r12 = 0x20000, .r13 = 3, .rdi = ~0ul};
    struct decoded d = {.length = 7, .base = 16, .index = 0xff, .disp = -16};

    assert_true(decode_address(&d, &r) == 0x1000 + 7 - 16);
    d = (struct decoded){.base = 12, .index = 13, .scale = 8, .disp = 4};
    assert_true(decode_address(&d, &r) == 0x20000 + 24 + 4);
    d = (struct decoded){.base = 0xff, .index = 0xff, .disp = INT32_MIN};
    assert_true(decode_address(&d, &r) == 0xffffffff80000000);
    d = (struct decoded){.base = 7, .index = 7, .scale = 8, .disp = 9};
    assert_true(decode_address(&d, &r) == 0);
}

static void test_flags(void **state)
{
    static const struct {
        uint64_t value;
        unsigned int size;
        uint64_t flags;
    } cases[] = {{0, 8, 0x44},          {1, 8, 0},        {3, 8, 4},       {1ul << 63, 8, 0x84}, {1ul << 31, 4, 0x84},
                 {1ul << 31, 8, 4},     {0x100, 1, 0x44}, {0x80, 1, 0x80}, {0x8001, 2, 0x80},    {0x10000, 2, 0x44},
                 {~0ul << 32, 4, 0x44}, {~0ul, 8, 0x84}};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct cpu_regs r = {.rflags = 0x8d5 | 0x202 | 1ul << 10};
        decode_logic_flags(&r, cases[i].value, cases[i].size);
        assert_int_equal(r.rflags, 0x602 | cases[i].flags);
    }
}

static void test_noise(void **state)
{
    unsigned int accepted = 0;

    srandom(13);
    for (unsigned int round = 0; round < 200000; round++) {
        uint8_t code[16];
        struct decoded d, again;
        size_t i = (size_t)random() % ARRAY_SIZE(forms), n = (size_t)random() % 17;
        for (size_t k = 0; k < 16; k++)
            code[k] = (uint8_t)random();
        if (random() & 1) memcpy(code, forms[i].code, 1 + (size_t)random() % forms[i].n);
        if (decode_exact(code, n, &d)) continue;
        accepted++;
        assert_true(d.length && d.length <= n && d.length <= 15 && d.reg < 16 && d.rm < 16);
        assert_true((d.base <= 16 || d.base == 0xff) && (d.index < 16 || d.index == 0xff));
        assert_false(d.kind == DECODE_MEMORY_WRITE && d.segment_override);
        assert_int_equal(decode_exact(code, d.length, &again), 0);
        assert_int_equal(decode_exact(code, d.length - 1u, &again), -XEN_EINVAL);
    }
    assert_in_range(accepted, 1000, 199000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),   cmocka_unit_test(test_refused), cmocka_unit_test(test_registers),
        cmocka_unit_test(test_address), cmocka_unit_test(test_flags),   cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
