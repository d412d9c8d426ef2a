/* SPDX-License-Identifier: MIT */
/*
 * libtss2-tcti-bulkhead.so.0: tpm2-tss reaches the TPM through the hypervisor (BH_TPM_COMMAND). The hypervisor
 * decides which commands pass; one that it refuses is answered with TPM_RC_COMMAND_CODE, as by a TPM without it.
 */
#include "hvlink.h"

#include <errno.h>
#include <string.h>
#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tpm2_types.h>

#define CONTEXT_MAGIC 0x42484d5443544931ull
#define MESSAGE_MAX   4096u
#define HEADER_SIZE   10u

struct tcti_bulkhead {
    TSS2_TCTI_CONTEXT_COMMON_V2 common; /* first: tpm2-tss sees this alone */
    struct hvlink *hv;
    uint8_t command[MESSAGE_MAX], response[MESSAGE_MAX];
    size_t command_size, response_size; /* 0: none */
};

TSS2_RC Tss2_Tcti_Bulkhead_Init(TSS2_TCTI_CONTEXT *context, size_t *size, const char *conf);
const TSS2_TCTI_INFO *Tss2_Tcti_Info(void);

static struct tcti_bulkhead *checked(TSS2_TCTI_CONTEXT *context)
{
    if (context == NULL || TSS2_TCTI_MAGIC(context) != CONTEXT_MAGIC) return NULL;
    return (struct tcti_bulkhead *)context;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct tcti_bulkhead *tcti = checked(context);

    if (tcti == NULL || command == NULL) return TSS2_TCTI_RC_BAD_REFERENCE;
    if (tcti->command_size != 0) return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (size < HEADER_SIZE || size > MESSAGE_MAX) return TSS2_TCTI_RC_BAD_VALUE;
    memcpy(tcti->command, command, size);
    tcti->command_size = size;
    tcti->response_size = 0;
    return TSS2_RC_SUCCESS;
}

static size_t refusal(uint8_t *response)
{
    static const uint8_t refused[HEADER_SIZE] = {0x80, 0x01, 0, 0, 0, HEADER_SIZE, 0, 0, 0x01, 0x43};

    memcpy(response, refused, sizeof(refused));
    return sizeof(refused);
}

static TSS2_RC run(struct tcti_bulkhead *tcti, int timeout_ms)
{
    long rc =
        hvlink_tpm(tcti->hv, tcti->command, tcti->command_size, tcti->response, sizeof(tcti->response), timeout_ms);

    if (rc == -ETIMEDOUT) return TSS2_TCTI_RC_TRY_AGAIN;
    if (rc == -EPERM) {
        tcti->response_size = refusal(tcti->response);
        return TSS2_RC_SUCCESS;
    }
    if (rc < (long)HEADER_SIZE) {
        tcti->command_size = 0;
        return rc < 0 ? TSS2_TCTI_RC_IO_ERROR : TSS2_TCTI_RC_MALFORMED_RESPONSE;
    }
    tcti->response_size = (size_t)rc;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout_ms)
{
    struct tcti_bulkhead *tcti = checked(context);
    TSS2_RC rc;

    if (tcti == NULL || size == NULL) return TSS2_TCTI_RC_BAD_REFERENCE;
    if (tcti->command_size == 0) return TSS2_TCTI_RC_BAD_SEQUENCE;
    if (tcti->response_size == 0) {
        rc = run(tcti, timeout_ms);
        if (rc != TSS2_RC_SUCCESS) return rc;
    }
    /* Without a buffer the caller asks for the size and comes again. */
    if (response == NULL || *size < tcti->response_size) {
        rc = response == NULL ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
        *size = tcti->response_size;
        return rc;
    }
    memcpy(response, tcti->response, tcti->response_size);
    *size = tcti->response_size;
    tcti->command_size = 0;
    tcti->response_size = 0;
    return TSS2_RC_SUCCESS;
}

static void finalize(TSS2_TCTI_CONTEXT *context)
{
    struct tcti_bulkhead *tcti = checked(context);

    if (tcti != NULL && tcti->hv != NULL) {
        hvlink_close(tcti->hv);
        tcti->hv = NULL;
    }
}

static TSS2_RC cancel(TSS2_TCTI_CONTEXT *context)
{
    (void)context;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

static TSS2_RC get_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
    (void)context;
    (void)handles;
    (void)count;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

/* The locality is the hypervisor's to choose (design: no domain comes near locality 2). */
static TSS2_RC set_locality(TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
    (void)context;
    return locality == 0 ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_NOT_PERMITTED;
}

static TSS2_RC make_sticky(TSS2_TCTI_CONTEXT *context, TPM2_HANDLE *handle, uint8_t sticky)
{
    (void)context;
    (void)handle;
    (void)sticky;
    return TSS2_TCTI_RC_NOT_IMPLEMENTED;
}

TSS2_RC Tss2_Tcti_Bulkhead_Init(TSS2_TCTI_CONTEXT *context, size_t *size, const char *conf)
{
    struct tcti_bulkhead *tcti = (struct tcti_bulkhead *)context;

    (void)conf;
    if (size == NULL) return TSS2_TCTI_RC_BAD_VALUE;
    if (context == NULL) {
        *size = sizeof(*tcti);
        return TSS2_RC_SUCCESS;
    }
    if (*size < sizeof(*tcti)) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
    memset(tcti, 0, sizeof(*tcti));
    TSS2_TCTI_MAGIC(context) = CONTEXT_MAGIC;
    TSS2_TCTI_VERSION(context) = 2;
    TSS2_TCTI_TRANSMIT(context) = transmit;
    TSS2_TCTI_RECEIVE(context) = receive;
    TSS2_TCTI_FINALIZE(context) = finalize;
    TSS2_TCTI_CANCEL(context) = cancel;
    TSS2_TCTI_GET_POLL_HANDLES(context) = get_poll_handles;
    TSS2_TCTI_SET_LOCALITY(context) = set_locality;
    TSS2_TCTI_MAKE_STICKY(context) = make_sticky;
    tcti->hv = hvlink_open();
    return tcti->hv == NULL ? TSS2_TCTI_RC_IO_ERROR : TSS2_RC_SUCCESS;
}

const TSS2_TCTI_INFO *Tss2_Tcti_Info(void)
{
    static const TSS2_TCTI_INFO info = {
        .version = 2,
        .name = "tcti-bulkhead",
        .description = "TPM commands through the Bulkhead hypervisor",
        .config_help = "takes no configuration",
        .init = Tss2_Tcti_Bulkhead_Init,
    };

    return &info;
}
