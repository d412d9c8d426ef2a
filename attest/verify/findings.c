/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>

#define FINDINGS_NAME(name) #name,
static const char *const names[] = {FINDINGS_CODES(FINDINGS_NAME)};

const char *findings_name(enum findings_code code)
{
    return names[code];
}

const char *findings_state_name(enum findings_state state)
{
    static const char *const state_names[] = {"PASS", "FAIL", "NOT_MADE", "WAIVED"};

    return state_names[state];
}

void findings_add(struct findings *list, enum findings_code code, enum findings_state state, const char *format, ...)
{
    struct findings_item *item;
    va_list arguments;

    if (list->count == FINDINGS_MAX) {
        list->overflow = true;
        return;
    }
    item = &list->item[list->count++];
    item->code = code;
    item->state = state;
    va_start(arguments, format);
    vsnprintf(item->detail, sizeof(item->detail), format, arguments);
    va_end(arguments);
    for (char *c = item->detail; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e) *c = '?';
    }
}

enum findings_state findings_state_of(const struct findings *list, enum findings_code code)
{
    static const int badness[] = {
        [FINDINGS_PASS] = 0, [FINDINGS_WAIVED] = 1, [FINDINGS_NOT_MADE] = 2, [FINDINGS_FAIL] = 3};
    enum findings_state worst = FINDINGS_NOT_MADE;
    bool found = false;

    for (size_t i = 0; i < list->count; i++) {
        const struct findings_item *item = &list->item[i];

        if (item->code == code && (!found || badness[item->state] > badness[worst])) {
            worst = item->state;
            found = true;
        }
    }
    return worst;
}

bool findings_accepted(const struct findings *list)
{
    if (list->overflow) return false;
    for (int code = 0; code < FINDINGS_CODE_COUNT; code++) {
        enum findings_state state = findings_state_of(list, (enum findings_code)code);

        if (state != FINDINGS_PASS && state != FINDINGS_WAIVED) return false;
    }
    return true;
}

void findings_hex(const uint8_t *data, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", data[i]);
    text[2 * size] = '\0';
}
