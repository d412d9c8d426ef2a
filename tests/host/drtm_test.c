/* SPDX-License-Identifier: MIT */
/* PCR 17 and 18 of a late launch on paper, and in swtpm by its own hash-start sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attest_swtpm.h"
#include "../../attest/measure/drtm.h"
#include "../../attest/verify/p256.h"

/* --- swtpm's control channel (swtpm_ioctls(3)) ------------------------------------------------------ */

#define CMD_SET_LOCALITY 5u
#define CMD_HASH_START   6u
#define CMD_HASH_DATA    7u
#define CMD_HASH_END     8u

static void control(int fd, uint32_t command, const void *body, size_t size)
{
    uint8_t message[4 + 256] = {0, 0, 0, (uint8_t)command}, answer[4];

    assert_true(size <= 256);
    if (size) memcpy(message + 4, body, size);
    assert_int_equal(write(fd, message, 4 + size), 4 + size);
    assert_int_equal(recv(fd, answer, 4, MSG_WAITALL), 4);
    assert_memory_equal(answer, "\0\0\0\0", 4);
}

/* The data port's neighbour (attest_swtpm.c). */
static int control_of(const struct attest_swtpm *tpm)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned int port = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(sscanf(tpm->tcti, "swtpm:host=127.0.0.1,port=%u", &port), 1);
    to.sin_port = htons((uint16_t)(port + 1));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void read_pcr(struct attest_swtpm_link *link, uint32_t pcr, uint8_t value[32])
{
    TPML_PCR_SELECTION in = {1, {{TPM2_ALG_SHA256, 3, {0}}}}, *out;
    TPML_DIGEST *digests;
    UINT32 updates;

    in.pcrSelections[0].pcrSelect[pcr / 8] = (BYTE)(1u << pcr % 8);
    assert_int_equal(Esys_PCR_Read(link->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &in, &updates, &out, &digests),
                     0);
    assert_int_equal(digests->count, 1);
    memcpy(value, digests->digests[0].buffer, 32);
    free(out);
    free(digests);
}

static void assert_all(struct attest_swtpm_link *link, uint32_t pcr, uint8_t byte)
{
    uint8_t value[32], want[32];

    memset(want, byte, 32);
    read_pcr(link, pcr, value);
    assert_memory_equal(value, want, 32);
}

static void late_launch_in_swtpm(void **state)
{
    static const char module[] = "SINIT, as it were";
    struct attest_swtpm tpm = {0};
    struct attest_swtpm_link link;
    uint8_t pcr17[32] = {0}, pcr18[32] = {0}, ff[32], got[32], first[32], digest[32];
    uint8_t data[4 + sizeof(module) - 1] = {0, 0, 0, sizeof(module) - 1};

    (void)state;
    attest_swtpm_start(&tpm);
    attest_swtpm_open(&tpm, &link);
    for (uint32_t pcr = 17; pcr <= 22; pcr++)
        assert_all(&link, pcr, 0xff);
    /* Extended without a launch: on top of FF, and no prediction of ours. */
    memset(digest, 0x11, 32);
    attest_swtpm_extend(&link, 17, 3, digest);
    memset(ff, 0xff, 32);
    p256_extend(ff, digest);
    read_pcr(&link, 17, got);
    assert_memory_equal(got, ff, 32);
    assert_all(&link, 19, 0xff);
    attest_swtpm_close(&link);

    int fd = control_of(&tpm);
    memcpy(data + 4, module, sizeof(module) - 1);
    control(fd, CMD_HASH_START, NULL, 0);
    control(fd, CMD_HASH_DATA, data, sizeof(data));
    control(fd, CMD_HASH_END, NULL, 0);
    close(fd);
    attest_swtpm_open(&tpm, &link);
    p256_sha256(module, sizeof(module) - 1, first);
    p256_extend(pcr17, first);
    read_pcr(&link, 17, got);
    assert_memory_equal(got, pcr17, 32);
    for (uint32_t pcr = 18; pcr <= 22; pcr++) /* what measure.c takes PCR 19 for */
        assert_all(&link, pcr, 0);

    /* Then as SINIT and tboot go on, each by our own arithmetic. */
    uint8_t file[32], tboot[32];
    p256_sha256("file", 4, file);
    drtm_module_digest((struct bytes){(const uint8_t *)"dom0_mem=512M", 13}, file, tboot);
    attest_swtpm_extend(&link, 17, 2, tboot);
    attest_swtpm_extend(&link, 18, 2, digest);
    p256_extend(pcr17, tboot);
    p256_extend(pcr18, digest);
    read_pcr(&link, 17, got);
    assert_memory_equal(got, pcr17, 32);
    read_pcr(&link, 18, got);
    assert_memory_equal(got, pcr18, 32);
    assert_memory_not_equal(got, ff, 32);
    attest_swtpm_close(&link);
    attest_swtpm_stop(&tpm);
}

/* --- Files ------------------------------------------------------------------------------------------ */

