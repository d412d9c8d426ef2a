/* SPDX-License-Identifier: MIT */
/* BH_TPM_COMMAND. */
#include "hypercall/handler.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "measure/measure_state.h"
#include "measure/tpm.h"
#include "measure/tpm_allow.h"
#include "measure/tpm_cmd.h"
#include <tss2/tss2_tpm2_types.h>

BUILD_ASSERT(sizeof(struct bh_tpm_command) == 24);

static uint8_t command[TPM_BUFFER_MAX]; /* measure_lock: too large for a stack */

/* Whoever quotes learns what the TPM says of this boot, and so does the hypervisor; a TPM that was not started up since
 * a reset tells everybody. */
static bool tells_of_the_boot(uint32_t code, int64_t answer)
{
    return code == TPM2_CC_Quote || answer == TPM2_RC_INITIALIZE;
}

static long run(enum operation op, const struct bh_tpm_command *c)
{
    const uint8_t *response = NULL;
    enum bh_perm perm;
    long rc;

    if (copy_from_guest(command, c->command, c->command_size)) return -XEN_EFAULT;
    rc = tpm_allow(command, c->command_size, &perm);
    if (!rc) rc = ask_about(ask_case(op, perm), NULL, tpm_cmd_u32(command + 6));
    if (rc) return rc;
    rc = tpm_guest_call(current->domain->domid, command, c->command_size, &response);
    if (rc < 0) return rc;
    if (rc > c->response_size) return -XEN_EINVAL; /* the response waits for a buffer of its size */
    if (copy_to_guest(c->response, response, rc)) return -XEN_EFAULT;
    tpm_guest_done();
    if (tells_of_the_boot(tpm_cmd_u32(command + 6), tpm_cmd_response(response, rc))) measure_look();
    return rc;
}

long measure_tpm_command(enum operation op, uint64_t arg)
{
    struct bh_tpm_command c;
    long rc;

    if (copy_from_guest(&c, arg, sizeof(c))) return -XEN_EFAULT;
    if (c.command_size < TPM_HEADER || c.command_size > TPM_BUFFER_MAX || c.response_size > TPM_BUFFER_MAX)
        return -XEN_EINVAL;
    spin_lock(&measure_lock);
    rc = run(op, &c);
    spin_unlock(&measure_lock);
    return rc;
}
