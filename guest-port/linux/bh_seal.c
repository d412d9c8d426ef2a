/* SPDX-License-Identifier: MIT */
/*
 * bh-seal seal [--signer SVN] [--label] [--count] IN OUT
 * bh-seal open IN OUT
 *
 * Encrypts a file so that only this guest, on this measured platform, opens it again: the launch digest has to be the
 * same (--signer: the signer, and at least that version), with --label type and compartment too. --count: only the
 * newest file that was sealed so opens; OUT.new is written first, then the TPM counts, then OUT is replaced, so after a
 * crash one of the two opens. IN and OUT may be -. Exit: 0, 1 with the reason, 2 for wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "attestcall.h"
#include "lxcall.h"
#include "sealfile.h"

#define FILE_MAX (SEALFILE_HEAD + SEALFILE_DATA_MAX + SEALFILE_TAG)

static uint8_t in[FILE_MAX + 1], out[FILE_MAX];

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bh-seal: %s: %s\n", what, why);
    return 1;
}

static int usage(void)
{
    fputs("usage: bh-seal seal [--signer SVN] [--label] [--count] IN OUT\n       bh-seal open IN OUT\n", stderr);
    return 2;
}

/* Size, or -1. */
static long read_file(const char *path, size_t most)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t n = f ? fread(in, 1, most + 1, f) : 0;

    if (!f || ferror(f)) return fail(path, strerror(errno)), -1;
    if (f != stdin) fclose(f);
    return n > most ? (fail(path, "longer than 16 MiB"), -1) : (long)n;
}

static int write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    int bad = !f || fwrite(data, 1, size, f) != size || fflush(f) != 0;

    if (!bad && f != stdout) bad = fsync(fileno(f)) != 0;
    if (f && f != stdout) bad |= fclose(f) != 0;
    return bad ? fail(path, strerror(errno)) : 0;
}

static int get_key(const struct sealfile_head *head, uint8_t key[32])
{
    struct bh_seal_key k = {.flags = head->flags, .min_svn = head->min_svn};
    int rc;

    memcpy(k.context, head->context, 32);
    rc = attestcall_seal_key(&k);
    memcpy(key, k.key, 32);
    explicit_bzero(&k, sizeof(k));
    return rc < 0 ? fail("no key", attestcall_error(rc)) : 0;
}

static int write_sealed(const struct sealfile_head *head, const char *path, size_t size)
{
    uint8_t key[32];
    int rc = get_key(head, key);

    if (rc == 0 && sealfile_write(head, key, in, size, out) < 0) rc = fail("encrypting", strerror(EINVAL));
    explicit_bzero(key, sizeof(key));
    return rc ? rc : write_file(path, out, SEALFILE_HEAD + size + SEALFILE_TAG);
}

/* The file is whole on the disk before the counter makes all older ones worthless. */
static int seal_counted(struct sealfile_head *head, const char *path, size_t size)
{
    char fresh[4096];
    uint64_t value;
    int rc = attestcall_counter(head->flags, 0, &value);

    if (rc == -ENOENT) rc = attestcall_counter(head->flags, 1, &value);
    if (rc < 0) return fail("counter", attestcall_error(rc));
    head->counter = value + 1;
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    if (write_sealed(head, fresh, size)) return 1;
    rc = attestcall_counter(head->flags, 1, &value);
    if (rc < 0 || value != head->counter) {
        unlink(fresh);
        return fail("counter", rc < 0 ? attestcall_error(rc) : "somebody of the same identity counted meanwhile");
    }
    return rename(fresh, path) == 0 ? 0 : fail(path, strerror(errno));
}

static int seal(struct sealfile_head *head, int count, const char *from, const char *to)
{
    long size = read_file(from, SEALFILE_DATA_MAX);

    if (size < 0) return 1;
    if (getrandom(head->context, 32, 0) != 32) return fail("random bytes", strerror(errno));
    return count ? seal_counted(head, to, (size_t)size) : write_sealed(head, to, (size_t)size);
}

static int check_counter(const struct sealfile_head *head)
{
    uint64_t value;
    int rc;

    if (head->counter == 0) return 0;
    rc = attestcall_counter(head->flags, 0, &value);
    if (rc < 0) return fail("counter", attestcall_error(rc));
    if (value != head->counter)
        return fail("refused", head->counter < value ? "an old copy: a newer file was sealed since"
                                                     : "the counter never came to this file: it was not finished");
    return 0;
}

static int open_file(const char *from, const char *to)
{
    long size = read_file(from, FILE_MAX);
    struct sealfile_head head;
    uint8_t key[32];
    int rc;

    if (size < 0) return 1;
    if (sealfile_read_head(in, (size_t)size, &head) < 0) return fail(from, "not a sealed file");
    if (get_key(&head, key)) return 1;
    rc = sealfile_read(in, (size_t)size, key, out);
    explicit_bzero(key, sizeof(key));
    if (rc < 0) return fail("refused", "sealed by another guest, on another platform or chain, or altered since");
    /* Only now: a head that is not authentic says nothing. */
    return check_counter(&head) ? 1 : write_file(to, out, (size_t)size - SEALFILE_HEAD - SEALFILE_TAG);
}

/* Index of the first argument that is no option, or -1. */
static int options(int argc, char **argv, struct sealfile_head *head, int *count)
{
    int i;

    head->flags = BH_SEAL_LAUNCH;
    for (i = 2; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        char *end = NULL;

        if (strcmp(argv[i], "--label") == 0) {
            head->flags |= BH_SEAL_LABEL;
        } else if (strcmp(argv[i], "--count") == 0) {
            *count = 1;
        } else if (strcmp(argv[i], "--signer") == 0 && i + 1 < argc) {
            head->flags = (head->flags & ~BH_SEAL_LAUNCH) | BH_SEAL_SIGNER;
            head->min_svn = (uint32_t)strtoul(argv[++i], &end, 10);
            if (*end != '\0' || end == argv[i]) return -1;
        } else {
            return -1;
        }
    }
    return argc - i == 2 ? i : -1;
}

int main(int argc, char **argv)
{
    struct sealfile_head head = {0};
    int count = 0, at = argc > 1 ? options(argc, argv, &head, &count) : -1, opens, rc;

    opens = argc > 1 && strcmp(argv[1], "open") == 0;
    if (at < 0 || (opens ? at != 2 : strcmp(argv[1], "seal") != 0) || (count && strcmp(argv[at + 1], "-") == 0))
        return usage();
    rc = lxcall_open();
    if (rc < 0) return fail("/dev/xen/privcmd", strerror(-rc));
    rc = opens ? open_file(argv[at], argv[at + 1]) : seal(&head, count, argv[at], argv[at + 1]);
    explicit_bzero(in, sizeof(in));
    explicit_bzero(out, sizeof(out));
    return rc;
}
