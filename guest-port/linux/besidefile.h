/* SPDX-License-Identifier: MIT */
/* Files that are replaced whole or not at all, whatever happens meanwhile: written beside under a name of their own,
 * synced, renamed, and the folder synced. Each 0 or a negative errno. */
#ifndef BESIDEFILE_H
#define BESIDEFILE_H

#include <stddef.h>
#include <stdint.h>

/* Mode 0600. What is there and no regular file (a device, a pipe) is written to as it is. */
int besidefile_write(const char *path, const uint8_t *data, size_t size);
int besidefile_rename(const char *from, const char *to);
/* Waits for the lock on PATH.lock, which is made where it is missing and stays; held until this process ends. */
int besidefile_lock(const char *path);

#endif
