/* SPDX-License-Identifier: MIT */
#include "auditfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD   (sizeof(AUDITFILE_MAGIC) - 1)
#define RECORD sizeof(struct bh_audit_record)

static int refuse(struct auditfile *a, int rc, const char **why, const char *text)
{
    *why = text;
    fclose(a->file);
    a->file = NULL;
    return rc;
}

static int begin(struct auditfile *a, const char **why)
{
    if (fwrite(AUDITFILE_MAGIC, 1, HEAD, a->file) != HEAD || fflush(a->file) != 0)
        return refuse(a, -EIO, why, "cannot be written");
    return 0;
}

static int go_on(struct auditfile *a, uint64_t size, const char **why)
{
    uint64_t whole = HEAD + (size - HEAD) / RECORD * RECORD;
    char magic[HEAD];
    struct bh_audit_record r = {.seq = 0};

    if (fread(magic, 1, HEAD, a->file) != HEAD || memcmp(magic, AUDITFILE_MAGIC, HEAD) != 0)
        return refuse(a, -EINVAL, why, "is no audit log, and is left as it is");
    if (whole > HEAD && (fseeko(a->file, (off_t)(whole - RECORD), SEEK_SET) != 0 || fread(&r, RECORD, 1, a->file) != 1))
        return refuse(a, -EIO, why, "cannot be read");
    if (ftruncate(fileno(a->file), (off_t)whole) != 0 || fseeko(a->file, (off_t)whole, SEEK_SET) != 0)
        return refuse(a, -EIO, why, "cannot be written");
    a->last = r.seq;
    return 0;
}

int auditfile_open(struct auditfile *a, const char *path, const char **why)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    *a = (struct auditfile){.last = 0};
    if (fd < 0) {
        *why = strerror(errno);
        return -errno;
    }
    a->file = fdopen(fd, "r+");
    if (!a->file) {
        *why = strerror(errno);
        close(fd);
        return -ENOMEM;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return refuse(a, -EINVAL, why, "is no regular file");
    if (st.st_size == 0) return begin(a, why);
    if ((uint64_t)st.st_size < HEAD) return refuse(a, -EINVAL, why, "is no audit log, and is left as it is");
    return go_on(a, (uint64_t)st.st_size, why);
}

int auditfile_append(struct auditfile *a, const struct bh_audit_record *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (records[i].seq != a->last + 1 + i) return -EILSEQ;
    if (fwrite(records, RECORD, count, a->file) != count || fflush(a->file) != 0) return -EIO;
    a->last += count;
    return 0;
}

int auditfile_close(struct auditfile *a)
{
    return fclose(a->file) == 0 ? 0 : -1;
}
