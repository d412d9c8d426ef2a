/* SPDX-License-Identifier: MIT */
/*
 * Every class and permission that the reference monitor knows: the one table. From it come enum
 * bh_perm, the names in audit records, the class declarations that a policy is compiled against
 * (bh-policyc --classes), the hash that ties a policy table to this hypervisor, and the listing of
 * `make policy-coverage`.
 *
 * CLASS(class)
 * PERM(class, name, object, "operations that it guards")
 *   The subject is always the domain that makes the call. `object` is who is asked about:
 *     SELF    the calling domain itself and no other: monitor_check(d, d, PERM_x_y, id)
 *     DOMAIN  the other domain, or itself where the call allows that (a grant to itself):
 *             monitor_check(d, other, PERM_x_y, id)
 *     XEN     the hypervisor and the machine: monitor_check(d, NULL, PERM_x_y, id)
 *   The policy does not see whether two domains with one label are the same domain. So what a domain
 *   may do to itself but not to its like is a SELF permission with a DOMAIN one beside it (status,
 *   peer_status); monitor_check() refuses a SELF permission for any other object.
 *
 * A class has at most 32 permissions (SELinux's limit), a class name at most 15 characters, a
 * permission's at most 23 (struct bh_audit_record). Add rows at the end of a class; every change
 * here changes the hash, so policies have to be compiled again.
 */
#ifndef BULKHEAD_PERMISSIONS_H
#define BULKHEAD_PERMISSIONS_H

#define BH_CLASSES(CLASS)                                                                                              \
    CLASS(domain)                                                                                                      \
    CLASS(grant)                                                                                                       \
    CLASS(event)                                                                                                       \
    CLASS(memory)                                                                                                      \
    CLASS(vcpu)                                                                                                        \
    CLASS(hw)                                                                                                          \
    CLASS(tpm)                                                                                                         \
    CLASS(attest)                                                                                                      \
    CLASS(policy)                                                                                                      \
    CLASS(platform)

