/* SPDX-License-Identifier: MIT */
#include "device/acpi_hw.h"

static uint64_t get(const uint8_t *table, size_t len, size_t offset, unsigned int bytes)
{
    uint64_t v = 0;
    if (offset + bytes > len) return 0;
    for (unsigned int i = 0; i < bytes; i++)
        v |= (uint64_t)table[offset + i] << (8 * i);
    return v;
}

/* A register block's port, 0 where the 32-bit field does not name one. */
static uint16_t get_port(const uint8_t *table, size_t len, size_t offset)
{
    uint64_t v = get(table, len, offset, 4);
    return v < 0xff00 ? (uint16_t)v : 0;
}

bool acpi_fadt_parse(const uint8_t *t, size_t len, struct acpi_fadt *f)
{
    *f = (struct acpi_fadt){0};
    if (len < 116) return false;
    f->dsdt = get(t, len, 140, 8);
    if (!f->dsdt) f->dsdt = get(t, len, 40, 4);
    f->smi_cmd = get_port(t, len, 48);
    f->acpi_enable = t[52];
    f->acpi_disable = t[53];
    f->pm1a_evt = get_port(t, len, 56);
    f->pm1b_evt = get_port(t, len, 60);
    f->pm1a_cnt = get_port(t, len, 64);
    f->pm1b_cnt = get_port(t, len, 68);
    f->pm2_cnt = get_port(t, len, 72);
    f->pm_tmr = get_port(t, len, 76);
    f->gpe0 = get_port(t, len, 80);
    f->gpe1 = get_port(t, len, 84);
    f->pm1_evt_len = t[88];
    f->pm1_cnt_len = t[89];
    f->pm2_cnt_len = t[90];
    f->pm_tmr_len = t[91];
    f->gpe0_len = t[92];
    f->gpe1_len = t[93];
    /* Flag 10: the reset register is there; address space 1: I/O. */
    if ((get(t, len, 112, 4) & (1u << 10)) && len >= 129 && t[116] == 1) {
        uint64_t port = get(t, len, 120, 8);
        f->reset_port = port < 0xff00 ? (uint16_t)port : 0;
        f->reset_value = t[128];
    }
    return true;
}

/* An AML integer at *pos: ZeroOp, OneOp, OnesOp or a prefixed constant. */
static bool aml_integer(const uint8_t *t, size_t len, size_t *pos, uint8_t *value)
{
    static const uint8_t width[] = {1, 2, 4, 0, 8}; /* after BytePrefix 0x0a; 0x0d is a string */
    if (*pos >= len) return false;
    uint8_t op = t[(*pos)++];
    if (op == 0x00 || op == 0x01 || op == 0xff) {
        *value = op;
        return true;
    }
    if (op < 0x0a || op > 0x0e || !width[op - 0x0a] || len - *pos < width[op - 0x0a]) return false;
    *value = t[*pos];
    *pos += width[op - 0x0a];
    return true;
}

bool acpi_s5_find(const uint8_t *t, size_t len, struct acpi_s5 *s5)
{
    *s5 = (struct acpi_s5){0};
    for (size_t i = ACPI_HEADER_SIZE + 1; i + 8 <= len; i++) {
        if (t[i] != '_' || t[i + 1] != 'S' || t[i + 2] != '5' || t[i + 3] != '_') continue;
        /* NameOp, maybe a root prefix, the name, PackageOp */
        bool named = t[i - 1] == 0x08 || (t[i - 1] == '\\' && t[i - 2] == 0x08);
        if (!named || t[i + 4] != 0x12) continue;
        size_t pos = i + 5;
        pos += (size_t)(t[pos] >> 6) + 1; /* PkgLength: top bits say how many bytes follow */
        if (pos >= len || t[pos] < 1)     /* NumElements */
            continue;
        uint8_t elements = t[pos++], a = 0, b = 0;
        if (!aml_integer(t, len, &pos, &a) || (elements > 1 && !aml_integer(t, len, &pos, &b))) continue;
        *s5 = (struct acpi_s5){.found = true, .type_a = a & 7, .type_b = b & 7};
        return true;
    }
    return false;
}

unsigned int acpi_dmar_units(const uint8_t *t, size_t len, uint64_t *base, unsigned int max)
{
    unsigned int n = 0;
    size_t pos = 48; /* header, host address width, flags, reserved */
    while (pos + 4 <= len && n < max) {
        uint64_t type = get(t, len, pos, 2), size = get(t, len, pos + 2, 2);
        if (size < 4 || size > len - pos) break;
        if (type == 0 && size >= 16) base[n++] = get(t, len, pos + 8, 8);
        pos += size;
    }
    return n;
}

uint64_t acpi_tpm2_area(const uint8_t *t, size_t len)
{
    return get(t, len, 40, 8);
}

uint32_t acpi_tpm2_method(const uint8_t *t, size_t len)
{
    return get(t, len, 48, 4);
}

uint64_t acpi_hpet_base(const uint8_t *t, size_t len)
{
    return len >= 52 && t[40] == 0 ? get(t, len, 44, 8) : 0;
}
