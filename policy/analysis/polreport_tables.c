/* SPDX-License-Identifier: MIT */
#include "polreport_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- Types by types ------------------------------------------------------------------------------ */

static void chips(FILE *out, unsigned int kinds)
{
    static const char letters[POL_KINDS] = {'M', 'C', 'E', 'S', 'P', 'L'};
    for (int k = 0; k < POL_KINDS; k++)
        if (kinds >> k & 1) fprintf(out, "<span class=\"chip %s\">%c</span>", pol_kind_names[k], letters[k]);
}

static void cell(FILE *out, const struct polshow *s, uint32_t a, uint32_t b)
{
    static const char *const places[] = {"other", "same"};
    size_t at = (size_t)a * s->types + b;
    bool alike = s->step[0][at] == s->step[1][at] && s->indirect[0][at] == s->indirect[1][at];
    fputs("<td>", out);
    for (int same = 1; same >= (alike ? 1 : 0); same--) {
        unsigned int kinds = s->step[same][at];
        bool alone = a == b && same && a == s->g->w.m->flat.boot_type;
        bool through = !alone && s->indirect[same][at] && !(kinds & POL_INFORMATION);
        if (!kinds && !through) continue;
        fprintf(out, "<div>%s%s%s", alike ? "" : "<span class=\"place\">", alike ? "" : places[same],
                alike ? "" : "</span>");
        chips(out, kinds);
        if (through)
            fputs("<span class=\"far\" title=\"through others, not through the boot domain\">&#8943;</span>", out);
        fputs("</div>", out);
    }
    fputs("</td>", out);
}

#define MATRIX_MAX 80 /* types: a larger one is of no use on a page */