static void put(uint8_t *at, uint32_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

#define CODE   0x100u /* the segment's bytes in the file */
#define HEADER 0x40u  /* the MLE header in the segment */

/* An ELF with one segment of 512 bytes in the file and 1024 in memory, measured from 0x20 to 0x300. */
static void make_elf(uint8_t elf[CODE + 512])
{
    static const uint8_t uuid[16] = {0x5a, 0xac, 0x82, 0x90, 0x6f, 0x47, 0xa7, 0x74,
                                     0x0f, 0x5c, 0x55, 0xa2, 0xcb, 0x51, 0xb6, 0x42};
    uint8_t *mle = elf + CODE + HEADER;

    memset(elf, 0, CODE);
    memset(elf + CODE, 0x90, 512);
    memcpy(elf, "\177ELF\1\1", 6);
    put(elf + 28, 52, 4), put(elf + 42, 32, 2), put(elf + 44, 1, 2);
    put(elf + 52, 1, 4), put(elf + 56, CODE, 4), put(elf + 64, 0x800000, 4), put(elf + 68, 512, 4),
        put(elf + 72, 1024, 4);
    memcpy(mle, uuid, 16);
    put(mle + 16, 52, 4), put(mle + 32, 0x20, 4), put(mle + 36, 0x300, 4), put(mle + 44, 0x100, 4),
        put(mle + 48, 0x110, 4);
}

static void mle(void **state)
{
    uint8_t elf[CODE + 512], image[1024] = {0}, want[32], got[32];
    struct bytes file = {elf, sizeof(elf)};

    (void)state;
    make_elf(elf);
    memcpy(image, elf + CODE, 512);
    memset(image + 0x100, 0, 16);
    memcpy(image + 0x100, "logging=none", 12);
    p256_sha256(image + 0x20, 0x300 - 0x20, want);
    assert_int_equal(drtm_mle_digest(file, "logging=none", got), 0);
    assert_memory_equal(got, want, 32);
    assert_int_equal(drtm_mle_digest(file, "logging=nona", got), 0);
    assert_memory_not_equal(got, want, 32);
    assert_int_equal(drtm_mle_digest(file, "logging=serial,memory", got), -EBADMSG); /* no room */

    static const struct {
        uint32_t at, v;
    } bad[] = {{0, 0},
               {28, 0xfffffff0},
               {56, 0xffffff00},
               {56, CODE + 1},
               {68, 1025},
               {72, 0x70000000},
               {CODE + HEADER, 0},
               {CODE + HEADER + 32, 0x300},
               {CODE + HEADER + 36, 1025},
               {CODE + HEADER + 44, 0x111},
               {CODE + HEADER + 48, 1025}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        make_elf(elf);
        put(elf + bad[i].at, bad[i].v, 4);
        assert_int_equal(drtm_mle_digest(file, "", got), -EBADMSG);
    }
    make_elf(elf);
    for (size_t n = 0; n < sizeof(elf); n++) {
        uint8_t *copy = malloc(n + !n);
        memcpy(copy, elf, n);
        assert_int_equal(drtm_mle_digest((struct bytes){copy, n}, "", got), -EBADMSG);
        free(copy);
    }
}

static void policy(void **state)
{
    uint8_t file[12 + 2 * 40] = {2, 2, 0x0b, 1, 0, 0, 0, 0, 0, 0, 0, 2}, want[32], got[32], both[36] = {1};
    struct drtm_vlp vlp;

    (void)state;
    for (int i = 0; i < 2; i++) {
        uint8_t *entry = file + 12 + 40 * i;
        entry[0] = (uint8_t)i, entry[1] = i ? 17 : DRTM_PCR_NONE, entry[2] = 1, entry[7] = 1;
        memset(entry + 8, 0x60 + i, 32);
    }
    assert_int_equal(drtm_vlp_parse((struct bytes){file, sizeof(file)}, &vlp), 0);
    assert_true(vlp.control == 1 && vlp.count == 2 && vlp.entry[1].module == 1 && vlp.entry[1].pcr == 17);
    assert_int_equal(vlp.entry[1].digest[31], 0x61);
    p256_sha256(file, sizeof(file), both + 4);
    p256_sha256(both, 36, want);
    drtm_vlp_digest((struct bytes){file, sizeof(file)}, &vlp, got);
    assert_memory_equal(got, want, 32);
    file[3] = 0; /* the policy itself is not extended */
    memset(both, 0, 36);
    p256_sha256(both, 36, want);
    assert_int_equal(drtm_vlp_parse((struct bytes){file, sizeof(file)}, &vlp), 0);
    drtm_vlp_digest((struct bytes){file, sizeof(file)}, &vlp, got);
    assert_memory_equal(got, want, 32);
    for (size_t n = 0; n < sizeof(file); n++)
        assert_int_equal(drtm_vlp_parse((struct bytes){file, n}, &vlp), -EBADMSG);
    static const struct {
        size_t at;
        uint8_t v;
    } bad[] = {{0, 1}, {2, 4}, {11, 1}, {11, 3}, {11, 17}, {14, 0}, {19, 2}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t was = file[bad[i].at];
        file[bad[i].at] = bad[i].v;
        assert_int_equal(drtm_vlp_parse((struct bytes){file, sizeof(file)}, &vlp), -EBADMSG);
        file[bad[i].at] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mle),
        cmocka_unit_test(policy),
        cmocka_unit_test(late_launch_in_swtpm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
