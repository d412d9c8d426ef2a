/* SPDX-License-Identifier: MIT */
/* Predicting measurements: GRUB's configuration, PE images, launches, and the reference file's round trip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../attest/measure/authenticode.h"
#include "../../attest/measure/grubcfg.h"
#include "../../attest/measure/launchjson.h"
#include "../../attest/measure/refwrite.h"
#include "../../attest/verify/findings.h"
#include "../../attest/verify/p256.h"
#include "../../attest/verify/refvalues.h"

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* --- GRUB -------------------------------------------------------------------------------------- */

/* The strings and the order are what OVMF, GRUB 2.06 and swtpm did with this configuration. */
static void grub_events_are_those_of_a_real_boot(void **state)
{
    static const struct {
        enum grubcfg_kind kind;
        const char *text;
    } expected[] = {{GRUBCFG_COMMAND, "serial --unit=0 --speed=115200"},
                    {GRUBCFG_COMMAND, "multiboot2 /bulkhead.elf dom0_mem=512M"},
                    {GRUBCFG_FILE, "/bulkhead.elf"},
                    {GRUBCFG_CMDLINE, "dom0_mem=512M"},
                    {GRUBCFG_COMMAND, "module2 /policy.bhp"},
                    {GRUBCFG_FILE, "/policy.bhp"},
                    {GRUBCFG_CMDLINE, ""},
                    {GRUBCFG_COMMAND, "boot"}};
    struct bytes name, cmdline;
    struct grubcfg cfg;

    (void)state;
    assert_int_equal(grubcfg_parse(text_of("serial --unit=0 --speed=115200\nmultiboot2 /bulkhead.elf dom0_mem=512M\n"
                                           "module2 /policy.bhp\nboot\n"),
                                   &cfg),
                     0);
    assert_int_equal(cfg.count, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < cfg.count; i++) {
        assert_int_equal(cfg.event[i].kind, expected[i].kind);
        assert_true(bytes_is_text(cfg.event[i].text, expected[i].text));
    }
    assert_true(grubcfg_loaded(&cfg, 1, &name, &cmdline));
    assert_true(bytes_is_text(name, "/policy.bhp"));
    assert_int_equal(cmdline.size, 0);
    assert_false(grubcfg_loaded(&cfg, 2, &name, &cmdline));
}

static void what_grub_would_expand_is_refused(void **state)
{
    static const char *const lines[] = {
        "multiboot2 $file\n",  "module2 \"/a b\"\n", "boot; boot\n",       "insmod gzio\n", " boot\n", "boot \n",
        "module2  /twice\n",   "# comment\n",        "module2 relative\n", "boot",          "\n",      "module2 \n",
        "multiboot2 /a\\ b\n", "chainloader /x\n"};
    struct grubcfg cfg;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[128];

        snprintf(text, sizeof(text), "boot\n%s", lines[i]);
        if (grubcfg_parse(text_of(text), &cfg) != -EINVAL) fail_msg("accepted: %s", lines[i]);
        assert_int_equal(cfg.bad_line, 2);
    }
}

static void too_many_events_are_refused(void **state)
{
    struct grubcfg cfg;
    char text[5 * 65 + 1] = "";

    (void)state;
    for (int i = 0; i < 64; i++)
        strcat(text, "boot\n");
    assert_int_equal(grubcfg_parse(text_of(text), &cfg), 0);
    strcat(text, "boot\n");
    assert_int_equal(grubcfg_parse(text_of(text), &cfg), -EINVAL);
}

/* --- PE ---------------------------------------------------------------------------------------- */

#define PE       0x80u
#define OPTIONAL (PE + 24)
#define HEADERS  0x200u