void polreport_matrix(FILE *out, const struct polshow *s)
{
    const struct polmodel *m = s->g->w.m;
    unsigned int living = 0;
    for (uint32_t t = 0; t < s->types; t++)
        living += poltypes_has(&m->domains, t);
    polreport_tag(out, "h2", NULL, "Matrix");
    if (living > MATRIX_MAX) {
        polreport_tag(out, "p", NULL, "%u types: more than fit on a page. bh-policy flows --json has every pair.",
                      living);
        return;
    }
    fputs(
        "<p class=\"small\">Who (row) can inform or control whom (column): <span class=\"chip memory\">M</span> "
        "memory, "
        "<span class=\"chip console\">C</span> console and store page, <span class=\"chip signal\">E</span> events, "
        "<span class=\"chip state\">S</span> state of the other, <span class=\"chip platform\">P</span> through the "
        "platform, "
        "<span class=\"chip control\">L</span> the other's life; &#8943; only through others, without the boot domain. "
        "Without a word: in every relation of compartments.</p>\n<div class=\"scroll\"><table "
        "class=\"matrix\"><tr><th></th>",
        out);
    for (uint32_t b = 0; b < s->types; b++)
        if (poltypes_has(&m->domains, b)) polreport_tag(out, "th", NULL, "%s", m->flat.names[b]);
    fputs("</tr>\n", out);
    for (uint32_t a = 0; a < s->types; a++) {
        if (!poltypes_has(&m->domains, a)) continue;
        fputs("<tr>", out);
        polreport_tag(out, "th", "row", "%s", m->flat.names[a]);
        for (uint32_t b = 0; b < s->types; b++)
            if (poltypes_has(&m->domains, b)) cell(out, s, a, b);
        fputs("</tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

/* ---- Over the machine ------------------------------------------------------------------------------ */

static void machine_row(FILE *out, const struct polmodel *m, uint32_t s, uint32_t t)
{
    int class = -1;
    for (uint32_t p = 0; p < BH_PERM_COUNT; p++) {
        if (bh_permissions[p].object != BH_OBJECT_XEN || !polmodel_ever(m, s, t, p)) continue;
        if (class < 0) {
            fputs("<tr>", out);
            polreport_tag(out, "td", NULL, "%s", m->flat.names[s]);
            polreport_tag(out, "td", NULL, "%s", m->flat.names[t]);
            fputs("<td>", out);
        }
        if ((int)bh_permissions[p].class != class)
            fprintf(out, "%s<b>%s</b>:", class < 0 ? "" : "; ", bh_permissions[p].class_name);
        class = (int)bh_permissions[p].class;
        fprintf(out, " %s", bh_permissions[p].name);
    }
    if (class >= 0) fputs("</td></tr>\n", out);
}

void polreport_machine(FILE *out, const struct polreport *r)
{
    const struct polmodel *m = &r->in->model;
    polreport_tag(out, "h2", NULL, "Over the hypervisor and the machine");
    fputs("\n<table class=\"stack\"><tr><th>Type</th><th>Object</th><th>May</th></tr>\n", out);
    for (uint32_t s = 0; s < m->flat.types; s++)
        for (uint32_t t = 0; t < m->flat.types; t++)
            if (poltypes_has(&m->domains, s) && !poltypes_has(&m->domains, t)) machine_row(out, m, s, t);
    fputs("</table>\n", out);
}

/* ---- The rules file ------------------------------------------------------------------------------------ */

static void span_text(const struct polmodel *m, const struct polspan *s, char out[96])
{
    const char *type = s->type == POL_ANY_TYPE ? "any type" : m->flat.names[s->type];
    if (s->low == 0 && s->high == POL_COMPARTMENTS - 1)
        snprintf(out, 96, "%s", type);
    else if (s->low == s->high)
        snprintf(out, 96, "%s:c%u", type, s->low);
    else
        snprintf(out, 96, "%s:c%u-c%u", type, s->low, s->high);
}

static void rule_row(FILE *out, const char *what, const char *whom, const char *says)
{
    fputs("<tr>", out);
    polreport_tag(out, "td", NULL, "%s", what);
    polreport_tag(out, "td", NULL, "%s", whom);
    polreport_tag(out, "td", "digest", "%s", says);
    fputs("</tr>\n", out);
}

static void conflict_rows(FILE *out, const struct polmodel *m, const struct polrules *r)
{
    for (size_t set = 0; set < r->conflict_count; set++) {
        char members[900] = "", one[96];
        for (size_t i = 0; i < r->member_count; i++) {
            if (r->members[i].set != set) continue;
            size_t n = strlen(members);
            span_text(m, &r->members[i].span, one);
            if (n + 100 < sizeof(members)) snprintf(members + n, sizeof(members) - n, "%s%s", n ? ", " : "", one);
        }
        rule_row(out, "conflict set", r->conflicts[set].name, members);
        rule_row(out, "", "",
                 r->conflicts[set].per_boot ? "at most one of these within one boot"
                                            : "at most one of these at a time");
    }
}

/* "c1-c4, c9" */
static void ranges_text(const uint64_t cleared[POL_COMPARTMENTS / 64], char out[512])
{
    size_t n = 0;
    out[0] = 0;
    for (int c = 0; c < POL_COMPARTMENTS; c++) {
        int first = c;
        if (!(cleared[c / 64] >> (c % 64) & 1)) continue;
        while (c + 1 < POL_COMPARTMENTS && (cleared[(c + 1) / 64] >> ((c + 1) % 64) & 1))
            c++;
        if (n < 480)
            n += (size_t)snprintf(out + n, 512 - n, c == first ? "%sc%d" : "%sc%d-c%d", n ? ", " : "", first, c);
    }
}

void polreport_rules(FILE *out, const struct polreport *r)
{
    const struct polrules *rules = r->graph->w.rules;
    const struct polmodel *m = &r->in->model;
    char whom[96], says[512];
    polreport_tag(out, "h2", NULL, "Compartments, launches, ceilings");
    if (!rules->present) {
        polreport_tag(
            out, "p", NULL,
            "No rules file: the creator may give every compartment, every kernel may be started, and there are "
            "no ceilings and no conflict sets.");
        return;
    }
    fputs("\n<table class=\"stack\"><tr><th>Rule</th><th>For</th><th>Says</th></tr>\n", out);
    for (size_t i = 0; i < rules->assign_count; i++) {
        span_text(m, &rules->assigns[i].span, says);
        rule_row(out, "may give", m->flat.names[rules->assigns[i].creator], says);
    }
    for (size_t i = 0; i < rules->clearance_count; i++) {
        span_text(m, &rules->clearances[i].span, whom);
        ranges_text(rules->clearances[i].cleared, says);
        rule_row(out, "cleared for", whom, says);
    }
    conflict_rows(out, m, rules);
    for (size_t i = 0; i < rules->launch_count; i++) {
        span_text(m, &rules->launches[i].span, whom);
        size_t n = (size_t)snprintf(says, sizeof(says), "%s ", rules->launches[i].signer ? "signer" : "launch digest");
        for (size_t k = 0; k < 32; k++)
            n += (size_t)snprintf(says + n, sizeof(says) - n, "%02x", rules->launches[i].id[k]);
        rule_row(out, "starts only as", whom, says);
    }
    for (size_t i = 0; i < rules->ceiling_count; i++) {
        snprintf(says, sizeof(says), "%s at most %u%s", policy_limit_names[rules->ceilings[i].limit],
                 rules->ceilings[i].most, rules->ceilings[i].limit == POLICY_LIMIT_MEMORY ? " MiB" : "");
        rule_row(out, "ceiling", m->flat.names[rules->ceilings[i].type], says);
    }
    fputs("</table>\n", out);
}
