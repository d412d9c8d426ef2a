/* SPDX-License-Identifier: MIT */
#include "castate.h"
#include "../tool/toolfile.h"
#include "../verify/findings.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
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

int castate_open(const char *dir)
{
    static const char *const kinds[] = {"", "/ek", "/pending", "/issued", "/revoked"};
    char path[CASTATE_PATH];

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (snprintf(path, sizeof(path), "%s%s", dir, kinds[i]) >= (int)sizeof(path) ||
            (mkdir(path, 0700) != 0 && errno != EEXIST)) {
            toolfile_complain("%s: cannot be made: %s", path, strerror(errno));
            return -1;
        }
    }
    return 0;
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
