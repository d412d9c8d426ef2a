/* SPDX-License-Identifier: MIT */
/* The meaning of tenants' files, labels included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domcfg.h"

#define BASE "name='acme'\nkernel='/k'\nmemory=160\nseclabel='tenant_t:c1'\n"

static struct domcfg cfg;
static struct xlcfg_error err;

static int read_text(const char *text)
{
    static struct xlcfg xl;

    assert_int_equal(xlcfg_parse(text, strlen(text), &xl, &err), 0);
    return domcfg_read(&xl, &cfg, &err);
}

static void refused(const char *text, int line, const char *words)
{
    assert_int_equal(read_text(text), -EINVAL);
    assert_int_equal(err.line, line);
    if (!strstr(err.text, words)) fail_msg("'%s' is not in '%s'", words, err.text);
}

static void test_least(void **state)
{
    (void)state;
    assert_int_equal(read_text(BASE), 0);
    assert_string_equal(cfg.name, "acme");
    assert_string_equal(cfg.kernel, "/k");
    assert_string_equal(cfg.ramdisk, "");
    assert_string_equal(cfg.cmdline, "");
    assert_int_equal(cfg.memory_kib, 160 * 1024);
    assert_int_equal(cfg.vcpus, 1);
    assert_int_equal(cfg.weight, 0);
    assert_int_equal(cfg.cap, 0);
    assert_false(cfg.has_uuid);
    assert_string_equal(cfg.label.type, "tenant_t");
    assert_int_equal(cfg.label.compartment, 1);
}

static void test_everything(void **state)
{
    static const uint8_t uuid[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                     0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

    (void)state;
    assert_int_equal(read_text(BASE "ramdisk='/r'\nroot='/dev/xvda'\nextra='ro quiet'\nvcpus=0x20\ncpu_weight=512\n"
                                    "cap=150\ntype='pv'\nuuid='01234567-89ab-cdef-0123-456789ABCDEF'"),
                     0);
    assert_string_equal(cfg.ramdisk, "/r");
    assert_string_equal(cfg.cmdline, "root=/dev/xvda ro quiet");
    assert_int_equal(cfg.vcpus, 32);
    assert_int_equal(cfg.weight, 512);
    assert_int_equal(cfg.cap, 150);
    assert_true(cfg.has_uuid);
    assert_memory_equal(cfg.uuid, uuid, 16);
    assert_int_equal(read_text(BASE "extra='x'"), 0);
    assert_string_equal(cfg.cmdline, "x");
    assert_int_equal(read_text(BASE "cmdline='y z'"), 0);
    assert_string_equal(cfg.cmdline, "y z");
    assert_int_equal(read_text(BASE "vcpus='2'"), 0); /* xl takes numbers in quotes */
    assert_int_equal(cfg.vcpus, 2);
}

static void test_missing(void **state)
{
    (void)state;
    refused("", 0, "name: missing");
    refused("name='a'", 0, "kernel: missing");
    refused("name='a'\nkernel='k'", 0, "memory: missing");
    refused("name='a'\nkernel='k'\nmemory=4", 0, "seclabel: missing");
}

static void test_unknown_keys(void **state)
{
    (void)state;
    refused(BASE "vif=['']", 5, "vif: unknown key; there are: name kernel ramdisk");
    refused(BASE "maxmem=3", 5, "cpu_weight type");
}

static void test_kinds(void **state)
{
    (void)state;
    refused("name=5", 1, "name: a string in quotes");
    refused("name=['a']", 1, "name: one value is wanted, not a list");
    refused("name=''", 1, "name: 0 characters are not allowed: 1 to 31");
    refused("name='a/b'", 1, "letters, digits");
    refused("name='a\\x1b[2J'", 1, "letters, digits");
    refused("name='0123456789012345678901234567890x'", 1, "1 to 31");
    refused("type='hvm'", 1, "type: 'hvm' is not allowed: only \"pv\"");
}

