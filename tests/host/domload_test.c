/* SPDX-License-Identifier: MIT */
/*
 * Creating a tenant, against a hypervisor of our own that keeps the rules of bulkhead.h: what it is
 * given, that a measure predicts what it measures, and that each failure leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <mbedtls/sha256.h>

#include "domload.h"

#define DOMID 7u

static uint8_t buffer[HVCALL_BUFFER];

/* The hypervisor. */
static struct {
    struct bh_dom_create create;
    bool exists, built;
    uint64_t size[4], total[4];
    mbedtls_sha256_context hash[4];
    unsigned int calls, fail_at; /* the call that fails, from 1; 0: none */
    int fail_with;
} hv;

void *hvcall_buffer(struct hvcall *h)
{
    (void)h;
    return buffer;
}

static long hv_create(struct bh_dom_create *c)
{
    assert_false(hv.exists);
    hv.create = *c;
    hv.exists = true;
    c->domid = DOMID;
    for (int i = 0; i < 4; i++) {
        mbedtls_sha256_init(&hv.hash[i]);
        mbedtls_sha256_starts_ret(&hv.hash[i], 0);
    }
    return 0;
}

static long hv_load(const struct bh_dom_load *l)
{
    assert_true(l->domid == DOMID && l->part < 4 && l->reserved == 0);
    assert_true(l->size >= 1 && l->size <= BH_LOAD_MAX && l->data == (uintptr_t)buffer);
    assert_true(l->offset == hv.size[l->part] && l->offset + l->size <= l->total);
    if (l->offset) assert_true(l->total == hv.total[l->part]);
    hv.total[l->part] = l->total;
    hv.size[l->part] += l->size;
    mbedtls_sha256_update_ret(&hv.hash[l->part], buffer, l->size);
    return 0;
}

static long hv_build(void)
{
    for (int i = 0; i < 4; i++)
        assert_true(hv.size[i] == hv.total[i]);
    hv.built = true;
    return 0;
}

/* Record 42 is another domain's, 43 an allowed use, 44 this domain's refusal. */
static long hv_audit(struct bh_audit_read *a)
{
    struct bh_audit_record *out = (struct bh_audit_record *)buffer;

    a->newest = 41;
    if (a->seq != 42 || a->count == 0) {
        a->count = 0;
        return 0;
    }
    assert_true(a->count >= 3 && a->data == (uintptr_t)buffer);
    memset(out, 0, 3 * sizeof(*out));
    out[0].source = 3;
    out[1].allowed = 1;
    strcpy(out[0].reason, "other");
    strcpy(out[1].reason, "use");
    strcpy(out[2].class_name, "domain");
    strcpy(out[2].perm_name, "create");
    strcpy(out[2].target_type, "tenant_t");
    out[2].target_compartment = 3;
    strcpy(out[2].reason, "ceiling memory");
    a->count = 3;
    return 0;
}

long hvcall_op(struct hvcall *h, unsigned int cmd, void *arg, size_t size)
{
    (void)h;
    if (cmd == BH_DOM_DESTROY) {
        assert_true(hv.exists && ((struct bh_dom_target *)arg)->domid == DOMID);
        hv.exists = false;
        return 0;
    }
    if (cmd == BH_AUDIT_READ) return hv_audit(arg);
    if (++hv.calls == hv.fail_at) return hv.fail_with;
    switch (cmd) {
    case BH_DOM_CREATE:
        assert_int_equal(size, sizeof(struct bh_dom_create));
        return hv_create(arg);
    case BH_DOM_LOAD:
        assert_int_equal(size, sizeof(struct bh_dom_load));
        return hv_load(arg);
    case BH_DOM_BUILD:
        assert_int_equal(((struct bh_dom_target *)arg)->domid, DOMID);
        return hv_build();
    }
    return -ENOSYS;
}

/* The tenant's files. */
static char folder[] = "/tmp/domload_test_XXXXXX";
static struct domcfg cfg;
static struct domload_error err;

