/* SPDX-License-Identifier: MIT */
/*
 * bh-extend INDEX text TEXT         extends SHA-256(TEXT)
 * bh-extend INDEX file FILE         extends SHA-256 of the file
 * bh-extend INDEX ima [FILE]        extends each line of IMA's list of measurements that the log does not have yet
 * bh-extend replay LOG              the registers that a log leads to; no hypervisor is asked
 *
 * The log is /var/log/bh-extend.log, or $BH_EXTEND_LOG. A line is written before the register is extended, and taken
 * back where it could not be, so after a crash the log may tell of one extend too many, and never of one too few.
 * Before anything else the log is compared with the registers, which begin at zero in each boot (open_log). Exit: 0, 1
 * with the reason, 2 usage.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mbedtls/sha256.h>

#include "attestcall.h"
#include "attestwords.h"
#include "extendlog.h"
#include "lxcall.h"

#define IMA_LIST  "/sys/kernel/security/ima/ascii_runtime_measurements"
#define TEXT_MAX  8192 /* of a line behind its digest */
#define NAME_SIZE 4096

struct log {
    FILE *file;
    uint8_t value[EXTENDLOG_REGISTERS][32];  /* where its lines lead */
    uint8_t before[EXTENDLOG_REGISTERS][32]; /* without the last one */
    long last, end;                          /* where that one begins; behind the last whole one */
    bool cut;                                /* something without a line's end comes after that */
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "bh-extend: %s: %s\n", what, why);
    return 1;
}

static const char *log_path(void)
{
    const char *path = getenv("BH_EXTEND_LOG");

    return path ? path : "/var/log/bh-extend.log";
}

/* One line without its end: 1, 0 where no whole one follows, -1 for one with a NUL byte. */
static int next_line(FILE *f, char **line, size_t *room, bool *cut)
{
    ssize_t n = getline(line, room, f);

    *cut = n > 0 && (*line)[n - 1] != '\n';
    if (n <= 0 || *cut) return 0;
    (*line)[n - 1] = '\0';
    return strlen(*line) == (size_t)n - 1 ? 1 : -1;
}

static int read_log(struct log *l, const char *path)
{
    uint8_t digest[32];
    const char *text;
    uint32_t index;
    char *line = NULL;
    size_t room = 0;
    int rc;

    memset(l->value, 0, sizeof(l->value));
    l->end = l->last = 0;
    rewind(l->file);
    while ((rc = next_line(l->file, &line, &room, &l->cut)) > 0) {
        if (extendlog_parse(line, &index, digest, &text) < 0) break;
        memcpy(l->before, l->value, sizeof(l->before));
        extendlog_step(l->value[index], digest);
        l->last = l->end;
        l->end = ftell(l->file);
    }
    free(line);
    if (ferror(l->file)) return fail(path, strerror(errno));
    return rc ? fail(path, "a line that is none of a log") : 0;
}

/* --- The log against the registers ------------------------------------------------------------------- */

static int read_registers(uint8_t value[EXTENDLOG_REGISTERS][32])
{
    static const uint8_t data[64];
    struct attestcall_report r;
    int rc = -EBUSY;

    for (int tries = 0; rc == -EBUSY && tries < 10; tries++) {
        if (tries) usleep(200000);
        rc = attestcall_report(data, &r);
    }
    if (rc < 0) return fail("no report to compare the log with", attestwords(rc));
    memcpy(value, r.report.runtime, sizeof(r.report.runtime));
    return 0;
}

static int shorten(const struct log *l, long end)
{
    return ftruncate(fileno(l->file), end) == 0 && fsync(fileno(l->file)) == 0 ? 0 : fail(log_path(), strerror(errno));
}

static void former_path(char former[NAME_SIZE])
{
    snprintf(former, NAME_SIZE, "%s.1", log_path());
}

static int put_aside(void)
{
    char former[NAME_SIZE];

    former_path(former);
    if (rename(log_path(), former) != 0) return fail(former, strerror(errno));
    fprintf(stderr, "bh-extend: the registers are those of a new boot: the former one's log is %s\n", former);
    return 0;
}

