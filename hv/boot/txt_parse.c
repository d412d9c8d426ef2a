/* SPDX-License-Identifier: MIT */
#include "boot/txt_parse.h"
#include "lib.h"

#define ALG_SHA256   0x000bu
#define EV_NO_ACTION 3u
/* In the heap: BIOS data, OS to MLE data, OS to SINIT data, each behind its own u64 size that covers both. */
#define HEAP_OS_SINIT     2
#define OS_SINIT_VERSION  6u /* the first with elements */
#define OS_SINIT_ELEMENTS 92u
#define ELEMENT_END       0u
#define ELEMENT_LOG       8u /* u64 base, u32 size of the container, u32 first event's, u32 next event's offset */

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
    uint64_t v = 0;

    memcpy(&v, p, bytes);
    return v;
}

maddr_t txt_shared_address(const char *cmdline)
{
    const char *found = NULL;
    maddr_t v = 0;

    for (const char *p = cmdline; *p; p++)
        if ((p == cmdline || p[-1] == ' ') && !strncmp(p, "tboot=0x", 8)) found = p + 8;
    for (int i = 0; found && *found && *found != ' '; i++, found++) {
        unsigned int c = (unsigned char)*found | 0x20; /* digits have that bit already */
        if (i == 8 || !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return 0;
        v = v << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return v;
}

bool txt_shared_valid(const uint8_t *page, maddr_t maddr)
{
    static const uint8_t uuid[16] = {0xff, 0x8d, 0x3c, 0x66, 0xb3, 0xe8, 0x82, 0x4b,
                                     0xbf, 0xaa, 0x19, 0xea, 0x4d, 0x05, 0x7a, 0x08};
    uint64_t base = get(page + 104, 4), size = get(page + 108, 4);

    return !memcmp(page, uuid, 16) && get(page + 16, 4) >= 6 && base && maddr >= base &&
           maddr + TXT_SHARED_SIZE <= base + size && base + size <= 1ul << 32;
}

/* One of the heap's parts without its size; NULL where it does not fit. */
static const uint8_t *heap_part(const uint8_t *heap, size_t len, int n, size_t *size)
{
    for (;; n--) {
        uint64_t whole = len >= 8 ? get(heap, 8) : 0;
        if (whole < 8 || whole > len) return NULL;
        *size = whole - 8;
        if (!n) return heap + 8;
        heap += whole;
        len -= whole;
    }
}

bool txt_heap_log(const uint8_t *heap, size_t len, maddr_t *start, maddr_t *end)
{
    size_t size;
    const uint8_t *os = heap_part(heap, len, HEAP_OS_SINIT, &size);

    if (!os || size < OS_SINIT_ELEMENTS || get(os, 4) < OS_SINIT_VERSION) return false;
    for (size_t at = OS_SINIT_ELEMENTS; size - at >= 8;) {
        uint32_t type = get(os + at, 4), whole = get(os + at + 4, 4);
        if (type == ELEMENT_END || whole < 8 || whole > size - at) return false;
        if (type == ELEMENT_LOG && whole >= 28) {
            uint64_t base = get(os + at + 8, 8), room = get(os + at + 16, 4);
            uint64_t first = get(os + at + 20, 4), next = get(os + at + 24, 4);
            *start = base + first;
            *end = base + next;
            return base && base < 1ul << 32 && first < next && next <= room;
        }
        at += whole;
    }
    return false;
}

static const uint8_t *take(struct txt_log *log, size_t n)
{
    const uint8_t *p = log->at;

    if (n > (size_t)(log->end - p)) return NULL;
    log->at += n;
    return p;
}

/* The first event is of the old format and describes the others: u32 pcr, u32 type, u8 digest[20], u32 size, then
 * signature[16], u32 class, u8 version[3], u8 word size, u32 algorithms, (u16 id, u16 size)s, u8 size of more. */
int txt_log_open(struct txt_log *log, const uint8_t *bytes, size_t len)
{
    const uint8_t *p;
    bool sha256 = false;

    *log = (struct txt_log){.at = bytes, .end = bytes + len};
    p = take(log, 32);
    if (!p || get(p + 4, 4) != EV_NO_ACTION) return -XEN_EINVAL;
    size_t size = get(p + 28, 4);
    p = take(log, size);
    if (!p || size < 28 || memcmp(p, "Spec ID Event03", 16) != 0) return -XEN_EINVAL;
    uint32_t n = get(p + 24, 4);
    if (!n || n > ARRAY_SIZE(log->id) || size < 28 + 4 * n) return -XEN_EINVAL;
    for (uint32_t i = 0; i < n; i++) {
        log->id[i] = get(p + 28 + 4 * i, 2);
        log->digest_size[i] = get(p + 30 + 4 * i, 2);
        sha256 |= log->id[i] == ALG_SHA256 && log->digest_size[i] == 32;
    }
    log->algorithms = n;
    return sha256 ? 0 : -XEN_EINVAL;
}

static const uint8_t *take_digest(struct txt_log *log, struct txt_event *e)
{
    const uint8_t *p = take(log, 2);

    for (unsigned int i = 0; p && i < log->algorithms; i++) {
        if (log->id[i] != get(p, 2)) continue;
        const uint8_t *digest = take(log, log->digest_size[i]);
        if (log->id[i] == ALG_SHA256 && log->digest_size[i] == 32) e->digest = digest;
        return digest;
    }
    return NULL;
}

static int one_event(struct txt_log *log, struct txt_event *e)
{
    const uint8_t *p = take(log, 12);

    if (!p) return -XEN_EINVAL;
    *e = (struct txt_event){.pcr = get(p, 4), .type = get(p + 4, 4)};
    uint32_t digests = get(p + 8, 4);
    if (digests > log->algorithms) return -XEN_EINVAL;
    while (digests--)
        if (!take_digest(log, e)) return -XEN_EINVAL;
    p = take(log, 4);
    if (!p || !e->digest) return -XEN_EINVAL;
    e->size = get(p, 4);
    e->data = take(log, e->size);
    return e->data ? 1 : -XEN_EINVAL;
}

int txt_log_next(struct txt_log *log, struct txt_event *e)
{
    while (log->at < log->end) {
        int rc = one_event(log, e);
        if (rc < 0 || e->type != EV_NO_ACTION) return rc;
    }
    return 0;
}
