/* SPDX-License-Identifier: MIT */
/* Bringing all other CPUs to a stop for a moment, each of them on its way back to a guest (or idle): none is inside a
 * hypercall, none holds a lock. So what changes in that moment changes for every hypercall as a whole.
 *
 * It cannot deadlock: hypercalls are bounded, whoever waits in one waits for others that are in one too, and the CPU
 * that asks answers TLB-flush requests while it waits. But it must hold no lock that another CPU waits for: only locks
 * that everybody takes by spin_trylock(), which also keep two CPUs from asking at once. */
#ifndef HV_RENDEZVOUS_H
#define HV_RENDEZVOUS_H

void rendezvous_begin(void);
void rendezvous_end(void);
void rendezvous_join(void); /* for guest_exit(), after need_resched was cleared */

#endif
