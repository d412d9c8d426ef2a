/* SPDX-License-Identifier: MIT */
#include "polreport.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy_file.h"
#include "polreport_parts.h"
#include "polsvg.h"

void polreport_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            /* Control characters are no XML; bytes beyond ASCII may be no UTF-8. */
            fputc((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f ? *text
                  : *text == '\n'                                             ? '\n'
                                                                              : '?',
                  out);
        }
    }
}

void polreport_tag(FILE *out, const char *tag, const char *class, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    fprintf(out, "<%s%s%s%s>", tag, class ? " class=\"" : "", class ? class : "", class ? "\"" : "");
    polreport_text(out, text);
    fprintf(out, "</%s>", tag);
}

static const char style[] =
    "*{box-sizing:border-box}body{margin:0 auto;max-width:1040px;padding:24px 20px 60px;color:#1d2733;background:#fff;"
    "font:16px/1.5 system-ui,'DejaVu Sans',sans-serif}h1{font-size:1.9rem;line-height:1.2;margin:.2em "
    "0}h2{font-size:1.25rem;margin:2.2em 0 .6em;"
    "padding-bottom:.25em;border-bottom:1px solid #cbd2d9}p{margin:.5em "
    "0;max-width:75ch}.lead{color:#52606d}code,pre,.mono{font-family:ui-monospace,"
    "'DejaVu Sans Mono',monospace;font-size:.86em}pre{background:#f5f7fa;border-left:3px solid #c92a2a;padding:10px "
    "12px;overflow-x:auto;margin:.4em 0 1em}"
    ".scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}.scroll>svg{display:block;min-width:640px;width:100%;"
    "height:auto}table{border-collapse:collapse;width:100%;margin:.6em 0}"
    "th,td{border:1px solid #dde2e8;padding:6px "
    "9px;text-align:left;vertical-align:top}th{background:#f5f7fa;font-weight:600}"
    ".digest{word-break:break-all}.matrix td,.matrix th{text-align:center;white-space:nowrap}.matrix "
    "th.row{text-align:right}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:1.2em 0}"
    ".tile{border:1px solid #dde2e8;border-radius:8px;padding:12px 14px}.tile "
    "b{display:block;font-size:1.6rem;line-height:1.2}.tile span{color:#52606d;font-size:.9rem}"
    ".good b{color:#2b8a3e}.bad b{color:#c92a2a}.warn b{color:#b35c00}"
    ".chip{display:inline-block;border-radius:4px;padding:0 "
    "5px;margin:1px;font-size:.78rem;font-weight:600;line-height:1.45;border:1px solid}"
    ".memory{color:#1864ab;background:#e7f1fb}.signal{color:#9a5b00;background:#fff4e0}.console{color:#495057;"
    "background:#f1f3f5}.state{color:#5f3dc4;background:#f1edff}"
    ".platform{color:#087f5b;background:#e6f7f1}.control{color:#a61e4d;background:#fdecf2}.place{color:#7b8794;font-"
    "size:.75rem;margin-right:3px}"
    ".holds{color:#2b8a3e;font-weight:700}.false{color:#c92a2a;font-weight:700}.error{color:#c92a2a;font-weight:700}."
    "warning{color:#b35c00;font-weight:700}"
    ".note,.accepted{color:#52606d;font-weight:600}.far{color:#7b8794}.small{font-size:.9rem;color:#52606d}"
    ".stack td:first-child{white-space:nowrap}"
    "@media(max-width:640px){body{font-size:15px;padding:16px 12px}h1{font-size:1.5rem}.stack tr,.stack "
    "td{display:block;border:0;padding:1px 0}"
    ".stack tr{border-bottom:1px solid #dde2e8;padding:8px 0}.stack th{display:none}.stack "
    "td:first-child{white-space:normal}.matrix td,.matrix th{padding:3px 4px;font-size:.8rem}}"
    "@media "
    "print{body{max-width:none;padding:0;font-size:10.5pt}h2{break-after:avoid}tr,pre,.tile{break-inside:avoid}.scroll{"
    "overflow:visible}.scroll>svg{min-width:0}.matrix{font-size:8pt}}";

