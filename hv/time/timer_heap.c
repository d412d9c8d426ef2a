/* SPDX-License-Identifier: MIT */
#include "time/timer_heap.h"

/* Where the pointer to node n is kept; its parent in *parent. */
static struct timer **place(struct timer_heap *h, uint32_t n, struct timer **parent)
{
    struct timer **at = &h->root;

    *parent = NULL;
    for (int bit = 30 - __builtin_clz(n); bit >= 0; bit--) {
        *parent = *at;
        at = n >> bit & 1 ? &(*at)->right : &(*at)->left;
    }
    return at;
}

static void set_child(struct timer_heap *h, struct timer *parent, struct timer *was, struct timer *now)
{
    if (!parent)
        h->root = now;
    else if (parent->left == was)
        parent->left = now;
    else
        parent->right = now;
}

static void adopt(struct timer *t)
{
    if (t->left) t->left->parent = t;
    if (t->right) t->right->parent = t;
}

/* Child c and its parent change places. */
static void swap_up(struct timer_heap *h, struct timer *c)
{
    struct timer *p = c->parent, *left = c->left, *right = c->right;

    set_child(h, p->parent, p, c);
    c->parent = p->parent;
    if (p->left == c) {
        c->left = p;
        c->right = p->right;
    } else {
        c->left = p->left;
        c->right = p;
    }
    p->left = left;
    p->right = right;
    adopt(p);
    adopt(c);
}

static void sift_up(struct timer_heap *h, struct timer *t)
{
    while (t->parent && t->deadline < t->parent->deadline)
        swap_up(h, t);
}

static void sift_down(struct timer_heap *h, struct timer *t)
{
    for (;;) {
        struct timer *least = t;
        if (t->left && t->left->deadline < least->deadline) least = t->left;
        if (t->right && t->right->deadline < least->deadline) least = t->right;
        if (least == t) return;
        swap_up(h, least);
    }
}

void timer_heap_insert(struct timer_heap *h, struct timer *t)
{
    struct timer *parent;
    struct timer **at = place(h, ++h->count, &parent);

    *at = t;
    t->parent = parent;
    t->left = t->right = NULL;
    sift_up(h, t);
}

void timer_heap_remove(struct timer_heap *h, struct timer *t)
{
    struct timer *parent;
    struct timer **at = place(h, h->count--, &parent), *last = *at;

    *at = NULL;
    if (last == t) return;
    set_child(h, t->parent, t, last);
    last->parent = t->parent;
    last->left = t->left;
    last->right = t->right;
    adopt(last);
    sift_up(h, last);
    sift_down(h, last);
}