/* 0: it leads to the registers; 1: failed; -1: the file is another one now. */
static int compare(struct log *l)
{
    static const uint8_t zero[EXTENDLOG_REGISTERS][32];
    uint8_t now[EXTENDLOG_REGISTERS][32];
    char former[NAME_SIZE];

    if (read_log(l, log_path()) || read_registers(now)) return 1;
    if (memcmp(now, l->value, sizeof(now)) == 0) return l->cut ? shorten(l, l->end) : 0;
    former_path(former);
    /* One line and no extend: a crash at this boot's first line, or a former boot with no more than that. A log that
     * was put aside is not given up for it. */
    if (memcmp(now, zero, sizeof(now)) == 0 && (l->end == 0 || l->last != 0 || access(former, F_OK) != 0))
        return put_aside() ? 1 : -1;
    if (l->end == 0 || memcmp(now, l->before, sizeof(now)) != 0)
        return fail(log_path(),
                    "log and registers disagree: something was extended that it does not tell of, or it was "
                    "changed");
    /* A crash between line and extend. */
    if (shorten(l, l->last)) return 1;
    memcpy(l->value, l->before, sizeof(l->value));
    return 0;
}

/* One extend at a time: the lock orders log and register alike. */
static int open_once(struct log *l)
{
    struct stat here, there;

    l->file = fopen(log_path(), "a+");
    if (!l->file || flock(fileno(l->file), LOCK_EX) != 0 || fstat(fileno(l->file), &here) != 0)
        return fail(log_path(), strerror(errno));
    /* Who waited for the lock may have got that of a log which was put aside meanwhile. */
    if (stat(log_path(), &there) != 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev) return -1;
    return compare(l);
}

static int open_log(struct log *l)
{
    int rc;

    for (;;) {
        rc = open_once(l);
        if (rc == 0) return 0;
        if (l->file) fclose(l->file);
        if (rc > 0) return 1;
    }
}

/* --- Extending --------------------------------------------------------------------------------------- */

static int write_line(const struct log *l, const char *line, size_t size)
{
    int fd = fileno(l->file);
    ssize_t n = write(fd, line, size);
    int error = n < 0 ? errno : ENOSPC;

    if (n == (ssize_t)size && fsync(fd) == 0) return 0;
    if (n == (ssize_t)size) error = errno;
    shorten(l, l->end);
    return fail(log_path(), strerror(error));
}

static int extend(struct log *l, uint32_t index, const uint8_t digest[32], const char *kind, const char *text)
{
    char line[TEXT_MAX + 128], hex[65];
    uint8_t value[32];
    int rc, size;

    if (strlen(kind) + strlen(text) + 1 > TEXT_MAX) return fail(kind, "longer than a line of the log may be (8192)");
    extendlog_hex(digest, 32, hex);
    size = snprintf(line, sizeof(line), "%u %s %s %s\n", index, hex, kind, text);
    if (write_line(l, line, (size_t)size)) return 1;
    rc = attestcall_extend(index, digest, value);
    if (rc < 0) return shorten(l, l->end), fail("BH_EXTEND", attestwords(rc));
    l->end += size;
    extendlog_step(l->value[index], digest);
    if (memcmp(value, l->value[index], 32) != 0)
        return fail(log_path(), "log and registers disagree: something else extended the register meanwhile");
    extendlog_hex(value, 32, hex);
    printf("%u %s\n", index, hex);
    return 0;
}

static int extend_text(struct log *l, uint32_t index, const char *text)
{
    uint8_t digest[32];

    if (strpbrk(text, "\r\n")) return fail("text", "one line, please");
    mbedtls_sha256_ret((const uint8_t *)text, strlen(text), digest, 0);
    return extend(l, index, digest, "text", text);
}

static int extend_file(struct log *l, uint32_t index, const char *path)
{
    uint8_t digest[32], part[4096];
    mbedtls_sha256_context sha;
    FILE *f;
    size_t n;
    int bad;

    if (strpbrk(path, "\r\n")) return fail("file", "its name has a line's end");
    f = fopen(path, "rb");
    if (!f) return fail(path, strerror(errno));
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        mbedtls_sha256_update_ret(&sha, part, n);
    mbedtls_sha256_finish_ret(&sha, digest);
    bad = ferror(f) ? errno : 0;
    fclose(f);
    return bad ? fail(path, strerror(bad)) : extend(l, index, digest, "file", path);
}

/* --- IMA's list -------------------------------------------------------------------------------------- */

