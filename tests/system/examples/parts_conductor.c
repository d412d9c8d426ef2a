/* SPDX-License-Identifier: MIT */
/*
 * Steps, one a line:
 *   start NAME TYPE COMPARTMENT works            creates and starts a domain
 *   start NAME TYPE COMPARTMENT refused REASON   (REASON: as the audit record has it, - for a space)
 *   end NAME
 *   A maps|reads|copies-to|copies-from|signals B works|refused
 * A's own calls: a page is B's, which grants it. "signals": with a channel that either may have offered.
 * Each ends in a line "STEP ok ..." or "STEP FAILED ...: why"; the last line is "STEPS n ok, m failed".
 */
#include "parts.h"

#include "bulkhead.h"

#include <xen/io/console.h>

#define DOMAINS_MAX 8
#define MARK        "\n#STEPS\n"

static struct domain {
    char name[BH_NAME_MAX];
    unsigned id;
    unsigned port;
    uint32_t handle;
    bool alive;
} domains[DOMAINS_MAX];
static char consoles[DOMAINS_MAX][RT_PAGE_SIZE] RT_PAGE_ALIGN;
static unsigned passed, failed;
static char why[160];

static long call(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

static bool because(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rt_vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    return false;
}

/* ---- Talking to an actor -------------------------------------------------------------------------- */

static struct xencons_interface *ring_of(const struct domain *d)
{
    return (struct xencons_interface *)consoles[d - domains];
}

static void say(const struct domain *d, const char *line)
{
    struct xencons_interface *ring = ring_of(d);
    uint32_t prod = ring->in_prod;

    for (; *line; line++)
        ring->in[MASK_XENCONS_IDX(prod++, ring->in)] = *line;
    rt_mb();
    RT_WRITE_ONCE(ring->in_prod, prod);
    rt_event_send(d->port);
}

/* The next line that it prints; false after ten seconds. */
static bool hear(const struct domain *d, char line[LINE_MAX])
{
    struct xencons_interface *ring = ring_of(d);
    uint64_t until = rt_time_now() + 10000 * RT_MS;
    size_t n = 0;

    while (rt_time_now() < until) {
        uint32_t cons = ring->out_cons;

        if (cons == RT_READ_ONCE(ring->out_prod)) {
            evtchn_port_t ports[1] = {d->port};
            struct sched_poll poll = {.nr_ports = 1, .timeout = rt_time_now() + 20 * RT_MS};

            set_xen_guest_handle(poll.ports, ports);
            rt_event_clear(d->port);
            if (cons == RT_READ_ONCE(ring->out_prod)) rt_sched_op(SCHEDOP_poll, &poll);
            continue;
        }
        rt_mb();
        char c = ring->out[MASK_XENCONS_IDX(cons, ring->out)];
        RT_WRITE_ONCE(ring->out_cons, cons + 1);
        if (c == '\n') {
            line[n] = 0;
            return true;
        }
        if (c != '\r' && n + 1 < LINE_MAX) line[n++] = c;
    }
    return false;
}

struct answer {
    long first, second;
};

static struct answer ask(const struct domain *d, const char *format, ...)
{
    char line[LINE_MAX], *words[WORDS_MAX];
    va_list args;

    va_start(args, format);
    rt_vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    say(d, line);
    while (hear(d, line)) {
        unsigned n = parts_split(line, words);

        if (n == 3 && !strcmp(words[0], "=")) return (struct answer){parts_number(words[1]), parts_number(words[2])};
    }
    because("%s does not answer", d->name);
    return (struct answer){-2000, 0};
}

/* ---- The audit ring ------------------------------------------------------------------------------- */

static uint64_t newest(void)
{
    struct bh_audit_read op = {.seq = 1};

    return call(BH_AUDIT_READ, &op) ? 0 : op.newest;
}

/* A refusal after record `from`, of `source` (or of `other`), of a permission whose name begins so. */
static bool on_record(uint64_t from, unsigned source, unsigned other, const char *class_name, const char *perm)
{
    static struct bh_audit_record records[16];

    for (struct bh_audit_read op = {.seq = from + 1}; op.seq <= newest(); op.seq += op.count) {
        op.count = 16;
        op.data = (uint64_t)records;
        if (call(BH_AUDIT_READ, &op) || op.count == 0) break;
        for (unsigned i = 0; i < op.count; i++) {
            const struct bh_audit_record *r = &records[i];

            if (!r->allowed && (r->source == source || r->source == other) && !strcmp(r->class_name, class_name) &&
                !strncmp(r->perm_name, perm, strlen(perm)))
                return true;
        }
    }
    return because("no audit record of %s:%s", class_name, perm);
}

static bool record_reason(uint64_t from, const char *reason)
{
    struct bh_audit_record record;
    char text[sizeof(record.reason)];
    struct bh_audit_read op = {.seq = from + 1, .count = 1, .data = (uint64_t)&record};

    rt_snprintf(text, sizeof(text), "%s", reason);
    for (char *c = text; *c; c++)
        if (*c == '-') *c = ' ';
    for (; op.seq <= newest(); op.seq++) {
        op.count = 1;
        if (call(BH_AUDIT_READ, &op) || op.count == 0) break;
        if (!record.allowed && !strcmp(record.reason, text)) return true;
    }
    return because("no audit record with the reason \"%s\"; the last: \"%s\"", text, record.reason);
}

/* ---- Domains ---------------------------------------------------------------------------------------- */

static const char *image;
static uint64_t image_size;
static const char *steps, *steps_end;

static struct domain *named(const char *name)
{
    for (unsigned i = 0; i < DOMAINS_MAX; i++)
        if (domains[i].alive && !strcmp(domains[i].name, name)) return &domains[i];
    return NULL;
}

static bool load(unsigned domid)
{
    struct bh_dom_load op = {.domid = domid, .part = BH_PART_KERNEL, .total = image_size};

    while (op.offset < image_size) {
        op.size = image_size - op.offset < BH_LOAD_MAX ? (uint32_t)(image_size - op.offset) : BH_LOAD_MAX;
        op.data = (uint64_t)image + op.offset;
        long ret = call(BH_DOM_LOAD, &op);
        if (ret) return because("load: %ld", ret);
        op.offset += op.size;
    }
    return true;
}

static bool open_console(struct domain *d)
{
    struct bh_dom_info info = {.domid = d->id};
    long port;

    if (call(BH_DOM_INFO, &info) || info.domid != d->id) return because("no info about it");
    port = rt_event_bind(d->id, info.console_port);
    if (port < 0) return because("its console port: %ld", port);
    d->port = (unsigned)port;
    long status = rt_grant_map(d->id, info.console_ref, (uint64_t)consoles[d - domains], GNTMAP_host_map, &d->handle);
    return status == 0 || because("its console page: %ld", status);
}

static bool start(const char *name, const char *type, unsigned compartment)
{
    struct bh_dom_create create = {
        .vcpus = 1, .memory_kib = 16384, .compartment = compartment, .weight = 256, .cap = 100};
    struct domain *d = domains;
    long ret;

    while (d < domains + DOMAINS_MAX && d->alive)
        d++;
    if (d == domains + DOMAINS_MAX) return because("too many domains");
    rt_snprintf(create.name, sizeof(create.name), "%s", name);
    rt_snprintf(create.type, sizeof(create.type), "%s", type);
    ret = call(BH_DOM_CREATE, &create);
    if (ret) return because("create: %ld", ret);
    struct bh_dom_target target = {.domid = create.domid};
    rt_snprintf(d->name, sizeof(d->name), "%s", name);
    d->id = create.domid;
    if (!load(d->id)) return false;
    ret = call(BH_DOM_BUILD, &target);
    if (ret) {
        call(BH_DOM_DESTROY, &target);
        return because("build: %ld", ret);
    }
    d->alive = true;
    if (!open_console(d)) return false;
    ret = call(BH_DOM_UNPAUSE, &target);
    return ret == 0 || because("unpause: %ld", ret);
}

static bool end(struct domain *d)
{
    struct bh_dom_target target = {.domid = d->id};
    long ret;

    rt_event_close(d->port);
    rt_grant_unmap((uint64_t)consoles[d - domains], d->handle);
    ret = call(BH_DOM_DESTROY, &target);
    d->alive = false;
    return ret == 0 || because("destroy: %ld", ret);
}

/* ---- What one tries on another -------------------------------------------------------------------- */

enum { WORKS, REFUSED, WRONG };

static int memory(const struct domain *a, const struct domain *b, const char *verb, const char **perm)
{
    static long value = 1000;
    bool readonly = !strcmp(verb, "reads"), maps = readonly || !strcmp(verb, "maps"), to = !strcmp(verb, "copies-to");
    long ref = ask(b, "give %u %d %ld\n", a->id, readonly || !strcmp(verb, "copies-from"), value += 10).first;
    struct answer got;

    *perm = readonly ? "map_read" : maps ? "map_write" : to ? "copy_to" : "copy_from";
    if (ref <= 0) {
        because("%s cannot give a page: %ld", b->name, ref);
        return WRONG;
    }
    if (maps)
        got = ask(a, "map %u %ld %d\n", b->id, ref, readonly);
    else if (to)
        got = ask(a, "copy-to %u %ld %ld\n", b->id, ref, value + 1);
    else
        got = ask(a, "copy-from %u %ld\n", b->id, ref);
    long left = ask(b, "look\n").first;
    bool read_it = !to && got.second == value, wrote_it = left == value + 1;
    if (got.first == 0 && (to || read_it) && wrote_it == (to || !strcmp(verb, "maps"))) return WORKS;
    because("status %ld, the word read is %ld, the word there is %ld, it was %ld", got.first, got.second, left, value);
    return got.first != 0 && !read_it && left == value ? REFUSED : WRONG;
}

/* One offers, the other binds, a sends. */
static bool signal_by(const struct domain *a, const struct domain *b, bool a_offers)
{
    const struct domain *offers = a_offers ? a : b, *binds = a_offers ? b : a;
    long offered = ask(offers, "offer %u\n", binds->id).first, bound;

    if (offered < 0) return because("%s may not offer: %ld", offers->name, offered);
    bound = ask(binds, "bind %u %ld\n", offers->id, offered).first;
    if (bound < 0) return because("%s may not bind: %ld", binds->name, bound);
    /* Whoever binds finds its own port pending, as the ABI has it. */
    ask(b, "heard %ld\n", a_offers ? bound : offered);
    long sent = ask(a, "send %ld\n", a_offers ? offered : bound).first;
    if (sent) return because("%s may not send: %ld", a->name, sent);
    return ask(b, "heard %ld\n", a_offers ? bound : offered).first == 1 || because("nothing came");
}

static bool attempt(char *words[WORDS_MAX])
{
    const struct domain *a = named(words[0]), *b = named(words[2]);
    const char *perm = "";
    bool events = !strcmp(words[1], "signals");
    uint64_t before = newest();
    int result;

    if (!a || !b) return because("no such domain");
    if (events)
        result = signal_by(a, b, false) || signal_by(a, b, true) ? WORKS : REFUSED;
    else
        result = memory(a, b, words[1], &perm);
    if (!strcmp(words[3], "works")) return result == WORKS;
    if (result != REFUSED) return result == WRONG ? false : because("it worked");
    return on_record(before, a->id, events ? b->id : a->id, events ? "event" : "grant", perm);
}

static bool step(char *words[WORDS_MAX], unsigned n)
{
    uint64_t before = newest();

    if (n == 5 && !strcmp(words[0], "start")) return start(words[1], words[2], (unsigned)parts_number(words[3]));
    if (n == 6 && !strcmp(words[0], "start")) {
        if (start(words[1], words[2], (unsigned)parts_number(words[3]))) return because("it was started");
        return record_reason(before, words[5]);
    }
    if (n == 2 && !strcmp(words[0], "end")) return named(words[1]) ? end(named(words[1])) : because("no such domain");
    return n == 4 ? attempt(words) : because("not understood");
}

/* ---- The whole ------------------------------------------------------------------------------------------ */

static bool find_steps(void)
{
    const struct start_info *s = rt_start_info;
    size_t mark = strlen(MARK);

    if (s->mod_len < mark) return false;
    image = s->flags & SIF_MOD_START_PFN ? rt_mm_va(s->mod_start) : (const char *)s->mod_start;
    steps_end = image + s->mod_len;
    for (steps = steps_end - mark; steps > image; steps--) {
        if (memcmp(steps, MARK, mark)) continue;
        image_size = (uint64_t)(steps - image);
        steps += mark;
        return true;
    }
    return false;
}

void parts_conductor(void)
{
    char line[LINE_MAX], copy[LINE_MAX], *words[WORDS_MAX];

    if (!find_steps()) rt_panic("no steps behind the kernel in the ramdisk");
    while (steps < steps_end) {
        size_t n = 0;

        for (; steps < steps_end && *steps != '\n'; steps++)
            if (n + 1 < sizeof(line)) line[n++] = *steps;
        steps++;
        line[n] = 0;
        if (n == 0 || line[0] == '#') continue;
        memcpy(copy, line, sizeof(copy));
        because("no reason");
        unsigned count = parts_split(copy, words);
        bool ok = step(words, count);
        rt_printf(ok ? "STEP ok %s\n" : "STEP FAILED %s: %s\n", line, why);
        *(ok ? &passed : &failed) += 1;
    }
    rt_printf("STEPS %u ok, %u failed\n", passed, failed);
}
