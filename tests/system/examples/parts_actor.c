/* SPDX-License-Identifier: MIT */
#include "parts.h"

#include <xen/io/console.h>

static char window[RT_PAGE_SIZE] RT_PAGE_ALIGN; /* where others' pages are mapped */
static uint64_t *page;                          /* what is given to others */

unsigned parts_split(char *line, char *words[WORDS_MAX])
{
    unsigned n = 0;

    while (*line && n < WORDS_MAX) {
        while (*line == ' ')
            *line++ = 0;
        if (*line) words[n++] = line;
        while (*line && *line != ' ')
            line++;
    }
    return n;
}

long parts_number(const char *text)
{
    long value = 0;
    bool minus = *text == '-';

    for (text += minus; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (*text - '0');
    return minus ? -value : value;
}

static void wait_for(unsigned port, unsigned ms)
{
    evtchn_port_t ports[1] = {port};
    struct sched_poll poll = {.nr_ports = 1, .timeout = rt_time_now() + ms * RT_MS};

    set_xen_guest_handle(poll.ports, ports);
    rt_sched_op(SCHEDOP_poll, &poll);
}

static void read_line(char line[LINE_MAX])
{
    struct xencons_interface *ring = rt_mm_va(rt_mm_m2p(rt_start_info->console.domU.mfn));
    size_t n = 0;

    for (;;) {
        uint32_t cons = ring->in_cons;

        rt_event_clear(rt_start_info->console.domU.evtchn);
        if (cons == RT_READ_ONCE(ring->in_prod)) {
            wait_for(rt_start_info->console.domU.evtchn, 50);
            continue;
        }
        rt_mb();
        char c = ring->in[MASK_XENCONS_IDX(cons, ring->in)];
        RT_WRITE_ONCE(ring->in_cons, cons + 1);
        if (c == '\n') break;
        if (n + 1 < LINE_MAX) line[n++] = c;
    }
    line[n] = 0;
}

static void answer(long a, long b)
{
    rt_printf("= %ld %ld\n", a, b);
}

static void map(unsigned domid, uint32_t ref, bool readonly)
{
    uint32_t handle;
    volatile uint64_t *word = (volatile uint64_t *)window;
    uint64_t found;
    long status =
        rt_grant_map(domid, ref, (uint64_t)window, GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0), &handle);

    if (status) {
        answer(status, 0);
        return;
    }
    found = *word;
    if (!readonly) *word = found + 1;
    answer(rt_grant_unmap((uint64_t)window, handle), (long)found);
}

static void copy(unsigned domid, uint32_t ref, bool to, uint64_t value)
{
    struct gnttab_copy op = {.len = sizeof(uint64_t), .flags = to ? GNTCOPY_dest_gref : GNTCOPY_source_gref};
    __typeof__(op.source) *theirs = to ? (void *)&op.dest : (void *)&op.source,
                          *ours = to ? (void *)&op.source : (void *)&op.dest;
    uint64_t *own = rt_page_alloc();
    long ret;

    *own = value;
    theirs->u.ref = ref;
    theirs->domid = (domid_t)domid;
    ours->u.gmfn = rt_mm_va_mfn(own);
    ours->domid = DOMID_SELF;
    ret = rt_grant_table_op(GNTTABOP_copy, &op, 1);
    answer(ret ? ret : op.status, (long)*own);
    rt_page_free(own);
}

static void obey(char *words[WORDS_MAX], unsigned n)
{
    long arg[WORDS_MAX] = {0};

    for (unsigned i = 1; i < n; i++)
        arg[i - 1] = parts_number(words[i]);
    if (!strcmp(words[0], "give")) {
        *page = (uint64_t)arg[2];
        answer(rt_grant_give((unsigned)arg[0], rt_mm_va_mfn(page), arg[1] ? GTF_readonly : 0), 0);
    } else if (!strcmp(words[0], "look")) {
        answer((long)RT_READ_ONCE(*page), 0);
    } else if (!strcmp(words[0], "map")) {
        map((unsigned)arg[0], (uint32_t)arg[1], arg[2]);
    } else if (!strcmp(words[0], "copy-from")) {
        copy((unsigned)arg[0], (uint32_t)arg[1], false, 0);
    } else if (!strcmp(words[0], "copy-to")) {
        copy((unsigned)arg[0], (uint32_t)arg[1], true, (uint64_t)arg[2]);
    } else if (!strcmp(words[0], "offer")) {
        answer(rt_event_alloc(DOMID_SELF, (unsigned)arg[0]), 0);
    } else if (!strcmp(words[0], "bind")) {
        long port = rt_event_bind((unsigned)arg[0], (unsigned)arg[1]);

        answer(port, 0);
    } else if (!strcmp(words[0], "send")) {
        answer(rt_event_send((unsigned)arg[0]), 0);
    } else if (!strcmp(words[0], "heard")) {
        if (!rt_event_pending((unsigned)arg[0])) wait_for((unsigned)arg[0], 1000);
        long pending = rt_event_pending((unsigned)arg[0]);

        rt_event_clear((unsigned)arg[0]); /* before the answer, after which the next one may come */
        answer(pending, 0);
    } else {
        answer(-1000, 0);
    }
}

void parts_actor(void)
{
    char line[LINE_MAX], *words[WORDS_MAX];
    unsigned n;

    page = rt_page_alloc();
    if (rt_grant_init(1) || !page) rt_printf("= -1001 0\n");
    for (;;) {
        read_line(line);
        n = parts_split(line, words);
        if (n) obey(words, n);
    }
}
