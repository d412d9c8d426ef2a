/* SPDX-License-Identifier: MIT */
/* Sealed files: every byte counts, head included, and nothing is let out of a file that is not authentic. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "sealfile.h"

static const struct sealfile_head head = {.flags = 5, .min_svn = 7, .counter = 0x1122334455667788, .context = {9, 8}};
static const uint8_t key[32] = {1, 2, 3}, text[] = "what nobody else may read";
static uint8_t file[SEALFILE_HEAD + sizeof(text) + SEALFILE_TAG], data[sizeof(text)];
static const struct sealfile_head with_name = {.flags = 5, .context = {9, 8}, .named = true, .name = {0x4e}};
static uint8_t named[SEALFILE_HEAD + SEALFILE_NAME + sizeof(text) + SEALFILE_TAG];

static void there_and_back(void **state)
{
    struct sealfile_head read;

    (void)state;
    assert_int_equal(sealfile_write(&head, key, text, sizeof(text), file), 0);
    assert_memory_equal(file, "BHSEALF1\5\0\0\0\7\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11\x9\x8\0", 27);
    assert_null(memmem(file, sizeof(file), "nobody", 6));
    assert_int_equal(sealfile_read_head(file, sizeof(file), &read), 0);
    assert_int_equal(read.flags, 5);
    assert_int_equal(read.min_svn, 7);
    assert_int_equal(read.counter, head.counter);
    assert_memory_equal(read.context, head.context, 32);
    assert_int_equal(sealfile_read(file, sizeof(file), key, data), 0);
    assert_memory_equal(data, text, sizeof(text));
    assert_int_equal(sealfile_write(&head, key, text, 0, file), 0);
    assert_int_equal(sealfile_read(file, SEALFILE_HEAD + SEALFILE_TAG, key, data), 0);
}

static void any_bit_changed(void **state)
{
    static const uint8_t none[sizeof(text)];

    (void)state;
    sealfile_write(&head, key, text, sizeof(text), file);
    for (size_t bit = 0; bit < 8 * sizeof(file); bit++) {
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        memset(data, 0xee, sizeof(data));
        assert_int_equal(sealfile_read(file, sizeof(file), key, data), -EBADMSG);
        assert_memory_equal(data, none, sizeof(data));
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 1; cut <= sizeof(text); cut++)
        assert_int_equal(sealfile_read(file, sizeof(file) - cut, key, data), -EBADMSG);
}

static void a_name_is_part_of_it(void **state)
{
    uint8_t longer[sizeof(text) + SEALFILE_NAME];
    struct sealfile_head read;

    (void)state;
    assert_int_equal(sealfile_extra(&with_name) + sizeof(text), sizeof(named));
    assert_int_equal(sealfile_write(&with_name, key, text, sizeof(text), named), 0);
    assert_memory_equal(named, "BHSEALF2", 8);
    assert_int_equal(sealfile_read_head(named, sizeof(named), &read), 0);
    assert_true(read.named);
    assert_memory_equal(read.name, with_name.name, SEALFILE_NAME);
    assert_int_equal(sealfile_read(named, sizeof(named), key, data), 0);
    assert_memory_equal(data, text, sizeof(text));
    for (size_t bit = 0; bit < 8 * sizeof(named); bit++) {
        named[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sealfile_read(named, sizeof(named), key, longer), -EBADMSG);
        named[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    named[7] = '1'; /* no name any more, so it says */
    assert_int_equal(sealfile_read_head(named, sizeof(named), &read), 0);
    assert_int_equal(sealfile_read(named, sizeof(named), key, longer), -EBADMSG);
    named[7] = '2';
    for (size_t size = 0; size < SEALFILE_HEAD + SEALFILE_NAME + SEALFILE_TAG; size++)
        assert_int_equal(sealfile_read_head(named, size, &read), -EINVAL);
}

static void another_key(void **state)
{
    uint8_t other[32];

    (void)state;
    sealfile_write(&head, key, text, sizeof(text), file);
    for (int bit = 0; bit < 256; bit++) {
        memcpy(other, key, 32);
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(sealfile_read(file, sizeof(file), other, data), -EBADMSG);
    }
}

static void no_sealed_file(void **state)
{
    struct sealfile_head read;

    (void)state;
    sealfile_write(&head, key, text, sizeof(text), file);
    for (size_t size = 0; size < SEALFILE_HEAD + SEALFILE_TAG; size++)
        assert_int_equal(sealfile_read_head(file, size, &read), -EINVAL);
    assert_int_equal(sealfile_read_head(file, SEALFILE_HEAD + SEALFILE_DATA_MAX + SEALFILE_TAG + 1, &read), -EINVAL);
    file[7] = '2';
    assert_int_equal(sealfile_read_head(file, sizeof(file), &read), -EINVAL);
    assert_int_equal(sealfile_write(&head, key, text, SEALFILE_DATA_MAX + 1, file), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(any_bit_changed),
                                       cmocka_unit_test(a_name_is_part_of_it), cmocka_unit_test(another_key),
                                       cmocka_unit_test(no_sealed_file)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
