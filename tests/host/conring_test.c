/* SPDX-License-Identifier: MIT */
/* dom0's end of a console ring, against tenants that behave and tenants that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "conring.h"

#define OUT 2048u
#define IN  1024u

static struct xencons_interface *page; /* of its exact size: the sanitizer sees a step beyond */
static struct conring ring;

static int setup(void **state)
{
    (void)state;
    page = calloc(1, sizeof(*page));
    conring_init(&ring, page);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(page);
    return 0;
}

static void tenant_writes(const char *text)
{
    for (; *text; text++)
        page->out[page->out_prod++ & (OUT - 1)] = *text;
}

static void test_take(void **state)
{
    char got[OUT];

    (void)state;
    assert_int_equal(conring_take(&ring, got, sizeof(got)), 0);
    tenant_writes("hello");
    assert_int_equal(conring_take(&ring, got, 3), 3);
    assert_int_equal(page->out_cons, 3);
    assert_int_equal(conring_take(&ring, got + 3, sizeof(got) - 3), 2);
    assert_memory_equal(got, "hello", 5);
    assert_int_equal(page->out_cons, 5);
    assert_int_equal(ring.faults, 0);
}

static void test_take_over_the_end(void **state)
{
    char got[OUT];

    (void)state;
    /* Both the buffer and the 32-bit index wrap. */
    page->out_prod = page->out_cons = 0xfffffffe;
    conring_init(&ring, page);
    tenant_writes("abcdef");
    assert_int_equal(page->out_prod, 4);
    assert_int_equal(conring_take(&ring, got, sizeof(got)), 6);
    assert_memory_equal(got, "abcdef", 6);
    assert_int_equal(page->out_cons, 4);
}

static void test_take_a_full_ring(void **state)
{
    char got[OUT + 1];

    (void)state;
    memset(page->out, 'x', OUT);
    page->out_prod = OUT;
    assert_int_equal(conring_take(&ring, got, sizeof(got)), OUT);
    assert_int_equal(ring.faults, 0);
}

static void test_take_from_a_liar(void **state)
{
    static const uint32_t lies[] = {OUT + 1, 0x7fffffff, 0x80000000, 0xffffffff};
    char got[OUT];

    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        uint32_t before = ring.out_cons;

        page->out_prod = before + lies[i];
        assert_int_equal(conring_take(&ring, got, sizeof(got)), 0);
        assert_int_equal(ring.faults, i + 1);
        assert_int_equal(page->out_cons, page->out_prod);
        /* It may come to its senses. */
        tenant_writes("ok");
        assert_int_equal(conring_take(&ring, got, sizeof(got)), 2);
        assert_memory_equal(got, "ok", 2);
    }
}

/* What we own is not believed when it comes back from the page. */
static void test_our_own_indices_are_not_read_back(void **state)
{
    char got[OUT];

    (void)state;
    tenant_writes("abc");
    page->out_cons = 0x12345;
    assert_int_equal(conring_take(&ring, got, sizeof(got)), 3);
    assert_int_equal(page->out_cons, 3);
    page->in_prod = 0x54321;
    assert_int_equal(conring_give(&ring, "xy", 2), 2);
    assert_int_equal(page->in_prod, 2);
    assert_memory_equal(page->in, "xy", 2);
}

static void test_give(void **state)
{
    char big[IN + 10];

    (void)state;
    memset(big, 'b', sizeof(big));
    assert_int_equal(conring_room(&ring), IN);
    assert_int_equal(conring_give(&ring, big, sizeof(big)), IN);
    assert_int_equal(conring_room(&ring), 0);
    assert_int_equal(conring_give(&ring, "z", 1), 0);
    assert_int_equal(page->in_prod, IN);
    page->in_cons = 4;
    assert_int_equal(conring_give(&ring, "12345", 5), 4);
    assert_memory_equal(page->in, "1234b", 5);
    assert_int_equal(conring_give(&ring, NULL, 0), 0);
}

static void test_give_to_a_liar(void **state)
{
    static const uint32_t lies[] = {1, 0x80000000, 0xffffffff - IN - 1};

    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        page->in_cons = ring.in_prod + lies[i]; /* ahead of what was ever written */
        assert_int_equal(conring_room(&ring), 0);
        assert_int_equal(conring_give(&ring, "x", 1), 0);
        assert_int_equal(ring.in_prod, 0);
    }
    assert_true(ring.faults > 0);
    page->in_cons = 0;
    assert_int_equal(conring_give(&ring, "x", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_take, setup, teardown),
        cmocka_unit_test_setup_teardown(test_take_over_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_take_a_full_ring, setup, teardown),
        cmocka_unit_test_setup_teardown(test_take_from_a_liar, setup, teardown),
        cmocka_unit_test_setup_teardown(test_our_own_indices_are_not_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_give, setup, teardown),
        cmocka_unit_test_setup_teardown(test_give_to_a_liar, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
