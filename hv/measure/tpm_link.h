/* SPDX-License-Identifier: MIT */
/* One command on its way through the TPM's interface: a state machine that never waits. The caller steps it, looks
 * at the clock, and gives up when it likes. Two interfaces exist: FIFO (tpm_tis.c) and CRB (tpm_crb.c). */
#ifndef HV_TPM_LINK_H
#define HV_TPM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TPM_LINK_BURST 128 /* bytes that one step moves at most */

enum tpm_link_state {
    LINK_IDLE,
    LINK_LOCALITY,
    LINK_READY,
    LINK_SEND,
    LINK_LAST,
    LINK_GO,
    LINK_RUN,
    LINK_RECEIVE,
    LINK_END
};

struct tpm_link {
    enum tpm_link_state state;
    unsigned int locality;
    uint8_t *data; /* the command, then the response in its place; capacity TPM_BUFFER_MAX */
    size_t len;    /* of the command, then of the response once its header is there */
    size_t at;     /* bytes moved */
    bool cancelled;
};

struct tpm_interface {
    const char *name;
    /* Whether a device of this kind answers; brings it from whatever the firmware left to idle, no locality active. */
    bool (*probe)(void);
    bool (*has_locality)(unsigned int locality); /* after a probe that found it */
    /* -EAGAIN: step on; > 0: size of the response in l->data; -EIO: it broke the protocol, and l is idle. */
    int (*step)(struct tpm_link *l);
    void (*cancel)(struct tpm_link *l); /* asks it to stop early; it still answers */
    void (*abort)(struct tpm_link *l);  /* lets go of it, whatever it does; l is idle */
};

extern const struct tpm_interface tpm_tis, tpm_crb;

/* l must be idle; the command lies in data[0..len), 10 <= len <= TPM_BUFFER_MAX. */
static inline void tpm_link_start(struct tpm_link *l, unsigned int locality, uint8_t *data, size_t len)
{
    *l = (struct tpm_link){.state = LINK_LOCALITY, .locality = locality, .data = data, .len = len};
}

#endif
