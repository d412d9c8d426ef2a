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
#include "domain/lifecycle.h"
#include "measure/crypto.h"
#include "monitor/admit.h"
#include "monitor/audit.h"
#include "monitor/monitor.h"
#include "monitor/policy_section.h"
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

static struct bh_audit_record denial; /* or an allowed use */
static unsigned int denials, uses;
static uint32_t last_rate;
static struct domain *list; /* of all, by ->next */

struct domain *domain_next_stopped(const struct domain *d)
{
    return d ? d->next : list;
}

static bool audit_full;

bool audit_append(const struct bh_audit_record *r, struct audit_limit *limit, uint32_t rate)
{
    (void)limit;
    last_rate = rate;
    denial = *r;
    denials += !r->allowed;
    uses += r->allowed;
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
static struct domain a = {.domid = 5, .label = {.type = 1, .compartment = 10}};
static struct domain b = {.domid = 6, .label = {.type = 2, .compartment = 10}};
static struct domain c = {.domid = 7, .label = {.type = 2, .compartment = 11}};
static struct domain twin = {.domid = 8, .label = {.type = 1, .compartment = 10}}; /* labelled like a */

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
    struct label label = {0};
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
    monitor_type_name(&(struct label){.type = 2}, name);
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

/* ---- A second policy: t000, t001, t003 as before, their numbers moved by a new first type; rules for everything -- */
static uint8_t *second;
static size_t second_size;
static struct policy_table second_table;

static const char rules[] =
    "assign t000 t001:c1-c9 t004\n"
    "clearance t001:c1 c2\n"
    "clearance t002:c2 c1\n"
    "ceiling * audit=3\n"
    "ceiling t001 memory=64M vcpus=2 weight=300 cap=50 ports=7\n"
    "launch t004:c1 digest 0100000000000000000000000000000000000000000000000000000000000000\n"
    "launch t004:c2 signer 0200000000000000000000000000000000000000000000000000000000000000 svn>=5\n"
    "conflict banks at-a-time t001:c1 t001:c2-c3 t004\n"
    "conflict ever per-boot t002:c1 t002:c2\n"
    "record tpm\n";

static void make_second(void)
{
    struct policy_flat flat;
    support_flat(&flat, 5);
    strcpy(flat.names[0], "a_new_one");
    for (uint32_t i = 1; i < 5; i++)
        snprintf(flat.names[i], POLICY_TYPE_NAME, "t%03u", i - 1);
    strcpy(flat.names[4], "t004"); /* there is no t003 any more; xen_t is t004 */
    flat.boot_type = 1;
    support_allow(&flat, 2, 3, POLICY_SOURCE_CLEARED, PERM_grant_map_read);
    support_allow(&flat, 2, 3, POLICY_TARGET_CLEARED, PERM_grant_map_write);
    support_allow(&flat, 2, 3, POLICY_OTHER, PERM_event_send);
    support_allow(&flat, 2, 2, POLICY_SAME, PERM_event_send);
    support_allow(&flat, 1, 4, POLICY_SAME, PERM_tpm_quote);
    support_allow(&flat, 1, 4, POLICY_SAME, PERM_hw_ioport);
    support_allow(&flat, 2, 3, POLICY_SAME, PERM_hw_ioport);
    for (int k = 0; k < POLICY_HARDWARE; k++)
        flat.hardware[k].type = 4;
    struct policy_resource *r = flat.section[POLICY_RESOURCE].entries = calloc(1, sizeof(*r));
    flat.section[POLICY_RESOURCE].count = 1;
    *r = (struct policy_resource){.kind = POLICY_HW_IOPORT, .type = 3, .compartment = 1, .low = 0x60, .high = 0x63};
    support_rules(&flat, rules);
    second = support_file(&flat, 4, &second_size);
    policy_flat_free(&flat);
    assert_int_equal(policy_table_open(&second_table, second, second_size), 0);
}

static struct domain in1 = {.domid = 20}, in2 = {.domid = 21}, in3 = {.domid = 22}, lost = {.domid = 23};

static void another_policy_keeps_names(void **state)
{
    (void)state;
    uint8_t digest[32] = {7};
    struct label overtaken = {0};
    make_second();
    in1.label = (struct label){.type = 1, .compartment = 1};
    in2.label = (struct label){.type = 2, .compartment = 2};
    in3.label = (struct label){.type = 2, .compartment = 3};
    lost.label = (struct label){.type = 3, .compartment = 1};
    assert_int_equal(monitor_label_from_name("t001", 1, &overtaken), 0);
    assert_true(monitor_label_current(&overtaken));
    list = &in1, in1.next = &in2, in2.next = &in3, in3.next = &lost;
    monitor_adopt(&second_table, digest);
    assert_false(monitor_label_current(&overtaken));
    assert_int_equal(monitor_policy_version(), 4);
    assert_memory_equal(monitor_policy_digest(), digest, 32);
    assert_ptr_equal(monitor_policy()->data, second);
    assert_int_equal(in1.label.type, 2);
    assert_int_equal(in2.label.type, 3);
    assert_int_equal(in2.label.compartment, 2);
    assert_true(monitor_label_current(&in2.label));
    boot.label = monitor_boot_label();
    assert_int_equal(boot.label.type, 1);
    /* A domain whose type is gone can do nothing. */
    for (int p = 0; p < BH_PERM_COUNT; p++) {
        refused(&lost, &lost, p);
        refused(&lost, NULL, p);
        refused(&in1, &lost, p);
    }
    assert_string_equal(denial.target_type, "");
}

/* in1 is cleared for c2, in2 for c1; in3 for nothing. */
static void clearances_choose_the_row(void **state)
{
    (void)state;
    allowed(&in1, &in2, PERM_grant_map_read);
    allowed(&in1, &in2, PERM_grant_map_write); /* both are cleared: either row */
    refused(&in1, &in2, PERM_event_send);
    allowed(&in1, &in3, PERM_event_send);
    refused(&in1, &in3, PERM_grant_map_read);
    uint32_t clearance = in2.label.clearance;
    assert_int_not_equal(clearance, 0);
    in2.label.clearance = 0;
    allowed(&in1, &in2, PERM_grant_map_read);
    refused(&in1, &in2, PERM_grant_map_write);
    in2.label.clearance = clearance;
    clearance = in1.label.clearance;
    in1.label.clearance = 0;
    allowed(&in1, &in2, PERM_grant_map_write);
    refused(&in1, &in2, PERM_grant_map_read);
    in1.label.clearance = clearance;
    allowed(&in1, &in1, PERM_event_send);
}

static void records_uses_that_the_policy_wants(void **state)
{
    (void)state;
    unsigned int before = uses;
    assert_true(monitor_records(BH_CLASS_tpm) && !monitor_records(BH_CLASS_event));
    assert_int_equal(monitor_audit_rate(boot.label.type), 3);
    allowed(&boot, NULL, PERM_tpm_quote);
    assert_int_equal(uses, before + 1);
    assert_int_equal(last_rate, 3);
    assert_int_equal(denial.allowed, 1);
    assert_string_equal(denial.perm_name, "quote");
    allowed(&in1, &in1, PERM_event_send);
    assert_int_equal(uses, before + 1);
    assert_int_equal(monitor_audit_rate(999), 0);
}

static void asks_the_label_of_hardware(void **state)
{
    (void)state;
    assert_int_equal(monitor_check_hardware(&boot, PERM_hw_ioport, 0x5f, 0x5f), 0);
    assert_int_equal(monitor_check_hardware(&boot, PERM_hw_ioport, 0x60, 0x60), -EPERM);
    assert_int_equal(monitor_check_hardware(&in1, PERM_hw_ioport, 0x60, 0x63), 0); /* same compartment */
    assert_int_equal(monitor_check_hardware(&in1, PERM_hw_ioport, 0x60, 0x64), -EPERM);
    assert_int_equal(monitor_check_hardware(&boot, PERM_hw_iomem, 0x5f, 0x5f), -EPERM);
    assert_int_equal(monitor_check_hardware(&boot, PERM_tpm_quote, 0, 0), -EPERM); /* no question of that kind */
}

static int create(const char *type, uint32_t compartment, struct bh_dom_create with)
{
    struct label label;
    assert_int_equal(monitor_label_from_name(type, compartment, &label), 0);
    memset(&denial, 0, sizeof(denial));
    return admit_create(&boot, &with, &label);
}

static void admits_by_compartment_and_ceilings(void **state)
{
    (void)state;
    static const struct bh_dom_create good = {.memory_kib = 65536, .vcpus = 2, .cap = 50};
    static const struct {
        struct bh_dom_create c;
        const char *reason;
    } bad[] = {
        {{.memory_kib = 65536 + 2048, .vcpus = 2, .cap = 50}, "ceiling memory"},
        {{.memory_kib = 4096, .vcpus = 3, .cap = 50}, "ceiling vcpus"},
        {{.memory_kib = 4096, .vcpus = 1, .cap = 51}, "ceiling cap"},
        {{.memory_kib = 4096, .vcpus = 1, .cap = 0}, "ceiling cap"}, /* none at all */
        {{.memory_kib = 4096, .vcpus = 1, .cap = 1, .weight = 301}, "ceiling weight"},
    };
    assert_int_equal(create("t001", 1, good), 0);
    assert_int_equal(create("t001", 9, good), 0);
    assert_int_equal(create("t001", 10, good), -EACCES);
    assert_string_equal(denial.reason, "compartment");
    assert_string_equal(denial.perm_name, "create");
    assert_string_equal(denial.target_type, "t001");
    assert_int_equal(denial.target_compartment, 10);
    assert_int_equal(create("t002", 1, good), -EACCES);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(create("t001", 1, bad[i].c), -EACCES);
        assert_string_equal(denial.reason, bad[i].reason);
    }
    assert_int_equal(create("t004", 1, bad[0].c), 0); /* no ceiling of its own */
    assert_int_equal(monitor_within(&in1, POLICY_LIMIT_PORTS, 7), 0);
    assert_int_equal(monitor_within(&in1, POLICY_LIMIT_PORTS, 8), -EACCES);
    assert_string_equal(denial.reason, "ceiling ports");
    assert_int_equal(monitor_ceiling(&in1, POLICY_LIMIT_PORTS), 7);
    assert_int_equal(monitor_ceiling(&in1, POLICY_LIMIT_GRANTS), 0);
}

