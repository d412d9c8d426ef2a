/* SPDX-License-Identifier: MIT */
#include "polsvg.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH    1000
#define BOX_W    180
#define BOX_H    44
#define ROW      84
#define TOP      190 /* first row's upper edge */
#define LEFT_X   120
#define MIDDLE_X ((WIDTH - BOX_W) / 2)
#define RIGHT_X  (WIDTH - LEFT_X - BOX_W)
#define BOOT_Y   24
#define LINES    ((1u << POL_MEMORY) | (1u << POL_SIGNAL))

enum column { LEFT, MIDDLE, RIGHT, COLUMNS };

struct place {
    uint32_t type;
    enum column column;
    int row, x, y;
};

struct picture {
    FILE *out;
    const struct polshow *s;
    struct place *places;
    size_t count;
    int rows, height;
};

/* Serves many compartments: declared so, or cleared for some. */
static bool spans(const struct polshow *s, uint32_t t)
{
    const struct poltypes *set = polmodel_set(s->g->w.m, "spanning");
    bool yes = set && poltypes_has(set, t);
    const struct polrules *r = s->g->w.rules;
    for (size_t i = 0; i < r->clearance_count; i++)
        yes |= r->clearances[i].span.type == t || r->clearances[i].span.type == POL_ANY_TYPE;
    return yes;
}

static void put(struct picture *p, uint32_t t, enum column c, int row)
{
    static const int xs[COLUMNS] = {LEFT_X, MIDDLE_X, RIGHT_X};
    p->places[p->count++] = (struct place){.type = t, .column = c, .row = row, .x = xs[c]};
}

static void layout(struct picture *p)
{
    const struct polmodel *m = p->s->g->w.m;
    int side = 0, middle = 0;
    for (uint32_t t = 0; t < p->s->types; t++) {
        if (!poltypes_has(&m->domains, t) || t == m->flat.boot_type) continue;
        if (spans(p->s, t)) {
            put(p, t, MIDDLE, middle++);
        } else {
            put(p, t, LEFT, side);
            put(p, t, RIGHT, side++);
        }
    }
    p->rows = side > middle ? side : middle;
    if (p->rows == 0) p->rows = 1;
    for (size_t i = 0; i < p->count; i++) {
        int own = p->places[i].column == MIDDLE ? middle : side;
        p->places[i].y = TOP + p->places[i].row * ROW + (p->rows - own) * ROW / 2;
    }
    p->height = TOP + p->rows * ROW + 76;
}

static void text(FILE *out, int x, int y, const char *class, const char *anchor, const char *what)
{
    fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\" text-anchor=\"%s\">", x, y, class, anchor);
    for (; *what; what++)
        fputs(*what == '&' ? "&amp;" : *what == '<' ? "&lt;" : *what == '>' ? "&gt;" : (const char[]){*what, 0}, out);
    fputs("</text>\n", out);
}

static void box(FILE *out, int x, int y, int w, int h, const char *class)
{
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\" class=\"%s\"/>\n", x, y, w, h, class);
}

/* A line between two places, with heads at the ends that are informed. */
static void curve(const struct picture *p, int x1, int y1, int c1, int c2, int x2, int y2, bool there, bool back,
                  const char *class)
{
    fprintf(p->out, "<path d=\"M%d %dC%d %d %d %d %d %d\" class=\"%s\"%s%s%s%s%s%s/>\n", x1, y1, c1, y1, c2, y2, x2, y2,
            class, there ? " marker-end=\"url(#" : "", there ? class : "", there ? ")\"" : "",
            back ? " marker-start=\"url(#" : "", back ? class : "", back ? ")\"" : "");
}

/* Where a line leaves a box: lines to different rows leave at different heights. */
static int port(const struct place *from, const struct place *to, int kind)
{
    int down = to->y - from->y;
    int step = down > 0 ? 7 : down < 0 ? -7 : 0;
    return from->y + BOX_H / 2 + step + (kind == POL_SIGNAL ? 7 : -3);
}

