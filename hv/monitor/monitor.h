/* SPDX-License-Identifier: MIT */
/*
 * The reference monitor: every decision about who may do what to whom. There is no permissive mode.
 * monitor_init() is called once, on the boot CPU, before any domain exists; everything else may be
 * called on any CPU with any lock held but the audit ring's own.
 */
#ifndef BULKHEAD_MONITOR_H
#define BULKHEAD_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "label.h"
#include "permissions.h"
#include "policy_format.h"

struct domain;
struct policy_table;

/* Verifies and takes into use the policy at `policy`, which must stay where it is, unchanged, for
 * ever. Prints why it refuses one. 0, -EINVAL (malformed, other version, other permissions) or
 * -EPERM (signature). No domain may be started after a failure. */
int monitor_init(const uint8_t *policy, size_t len);

/* The policy in force. It changes with monitor_adopt() only, while no other CPU is in a hypercall (cpu/rendezvous.h):
 * what a hypercall reads of it stays until that ends. */
const struct policy_table *monitor_policy(void);

/* Puts another policy in force for all domains at once: labels of living domains get the numbers that their types'
 * names have in it. Called with all other CPUs stopped; *table was opened and its signature checked, it has the types
 * of all living domains (else they get none, and every answer is no), and its file stays where it is. Bounded by the
 * number of domains. */
void monitor_adopt(const struct policy_table *table, const uint8_t digest[32]);

/* May `subject` do `perm` to `object`? The object of NULL is the hypervisor. `object_id` is what the
 * call is about (port, grant reference, frame, domain id) and goes to the audit ring on a refusal.
 * 0 or -EPERM. The decision takes constant time.
 * What a domain may do to itself and what to another are different permissions (permissions.h); for
 * status, reset, reservation and mm_audit name the former, and the peer_ one is asked where object is
 * another domain. Any other SELF permission for another domain is refused. */
int monitor_check(struct domain *subject, const struct domain *object, enum bh_perm perm, uint64_t object_id);

/* Recomputes d->may: true means that the policy in force lets d's label do that to itself (a SELF permission) or to the
 * hypervisor (an XEN one), and that nobody needs to be told; ask_own() and ask_first() (hypercall/ask.h) then do not
 * call monitor_check(). False means: ask. The hw class, where the answer depends on the unit too, is never kept. To be
 * called when d gets its label, and for every living domain whenever the policy in force changes, before the change is
 * said to be done. The answers are written one by one, so a CPU in the middle of an operation has the old one or the
 * new one. */
void monitor_refresh_domain(struct domain *d);

/* The same where the object is no domain yet (domain creation). `target_id` for the record. */
int monitor_check_label(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                        uint64_t object_id);

/* The same for hardware: PERM_hw_ioport, _iomem (frame numbers), _irq (lines), _pci (segment << 16 | bdf). The object
 * is the label that the policy gives to all of [first, last]; a range over two labels is refused. */
int monitor_check_hardware(struct domain *subject, enum bh_perm perm, uint64_t first, uint64_t last);

/* What the rules file says (policy_section.h), as opposed to the table of permissions: a refusal by it is recorded
 * under `perm` with `reason` (at most 31 characters: "ceiling memory"). Gives -EACCES. */
int monitor_refuse(struct domain *subject, const struct label *object, uint32_t target_id, enum bh_perm perm,
                   uint64_t object_id, const char *reason);

/* The most that the policy lets d have; 0: it does not say. */
uint32_t monitor_ceiling(const struct domain *d, enum policy_limit limit);

/* May d have `wanted` of it? 0, or -EACCES and a record under the permission that gives it. */
int monitor_within(struct domain *d, enum policy_limit limit, uint64_t wanted);

/* Audit records a second for domains of that type; 0: the policy does not say. */
uint32_t monitor_audit_rate(uint16_t type);

/* Are allowed uses of the class recorded too? */
bool monitor_records(enum bh_class class);

/* The label of that type and compartment. -ENOENT: the policy has no such type; -EINVAL: compartment
 * over BH_COMPARTMENT_MAX. `type` must have a NUL within BH_TYPE_MAX bytes, else -EINVAL. */
int monitor_label_from_name(const char *type, uint32_t compartment, struct label *label);

/* Are the label's numbers those of the policy in force? A label that is in no living domain yet may be overtaken by
 * monitor_adopt(): then make it again. */
bool monitor_label_current(const struct label *label);

/* The label of the boot domain (initial SID dom0 of the policy, compartment 0). */
struct label monitor_boot_label(void);

/* A type's name, padded with zeros in out[BH_TYPE_MAX]. */
void monitor_type_name(const struct label *label, char *out);

/* What policy t answers for labels with its numbers (epoch does not matter); no record is made. */
bool monitor_would_allow(const struct policy_table *t, const struct label *s, const struct label *o, enum bh_perm perm);

/* SHA-256 of the whole policy file, signature included; zeros before monitor_init(). */
const uint8_t *monitor_policy_digest(void);
uint32_t monitor_policy_version(void);

#endif