static int enlist(const char *type, uint32_t compartment)
{
    static struct domain d;
    memset(&d, 0, sizeof(d));
    assert_int_equal(monitor_label_from_name(type, compartment, &d.label), 0);
    memset(&denial, 0, sizeof(denial));
    return admit_enlist(&boot, &d, list);
}

static void keeps_rivals_apart(void **state)
{
    (void)state;
    list = &in1, in1.next = NULL; /* t001:c1 is there */
    assert_int_equal(enlist("t001", 1), 0);
    assert_int_equal(enlist("t001", 2), -EACCES);
    assert_string_equal(denial.reason, "conflict banks");
    assert_int_equal(enlist("t004", 9), -EACCES);
    assert_int_equal(enlist("t001", 4), 0); /* no member */
    list = NULL;                            /* it ended */
    assert_int_equal(enlist("t004", 9), 0);
    assert_int_equal(enlist("t002", 1), 0);
    assert_int_equal(enlist("t002", 1), 0);
    assert_int_equal(enlist("t002", 2), -EACCES); /* though nobody lives */
    assert_string_equal(denial.reason, "conflict ever");
    assert_int_equal(enlist("t002", 3), 0);
    monitor_adopt(&second_table, (uint8_t[32]){1}); /* what lived is remembered by name */
    assert_int_equal(enlist("t002", 2), -EACCES);
}