static void put(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Headers, two sections in the wrong order, 16 bytes behind them. */
static size_t make_image(uint8_t image[0x430])
{
    static const uint32_t offset[] = {0x300, 0x200};

    memset(image, 0x5a, 0x430);
    memset(image, 0, HEADERS);
    memcpy(image, "MZ", 2);
    put(image + 0x3c, PE, 4);
    memcpy(image + PE, "PE\0\0", 4);
    put(image + PE + 6, 2, 2);
    put(image + PE + 20, 240, 2);
    put(image + OPTIONAL, 0x20b, 2);
    put(image + OPTIONAL + 60, HEADERS, 4);
    put(image + OPTIONAL + 108, 16, 4);
    for (int i = 0; i < 2; i++) {
        put(image + OPTIONAL + 240 + 40 * i + 16, i == 0 ? 0x120 : 0x100, 4);
        put(image + OPTIONAL + 240 + 40 * i + 20, offset[i], 4);
    }
    for (int i = 0x200; i < 0x420; i++)
        image[i] = (uint8_t)(i * 7);
    return 0x430;
}

static void digest_of(const uint8_t *image, size_t size, uint8_t digest[32])
{
    assert_int_equal(authenticode_digest((struct bytes){image, size}, digest), 0);
}

/* Sections cover the file without holes here, so the digest is that of the file less the two fields. */
static void checksum_and_certificates_do_not_count(void **state)
{
    const size_t checksum = OPTIONAL + 64, security = OPTIONAL + 112 + 32;
    uint8_t image[0x430], less[0x430], want[32], have[32];
    size_t size = make_image(image), used = 0;

    (void)state;
    for (size_t i = 0; i < size; i++) {
        if ((i < checksum || i >= checksum + 4) && (i < security || i >= security + 8)) less[used++] = image[i];
    }
    p256_sha256(less, used, want);
    digest_of(image, size, have);
    assert_memory_equal(have, want, 32);
    image[checksum] ^= 1;
    image[security] ^= 1;
    digest_of(image, size, have);
    assert_memory_equal(have, want, 32);
    image[0x250] ^= 1;
    digest_of(image, size, have);
    assert_memory_not_equal(have, want, 32);
    image[0x250] ^= 1;
    /* The last 16 bytes become the certificate table. */
    put(image + security + 4, 16, 4);
    p256_sha256(less, used - 16, want);
    digest_of(image, size, have);
    assert_memory_equal(have, want, 32);
}

static void broken_images_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } bad[] = {{0, 0},
               {0x3c, 0x42f},
               {0x3c, 0xffffffff},
               {PE, 0},
               {OPTIONAL, 0x10b},
               {OPTIONAL + 60, 0x431},
               {OPTIONAL + 60, 0x10},
               {PE + 6, 0xffff},
               {OPTIONAL + 240 + 16, 0x131},
               {OPTIONAL + 240 + 20, 0xffffffff},
               {OPTIONAL + 112 + 36, 0x400}};
    uint8_t image[0x430], digest[32];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        size = make_image(image);
        put(image + bad[i].at, bad[i].value, bad[i].at == PE + 6 || bad[i].at == 0 ? 2 : 4);
        assert_int_equal(authenticode_digest((struct bytes){image, size}, digest), -EBADMSG);
    }
    make_image(image);
    for (size = 0; size < 0x420; size++)
        assert_int_equal(authenticode_digest((struct bytes){image, size}, digest), -EBADMSG);
}

/* --- Launches ---------------------------------------------------------------------------------- */

static void make_json(char *out, size_t capacity, uint64_t memory, const char *digest)
{
    static const char hex[] = "1111111111111111111111111111111111111111111111111111111111111111";

    snprintf(out, capacity,
             "{\n \"name\": \"acme\", \"type\":\"tenant_t\",\n \"kernel\": \"%s\", \"ramdisk\": \"%s\", \"cmdline\": "
             "\"%s\",\n"
             " \"memory_kib\": %llu, \"vcpus\": 2, \"flags\": 0, \"launch_digest\": \"%s\"}\n",
             hex, hex, hex, (unsigned long long)memory, digest);
}

static void a_launch_is_read_and_its_digest_checked(void **state)
{
    struct bh_launch launch = {.magic = "BHLNCH1", .memory_kib = 163840, .vcpus = 2}, back;
    uint8_t digest[32], read[32];
    char json[1024], hex[65], name[BH_NAME_MAX];

    (void)state;
    memset(launch.kernel, 0x11, 96);
    p256_sha256(&launch, sizeof(launch), digest);
    findings_hex(digest, 32, hex);
    make_json(json, sizeof(json), 163840, hex);
    assert_int_equal(launchjson_parse(json, name, &back, read), 0);
    assert_string_equal(name, "acme");
    assert_memory_equal(&back, &launch, sizeof(launch));
    make_json(json, sizeof(json), 163841, hex);
    assert_int_equal(launchjson_parse(json, name, &back, read), -EINVAL);
    make_json(json, sizeof(json), 163840, "11");
    assert_int_equal(launchjson_parse(json, name, &back, read), -EINVAL);
    assert_int_equal(launchjson_parse("{}", name, &back, read), -EINVAL);
}

/* --- Reference file ---------------------------------------------------------------------------- */

static struct refwrite w;
static uint8_t file[65536];
static struct refvalues refs;