static void line(const struct picture *p, const struct place *a, const struct place *b, int kind, bool there, bool back,
                 bool across)
{
    const char *class = across ? "across" : kind == POL_MEMORY ? "memory" : "signal";
    int y1 = port(a, b, kind), y2 = port(b, a, kind);
    if (a == b) { /* two domains of one label */
        int x = a->column == RIGHT ? a->x + BOX_W : a->x, out = a->column == RIGHT ? 46 : -46;
        curve(p, x, a->y + (kind == POL_MEMORY ? 10 : 16), x + out, x + out, x,
              a->y + BOX_H - (kind == POL_MEMORY ? 10 : 16), there, back, class);
    } else if (a->column == b->column) {
        int rows = abs(a->row - b->row), out = 30 + 22 * rows;
        int x = a->column == RIGHT ? a->x + BOX_W : a->x;
        int bend = (a->column == RIGHT ? out : -out) + (kind == POL_SIGNAL ? (a->column == RIGHT ? -9 : 9) : 0);
        curve(p, x, y1, x + bend, x + bend, x, y2, there, back, class);
    } else {
        const struct place *l = a->x < b->x ? a : b, *r = l == a ? b : a;
        int x1 = l->x + BOX_W, x2 = r->x, mid = (x1 + x2) / 2;
        bool forward = l == a ? there : back, backward = l == a ? back : there;
        curve(p, x1, l == a ? y1 : y2, mid, mid, x2, l == a ? y2 : y1, forward, backward, class);
    }
}

/* Places stand for labels: same column of the sides is one compartment. */
static unsigned int kinds_between(const struct picture *p, const struct place *a, const struct place *b)
{
    size_t cell = (size_t)a->type * p->s->types + b->type;
    if (a->column != MIDDLE && b->column != MIDDLE) return p->s->step[a->column == b->column][cell];
    return p->s->step[0][cell] | p->s->step[1][cell];
}

static void lines(const struct picture *p)
{
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = i; k < p->count; k++) {
            const struct place *a = &p->places[i], *b = &p->places[k];
            unsigned int there = kinds_between(p, a, b) & LINES, back = kinds_between(p, b, a) & LINES;
            bool across = a->column != b->column && a->column != MIDDLE && b->column != MIDDLE;
            if (!across) {
                if ((there | back) & (1u << POL_SIGNAL))
                    line(p, a, b, POL_SIGNAL, there >> POL_SIGNAL & 1, back >> POL_SIGNAL & 1, false);
                if ((there | back) & (1u << POL_MEMORY))
                    line(p, a, b, POL_MEMORY, there >> POL_MEMORY & 1, back >> POL_MEMORY & 1, false);
            } else if (there | back) {
                line(p, a, b, POL_MEMORY, there != 0, back != 0, true);
            }
        }
    }
}

/* The boot domain: one line to each column for what it has over all guests; a red one to a guest whose memory it
 * reaches. */
static void boot_lines(const struct picture *p)
{
    const struct polmodel *m = p->s->g->w.m;
    static const int xs[COLUMNS] = {LEFT_X, MIDDLE_X, RIGHT_X};
    bool any[COLUMNS] = {false};
    for (size_t i = 0; i < p->count; i++) {
        const struct place *a = &p->places[i];
        size_t to = (size_t)m->flat.boot_type * p->s->types + a->type,
               from = (size_t)a->type * p->s->types + m->flat.boot_type;
        unsigned int there = p->s->step[0][to] | p->s->step[1][to], back = p->s->step[0][from] | p->s->step[1][from];
        any[a->column] |= (there | back) != 0;
        if (!((there | back) & (1u << POL_MEMORY))) continue;
        int x = a->x + BOX_W - 24;
        fprintf(p->out, "<path d=\"M%d %dL%d %d\" class=\"across\"%s%s/>\n", x, BOOT_Y + 52, x, a->y,
                there >> POL_MEMORY & 1 ? " marker-end=\"url(#across)\"" : "",
                back >> POL_MEMORY & 1 ? " marker-start=\"url(#across)\"" : "");
    }
    for (int c = 0; c < COLUMNS; c++)
        if (any[c])
            fprintf(p->out,
                    "<path d=\"M%d %dL%d %d\" class=\"console\" marker-end=\"url(#console)\" "
                    "marker-start=\"url(#console)\"/>\n",
                    xs[c] + BOX_W / 2, BOOT_Y + 52, xs[c] + BOX_W / 2, TOP - 52);
}

static void marker(FILE *out, const char *class)
{
    fprintf(out,
            "<marker id=\"%s\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" "
            "markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\"><path d=\"M0 1L10 5L0 9z\" "
            "class=\"head-%s\"/></marker>\n",
            class, class);
}