static int launch(uint16_t compartment, uint8_t digest, uint8_t signer, uint32_t svn)
{
    static struct domain d;
    memset(&d, 0, sizeof(d));
    assert_int_equal(monitor_label_from_name("t004", compartment, &d.label), 0);
    d.launch_digest[0] = digest;
    d.signer[0] = signer;
    d.guest_svn = svn;
    return admit_launch(&boot, &d, svn == 99);
}

static void starts_only_what_the_policy_names(void **state)
{
    (void)state;
    assert_int_equal(launch(1, 1, 0, 0), 0);
    assert_int_equal(launch(1, 2, 2, 9), -EACCES);
    assert_string_equal(denial.reason, "launch");
    assert_string_equal(denial.perm_name, "launch");
    assert_int_equal(launch(2, 9, 2, 5), 0);
    assert_int_equal(launch(2, 9, 2, 4), -EACCES);
    assert_int_equal(launch(2, 9, 1, 5), -EACCES);
    assert_int_equal(launch(2, 2, 0, 5), -EACCES);
    assert_int_equal(launch(3, 9, 9, 0), 0);
    assert_int_equal(launch(1, 1, 0, 99), -EACCES); /* the digest is good, what vouches for it is not */
    assert_string_equal(denial.reason, "signature");
    assert_true(admit_launch_bound(&(struct label){.type = 4, .compartment = 1}));
    assert_false(admit_launch_bound(&boot.label));
}

static int drop(void **state)
{
    (void)state;
    free(file);
    free(second);
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
        cmocka_unit_test(another_policy_keeps_names),
        cmocka_unit_test(clearances_choose_the_row),
        cmocka_unit_test(records_uses_that_the_policy_wants),
        cmocka_unit_test(asks_the_label_of_hardware),
        cmocka_unit_test(admits_by_compartment_and_ceilings),
        cmocka_unit_test(keeps_rivals_apart),
        cmocka_unit_test(starts_only_what_the_policy_names),
    };
    return cmocka_run_group_tests(tests, NULL, drop);
}
