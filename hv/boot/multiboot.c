/* SPDX-License-Identifier: MIT */
/* Multiboot 1 (Specification 0.6.96, section 3.3) and 2 (Specification 2.0, section 3.6) information. */
#include "boot/bootinfo.h"
#include "lib.h"

#define MB1_MAGIC   0x2badb002u
#define MB2_MAGIC   0x36d76289u
#define MB1_CMDLINE (1u << 2)
#define MB1_MODULES (1u << 3)
#define MB1_MMAP    (1u << 6)

/* Packed: the loader says where they lie, and may say it unaligned. */
struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
} __packed;
struct mb1_module {
    uint32_t start, end, string, reserved;
} __packed;
struct mb1_mmap {
    uint32_t size;
    uint64_t base, length;
    uint32_t type;
} __packed;
struct mb2_head {
    uint32_t size, reserved;
} __packed;
struct mb2_tag {
    uint32_t type, size;
} __packed;
struct mb2_mmap_entry {
    uint64_t base, length;
    uint32_t type, reserved;
};

static int copy_string(char *out, const char *s, size_t max, const char **error)
{
    size_t n = strnlen(s, max);

    if (n >= BOOT_CMDLINE_MAX) {
        *error = "a command line is longer than 1023 bytes";
        return -XEN_EINVAL;
    }
    memcpy(out, s, n);
    out[n] = 0;
    return 0;
}

static int copy_string_at(char *out, uint64_t phys, boot_reader *read, void *ctx, const char **error)
{
    out[0] = 0;
    if (!phys) return 0;
    const char *s = read(ctx, phys, BOOT_CMDLINE_MAX);
    if (!s) {
        *error = "a command line lies outside of memory";
        return -XEN_EINVAL;
    }
    return copy_string(out, s, BOOT_CMDLINE_MAX, error);
}

static int add_module(struct boot_info *out, uint64_t start, uint64_t end, const char **error)
{
    if (out->modules == BOOT_MODULES_MAX) {
        *error = "more than 8 boot modules";
        return -XEN_EINVAL;
    }
    if (end < start) {
        *error = "a boot module ends before its start";
        return -XEN_EINVAL;
    }
    out->module[out->modules].start = start;
    out->module[out->modules].end = end;
    out->modules++;
    return 0;
}

static int add_ram(struct boot_info *out, uint64_t base, uint64_t size, uint32_t type, const char **error)
{
    if (base + size < base) {
        *error = "the memory map has an entry that wraps around";
        return -XEN_EINVAL;
    }
    if (out->rams == BOOT_RAM_MAX) {
        *error = "more than 256 entries in the memory map";
        return -XEN_EINVAL;
    }
    out->ram[out->rams++] = (struct boot_ram){base, size, type};
    return 0;
}

static int parse_mb1(struct boot_info *out, uint64_t info, boot_reader *read, void *ctx, const char **error)
{
    const struct mb1_info *mb = read(ctx, info, sizeof(*mb));

    if (!mb || !(mb->flags & MB1_MMAP)) {
        *error = "multiboot information without a memory map";
        return -XEN_EINVAL;
    }
    if ((mb->flags & MB1_CMDLINE) && copy_string_at(out->cmdline, mb->cmdline, read, ctx, error)) return -XEN_EINVAL;
    uint32_t mods = mb->flags & MB1_MODULES ? mb->mods_count : 0;
    for (uint32_t i = 0; i < mods; i++) {
        const struct mb1_module *m = read(ctx, mb->mods_addr + (uint64_t)i * sizeof(*m), sizeof(*m));
        if (!m) {
            *error = "the module list lies outside of memory";
            return -XEN_EINVAL;
        }
        if (add_module(out, m->start, m->end, error) ||
            copy_string_at(out->module[out->modules - 1].cmdline, m->string, read, ctx, error))
            return -XEN_EINVAL;
    }
    for (uint64_t at = 0; at + sizeof(struct mb1_mmap) <= mb->mmap_length;) {
        const struct mb1_mmap *e = read(ctx, mb->mmap_addr + at, sizeof(*e));
        if (!e || e->size < sizeof(*e) - 4) {
            *error = "the memory map is malformed";
            return -XEN_EINVAL;
        }
        if (add_ram(out, e->base, e->length, e->type, error)) return -XEN_EINVAL;
        at += e->size + 4ul;
    }
    return 0;
}

static int parse_mb2_tag(struct boot_info *out, const struct mb2_tag *t, const char **error)
{
    const uint8_t *body = (const uint8_t *)(t + 1);
    size_t n = t->size - sizeof(*t);

    switch (t->type) {
    case 1:
        return copy_string(out->cmdline, (const char *)body, n, error);
    case 3: {
        uint32_t range[2];
        if (n < sizeof(range)) {
            *error = "a module tag is too short";
            return -XEN_EINVAL;
        }
        memcpy(range, body, sizeof(range));
        if (add_module(out, range[0], range[1], error)) return -XEN_EINVAL;
        return copy_string(out->module[out->modules - 1].cmdline, (const char *)body + 8, n - 8, error);
    }
    case 6: {
        uint32_t entry_size;
        if (n < 8 || (memcpy(&entry_size, body, 4), entry_size < sizeof(struct mb2_mmap_entry))) {
            *error = "the memory map tag is malformed";
            return -XEN_EINVAL;
        }
        for (size_t at = 8; at + entry_size <= n; at += entry_size) {
            struct mb2_mmap_entry e;
            memcpy(&e, body + at, sizeof(e));
            if (add_ram(out, e.base, e.length, e.type, error)) return -XEN_EINVAL;
        }
        return 0;
    }
    case 14:
    case 15:
        if (n >= 20 && (t->type == 15 || !out->has_rsdp)) {
            memset(out->rsdp, 0, sizeof(out->rsdp));
            memcpy(out->rsdp, body, MIN(n, sizeof(out->rsdp)));
            out->has_rsdp = true;
        }
        return 0;
    default:
        return 0;
    }
}

static int parse_mb2(struct boot_info *out, uint64_t info, boot_reader *read, void *ctx, const char **error)
{
    const struct mb2_head *head = read(ctx, info, sizeof(*head));

    if (!head || head->size < 16 || head->size > (1u << 24)) {
        *error = "multiboot2 information of an absurd size";
        return -XEN_EINVAL;
    }
    uint32_t total = head->size;
    for (uint32_t at = 8; at + sizeof(struct mb2_tag) <= total;) {
        const struct mb2_tag *t = read(ctx, info + at, sizeof(*t));
        if (!t || t->size < sizeof(*t) || t->size > total - at || !(t = read(ctx, info + at, t->size))) {
            *error = "a multiboot2 tag is malformed";
            return -XEN_EINVAL;
        }
        if (t->type == 0) break;
        if (parse_mb2_tag(out, t, error)) return -XEN_EINVAL;
        at += ROUND_UP(t->size, 8u);
    }
    if (!out->rams) {
        *error = "multiboot2 information without a memory map";
        return -XEN_EINVAL;
    }
    return 0;
}

int multiboot_parse(struct boot_info *out, uint32_t magic, uint64_t info, boot_reader *read, void *ctx,
                    const char **error)
{
    memset(out, 0, sizeof(*out));
    if (magic == MB1_MAGIC) return parse_mb1(out, info, read, ctx, error);
    if (magic == MB2_MAGIC) return parse_mb2(out, info, read, ctx, error);
    *error = "started by something that is no multiboot loader";
    return -XEN_EINVAL;
}