static void write_file(const char *name, const void *data, size_t size)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s%s", folder, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static int make_files(void **state)
{
    static uint8_t kernel[3 * BH_LOAD_MAX + 5];
    Elf64_Ehdr h = {.e_type = ET_EXEC, .e_machine = EM_X86_64};

    (void)state;
    memcpy(h.e_ident, ELFMAG, SELFMAG);
    h.e_ident[EI_CLASS] = ELFCLASS64;
    for (size_t i = 0; i < sizeof(kernel); i++)
        kernel[i] = (uint8_t)(i >> 8 ^ i);
    memcpy(kernel, &h, sizeof(h));
    if (!mkdtemp(folder)) return -1;
    write_file("/kernel", kernel, sizeof(kernel));
    write_file("/ramdisk", kernel + 100, 1000);
    write_file("/empty", "", 0);
    write_file("/text", "text", 4);
    write_file("/signature", kernel, sizeof(struct bh_signature));
    return 0;
}

static int remove_files(void **state)
{
    static const char *const names[] = {"/kernel", "/ramdisk", "/empty", "/text", "/signature", ""};
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", folder, names[i]);
        remove(path);
    }
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&hv, 0, sizeof(hv));
    cfg = (struct domcfg){.name = "acme",
                          .kernel = "/kernel",
                          .ramdisk = "/ramdisk",
                          .cmdline = "console=hvc0",
                          .memory_kib = 16384,
                          .vcpus = 2,
                          .weight = 300,
                          .cap = 50,
                          .label = {.type = "tenant_t", .compartment = 3},
                          .uuid = {1, 2, 3}};
    return 0;
}

static int create(void)
{
    struct domload load;
    uint32_t domid = 0;
    int rc = domload_open(&cfg, folder, &load, &err);

    if (rc < 0) return rc;
    rc = domload_create((struct hvcall *)buffer, &cfg, &load, &domid, &err);
    domload_close(&load);
    if (rc == 0) assert_int_equal(domid, DOMID);
    return rc;
}

static void test_what_the_hypervisor_gets(void **state)
{
    uint8_t got[32];
    struct domload load;
    struct bh_launch launch;
    uint8_t digest[32];
    const uint8_t *want[3] = {launch.kernel, launch.ramdisk, launch.cmdline};

    (void)state;
    assert_int_equal(create(), 0);
    assert_true(hv.exists && hv.built);
    assert_string_equal(hv.create.name, "acme");
    assert_string_equal(hv.create.type, "tenant_t");
    assert_int_equal(hv.create.compartment, 3);
    assert_int_equal(hv.create.memory_kib, 16384);
    assert_int_equal(hv.create.vcpus, 2);
    assert_int_equal(hv.create.weight, 300);
    assert_int_equal(hv.create.cap, 50);
    assert_memory_equal(hv.create.uuid, cfg.uuid, 16);

    assert_int_equal(domload_open(&cfg, folder, &load, &err), 0);
    assert_int_equal(domload_measure(&cfg, &load, &launch, digest, &err), 0);
    domload_close(&load);
    for (int i = 0; i < 3; i++) {
        mbedtls_sha256_finish_ret(&hv.hash[i], got);
        assert_memory_equal(got, want[i], 32);
    }
    assert_memory_equal(launch.magic, "BHLNCH1", 8);
    assert_int_equal(launch.memory_kib, 16384);
    assert_int_equal(launch.vcpus, 2);
    mbedtls_sha256_ret((const uint8_t *)&launch, sizeof(launch), got, 0);
    assert_memory_equal(got, digest, 32);
}

