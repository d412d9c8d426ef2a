/* SPDX-License-Identifier: MIT */
#include "besidefile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 4096

static int write_whole(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? -errno : -EIO;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int sync_folder(const char *path)
{
    char folder[NAME_SIZE];
    int fd, rc;

    snprintf(folder, sizeof(folder), "%s", path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    rc = fsync(fd) != 0 && errno != EINVAL ? -errno : 0; /* EINVAL: a file system that has no such thing */
    close(fd);
    return rc;
}

int besidefile_rename(const char *from, const char *to)
{
    return rename(from, to) != 0 ? -errno : sync_folder(to);
}

static int write_in_place(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

    if (fd < 0) return -errno;
    rc = write_whole(fd, data, size);
    return close(fd) != 0 && rc == 0 ? -errno : rc;
}

int besidefile_write(const char *path, const uint8_t *data, size_t size)
{
    char beside[NAME_SIZE], real[PATH_MAX];
    struct stat st;
    int fd, rc;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) return write_in_place(path, data, size);
    if (realpath(path, real)) path = real; /* a link stays one */
    if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside)) return -ENAMETOOLONG;
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) return -errno;
    rc = write_whole(fd, data, size);
    if (rc == 0 && fsync(fd) != 0) rc = -errno;
    if (close(fd) != 0 && rc == 0) rc = -errno;
    if (rc == 0 && rename(beside, path) != 0) rc = -errno;
    if (rc == 0) return sync_folder(path);
    unlink(beside);
    return rc;
}

int besidefile_lock(const char *path)
{
    char name[NAME_SIZE];
    int fd;

    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name)) return -ENAMETOOLONG;
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        close(fd);
        return -errno;
    }
    return 0;
}
