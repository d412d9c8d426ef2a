/* SPDX-License-Identifier: MIT */
/* What a domain and a vCPU keep about event channels. */
#ifndef HV_EVTCHN_TYPES_H
#define HV_EVTCHN_TYPES_H

#include "types.h"
#include "spinlock.h"

#define EVTCHN_PORTS_MAX      4096u /* 2-level ABI, 64-bit guest */
#define EVTCHN_PORTS_PER_PAGE 256u
#define EVTCHN_PAGES          (EVTCHN_PORTS_MAX / EVTCHN_PORTS_PER_PAGE)
#define EVTCHN_VIRQS          24u /* = NR_VIRQS of the ABI, asserted in evtchn.c */
#define EVTCHN_POLL_ANY       0xffffffffu

struct domain;

/* One port. All fields under the domain's evtchn.lock; a connection between two domains changes only with both
 * locks held, so either lock keeps `remote` alive and connected. notify_vcpu may be read without a lock. */
struct evtchn {
    uint8_t state;        /* enum evtchn_state: values of EVTCHNSTAT_* */
    uint8_t preset : 1;   /* made by the builder: the console's or the store's */
    uint8_t binder : 1;   /* interdomain: this end did the binding, the other one opened the port */
    uint16_t notify_vcpu; /* always a vCPU that the domain has */
    union {
        uint32_t remote_port; /* interdomain */
        uint32_t pirq;
        uint32_t virq;
    };
    union {
        struct domain *remote; /* interdomain */
        uint64_t remote_domid; /* unbound: who may bind */
    };
};

struct evtchn_vcpu {
    uint64_t pending_sel; /* atomic; merged into info->evtchn_pending_sel in the vCPU's own context */
    uint32_t poll_port;   /* while its bit in domain_evtchn.polling is set: the port it waits for, or EVTCHN_POLL_ANY */
    uint16_t virq_port[EVTCHN_VIRQS]; /* 0: not bound. Global ones: in vCPU 0. Written under the lock, read without */
};

struct domain_evtchn {
    struct spinlock lock; /* RANK_EVENT */
    bool closing;         /* no new port is given out any more */
    uint32_t ports;       /* ports [0, ports) have an entry; grows by whole pages */
    uint32_t hint;        /* no free port below this */
    uint32_t used;        /* ports in use */
    uint32_t polling;     /* atomic: mask of vCPUs in SCHEDOP_poll */
    uint16_t *pirq_port;  /* [PIRQS_MAX], from the first bind on; never freed (control domain) */
    struct evtchn *page[EVTCHN_PAGES];
};

#endif
