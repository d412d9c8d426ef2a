/* SPDX-License-Identifier: MIT */
#include "toolfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <mbedtls/base64.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGIN "-----BEGIN BULKHEAD EVIDENCE-----"
#define END   "-----END BULKHEAD EVIDENCE-----"

void toolfile_complain(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", toolfile_program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

struct bytes toolfile_read(const char *path, size_t most)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0, capacity = 65536, got = 1;

    if (file == NULL) {
        toolfile_complain("%s: %s", path, strerror(errno));
        return (struct bytes){0};
    }
    while (got != 0 && size <= most) {
        uint8_t *larger = realloc(data, capacity + 1);

        if (larger == NULL) break;
        data = larger;
        got = fread(data + size, 1, capacity - size, file);
        size += got;
        capacity += size == capacity ? capacity : 0;
    }
    if (ferror(file) || got != 0 || size > most) {
        toolfile_complain("%s: %s", path, size > most ? "too large" : "cannot be read");
        free(data);
        data = NULL;
        size = 0;
    } else {
        data[size] = '\0';
    }
    fclose(file);
    return (struct bytes){data, size};
}

/* Decodes in place what stands between the markers. */
static long decode_pem(uint8_t *text)
{
    char *begin = strstr((char *)text, BEGIN), *end = begin != NULL ? strstr(begin, END) : NULL;
    size_t used = 0, size = 0;

    if (begin == NULL) return 0;
    if (end == NULL) return -1;
    for (char *p = begin + strlen(BEGIN); p < end; p++) {
        if (strchr("\r\n \t", *p) == NULL) text[used++] = (uint8_t)*p;
    }
    if (mbedtls_base64_decode(NULL, 0, &size, text, used) == MBEDTLS_ERR_BASE64_INVALID_CHARACTER) return -1;
    uint8_t *decoded = malloc(size + 1);

    if (decoded == NULL || mbedtls_base64_decode(decoded, size, &size, text, used) != 0) {
        free(decoded);
        return -1;
    }
    memcpy(text, decoded, size);
    free(decoded);
    return (long)size;
}

struct bytes toolfile_read_evidence(const char *path, size_t most)
{
    struct bytes file = toolfile_read(path, most * 2 + 1048576);
    long decoded;

    if (file.data == NULL || memmem(file.data, file.size, BEGIN, strlen(BEGIN)) == NULL) return file;
    /* Text up to here, or the marker is behind a NUL and strstr sees none: then it is taken as it is. */
    decoded = decode_pem((uint8_t *)file.data);
    if (decoded < 0)
        toolfile_complain("%s: the PEM block is damaged; taken as it is", path);
    else if (decoded > 0)
        file.size = (size_t)decoded;
    return file;
}

void toolfile_free(struct bytes file)
{
    free((void *)(uintptr_t)file.data);
}

static int write_whole(int fd, const uint8_t *data, size_t size)
{
    while (size != 0) {
        ssize_t n = write(fd, data, size);

        if (n <= 0) return -1;
        data += n;
        size -= (size_t)n;
    }
    return fsync(fd);
}

int toolfile_sync_folder(const char *path)
{
    char folder[4096];
    int fd, rc;

    snprintf(folder, sizeof(folder), "%s", path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0) close(fd);
    return rc;
}

/* A terminal, a pipe, a device. */
static int write_in_place(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc = fd < 0 ? -1 : write_whole(fd, data, size);

    if (fd >= 0 && close(fd) != 0) rc = -1;
    if (rc != 0) toolfile_complain("%s: cannot be written: %s", path, strerror(errno));
    return rc;
}

int toolfile_write(const char *path, const void *data, size_t size)
{
    char beside[4096], real[PATH_MAX];
    struct stat st;
    int fd = -1, rc = -1;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) return write_in_place(path, data, size);
    if (realpath(path, real)) path = real; /* a link stays one */
    if (snprintf(beside, sizeof(beside), "%s.new", path) < (int)sizeof(beside))
        fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0) {
        rc = write_whole(fd, data, size);
        if (close(fd) != 0) rc = -1;
        if (rc == 0) rc = rename(beside, path);
        if (rc == 0) return toolfile_sync_folder(path);
    }
    toolfile_complain("%s: cannot be written: %s", path, strerror(errno));
    if (fd >= 0) unlink(beside);
    return -1;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

long toolfile_hex(const char *text, uint8_t *out, size_t capacity)
{
    size_t digits = strlen(text);

    if (digits % 2 != 0 || digits / 2 > capacity) return -1;
    for (size_t i = 0; i < digits / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return (long)(digits / 2);
}
