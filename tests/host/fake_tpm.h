/* SPDX-License-Identifier: MIT */
/* A TPM behind the FIFO or the CRB interface, in place of hv/measure/tpm_bus.c: the registers as the PC Client profile
 * tells, and behind them as much of a TPM as the hypervisor itself needs. With faults to order. */
#ifndef FAKE_TPM_H
#define FAKE_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_tpm_fault {
    FAULT_NONE,
    FAULT_ABSENT,      /* every register reads as ones */
    FAULT_VANISHES,    /* the same, from the first GO on */
    FAULT_NO_LOCALITY, /* somebody else holds it for ever */
    FAULT_NEVER_READY,
    FAULT_NO_BURST,     /* takes no byte */
    FAULT_EXPECTS_LESS, /* says that the command is whole one byte early */
    FAULT_EXPECTS_MORE, /* ... that it is not whole when it is */
    FAULT_HANGS,        /* runs for ever, deaf to a cancel */
    FAULT_SLOW,         /* runs until it is told to cancel */
    FAULT_SIZE_SMALL,   /* the response's size field: 9 */
    FAULT_SIZE_HUGE,    /* 4097 */
    FAULT_SIZE_LESS,    /* one less than what comes */
    FAULT_SIZE_MORE,    /* one more */
    FAULT_BAD_TAG,
    FAULT_ERROR,  /* TPM_RC_FAILURE to everything */
    FAULT_FATAL,  /* CRB: its status says that it is broken */
    FAULT_BUFFER, /* CRB: the buffers are elsewhere */
    FAULT_RANDOM, /* any register reads as anything */
    FAULT_COUNT
};

struct fake_tpm {
    enum fake_tpm_fault fault;
    bool crb;               /* this interface instead of FIFO */
    bool one_locality;      /* 0 alone */
    uint32_t foreign;       /* start method that nothing drives */
    bool started;           /* TPM2_Startup was there */
    unsigned int burst;     /* bytes that it takes at once */
    unsigned int fail_from; /* TPM_RC_FAILURE from this command on, counted from 1; 0: none */
    unsigned int retries;   /* so many times it says TPM_RC_RETRY first */
    uint8_t pcr[24][32];
    uint8_t resets; /* as it tells */
    unsigned int commands, extends;
    uint32_t last_code;
    unsigned int last_locality;
    unsigned int accesses; /* to registers */
    bool forward;          /* everything goes to `more` */
    /* Answers what it does not know itself, where set. Returns the response's size. */
    size_t (*more)(const uint8_t *cmd, size_t len, uint8_t *rsp);
};
extern struct fake_tpm fake_tpm;

void fake_tpm_reset(void); /* as power-on leaves it, without faults */

#endif
