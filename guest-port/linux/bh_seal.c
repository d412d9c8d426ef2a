/* SPDX-License-Identifier: MIT */
/*
 * bh-seal seal [--signer SVN] [--label] [--count] [--name TEXT] IN OUT
 * bh-seal open [--signer SVN] [--label] [--count] [--name TEXT] IN OUT
 *
 * Encrypts a file so that only this guest, on this measured platform, opens it again: the launch digest has to be the
 * same (--signer: the signer, and at least that version), with --label type and compartment too. --count: only the
 * newest file that was sealed so opens (sealcount.h). --name: the file says what it is.
 *
 * A file says itself what it is bound to, and whoever stores files may give back another one: opened with the options
 * of seal, it is refused where it has less. Without options it is told what the file is bound to. IN and OUT may be -.
 * Exit: 0, 1 with the reason, 2 for wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mbedtls/sha256.h>

#include "attestcall.h"
#include "attestwords.h"
#include "besidefile.h"
#include "domid.h"
#include "lxcall.h"
#include "sealcount.h"
#include "sealfile.h"

static uint8_t in[SEALCOUNT_FILE_MAX + 1], out[SEALCOUNT_FILE_MAX];

/* What the command line asks for; of seal all of head but context and counter. */
struct wanted {
    struct sealfile_head head;
    int count, any; /* any: nothing was asked for */
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bh-seal: %s: %s\n", what, why);
    return 1;
}

static int usage(void)
{
    fputs("usage: bh-seal seal [--signer SVN] [--label] [--count] [--name TEXT] IN OUT\n"
          "       bh-seal open [--signer SVN] [--label] [--count] [--name TEXT] IN OUT\n"
          "  open with the options of seal refuses a file that has less; --count wants a file to write to, not -\n",
          stderr);
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
    int rc = 0;

    if (strcmp(path, "-") == 0)
        rc = fwrite(data, 1, size, stdout) != size || fflush(stdout) != 0 ? -errno : 0;
    else
        rc = besidefile_write(path, data, size);
    return rc < 0 ? fail(path, strerror(-rc)) : 0;
}

static int seal(struct wanted *w, const char *from, const char *to)
{
    long size = read_file(from, SEALFILE_DATA_MAX);
    int rc;

    if (size < 0) return 1;
    if (w->count) return sealcount_seal(&w->head, in, (size_t)size, to);
    if (sealcount_context(&w->head)) return 1;
    rc = sealcount_encrypt(&w->head, in, (size_t)size, out);
    return rc ? rc : write_file(to, out, sealfile_extra(&w->head) + (size_t)size);
}

/* The reason why a file so bound is not what was asked for, or NULL. */
static const char *lacks(const struct sealfile_head *h, const struct wanted *w)
{
    if ((w->head.flags & BH_SEAL_SIGNER) && !(h->flags & BH_SEAL_SIGNER)) return "it is not bound to a signer";
    if (!(w->head.flags & BH_SEAL_SIGNER) && !(h->flags & BH_SEAL_LAUNCH))
        return "it is bound to a signer, not to this launch: say --signer SVN where that is meant";
    if (h->min_svn < w->head.min_svn) return "it opens for a lower version of the signer's than was asked for";
    if ((w->head.flags & BH_SEAL_LABEL) && !(h->flags & BH_SEAL_LABEL)) return "it is not bound to the label";
    if (w->count && h->counter == 0) return "it is not counted: it may be an old one";
    if (w->head.named && !h->named) return "it has no name";
    if (w->head.named && memcmp(h->name, w->head.name, SEALFILE_NAME) != 0) return "it has another name";
    return NULL;
}

/* Not where the words would stand amid the data. */
static void tell(const struct sealfile_head *h, const char *to)
{
    struct stat o, e;

    if (strcmp(to, "-") == 0 && fstat(1, &o) == 0 && fstat(2, &e) == 0 && o.st_dev == e.st_dev && o.st_ino == e.st_ino)
        return;
    fputs("bh-seal: bound to ", stderr);
    if (h->flags & BH_SEAL_SIGNER)
        fprintf(stderr, "the signer, version %u or higher", h->min_svn);
    else
        fputs("the launch", stderr);
    fprintf(stderr, "%s; %s; %s\n", h->flags & BH_SEAL_LABEL ? ", and the label" : "",
            h->counter ? "counted, the newest" : "not counted: any older one opens as well",
            h->named ? "it has a name, which --name checks" : "no name");
}

static int open_file(const struct wanted *w, const char *from, const char *to)
{
    long size = read_file(from, SEALCOUNT_FILE_MAX);
    struct sealfile_head head;
    const char *why;

    if (size < 0) return 1;
    if (sealfile_read_head(in, (size_t)size, &head) < 0) return fail(from, "not a sealed file");
    if (sealcount_decrypt(&head, in, (size_t)size, out)) return 1;
    /* Only now: a head that is not authentic says nothing. */
    why = w->any ? NULL : lacks(&head, w);
    if (why) return fail("refused", why);
    if (sealcount_check(&head)) return 1;
    if (w->any) tell(&head, to);
    return write_file(to, out, (size_t)size - sealfile_extra(&head));
}

/* Index of the first argument that is no option, or -1. */
static int options(int argc, char **argv, struct wanted *w)
{
    int i;

    w->head.flags = BH_SEAL_LAUNCH;
    w->any = argc > 2 && strncmp(argv[2], "--", 2) != 0;
    for (i = 2; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        const char *name = argv[i];

        if (strcmp(name, "--label") == 0) {
            w->head.flags |= BH_SEAL_LABEL;
        } else if (strcmp(name, "--count") == 0) {
            w->count = 1;
        } else if (strcmp(name, "--name") == 0 && i + 1 < argc && !w->head.named) {
            w->head.named = true;
            mbedtls_sha256_ret((const uint8_t *)argv[i + 1], strlen(argv[i + 1]), w->head.name, 0);
            i++;
        } else if (strcmp(name, "--signer") == 0 && i + 1 < argc && !(w->head.flags & BH_SEAL_SIGNER)) {
            w->head.flags = (w->head.flags & ~BH_SEAL_LAUNCH) | BH_SEAL_SIGNER;
            if (domid_number(argv[++i], UINT32_MAX, &w->head.min_svn) < 0) return -1;
        } else {
            return -1;
        }
    }
    return argc - i == 2 ? i : -1;
}

int main(int argc, char **argv)
{
    struct wanted w = {0};
    int at = argc > 1 ? options(argc, argv, &w) : -1, opens, rc;

    opens = argc > 1 && strcmp(argv[1], "open") == 0;
    if (at < 0 || (!opens && strcmp(argv[1], "seal") != 0) || (!opens && w.count && strcmp(argv[at + 1], "-") == 0))
        return usage();
    umask(077); /* what was secret while it was sealed stays so */
    rc = lxcall_open();
    if (rc < 0) return fail("/dev/xen/privcmd", strerror(-rc));
    rc = opens ? open_file(&w, argv[at], argv[at + 1]) : seal(&w, argv[at], argv[at + 1]);
    explicit_bzero(in, sizeof(in));
    explicit_bzero(out, sizeof(out));
    return rc;
}