static void frames(const struct picture *p)
{
    static const char *const titles[COLUMNS] = {"one compartment", "serve many compartments", "any other compartment"};
    static const int xs[COLUMNS] = {LEFT_X - 100, MIDDLE_X - 24, RIGHT_X - 24};
    static const int widths[COLUMNS] = {BOX_W + 124, BOX_W + 48, BOX_W + 124};
    bool used[COLUMNS] = {false};
    for (size_t i = 0; i < p->count; i++)
        used[p->places[i].column] = true;
    for (int c = 0; c < COLUMNS; c++) {
        if (!used[c]) continue;
        box(p->out, xs[c], TOP - 50, widths[c], p->rows * ROW + 50, c == MIDDLE ? "frame-middle" : "frame");
        text(p->out, xs[c] + widths[c] / 2, TOP - 26, "title", "middle", titles[c]);
    }
}

static void legend(const struct picture *p)
{
    static const struct {
        const char *class, *what;
    } entries[] = {{"memory", "shares memory"},
                   {"signal", "events"},
                   {"console", "console, life, state"},
                   {"across", "crosses compartments"}};
    int y = p->height - 34;
    for (int i = 0; i < 4; i++) {
        int x = 24 + i * 245;
        fprintf(p->out, "<path d=\"M%d %dL%d %d\" class=\"%s\" marker-end=\"url(#%s)\"/>\n", x, y, x + 44, y,
                entries[i].class, entries[i].class);
        text(p->out, x + 54, y + 5, "legend", "start", entries[i].what);
    }
    text(p->out, 24, p->height - 8, "legend", "start",
         "An arrow points at the one who is informed. Platform and state flows are in the matrix.");
}

static const char style[] =
    "<style>.flow text{font-family:system-ui,'DejaVu Sans',sans-serif;fill:#1d2733}.flow "
    ".name{font-size:17px;font-weight:600}"
    ".flow .title{font-size:15px;fill:#52606d}.flow .legend{font-size:14px;fill:#52606d}"
    ".flow path{fill:none}.flow .memory{stroke:#1864ab;stroke-width:2.4}.flow "
    ".signal{stroke:#c77700;stroke-width:1.8;stroke-dasharray:2 4}"
    ".flow .console{stroke:#7b8794;stroke-width:1.8;stroke-dasharray:7 5}.flow .across{stroke:#c92a2a;stroke-width:2.6}"
    ".flow .head-memory{fill:#1864ab}.flow .head-signal{fill:#c77700}.flow .head-console{fill:#7b8794}.flow "
    ".head-across{fill:#c92a2a}"
    ".flow .frame{fill:#f5f7fa;stroke:#cbd2d9}.flow .frame-middle{fill:#fff9ed;stroke:#e0c48a}.flow "
    ".box{fill:#fff;stroke:#1d2733;stroke-width:1.4}"
    ".flow .boot{fill:#e9ecef;stroke:#1d2733;stroke-width:1.4}</style>\n";

void polsvg(FILE *out, const struct polshow *s, bool standalone)
{
    struct picture p = {.out = out, .s = s, .places = calloc((size_t)s->types * 2 + 1, sizeof(*p.places))};
    if (!p.places) abort();
    layout(&p);
    fprintf(out,
            "<svg class=\"flow\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\"%s "
            "role=\"img\">\n<title>Who can inform whom</title>\n",
            WIDTH, p.height, standalone ? " width=\"1000\"" : "");
    fputs(style, out);
    fputs("<defs>\n", out);
    marker(out, "memory");
    marker(out, "signal");
    marker(out, "console");
    marker(out, "across");
    fputs("</defs>\n", out);
    if (standalone) fprintf(out, "<rect x=\"0\" y=\"0\" width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, p.height);
    frames(&p);
    box(out, LEFT_X - 100, BOOT_Y, WIDTH - 2 * (LEFT_X - 100), 52, "boot");
    text(out, WIDTH / 2, BOOT_Y + 32, "name", "middle", s->g->w.m->flat.names[s->g->w.m->flat.boot_type]);
    boot_lines(&p);
    lines(&p);
    for (size_t i = 0; i < p.count; i++) {
        box(out, p.places[i].x, p.places[i].y, BOX_W, BOX_H, "box");
        text(out, p.places[i].x + BOX_W / 2, p.places[i].y + BOX_H / 2 + 6, "name", "middle",
             s->g->w.m->flat.names[p.places[i].type]);
    }
    legend(&p);
    fputs("</svg>\n", out);
    free(p.places);
}
