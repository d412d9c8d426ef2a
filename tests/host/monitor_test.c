/* SPDX-License-Identifier: MIT */
/* The reference monitor: what it refuses before and after it has a policy, and what it then records. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "domain/domain.h"
#include "measure/crypto.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"
#include "policy_support.h"

/* ---- The hypervisor around it ------------------------------------------------------------------ */
static char console[4096];

void printk(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(console, sizeof(console), fmt, args);
    va_end(args);
}

void printk_guest(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(console, sizeof(console), fmt, args);
    va_end(args);
}

static struct bh_audit_record denial;
static unsigned int denials;

static bool audit_full;

bool audit_append(const struct bh_audit_record *r, struct audit_limit *limit, uint32_t rate)
{
    (void)limit, (void)rate;
    denial = *r;
    denials++;
    return !audit_full;
}

/* ---- Types of the policy: t000 is the boot domain's, t001 and t002 guests, t003 is xen's --------- */
static uint8_t *file;
static size_t size;

static void make_file(void)
{
    struct policy_flat flat;
    support_flat(&flat, 4);
    support_allow(&flat, 1, 2, true, PERM_grant_map_read);
    support_allow(&flat, 1, 1, true, PERM_event_status);
    support_allow(&flat, 2, 1, true, PERM_event_peer_status);
    support_allow(&flat, 1, 1, true, PERM_vcpu_up);
    support_allow(&flat, 1, 2, true, PERM_vcpu_up); /* without sense, so without effect */
    support_allow(&flat, 1, 2, true, PERM_platform_info);
    support_allow(&flat, 0, 3, true, PERM_platform_power);
    support_allow(&flat, 0, 3, true, PERM_event_send);
    support_allow(&flat, 0, 1, false, PERM_domain_create);
    file = support_file(&flat, 3, &size);
    policy_flat_free(&flat);
}

static void refused(struct domain *s, struct domain *o, enum bh_perm perm)
{
    unsigned int before = denials, own = s->denials;
    assert_int_equal(monitor_check(s, o, perm, 0x1234), -EPERM);
    assert_int_equal(denials, before + 1);
    assert_int_equal(s->denials, own + 1);
}

static void allowed(struct domain *s, struct domain *o, enum bh_perm perm)
{
    unsigned int before = denials, own = s->denials;
    assert_int_equal(monitor_check(s, o, perm, 0x1234), 0);
    assert_int_equal(denials, before);
    assert_int_equal(s->denials, own);
}

static struct domain boot = {.domid = 0};
static struct domain a = {.domid = 5, .label = {1, 10}};
static struct domain b = {.domid = 6, .label = {2, 10}};
static struct domain c = {.domid = 7, .label = {2, 11}};
static struct domain twin = {.domid = 8, .label = {1, 10}}; /* labelled like a */

/* In this order: the monitor is initialised once in its life. */
static void without_a_policy_everything_is_refused(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    struct label label;
    for (int p = 0; p < BH_PERM_COUNT; p++) {
        refused(&boot, NULL, p);
        refused(&boot, &boot, p);
        refused(&boot, &a, p);
    }
    assert_int_equal(monitor_label_from_name("t001", 0, &label), -ENOENT);
    assert_memory_equal(monitor_policy_digest(), zeros, 32);
    assert_int_equal(monitor_policy_version(), 0);
}

static void a_bad_policy_is_refused_with_its_reason(void **state)
{
    (void)state;
    make_file();
    assert_int_equal(monitor_init(file, size - 1), -EINVAL);
    assert_non_null(strstr(console, "cut short"));
    file[8] ^= 1;
    assert_int_equal(monitor_init(file, size), -EINVAL);
    assert_non_null(strstr(console, "at byte 8"));
    file[8] ^= 1;
    file[12] ^= 1; /* the version: well-formed, but signed otherwise */
    assert_int_equal(monitor_init(file, size), -EPERM);
    assert_non_null(strstr(console, "signature"));
    file[12] ^= 1;
    refused(&boot, NULL, PERM_platform_power);
}

static void a_good_policy_is_taken(void **state)
{
    (void)state;
    uint8_t digest[32];
    assert_int_equal(monitor_init(file, size), 0);
    sha256(file, size, digest);
    assert_memory_equal(monitor_policy_digest(), digest, 32);
    assert_int_equal(monitor_policy_version(), 3);
    boot.label = monitor_boot_label();
    assert_int_equal(boot.label.type, 0);
    assert_int_equal(boot.label.compartment, 0);
}

static void decides_by_type_and_compartment(void **state)
{
    (void)state;
    allowed(&a, &b, PERM_grant_map_read);
    refused(&b, &a, PERM_grant_map_read);  /* not symmetric */
    refused(&a, &c, PERM_grant_map_read);  /* another compartment */
    refused(&a, &b, PERM_grant_map_write); /* another permission */
    allowed(&boot, NULL, PERM_platform_power);
    refused(&a, NULL, PERM_platform_power);
}

