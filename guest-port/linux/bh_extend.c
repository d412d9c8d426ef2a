/* SPDX-License-Identifier: MIT */
/*
 * bh-extend INDEX text TEXT         extends SHA-256(TEXT)
 * bh-extend INDEX file FILE         extends SHA-256 of the file
 * bh-extend INDEX ima [FILE]        extends each line of IMA's list of measurements that the log does not have yet
 * bh-extend replay LOG              the registers that a log leads to; no hypervisor is asked
 *
 * The log is /var/log/bh-extend.log, or $BH_EXTEND_LOG. A line is written before the register is extended, so after a
 * crash the log may tell of one extend too many, and never of one too few. Exit: 0, 1 with the reason, 2 usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <mbedtls/sha256.h>

#include "attestcall.h"
#include "attestwords.h"
#include "extendlog.h"
#include "lxcall.h"

#define IMA_LIST      "/sys/kernel/security/ima/ascii_runtime_measurements"
#define LINE_MAX_SIZE 8192

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

/* One extend at a time: the lock orders log and register alike. */
static FILE *open_log(void)
{
    FILE *log = fopen(log_path(), "a+");

    if (log && flock(fileno(log), LOCK_EX) == 0) return log;
    fail(log_path(), strerror(errno));
    if (log) fclose(log);
    return NULL;
}

static int extend(FILE *log, uint32_t index, const uint8_t digest[32], const char *kind, const char *text)
{
    uint8_t value[32];
    char hex[65];
    int rc;

    extendlog_hex(digest, 32, hex);
    if (fprintf(log, "%u %s %s %s\n", index, hex, kind, text) < 0 || fflush(log) != 0 || fsync(fileno(log)) != 0)
        return fail(log_path(), strerror(errno));
    rc = attestcall_extend(index, digest, value);
    if (rc < 0) return fail("BH_EXTEND", attestwords(rc));
    extendlog_hex(value, 32, hex);
    printf("%u %s\n", index, hex);
    return 0;
}

static int extend_text(FILE *log, uint32_t index, const char *text)
{
    uint8_t digest[32];

    if (strpbrk(text, "\r\n")) return fail("text", "one line, please");
    mbedtls_sha256_ret((const uint8_t *)text, strlen(text), digest, 0);
    return extend(log, index, digest, "text", text);
}

static int extend_file(FILE *log, uint32_t index, const char *path)
{
    uint8_t digest[32], part[4096];
    mbedtls_sha256_context sha;
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f || strpbrk(path, "\r\n")) return fail(path, f ? "its name has a line's end" : strerror(errno));
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts_ret(&sha, 0);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        mbedtls_sha256_update_ret(&sha, part, n);
    mbedtls_sha256_finish_ret(&sha, digest);
    if (ferror(f)) return fail(path, strerror(errno));
    fclose(f);
    return extend(log, index, digest, "file", path);
}

/* Reads one line without its end; false at the file's end. */
static int next_line(FILE *f, char *line)
{
    if (!fgets(line, LINE_MAX_SIZE, f)) return 0;
    line[strcspn(line, "\n")] = '\0';
    return 1;
}

/* IMA's list only grows, so how many of its lines the log has says where to go on. */
static int extend_ima(FILE *log, uint32_t index, const char *path)
{
    static char line[LINE_MAX_SIZE];
    unsigned long seen = 0, at = 0;
    FILE *list = fopen(path, "r");
    uint8_t digest[32];
    const char *text;
    uint32_t other;
    int rc = 0;

    if (!list) return fail(path, strerror(errno));
    rewind(log);
    while (next_line(log, line))
        seen += extendlog_parse(line, &other, digest, &text) == 0 && strncmp(text, "ima ", 4) == 0;
    while (rc == 0 && next_line(list, line)) {
        mbedtls_sha256_ret((const uint8_t *)line, strlen(line), digest, 0);
        if (at++ >= seen) rc = extend(log, index, digest, "ima", line);
    }
    fclose(list);
    return rc;
}

static int replay(const char *path)
{
    static char line[LINE_MAX_SIZE];
    uint8_t value[EXTENDLOG_REGISTERS][32] = {{0}}, digest[32];
    FILE *f = fopen(path, "r");
    const char *text;
    uint32_t index;
    char hex[65];

    if (!f) return fail(path, strerror(errno));
    while (next_line(f, line)) {
        if (extendlog_parse(line, &index, digest, &text) < 0) return fail(path, "a line that is none of a log");
        extendlog_step(value[index], digest);
    }
    fclose(f);
    for (unsigned int i = 0; i < EXTENDLOG_REGISTERS; i++) {
        extendlog_hex(value[i], 32, hex);
        printf("%u %s\n", i, hex);
    }
    return 0;
}

static int run(uint32_t index, const char *kind, const char *what)
{
    FILE *log;
    int rc = lxcall_open();

    if (rc < 0) return fail("/dev/xen/privcmd", strerror(-rc));
    log = open_log();
    if (!log) return 1;
    rc = strcmp(kind, "text") == 0   ? extend_text(log, index, what)
         : strcmp(kind, "file") == 0 ? extend_file(log, index, what)
                                     : extend_ima(log, index, what ? what : IMA_LIST);
    fclose(log);
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