static void heading(FILE *out, const char *text, const char *lead)
{
    polreport_tag(out, "h2", NULL, "%s", text);
    if (lead) polreport_tag(out, "p", "small", "%s", lead);
    fputc('\n', out);
}

static void tile(FILE *out, const char *class, const char *what, const char *fmt, ...)
{
    char number[64];
    va_list args;
    va_start(args, fmt);
    vsnprintf(number, sizeof(number), fmt, args);
    va_end(args);
    fprintf(out, "<div class=\"tile %s\"><b>%s</b><span>", class, number);
    polreport_text(out, what);
    fputs("</span></div>\n", out);
}

static void tiles(FILE *out, const struct polreport *r)
{
    size_t all = 0, failed = 0, guests = 0;
    const struct polmodel *m = &r->in->model;
    for (size_t i = 0; i < r->proof_count; i++) {
        all += r->proofs[i].count;
        failed += r->proofs[i].failed;
    }
    for (uint32_t t = 0; t < m->flat.types; t++)
        guests += poltypes_has(&m->domains, t) && t != m->flat.boot_type;
    size_t open = r->findings->open[POL_ERROR] + r->findings->open[POL_WARNING];
    size_t accepted = r->findings->count - open - r->findings->open[POL_NOTE];
    fputs("<div class=\"tiles\">\n", out);
    tile(out,
         failed ? "bad"
         : all  ? "good"
                : "warn",
         all ? "assertions proved" : "no assertions were given", "%zu of %zu", all - failed, all);
    tile(out, open ? "bad" : "good", "open errors and warnings", "%zu", open);
    tile(out, accepted ? "warn" : "good", "findings accepted, with reasons", "%zu", accepted);
    tile(out, "plain", "types of guests", "%zu", guests);
    fputs("</div>\n", out);
}

static void assertions(FILE *out, const struct polreport *r)
{
    const struct polfile *f = NULL;
    heading(out, "Assertions",
            "Decided on the graph of all labels, over every compartment and through any number of others. A false one "
            "comes "
            "with the path that breaks it and the rule of each step.");
    for (size_t i = 0; i < r->proof_count; i++) {
        f = polinput_next(r->in, f, ".spec");
        fputs("<table class=\"stack\"><tr><th>Result</th><th>Assertion</th></tr>\n", out);
        for (size_t k = 0; k < r->proofs[i].count; k++) {
            const struct polresult *p = &r->proofs[i].results[k];
            fputs("<tr>", out);
            polreport_tag(out, "td", p->holds ? "holds" : "false", "%s", p->holds ? "holds" : "does not hold");
            fputs("<td>", out);
            if (*p->line->label) polreport_tag(out, "b", NULL, "%s: ", p->line->label);
            polreport_text(out, p->line->text);
            fputs("<br/>", out);
            polreport_tag(out, "span", "small mono", "%s:%u", f->path, p->line->line);
            if (!p->holds) polreport_tag(out, "pre", NULL, "%s", p->why);
            fputs("</td></tr>\n", out);
        }
        fputs("</table>\n", out);
    }
    if (!r->proof_count) polreport_tag(out, "p", NULL, "No .spec file was given: nothing is proved about this policy.");
}