static void test_a_signature_goes_along(void **state)
{
    uint8_t got[32], want[32], part[sizeof(struct bh_signature)];

    (void)state;
    strcpy(cfg.signature, "/signature");
    assert_int_equal(create(), 0);
    assert_int_equal(hv.total[BH_PART_SIGNATURE], sizeof(part));
    mbedtls_sha256_finish_ret(&hv.hash[BH_PART_SIGNATURE], got);
    FILE *f;
    char path[256];
    snprintf(path, sizeof(path), "%s/signature", folder);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(part, 1, sizeof(part), f), sizeof(part));
    fclose(f);
    mbedtls_sha256_ret(part, sizeof(part), want, 0);
    assert_memory_equal(got, want, 32);
    setup(state);
    strcpy(cfg.signature, "/text");
    assert_int_equal(create(), -EINVAL);
    assert_non_null(strstr(err.text, "signature: "));
    assert_non_null(strstr(err.text, "176"));
    assert_false(hv.exists);
}

static void test_parts_may_be_missing(void **state)
{
    static const uint8_t nothing[] = {0xe3, 0xb0, 0xc4, 0x42};
    struct domload load;
    struct bh_launch launch;
    uint8_t digest[32];

    (void)state;
    cfg.ramdisk[0] = cfg.cmdline[0] = '\0';
    assert_int_equal(create(), 0);
    assert_int_equal(hv.size[BH_PART_RAMDISK], 0);
    assert_int_equal(hv.size[BH_PART_CMDLINE], 0);
    assert_int_equal(domload_open(&cfg, folder, &load, &err), 0);
    assert_int_equal(domload_measure(&cfg, &load, &launch, digest, &err), 0);
    domload_close(&load);
    assert_memory_equal(launch.ramdisk, nothing, 4);
    assert_memory_equal(launch.cmdline, nothing, 4);
}

/* Whatever call fails: an error that says something, and no domain left. */
static void test_every_call_may_fail(void **state)
{
    unsigned int calls;

    (void)state;
    assert_int_equal(create(), 0);
    calls = hv.calls;
    assert_true(calls > 6);
    for (unsigned int at = 1; at <= calls; at++) {
        setup(state);
        hv.fail_at = at;
        hv.fail_with = -EINVAL;
        err.text[0] = '\0';
        assert_int_equal(create(), -EINVAL);
        assert_true(err.text[0] != '\0');
        assert_false(hv.exists);
        assert_false(hv.built);
    }
}

static void create_fails(int with, const char *words)
{
    setup(NULL);
    hv.fail_at = 1;
    hv.fail_with = with;
    assert_int_equal(create(), with);
    if (!strstr(err.text, words)) fail_msg("'%s' is not in '%s'", words, err.text);
}

static void test_errors_say_what_to_change(void **state)
{
    (void)state;
    create_fails(-EEXIST, "name: a domain called acme");
    create_fails(-ENOENT, "seclabel: the policy has no type tenant_t");
    create_fails(-ENOMEM, "memory: there are no 16 MiB left");
    create_fails(-EACCES, "tenant_t:c3");
    create_fails(-EACCES, "domain:create on tenant_t:c3: ceiling memory");
}

static void open_fails(const char *kernel, const char *ramdisk, const char *words)
{
    setup(NULL);
    strcpy(cfg.kernel, kernel);
    strcpy(cfg.ramdisk, ramdisk);
    assert_true(create() < 0);
    assert_int_equal(hv.calls, 0);
    if (!strstr(err.text, words)) fail_msg("'%s' is not in '%s'", words, err.text);
}

static void test_files(void **state)
{
    (void)state;
    open_fails("/none", "", "kernel: ");
    open_fails("/none", "", "/none: No such file");
    open_fails("/kernel", "/none", "ramdisk: ");
    open_fails("/empty", "", "0 bytes are not allowed: 1 byte to 1 GiB");
    open_fails("/kernel", "/empty", "ramdisk: ");
    open_fails("/text", "", "neither a bzImage nor an ELF64");
    open_fails("", "", "not a regular file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_the_hypervisor_gets, setup),
        cmocka_unit_test_setup(test_parts_may_be_missing, setup),
        cmocka_unit_test_setup(test_a_signature_goes_along, setup),
        cmocka_unit_test_setup(test_every_call_may_fail, setup),
        cmocka_unit_test_setup(test_errors_say_what_to_change, setup),
        cmocka_unit_test_setup(test_files, setup),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
