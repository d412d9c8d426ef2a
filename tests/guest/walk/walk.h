/* SPDX-License-Identifier: MIT */
/*
 * One row of the walk for each operation of hv/hypercall/operations.h: how it is asked for, and how to see that it was
 * done. main.c runs them; the walk_*.c files have them by kind.
 */
#ifndef WALK_H
#define WALK_H

#include "rt_test.h"

#include "bulkhead.h"
#include "hypercall/operations.h"

struct walk_row {
    long (*call)(void);      /* asks for the operation; its result */
    uint64_t (*state)(void); /* of what it changes: the same after a refusal, another one when done. NULL: nothing to
                              * see but the result */
    void (*prepare)(void);   /* under a policy that allows everything, before it is refused and before it is done */
    void (*undo)(void);      /* the same, after it was done */
    long want;               /* result when allowed, beside 0 and more */
    long refused;            /* result when refused; 0: -XEN_EPERM */
    bool silent;             /* a refusal gives 0, or nothing: only the state tells */
    bool memory;             /* prepare and state are of this kernel's memory: no policy hinders them */
    const char *half;        /* why it is only seen refused */
    const char *skip;        /* why it is not called at all */
};

extern const struct walk_row walk_cpu[OPERATION_COUNT], walk_memory[OPERATION_COUNT], walk_event[OPERATION_COUNT],
    walk_grant[OPERATION_COUNT], walk_device[OPERATION_COUNT], walk_domain[OPERATION_COUNT],
    walk_emulated[OPERATION_COUNT];

/* What calls answer into; zeroed before each preparation. walk_answered() is a state for them. */
extern uint8_t walk_out[RT_PAGE_SIZE];
uint64_t walk_answered(void);

/* The ELF image of a small guest, from the ramdisk. */
extern const void *walk_image;
extern uint64_t walk_image_size;

/* A tenant: made and loaded, built when asked; gone again. Its number is walk_child. */
extern unsigned walk_child;
void walk_child_create(void);
void walk_child_build(void);
void walk_child_destroy(void);
struct bh_dom_info walk_child_info(void);

/* Number of this domain's event ports in use. */
uint64_t walk_ports(void);
/* A port of this vCPU that runs the event callback when sent to. */
extern unsigned walk_ipi;
void walk_event_init(void);
void walk_cpu_ports_gone(void); /* after a reset */

static inline long walk_bulkhead(unsigned cmd, void *arg)
{
    return RT_HC(BH_HYPERCALL, cmd, arg, 0, 0, 0);
}

/* An instruction that is performed for the kernel: a refusal is a general protection fault. */
#define WALK_PRIVILEGED(...)                                                                                           \
    ({                                                                                                                 \
        struct rt_fault fault_;                                                                                        \
        RT_CATCH(&fault_, __VA_ARGS__);                                                                                \
        fault_.vector < 0 ? 0l : fault_.vector == RT_GP ? (long)-XEN_EPERM : (long)-XEN_EFAULT;                        \
    })

#endif
