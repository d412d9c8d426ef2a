/* SPDX-License-Identifier: MIT */
#include "grant/grant_entry.h"

#define PIN_TRIES 5

static uint32_t *word_of(struct grant_entry_v1 *e)
{
    return (uint32_t *)(void *)e;
}

static bool grants(uint32_t word, uint16_t grantee, bool write)
{
    uint16_t flags = (uint16_t)word, domid = (uint16_t)(word >> 16);

    if ((flags & GTF_type_mask) != GTF_permit_access || (flags & GTF_sub_page) || domid != grantee) return false;
    return !write || !(flags & GTF_readonly);
}

int16_t grant_entry_pin(struct grant_entry_v1 *e, struct grant_active *a, uint16_t grantee, bool write,
                        unsigned int uses, uint32_t *frame)
{
    uint32_t set = write ? GTF_reading | GTF_writing : GTF_reading;
    bool used = a->readers || a->writers;
    uint32_t word = __atomic_load_n(word_of(e), __ATOMIC_ACQUIRE);

    if ((used && a->grantee != grantee) || a->readers > UINT32_MAX - uses || a->writers > UINT32_MAX - uses)
        return GNTST_general_error;
    for (int tries = 0;; tries++) {
        if (tries == PIN_TRIES || !grants(word, grantee, write)) return GNTST_general_error;
        if (__atomic_compare_exchange_n(word_of(e), &word, word | set, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
            break;
    }
    if (!used) {
        a->frame = __atomic_load_n(&e->frame, __ATOMIC_ACQUIRE);
        a->grantee = grantee;
    }
    if (write)
        a->writers += uses;
    else
        a->readers += uses;
    *frame = a->frame;
    return GNTST_okay;
}

void grant_entry_unpin(struct grant_entry_v1 *e, struct grant_active *a, bool write)
{
    uint16_t clear = 0;

    if (write)
        a->writers--;
    else
        a->readers--;
    if (!a->writers) clear |= GTF_writing;
    if (!a->writers && !a->readers) clear |= GTF_reading;
    if (clear) __atomic_fetch_and(&e->flags, (uint16_t)~clear, __ATOMIC_SEQ_CST);
}