static void test_numbers(void **state)
{
    (void)state;
    refused("memory=0", 1, "memory: '0' is not allowed: a number from 4 to 1048576");
    refused("memory=3", 1, "from 4");
    refused("memory=161", 1, "even number");
    refused("memory=1048578", 1, "to 1048576");
    refused("memory=99999999999999999999999", 1, "to 1048576");
    refused("memory=-160", 1, "'-160' is not allowed");
    refused("memory=160x", 1, "'160x' is not allowed");
    refused("memory=' 160'", 1, "is not allowed");
    refused("memory=''", 1, "is not allowed");
    refused("vcpus=0", 1, "vcpus: '0' is not allowed: a number from 1 to 32");
    refused("vcpus=33", 1, "from 1 to 32");
    refused("cpu_weight=0", 1, "from 1 to 65535");
    refused("cpu_weight=65536", 1, "from 1 to 65535");
    refused("cap=3201", 1, "from 0 to 3200");
    assert_int_equal(read_text("name='a'\nkernel='k'\nmemory=4\nseclabel='t'"), 0);
    assert_int_equal(read_text("name='a'\nkernel='k'\nmemory=1048576\nseclabel='t'"), 0);
}

static void test_cmdline(void **state)
{
    char text[4096], *p;

    (void)state;
    refused(BASE "cmdline='a'\nextra='b'", 0, "not both");
    p = text + sprintf(text, BASE "cmdline='");
    memset(p, 'x', 1024);
    strcpy(p + 1023, "'");
    assert_int_equal(read_text(text), 0);
    assert_int_equal(strlen(cfg.cmdline), 1023);
    strcpy(p + 1023, "x'");
    refused(text, 5, "1024 characters are not allowed: 1 to 1023");
    p = text + sprintf(text, BASE "root='r'\nextra='");
    memset(p, 'x', 1020);
    strcpy(p + 1020, "'");
    refused(text, 0, "cmdline: 1027 characters are not allowed");
}

static void test_uuid(void **state)
{
    (void)state;
    refused("uuid='0123'", 1, "uuid: '0123' is not allowed");
    refused("uuid='01234567-89ab-cdef-0123-456789abcdefa'", 1, "8-4-4-4-12");
    refused("uuid='0123456-789ab-cdef-0123-456789abcdef'", 1, "8-4-4-4-12");
    refused("uuid='01234567-89ab-cdef-0123-456789abcdeg'", 1, "8-4-4-4-12");
    assert_int_equal(read_text(BASE "uuid='0123456789abcdef0123456789abcdef'"), 0);
}

static void test_labels(void **state)
{
    static const char *const bad[] = {
        "",
        ":",
        "tenant_t:",
        "tenant_t:c",
        "tenant_t:c1024",
        "tenant_t:c99999",
        "tenant_t:1",
        "a:b:c",
        "u:r:t:s1",
        "u:r:t:s0:c1:x",
        "u:r:t:s0-s0:c1",
        "u:r:t:s0:c1,c2",
        "u:r:t:s0:",
        "ten ant_t",
        "tenant_t:c1 ",
        "tenant_t:c0x1",
        "tenant_t:c-1",
        "u::t:s0",
        "u:r:t:s0:c00000000000000000001",
    };
    struct seclabel l;
    char longest[BH_TYPE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (seclabel_parse(bad[i], &l) == 0) fail_msg("'%s' was taken", bad[i]);
    assert_int_equal(seclabel_parse("system_u:system_r:tenant_t:s0:c1023", &l), 0);
    assert_string_equal(l.type, "tenant_t");
    assert_int_equal(l.compartment, 1023);
    assert_int_equal(seclabel_parse("system_u:system_r:service_t:s0", &l), 0);
    assert_string_equal(l.type, "service_t");
    assert_int_equal(l.compartment, 0);
    assert_int_equal(seclabel_parse("service_t", &l), 0);
    assert_int_equal(l.compartment, 0);
    memset(longest, 'x', BH_TYPE_MAX - 1);
    longest[BH_TYPE_MAX - 1] = '\0';
    assert_int_equal(seclabel_parse(longest, &l), 0);
    strcpy(longest + BH_TYPE_MAX - 1, "x");
    assert_int_equal(seclabel_parse(longest, &l), -EINVAL);
    refused("seclabel='tenant_t:c1024'", 1, "with N from 0 to 1023");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least),   cmocka_unit_test(test_everything),   cmocka_unit_test(test_missing),
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_unknown_keys), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_cmdline), cmocka_unit_test(test_uuid),         cmocka_unit_test(test_labels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
