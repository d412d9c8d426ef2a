/* SPDX-License-Identifier: MIT */
/* BH_AUDIT_READ: who may, bounds, batches without holes, faults. */
#include "hv_fakes.h"
#include "measure/crypto.h"
#include "monitor/audit.h"
#include "dispatched.h"

static struct domain *reader;
static struct bh_audit_record out[17];

static int set_up(void **state)
{
    (void)state;
    fakes_reset(1);
    reader = fake_domain(1);
    fake_run(reader->vcpu[0]);
    memset(out, 0, sizeof(out));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_domain_free(reader);
    return 0;
}

static void append(uint64_t n)
{
    static uint64_t object;
    while (n--) {
        struct bh_audit_record r = {.object = ++object};
        struct audit_limit limit = {.spent = 0};
        assert_true(audit_append(&r, &limit, 1));
    }
}

static long read_op(struct bh_audit_read *op)
{
    return audit_read_op((uint64_t)op);
}

/* The ring lives as long as the program: tests in this order. */
static void copies_all_in_order(void **state)
{
    (void)state;
    append(40);
    for (uint32_t count = 0; count <= 16; count++) {
        struct bh_audit_read op = {.seq = 3, .count = count, .data = (uint64_t)out};
        memset(out, 0, sizeof(out));
        assert_int_equal(read_op(&op), 0);
        assert_int_equal(op.count, count);
        assert_int_equal(op.seq, 3);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(out[i].object, 3 + i);
        assert_int_equal(out[count].object, 0);
    }
    assert_int_equal(fake_last_perm, PERM_policy_audit);
    assert_null(fake_last_object);
}

static void stops_at_the_end(void **state)
{
    (void)state;
    struct bh_audit_read op = {.seq = 35, .count = 16, .data = (uint64_t)out};
    assert_int_equal(read_op(&op), 0);
    assert_int_equal(op.count, 6);
    assert_int_equal(out[5].seq, 40);
    op.seq = 1000;
    op.count = 16;
    assert_int_equal(read_op(&op), 0);
    assert_int_equal(op.count, 0);
    assert_int_equal(op.seq, 41);
}

static void tells_a_late_reader(void **state)
{
    (void)state;
    append(AUDIT_RECORDS);
    struct bh_audit_read op = {.seq = 1, .count = 5, .data = (uint64_t)out};
    assert_int_equal(read_op(&op), 0);
    assert_int_equal(op.seq, 41);
    assert_int_equal(op.count, 5);
    assert_int_equal(op.dropped, 18); /* 1 to 40 are gone; 3 to 18 and 35 to 40 had been read */
}

static void refuses(void **state)
{
    (void)state;
    struct bh_audit_read op = {.seq = 1, .count = 17, .data = (uint64_t)out}, was = op;
    assert_int_equal(read_op(&op), -XEN_EINVAL);
    op.count = 1;
    op.reserved = 1;
    assert_int_equal(read_op(&op), -XEN_EINVAL);
    op.reserved = 0;
    op.data = 0;
    assert_int_equal(read_op(&op), -XEN_EFAULT);
    assert_int_equal(audit_read_op(0), -XEN_EFAULT);
    fake_monitor_rc = -XEN_EPERM;
    op = was;
    op.count = 1;
    assert_int_equal(read_op(&op), -XEN_EPERM);
    assert_int_equal(op.dropped, 0);
    assert_int_equal(out[0].seq, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(copies_all_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_a_late_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