static size_t write_refs(void)
{
    struct pcrmodel pcr;
    uint8_t digest[32] = {7};

    pcrmodel_reset(&pcr);
    pcrmodel_extend(&pcr, digest, "first %d", 1);
    pcrmodel_extend(&pcr, digest, "second");
    refwrite_open(&w);
    refwrite_environment(&w, "empty");
    refwrite_environment(&w, "boot/a");
    refwrite_measurement(&w, "pcr4", pcr.value, (struct bytes){0}, &pcr);
    refwrite_environment(&w, "hypervisor");
    p256_sha256("x=y", 3, digest);
    refwrite_measurement(&w, "config", digest, text_of("x=y"), NULL);
    return refwrite_close(&w, "id", file, sizeof(file));
}

static void the_reference_file_reads_back(void **state)
{
    const struct refvalues_measurement *item;
    struct bytes rest, text;
    const uint8_t *digest;
    uint8_t value[32] = {0}, seven[32] = {7};
    size_t size = write_refs();

    (void)state;
    assert_int_equal(refvalues_parse((struct bytes){file, size}, &refs), 0);
    assert_int_equal(refs.count, 2);
    item = refvalues_find(&refs, text_of("boot/a"), "pcr4");
    assert_non_null(item);
    p256_extend(value, seven);
    p256_extend(value, seven);
    assert_memory_equal(item->digest, value, 32);
    assert_int_equal(item->component_count, 2);
    rest = item->components;
    assert_true(refvalues_component(&rest, &digest, &text));
    assert_true(bytes_is_text(text, "first 1"));
    assert_true(refvalues_component(&rest, &digest, &text));
    assert_int_equal(rest.size, 0);
    item = refvalues_of_hypervisor(&refs, "config");
    assert_non_null(item);
    assert_true(bytes_is_text(item->raw, "x=y"));
    assert_null(refvalues_of_hypervisor(&refs, "policy"));
    assert_false(refvalues_usable(&refs));
}

static void a_reference_file_of_another_profile_is_refused(void **state)
{
    size_t size = write_refs(); /* the profile stands last */

    (void)state;
    file[size - 1]++;
    assert_int_equal(refvalues_parse((struct bytes){file, size}, &refs), -EBADMSG);
    /* Without one: a pair fewer (the map's head follows three bytes of tag), and key, tag, head and text cut off. */
    file[3]--;
    assert_int_equal(refvalues_parse((struct bytes){file, size - (1 + 2 + 2 + strlen(REFVALUES_PROFILE))}, &refs),
                     -EBADMSG);
}

/* A reader hashes the text again: half of one would explain nothing. */
static void a_text_that_would_be_cut_is_no_reference(void **state)
{
    static struct pcrmodel pcr;
    static char line[PCRMODEL_TEXT_MAX + 1];
    uint8_t digest[32] = {7};

    (void)state;
    for (size_t length = PCRMODEL_TEXT_MAX - 1; length <= PCRMODEL_TEXT_MAX; length++) {
        memset(line, 'a', length);
        pcrmodel_reset(&pcr);
        pcrmodel_extend(&pcr, digest, "%s", line);
        refwrite_open(&w);
        refwrite_environment(&w, "boot/a");
        refwrite_measurement(&w, "pcr8", pcr.value, (struct bytes){0}, &pcr);
        assert_int_equal(refwrite_close(&w, "id", file, sizeof(file)) != 0, length < PCRMODEL_TEXT_MAX);
    }
}

static void a_cut_or_longer_reference_file_is_refused(void **state)
{
    size_t size = write_refs();

    (void)state;
    for (size_t i = 0; i < size; i++)
        assert_int_equal(refvalues_parse((struct bytes){file, i}, &refs), -EBADMSG);
    file[size] = 0;
    assert_int_equal(refvalues_parse((struct bytes){file, size + 1}, &refs), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grub_events_are_those_of_a_real_boot),
        cmocka_unit_test(what_grub_would_expand_is_refused),
        cmocka_unit_test(too_many_events_are_refused),
        cmocka_unit_test(checksum_and_certificates_do_not_count),
        cmocka_unit_test(broken_images_are_refused),
        cmocka_unit_test(a_launch_is_read_and_its_digest_checked),
        cmocka_unit_test(the_reference_file_reads_back),
        cmocka_unit_test(a_reference_file_of_another_profile_is_refused),
        cmocka_unit_test(a_cut_or_longer_reference_file_is_refused),
        cmocka_unit_test(a_text_that_would_be_cut_is_no_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
