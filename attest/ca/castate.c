/* SPDX-License-Identifier: MIT */
#include "castate.h"
#include "../tool/toolfile.h"
#include "../verify/findings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int castate_path(char out[CASTATE_PATH], const char *dir, const char *kind, struct bytes id, const char *suffix)
{
    char name[129] = "";

    if (id.size > 64) return -1;
    findings_hex(id.data, id.size, name);
    if (snprintf(out, CASTATE_PATH, "%s/%s/%s%s", dir, kind, name, suffix) < (int)CASTATE_PATH) return 0;
    toolfile_complain("%s: too long a name", dir);
    return -1;
}

static int lock(const char *dir)
{
    static int fd; /* until the program ends */

    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) return 0;
    toolfile_complain("%s: cannot be locked: %s", dir, strerror(errno));
    return -1;
}

int castate_open(const char *dir)
{
    static const char *const kinds[] = {"", "/ek", "/forgotten", "/pending", "/issued", "/revoked"};
    char path[CASTATE_PATH];

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (snprintf(path, sizeof(path), "%s%s", dir, kinds[i]) >= (int)sizeof(path) ||
            (mkdir(path, 0700) != 0 && errno != EEXIST)) {
            toolfile_complain("%s: cannot be made: %s", path, strerror(errno));
            return -1;
        }
    }
    return lock(dir);
}

int castate_next_number(const char *dir, uint64_t *number)
{
    char path[CASTATE_PATH], text[32];
    struct bytes file;
    char *end;

    snprintf(path, sizeof(path), "%s/crl-number", dir);
    *number = 1;
    if (access(path, F_OK) == 0) {
        file = toolfile_read(path, 24);
        if (file.data == NULL) return -1;
        *number = strtoull((const char *)file.data, &end, 10) + 1;
        if (file.size == 0 || file.data[0] < '0' || file.data[0] > '9' || *end != '\n' || *number == 0) {
            toolfile_complain("%s: not a number", path);
            toolfile_free(file);
            return -1;
        }
        toolfile_free(file);
    }
    snprintf(text, sizeof(text), "%" PRIu64 "\n", *number);
    return toolfile_write(path, text, strlen(text));
}

bool castate_has(const char *dir, const char *kind, struct bytes id, const char *suffix)
{
    char path[CASTATE_PATH];

    return castate_path(path, dir, kind, id, suffix) == 0 && access(path, F_OK) == 0;
}

static int is_fact(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return entry->d_name[0] != '.' && (size < 4 || strcmp(entry->d_name + size - 4, ".new") != 0);
}

int castate_each(const char *dir, const char *kind, int (*each)(const char *name, void *context), void *context)
{
    struct dirent **entries;
    char path[CASTATE_PATH];
    int count, rc = 0;

    snprintf(path, sizeof(path), "%s/%s", dir, kind);
    count = scandir(path, &entries, is_fact, alphasort);
    if (count < 0) {
        toolfile_complain("%s: %s", path, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        if (rc == 0) rc = each(entries[i]->d_name, context);
        free(entries[i]);
    }
    free(entries);
    return rc;
}
