/* SPDX-License-Identifier: MIT */
#include "sealcount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "attestcall.h"
#include "attestwords.h"
#include "besidefile.h"

#define TRIES 8

struct job {
    struct sealfile_head *head;
    const uint8_t *data;
    size_t size;
    const char *path;
    char fresh[4096]; /* OUT.new */
    uint64_t value;   /* the counter, as last heard of */
    uint64_t there;   /* what OUT.new, if it is authentic and not too old, opens at; else 0 */
    bool own;         /* OUT.new is of this run */
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bh-seal: %s: %s\n", what, why);
    return 1;
}

static int get_key(const struct sealfile_head *head, uint8_t key[32])
{
    struct bh_seal_key k = {.flags = head->flags, .min_svn = head->min_svn};
    int rc;

    memcpy(k.context, head->context, 32);
    rc = attestcall_seal_key(&k);
    memcpy(key, k.key, 32);
    explicit_bzero(&k, sizeof(k));
    return rc < 0 ? fail("no key", attestwords(rc)) : 0;
}

int sealcount_context(struct sealfile_head *head)
{
    return getrandom(head->context, sizeof(head->context), 0) == (ssize_t)sizeof(head->context)
               ? 0
               : fail("random bytes", strerror(errno));
}

int sealcount_encrypt(const struct sealfile_head *head, const uint8_t *data, size_t size, uint8_t *out)
{
    uint8_t key[32];
    int rc = get_key(head, key);

    if (rc == 0 && sealfile_write(head, key, data, size, out) < 0) rc = fail("encrypting", strerror(EINVAL));
    explicit_bzero(key, sizeof(key));
    return rc;
}

int sealcount_decrypt(const struct sealfile_head *head, const uint8_t *file, size_t size, uint8_t *data)
{
    uint8_t key[32];
    int rc = get_key(head, key);

    if (rc) return rc;
    rc = sealfile_read(file, size, key, data);
    explicit_bzero(key, sizeof(key));
    return rc < 0 ? fail("refused", "sealed by another guest, on another platform or chain, or altered since") : 0;
}

int sealcount_check(const struct sealfile_head *head)
{
    uint64_t value;
    int rc;

    if (head->counter == 0) return 0;
    rc = attestcall_counter(head->flags, 0, &value);
    if (rc < 0) return fail("counter", attestwords(rc));
    if (value != head->counter)
        return fail("refused", head->counter < value ? "an old copy: a newer file was sealed since"
                                                     : "the counter never came to this file: it was not finished");
    return 0;
}

/* --- What an earlier run left ------------------------------------------------------------------------ */

/* Whole, or NULL; -ENOENT in *rc where there is none. */
static uint8_t *read_whole(const char *path, size_t *size, int *rc)
{
    uint8_t *p = malloc(SEALCOUNT_FILE_MAX + 1);
    FILE *f = fopen(path, "rb");

    *rc = f ? 0 : -errno;
    *size = p && f ? fread(p, 1, SEALCOUNT_FILE_MAX + 1, f) : 0;
    if (*rc == 0 && (!p || ferror(f))) *rc = p ? -EIO : -ENOMEM;
    if (f) fclose(f);
    if (*rc == 0) return p;
    free(p);
    return NULL;
}

static int foreign(const struct job *j)
{
    return fail(j->fresh, "is there, and not a counted file of this guest's with these options: it may be all that is "
                          "left of something, so move it away first");
}

/* A run that ended between the TPM's count and the renaming left the valid file as OUT.new. */
static int take_up(struct job *j)
{
    struct sealfile_head head;
    uint8_t *file, *data;
    size_t size;
    int rc;

    file = read_whole(j->fresh, &size, &rc);
    if (!file) return rc == -ENOENT ? 0 : fail(j->fresh, strerror(-rc));
    data = malloc(size + 1);
    rc = !data || sealfile_read_head(file, size, &head) < 0 || head.counter == 0 || head.flags != j->head->flags ||
         sealcount_decrypt(&head, file, size, data);
    if (data) explicit_bzero(data, size);
    free(data);
    free(file);
    if (rc) return foreign(j);
    if (head.counter == j->value) {
        rc = besidefile_rename(j->fresh, j->path);
        return rc < 0 ? fail(j->path, strerror(-rc)) : 0;
    }
    j->there = head.counter > j->value ? head.counter : 0;
    return 0;
}

/* --- Sealing ----------------------------------------------------------------------------------------- */

static int write_fresh(struct job *j, uint64_t counter)
{
    uint8_t *file = malloc(sealfile_extra(j->head) + j->size);
    int rc;

    if (!file) return fail(j->fresh, strerror(ENOMEM));
    j->head->counter = counter;
    rc = sealcount_context(j->head) || sealcount_encrypt(j->head, j->data, j->size, file);
    if (rc == 0) {
        rc = besidefile_write(j->fresh, file, sealfile_extra(j->head) + j->size);
        if (rc < 0) rc = fail(j->fresh, strerror(-rc));
    }
    free(file);
    if (rc) return 1;
    j->there = counter;
    j->own = true;
    return 0;
}

static int settle(struct job *j)
{
    int rc = besidefile_rename(j->fresh, j->path);

    j->there = 0;
    if (rc < 0) fprintf(stderr, "bh-seal: %s is the valid one\n", j->fresh);
    return rc < 0 ? fail(j->path, strerror(-rc)) : 0;
}

/* The counter as it stands: an increment's answer may be that of an earlier one, which nobody had taken. */
static void look_again(struct job *j)
{
    uint64_t now;

    if (attestcall_counter(j->head->flags, 0, &now) == 0 && now > j->value) j->value = now;
}

static int unknown(const struct job *j, int rc)
{
    fail("counter", attestwords(rc));
    return fail(j->fresh, "kept: it opens if the TPM counted, which is not known, and else what was there before does; "
                          "seal again to end it");
}

/* One count of the TPM's: 0 sealed, 1 failed, -1 once more. */
static int step(struct job *j)
{
    uint64_t next = j->value + 1, value;
    int rc;

    /* An earlier run's too: it would take a count of its own, and there may be one a minute. */
    if ((j->there != next || !j->own) && write_fresh(j, next)) return 1;
    rc = attestcall_counter(j->head->flags, 1, &value);
    if (rc < 0) return unknown(j, rc);
    if (value > j->value) j->value = value;
    look_again(j);
    if (j->value < next) return -1;
    /* Further than by one: neither file opens, until this one is there. */
    if (j->value > next && write_fresh(j, j->value)) return 1;
    rc = j->own && j->value == next;
    if (settle(j)) return 1;
    return rc ? 0 : -1;
}

int sealcount_seal(struct sealfile_head *head, const uint8_t *data, size_t size, const char *path)
{
    struct job j = {.head = head, .data = data, .size = size, .path = path};
    int rc;

    if (snprintf(j.fresh, sizeof(j.fresh), "%s.new", path) >= (int)sizeof(j.fresh))
        return fail(path, strerror(ENAMETOOLONG));
    rc = besidefile_lock(path);
    if (rc < 0) return fail(path, strerror(-rc));
    rc = attestcall_counter(head->flags, 0, &j.value);
    if (rc == -ENOENT) rc = attestcall_counter(head->flags, 1, &j.value);
    if (rc < 0) return fail("counter", attestwords(rc));
    if (take_up(&j)) return 1;
    rc = -1;
    for (int tries = 0; rc < 0 && tries < TRIES; tries++)
        rc = step(&j);
    if (rc < 0)
        return fail(path, "something of the same identity counts all the time: what opens now will not for long");
    return rc;
}