static void tells_itself_from_its_like(void **state)
{
    (void)state;
    allowed(&a, &a, PERM_vcpu_up);
    refused(&a, &twin, PERM_vcpu_up);
    refused(&a, &b, PERM_vcpu_up);
    allowed(&a, &a, PERM_event_status);
    refused(&a, &twin, PERM_event_status);
    assert_string_equal(denial.perm_name, "peer_status");
    allowed(&b, &a, PERM_event_status);
    refused(&b, &b, PERM_event_status);
}

/* A caller that names the wrong kind of object gets a no, whatever the policy has. */
static void refuses_questions_without_sense(void **state)
{
    (void)state;
    refused(&a, &b, PERM_platform_info);
    refused(&boot, NULL, PERM_event_send);
    assert_int_equal(monitor_check_label(&boot, &a.label, 9, PERM_platform_info, 0), -EPERM);
}

static void labels_of_domains_to_be(void **state)
{
    (void)state;
    struct label label = {0, 0};
    char name[BH_TYPE_MAX];
    assert_int_equal(monitor_label_from_name("t001", 1023, &label), 0);
    assert_int_equal(label.type, 1);
    assert_int_equal(label.compartment, 1023);
    assert_int_equal(monitor_check_label(&boot, &label, 9, PERM_domain_create, 9), 0);
    assert_int_equal(monitor_label_from_name("t002", 1, &label), 0);
    assert_int_equal(monitor_check_label(&boot, &label, 9, PERM_domain_create, 9), -EPERM);
    assert_int_equal(denial.target, 9);
    assert_string_equal(denial.target_type, "t002");

    assert_int_equal(monitor_label_from_name("t001", 1024, &label), -EINVAL);
    assert_int_equal(monitor_label_from_name("t004", 0, &label), -ENOENT);
    memset(name, 't', sizeof(name));
    assert_int_equal(monitor_label_from_name(name, 0, &label), -EINVAL);
    monitor_type_name(&(struct label){2, 0}, name);
    assert_memory_equal(name, "t002\0\0\0", 8);
    assert_int_equal(name[BH_TYPE_MAX - 1], 0);
}

static void records_who_what_and_whom(void **state)
{
    (void)state;
    memset(&denial, 0xff, sizeof(denial));
    refused(&a, &c, PERM_grant_map_write);
    assert_int_equal(denial.source, 5);
    assert_int_equal(denial.target, 7);
    assert_string_equal(denial.source_type, "t001");
    assert_string_equal(denial.target_type, "t002");
    assert_int_equal(denial.source_compartment, 10);
    assert_int_equal(denial.target_compartment, 11);
    assert_string_equal(denial.class_name, "grant");
    assert_string_equal(denial.perm_name, "map_write");
    assert_int_equal(denial.object, 0x1234);
    assert_int_equal(denial.allowed, 0);
    assert_string_equal(denial.reason, "policy");
    refused(&a, NULL, PERM_platform_power);
    assert_int_equal(denial.target, DOMID_XEN);
    assert_string_equal(denial.target_type, "t003");
}

/* What is kept in d->may is what monitor_check() says, and only of the caller's own label. */
static void keeps_answers_about_itself(void **state)
{
    (void)state;
    struct domain *all[] = {&boot, &a, &b, &c, &twin};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct domain *d = all[i];
        memset(d->may, 1, sizeof(d->may));
        monitor_refresh_domain(d);
        for (int p = 0; p < BH_PERM_COUNT; p++) {
            enum bh_perm_object kind = bh_permissions[p].object;
            bool yes = monitor_check(d, kind == BH_OBJECT_XEN ? NULL : d, p, 0) == 0;
            bool kept = kind != BH_OBJECT_DOMAIN && bh_permissions[p].class != BH_CLASS_hw;
            assert_int_equal(d->may[p], yes && kept);
        }
        assert_true(d->may[BH_PERM_COUNT]);
    }
    assert_true(a.may[PERM_vcpu_up] && boot.may[PERM_platform_power]);
    assert_false(b.may[PERM_vcpu_up] || boot.may[PERM_event_send]);
}

static int drop(void **state)
{
    (void)state;
    free(file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_everything_is_refused),
        cmocka_unit_test(a_bad_policy_is_refused_with_its_reason),
        cmocka_unit_test(a_good_policy_is_taken),
        cmocka_unit_test(decides_by_type_and_compartment),
        cmocka_unit_test(tells_itself_from_its_like),
        cmocka_unit_test(refuses_questions_without_sense),
        cmocka_unit_test(labels_of_domains_to_be),
        cmocka_unit_test(records_who_what_and_whom),
        cmocka_unit_test(keeps_answers_about_itself),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