static void findings(FILE *out, const struct polreport *r)
{
    heading(out, "Findings",
            r->findings->count
                ? "What the checker asks about. An accepted finding was looked at; the reason is the owner's."
                : NULL);
    if (!r->findings->count) {
        polreport_tag(out, "p", NULL, "None.");
        return;
    }
    fputs("<table class=\"stack\"><tr><th>Severity</th><th>Finding</th></tr>\n", out);
    for (size_t i = 0; i < r->findings->count; i++) {
        const struct polfinding *f = &r->findings->list[i];
        const char *severity = f->because ? "accepted" : pol_severity_names[f->code->severity];
        fputs("<tr>", out);
        polreport_tag(out, "td", severity, "%s", severity);
        fputs("<td>", out);
        polreport_text(out, f->text);
        fputs("<br/>", out);
        polreport_tag(out, "span", "small mono", "%s%s%s", f->code->code, *f->where ? "  " : "", f->where);
        if (f->because) {
            fputs("<br/>", out);
            polreport_tag(out, "span", "small", "Accepted: %s", f->because);
        }
        fputs("</td></tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void hex(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void row(FILE *out, const char *what, const char *class, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    fputs("<tr>", out);
    polreport_tag(out, "th", NULL, "%s", what);
    polreport_tag(out, "td", class, "%s", text);
    fputs("</tr>\n", out);
}

/* The hypervisor reads the table; the analysis read the policy. Are they one? */
static void table_identity(FILE *out, const struct polreport *r, const struct polfile *f)
{
    struct policy_header h;
    struct policy_error e = {""};
    size_t size = 0;
    if (f->size < sizeof(h) + POLICY_SIGNATURE) {
        row(out, "Policy table", "error", "%s is too short for one", f->path);
        return;
    }
    memcpy(&h, f->data, sizeof(h));
    h.name[POLICY_NAME - 1] = 0;
    uint8_t *built = policy_file_build(&r->in->model.flat, (const char *)h.name, h.version, &size, &e);
    bool same = built && size == f->size && memcmp(built, f->data, size - POLICY_SIGNATURE) == 0;
    row(out, "Policy in force", NULL, "%s, version %u, format %u", (const char *)h.name, h.version, h.format);
    row(out, "Its table is that of the sources", same ? "holds" : "error", "%s",
        same ? "yes: the same bytes come out again" : "NO: the table was made from another policy or other rules");
    if (r->signer) row(out, "Signature", strncmp(r->signer, "signed by", 9) == 0 ? "holds" : "error", "%s", r->signer);
    free(built);
}

static void identity(FILE *out, const struct polreport *r)
{
    heading(
        out, "What this is about",
        "SHA-256 of every file that was read. The digest of the policy table is the one that reports and PCR 21 name.");
    fputs("<table>\n", out);
    const struct polfile *table = polinput_next(r->in, NULL, ".bhp");
    if (table) table_identity(out, r, table);
    for (size_t i = 0; i < r->in->count; i++) {
        char digest[65];
        hex(r->in->files[i].sha256, 32, digest);
        row(out, r->in->files[i].path, "digest mono", "%s", digest);
    }
    row(out, "Types, attributes", NULL, "%u, %zu", r->in->model.flat.types, r->in->model.set_count);
    row(out, "Classes, permissions of the hypervisor", NULL, "%d, %d", BH_CLASS_COUNT, BH_PERM_COUNT);
    fputs("</table>\n", out);
}

void polreport(FILE *out, const struct polreport *r)
{
    struct polshow show;
    polshow_init(&show, r->graph);
    fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><head><meta charset=\"utf-8\"/>"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>",
          out);
    polreport_text(out, r->title);
    fprintf(out, "</title><style>%s</style></head><body>\n", style);
    polreport_tag(out, "p", "lead", "Bulkhead policy report");
    polreport_tag(out, "h1", NULL, "%s", r->title);
    tiles(out, r);
    heading(out, "Flows",
            "Who can share memory with whom and signal whom, by what the policy allows. The left and the right column "
            "are the same types "
            "in two compartments; nothing but the middle should join them.");
    fputs("<div class=\"scroll\">\n", out);
    polsvg(out, &show, false);
    fputs("</div>\n", out);
    assertions(out, r);
    findings(out, r);
    polreport_matrix(out, &show);
    polreport_machine(out, r);
    polreport_rules(out, r);
    identity(out, r);
    fputs("</body></html>\n", out);
    polshow_free(&show);
}
