/* SPDX-License-Identifier: MIT */
#include "grubcfg.h"

#include <errno.h>

/* Lower-case words, and single spaces between: GRUB joins its arguments so before it measures them, so a line
 * without special characters is measured as it stands. */
static bool is_plain(struct bytes line)
{
    static const char special[] = "$\"'\\;{}|&<>#\t`*?[]~";

    if (line.size == 0 || line.data[0] == ' ' || line.data[line.size - 1] == ' ') return false;
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] < 0x20 || line.data[i] > 0x7e || strchr(special, line.data[i]) != NULL ||
            (line.data[i] == ' ' && line.data[i + 1] == ' '))
            return false;
    }
    return true;
}

static void add(struct grubcfg *out, enum grubcfg_kind kind, struct bytes text)
{
    if (out->count < GRUBCFG_EVENTS_MAX) out->event[out->count] = (struct grubcfg_event){kind, text};
    out->count++;
}

/* "multiboot2 FILE ARGUMENTS": the command, the file, then the arguments without the file. */
static int add_load(struct grubcfg *out, struct bytes line, size_t verb)
{
    struct bytes name = {line.data + verb, line.size - verb}, arguments;
    const uint8_t *space = memchr(name.data, ' ', name.size);

    if (name.size == 0 || name.data[0] != '/') return -EINVAL;
    arguments = (struct bytes){line.data + line.size, 0};
    if (space != NULL) {
        arguments = (struct bytes){space + 1, (size_t)(line.data + line.size - space - 1)};
        name.size = (size_t)(space - name.data);
    }
    add(out, GRUBCFG_COMMAND, line);
    add(out, GRUBCFG_FILE, name);
    add(out, GRUBCFG_CMDLINE, arguments);
    return 0;
}

static int add_line(struct grubcfg *out, struct bytes line)
{
    static const char *const plain[] = {"serial ", "terminal_output ", "search --no-floppy --set=root --label "};

    if (!is_plain(line)) return -EINVAL;
    if (bytes_has_prefix(line, "multiboot2 ")) return add_load(out, line, strlen("multiboot2 "));
    if (bytes_has_prefix(line, "module2 ")) return add_load(out, line, strlen("module2 "));
    if (bytes_is_text(line, "boot")) {
        add(out, GRUBCFG_COMMAND, line);
        return 0;
    }
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (bytes_has_prefix(line, plain[i])) {
            add(out, GRUBCFG_COMMAND, line);
            return 0;
        }
    }
    return -EINVAL;
}

int grubcfg_parse(struct bytes text, struct grubcfg *out)
{
    const uint8_t *next = text.data, *end = text.data + text.size;

    *out = (struct grubcfg){.bad_line = 1};
    for (; next < end; out->bad_line++) {
        const uint8_t *newline = memchr(next, '\n', (size_t)(end - next));

        if (newline == NULL || add_line(out, (struct bytes){next, (size_t)(newline - next)}) != 0 ||
            out->count > GRUBCFG_EVENTS_MAX)
            return -EINVAL;
        next = newline + 1;
    }
    return 0;
}

bool grubcfg_loaded(const struct grubcfg *cfg, size_t n, struct bytes *name, struct bytes *cmdline)
{
    for (size_t i = 0; i + 1 < cfg->count; i++) {
        if (cfg->event[i].kind != GRUBCFG_FILE || n-- != 0) continue;
        *name = cfg->event[i].text;
        *cmdline = cfg->event[i + 1].text;
        return true;
    }
    return false;
}