/* clang-format off */
#define BH_PERMISSIONS(PERM)                                                                            \
    /* object of create: the label that the new domain is to have (monitor_check_label()) */            \
    PERM(domain, create, DOMAIN, "BH_DOM_CREATE")                                                       \
    PERM(domain, load, DOMAIN, "BH_DOM_LOAD")                                                           \
    PERM(domain, build, DOMAIN, "BH_DOM_BUILD")                                                         \
    PERM(domain, unpause, DOMAIN, "BH_DOM_UNPAUSE")                                                     \
    PERM(domain, pause, DOMAIN, "BH_DOM_PAUSE")                                                         \
    PERM(domain, destroy, DOMAIN, "BH_DOM_DESTROY")                                                     \
    PERM(domain, info, DOMAIN, "BH_DOM_INFO (a domain that may not be seen is skipped)")                \
    PERM(domain, sched, DOMAIN, "BH_DOM_SCHED")                                                         \
    PERM(domain, shutdown, SELF, "sched_op shutdown, shutdown_code")                                    \
    PERM(domain, remote_shutdown, DOMAIN, "sched_op remote_shutdown")                                   \
    PERM(domain, watchdog, SELF, "sched_op watchdog")                                                   \
    PERM(domain, mm_audit, SELF, "BH_MM_AUDIT (debug builds)")                                          \
    PERM(domain, peer_mm_audit, DOMAIN, "BH_MM_AUDIT of another domain")                                \
    PERM(domain, launch, DOMAIN, "BH_DOM_BUILD: refusals by launch rules are recorded under it")        \
                                                                                                        \
    /* map_console and map_store: the two reserved references (GNTTAB_RESERVED_CONSOLE, _XENSTORE)      \
     * that the hypervisor seeds at build time; every other reference is map_read or map_write. */      \
    PERM(grant, setup, SELF, "grant_table_op setup_table")                                              \
    PERM(grant, query, SELF, "grant_table_op query_size, get_version, set_version(1)")                  \
    PERM(grant, map_read, DOMAIN, "grant_table_op map_grant_ref, read-only, of any other reference")    \
    PERM(grant, map_write, DOMAIN, "grant_table_op map_grant_ref, writable, of any other reference")    \
    PERM(grant, map_console, DOMAIN, "grant_table_op map_grant_ref of reference 0, any access")         \
    PERM(grant, map_store, DOMAIN, "grant_table_op map_grant_ref of reference 1, any access")           \
    PERM(grant, unmap, SELF, "grant_table_op unmap_grant_ref, unmap_and_replace")                       \
    PERM(grant, copy_from, DOMAIN, "grant_table_op copy: the source is a grant of that domain")         \
    PERM(grant, copy_to, DOMAIN, "grant_table_op copy: the destination is a grant of that domain")      \
                                                                                                        \
    /* bind_console and bind_store: the peer's ports that the hypervisor made at build time. */         \
    PERM(event, alloc, DOMAIN, "event_channel_op alloc_unbound: object is who may bind to it")          \
    PERM(event, bind, DOMAIN, "event_channel_op bind_interdomain")                                      \
    PERM(event, bind_console, DOMAIN, "event_channel_op bind_interdomain to its console port")          \
    PERM(event, bind_store, DOMAIN, "event_channel_op bind_interdomain to its store port")              \
    PERM(event, send, DOMAIN, "event_channel_op send: object is the domain at the other end")           \
    PERM(event, status, SELF, "event_channel_op status")                                                \
    PERM(event, peer_status, DOMAIN, "event_channel_op status of another domain's port")                \
    PERM(event, reset, SELF, "event_channel_op reset")                                                  \
    PERM(event, peer_reset, DOMAIN, "event_channel_op reset of another domain")                         \
    PERM(event, virq, SELF, "event_channel_op bind_virq: timer, debug, other per-vCPU ones")            \
    PERM(event, virq_global, XEN, "event_channel_op bind_virq: console, dom_exc, other global")         \
    PERM(event, ipi, SELF, "event_channel_op bind_ipi")                                                 \
    PERM(event, pirq, XEN, "event_channel_op bind_pirq")                                                \
    PERM(event, close, SELF, "event_channel_op close")                                                  \
    PERM(event, control, SELF, "event_channel_op unmask, bind_vcpu")                                    \
                                                                                                        \
    PERM(memory, pagetable, SELF, "mmu_update, update_va_mapping, mmuext_op, emulated writes")          \
    PERM(memory, populate, SELF, "memory_op populate_physmap, increase_reservation")                    \
    PERM(memory, decrease, SELF, "memory_op decrease_reservation")                                      \
    PERM(memory, exchange, SELF, "memory_op exchange")                                                  \
    PERM(memory, reservation, SELF, "memory_op current_reservation, maximum_reservation")               \
    PERM(memory, peer_reservation, DOMAIN, "the same of another domain")                                \
    PERM(memory, map, SELF, "memory_op memory_map")                                                     \
    PERM(memory, machine_map, XEN, "memory_op machine_memory_map, maximum_ram_page")                    \
    PERM(memory, machphys, SELF, "memory_op machphys_mapping, machphys_mfn_list")                       \
                                                                                                        \
    PERM(vcpu, initialise, SELF, "vcpu_op initialise")                                                  \
    PERM(vcpu, up, SELF, "vcpu_op up")                                                                  \
    PERM(vcpu, down, SELF, "vcpu_op down")                                                              \
    PERM(vcpu, info, SELF, "vcpu_op is_up, get_runstate_info, get_physid")                              \
    PERM(vcpu, area, SELF, "vcpu_op register_vcpu_info, runstate and time memory areas")                \
    PERM(vcpu, timer, SELF, "vcpu_op timers, set_timer_op")                                             \
    PERM(vcpu, nmi, SELF, "vcpu_op send_nmi")                                                           \
    PERM(vcpu, run, SELF, "sched_op yield, block, poll")                                                \
    PERM(vcpu, traps, SELF, "set_trap_table, set_callbacks, callback_op, nmi_op, vm_assist, iret")      \
    PERM(vcpu, segments, SELF, "set_gdt, update_descriptor, set_segment_base, stack_switch")            \
    PERM(vcpu, debugreg, SELF, "set_debugreg, get_debugreg, moves to and from them")                    \
    PERM(vcpu, iopl, SELF, "physdev_op set_iopl, set_iobitmap")                                         \
    PERM(vcpu, fpu, SELF, "fpu_taskswitch, XSETBV, CLTS, MOV to CR0")                                   \
    PERM(vcpu, emulate, SELF, "CLI, STI, CPUID, RDMSR, MOV from CR: instructions that fault")           \
                                                                                                        \
    PERM(hw, ioport, XEN, "IN, OUT; id is the port")                                                    \
    PERM(hw, iomem, XEN, "a page-table entry with a frame that is no RAM; id is the frame")             \
    PERM(hw, irq, XEN, "physdev_op map_pirq, eoi, irq_status, apic_*, setup_gsi; id is the line")       \
    PERM(hw, pci, XEN, "PCI configuration space, physdev_op pci_*, restore_msi; id is seg:bdf")         \
                                                                                                        \
    PERM(tpm, read, XEN, "TPM: GetCapability, PCR_Read, ReadPublic, NV_Read, NV_ReadPublic")            \
    PERM(tpm, random, XEN, "TPM: GetRandom")                                                            \
    PERM(tpm, quote, XEN, "TPM: Quote")                                                                 \
    PERM(tpm, key, XEN, "TPM: CreatePrimary, Create, Load, EvictControl, FlushContext")                 \
    PERM(tpm, activate, XEN, "TPM: ActivateCredential, PolicySecret, StartAuthSession")                 \
                                                                                                        \
    PERM(attest, report, SELF, "BH_REPORT")                                                             \
    PERM(attest, evidence_get, XEN, "BH_EVIDENCE_GET")                                                  \
    PERM(attest, evidence_put, XEN, "BH_EVIDENCE_PUT")                                                  \
    PERM(attest, eventlog, XEN, "BH_EVENTLOG_READ")                                                     \
    PERM(attest, extend, SELF, "BH_EXTEND")                                                             \
    PERM(attest, check, XEN, "BH_REPORT_CHECK")                                                         \
    PERM(attest, seal, SELF, "BH_SEAL_KEY, BH_SEAL_COUNTER")                                            \
                                                                                                        \
    PERM(policy, audit, XEN, "BH_AUDIT_READ")                                                           \
    PERM(policy, load, XEN, "BH_POLICY_STAGE, BH_POLICY_COMMIT")                                        \
    PERM(policy, read, XEN, "BH_POLICY_READ")                                                           \
                                                                                                        \
    PERM(platform, info, XEN, "BH_PLATFORM_INFO")                                                       \
    PERM(platform, dmesg, XEN, "BH_DMESG_READ")                                                         \
    PERM(platform, power, XEN, "sched_op shutdown by the boot domain, enter_acpi_sleep")                \
    PERM(platform, time, XEN, "platform_op settime32, settime64")                                       \
    PERM(platform, firmware, XEN, "platform_op firmware_info, efi_runtime_call")                        \
    PERM(platform, cpu, XEN, "platform_op set_processor_pminfo, get_cpuinfo, getidletime, ...")         \
    PERM(platform, console_write, XEN, "console_io write")                                              \
    PERM(platform, console_read, XEN, "console_io read")                                                \
    PERM(platform, version, XEN, "xen_version")
/* clang-format on */

enum bh_class {
#define BH_CLASS_ENUM(class) BH_CLASS_##class,
    BH_CLASSES(BH_CLASS_ENUM)
#undef BH_CLASS_ENUM
        BH_CLASS_COUNT
};

/* PERM_domain_create, PERM_grant_map_read, ... */
enum bh_perm {
#define BH_PERM_ENUM(class, name, object, guards) PERM_##class##_##name,
    BH_PERMISSIONS(BH_PERM_ENUM)
#undef BH_PERM_ENUM
        BH_PERM_COUNT
};

enum bh_perm_object { BH_OBJECT_SELF, BH_OBJECT_DOMAIN, BH_OBJECT_XEN };

struct bh_permission {
    const char *class_name;
    const char *name;
    const char *guards;
    enum bh_perm_object object;
    enum bh_class class;
};

extern const struct bh_permission bh_permissions[BH_PERM_COUNT];
extern const char *const bh_class_names[BH_CLASS_COUNT];

#endif
