/* SPDX-License-Identifier: MIT */
/* BH_TPM_COMMAND. */
#include "hypercall/handler.h"
#include "measure/measure.h"
#include "measure/measure_lock.h"
#include "measure/tpm.h"
#include "measure/tpm_allow.h"
#include "measure/tpm_cmd.h"

BUILD_ASSERT(sizeof(struct bh_tpm_command) == 24);

static uint8_t command[TPM_BUFFER_MAX]; /* measure_lock: too large for a stack */

static long run(const struct bh_tpm_command *c, const uint8_t head[TPM_HEADER])
{
    const uint8_t *response = NULL;
    enum bh_perm perm;
    long rc;

    if (copy_from_guest(command, c->command, c->command_size)) return -XEN_EFAULT;
    if (memcmp(command, head, TPM_HEADER) != 0) return -XEN_EINVAL; /* it changed since the monitor was asked */
    if ((rc = tpm_allow(command, c->command_size, &perm))) return rc;
    rc = tpm_guest_call(current->domain->domid, command, c->command_size, &response);
    if (rc < 0) return rc;
    if (rc > c->response_size) return -XEN_EINVAL; /* the response waits for a buffer of its size */
    if (copy_to_guest(c->response, response, rc)) return -XEN_EFAULT;
    tpm_guest_done();
    return rc;
}

/* The monitor is asked by the command's head, before the lock is taken for the whole: who may use no TPM keeps nobody
 * waiting. */
long measure_tpm_command(enum operation op, uint64_t arg)
{
    uint8_t head[TPM_HEADER];
    struct bh_tpm_command c;
    enum bh_perm perm;
    long rc;

    if (copy_from_guest(&c, arg, sizeof(c))) return -XEN_EFAULT;
    if (c.command_size < TPM_HEADER || c.command_size > TPM_BUFFER_MAX || c.response_size > TPM_BUFFER_MAX)
        return -XEN_EINVAL;
    if (copy_from_guest(head, c.command, sizeof(head))) return -XEN_EFAULT;
    rc = tpm_allow_head(head, c.command_size, &perm);
    if (!rc) rc = ask_about(ask_case(op, perm), NULL, tpm_cmd_u32(head + 6));
    if (rc) return rc;
    spin_lock(&measure_lock);
    rc = run(&c, head);
    spin_unlock(&measure_lock);
    return rc;
}
