/* SPDX-License-Identifier: MIT */
/* Event channels, the 2-level ABI. */
#ifndef RT_EVENT_H
#define RT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#define RT_PORTS 4096u

typedef void (*rt_event_handler)(unsigned port, void *arg);

/* Called from the event callback: hands each pending, unmasked port to its handler. */
void rt_event_dispatch(void);

/* Sets a handler and unmasks the port. Handlers run with upcalls masked. */
void rt_event_handle(unsigned port, rt_event_handler handler, void *arg);

bool rt_event_pending(unsigned port);
void rt_event_clear(unsigned port);
void rt_event_mask(unsigned port);
long rt_event_unmask(unsigned port); /* by the hypercall, so that a pending event is delivered */
bool rt_event_masked(unsigned port);

/* Upcalls of this vCPU. Enabling delivers what is pending. */
void rt_event_disable(void);
void rt_event_enable(void);

/* One-line forms of the hypercalls: a port or 0, or -errno. */
long rt_event_alloc(unsigned dom, unsigned remote);
long rt_event_bind(unsigned remote_dom, unsigned remote_port);
long rt_event_virq(unsigned virq, unsigned vcpu);
long rt_event_ipi(unsigned vcpu);
long rt_event_send(unsigned port);
long rt_event_close(unsigned port);

#endif
