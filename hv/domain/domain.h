/* SPDX-License-Identifier: MIT */
/* Domains and vCPUs.
 *
 * struct domain and struct vcpu are global metadata: no tenant secrets in them. What is secret (saved
 * registers, extended state) is in struct vcpu_state, on frames that belong to the domain and are mapped only
 * in its own address space.
 *
 * Lifetime: a struct domain stays valid while a reference is held (domain_get/domain_put) or while it is
 * current. Ids are never reused within a boot, but for CONTROL_DOMID, which names a role. */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include "types.h"
#include "spinlock.h"
#include "cpu/regs.h"
#include "monitor/audit.h"
#include "monitor/label.h"
#include "monitor/permissions.h"
#include "time/timer.h"
#include "sched/sched_types.h"
#include "event/evtchn_types.h"
#include "grant/grant_types.h"
#include "mm/mm_types.h"
#include "bulkhead.h"

#define DOMAINS_MAX 256

/* Guest exception handler as set by set_trap_table. */
struct trap_entry {
    uint64_t address;
    uint16_t cs;
    uint8_t flags; /* TI_GET_DPL, TI_GET_IF of arch-x86/xen.h */
};

/* Secret state of a vCPU: valid only while its domain's address space is loaded. */
struct vcpu_state {
    struct cpu_regs regs; /* while it does not run */
    uint64_t fs_base, gs_base_kernel, gs_base_user;
    uint16_t ds, es, fs, gs;
    uint64_t kernel_sp; /* stack_switch */
    uint64_t kernel_ss;
    uint64_t event_callback, failsafe_callback, syscall_callback;
    uint32_t callback_flags; /* bit n: mask events on entry, CALLBACKTYPE_* */
    uint64_t debugreg[8];
    uint64_t cr2_unused, cr4, ctrlreg0;
    uint64_t xcr0, xcr0_accum;
    uint32_t iopl;
    bool fpu_ts; /* fpu_taskswitch(1): next use faults with #NM */
    bool fpu_used;
    struct trap_entry traps[256];
    uint8_t xsave[0] __aligned(64); /* on following page */
};

struct vcpu {
    struct domain *domain;
    uint32_t id;
    uint32_t initialised;                 /* atomic: has registers */
    uint32_t online;                      /* atomic: VCPUOP_up */
    uint32_t guest_kernel;                /* in guest kernel mode (else guest user mode) */
    mfn_t kernel_l4, user_l4;             /* page-table bases; each holds a typed reference; INVALID_MFN if none */
    struct vcpu_info *info;               /* in shared_info, or registered (then valid in own address space only) */
    mfn_t info_mfn;                       /* registered: frame with a writable reference, else INVALID_MFN */
    struct vcpu_state *state;             /* hva in the domain's own direct map */
    uint64_t gdt_frames[16], gdt_entries; /* typed references; 0: none */
    uint64_t ldt_frames[16];
    uint64_t ldt_base, ldt_entries;
    struct sched_vcpu sched;
    struct evtchn_vcpu evt;
    struct timer singleshot_timer, periodic_timer, poll_timer;
    ns_t periodic_period;
    gva_t runstate_area, time_area; /* guest-virtual, 0: none; written in the vCPU's own context */
    uint32_t work;                  /* atomic VCPU_WORK_*: looked at before going back to the guest */
    uint32_t measure_misses;        /* how often in a row it found measure_lock taken */
};
#define VCPU_WORK_EVENT    1u /* evt: pending selector bits to merge */
#define VCPU_WORK_TIME     2u /* pvclock to refresh */
#define VCPU_WORK_RUNSTATE 4u
#define VCPU_WORK_NMI      8u

#define COUNTED 4 /* identities that one domain has for counters, by the flags of struct bh_seal_counter */

struct domain {
    uint32_t domid;
    struct label label;
    bool may[BH_PERM_COUNT + 1]; /* see monitor_refresh_domain() */
    uint32_t state;              /* atomic BH_STATE_* */
    uint32_t refs;               /* atomic */
    uint32_t shutdown_reason;
    bool is_control; /* dom0: initial domain with hardware */
    bool is_idle;
    uint32_t nr_vcpus;
    struct vcpu *vcpu[BH_VCPUS_MAX];
    char name[BH_NAME_MAX];
    uint8_t uuid[16];
    uint64_t epoch;
    uint32_t create_flags;
    struct bh_launch launch;
    uint8_t launch_digest[32];
    uint8_t runtime[4][32];
    uint8_t signer[32]; /* SHA-256 of the signer's key; zeros: launch not signed */
    uint32_t guest_svn;
    uint64_t reports;        /* signed for this domain; measure_lock */
    uint64_t report_second;  /* of uptime, in which ... */
    uint32_t second_reports; /* ... so many were begun; measure_lock */
    uint64_t counter_due;    /* until then its increments are paid for, a minute each; measure_lock */
    uint32_t counters_made;  /* measure_lock */
    struct count_result {
        bool ready;
        int rc;
        uint64_t value;
    } counted[COUNTED];              /* increments that are done and were not fetched; measure_lock */
    struct shared_info *shared_info; /* hypervisor heap page, mapped by the guest */
    mfn_t shared_info_mfn;
    uint64_t vm_assist;
    uint32_t denials;
    struct audit_limit audit_limit[2]; /* refusals, allowed uses; audit lock */
    uint32_t console_ref, console_port, store_ref, store_port;
    uint32_t pause_count;  /* atomic; > 0: no vCPU runs */
    uint64_t running_cpus; /* atomic mask of CPUs that have this domain's address space loaded */
    struct spinlock build_lock;
    struct domain_build *build; /* while BUILDING, see domain/build.h */
    struct domain_mm mm;
    struct domain_sched sched;
    struct domain_evtchn evtchn;
    struct domain_grant grant;
    struct domain_device *device; /* control domain only: pirqs, I/O rights */
    struct domain *next;          /* list of all, domlist_lock */
    struct label next_label;      /* in the policy that is being loaded, where next_label_of is its number */
    uint32_t next_label_of;
};

#define CONTROL_DOMID 0 /* the role's id, also of a control domain that follows one which crashed (restart.c) */
extern struct domain *control_domain; /* dom0; NULL before it is built and while it is replaced: read it once. What it
                                         points to is never freed */

/* Finds a living domain (DOMID_SELF: the current one) and takes a reference; NULL if there is none. */
struct domain *domain_get(uint32_t domid);
void domain_put(struct domain *d);
/* Marks it as having ended by itself or by a fault: SHUTDOWN_*; pauses it, tells dom0 (VIRQ_DOM_EXC). */
void domain_shutdown(struct domain *d, uint32_t reason);
/* A guest broke a rule that has no error code: says why on the console and ends it. It never runs again. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);
static inline bool domain_is_idle(const struct domain *d)
{
    return d->is_idle;
}

#endif
