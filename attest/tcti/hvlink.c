/* SPDX-License-Identifier: MIT */
#include "hvlink.h"
#include "bulkhead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xencall.h>

/* The pages that a hypercall reads and writes must not fault: all of them are of libxencall's buffers. */
struct hvlink {
    xencall_handle *handle;
    union {
        struct bh_blob blob;
        struct bh_tpm_command tpm;
    } * argument;
    uint8_t *in, *out; /* BH_BLOB_CHUNK each */
};

_Static_assert(BH_BLOB_CHUNK >= 4096, "a TPM command and its response fit the buffers");

struct hvlink *hvlink_open(void)
{
    struct hvlink *hv = calloc(1, sizeof(*hv));

    if (hv == NULL) return NULL;
    hv->handle = xencall_open(NULL, 0);
    if (hv->handle != NULL) {
        hv->argument = xencall_alloc_buffer(hv->handle, sizeof(*hv->argument));
        hv->in = xencall_alloc_buffer(hv->handle, BH_BLOB_CHUNK);
        hv->out = xencall_alloc_buffer(hv->handle, BH_BLOB_CHUNK);
    }
    if (hv->argument == NULL || hv->in == NULL || hv->out == NULL) {
        int error = errno != 0 ? errno : ENODEV;

        hvlink_close(hv);
        errno = error;
        return NULL;
    }
    return hv;
}

void hvlink_close(struct hvlink *hv)
{
    if (hv->out != NULL) xencall_free_buffer(hv->handle, hv->out);
    if (hv->in != NULL) xencall_free_buffer(hv->handle, hv->in);
    if (hv->argument != NULL) xencall_free_buffer(hv->handle, hv->argument);
    if (hv->handle != NULL) xencall_close(hv->handle);
    free(hv);
}

static long call(struct hvlink *hv, unsigned int cmd)
{
    long rc = xencall2L(hv->handle, BH_HYPERCALL, cmd, (uintptr_t)hv->argument);

    return rc == -1 ? -errno : rc;
}

long hvlink_read_blob(struct hvlink *hv, unsigned int cmd, uint8_t *out, size_t capacity)
{
    size_t done = 0;
    long got;

    for (;;) {
        hv->argument->blob = (struct bh_blob){.offset = done, .size = BH_BLOB_CHUNK, .data = (uintptr_t)hv->out};
        got = call(hv, cmd);
        if (got <= 0) return got < 0 ? got : (long)done;
        if (got > (long)BH_BLOB_CHUNK || (size_t)got > capacity - done) return -EMSGSIZE;
        memcpy(out + done, hv->out, (size_t)got);
        done += (size_t)got;
    }
}

int hvlink_write_blob(struct hvlink *hv, unsigned int cmd, const uint8_t *data, size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t chunk = size - done < BH_BLOB_CHUNK ? size - done : BH_BLOB_CHUNK;
        long rc;

        memcpy(hv->in, data + done, chunk);
        hv->argument->blob = (struct bh_blob){
            .offset = done, .size = (uint32_t)chunk, .total = (uint32_t)size, .data = (uintptr_t)hv->in};
        rc = call(hv, cmd);
        if (rc < 0) return (int)rc;
        done += chunk;
    }
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

long hvlink_tpm(struct hvlink *hv, const uint8_t *command, size_t size, uint8_t *response, size_t capacity,
                int timeout_ms)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    int64_t start = now_ms();
    long rc;

    if (size > BH_BLOB_CHUNK) return -EMSGSIZE;
    if (capacity > BH_BLOB_CHUNK) capacity = BH_BLOB_CHUNK;
    memcpy(hv->in, command, size);
    hv->argument->tpm = (struct bh_tpm_command){.command = (uintptr_t)hv->in,
                                                .command_size = (uint32_t)size,
                                                .response_size = (uint32_t)capacity,
                                                .response = (uintptr_t)hv->out};
    /* -EBUSY: another domain's command is in flight. */
    while ((rc = call(hv, BH_TPM_COMMAND)) == -EAGAIN || rc == -EBUSY) {
        if (timeout_ms >= 0 && now_ms() - start > timeout_ms) return -ETIMEDOUT;
        nanosleep(&pause, NULL);
    }
    if (rc < 0) return rc;
    if ((size_t)rc > capacity) return -EMSGSIZE;
    memcpy(response, hv->out, (size_t)rc);
    return rc;
}