/* Goes on to the log's next line of this register and kind: 1, or 0 at its end. */
static int next_seen(FILE *log, uint32_t index, const char *kind, uint8_t digest[32])
{
    size_t room = 0, size = strlen(kind);
    uint32_t other;
    const char *text;
    char *line = NULL;
    bool cut;
    int found = 0;

    while (!found && next_line(log, &line, &room, &cut) > 0)
        found = extendlog_parse(line, &other, digest, &text) == 0 && other == index && strncmp(text, kind, size) == 0 &&
                text[size] == ' ';
    free(line);
    return found;
}

/* The list only grows. What the log has of it has to be its beginning; the rest is extended. */
static int extend_list(struct log *l, uint32_t index, const char *kind, FILE *list, const char *path)
{
    uint8_t digest[32], logged[32];
    char *line = NULL;
    size_t room = 0;
    bool cut, seen = true;
    int rc = 0, got;

    rewind(l->file);
    while (rc == 0 && (got = next_line(list, &line, &room, &cut)) != 0) {
        if (got < 0) rc = fail(path, "a line with a NUL byte");
        if (rc == 0) mbedtls_sha256_ret((const uint8_t *)line, strlen(line), digest, 0);
        if (rc == 0 && seen) seen = next_seen(l->file, index, kind, logged);
        if (rc == 0 && seen && memcmp(digest, logged, 32) != 0)
            rc = fail(path, "its lines are not those that the log has of it");
        if (rc == 0 && !seen) rc = extend(l, index, digest, kind, line);
    }
    free(line);
    if (rc == 0 && ferror(list)) return fail(path, strerror(errno));
    if (rc == 0 && seen && next_seen(l->file, index, kind, logged))
        return fail(path, "is shorter than what the log has of it");
    return rc;
}

/* Lists are told apart by their names in the log: "ima", or "ima:PATH". */
static int extend_ima(struct log *l, uint32_t index, const char *path)
{
    char kind[NAME_SIZE] = "ima";
    FILE *list;
    int rc;

    if (strpbrk(path, " \r\n") || strlen(path) > sizeof(kind) - 8)
        return fail("ima", "a list's name with blanks, or too long");
    if (strcmp(path, IMA_LIST) != 0) snprintf(kind, sizeof(kind), "ima:%s", path);
    list = fopen(path, "r");
    if (!list) return fail(path, strerror(errno));
    rc = extend_list(l, index, kind, list, path);
    fclose(list);
    return rc;
}

/* --- The program ------------------------------------------------------------------------------------- */

static int replay(const char *path)
{
    struct log l = {.file = fopen(path, "r")};
    char hex[65];
    int rc;

    if (!l.file) return fail(path, strerror(errno));
    rc = read_log(&l, path);
    fclose(l.file);
    if (rc == 0 && l.cut) rc = fail(path, "its last line has no end");
    for (unsigned int i = 0; rc == 0 && i < EXTENDLOG_REGISTERS; i++) {
        extendlog_hex(l.value[i], 32, hex);
        printf("%u %s\n", i, hex);
    }
    return rc;
}

static int run(uint32_t index, const char *kind, const char *what)
{
    struct log l = {0};
    int rc = lxcall_open();

    if (rc < 0) return fail("/dev/xen/privcmd", strerror(-rc));
    if (open_log(&l)) return 1;
    rc = strcmp(kind, "text") == 0   ? extend_text(&l, index, what)
         : strcmp(kind, "file") == 0 ? extend_file(&l, index, what)
                                     : extend_ima(&l, index, what ? what : IMA_LIST);
    fclose(l.file);
    return rc;
}

int main(int argc, char **argv)
{
    const char *kind = argc >= 3 ? argv[2] : "";

    if (argc == 3 && strcmp(argv[1], "replay") == 0) return replay(argv[2]);
    if (argc >= 3 && argv[1][0] >= '0' && argv[1][0] < '0' + EXTENDLOG_REGISTERS && argv[1][1] == '\0' &&
        (strcmp(kind, "ima") == 0 ? argc <= 4 : argc == 4 && (strcmp(kind, "text") == 0 || strcmp(kind, "file") == 0)))
        return run((uint32_t)(argv[1][0] - '0'), kind, argv[3]);
    fputs("usage: bh-extend INDEX text TEXT | INDEX file FILE | INDEX ima [LIST] | replay LOG\n  INDEX: 0 to 3\n",
          stderr);
    return 2;
}
