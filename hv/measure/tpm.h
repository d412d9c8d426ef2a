/* SPDX-License-Identifier: MIT */
/* The TPM, owned by the hypervisor: one command at a time, the hypervisor's own before a domain's. measure_lock is
 * held around every function. */
#ifndef HV_TPM_H
#define HV_TPM_H

#include "types.h"

#define TPM_LOCALITY_GUEST 0 /* PCR 17 to 22 cannot be extended or reset there */
#define TPM_LOCALITY_HV    2

/* --- At start: these wait, for 30 s in all; then the TPM is given up for good ------------------------------- */

/* Finds a TPM 2.0 and starts it up if nobody did. 0, -ENODEV: there is none, -EIO: there is one, but it does not work.
 */
int tpm_init(void);
/* Whether PCR 21 and 22 can be extended: not where the device offers locality 0 alone. */
bool tpm_has_hv_locality(void);
int tpm_random(uint8_t out[32]);
int tpm_pcr_read(unsigned int pcr, uint8_t out[32]);
int tpm_pcr_extend(unsigned int pcr, const uint8_t digest[32]);
/* Any command of the hypervisor's own. The TPM's response code, or -EIO; *rsp is good until the next call. */
int64_t tpm_start_call(unsigned int locality, const uint8_t *cmd, size_t len, uint8_t **rsp, size_t *rsp_len);

/* --- While domains run: nothing waits ----------------------------------------------------------------------- */

/* Whether commands can be sent (tpm_init succeeded, and it was not given up since). */
bool tpm_alive(void);
/* A bounded piece of whatever there is to do. Once begun a timer goes on with it, whether anybody calls this or not. */
void tpm_pump(void);
/* Queues an extend, after which the register is read and must be `value`. -EBUSY: the queue is full. There is room for
 * a look behind it. */
int tpm_extend_later(unsigned int pcr, const uint8_t digest[32], const uint8_t value[32]);
/* Queues a look at a register that must be `value`; nothing where the queue is full, for then others look. */
void tpm_check_later(unsigned int pcr, const uint8_t value[32]);
/* Whether each extend and look so far found what it had to, or is still queued. False for good after a TPM that lost
 * its registers (a reset while the machine runs), refused, or broke. */
bool tpm_extends_good(void);
bool tpm_extends_left(void); /* some wait in the queue or are under way */

/* A domain's command, which tpm_allow() let pass. Submits it, or looks after it: the same bytes from the same domain
 * are the same command. -EAGAIN: not finished; -EBUSY: another one is in the way; -EIO: the TPM broke the protocol;
 * -ENODEV: no TPM; else the response's size, and *rsp points to it until the lock is released. */
long tpm_guest_call(uint32_t domid, const uint8_t *cmd, size_t len, const uint8_t **rsp);
/* The response was delivered: forget it. */
void tpm_guest_done(void);
/* The domain is gone: its command is cancelled. */
void tpm_guest_forget(uint32_t domid);

#endif
